#include "explorer/healed_graph.hpp"

#include <algorithm>
#include <bit>

#include "engine/text.hpp"
#include "explorer/check.hpp"

namespace gainsay {

namespace {

// Inputs: an envelope's id, or one of these.
constexpr Id timer_input = 0x80000000U;  // + timer
constexpr Id restart_input = 0xc0000000U;

// Limits of the system, each raised by what the property allows more.
std::vector<Limit> raised(const System& system, const Property& property) {
  std::vector<Limit> limits = system.limits;
  for (Limit& limit : limits) {
    const auto more = property.recovery.more.find(limit.name);
    if (more != property.recovery.more.end()) limit.greatest += more->second;
  }
  return limits;
}

}  // namespace

HealedGraph::HealedGraph(const System& system, const Property& good, const Messages& messages,
                         RunsOut runs_out)
    : system_(system),
      good_(good),
      messages_(messages),
      runs_out_(std::move(runs_out)),
      limits_(raised(system, good)),
      folds_(system.size()) {
  intern_inbox({});
}

// --- interning ---

Id HealedGraph::intern_local(std::uint8_t process, const Bytes& bytes, const Process& value) {
  std::string key(1, static_cast<char>(process));
  key += bytes;
  const auto [id, is_new] = intern(local_index_, std::move(key));
  if (!is_new) return id;
  const LocalParts parts = split_local(bytes);
  Local local{.process = process,
              .status = parts.status,
              .timers = parts.timers,
              .bytes = bytes,
              .view = nullptr};
  if (!system_.is_client({process})) local.view = value.view();
  // What a faulty process looks like is nobody's state.
  if (local.view != nullptr && good_.scope == Scope::node && !system_.is_faulty({process})) {
    const void* one[] = {local.view.get()};
    local.good = good_.holds(one);
    ++evaluated_;
  }
  locals_.push_back(std::move(local));
  return id;
}

Id HealedGraph::intern_envelope(NodeId from, const Bytes& message) {
  std::string key(1, static_cast<char>(from.value));
  key += message;
  const auto [id, is_new] = intern(envelope_index_, std::move(key));
  if (is_new) envelopes_.push_back({.from = from, .message = message});
  return id;
}

Id HealedGraph::intern_inbox(std::vector<Waiting> waiting) {
  std::string key(reinterpret_cast<const char*>(waiting.data()), waiting.size() * sizeof(Waiting));
  const auto [id, is_new] = intern(inbox_index_, std::move(key));
  if (is_new) inboxes_.push_back(std::move(waiting));
  return id;
}

Id HealedGraph::cell_of(Id local, Id inbox) {
  const auto [at, is_new] =
      cell_index_.try_emplace(pair_key(local, inbox), static_cast<Id>(cells_.size()));
  if (is_new) {
    cells_.push_back({.local = local, .inbox = inbox});
    steps_.emplace_back();
  }
  return at->second;
}

Id HealedGraph::world_of(const std::vector<Id>& cells) {
  Id prefix = 0;
  bool is_new = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto next = static_cast<Id>(folds_[i].size());
    const auto [at, added] = folds_[i].try_emplace(pair_key(prefix, cells[i]), next);
    prefix = at->second;
    is_new = added;
  }
  if (!is_new) return prefix;
  if (prefix == ~Id{0}) throw std::length_error("too many worlds of the healed system");
  world_cells_.insert(world_cells_.end(), cells.begin(), cells.end());
  flags_.push_back(is_good(cells) ? leads : 0);
  met_.push_back(0);
  first_edge_.push_back(0);
  edge_count_.push_back(0);
  first_to_.push_back(no_edge);
  return prefix;
}

Id HealedGraph::add(const LocalVector& locals) {
  std::vector<Id> cells;
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const LocalState local = decode_local(*system_.processes[i], locals[i]);
    const auto process = static_cast<std::uint8_t>(i);
    cells.push_back(cell_of(intern_local(process, locals[i], *local.process), 0));
  }
  return world_of(cells);
}

bool HealedGraph::is_good(const std::vector<Id>& cells) {
  std::vector<const void*> views;
  for (std::size_t i = 0; i < system_.bounds.nodes; ++i) {
    const Local& local = locals_[cells_[cells[i]].local];
    if (good_.scope == Scope::node && local.good) return true;
    views.push_back(local.view.get());
  }
  if (good_.scope == Scope::node) return false;
  ++evaluated_;
  return good_.holds(views);
}

// --- handlers ---

bool HealedGraph::is_outside_limits(NodeId process, const LocalState& local) const {
  return !system_.is_client(process) && std::ranges::any_of(limits_, [&](const Limit& limit) {
    return limit.value(local.process->state()) > limit.greatest;
  });
}

// A handler that fails ends its run. That is a finding within the bounds of the search, which looks
// for it; beyond them it is one more thing that is not known.
HealedGraph::Outcomes HealedGraph::run_handlers(Id local, Id input) {
  LocalEvent event;
  if (input == restart_input) {
    event.kind = LocalEvent::Kind::restart;
  } else if (input >= timer_input) {
    event = {.kind = LocalEvent::Kind::timer, .timer = input - timer_input};
  } else {
    event = {.kind = LocalEvent::Kind::deliver,
             .from = envelopes_[input].from,
             .message = envelopes_[input].message};
  }
  const NodeId process{locals_[local].process};
  const ProcessType& type = *system_.processes[process.value];
  Outcomes outcomes;
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = decode_local(type, locals_[local].bytes);
    const StepResult step = run_event(after, event, system_.place(process), script);
    LocalState again = decode_local(type, locals_[local].bytes);
    const StepResult second = run_event(again, event, system_.place(process), script);
    const bool failed = step.fault != StepResult::Fault::none;
    if (step.fault != second.fault || step.sends != second.sends ||
        step.answers != second.answers || (!failed && encode_local(after) != encode_local(again))) {
      throw Nondeterminism("a handler of " + system_.process_name(process) +
                           " gives two answers to the same event");
    }
    more = next_script(script, step);
    if (crash_of(step.answers).at != 0) continue;  // no fault
    if (failed || is_outside_limits(process, after)) {
      outcomes.limited = true;
      continue;
    }
    Outcome outcome{.local = intern_local(byte_of(process), encode_local(after), *after.process)};
    outcome.no_op = outcome.local == local && step.sends.empty();
    for (const Sent& sent : step.sends) {
      outcome.sends.push_back(
          {.to = sent.to.value, .envelope = intern_envelope(process, sent.message)});
    }
    outcomes.all.push_back(std::move(outcome));
  }
  return outcomes;
}

const HealedGraph::Outcomes& HealedGraph::outcomes(Id local, Id input) {
  const std::uint64_t key = pair_key(local, input);
  const auto found = outcomes_.find(key);
  if (found != outcomes_.end()) return found->second;
  return outcomes_.emplace(key, run_handlers(local, input)).first->second;
}

// --- cells ---

// Puts one more message into an inbox; false when it is one too many and forgotten.
bool HealedGraph::put(std::vector<Waiting>& inbox, Id envelope) const {
  if (messages_.queues) {
    const NodeId sender = envelopes_[envelope].from;
    const auto of_sender = [&](const Waiting& one) {
      return envelopes_[one.envelope].from == sender;
    };
    if (std::ranges::count_if(inbox, of_sender) >= messages_.copies) return false;
    const auto behind = std::ranges::find_if(
        inbox, [&](const Waiting& one) { return envelopes_[one.envelope].from > sender; });
    inbox.insert(behind, {.envelope = envelope, .count = 1});
    return true;
  }
  const auto at = std::ranges::lower_bound(inbox, envelope, {}, &Waiting::envelope);
  if (at == inbox.end() || at->envelope != envelope) {
    inbox.insert(at, {.envelope = envelope, .count = 1});
    return true;
  }
  if (at->count >= messages_.copies + (messages_.endless ? 1 : 0)) return messages_.endless;
  ++at->count;
  return true;
}

HealedGraph::Received HealedGraph::receive(Id cell, Id envelope) {
  const std::uint64_t key = pair_key(cell, envelope);
  const auto known = received_.find(key);
  if (known != received_.end()) return known->second;
  Received received{.cell = cell, .capped = false};
  const Cell before = cells_[cell];
  const Local& at = locals_[before.local];
  // Connections to a process that is down are refused, and a faulty one does nothing any more.
  const bool refused = messages_.queues && at.status == LocalState::Status::down;
  if (!refused && !system_.is_faulty({at.process})) {
    std::vector<Waiting> inbox = inboxes_[before.inbox];
    received.capped = !put(inbox, envelope);
    if (!received.capped) received.cell = cell_of(before.local, intern_inbox(std::move(inbox)));
  }
  received_.emplace(key, received);
  return received;
}

void HealedGraph::add_steps(Id cell, Id input, std::vector<Waiting> rest, Steps& out) {
  const Id before = cells_[cell].local;
  const Outcomes& outcomes = this->outcomes(before, input);
  out.limited = out.limited || outcomes.limited;
  const Id inbox = intern_inbox(std::move(rest));
  for (const Outcome& outcome : outcomes.all) {
    // As in `unordered`: a delivery that does nothing is no event. A queue must get on.
    if (outcome.no_op && !messages_.queues) continue;
    out.all.push_back({.cell = cell_of(outcome.local, inbox),
                       .of_timer = input >= timer_input && input < restart_input,
                       .sends = &outcome.sends});
  }
}

// Clients' timers always may: they only ask again.
bool HealedGraph::may_run_out(Id local, Id timer) const {
  const Local& of = locals_[local];
  if (of.status != LocalState::Status::up || ((of.timers >> timer) & 1) == 0) return false;
  return !runs_out_ || system_.is_client({of.process}) || runs_out_({of.process}, timer);
}

const HealedGraph::Steps& HealedGraph::steps(Id cell) {
  if (steps_[cell] != nullptr) return *steps_[cell];
  auto found = std::make_unique<Steps>();
  const Cell at = cells_[cell];
  const std::vector<Waiting> inbox = inboxes_[at.inbox];
  const LocalState::Status status = locals_[at.local].status;
  if (system_.is_faulty({locals_[at.local].process})) {
    steps_[cell] = std::move(found);
    return *steps_[cell];
  }
  if (status == LocalState::Status::down) add_steps(cell, restart_input, inbox, *found);
  for (std::size_t i = 0; status == LocalState::Status::up && i < inbox.size(); ++i) {
    const NodeId from = envelopes_[inbox[i].envelope].from;
    if (messages_.queues && i > 0 && envelopes_[inbox[i - 1].envelope].from == from) continue;
    std::vector<Waiting> rest = inbox;
    if (!messages_.endless || rest[i].count <= messages_.copies) --rest[i].count;
    if (rest[i].count == 0) rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    add_steps(cell, inbox[i].envelope, std::move(rest), *found);
  }
  for (Id timer = 0; timer < 64; ++timer) {
    if (may_run_out(at.local, timer)) add_steps(cell, timer_input + timer, inbox, *found);
  }
  steps_[cell] = std::move(found);
  return *steps_[cell];
}

// --- worlds ---

// False when the step does not exist: a message has no room in its queue. A bag only forgets it.
bool HealedGraph::take(std::vector<Id>& cells, std::size_t process, const Step& step,
                       bool& is_capped) {
  cells[process] = step.cell;
  for (const Send& send : *step.sends) {
    const Received received = receive(cells[send.to], send.envelope);
    is_capped = is_capped || received.capped;
    if (received.capped && messages_.queues) return false;
    cells[send.to] = received.cell;
  }
  return true;
}

void HealedGraph::expand(Id world) {
  const std::size_t size = system_.size();
  ++expansions_;
  flags_[world] |= expanded;
  first_edge_[world] = targets_.size();
  const auto first = world_cells_.begin() + static_cast<std::ptrdiff_t>(world * size);
  const std::vector<Id> cells(first, first + static_cast<std::ptrdiff_t>(size));
  std::vector<Id> next;
  bool is_capped = false;
  for (std::size_t process = 0; process < size; ++process) {
    const Steps& all = steps(cells[process]);
    if (all.limited) flags_[world] |= limited;
    for (const Step& step : all.all) {
      next = cells;
      if (!take(next, process, step, is_capped)) continue;
      const Id target = world_of(next);
      if (target == world) continue;
      sources_.push_back(world);
      targets_.push_back(target);
      of_timer_.push_back(step.of_timer);
      next_to_.push_back(first_to_[target]);
      first_to_[target] = targets_.size() - 1;
      ++edge_count_[world];
      if (leads_to_good(target)) return mark(world, leads);  // the rest does not matter
    }
  }
  if (is_capped) flags_[world] |= capped;
}

// Gives a world the flag, and all from which it can be reached.
void HealedGraph::mark(Id world, Flag flag) {
  flags_[world] |= flag;
  std::vector<Id> waiting{world};
  while (!waiting.empty()) {
    const Id to = waiting.back();
    waiting.pop_back();
    for (std::uint64_t edge = first_to_[to]; edge != no_edge; edge = next_to_[edge]) {
      const Id from = sources_[edge];
      if ((flags_[from] & (flag | leads)) != 0) continue;
      flags_[from] |= flag;
      waiting.push_back(from);
    }
  }
}

// The worlds not yet expanded that matter to a start not yet decided, nearest first.
std::vector<Id> HealedGraph::open_worlds(const std::vector<Id>& starts) {
  ++round_;
  std::vector<Id> open;
  std::vector<Id> queue;
  const auto meet = [&](Id world) {
    if (leads_to_good(world) || met_[world] == round_) return;
    met_[world] = round_;
    ((flags_[world] & expanded) != 0 ? queue : open).push_back(world);
  };
  for (const Id start : starts) meet(start);
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint64_t first = first_edge_[queue[i]];
    for (std::uint64_t edge = first; edge < first + edge_count_[queue[i]]; ++edge) {
      meet(targets_[edge]);
    }
  }
  return open;
}

std::string HealedGraph::look(const Stop& stop) {
  constexpr std::uint64_t expansions_between_looks = 256;
  return expansions_ % expansions_between_looks == 0 ? stop(worlds()) : "";
}

// A patient walk fires a timer only where nothing else can happen, as time does.
Id HealedGraph::step_of_walk(Id world, RandomStream& random, bool patient) const {
  const std::uint64_t first = first_edge_[world];
  const std::uint32_t count = edge_count_[world];
  std::vector<Id> preferred;
  for (std::uint64_t edge = first; patient && edge < first + count; ++edge) {
    if (!of_timer_[edge]) preferred.push_back(targets_[edge]);
  }
  if (preferred.empty()) return targets_[first + random.below(count)];
  return preferred[random.below(static_cast<std::uint32_t>(preferred.size()))];
}

// Most ways back are found by a few walks at random, long before they are breadth first. What the
// walks expand is part of the graph.
std::string HealedGraph::walk(const std::vector<Id>& starts, const Stop& stop) {
  constexpr std::uint32_t walks = 8;
  constexpr std::uint32_t steps = 100;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    RandomStream random(i, Purpose::schedule);
    for (std::uint32_t k = 0; k < walks && !leads_to_good(starts[i]); ++k) {
      Id at = starts[i];
      for (std::uint32_t step = 0; step < steps && !leads_to_good(at); ++step) {
        if ((flags_[at] & expanded) == 0) {
          expand(at);
          if (std::string reason = look(stop); !reason.empty()) return reason;
        }
        if (edge_count_[at] == 0) break;
        at = step_of_walk(at, random, k % 2 == 0);
      }
    }
  }
  return "";
}

std::string HealedGraph::explore(const std::vector<Id>& starts, const Stop& stop) {
  if (std::string reason = stop(worlds()); !reason.empty()) return reason;
  if (std::string reason = walk(starts, stop); !reason.empty()) return reason;
  for (;;) {
    if (std::string reason = stop(worlds()); !reason.empty()) return reason;
    const std::vector<Id> open = open_worlds(starts);
    if (open.empty()) break;
    for (const Id world : open) {
      if (leads_to_good(world)) continue;
      expand(world);
      if (std::string reason = look(stop); !reason.empty()) return reason;
    }
  }
  for (const Flag flag : {limited, capped}) {
    for (Id world = 0; world < worlds(); ++world) {
      if ((flags_[world] & flag) != 0 && !leads_to_good(world)) mark(world, flag);
    }
  }
  return "";
}

// Good worlds are never expanded; any other one that leads to one has an edge on the way.
std::pair<Id, std::size_t> HealedGraph::nearest_good(Id world) const {
  boost::unordered_flat_map<Id, std::size_t> distance{{world, 0}};
  std::vector<Id> queue{world};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const Id at = queue[i];
    if ((flags_[at] & expanded) == 0) return {at, distance[at]};
    for (const Id target : successors(at)) {
      if (!leads_to_good(target)) continue;
      if (distance.try_emplace(target, distance[at] + 1).second) queue.push_back(target);
    }
  }
  throw std::logic_error("the world leads to no good one");
}

std::string HealedGraph::describe_world(Id world) const {
  constexpr std::size_t columns = 80;
  const NodeName naming = system_.naming();
  std::string text;
  for (std::size_t i = 0; i < system_.size(); ++i) {
    const Cell& cell = cells_[world_cells_[world * system_.size() + i]];
    const Local& local = locals_[cell.local];
    const ProcessType& type = *system_.processes[i];
    std::string line = "    " + naming({local.process});
    line += local.status == LocalState::Status::down ? " is down; " : "; ";
    std::string armed;
    for (Id timer = 0; timer < 64; ++timer) {
      if (((local.timers >> timer) & 1) == 0) continue;
      armed += armed.empty() ? "" : ", ";
      armed += type.timer_names()[timer];
    }
    line += armed.empty() ? "no timer is armed" : "armed: " + armed;
    for (const Waiting& one : inboxes_[cell.inbox]) {
      const Envelope& envelope = envelopes_[one.envelope];
      line += "; waiting: " + naming(envelope.from) + " ";
      line += describe(*system_.message_type, envelope.message, naming);
    }
    text += wrap(line, 8, columns);
    const BytesView state = split_local(local.bytes).state;
    text += wrap("      " + describe(type.state_type(), state, naming), 8, columns);
  }
  return text;
}

}  // namespace gainsay
