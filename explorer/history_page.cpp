#include "explorer/history_page.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/text.hpp"
#include "engine/version.hpp"
#include "explorer/page.hpp"
#include "properties/linearizability/partitions.hpp"

namespace gainsay::linearizability {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t no_place = ~std::size_t{0};
constexpr std::size_t states_max = 16;     // that the object may be in, by the model's choice
constexpr std::size_t text_max = 160;      // of an operation or a state
constexpr std::size_t listed_max = 2'000;  // parts, faults, operations that say nothing
constexpr std::size_t buckets = 400;       // of the overview

// A number is a double where the page runs: what that cannot hold is a string.
Json moment_json(Moment moment) {
  if (moment == never) return nullptr;
  if (moment <= Moment{1} << 53) return moment;
  return std::to_string(moment);
}

std::string shortened(const std::string& text) { return gainsay::shortened(text, text_max); }

// Texts, each once.
class Texts {
 public:
  std::size_t add(const std::string& text) {
    const auto [place, added] = index_.try_emplace(shortened(text), list_.size());
    if (added) list_.push_back(place->first);
    return place->second;
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  boost::unordered_flat_map<std::string, std::size_t> index_;
  std::vector<std::string> list_;
};

struct Part {
  std::vector<Id> members;  // by invocation
  std::vector<Id> order;    // empty: none is known
  bool broken = false;
};

// Of an operation that has a place in its part's order.
struct Placed {
  std::size_t position = 0;
  Moment point = 0;                   // it takes effect then or shortly after
  std::size_t before = 0, after = 0;  // states
};

class History {
 public:
  History(const HistoryReport& report, const PageLimits& limits)
      : report_(report),
        recording_(report.recording),
        operations_(report.recording.history.operations()),
        listed_max_(std::min(listed_max, limits.operations_max)),
        is_shown_(operations_.size()) {
    make_parts();
    choose(limits.operations_max);
    for (const auto& [number, members] : shown_) {
      for (const Id id : members) is_shown_[id] = true;
    }
    for (const auto& [number, members] : shown_) place(parts_[number]);
    choose_omitted();
    gather_moments();
  }

  Json json();
  std::size_t shown() const {
    std::size_t count = 0;
    for (const auto& [number, members] : shown_) count += members.size();
    return count;
  }

 private:
  const Model& model() const { return recording_.model->model; }
  bool broken() const { return report_.judgement.verdict == Verdict::not_linearizable; }
  const char* verdict() const;

  void make_parts();
  void choose(std::size_t operations_max);
  std::vector<Id> nearest_to_the_violation(const Part& part, std::size_t count) const;
  void place(const Part& part);
  std::string told(const std::vector<Bytes>& states) const;
  std::string name_of(const Part& part) const;
  bool observes(Id id) const;

  void choose_omitted();
  void gather_moments();
  Json rank(Moment moment) const {
    if (moment == never) return nullptr;
    return std::ranges::lower_bound(moments_, moment) - moments_.begin();
  }
  Json operations_json(std::size_t number, const std::vector<Id>& members);
  Json parts_json();
  Json faults_json() const;
  Json overview_json() const;
  Json violation_json();
  std::string cut() const;

  const HistoryReport& report_;
  const Recording& recording_;
  const std::vector<Operation>& operations_;
  const std::size_t listed_max_;
  std::vector<Part> parts_;
  std::vector<std::pair<std::size_t, std::vector<Id>>> shown_;   // parts, and what of each
  std::vector<std::pair<std::size_t, const Omitted*>> omitted_;  // places in shown_, and what
  std::vector<bool> is_shown_;                                   // operations
  boost::unordered_flat_map<Id, Placed> placed_;
  std::vector<Moment> moments_;  // of what is shown
  Texts texts_, clients_;
};

void History::make_parts() {
  const auto members = partitions(model(), recording_.history, report_.partition);
  std::vector<std::size_t> part_of(operations_.size(), no_place);
  for (const std::vector<Id>& one : members) {
    for (const Id id : one) part_of[id] = parts_.size();
    parts_.push_back({.members = one});
    std::ranges::stable_sort(parts_.back().members, {},
                             [&](Id id) { return operations_[id].invoked; });
  }
  for (const Id id : report_.judgement.order) parts_[part_of[id]].order.push_back(id);
  if (!broken()) return;
  Part& part = parts_[part_of[report_.judgement.broken_by]];
  part.broken = true;
  part.order = report_.prefix_order;
  const auto place = parts_.begin() + (&part - parts_.data());
  std::rotate(parts_.begin(), place, place + 1);
}

// The broken part comes first, then others in the order of the history, as long as they fit.
void History::choose(std::size_t operations_max) {
  std::size_t left = operations_max;
  for (std::size_t i = 0; i < parts_.size() && i < listed_max_; ++i) {
    const Part& part = parts_[i];
    if (part.members.size() <= left) {
      shown_.emplace_back(i, part.members);
    } else if (i == 0) {
      shown_.emplace_back(i, nearest_to_the_violation(part, left));
    } else {
      break;
    }
    left -= shown_.back().second.size();
  }
}

// Without a violation, those at the beginning. What is in the core is always there.
std::vector<Id> History::nearest_to_the_violation(const Part& part, std::size_t count) const {
  std::size_t begin = 0;
  if (broken()) {
    const Moment invoked = operations_[report_.judgement.broken_by].invoked;
    const auto at = static_cast<std::size_t>(
        std::ranges::lower_bound(part.members, invoked, {},
                                 [&](Id id) { return operations_[id].invoked; }) -
        part.members.begin());
    begin = std::min(at - std::min(at, count / 4 * 3), part.members.size() - count);
  }
  const auto first = part.members.begin() + static_cast<std::ptrdiff_t>(begin);
  std::vector<Id> result(first, first + static_cast<std::ptrdiff_t>(count));
  std::vector<Id> needed;
  if (broken()) needed.push_back(report_.judgement.broken_by);
  for (const Id id : report_.judgement.core) {
    if (needed.size() < count) needed.push_back(id);
  }
  const std::set<Id> there(result.begin(), result.end());
  for (const Id id : needed) {
    if (!there.contains(id)) result.push_back(id);
  }
  std::ranges::sort(result, {}, [&](Id id) { return std::pair(operations_[id].invoked, id); });
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

// Follows the order of a part from state to state, all those that the model allows.
void History::place(const Part& part) {
  std::vector<Bytes> states = {model().initial};
  Moment point = 0;
  std::optional<std::size_t> before;  // known where it was needed
  for (std::size_t i = 0; i < part.order.size(); ++i) {
    const Id id = part.order[i];
    // That an operation did take effect of which the prefix does not know the answer is all that is
    // known of it then.
    Kind kind = recording_.history.kind_of(id);
    if (part.broken &&
        operations_[id].returned >= operations_[report_.judgement.broken_by].returned) {
      kind.result.reset();
    }
    std::vector<Bytes> next;
    for (const Bytes& state : states) {
      for (Bytes& one : model().next(state, kind)) next.push_back(std::move(one));
    }
    std::ranges::sort(next);
    next.erase(std::unique(next.begin(), next.end()), next.end());
    if (next.size() > states_max) next.resize(states_max);
    point = std::max(point, operations_[id].invoked);
    std::optional<std::size_t> after;
    if (next == states) after = before;
    if (is_shown_[id]) {
      if (!before) before = texts_.add(told(states));
      if (!after) after = next == states ? before : texts_.add(told(next));
      placed_[id] = {.position = i + 1, .point = point, .before = *before, .after = *after};
    }
    states = std::move(next);
    before = after;
  }
}

std::string History::told(const std::vector<Bytes>& states) const {
  std::string text;
  for (const Bytes& state : states) {
    text += (text.empty() ? "" : " or ") + recording_.model->describe_state(state);
  }
  return text;
}

std::string History::name_of(const Part& part) const {
  const Operation& first = operations_[part.members[0]];
  std::string name;
  if (!recording_.objects.empty()) name = recording_.objects[first.object];
  if (report_.partition && model().keys) {
    for (const std::string& key : model().keys(recording_.history.kind_of(part.members[0]).call)) {
      // A string is written with a quotation mark in front.
      const std::string shown = key.starts_with('"') ? key + '"' : key;
      name += (name.empty() ? "" : ", ") + shown;
    }
  }
  return shortened(name);
}

bool History::observes(Id id) const {
  return model().observes && model().observes(recording_.history.kind_of(id));
}

// Of several objects each has its own; where keys are apart it is not known whose they are. Where
// operations were cut, so are those beyond what is left.
void History::choose_omitted() {
  std::vector<std::size_t> place_of_object(std::max<std::size_t>(recording_.objects.size(), 1),
                                           no_place);
  Moment begin = never, end = 0;
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    for (const Id id : shown_[i].second) {
      begin = std::min(begin, operations_[id].invoked);
      end = std::max(end, operations_[id].invoked);
    }
    std::size_t& place = place_of_object[operations_[shown_[i].second[0]].object];
    place = place == no_place ? i : no_place - 1;
  }
  const bool whole = shown() == operations_.size();
  for (const Omitted& omitted : recording_.omitted) {
    const std::size_t place = place_of_object[omitted.object];
    if (place >= shown_.size() || omitted_.size() == listed_max_) continue;
    if (whole || (omitted.invoked <= end && omitted.returned >= begin)) {
      omitted_.emplace_back(place, &omitted);
    }
  }
}

void History::gather_moments() {
  for (const auto& [number, members] : shown_) {
    for (const Id id : members) {
      moments_.push_back(operations_[id].invoked);
      if (operations_[id].returned != never) moments_.push_back(operations_[id].returned);
    }
  }
  for (const auto& [place, omitted] : omitted_) {
    moments_.push_back(omitted->invoked);
    if (omitted->returned != never) moments_.push_back(omitted->returned);
  }
  std::ranges::sort(moments_);
  moments_.erase(std::unique(moments_.begin(), moments_.end()), moments_.end());
}

// A row: line, client, text, flags (1 observes, 2 failed, 4 says nothing), invoked, returned or
// null, and where it has a place in the order: position, point, states before and after.
Json History::operations_json(std::size_t number, const std::vector<Id>& members) {
  const bool has_order = !parts_[number].order.empty();
  Json rows = Json::array();
  for (const Id id : members) {
    const Operation& operation = operations_[id];
    const Kind& kind = recording_.history.kind_of(id);
    Json row =
        Json::array({recording_.lines[id], clients_.add(recording_.clients[operation.client]),
                     texts_.add(recording_.model->describe(kind)),
                     (observes(id) ? 1 : 0) + (recording_.failed[id] ? 2 : 0),
                     rank(operation.invoked), rank(operation.returned)});
    const auto found = placed_.find(id);
    if (has_order && found != placed_.end()) {
      const Placed& placed = found->second;
      row.insert(row.end(), {placed.position, rank(placed.point), placed.before, placed.after});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json History::parts_json() {
  Json parts = Json::array();
  for (const auto& [number, members] : shown_) {
    const Part& part = parts_[number];
    Json rows = operations_json(number, members);
    for (const auto& [place, omitted] : omitted_) {
      if (place != parts.size()) continue;
      rows.push_back(Json::array({omitted->line, clients_.add(recording_.clients[omitted->client]),
                                  texts_.add(omitted->text), 4, rank(omitted->invoked),
                                  rank(omitted->returned)}));
    }
    parts.push_back({{"name", name_of(part)},
                     {"size", part.members.size()},
                     {"order", part.order.size()},
                     {"broken", part.broken},
                     {"operations", std::move(rows)}});
  }
  return parts;
}

Json History::faults_json() const {
  Json faults = Json::array();
  for (const Fault& fault : recording_.faults) {
    if (faults.size() == listed_max_) break;
    faults.push_back({{"line", fault.line},
                      {"text", shortened(fault.text)},
                      {"from", moment_json(fault.from)},
                      {"to", moment_json(fault.to)}});
  }
  return faults;
}

// How many operations were invoked when, of the whole history.
Json History::overview_json() const {
  Moment begin = operations_.empty() ? 0 : never;
  Moment end = 0;
  for (const Operation& operation : operations_) {
    begin = std::min(begin, operation.invoked);
    end = std::max(end, operation.returned == never ? operation.invoked : operation.returned);
  }
  const double length = std::max(1.0, static_cast<double>(end - begin));
  std::vector<std::uint32_t> counts(buckets);
  for (const Operation& operation : operations_) {
    const double part = static_cast<double>(operation.invoked - begin) / length;
    ++counts[std::min(buckets - 1, static_cast<std::size_t>(part * buckets))];
  }
  return {{"from", moment_json(begin)}, {"to", moment_json(end)}, {"counts", counts}};
}

// The core and what broke it, as rows of the first part.
Json History::violation_json() {
  boost::unordered_flat_map<Id, std::size_t> row;
  for (const Id id : shown_[0].second) {
    const std::size_t number = row.size();
    row.emplace(id, number);
  }
  Json core = Json::array();
  for (const Id id : report_.judgement.core) {
    if (const auto found = row.find(id); found != row.end()) core.push_back(found->second);
  }
  Json states = Json::array();
  for (const Bytes& state : report_.judgement.states_before) {
    states.push_back(shortened(recording_.model->describe_state(state)));
  }
  return {{"broken_by", row.at(report_.judgement.broken_by)},
          {"prefix_has_order", report_.judgement.prefix_has_order},
          {"core", std::move(core)},
          {"core_size", report_.judgement.core.size()},
          {"core_is_minimal", report_.judgement.core_is_minimal},
          {"states_before", std::move(states)}};
}

std::string History::cut() const {
  if (shown() == operations_.size()) return "";
  std::string text = "Shown are " + with_commas(shown()) + " of " +
                     with_commas(operations_.size()) + " operations";
  if (parts_.size() > shown_.size()) {
    text += ", in " + with_commas(shown_.size()) + " of " + with_commas(parts_.size()) +
            " independent parts" + (broken() ? ", the one with the violation first" : "");
  }
  if (shown_[0].second.size() < parts_[shown_[0].first].members.size()) {
    text += broken() ? "; of the part with the violation those nearest to it, and its core"
                     : "; of the first part those at the beginning";
  }
  return text + ".";
}

const char* History::verdict() const {
  switch (report_.judgement.verdict) {
    case Verdict::linearizable:
      return recording_.history.has_result() ? "linearizable" : "vacuous";
    case Verdict::not_linearizable:
      return "not linearizable";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

Json History::json() {
  Json parts = parts_json();
  Json moments = Json::array();
  for (const Moment moment : moments_) {
    moments.push_back(moment_json(moment));
  }
  Json result = {{"kind", "history"},
                 {"version", version},
                 {"name", shortened(report_.name)},
                 {"verdict", verdict()},
                 {"limit", report_.limit},
                 {"model", recording_.model->name},
                 {"operations", operations_.size()},
                 {"part_count", parts_.size()},
                 {"cut", cut()}};
  if (broken()) result["violation"] = violation_json();
  result["parts"] = std::move(parts);
  result["faults"] = faults_json();
  result["moments"] = std::move(moments);
  result["overview"] = overview_json();
  result["clients"] = clients_.list();
  result["texts"] = texts_.list();
  return result;
}

}  // namespace

std::string history_data(const HistoryReport& report, const PageLimits& limits) {
  // Escapes make some texts six times as long, so the size is only known afterwards.
  for (PageLimits tried = limits;; tried.operations_max /= 2) {
    const Json json = History(report, tried).json();
    std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    const auto escaped = static_cast<std::size_t>(std::ranges::count(text, '<')) * 5;
    const std::size_t size = text.size() + escaped + gainsay::detail::page_html.size();
    if (size <= limits.bytes_max || tried.operations_max <= 1) return text;
  }
}

std::string history_page(const HistoryReport& report, const PageLimits& limits) {
  return page(history_data(report, limits));
}

}  // namespace gainsay::linearizability
