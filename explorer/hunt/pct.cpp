// Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010), for
// messages (Ozkan and others, OOPSLA 2018): links and timers have random
// priorities, the first that has something to do comes next, and at a few
// random moments it falls behind all others. A bug of depth d in n links and k
// steps is hit with probability at least 1 / (n * k^(d-1)).
#include <algorithm>
#include <vector>

#include "explorer/hunt/pending.hpp"
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t priority_changes_max = 5;
constexpr std::uint64_t place = std::uint64_t{1} << 31;
constexpr std::uint64_t none = ~std::uint64_t{0};

class Pct : public Strategy {
 public:
  void begin(RandomStream& random, std::uint32_t steps) override {
    pending_.clear();
    priorities_.clear();
    changes_.clear();
    step_ = 0;
    lowest_ = std::uint64_t{1} << 63;
    const std::uint32_t changes = random.below(priority_changes_max + 1);
    for (std::uint32_t i = 0; i < changes; ++i) changes_.push_back(random.below(steps));
  }

  std::optional<Move> pick(Walk& walk, RandomStream& random) override {
    // Within a link the order is random, as links are of about 2^31 places
    // each.
    pending_.refresh(walk, [&](const Pending::Item&) { return random.next() >> 33; });
    const auto next = pending_.least(walk, random, [&](const Pending::Item& item) {
      return chain_of(walk, item, random) + item.rank;
    });
    if (!next) return std::nullopt;
    const bool changes = std::ranges::find(changes_, step_++) != changes_.end();
    if (changes) chain_of(walk, next->item, random) = lowest_ += place;
    return next->move;
  }
  void taken(const Walk&, Move move) override { pending_.forget(move.actor); }

 private:
  // The greater, the later. Those that were never lowered are before the
  // others.
  std::uint64_t& chain_of(const Walk& walk, const Pending::Item& item, RandomStream& random) {
    const std::size_t processes = walk.machine().system().size();
    const std::size_t from = walk.is_message(item.actor, item.input)
                                 ? walk.machine().sender_of(item.input).value
                                 : processes;
    priorities_.resize(walk.actors() * (processes + 1), none);
    std::uint64_t& priority = priorities_[item.actor * (processes + 1) + from];
    if (priority == none) priority = (random.next() >> 33) * place;
    return priority;
  }

  Pending pending_;
  std::vector<std::uint64_t> priorities_;  // by actor and sender, then what comes from nobody
  std::vector<std::uint32_t> changes_;     // at which steps
  std::uint32_t step_ = 0;
  std::uint64_t lowest_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_pct() { return std::make_unique<Pct>(); }

}  // namespace gainsay
