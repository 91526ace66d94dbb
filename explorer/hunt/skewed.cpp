// Swarm testing (Groce and others, ISSTA 2012) of the schedule itself: in each run some links and
// timers, or some kinds of messages, are much slower than others, by random powers of two. In
// between lie a uniform draw, where all are as fast, and strict priorities, where one is behind all
// others; no single steepness is best for all bugs. At a few random moments the links' speeds are
// drawn again: who was left behind is heard, with what it still believes.
#include <algorithm>

#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr int kind_tries = 16;  // of each kind of draw
constexpr std::uint32_t changes_max = 5;
constexpr std::uint32_t slowest = 3;
constexpr std::uint32_t steepness_of_links = 5;
constexpr std::uint32_t steepness_of_kinds = 4;
constexpr std::uint32_t fastest = 1U << (steepness_of_links * slowest);
constexpr std::size_t kinds = 256;  // of messages, and of timers

class Skewed : public Strategy {
 public:
  void begin(RandomStream& random, std::uint32_t steps) override {
    by_kind_ = random.below(8) < 3;
    steepness_ = random.below((by_kind_ ? steepness_of_kinds : steepness_of_links) + 1);
    step_ = 0;
    changes_.clear();
    if (steepness_ == 0) return;
    changes_.push_back(0);
    const std::uint32_t changes = by_kind_ ? 0 : random.below(changes_max + 1);
    for (std::uint32_t i = 0; i < changes; ++i) changes_.push_back(random.below(steps));
  }

  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    if (steepness_ == 0) return uniform_move(walk, random);
    if (std::ranges::find(changes_, step_++) != changes_.end()) draw_speeds(walk, random);
    const auto speed = [&](std::size_t actor, Id input) {
      return speeds_[by_kind_ ? kind_of(walk, input) : link_of(walk, actor, input)];
    };
    const auto accept = [&](std::size_t actor, Id input) {
      return random.next() % fastest < speed(actor, input);
    };
    Move move;
    for (int i = 0; i < kind_tries && walk.may_draw(); ++i) {
      if (walk.draw_if(random, accept, move)) return move;
    }
    for (int i = 0; i < kind_tries && walk.may_draw(); ++i) {
      if (walk.draw_by(random, speed, move)) return move;
    }
    return uniform_move(walk, random);
  }

 private:
  void draw_speeds(const Walk& walk, RandomStream& random) {
    const std::size_t processes = walk.machine().system().size();
    speeds_.resize(by_kind_ ? 2 * kinds : walk.actors() * (processes + 1));
    for (std::uint32_t& speed : speeds_) {
      speed = fastest >> (steepness_ * random.below(slowest + 1));
    }
  }
  // Of a process with a sender, or with its own timers.
  static std::size_t link_of(const Walk& walk, std::size_t actor, Id input) {
    const std::size_t processes = walk.machine().system().size();
    const bool is_message = Machine::is_delivery(input);
    return actor * (processes + 1) +
           (is_message ? walk.machine().sender_of(input).value : processes);
  }
  // What has several kinds of messages says which in the first byte of each; timers are behind.
  static std::size_t kind_of(const Walk& walk, Id input) {
    if (!Machine::is_delivery(input)) return kinds + input % kinds;
    const Bytes& message = walk.machine().message_of(input);
    return message.empty() ? 0 : static_cast<unsigned char>(message.front());
  }

  bool by_kind_ = false;
  std::uint32_t steepness_ = 0;
  std::vector<std::uint32_t> speeds_;  // by link or kind
  std::uint32_t step_ = 0;
  std::vector<std::uint32_t> changes_;  // at which steps speeds are drawn
};

}  // namespace

std::unique_ptr<Strategy> make_skewed() { return std::make_unique<Skewed>(); }

}  // namespace gainsay
