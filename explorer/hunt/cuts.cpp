#include "explorer/hunt/cuts.hpp"

#include <algorithm>

namespace gainsay {

std::string Cuts::why_not(const System& system) {
  if (system.bounds.skew) return "where clocks are bounded, a tick is of all processes at once";
  if (!system.adversary.byzantine.empty())
    return "what a Byzantine process says depends on all that it has heard";
  return "";
}

Cuts::Cuts(Machine& machine, Evaluator& evaluator)
    : machine_(machine),
      evaluator_(evaluator),
      processes_(machine.system().size()),
      nodes_(machine.system().bounds.nodes),
      async_(machine.system().bounds.network == Network::async),
      stamps_(processes_) {}

void Cuts::begin(const Walk& walk) {
  ++epoch_;
  prefix_ = static_cast<std::uint32_t>(walk.path().size());
  counts_.assign(processes_, 0);
  counts_before_ = counts_;
  now_.assign(processes_ * processes_, 0);
  clocks_.assign(prefix_ * processes_, 0);
  locals_.clear();
  views_.resize(nodes_);
  for (std::size_t node = 0; node < nodes_; ++node) {
    const Id local = machine_.local_of(walk.cell(node));
    locals_.push_back(local);
    views_[node].assign(1, View{.local = local, .shown = machine_.local(local).shown});
  }
  found_.reset();
  know_inboxes(walk);
}

void Cuts::before(const Walk& walk, Move move) {
  const auto event = static_cast<std::uint32_t>(walk.path().size());
  actor_ = move.actor;
  if (actor_ >= processes_) {
    happen_everywhere(event);
    return;
  }
  const Expansion& expansion = walk.part(move.actor, move.part);
  const Transition& transition = expansion.transitions[move.index];
  clock(actor_)[actor_] = ++counts_[actor_];
  if (move.part != 0) receive(actor_, transition.input);
  clocks_.insert(clocks_.end(), clock(actor_), clock(actor_) + processes_);
  for (std::size_t i = 0; i < transition.send_count; ++i) {
    send(expansion.sends[transition.sends + i], event);
  }
}

void Cuts::happen_everywhere(std::uint32_t event) {
  for (std::size_t process = 0; process < processes_; ++process) {
    std::ranges::copy(counts_, clock(process));
  }
  clocks_.insert(clocks_.end(), counts_.begin(), counts_.end());
  counts_before_ = counts_;
  prefix_ = event + 1;
  ++epoch_;
}

Cuts::Stamp& Cuts::stamp_of(std::size_t process, Id envelope) {
  std::vector<Stamp>& stamps = stamps_[process];
  if (envelope >= stamps.size()) stamps.resize(2 * std::size_t{envelope} + 64);
  return stamps[envelope];
}

// What was sent by the starts is there, whoever says it again. Elsewhere than in async equal
// messages are several, and the last one counts.
void Cuts::know_inboxes(const Walk& walk) {
  if (!async_) return;
  for (std::size_t process = 0; process < processes_; ++process) {
    for (const Id envelope : walk.inbox(process)) {
      stamp_of(process, envelope) = {.epoch = epoch_, .event = in_prefix};
    }
  }
}

// What was sent before the last partition or its end is in everybody's past.
void Cuts::receive(std::size_t process, Id envelope) {
  if (envelope >= stamps_[process].size()) return;
  const Stamp stamp = stamps_[process][envelope];
  if (stamp.epoch != epoch_ || stamp.event == in_prefix) return;
  const std::uint32_t* sent = clocks_.data() + stamp.event * processes_;
  std::uint32_t* mine = clock(process);
  for (std::size_t i = 0; i < processes_; ++i) mine[i] = std::max(mine[i], sent[i]);
}

void Cuts::send(const SendRef& send, std::uint32_t event) {
  Stamp& stamp = stamp_of(send.to, send.envelope);
  if (async_ && stamp.epoch == epoch_) return;
  stamp = {.epoch = epoch_, .event = event};
}

// A state that looks the same as the one before it has no other partners than that one had.
bool Cuts::after(const Walk& walk) {
  if (actor_ >= nodes_) return false;
  const Id local = machine_.local_of(walk.cell(actor_));
  if (local == locals_[actor_]) return false;
  locals_[actor_] = local;
  const Id shown = machine_.local(local).shown;
  std::vector<View>& mine = views_[actor_];
  if (shown == mine.back().shown) return false;
  mine.push_back({.begin = counts_[actor_],
                  .event = static_cast<std::uint32_t>(walk.path().size() - 1),
                  .local = local,
                  .shown = shown});
  for (std::size_t other = 0; other < nodes_; ++other) {
    if (other == actor_) continue;
    const std::uint32_t known = clock(actor_)[other];
    for (auto view = views_[other].rbegin(); view != views_[other].rend(); ++view) {
      const Id a = actor_ < other ? local : view->local;
      const Id b = actor_ < other ? view->local : local;
      const std::size_t property = evaluator_.inspect_pair(machine_, a, b);
      if (property != Evaluator::none) {
        keep(walk, property, other, *view);
        return true;
      }
      if (view->begin <= known) break;
    }
  }
  return false;
}

// All that is in the past of the step just taken, or of the view of the other one.
void Cuts::keep(const Walk& walk, std::size_t property, std::size_t other, const View& view) {
  std::vector<std::uint32_t> cut(clock(actor_), clock(actor_) + processes_);
  if (view.begin > cut[other]) {
    const std::uint32_t* past = clocks_.data() + view.event * processes_;
    for (std::size_t i = 0; i < processes_; ++i) cut[i] = std::max(cut[i], past[i]);
  }
  found_ = Found{.property = property, .kept = {}};
  std::vector<std::uint32_t> seen = counts_before_;
  for (std::uint32_t i = 0; i < walk.path().size(); ++i) {
    const std::size_t actor = walk.path()[i].actor;
    if (i < prefix_ || ++seen[actor] <= cut[actor]) found_->kept.push_back(i);
  }
}

}  // namespace gainsay
