// Client histories merged: where one property at most reads them, and it needs to know no more of a
// history than its future, the world has the future in place of the history. The two steps at the
// same labels and are judged alike, so verdicts, costs and depths are those of whole histories.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/system.hpp"
#include "properties/property.hpp"

namespace gainsay {

// Why histories cannot be merged; empty: they can.
std::string obstacle_to_futures(const System& system,
                                const std::vector<const Property*>& properties);

// Whether that is worth it unasked: a property reads them.
bool futures_are_read(const System& system, const std::vector<const Property*>& properties);

// What stands for histories. Where no property reads them all have the same future.
std::optional<Futures> futures_of_histories(const System& system,
                                            const std::vector<const Property*>& properties);

}  // namespace gainsay
