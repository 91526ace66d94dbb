#include "engine/clock.hpp"

#include <algorithm>
#include <stdexcept>

namespace gainsay {

namespace {

// A bound that no tick brings nearer says nothing any more.
bool may_fire_at_any_moment(const TimeLeft& one) { return one.left == Ticks{}; }

}  // namespace

const TimeLeft* Times::find(std::uint32_t timer) const {
  const auto found = std::ranges::find(all_, timer, &TimeLeft::timer);
  return found == all_.end() ? nullptr : &*found;
}

void Times::set(std::uint32_t timer, Ticks ticks, std::uint32_t skew) {
  const bool ends = ticks.most != Ticks::unbounded;
  if (ticks.least > ticks_max || (ends && ticks.most > ticks_max)) {
    throw std::logic_error("a timer runs at most " + std::to_string(ticks_max) + " ticks");
  }
  if (ticks.most < ticks.least) throw std::logic_error("a timer must fire before it may");
  clear(timer);
  const TimeLeft one{.timer = static_cast<std::uint8_t>(timer),
                     .left = {.least = ticks.least - std::min(ticks.least, skew),
                              .most = ends ? ticks.most + skew : Ticks::unbounded}};
  if (may_fire_at_any_moment(one)) return;
  all_.insert(std::ranges::upper_bound(all_, one.timer, {}, &TimeLeft::timer), one);
}

void Times::clear(std::uint32_t timer) {
  std::erase_if(all_, [timer](const TimeLeft& one) { return one.timer == timer; });
}

bool Times::holds_back(std::uint32_t timer) const {
  const TimeLeft* one = find(timer);
  return one != nullptr && one->left.least > 0;
}

bool Times::is_due(std::uint32_t timer) const {
  const TimeLeft* one = find(timer);
  return one != nullptr && one->left.most == 0;
}

bool Times::has_due() const {
  return std::ranges::any_of(all_, [](const TimeLeft& one) { return one.left.most == 0; });
}

void Times::tick() {
  for (TimeLeft& one : all_) {
    if (one.left.least > 0) --one.left.least;
    if (one.left.most != Ticks::unbounded) --one.left.most;
  }
  std::erase_if(all_, may_fire_at_any_moment);
}

}  // namespace gainsay
