#include "explorer/explore_page.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/text.hpp"
#include "engine/version.hpp"
#include "explorer/page.hpp"
#include "explorer/shown.hpp"
#include "explorer/trace_page.hpp"

namespace gainsay {

namespace {

using Json = nlohmann::ordered_json;
using Place = Exploration::Place;

constexpr std::size_t changes_max = 200;         // of one step
constexpr std::size_t shown_sends_max = 20;      // of one step
constexpr std::size_t shown_leaves_max = 2'000;  // of one process
constexpr std::size_t messages_max = 1'000;
constexpr std::size_t shown_choices_max = 1'000;
constexpr std::size_t judged_max = 200;  // choices that are looked one step ahead of
constexpr std::size_t judged_of_large = 50;
constexpr std::size_t large = std::size_t{1} << 20;  // bytes of a world
constexpr std::size_t operations_max = 500;
constexpr std::size_t world_digits_max = 32;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json short_or_null(const std::optional<std::string>& text) {
  return text ? Json(shortened(*text, page_text_max)) : Json(nullptr);
}

// Throws PathError where the link led to another world.
Place place_of(Exploration& exploration, const PathQuestion& question) {
  const Path path = parse_path(question.path);
  const Place place = exploration.go(path);
  const Taken& taken = exploration.taken(place);
  const bool is_digits = question.world.size() <= world_digits_max &&
                         question.world.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_digits) throw PathError("the world of the link is no hash");
  if (!taken.fault && !to_hex(taken.world).starts_with(question.world)) {
    throw PathError(
        "the path leads to another world than when the link was made: it was made of another "
        "system, with other bounds, or by another version");
  }
  return place;
}

// --- steps ---

void add_step(const System& system, const Taken& taken, Json& row) {
  for (const LeafChange& change : taken.changes) {
    if (row["changes"].size() == changes_max) break;
    row["changes"].push_back({shortened(change.path, page_text_max), short_or_null(change.before),
                              short_or_null(change.after)});
  }
  for (const std::string& note : taken.notes) {
    row["notes"].push_back(shortened(note, page_message_max));
  }
  for (const Sent& sent : taken.sends) {
    if (row["sends"].size() == shown_sends_max) break;
    row["sends"].push_back(
        {sent.to.value,
         shortened(describe(*system.message_type, sent.message, system.naming()), page_text_max)});
  }
  if (taken.sends.size() > shown_sends_max) {
    row["more_sends"] = taken.sends.size() - shown_sends_max;
  }
  if (!taken.newly.empty()) row["violates"] = taken.newly;
  if (taken.fault) row["fault"] = shortened(taken.fault->message, page_message_max);
}

Json row_of(const System& system, const PathStep& step, const Event& event) {
  Json row = {{"step", to_text(step)},
              {"kind", std::string(to_string(event.kind))},
              {"words", shortened(describe(system, event), page_text_max)}};
  if (has_process(event.kind)) row["at"] = event.process.value;
  return row;
}

// --- what is there ---

struct Waiting {
  NodeId to;
  NodeId from;
  Bytes content;
  std::uint32_t count = 0;
};

std::vector<Waiting> waiting_in(const LiveWorld& world) {
  std::vector<Waiting> found;
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const NodeId to = node_id(i);
    for (const auto& [envelope, count] : world.inbox(to)) {
      found.push_back(
          {.to = to, .from = envelope.first, .content = envelope.second, .count = count});
    }
  }
  return found;
}

// How many there are of each.
class Counts {
 public:
  explicit Counts(const LiveWorld& world) {
    for (const Waiting& one : waiting_in(world)) counts_[key(one)] += one.count;
  }
  // Takes so many away; returns how many of them there are.
  std::uint32_t take(const Waiting& one) {
    std::uint32_t& left = counts_[key(one)];
    const std::uint32_t taken = std::min(left, one.count);
    left -= taken;
    return taken;
  }

 private:
  using Key = std::tuple<NodeId, NodeId, Bytes>;
  static Key key(const Waiting& one) { return {one.to, one.from, one.content}; }
  std::map<Key, std::uint32_t> counts_;
};

class WorldData {
 public:
  WorldData(Exploration& exploration, Place place)
      : exploration_(exploration), system_(exploration.model().system), place_(place) {}

  Json json(std::size_t known);

 private:
  Json taken_json(std::size_t known) const;
  Json processes_json() const;
  Json timers_json(NodeId id) const;
  Json messages_json();
  Json budgets_json() const;
  Json history_json() const;
  Json observers_json() const;
  Json properties_json() const;
  Json choices_json();
  std::string cut() const;
  const LiveWorld& world() const { return *world_; }

  Exploration& exploration_;
  const System& system_;
  const Place place_;
  std::optional<LiveWorld> world_;
  std::map<std::tuple<NodeId, NodeId, Bytes>, std::size_t> message_numbers_;
  Json result_;
};

Json WorldData::taken_json(std::size_t known) const {
  Json list = Json::array();
  const std::vector<Place> way = exploration_.way(place_);
  std::size_t event = 0;
  for (std::size_t i = 0; i < way.size(); ++i) {
    const Taken& taken = exploration_.taken(way[i]);
    const std::size_t first = std::exchange(event, event + taken.events.size());
    if (i <= known) continue;
    Json row = row_of(system_, taken.step, taken.events.front());
    row["event"] = first;
    add_step(system_, taken, row);
    if (!taken.fault) row["world"] = to_hex(taken.world);
    list.push_back(std::move(row));
  }
  return list;
}

// With what a bounded clock still asks of a timer, in ticks.
Json WorldData::timers_json(NodeId id) const {
  const LocalState& local = world().state(id);
  const auto& names = system_.processes[id.value]->timer_names();
  Json list = Json::array();
  for (std::uint32_t timer = 0; timer < names.size(); ++timer) {
    if (((local.timers >> timer) & 1) == 0) continue;
    std::string left;
    for (const TimeLeft& one : local.times.all()) {
      if (one.timer != timer) continue;
      left = local.times.is_due(timer)       ? "must fire"
             : local.times.holds_back(timer) ? std::to_string(one.left.least) + " ticks to go"
                                             : "may fire";
    }
    list.push_back({std::string(names[timer]), left});
  }
  return list;
}

Json WorldData::processes_json() const {
  constexpr std::array<const char*, 3> status = {"not started", "up", "down"};
  Json list = Json::array();
  for (std::size_t i = 0; i < system_.size(); ++i) {
    const NodeId id = node_id(i);
    Json state = Json::array();
    std::size_t left_out = 0;
    for (const Leaf& leaf : shown_state(system_, id, world().local(id))) {
      if (leaf.path == "process is" || leaf.path == "timers armed") continue;
      if (state.size() == shown_leaves_max) {
        ++left_out;
      } else {
        state.push_back({shortened(leaf.path, page_text_max), shortened(leaf.text, page_text_max)});
      }
    }
    Json one = {{"status", status[static_cast<std::size_t>(world().state(id).status)]},
                {"timers", timers_json(id)},
                {"state", std::move(state)}};
    if (left_out > 0) one["left_out"] = left_out;
    list.push_back(std::move(one));
  }
  return list;
}

// New are those that the world before the last step did not have.
Json WorldData::messages_json() {
  const bool is_first = place_ == Exploration::root;
  Counts before(is_first ? world() : exploration_.world(exploration_.before(place_)));
  Json list = Json::array();
  std::size_t left_out = 0;
  std::map<std::pair<NodeId, NodeId>, std::size_t> behind;  // in a queue: how many come first
  for (const Waiting& one : waiting_in(world())) {
    const std::uint32_t old = before.take(one);
    const std::size_t ahead = behind[{one.to, one.from}]++;
    if (list.size() == messages_max) {
      ++left_out;
      continue;
    }
    message_numbers_.try_emplace({one.to, one.from, one.content}, list.size());
    Json row = {{"from", one.from.value},
                {"to", one.to.value},
                {"text", shortened(describe(*system_.message_type, one.content, system_.naming()),
                                   page_text_max)}};
    if (one.count > 1) row["count"] = one.count;
    if (system_.bounds.network == Network::fifo && ahead > 0) row["behind"] = ahead;
    if (world().cut().blocks(one.from, one.to)) row["held"] = true;
    if (old < one.count) row["new"] = one.count - old;
    list.push_back(std::move(row));
  }
  if (left_out > 0) result_["messages_left_out"] = left_out;
  return list;
}

Json WorldData::budgets_json() const {
  Json list = Json::array();
  for (std::size_t i = 0; i < budget_kinds; ++i) {
    const auto kind = static_cast<BudgetKind>(i);
    const auto available = system_.available(kind);
    if (!available || *available == 0) continue;
    list.push_back({std::string(to_string(kind)), world().used().count(kind), *available});
  }
  return list;
}

Json WorldData::history_json() const {
  Json list = Json::array();
  const auto& clients = world().history().clients;
  for (std::size_t client = 0; client < clients.size(); ++client) {
    const NodeId id = node_id(system_.bounds.nodes + client);
    for (const HistoryOperation& one : clients[client]) {
      if (list.size() == operations_max) break;
      Json result = nullptr;
      if (one.result) {
        result =
            shortened(describe(*system_.result_type, *one.result, system_.naming()), page_text_max);
      }
      list.push_back({id.value,
                      shortened(describe(*system_.operation_type, one.operation, system_.naming()),
                                page_text_max),
                      std::move(result)});
    }
  }
  return list;
}

Json WorldData::observers_json() const {
  Json list = Json::array();
  for (std::size_t i = 0; i < system_.observers.size(); ++i) {
    const Observer& observer = system_.observers[i];
    const Bytes& state = world().observers()[i];
    list.push_back(
        {shortened(observer.name, page_text_max),
         shortened(describe(*observer.state_type, state, system_.naming()), page_message_max)});
  }
  return list;
}

Json WorldData::properties_json() const {
  Json list = Json::array();
  const auto first = exploration_.first(place_);
  const auto& states = exploration_.taken(place_).properties;
  for (std::size_t i = 0; i < states.size(); ++i) {
    list.push_back({std::string(to_string(states[i])), first[i] ? Json(*first[i]) : Json(nullptr)});
  }
  return list;
}

Json WorldData::choices_json() {
  Json list = Json::array();
  const bool is_large = exploration_.bytes(place_) > large;
  const std::vector<Choice> all =
      exploration_.choices(place_, is_large ? judged_of_large : judged_max);
  for (const Choice& choice : all) {
    if (list.size() == shown_choices_max) break;
    Json row = row_of(system_, choice.step, choice.event);
    const Event& event = choice.event;
    const auto message = message_numbers_.find({event.process, event.from, event.message});
    const bool is_of_message = event.kind == EventKind::deliver || event.kind == EventKind::drop ||
                               event.kind == EventKind::duplicate;
    if (is_of_message) row["from"] = event.from.value;
    if (is_of_message && message != message_numbers_.end()) row["message"] = message->second;
    if (choice.taken) add_step(system_, *choice.taken, row);
    if (!choice.taken) row["unknown"] = true;
    if (!choice.reaches.empty()) row["reaches"] = choice.reaches;
    if (choice.back_to) row["back_to"] = *choice.back_to;
    list.push_back(std::move(row));
  }
  if (all.size() > list.size()) result_["choices_left_out"] = all.size() - list.size();
  return list;
}

std::string WorldData::cut() const {
  if (world().cut().is_none()) return "";
  const std::string text = describe(system_, {.kind = EventKind::partition, .cut = world().cut()});
  return text.substr(text.find(' ') + 1);
}

Json WorldData::json(std::size_t known) {
  world_.emplace(exploration_.world(place_));
  const Taken& taken = exploration_.taken(place_);
  const std::vector<Place> way = exploration_.way(place_);
  known = std::min(known, way.size() - 1);
  std::vector<PathStep> path;
  for (std::size_t i = 1; i < way.size(); ++i) path.push_back(exploration_.taken(way[i]).step);
  result_ = {{"kind", "world"}, {"path", to_text(path)}, {"steps", path.size()}, {"known", known}};
  result_["world"] = taken.fault ? "" : to_hex(taken.world);
  if (taken.fault) result_["fault"] = shortened(taken.fault->message, page_message_max);
  result_["taken"] = taken_json(known);
  result_["processes"] = processes_json();
  result_["messages"] = messages_json();
  result_["cut"] = cut();
  result_["budgets"] = budgets_json();
  result_["history"] = history_json();
  result_["observers"] = observers_json();
  result_["properties"] = properties_json();
  result_["choices"] = choices_json();
  return std::move(result_);
}

// The first violation of the run so far, as a trace has it.
std::optional<TraceVerdict> verdict_of(const Exploration& exploration, Place place) {
  std::uint32_t events = 0;
  for (const Place one : exploration.way(place)) {
    const Taken& taken = exploration.taken(one);
    events += static_cast<std::uint32_t>(taken.events.size());
    TraceVerdict verdict{.step = events - 1};
    if (taken.fault) {
      verdict.property = taken.fault->property;
      verdict.kind = taken.fault->kind;
      verdict.message = taken.fault->message;
      return verdict;
    }
    if (taken.newly.empty()) continue;
    const Property& property = exploration.model().properties[taken.newly.front()];
    verdict.property = property.name;
    verdict.kind = std::string(to_string(property.kind));
    verdict.message = "\"" + property.name + "\" does not hold";
    return verdict;
  }
  return std::nullopt;
}

struct Run {
  Trace trace;
  std::vector<Event> events;
};

Run run_of(const Exploration& exploration, Place place) {
  Run run;
  run.events = exploration.events(place);
  run.trace = record_trace(exploration.model().system, run.events, verdict_of(exploration, place));
  run.trace.mode = "serve";
  run.trace.strategy = "by hand";
  return run;
}

}  // namespace

std::string explore_data(const ExplorePage& page) {
  const System& system = page.model.system;
  Json processes = Json::array();
  for (std::size_t i = 0; i < system.size(); ++i) {
    const NodeId id = node_id(i);
    processes.push_back({{"name", system.process_name(id)}, {"role", role_of(system, id)}});
  }
  Json properties = Json::array();
  for (const Property& property : page.model.properties) {
    properties.push_back(
        {shortened(property.name, page_text_max), std::string(to_string(property.kind))});
  }
  return text_of({{"kind", "explore"},
                  {"version", version},
                  {"system", shortened(system.name, page_text_max)},
                  {"bug", shortened(system.bug, page_text_max)},
                  {"bounds", shortened(describe(system.asked, system.options), page_message_max)},
                  {"network", std::string(to_string(system.bounds.network))},
                  {"command", shortened(page.command, page_message_max)},
                  {"name", shortened(page.name, page_message_max)},
                  {"path", to_text(page.path)},
                  {"processes", std::move(processes)},
                  {"properties", std::move(properties)}});
}

std::string world_data(Exploration& exploration, const PathQuestion& question) {
  const Place place = place_of(exploration, question);
  return text_of(WorldData(exploration, place).json(question.known));
}

std::string nearest_data(Exploration& exploration, const PathQuestion& question,
                         const NearestOptions& options) {
  const Place place = place_of(exploration, question);
  LiveWorld world(exploration.world(place));
  if (exploration.taken(place).fault) throw PathError("nothing follows a handler that fails");
  if (!choosable(world).empty() && choosable(world).front().kind == EventKind::start) {
    throw PathError(
        "how far the nearest violation is can be asked once all processes have started");
  }
  validate_search(exploration.model().system);
  const NearestReport report =
      nearest_violation(exploration.model(), exploration.events(place), options);
  Json result = {{"kind", "nearest"}, {"found", report.is_found}, {"worlds", report.worlds}};
  if (!report.is_found) {
    result["depth"] = report.depth;
    result["complete"] = report.complete;
    return text_of(result);
  }
  result["property"] = shortened(report.property, page_text_max);
  result["steps"] = Json::array();
  for (const Event& event : report.events) {
    const auto step = step_of(world, event);
    if (!step || world.apply(event).status != Outcome::Status::applied) {
      throw std::logic_error("the live world does not run what was found: " +
                             describe(exploration.model().system, event));
    }
    result["steps"].push_back(
        {to_text(*step), shortened(describe(exploration.model().system, event), page_message_max)});
  }
  return text_of(result);
}

std::string run_data(Exploration& exploration, const PathQuestion& question) {
  const Run run = run_of(exploration, place_of(exploration, question));
  return trace_data({.name = "", .text = "{}", .trace = run.trace, .model = &exploration.model()});
}

std::string run_file(Exploration& exploration, const PathQuestion& question) {
  const Run run = run_of(exploration, place_of(exploration, question));
  return trace_text(exploration.model().system, run.trace, run.events);
}

}  // namespace gainsay
