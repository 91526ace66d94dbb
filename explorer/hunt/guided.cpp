// The runs of the guided pool: they start from worlds that were rare (see
// pool.hpp), and then go on with timers that are slower in some runs than in
// others.
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr int tries = 16;

class Guided : public Strategy {
 public:
  void begin(RandomStream& random, std::uint32_t) override {
    timers_ = 1U << random.below(5);  // of 16
  }
  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    if (timers_ == 16) return uniform_move(walk, random);
    for (int i = 0; i < tries; ++i) {
      Move move;
      if (!walk.draw(random, move)) continue;
      const bool is_delivery = walk.transition(move).from != 0xff;
      if (is_delivery || random.below(16) < timers_) return move;
    }
    return uniform_move(walk, random);
  }

 private:
  std::uint32_t timers_ = 16;
};

}  // namespace

std::unique_ptr<Strategy> make_guided() { return std::make_unique<Guided>(); }

}  // namespace gainsay
