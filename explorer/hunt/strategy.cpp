#include "explorer/hunt/strategy.hpp"

#include <array>

namespace gainsay {

void Strategy::taken(const Walk&, Move) {}

std::span<const NamedStrategy> strategies() {
  static constexpr std::array all = {
      NamedStrategy{"uniform", "each enabled event is as likely", make_uniform, false, 1},
      NamedStrategy{"pos", "random priorities; events that race draw theirs again", make_pos, false,
                    1},
      NamedStrategy{"pct", "random priorities of links and timers, lowered at a few moments",
                    make_pct, false, 2},
      NamedStrategy{"delay", "the oldest event first, but for a few that wait", make_delay, false,
                    1},
      NamedStrategy{"guided", "short runs from worlds that were rare", make_guided, true, 2},
      NamedStrategy{"skewed", "some links, timers or kinds of messages are slower than others",
                    make_skewed, false, 9},
      NamedStrategy{"weather", "simulations in drawn weather; the portfolio's where logs are long",
                    nullptr},
  };
  constexpr auto shares = [] {
    std::uint32_t sum = 0;
    for (const NamedStrategy& one : all) sum += one.share;
    return sum;
  }();
  static_assert(shares == portfolio_runs);
  return all;
}

}  // namespace gainsay
