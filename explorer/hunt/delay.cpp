// Delay-bounded scheduling (Emmi, Qadeer and Rakamaric, POPL 2011): the event
// that has waited longest comes next, but for a few at random moments, which
// wait once more. Most bugs need few delays of an orderly run.
#include <algorithm>

#include "explorer/hunt/pending.hpp"
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t delays_max = 8;

class Delay : public Strategy {
 public:
  void begin(RandomStream& random, std::uint32_t steps) override {
    pending_.clear();
    delays_.clear();
    step_ = 0;
    since_ = 0;
    const std::uint32_t delays = random.below(delays_max + 1);
    for (std::uint32_t i = 0; i < delays; ++i) delays_.push_back(random.below(steps));
  }

  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    // Events that come up together are in random order.
    since_ += std::uint64_t{1} << 32;
    pending_.refresh(walk, [&](const Pending::Item&) { return since_ + (random.next() >> 32); });
    for (auto delays = std::ranges::count(delays_, step_++);; --delays) {
      const auto oldest =
          pending_.least(walk, random, [](const Pending::Item& item) { return item.rank; });
      if (!oldest) return std::nullopt;
      if (delays <= 0) return (last_ = oldest)->move;
      pending_.find(oldest->item.actor, oldest->item.input)->rank =
          since_ + (std::uint64_t{1} << 32);
    }
  }
  void taken(const Walk&, Move move) override {
    // A message that stays, or a timer that was set again, has not waited yet.
    if (last_ && last_->move == move) pending_.forget(last_->item.actor, last_->item.input);
    last_.reset();
  }

 private:
  Pending pending_;
  std::vector<std::uint32_t> delays_;  // at which steps
  std::uint32_t step_ = 0;
  std::uint64_t since_ = 0;
  std::optional<Pending::Picked> last_;
};

}  // namespace

std::unique_ptr<Strategy> make_delay() { return std::make_unique<Delay>(); }

}  // namespace gainsay
