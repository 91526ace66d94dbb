// Messages that come late or again.
#include "engine/simulator/simulation.hpp"

namespace gainsay {

// Of what arrives: requests, which few clients repeat by themselves, and an eighth of the rest.
void Simulation::remember_some(NodeId from, NodeId to, const Parcel& parcel) {
  if (is_node(from) && echoes_.below(8) != 0) return;
  Parcel copy = copy_of(parcel);
  remember(from, to, copy);
}

// In the place of any other, so that messages of all ages are among them.
void Simulation::remember(NodeId from, NodeId to, Parcel& parcel) {
  const std::uint32_t most = options_.echoes.remembered;
  if (most == 0) {
    give_back(parcel);
    return;
  }
  if (remembered_.size() < most) {
    remembered_.push_back({.from = from, .to = to, .sent = now_, .parcel = std::move(parcel)});
    return;
  }
  Message& message = remembered_[echoes_.below(most)];
  give_back(message.parcel);
  message = {.from = from, .to = to, .sent = now_, .parcel = std::move(parcel)};
}

void Simulation::schedule_echo(Nanoseconds behind) {
  queue_.push(behind + options_.echoes.every, static_cast<std::uint32_t>(Kind::echo), 0);
}

// About as many as there is else to do; a few more where that is nothing.
void Simulation::echo() {
  constexpr std::uint64_t few = 64;
  const bool is_due = 2 * echoed_ <= steps_ + few && !remembered_.empty();
  if (!is_due) {
    if (!queue_.empty()) schedule_echo(queue_.front().time);
    return;
  }
  ++echoed_;
  const Message& message =
      remembered_[echoes_.below(static_cast<std::uint32_t>(remembered_.size()))];
  put_under_way(message.from, message.to, copy_of(message.parcel), now_);
  schedule_echo(now_);
}

}  // namespace gainsay
