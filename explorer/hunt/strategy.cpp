#include "explorer/hunt/strategy.hpp"

#include <array>

namespace gainsay {

void Strategy::taken(const Walk&, Move) {}

std::span<const NamedStrategy> strategies() {
  static constexpr std::array all = {
      NamedStrategy{"uniform", "each enabled event is as likely", make_uniform, false, 3},
      NamedStrategy{"pos", "random priorities; events that race draw theirs again", make_pos, false,
                    2},
      NamedStrategy{"pct", "random priorities of links and timers, lowered at a few moments",
                    make_pct, false, 5},
      NamedStrategy{"delay", "the oldest event first, but for a few that wait", make_delay, false,
                    2},
      NamedStrategy{"guided", "short runs from worlds that were rare", make_guided, true, 4},
  };
  return all;
}

}  // namespace gainsay
