// What decides which event comes next. A strategy orders what is no fault;
// faults are put between by a swarm. One file each; see `strategies` for where
// they are registered.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "explorer/hunt/walk.hpp"

namespace gainsay {

class Strategy {
 public:
  virtual ~Strategy() = default;
  // A run begins, of about so many steps.
  virtual void begin(RandomStream& random, std::uint32_t steps) = 0;
  // Among the moves that can be taken and are no faults; none: there is none.
  virtual std::optional<Move> pick(Walk& walk, RandomStream& random) = 0;
  // A move was taken, a fault perhaps; the walk is behind it.
  virtual void taken(const Walk& walk, Move move);
};

inline constexpr std::uint32_t portfolio_runs = 16;  // shares of the portfolio are of so many
// Where local states seldom come again, so many simulations are made for each of these.
inline constexpr std::uint32_t live_runs = 31;

struct NamedStrategy {
  std::string_view name;
  std::string_view what;
  std::unique_ptr<Strategy> (*make)();  // null: its runs are simulations, on the live world
  bool guided = false;                  // its runs start from rare worlds
  std::uint32_t share = 0;              // of the portfolio's runs
};
// Each by itself; the portfolio is made of them.
std::span<const NamedStrategy> strategies();

std::unique_ptr<Strategy> make_uniform();
std::unique_ptr<Strategy> make_pos();
std::unique_ptr<Strategy> make_pct();
std::unique_ptr<Strategy> make_delay();
std::unique_ptr<Strategy> make_guided();
std::unique_ptr<Strategy> make_skewed();

}  // namespace gainsay
