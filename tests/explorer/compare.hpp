// What a reduction must leave as it is, against the unreduced search; and which reductions go
// together, as the program itself says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::testing {

// Empty where the verdict, the least fault cost and the reached local states (what views show of
// them where that is all that is kept), histories and observers are those of the unreduced search,
// and a counterexample replays in the full system; else what is not.
std::string difference(const Model& model, const CheckReport& full, const CheckReport& reduced);

// The counterexample, as a recorded trace on the live world.
bool replays(const Model& model, const CheckReport& report);

// Some of its processes may be Byzantine at its default bounds: it is for async alone.
bool has_adversary(const CatalogEntry& entry);

// Each reduction alone, in the order of the program; and all sets of them but the empty one.
std::vector<Reductions> single_reductions();
std::vector<Reductions> reduction_sets();

// With reductions, one thread, merges looked for early, and the digests. Nothing where the program
// refuses these reductions for the model.
std::optional<CheckReport> check_if_accepted(const Model& model,
                                             const std::optional<Reductions>& reduce,
                                             std::uint64_t states_max,
                                             Sabotage sabotage = Sabotage::none);

// "dead-messages,eager"; "none" for an empty set, "auto" where the program picks.
std::string text_of(const std::optional<Reductions>& reduce);

// How many random systems a test compares: GAINSAY_RANDOM_SYSTEMS, or so many; a third of them in
// a sanitized build.
std::uint64_t random_systems(std::uint64_t unasked);
std::uint64_t first_random_system();  // GAINSAY_RANDOM_FIRST, or 0
// GAINSAY_SLOW_TESTS is set: minutes for a test are right.
bool runs_slow_tests();

}  // namespace gainsay::testing
