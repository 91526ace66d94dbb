// The audit: what a check's certificates say, checked again by a second program text. It reads the
// tables of a search (local states, messages, cells and their transitions, drops, merges) as plain
// content, runs the handlers itself, and shares nothing with the code that makes certificates but
// running a handler on (local state, event, choices), encoding and renaming values.
//
// What it proves when it agrees:
//  - every transition of a cell is what the handlers do, and nothing is missing from an inbox that
//    is not on the list of drops;
//  - every outcome of a handler at an explored cell is a transition, or no event, or silent; where
//    silent steps are left out, it is matched by a transition with the same effects behind which
//    silent steps lead to the same local state. By induction on its length every run of the full
//    system is followed: each process is always where silent steps lead from its local state in
//    the search, with messages that are still there;
//  - dropped messages are no-ops wherever the process can get to from there;
//  - merged local states show the same and do the same on all messages that the process was ever
//    sent: the merges, closed under renaming, are a bisimulation;
//  - handlers, observers and initial worlds are equivariant, by a loop over all explored pairs and
//    all renamings;
//  - an event that is taken before all others changes nothing but inboxes, at no cost;
//  - the worlds that were kept are closed: what follows one is kept, or covered by one that is (a
//    walk over all of them, where they are few, without partitions, without renamed histories, and
//    without an adversary, whose knowledge it does not follow).
//
// For one thread; the machine must rest.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/group.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

class Audit {
 public:
  struct Setting {
    Reductions reduce;
    const Group* group = nullptr;             // the renamings that were used; null: none
    std::vector<const Property*> properties;  // those that were checked
    std::vector<std::vector<Id>> starts;      // all initial worlds
    // Visits all that were kept, of a search that was not cut; null: they are not looked at.
    std::function<void(const std::function<void(const Id*)>&)> worlds{};
    // The cell with one more message, as the machine has it; what it says is audited.
    std::function<Id(Id cell, Id envelope)> receive{};
  };
  // REQUIRES: the machine has ended its search, and outlives this.
  Audit(const Machine& machine, Setting setting);
  AuditReport run();

 private:
  static constexpr Id none = ~Id{0};
  // Events of one process: a message's number, or one of these.
  static constexpr Id first_timer = 0x80000000U;
  static constexpr Id crash = 0xc0000000U;
  static constexpr Id restart = 0xc0000001U;
  static constexpr Id start = 0xc0000002U;

  struct State {
    std::uint8_t process = 0;
    LocalState::Status status = LocalState::Status::unstarted;
    std::uint64_t timers = 0;
    Bytes bytes;
    Bytes shown;                       // its view, encoded
    std::shared_ptr<const void> view;  // only where properties of steps look at it
    bool in_table = false;
    Id into = none;   // what it was merged into
    Id above = none;  // in the forest of merges and their renamings
  };
  struct Message {
    NodeId from;
    Bytes bytes;
  };
  using Send = std::pair<std::uint8_t, Id>;
  // One outcome of a handler.
  struct Did {
    std::vector<std::uint32_t> answers;
    Id after = none;      // none: it fails
    std::string effect;   // all but the local state: sends, labels, failure, budget
    std::string outward;  // the same without what is sent to itself
    bool quiet = false;   // nothing of all that
    std::vector<Send> sends;
    std::vector<Label> labels;
    std::string fault;
    bool breaks = false;  // a property of steps
  };
  struct Runs {
    std::vector<Did> dids;
    bool limited = false;  // an outcome lies outside a limit
  };
  // A transition of a cell, as the handlers do it.
  struct Taken {
    const Did* did = nullptr;
    Id cell = 0;
  };
  using Element = Group::Index;
  using World = std::vector<Id>;  // words, as the machine has them
  struct Kept {
    std::vector<Id> inboxes;
    std::uint32_t used = 0;
  };

  // --- content: audit.cpp ---
  Id state_of(std::uint8_t process, const Bytes& bytes);
  Id message_of(NodeId from, const Bytes& bytes);
  LocalEvent event_of(Id input) const;
  bool is_message(Id input) const { return input < first_timer; }
  bool is_outside(const State& before, Id input, const LocalState& after) const;
  BudgetSet budget_of(Id input, const std::vector<std::uint32_t>& answers) const;
  const Runs& runs(Id state, Id input);
  Did did_of(Id before, Id input, LocalState& after, StepResult& step);
  bool breaks_step(Id before, Id after);
  bool breaks_step_here(Id before, Id after) const;
  std::vector<Id> own_inputs(Id state) const;
  std::vector<Id> inputs(Id state, const std::vector<Id>& messages) const;
  Id stand_in(Id state) const;
  Id root(Id state);
  bool same(Id a, Id b) { return root(a) == root(b); }
  std::string text(Id state, Id input) const;
  std::string text(Id state) const;
  void disagree(const std::string& what);
  bool agrees() const { return report_.disagreement.empty(); }

  // --- renaming: audit_symmetry.cpp ---
  std::size_t elements() const { return setting_.group == nullptr ? 1 : setting_.group->size(); }
  Renaming renaming(Element g) const {
    return {(*setting_.group)[g], system_.size(), points_.sets()};
  }
  Id image(Id state, Element g);
  Id message_image(Id message, Element g);
  Id input_image(Id input, Element g) {
    return is_message(input) ? message_image(input, g) : input;
  }
  std::set<std::string> outcomes_text(Id state, Id input, Element g);
  Label renamed(const Label& label, Element g) const;
  void check_renamings();
  void check_observers();
  void check_relabelling(std::size_t slot, const Type& type,
                         const std::function<Bytes(Bytes, NodeId, const std::vector<Label>&)>& next,
                         const std::string& what);
  void check_starts();
  std::string start_text(const std::vector<Id>& world, Element g);

  // --- cells: audit_cells.cpp ---
  void check_cells();
  void check_cell(Id cell);
  void check_received();
  void check_arrival(Id cell, Id envelope, Id after);
  std::vector<Id> inbox(Id cell) const;
  std::vector<Id> deliverable(Id cell) const;
  bool is_silent(Id state, const Did& did) const;
  std::vector<Id> silent_from(Id state, const std::vector<Id>& messages);
  const std::set<Id>& reach(Id cell);
  Taken replay(Id cell, const Transition& transition);
  bool is_network_fault(Id cell, const Transition& transition);
  bool agree(Id cell, const Transition& transition, const Expansion& expansion, Id before,
             const Did& did);
  bool is_covered(const std::vector<Taken>& taken, const Did& did);
  bool has_sent_itself(Id cell, const Did& did);
  bool is_dropped(Id state, Id message) {
    return dropped_.contains(pair_key(root(state), message));
  }
  void check_inbox(Id cell, std::vector<Id> expected, const std::string& where);
  std::vector<Id> behind(Id cell, Id input, const Did& did) const;
  void put(std::vector<Id>& messages, Id message) const;

  // --- closures: audit_closures.cpp ---
  void read_drops();
  void check_drops();
  bool is_no_op(Id state, Id message);
  void read_merges();
  void check_merges();
  bool check_merge(Id a, Id b, const std::vector<Id>& known);
  std::set<std::pair<std::string, Id>> behaviour(Id state, Id input);
  std::set<Id> known_to(std::uint8_t process);

  // --- worlds: audit_worlds.cpp ---
  bool renames_histories() const;
  void check_worlds();
  void check_world(const World& world);
  bool is_covered(const World& world);
  bool covers(const Kept& kept, const std::vector<Id>& inboxes, std::uint32_t used) const;
  World after(const World& world, std::size_t process, const Transition& transition);
  std::string rest_text(const World& world, Element g);
  std::vector<Id> inboxes(const World& world, Element g);
  std::uint32_t used(const World& world) const;

  // --- handler coverage: audit_coverage.cpp ---
  void cover();
  std::string kind_of(Id state) const;
  std::string event_kind(std::uint8_t process, Id input) const;

  const Machine& machine_;
  const System& system_;
  Points points_;
  Setting setting_;
  AuditReport report_;
  bool watches_steps_ = false;

  std::deque<State> states_;
  std::unordered_map<std::string, Id> state_index_;
  std::deque<Message> messages_;
  std::unordered_map<std::string, Id> message_index_;
  std::vector<Id> locals_;  // by the machine's number
  std::vector<Id> mail_;
  std::unordered_map<std::uint64_t, Runs> runs_;
  std::unordered_map<Id, std::vector<Id>> images_;
  std::unordered_map<Id, std::vector<Id>> message_images_;
  std::unordered_set<std::uint64_t> drop_images_;  // (state, message), and renamed
  std::unordered_set<std::uint64_t> dropped_;      // the same, of classes of merged local states
  std::vector<std::uint64_t> drops_;               // as the machine has them
  std::vector<std::pair<Id, Id>> merges_;
  std::set<std::pair<Id, Id>> met_;  // explored (state, input)
  std::unordered_map<Id, std::set<Id>> reach_;
  std::unordered_map<std::string, std::vector<Kept>> kept_;
  std::unordered_map<std::uint64_t, Id> inbox_numbers_;  // (the machine's, element)
  std::map<std::vector<Id>, Id> inbox_index_;
  std::deque<std::vector<Id>> inbox_messages_;  // by number
};

}  // namespace gainsay
