// Swarm testing (Groce and others, ISSTA 2012) of the schedule itself: in each run some links and
// timers, or some kinds of messages, are much slower than others, by random powers of two. In
// between lie a uniform draw, where all are as fast, and strict priorities, where one is behind all
// others; no single steepness is best for all bugs. At a few random moments the links' speeds are
// drawn again: who was left behind is heard, with what it still believes.
#include <algorithm>

#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr int tries = 48;
constexpr std::uint32_t changes_max = 5;
constexpr std::uint32_t speeds = 4;
constexpr std::uint32_t steepness_of_links = 5;
constexpr std::uint32_t steepness_of_kinds = 4;

class Skewed : public Strategy {
 public:
  void begin(RandomStream& random, std::uint32_t steps) override {
    by_kind_ = random.below(8) < 3;
    steepness_ = random.below((by_kind_ ? steepness_of_kinds : steepness_of_links) + 1);
    salt_ = random.next();
    step_ = 0;
    changes_.clear();
    if (by_kind_) return;
    const std::uint32_t changes = random.below(changes_max + 1);
    for (std::uint32_t i = 0; i < changes; ++i) changes_.push_back(random.below(steps));
  }

  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    if (std::ranges::find(changes_, step_++) != changes_.end()) salt_ = random.next();
    std::optional<Move> refused;
    for (int i = 0; i < tries && walk.may_draw(); ++i) {
      const auto move = walk.draw(random);
      if (!move) continue;
      if (random.below(1U << slowness(walk, *move)) == 0) return move;
      refused = move;
    }
    return refused ? refused : uniform_move(walk, random);
  }

 private:
  // As a power of two.
  std::uint32_t slowness(const Walk& walk, Move move) const {
    if (steepness_ == 0) return 0;
    const std::uint64_t class_of = by_kind_ ? kind_of(walk, move) : link_of(walk, move);
    return steepness_ * static_cast<std::uint32_t>(spread(salt_ ^ class_of) % speeds);
  }
  // Of a process with a sender, or with its own timers.
  static std::uint64_t link_of(const Walk& walk, Move move) {
    return std::uint64_t{move.actor} << 32 | walk.transition(move).from;
  }
  // What has several kinds of messages says which in the first byte of each.
  static std::uint64_t kind_of(const Walk& walk, Move move) {
    const Id input = walk.transition(move).input;
    if (!walk.is_message(move.actor, input)) return std::uint64_t{1} << 32 | input;
    const Bytes& message = walk.machine().message_of(input);
    return message.empty() ? 0 : static_cast<unsigned char>(message.front());
  }

  bool by_kind_ = false;
  std::uint32_t steepness_ = 0;
  std::uint64_t salt_ = 0;
  std::uint32_t step_ = 0;
  std::vector<std::uint32_t> changes_;  // at which steps
};

}  // namespace

std::unique_ptr<Strategy> make_skewed() { return std::make_unique<Skewed>(); }

}  // namespace gainsay
