#include "properties/linearizability/online.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace gainsay::linearizability {

namespace {

constexpr std::size_t waiting_max = 1'000'000;  // events of a key behind a return that must wait
const char* const too_much = "judging it took too much memory";

}  // namespace

void OnlineJudge::give_up(const std::string& why) {
  if (verdict_ != Verdict::linearizable) return;
  verdict_ = Verdict::unknown;
  unknown_because_ = why;
}

std::size_t OnlineJudge::part_of(const Bytes& call) {
  std::string key;
  if (model_->keys) {
    const std::vector<std::string> keys = model_->keys(call);
    // Keys that are joined later were judged apart.
    if (keys.size() > 1) give_up("it is too long to keep, and an operation joins keys");
    if (!keys.empty()) key = "k" + keys[0];  // operations without a key are one part
  }
  const auto [found, added] = index_.try_emplace(std::move(key), parts_.size());
  if (added) parts_.emplace_back().configurations = {{.state = model_->initial}};
  return found->second;
}

void OnlineJudge::invoke(std::size_t client, const Bytes& call) {
  if (verdict_ != Verdict::linearizable) return;
  const std::size_t place = part_of(call);
  Part& part = parts_[place];
  const std::uint64_t number = part.first + part.operations.size();
  part.operations.push_back({.kind = {.call = call, .result = std::nullopt}});
  part.waiting.push_back({.operation = number});
  if (client >= clients_.size()) clients_.resize(client + 1);
  clients_[client] = {.part = place, .operation = number};
  if (part.waiting.size() > waiting_max) give_up(too_much);
  go_on(part);
}

void OnlineJudge::respond(std::size_t client, const Bytes& result, Moment moment) {
  if (verdict_ != Verdict::linearizable) return;
  const Open open = std::exchange(clients_.at(client), Open{});
  Part& part = parts_[open.part];
  Operation& operation = part.operation(open.operation);
  operation.kind.result = result;
  operation.returned = moment;
  part.waiting.push_back({.operation = open.operation, .returns = true});
  go_on(part);
}

void OnlineJudge::finish() {
  finished_ = true;
  for (Part& part : parts_) go_on(part);
}

std::size_t OnlineJudge::kept() const {
  std::size_t count = 0;
  for (const Part& part : parts_) count += part.operations.size() + part.configurations.size();
  return count;
}

void OnlineJudge::go_on(Part& part) {
  while (!part.waiting.empty() && verdict_ == Verdict::linearizable) {
    const Event event = part.waiting.front();
    if (event.returns && !can_return(part)) return;
    part.waiting.pop_front();
    if (event.returns) {
      take_return(part, event.operation);
    } else {
      open(part, event.operation);
    }
  }
}

// It is known what all that are open answer, or that they never will.
bool OnlineJudge::can_return(Part& part) const {
  for (std::uint64_t left = part.slots; left != 0 && !finished_; left &= left - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(left));
    if (part.operation(part.open[slot]).returned == never) return false;
  }
  return true;
}

void OnlineJudge::open(Part& part, std::uint64_t number) {
  if (~part.slots == 0) return give_up(too_much);
  part.opened = number + 1;
  const auto slot = static_cast<std::size_t>(std::countr_one(part.slots));
  part.open[slot] = number;
  part.slots |= std::uint64_t{1} << slot;
}

// What only observes, and fits, may as well take effect at once: it changes nothing.
void OnlineJudge::take_observations(Part& part, Configuration& configuration) const {
  if (!model_->observes) return;
  for (std::uint64_t left = part.slots & ~configuration.done; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(left));
    const Kind& kind = part.operation(part.open[slot]).kind;
    if (!model_->observes(kind)) continue;
    const std::vector<Bytes> next = model_->next(configuration.state, kind);
    const bool fits = std::ranges::find(next, configuration.state) != next.end();
    if (fits) configuration.done |= std::uint64_t{1} << slot;
  }
}

// All ways to have it take effect, behind others that are open.
void OnlineJudge::take_return(Part& part, std::uint64_t number) {
  const auto slot =
      static_cast<std::size_t>(std::ranges::find(part.open, number) - part.open.begin());
  const std::uint64_t bit = std::uint64_t{1} << slot;
  std::vector<Configuration> seen;
  std::vector<Configuration> after;
  const auto add = [&](Configuration next) {
    take_observations(part, next);
    if (std::ranges::find(seen, next) != seen.end()) return;
    seen.push_back(next);
    if ((next.done & bit) == 0) return;
    next.done &= ~bit;
    if (std::ranges::find(after, next) == after.end()) after.push_back(std::move(next));
  };
  for (Configuration& before : part.configurations) add(std::move(before));
  for (std::size_t at = 0; at < seen.size(); ++at) {
    if ((seen[at].done & bit) != 0) continue;
    if (seen.size() > configurations_max_) return give_up(too_much);
    for (std::uint64_t left = part.slots & ~seen[at].done; left != 0; left &= left - 1) {
      const auto other = static_cast<std::size_t>(std::countr_zero(left));
      const Kind& kind = part.operation(part.open[other]).kind;
      for (Bytes& state : model_->next(seen[at].state, kind)) {
        add({.state = std::move(state), .done = seen[at].done | std::uint64_t{1} << other});
      }
    }
  }
  if (after.empty()) {
    verdict_ = Verdict::not_linearizable;
    for (std::uint64_t left = part.slots; left != 0; left &= left - 1) {
      const Operation& open =
          part.operation(part.open[static_cast<std::size_t>(std::countr_zero(left))]);
      if (open.returned != never) broken_at_ = std::max(broken_at_, open.returned);
    }
    return;
  }
  part.configurations = std::move(after);
  part.slots &= ~bit;
  part.open[slot] = none;
  forget(part);
}

// Operations that are over, from the oldest on.
void OnlineJudge::forget(Part& part) {
  while (!part.operations.empty()) {
    const bool is_open = std::ranges::find(part.open, part.first) != part.open.end();
    if (part.first >= part.opened || is_open) return;
    part.operations.pop_front();
    ++part.first;
  }
}

}  // namespace gainsay::linearizability
