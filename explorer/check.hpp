// Exhaustive checking within bounds: the explorer's public face.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event.hpp"
#include "engine/trace.hpp"
#include "properties/property.hpp"

namespace gainsay {

enum class Verdict : std::uint8_t { holds, violated, incomplete, vacuous };
std::string_view to_string(Verdict verdict);

// One line of progress; numbers so far.
struct Progress {
  std::uint32_t cost = 0;
  std::uint32_t depth = 0;
  std::uint64_t states = 0;
  std::uint64_t frontier = 0;
  std::uint64_t memory_bytes = 0;
  double seconds = 0;
  std::string_view hint;  // what the user should know about this search, or empty
};

// Exact reductions: each keeps the verdict, the least fault cost, and which local states, histories
// and observers are reached together; of local states silent and minimise keep what the views show,
// of histories that reduction what may follow them.
struct Reductions {
  bool dead_messages = false;  // messages whose delivery can do nothing any more are dropped
  bool eager = false;          // async: an event that only sends is taken before all others
  bool subsumption = false;    // async: of two worlds that differ in messages, the richer one
  bool silent = false;         // async: steps that nobody sees are taken with what they lead to
  bool minimise = false;       // async: local states that no future tells apart are merged
  bool symmetry = false;       // of worlds that differ in the names of processes, one
  bool histories = false;      // client histories that are judged alike, whatever follows, are one
  friend bool operator==(const Reductions&, const Reductions&) = default;
};
// Every reduction by name ("dead-messages"), in the order of the fields.
struct NamedReduction {
  std::string_view name;
  bool Reductions::*is_on;
};
std::span<const NamedReduction> all_reductions();
// The names of those that are on.
std::vector<std::string> names(const Reductions& reductions);
// Recovery is asked of vectors of local states, all of which the search must then meet.
bool has_recovery(const Model& model);
// The properties of these names, or all; a `sometimes` is always among them. Throws UsageError for
// a name that none has.
std::vector<const Property*> select_properties(const Model& model,
                                               const std::vector<std::string>& names);
// What `auto` picks: all that is sound for the model. Whether symmetry is shows in the check
// itself, which goes on without when it is not.
Reductions sound_reductions(const Model& model);

// How visited worlds are remembered: exactly, or by 78 bits of their content, which may omit some.
enum class StoreKind : std::uint8_t { exact, fingerprint };

// For tests: a reduction broken on purpose, which they must notice.
enum class Sabotage : std::uint8_t {
  none,
  dead_messages_skip_a_pass,      // what should have been kept is learnt, and no pass follows
  eager_uses_budgets,             // an event that only sends is eager even if it uses up a budget
  subsumption_sums_budgets,       // budgets used are compared by their sum
  silent_passes_one_neighbour,    // a silent step that can pass the next step waits
  silent_ignores_sends,           // a silent step may pass what then sends something else
  merges_unchecked,               // what was merged in an earlier pass is not looked at again
  partition_spares_messages,      // a partition that loses messages leaves those on their way
  ticks_pass_due_timers,          // time goes on though a timer must fire first
  dead_messages_forget_ticks,     // what a tick leads to is not looked at
  recovery_forgets_limits,        // a dead end that a limit made is one of the system
  recovery_forgets_copies,        // a message that is sent twice is sent once
  recovery_forgets_renamings,     // with symmetry: only the worlds that were kept are asked
  symmetry_certifies_generators,  // on explored pairs alone
  symmetry_keep_not_renamed,      // dead messages know nothing of renamings
  symmetry_properties_of_representatives,  // properties are not evaluated on renamings
  symmetry_views_unchecked,                // what looks the same may look different renamed
  symmetry_cuts_not_renamed,               // processes are, and what cuts them off is not
  merges_not_renamed,                      // merges know nothing of renamings
  sleep_through_receiving,                 // an event sleeps though its process was sent something
  sleep_through_sending,                   // or though it sends something to who acted
};

struct CheckOptions {
  // None: all that is sound for the model. Throws UsageError where symmetry is asked for and no two
  // processes are interchangeable.
  std::optional<Reductions> reduce{};
  unsigned jobs = 0;  // threads; 0: one for each core
  // Resource limits: a check that one of them cuts is `incomplete`.
  std::optional<std::uint32_t> max_depth{};
  std::optional<std::uint64_t> max_states{};
  std::optional<double> seconds{};
  std::optional<std::uint64_t> memory_bytes{};  // none: nine tenths of what is available
  StoreKind store = StoreKind::exact;
  // Where worlds go that do not fit in memory: a file without a name. Empty: where the system keeps
  // temporary files.
  std::filesystem::path spill{};
  // From how many worlds on they go there even while memory lasts; none: exact, never; fingerprint,
  // from a million on.
  std::optional<std::uint64_t> spill_from{};
  // Where a checkpoint is read from and left; empty: none.
  std::filesystem::path resume{};
  std::optional<double> checkpoint_seconds{};  // how often one is written; none: only at a limit
  // Properties to check, by name; empty: all.
  std::vector<std::string> properties{};
  // A check without its certificate after so many passes is incomplete.
  std::uint32_t passes_max = 1000;
  bool audit = false;    // certificates are checked again by a second program text
  bool profile = false;  // say where the states come from
  std::uint64_t minimise_from = std::uint64_t{1} << 12;  // worlds before merges are looked for
  Sabotage sabotage = Sabotage::none;
  bool count_vectors = true;                        // of local states, in systems of a few nodes
  bool digest = false;                              // for tests: fill in CheckReport::digest
  std::function<void(const Progress&)> progress{};  // called at most 4 times a second
  const std::atomic<bool>* interrupted = nullptr;   // set from a signal handler
};

// What was asked of a property of kind `recovers`.
struct RecoveryReport {
  std::uint64_t vectors = 0;  // of local states, each with no message under way
  std::uint64_t worlds = 0;   // of the healed system that were explored
  // Vectors from which limits hide whether a good world is in reach, or the end of a resource.
  std::uint64_t undecided = 0;
  std::map<std::string, std::uint64_t, std::less<>> limits;  // of the healed system
};

// A handler sends something while what its process has written is not synced.
struct UnsyncedSend {
  std::string handler;  // "deliver Vote", "timer election", "restart"
  std::string message;  // the kind that is sent
  friend auto operator<=>(const UnsyncedSend&, const UnsyncedSend&) = default;
};

struct PropertyReport {
  std::string name;
  PropertyKind kind = PropertyKind::always;
  Verdict verdict = Verdict::holds;
  std::uint64_t evaluated = 0;  // distinct arguments it was evaluated on
  std::optional<RecoveryReport> recovery{};
};

// What a limit on local states (--limit) cut, and what its last value has brought: the local states
// of nodes that handlers returned and that lie within the limits, by the limit's value.
struct LimitReport {
  std::string name;
  std::uint64_t greatest = 0;
  std::uint64_t cuts = 0;  // distinct local events that the limit forbade
  std::map<std::uint64_t, std::uint64_t> local_states{};  // by value: how many
  // The fields that are the value in all of them; without these, the local states at the greatest
  // value that are equal to none at a smaller one. None where no field is the value, or where there
  // is only one value.
  std::vector<std::string> fields{};
  std::optional<std::uint64_t> new_besides{};
  std::uint64_t at_greatest() const {
    const auto found = local_states.find(greatest);
    return found == local_states.end() ? 0 : found->second;
  }
};

// Where a search found local states that no world before had.
struct DiscoveryReport {
  std::vector<std::uint64_t> by_faults{};  // how many were new with so many faults
  std::uint32_t last_faults = 0;           // where the last one was
  std::uint32_t last_depth = 0;
};

// Of all local states of one kind (their role, say), at all events of one kind.
struct CoverageCell {
  std::string state;
  std::string event;
  std::uint64_t runs = 0;       // distinct (local state, event); 0: never seen
  std::uint64_t effective = 0;  // of these: something changed, was sent or was labelled
};

// What the audit looked at, all of it agreed on unless it says otherwise.
struct AuditReport {
  std::string disagreement;       // the first one, with where it was; empty: none
  std::uint64_t cells = 0;        // (local state, messages that wait), of those expanded
  std::uint64_t transitions = 0;  // of these cells
  std::uint64_t eager = 0;        // of these: taken before all others
  std::uint64_t put_off = 0;      // outcomes that are left out, as they come later
  std::uint64_t drops = 0;        // (local state, message)
  std::uint64_t merges = 0;
  std::uint64_t renamed = 0;  // (local state, event, renaming)
  std::uint64_t worlds = 0;   // whose successors were looked for; 0: of none
  double seconds = 0;
  std::vector<CoverageCell> coverage;  // by names
};

struct ProcessProfile {
  std::string name;
  std::uint64_t local_states = 0;
  std::uint64_t inboxes = 0;  // different messages that wait for it together
  std::uint64_t cells = 0;    // both together
};
struct MessageProfile {
  std::string name;                   // of the kind
  std::uint64_t distinct = 0;         // (sender, message)
  std::uint64_t inboxes_without = 0;  // of all processes, were this kind not looked at
};
// Of a budget, by how much of it was used, or of a limit, by the greatest value of any node.
struct ValueReport {
  std::string name;
  std::map<std::uint64_t, std::uint64_t> states{};
  // Budgets: the local states by the least that must be used to have them.
  std::map<std::uint64_t, std::uint64_t> new_local_states{};
};
// Where the states come from. Counts are of the worlds that were kept, so with reductions of those
// that stand for others.
struct ProfileReport {
  std::vector<ProcessProfile> processes;
  std::vector<MessageProfile> messages;  // those that multiply inboxes most come first
  std::vector<ValueReport> budgets;
  std::vector<ValueReport> limits;
  std::uint64_t deliveries = 0;      // (local state, message) that met
  std::uint64_t dead = 0;            // of these: dropped
  std::uint64_t without_effect = 0;  // of these: no-ops that may do something later
  double reuse = 0;                  // transitions for each run of a handler
  std::vector<std::string> suggestions;
};

struct Counterexample {
  std::string property;
  PropertyKind kind = PropertyKind::always;
  std::string message;
  std::vector<Event> events;  // from the unstarted world; the initial starts first
  std::uint32_t faults = 0;
  // Which step decided it; by `add_explanation`, where somebody has asked.
  std::optional<TraceExplanation> explanation{};
};

struct CheckReport {
  std::string system;  // with its bug, if it has one
  Bounds bounds;       // as asked for
  OptionTexts options;
  std::vector<std::string> only{};  // the properties that were asked for; empty: all
  Verdict verdict = Verdict::incomplete;
  bool holds() const { return verdict == Verdict::holds; }
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  // Successors looked up in the visited set: the others were met a moment before. Unlike all other
  // counts it depends on threads, so no output has it but that of benchmarks.
  std::uint64_t probes = 0;
  std::uint32_t depth = 0;  // in worlds, the initial one is 1
  std::uint64_t local_states = 0;
  // Distinct vectors of the local states of the nodes (clients not counted); only counted in
  // systems of a few nodes, and if CheckOptions want it; otherwise 0.
  std::uint64_t local_state_vectors = 0;
  std::uint64_t messages = 0;      // distinct (sender, message)
  std::uint64_t handler_runs = 0;  // distinct (local state, event, choices)
  std::uint64_t cells = 0;
  std::uint64_t partition_cuts = 0;  // the different ones that a partition may be
  Reductions reductions;
  std::uint32_t passes = 1;
  bool certified = true;            // every reduction that needs a certificate has one
  std::uint64_t dropped_pairs = 0;  // (local state, message) pairs that were dropped as dead
  std::uint64_t merged = 0;         // local states that others stand for
  std::uint64_t views = 0;          // distinct views that the local states have
  // Symmetry: which processes were taken for interchangeable ("n1, n2, n3"; classes are separated
  // by "; "), by how many renamings, and why not more.
  std::string interchangeable;
  std::uint64_t renamings = 1;
  bool equivariant = false;  // the certificate of symmetry
  std::string asymmetry;     // the first exchange of two processes that was refused; empty: none
  std::optional<ProfileReport> profile{};  // where it was asked for
  std::optional<AuditReport> audit{};      // where it was asked for, and there was a certificate
  // The sum of the hashes of all distinct (local states, history, observers) of worlds, and of
  // (views, history, observers).
  Hash128 digest;
  Hash128 view_digest;
  Hash128 future_digest;  // (views, futures of histories, observers), where these can be merged
  std::vector<PropertyReport> properties;
  std::vector<LimitReport> limits;
  std::vector<UnsyncedSend> unsynced_sends;  // each once, in order
  bool uses_ticks = false;                   // a timer says how long it runs
  DiscoveryReport discovery;
  std::optional<Counterexample> counterexample;
  bool shortest = false;  // no counterexample has fewer events at as few faults
  // The trace of the counterexample, a whole file; filled in by check<Node>. Else see save_trace.
  std::string trace;
  std::string story;  // of the counterexample, in words
  std::string incomplete_because;
  // Of an incomplete check: what would make it end. Of a violation: that clocks were not bounded.
  std::string_view hint;
  double seconds = 0;
  StoreKind store = StoreKind::exact;
  double omission_probability = 0;  // at most, that any world was taken for another
  std::uint64_t disk_bytes = 0;     // of worlds that lay on disk
  std::uint64_t peak_memory_bytes = 0;
  double bytes_per_state = 0;  // of the store and the layers
  bool resumed = false;
};

// For people: see `summary`.
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

// Explores every run of the model within its bounds. The same verdict, counts and counterexample
// for any number of threads. Throws UsageError for an unsound or impossible request and
// Nondeterminism when a handler gives two answers to the same question.
CheckReport check(const Model& model, const CheckOptions& options = {});

// A handler that is not a function of its local state, event and choices.
class Nondeterminism : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace gainsay
