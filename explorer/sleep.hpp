// Sleep sets (Godefroid), for a search breadth first: events of two processes that do not meet
// commute, and the world behind both need not be made by both orders.
//
// Let a world s be met first by an event a of process p, from the world w. An event b of another
// process q that s allows, w allowed as well, if a sent nothing to q; and if b sends nothing to p,
// then b and a lead from w to the same world as a and b, since what is received from different
// senders commutes. So b need not be taken in s, where a is in the world that b leads to from w:
// that one lies no deeper than s. It may need to be taken there by the same argument only; so that
// this comes to an end, only events of processes q < p sleep.
//
// The worlds met, and their (fault cost, depth), are those of a search without: by induction on the
// layer of s, then on p from the last process down. A budget, a label or a fault is no obstacle to
// a, which is taken as it is; b must have none. Needs worlds that are taken as they are, and all of
// them: one that is subsumed takes no events.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gainsay {

// Which processes need not act in a world, as far as they send nothing to the one that acted
// before it. Of systems with many processes, events of the first ones sleep only.
class Sleep {
 public:
  static constexpr std::size_t processes_max = 26;

  // Nobody sleeps.
  Sleep() = default;
  // Behind an event of `actor` that has sent to `receivers`, one bit each.
  static Sleep behind(std::size_t actor, std::uint32_t receivers) {
    Sleep sleep;
    if (actor >= processes_max) return sleep;
    const std::uint32_t earlier = (std::uint32_t{1} << actor) - 1;
    sleep.word_ = static_cast<std::uint32_t>(actor << processes_max) | (earlier & ~receivers);
    return sleep;
  }

  bool holds(std::size_t process) const {
    return process < processes_max && (word_ >> process & 1) != 0;
  }
  // Of an event of a process that sleeps: whether it must be taken all the same.
  bool is_woken_by(std::uint32_t receivers) const {
    return (receivers >> (word_ >> processes_max) & 1) != 0;
  }

  // A receiver in such a mask. Those that it has no room for are never actors of a `Sleep`.
  static std::uint32_t bit_of(std::size_t receiver) {
    return receiver < processes_max ? std::uint32_t{1} << receiver : 0;
  }

 private:
  std::uint32_t word_ = 0;  // the sleepers, and above them the actor
};

}  // namespace gainsay
