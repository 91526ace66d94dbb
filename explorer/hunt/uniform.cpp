// Each enabled event is as likely: what every other strategy is compared with.
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

class Uniform : public Strategy {
 public:
  void begin(RandomStream&, std::uint32_t) override {}
  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    return uniform_move(walk, random);
  }
};

}  // namespace

std::unique_ptr<Strategy> make_uniform() { return std::make_unique<Uniform>(); }

}  // namespace gainsay
