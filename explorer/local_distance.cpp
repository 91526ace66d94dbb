#include "explorer/local_distance.hpp"

#include <algorithm>

namespace gainsay {

std::string LocalDistance::obstacle(const System& system, const Goal& goal) {
  if (system.bounds.skew) return "time moves all processes at once";
  if (goal.property == nullptr) return "";
  if (goal.property->scope == Scope::history) return "the property is of histories";
  if (goal.property->scope == Scope::observer) return "the property is of an observer";
  return "";
}

LocalDistance::LocalDistance(Machine& machine, Evaluator& evaluator, Goal goal,
                             const std::vector<Event>& known, Options options)
    : machine_(machine),
      goal_(std::move(goal)),
      options_(std::move(options)),
      graphs_(machine.system().size()) {
  Walk walk(machine, evaluator);
  meet(walk, known);
  RandomStream random(0);
  std::uint64_t events = 0;
  for (std::uint64_t runs = 0; events < options_.events && runs < options_.events; ++runs) {
    if (runs % 16 == 0 && options_.must_stop && options_.must_stop()) return;
    walk.start(random);
    // From somewhere on the way, as often as not.
    const auto prefix =
        random.below(2) == 0 ? 0 : random.below(static_cast<std::uint32_t>(known_.size()) + 1);
    if (prefix > 0) {
      Moves moves(start_.begin(), start_.end());
      moves.insert(moves.end(), known_.begin(), known_.begin() + prefix);
      walk.follow(moves);
    }
    events += 1 + wander(walk, random, 2 * known_.size() + 16);
  }
  is_known_ = measure();
}

// --- the graph ---

std::uint32_t LocalDistance::node_of(std::size_t process, Id cell) {
  Graph& graph = graphs_[process];
  const auto node = static_cast<std::uint32_t>(graph.nodes.size());
  const auto [at, is_new] = graph.index.try_emplace(machine_.bare(cell), node);
  if (is_new) graph.nodes.push_back({.cell = at->first});
  return at->second;
}

void LocalDistance::take(Walk& walk, Move move) {
  const std::size_t actor = move.actor;
  const Id before = walk.cell(actor);
  walk.take(move);
  if (actor >= graphs_.size()) return;
  const std::uint32_t from = node_of(actor, before);
  if (walk.cell(actor) != before) {
    const std::uint32_t to = node_of(actor, walk.cell(actor));
    graphs_[actor].nodes[to].before.push_back(from);
  } else if (walk.broken()) {  // by the step itself
    const Id fault = walk.broken()->fault;
    const bool is_goal =
        goal_.property != nullptr ? fault == 0 : fault != 0 && goal_.is_fault(fault);
    if (is_goal) graphs_[actor].nodes[from].ends = true;
  }
}

std::optional<Move> LocalDistance::move_of(const Walk& walk, const Event& event) const {
  std::optional<Move> found;
  const auto look = [&](Move move) {
    const NodeId actor{move.actor};
    if (!found && machine_.event_of(actor, walk.transition(move)) == event) found = move;
  };
  walk.for_each_move(false, look);
  if (!found) walk.for_each_move(true, look);
  return found;
}

// The run that is known, as far as it can be followed.
void LocalDistance::meet(Walk& walk, const std::vector<Event>& known) {
  walk.begin();
  std::size_t next = 0;
  for (; next < machine_.system().size(); ++next) {
    const auto actor = static_cast<std::uint8_t>(next);
    const auto count = static_cast<std::uint32_t>(walk.part(next, 0).transitions.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      const Move move{.actor = actor, .index = i};
      if (machine_.event_of({actor}, walk.transition(move)) != known[next]) continue;
      walk.pass(move);
      start_.push_back(move);
      break;
    }
  }
  for (std::size_t process = 0; process < graphs_.size(); ++process) {
    node_of(process, walk.cell(process));
  }
  for (; next < known.size() && !walk.broken(); ++next) {
    const auto move = move_of(walk, known[next]);
    if (!move) return;
    known_.push_back(*move);
    take(walk, *move);
  }
}

// By chance, with a fault now and then; how many events.
std::uint64_t LocalDistance::wander(Walk& walk, RandomStream& random, std::size_t events) {
  constexpr std::uint32_t fault_every = 8;
  std::uint64_t taken = 0;
  for (; taken < events && !walk.broken(); ++taken) {
    std::optional<Move> move;
    if (random.below(fault_every) == 0) {
      Moves faults;
      walk.for_each_move(true, [&](Move one) { faults.push_back(one); });
      if (!faults.empty()) move = faults[random.below(static_cast<std::uint32_t>(faults.size()))];
    }
    if (!move) move = uniform_move(walk, random);
    if (!move) break;
    take(walk, *move);
  }
  return taken;
}

// --- distances ---

// Processes by themselves, two by two or the nodes together, as the property says.
bool LocalDistance::measure() {
  for (Graph& graph : graphs_) {
    for (Node& node : graph.nodes) {
      std::ranges::sort(node.before);
      node.before.erase(std::unique(node.before.begin(), node.before.end()), node.before.end());
    }
  }
  const std::size_t nodes = machine_.system().bounds.nodes;
  const Scope scope = goal_.property == nullptr ? Scope::step : goal_.property->scope;
  if (scope == Scope::world) {
    std::vector<std::size_t> all(nodes);
    for (std::size_t i = 0; i < nodes; ++i) all[i] = i;
    return measure(all);
  }
  const std::size_t single = goal_.property == nullptr ? graphs_.size() : nodes;
  for (std::size_t i = 0; i < single; ++i) {
    if (scope != Scope::pair && !measure(std::vector<std::size_t>{i})) return false;
    for (std::size_t k = i + 1; k < nodes && scope == Scope::pair; ++k) {
      if (!measure(std::vector<std::size_t>{i, k})) return false;
    }
  }
  return true;
}

std::size_t LocalDistance::place_of(const Product& product,
                                    const std::vector<std::uint32_t>& tuple) const {
  std::size_t place = 0;
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    place = place * graphs_[product.processes[i]].nodes.size() + tuple[i];
  }
  return place;
}

bool LocalDistance::breaks(const std::vector<const void*>& views) const {
  const Property& property = *goal_.property;
  for (const void* view : views) {
    if (view == nullptr) return false;
  }
  if (!property.holds(views)) return true;
  if (property.scope != Scope::pair) return false;
  const void* swapped[] = {views[1], views[0]};
  return !property.holds(swapped);
}

bool LocalDistance::is_goal(const std::vector<std::size_t>& processes,
                            const std::vector<std::uint32_t>& tuple) {
  std::vector<const void*> views;
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    const Node& node = graphs_[processes[i]].nodes[tuple[i]];
    const LocalEntry& local = machine_.local(machine_.local_of(node.cell));
    if (goal_.property == nullptr || goal_.property->scope == Scope::step) return node.ends;
    if (local.status == LocalState::Status::unstarted) return false;
    views.push_back(local.view.get());
  }
  return breaks(views);
}

// Backwards from all that violate, breadth first.
bool LocalDistance::measure(std::vector<std::size_t> processes) {
  std::size_t size = 1;
  for (const std::size_t process : processes) {
    size *= graphs_[process].nodes.size();
    if (size > options_.tuples_max) return false;
  }
  Product product{.processes = std::move(processes)};
  product.distances.assign(size, unreachable);
  std::vector<std::size_t> queue;
  const auto tuple_at = [&](std::size_t place) {
    std::vector<std::uint32_t> tuple(product.processes.size());
    for (std::size_t i = tuple.size(); i-- > 0;) {
      const std::size_t radix = graphs_[product.processes[i]].nodes.size();
      tuple[i] = static_cast<std::uint32_t>(place % radix);
      place /= radix;
    }
    return tuple;
  };
  const bool is_step = goal_.property == nullptr || goal_.property->scope == Scope::step;
  for (std::size_t place = 0; place < size; ++place) {
    if (place % 4096 == 0 && options_.must_stop && options_.must_stop()) return false;
    if (!is_goal(product.processes, tuple_at(place))) continue;
    product.distances[place] = is_step ? 1 : 0;
    queue.push_back(place);
  }
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const std::size_t place = queue[next];
    std::vector<std::uint32_t> tuple = tuple_at(place);
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      const std::uint32_t here = tuple[i];
      for (const std::uint32_t before : graphs_[product.processes[i]].nodes[here].before) {
        tuple[i] = before;
        const std::size_t from = place_of(product, tuple);
        if (product.distances[from] != unreachable) continue;
        product.distances[from] = product.distances[place] + 1;
        queue.push_back(from);
      }
      tuple[i] = here;
    }
  }
  products_.push_back(std::move(product));
  return true;
}

std::optional<std::uint32_t> LocalDistance::of(const Id* world) const {
  std::uint32_t least = unreachable;
  for (const Product& product : products_) {
    std::size_t place = 0;
    for (const std::size_t process : product.processes) {
      const Graph& graph = graphs_[process];
      const auto node = graph.index.find(machine_.bare(world[process]));
      if (node == graph.index.end()) return std::nullopt;
      place = place * graph.nodes.size() + node->second;
    }
    least = std::min(least, product.distances[place]);
  }
  return least;
}

}  // namespace gainsay
