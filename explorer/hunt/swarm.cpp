#include "explorer/hunt/swarm.hpp"

namespace gainsay {

namespace {

// The transitions that are a crash between two steps: several, where it may lose writes.
template <class F>
void for_each_crash(const Walk& walk, std::size_t actor, F&& f) {
  const auto transitions = walk.part(actor, 0).transitions;
  for (std::uint32_t i = 0; i < transitions.size(); ++i) {
    if (!Machine::is_crash(transitions[i])) continue;
    f(Move{.actor = static_cast<std::uint8_t>(actor), .index = i});
  }
}

// The local states that a crash would leave, as one number.
std::optional<std::uint64_t> durable_of(const Walk& walk, std::size_t actor) {
  std::optional<std::uint64_t> durable;
  for_each_crash(walk, actor, [&](Move move) {
    const Id local = walk.machine().local_of(walk.transition(move).cell);
    durable = spread(durable.value_or(0) + local + 1);
  });
  return durable;
}

}  // namespace

void Swarm::draw(const System& system, RandomStream& random) {
  any_ = false;
  risky_ = Machine::npos;
  weights_ = {};
  for (std::size_t i = 0; i < budget_kinds; ++i) {
    const auto kind = static_cast<BudgetKind>(i);
    if (kind == BudgetKind::timeout || system.available(kind).value_or(0) == 0) continue;
    // Who crashes mostly comes back.
    const bool enabled = random.below(8) < (kind == BudgetKind::restart ? 7U : 5U);
    const std::uint32_t weight = 1U << random.below(4);
    if (!enabled) continue;
    weights_[i] = weight;
    any_ = true;
  }
  weights_[heal] = 1U << random.below(4);
  rate_ = 2U << random.below(6);
  restart_rate_ = 2U << random.below(4);
  constexpr std::array<std::uint32_t, 4> biases = {0, 1, 4, 8};
  crash_bias_ = biases[random.below(4)];
  if (weights_[static_cast<std::size_t>(BudgetKind::crash)] == 0) crash_bias_ = 0;
}

std::size_t Swarm::kind_of(const Walk& walk, Move move) const {
  const BudgetSet budget = walk.transition(move).budget;
  for (const BudgetKind kind : {BudgetKind::unsynced, BudgetKind::crash, BudgetKind::partition,
                                BudgetKind::drop, BudgetKind::duplicate, BudgetKind::restart}) {
    if (budget.contains(kind)) return static_cast<std::size_t>(kind);
  }
  return heal;
}

std::optional<Move> Swarm::any(const Walk& walk, RandomStream& random) const {
  if (!any_) return std::nullopt;
  std::array<std::vector<Move>, kinds> moves;
  walk.for_each_move(true, [&](Move move) { moves[kind_of(walk, move)].push_back(move); });
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < kinds; ++i) total += moves[i].empty() ? 0 : weights_[i];
  if (total == 0) return std::nullopt;
  std::uint32_t at = random.below(total);
  for (std::size_t i = 0;; ++i) {
    const std::uint32_t weight = moves[i].empty() ? 0 : weights_[i];
    if (at < weight) return moves[i][random.below(static_cast<std::uint32_t>(moves[i].size()))];
    at -= weight;
  }
}

// --- crashes at risky moments ---

void Swarm::remember(const Walk& walk, Move move) {
  stepped_ = move.actor;
  durable_ = durable_of(walk, stepped_);
}

void Swarm::compare(const Walk& walk) {
  const auto durable = durable_of(walk, stepped_);
  risky_ = durable_ && durable && *durable != *durable_ ? stepped_ : Machine::npos;
}

std::optional<Move> Swarm::crash_at_risk(const Walk& walk, RandomStream& random) {
  const std::size_t actor = std::exchange(risky_, Machine::npos);
  if (random.below(16) >= crash_bias_) return std::nullopt;
  std::optional<Move> drawn;
  std::uint32_t count = 0;
  for_each_crash(walk, actor, [&](Move move) {
    if (walk.can_take(move) && random.below(++count) == 0) drawn = move;
  });
  return drawn;
}

}  // namespace gainsay
