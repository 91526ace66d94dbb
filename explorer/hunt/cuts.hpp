// Pair properties, asked of all pairs of local states that are concurrent in a run, not only of
// those that were there side by side.
//
// Where neither of two local states of two processes is in the other's past, they lie on a
// consistent cut (Mattern 1989; Garg and Waldecker, TPDS 1994): the events of their pasts, in the
// order of the run, are a run that ends with both. So what is found is real, and is run on the live
// world before it is told, as everything is.
//
// Soundness. The pasts must have all that an event depends on, so that what is left out changes
// nothing for what is kept:
// - a process: all that it did before. A crash, a drop, a reset of a link and a repetition are
//   events of the process where they happen, and what a crash or a reset empties are its own links;
// - a message: the step that sent it. In async that is the first one that did; elsewhere the last
//   one before it was taken, as the sender's past has the earlier ones: of a link, or of equal
//   messages, what is kept is then a prefix of what was sent and of what was taken;
// - a partition and its end: all that anybody did before, and all that anybody does behind them
//   depends on them, so that between two of them the network is the same. (In async there is none.)
// - budgets: fewer events use less. Limits are of one process. Clients, histories and observers do
//   not bear on what a node does.
// A tick of bounded clocks is not looked at, nor is what a Byzantine process says, which depends on
// all that it has heard: there this is refused (`why_not`).
//
// It finds what is true of two nodes at different moments of a run, which is little more than what
// is true at one: see docs/design.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

class Cuts {
 public:
  struct Found {
    std::size_t property = 0;
    std::vector<std::uint32_t> kept;  // of the run, by place: a run that violates it by the last
  };

  // Why this cannot be asked of the system's runs; empty: it can.
  static std::string why_not(const System& system);

  // REQUIRES: both outlive this, and nothing is against it.
  Cuts(Machine& machine, Evaluator& evaluator);
  // Behind the starts of a run.
  void begin(const Walk& walk);
  // A step that the walk is about to take.
  void before(const Walk& walk, Move move);
  // Behind it: whether a pair is found that violates something.
  bool after(const Walk& walk);
  const std::optional<Found>& found() const { return found_; }

 private:
  // The local states of one view, from the first of them on.
  struct View {
    std::uint32_t begin = 0;  // how many events its process had behind it
    std::uint32_t event = 0;  // the last one, by place in the run
    Id local = 0;
    Id shown = 0;
  };
  static constexpr std::uint32_t in_prefix = ~std::uint32_t{0};
  struct Stamp {
    std::uint32_t epoch = 0;
    std::uint32_t event = 0;
  };
  std::uint32_t* clock(std::size_t process) { return now_.data() + process * processes_; }
  Stamp& stamp_of(std::size_t process, Id envelope);
  void know_inboxes(const Walk& walk);
  void happen_everywhere(std::uint32_t event);
  void receive(std::size_t process, Id envelope);
  void send(const SendRef& send, std::uint32_t event);
  void keep(const Walk& walk, std::size_t property, std::size_t other, const View& view);

  Machine& machine_;
  Evaluator& evaluator_;
  const std::size_t processes_;
  const std::size_t nodes_;
  const bool async_;
  std::size_t actor_ = 0;
  std::uint32_t epoch_ = 0;                   // of the run, between two partitions or healings
  std::uint32_t prefix_ = 0;                  // so many events are in everybody's past
  std::vector<std::uint32_t> counts_;         // events of each process behind the starts
  std::vector<std::uint32_t> counts_before_;  // the same in the prefix
  std::vector<std::uint32_t> now_;            // by process: its clock, a count of each process
  std::vector<std::uint32_t> clocks_;         // the same by event
  std::vector<Id> locals_;                    // by node
  std::vector<std::vector<View>> views_;      // by node
  std::vector<std::vector<Stamp>> stamps_;    // by receiver and envelope: who sent it
  std::optional<Found> found_;
};

}  // namespace gainsay
