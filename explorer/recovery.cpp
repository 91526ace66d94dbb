// What is asked. The search has found which vectors of local states, of all processes, faults can
// lead to. The healed system starts at each of them with no message under way; it restarts whoever
// is down, has no further fault, loses nothing, and delivers each message at most once. The
// property holds when a good world can be reached from every one of these starts.
//
// No message under way is the worst case: in `async` and `unordered` a message may be left unread,
// so that more messages only add ways to go. (In `fifo` they do not; there healing resets all
// connections, which is what it is defined to be.) With the messages of the search still around,
// every lost one would come back, and the property would say nothing.
//
// A Byzantine process, and twins, fall silent, which they may; what one can say, or has said, is
// one more message that may be left unread, so silence is the worst case, too. And whatever it goes
// on to say leads to a vector of the search, which has it say everything at any time: good stays in
// reach from there, whether or not it ever falls silent.
//
// Why one way to a good world is the right thing to ask for: as long as the search restarts what it
// crashes and no limit or budget cuts, a step of the healed system leads from vectors of the search
// to vectors of the search, each of which is a start, so good stays reachable for ever. In a finite
// system under a fair random scheduler that is the same as good with probability 1. Behind the
// bounds nothing is claimed.
//
// The healed system is made finite by the number of equal messages that are told apart:
//  - What is sent beyond it is forgotten. Such a run is one of the system, in which the copy lies
//    unread, so a good world that is reached is reached. (In queues nothing can be left unread: a
//    step that finds no room does not exist.)
//  - Where no good world is reached, what was forgotten might have helped. Then the same is asked
//    with messages that arrive as often as you like once they were sent, and then once they were
//    sent twice, which has every run of the system and more: out of reach there is out of reach. It
//    also has every run of `fifo`, where order is but one more constraint.
//  - What lies between the two is tried with a few copies, and else is incomplete.
// An event that a limit forbids may be the one that leads on: a start without a way to a good
// world, but with one to such an event, is incomplete too.
//
// What lasts. Where a property says what must last from a good world on, the same graph is asked
// whether that can end, from each start that is good, with the timers that the property lets run
// out. Now reaching is the bad news, so each argument changes sides: an end that is reached without
// the copies that were forgotten is one of the system; none is certain where none is reached with
// messages that arrive as often as you like; and a forbidden event may be what ends it.
#include "explorer/recovery.hpp"

#include <algorithm>
#include <numeric>

#include "engine/text.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t queue_length = 3;
constexpr std::uint32_t few_copies = 3;

// Of a graph and its starts, by index: which lead to a world that is looked for, and what is known
// of those that do not.
struct Answer {
  std::vector<std::size_t> reached;
  std::vector<std::size_t> certainly_not;
  std::vector<std::size_t> but_for_limits;
  std::vector<std::size_t> but_for_copies;
};

class Judge {
 public:
  // `sought`: good worlds of `property`, or those in which what must last has ended.
  Judge(const System& system, const Property& property, const Property& sought,
        const RecoveryStarts& starts, const HealedGraph::Stop& stop, Sabotage sabotage)
      : system_(system),
        property_(property),
        sought_(sought),
        starts_(starts),
        stop_(stop),
        sabotage_(sabotage) {}

  // From each start, is a good world in reach?
  RecoveryResult recovers();
  // From each good start, is what must last never at an end? After `worlds` of other graphs.
  RecoveryResult lasts(std::uint64_t worlds);

 private:
  using Indices = std::vector<std::size_t>;
  bool is_of_end() const { return &sought_ != &property_; }
  void judge(const Indices& asked);
  // False when it was stopped.
  bool ask(const HealedGraph::Messages& messages, const Indices& indices, Answer& answer);
  void note(const HealedGraph& graph, std::size_t index, Id world);
  // False when it was stopped.
  bool add_starts(HealedGraph& graph, const Indices& indices, std::vector<Id>& worlds);
  bool find_good(Indices& good);
  void conclude();
  std::string explain(const HealedGraph& graph, Id start) const;
  std::string explain_end(const HealedGraph& graph, Id start) const;

  const System& system_;
  const Property& property_;
  const Property& sought_;
  const RecoveryStarts& starts_;
  const HealedGraph::Stop& stop_;
  const Sabotage sabotage_;
  RecoveryResult result_;
  std::size_t limited_ = 0;
  std::size_t doubtful_ = 0;
  std::size_t unasked_ = 0;  // when it was stopped
};

bool Judge::ask(const HealedGraph::Messages& messages, const Indices& indices, Answer& answer) {
  const bool of_end = is_of_end();
  HealedGraph graph(system_, sought_, messages,
                    of_end ? property_.lasting->runs_out : HealedGraph::RunsOut());
  std::vector<Id> worlds;
  const std::uint64_t before = result_.counts.worlds;
  if (add_starts(graph, indices, worlds)) {
    result_.incomplete_because =
        graph.explore(worlds, [&](std::uint64_t now) { return stop_(before + now); });
  }
  result_.counts.worlds += graph.worlds();
  result_.evaluated += graph.evaluated();
  for (const Limit& limit : graph.limits()) result_.counts.limits[limit.name] = limit.greatest;
  if (!result_.incomplete_because.empty()) return false;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Id world = worlds[i];
    if (graph.leads_to_good(world)) {
      answer.reached.push_back(indices[i]);
      if (of_end && !messages.endless) note(graph, indices[i], world);
    } else if (graph.is_limited(world) && sabotage_ != Sabotage::recovery_forgets_limits) {
      answer.but_for_limits.push_back(indices[i]);
    } else if (graph.is_capped(world) && sabotage_ != Sabotage::recovery_forgets_copies) {
      answer.but_for_copies.push_back(indices[i]);
    } else {
      answer.certainly_not.push_back(indices[i]);
      if (!of_end) note(graph, indices[i], world);
    }
  }
  return true;
}

bool Judge::add_starts(HealedGraph& graph, const Indices& indices, std::vector<Id>& worlds) {
  constexpr std::size_t often = 4096;
  for (const std::size_t index : indices) {
    worlds.push_back(graph.add(starts_.at(index)));
    if (worlds.size() % often != 0) continue;
    result_.incomplete_because = stop_(result_.counts.worlds + graph.worlds());
    if (!result_.incomplete_because.empty()) return false;
  }
  return true;
}

// What is told is told of the first.
void Judge::note(const HealedGraph& graph, std::size_t index, Id world) {
  if (result_.stuck && *result_.stuck < index) return;
  result_.stuck = index;
  result_.explanation = is_of_end() ? explain_end(graph, world) : explain(graph, world);
}

RecoveryResult Judge::recovers() {
  Indices all(starts_.count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  result_.counts.vectors = starts_.count;
  judge(all);
  return std::move(result_);
}

RecoveryResult Judge::lasts(std::uint64_t worlds) {
  result_.counts.worlds = worlds;
  Indices good;
  if (find_good(good)) {
    result_.vacuous = good.empty();
    judge(good);
  } else {
    result_.verdict = Verdict::incomplete;
    result_.stopped = true;
    result_.counts.undecided = starts_.count;
  }
  return std::move(result_);
}

// Nothing is explored.
bool Judge::find_good(Indices& good) {
  HealedGraph graph(system_, property_, {});
  Indices all(starts_.count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<Id> worlds;
  if (!add_starts(graph, all, worlds)) return false;
  std::ranges::copy_if(all, std::back_inserter(good),
                       [&](std::size_t i) { return graph.leads_to_good(worlds[i]); });
  return true;
}

void Judge::judge(const Indices& asked) {
  const bool fifo = system_.bounds.network == Network::fifo;
  Answer exact;  // but for what was sent beyond the copies told apart
  bool done = ask({.queues = fifo, .copies = fifo ? queue_length : 1}, asked, exact);
  limited_ = exact.but_for_limits.size();
  Indices between = exact.but_for_copies;
  // From the first time on, or the second: the former has fewer worlds and leaves fewer for the
  // latter.
  for (const std::uint32_t copies : {0U, 1U}) {
    if (!done || between.empty()) break;
    Answer richest;
    done = ask({.copies = copies, .endless = true}, between, richest);
    Indices left;
    std::ranges::set_difference(between, richest.certainly_not, std::back_inserter(left));
    between = std::move(left);
  }
  Answer few;
  if (done && !between.empty()) {
    done = ask({.queues = fifo, .copies = fifo ? 2 * queue_length : few_copies}, between, few);
  }
  limited_ += few.but_for_limits.size();
  doubtful_ = few.but_for_copies.size();
  if (!done && !result_.stuck) {
    result_.verdict = Verdict::incomplete;
    result_.stopped = true;
    unasked_ = between.empty() ? asked.size() : between.size();
  }
  conclude();
}

void Judge::conclude() {
  result_.counts.undecided = limited_ + doubtful_ + unasked_;
  if (result_.stuck) {
    result_.verdict = Verdict::violated;
    result_.incomplete_because.clear();
    return;
  }
  if (result_.verdict == Verdict::incomplete || limited_ + doubtful_ == 0) return;
  result_.verdict = Verdict::incomplete;
  std::string text = "\"" + property_.name + "\" ";
  text += is_of_end() ? "may be lost beyond " : "has no way back within ";
  std::string limits;
  for (const auto& [name, greatest] : result_.counts.limits) {
    limits += (limits.empty() ? "" : ", ") + name + "<=" + std::to_string(greatest);
  }
  if (limited_ > 0) {
    text += limits.empty() ? "handlers that do not fail" : limits;
  } else {
    text += "so few copies of a message";
  }
  result_.incomplete_because = text + ", from " + with_commas(limited_ + doubtful_) + " of " +
                               with_commas(starts_.count) + " vectors of local states";
}

// The first world, breadth first, of a set of worlds that the run never leaves again; and the size
// of that set. (Tarjan's components, without recursion; the first to be closed has no way out.)
struct End {
  Id world = 0;
  std::size_t size = 0;
};

End terminal_component(const HealedGraph& graph, Id start) {
  struct Visit {
    Id world = 0;
    std::size_t next = 0;
  };
  boost::unordered_flat_map<Id, std::pair<std::size_t, std::size_t>> seen;  // number, lowest
  std::vector<Visit> path{{.world = start}};
  std::vector<Id> open{start};
  seen[start] = {0, 0};
  for (;;) {
    Visit& visit = path.back();
    const auto successors = graph.successors(visit.world);
    if (visit.next < successors.size()) {
      const Id target = successors[visit.next++];
      const auto known = seen.find(target);
      if (known == seen.end()) {
        const std::size_t number = seen.size();
        seen[target] = {number, number};
        open.push_back(target);
        path.push_back({.world = target});
      } else {
        auto& lowest = seen[visit.world].second;
        lowest = std::min(lowest, known->second.first);
      }
      continue;
    }
    const auto [number, lowest] = seen[visit.world];
    if (number == lowest) {
      const auto first = std::ranges::find(open, visit.world);
      return {.world = *std::min_element(first, open.end()),
              .size = static_cast<std::size_t>(open.end() - first)};
    }
    path.pop_back();
    auto& of_parent = seen[path.back().world].second;
    of_parent = std::min(of_parent, lowest);
  }
}

std::size_t count_reachable(const HealedGraph& graph, Id start) {
  boost::unordered_flat_map<Id, bool> met{{start, true}};
  std::vector<Id> waiting{start};
  while (!waiting.empty()) {
    const Id world = waiting.back();
    waiting.pop_back();
    for (const Id target : graph.successors(world)) {
      if (met.try_emplace(target, true).second) waiting.push_back(target);
    }
  }
  return met.size();
}

std::string Judge::explain_end(const HealedGraph& graph, Id start) const {
  constexpr std::size_t columns = 80;
  const auto [end, events] = graph.nearest_good(start);
  const std::string text =
      "  Faults stop here, and no message is under way. This is a good world, but " +
      std::to_string(events) + (events == 1 ? " event" : " events") +
      " later what must last can be at an end:";
  return wrap(text, 2, columns) + graph.describe_world(end);
}

std::string Judge::explain(const HealedGraph& graph, Id start) const {
  constexpr std::size_t columns = 80;
  const std::size_t reachable = count_reachable(graph, start);
  const End end = terminal_component(graph, start);
  std::string text = "  Faults stop here, no message is under way, and whoever is down restarts. " +
                     with_commas(reachable) + (reachable == 1 ? " world is" : " worlds are") +
                     " in reach, none of them good. ";
  if (end.size == 1) {
    text += "The run can end in this one, where nothing changes any more:";
  } else {
    text += "The run can end among " + with_commas(end.size) +
            " that it never leaves again, of which this is one:";
  }
  return wrap(text, 2, columns) + graph.describe_world(end.world);
}

// The worlds in which what must last does not hold.
Property end_of(const Property& property) {
  Property end = property;
  end.scope = Scope::world;
  end.holds = [lasts = property.lasting->holds](std::span<const void* const> views) {
    return !lasts(views);
  };
  return end;
}

}  // namespace

RecoveryResult judge_recovery(const System& system, const Property& property,
                              const RecoveryStarts& starts, const HealedGraph::Stop& stop,
                              Sabotage sabotage) {
  RecoveryResult result = Judge(system, property, property, starts, stop, sabotage).recovers();
  if (!property.lasting || result.verdict == Verdict::violated) return result;
  const Property end = end_of(property);
  RecoveryResult lasts =
      Judge(system, property, end, starts, stop, sabotage).lasts(result.counts.worlds);
  lasts.counts.vectors = result.counts.vectors;
  lasts.evaluated += result.evaluated;
  if (lasts.verdict == Verdict::violated) return lasts;
  lasts.counts.undecided += result.counts.undecided;
  if (result.verdict == Verdict::incomplete) {
    lasts.verdict = Verdict::incomplete;
    lasts.incomplete_because = result.incomplete_because;
    lasts.stopped = result.stopped;
  }
  return lasts;
}

RecoveryResult judge_recovery(const System& system, const Property& property,
                              const std::vector<LocalVector>& starts, const HealedGraph::Stop& stop,
                              Sabotage sabotage) {
  const auto at = [&](std::size_t i) { return starts[i]; };
  return judge_recovery(system, property, RecoveryStarts{.count = starts.size(), .at = at}, stop,
                        sabotage);
}

std::string recovery_message(const Property& property) {
  const std::string text = "once faults stop, \"" + property.name + "\" can be ";
  return text + (property.lasting ? "lost, or out of reach for ever" : "out of reach for ever");
}

}  // namespace gainsay
