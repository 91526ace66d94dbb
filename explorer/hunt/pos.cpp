// Partial order sampling (Yuan, Yang and Gu, CAV 2018): every event that may
// happen has a random priority, the least comes next, and those that race with
// it draw theirs again. Events race when they are steps of one process.
#include "explorer/hunt/pending.hpp"
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

class Pos : public Strategy {
 public:
  void begin(RandomStream&, std::uint32_t) override { pending_.clear(); }
  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    pending_.refresh(walk, [&](const Pending::Item&) { return random.next(); });
    const auto next =
        pending_.least(walk, random, [](const Pending::Item& item) { return item.rank; });
    if (!next) return std::nullopt;
    return next->move;
  }
  void taken(const Walk&, Move move) override { pending_.forget(move.actor); }

 private:
  Pending pending_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos() { return std::make_unique<Pos>(); }

}  // namespace gainsay
