// Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010), for
// messages (Ozkan and others, OOPSLA 2018): links and timers have random
// priorities, the first that has something to do comes next, and at a few
// random moments it falls behind all others. A bug of depth d in n links and k
// steps is hit with probability at least 1 / (n * k^(d-1)).
#include <algorithm>
#include <map>

#include "explorer/hunt/pending.hpp"
#include "explorer/hunt/strategy.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t priority_changes_max = 5;
constexpr std::uint64_t place = std::uint64_t{1} << 31;

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
    const bool delivery = walk.is_message(item.actor, item.input);
    const std::uint8_t from =
        delivery ? byte_of(walk.machine().sender_of(item.input)) : std::uint8_t{0xff};
    const auto [at, is_new] = priorities_.try_emplace({item.actor, from}, 0);
    if (is_new) at->second = (random.next() >> 33) * place;
    return at->second;
  }

  Pending pending_;
  std::map<std::pair<std::uint8_t, std::uint8_t>, std::uint64_t> priorities_;  // (actor, sender)
  std::vector<std::uint32_t> changes_;                                         // at which steps
  std::uint32_t step_ = 0;
  std::uint64_t lowest_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_pct() { return std::make_unique<Pct>(); }

}  // namespace gainsay
