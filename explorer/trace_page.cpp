#include "explorer/trace_page.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <nlohmann/json.hpp>

#include "engine/text.hpp"
#include "engine/version.hpp"
#include "explorer/page.hpp"
#include "explorer/trace_history.hpp"

namespace gainsay {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t listed_max = 2'000;    // changes, causes and notes of one event
constexpr std::size_t leaves_max = 5'000;    // of one process
constexpr std::size_t events_max = 100'000;  // more never fit

// Texts, each once.
class Texts {
 public:
  std::size_t add(const std::string& text) {
    const auto [place, added] = index_.try_emplace(shortened(text, page_text_max), list_.size());
    if (added) list_.push_back(place->first);
    return place->second;
  }
  Json add(const std::optional<std::string>& text) { return text ? Json(add(*text)) : Json(-1); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  boost::unordered_flat_map<std::string, std::size_t> index_;
  std::vector<std::string> list_;
};

// Events from `begin` on, until before `end`.
struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

class Data {
 public:
  Data(const TraceReport& report, const TraceContent& content, Window window)
      : report_(report), trace_(report.trace), content_(content), window_(window) {}

  Json json();

 private:
  Json verdict_json() const;
  Json facts_json() const;
  Json processes_json();
  Json event_json(std::size_t index);
  Json messages_json();
  bool is_in_sight(const ShownMessage& message) const;
  std::string cut() const;

  const TraceReport& report_;
  const Trace& trace_;
  const TraceContent& content_;
  const Window window_;
  Texts texts_;
  std::vector<std::size_t> message_numbers_;  // of messages: the place in what is shown
};

Json Data::verdict_json() const {
  const TraceVerdict& verdict = *trace_.verdict;
  return {{"property", shortened(verdict.property, page_message_max)},
          {"kind", verdict.kind},
          {"step", verdict.step},
          {"message", shortened(verdict.message, page_message_max)}};
}

// Names and values, as they are read.
Json Data::facts_json() const {
  Json facts = Json::array();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.push_back({name, shortened(value, page_message_max)});
  };
  add("System", trace_.system + " " + trace_.system_version);
  add("Bug", trace_.bug);
  add("Bounds", describe(trace_.bounds, trace_.options));
  add("Found by", trace_.mode + ", " + trace_.strategy);
  add("Seed", trace_.seed);
  if (trace_.minimized) {
    const TraceMinimized& from = *trace_.minimized;
    add("Minimised", with_commas(from.events_before) + " to " + with_commas(from.events_after) +
                         " events, " + with_commas(from.faults_before) + " to " +
                         with_commas(from.faults_after) + " faults");
  }
  if (trace_.verdict) add("Identity", trace_.verdict->identity);
  add("Recorded by", "gainsay " + trace_.tool_version);
  add("Drawn by", "gainsay " + std::string(version));
  add("File", report_.name);
  return facts;
}

// With their states before the first event that is shown.
Json Data::processes_json() {
  Json list = Json::array();
  for (std::size_t i = 0; i < content_.processes.size(); ++i) {
    const ShownProcess& process = content_.processes[i];
    std::vector<Leaf> state = process.unstarted;
    for (std::size_t event = 0; event < window_.begin; ++event) {
      if (content_.events[event].process != i) continue;
      for (const LeafChange& change : content_.events[event].changes) {
        const auto at = std::ranges::find(state, change.path, &Leaf::path);
        if (!change.after) {
          if (at != state.end()) state.erase(at);
        } else if (at != state.end()) {
          at->text = *change.after;
        } else {
          state.push_back({change.path, *change.after});
        }
      }
    }
    if (state.size() > leaves_max) state.resize(leaves_max);
    Json leaves = Json::array();
    for (const Leaf& leaf : state) {
      leaves.push_back({texts_.add(leaf.path), texts_.add(leaf.text)});
    }
    list.push_back({{"name", shortened(process.name, page_text_max)},
                    {"role", process.role},
                    {"state", std::move(leaves)}});
  }
  return list;
}

// What is not there is left out.
Json Data::event_json(std::size_t index) {
  const TraceEvent& event = trace_.events[index];
  const ShownEvent& shown = content_.events[index];
  Json row = {{"kind", std::string(to_string(event.kind))}};
  if (shown.process) row["at"] = *shown.process;
  if (shown.message) row["message"] = message_numbers_[*shown.message];
  if (!event.timer.empty()) row["text"] = texts_.add(event.timer);
  if (event.kind == EventKind::partition) {
    std::string text;
    for (const auto& group : event.groups) {
      if (!text.empty()) text += event.one_way ? "cannot reach " : "| ";
      for (const std::string& name : group) text += name + " ";
    }
    row["text"] = texts_.add(text.substr(0, text.find_last_not_of(' ') + 1));
  }
  if (!event.choices.empty()) row["choices"] = event.choices;
  if (event.crash.at != 0) row["crash"] = {event.crash.at, event.crash.lost};
  Json causes = Json::array();
  for (const std::uint32_t cause : event.causes) {
    if (causes.size() < listed_max) causes.push_back(cause);
  }
  if (!causes.empty()) row["causes"] = std::move(causes);
  Json changes = Json::array();
  for (const LeafChange& change : shown.changes) {
    if (changes.size() == listed_max) break;
    changes.push_back(
        {texts_.add(change.path), texts_.add(change.before), texts_.add(change.after)});
  }
  if (!changes.empty()) row["changes"] = std::move(changes);
  for (const std::string& note : shown.notes) row["notes"].push_back(texts_.add(note));
  return row;
}

bool Data::is_in_sight(const ShownMessage& message) const {
  const auto inside = [&](std::size_t event) {
    return event >= window_.begin && event < window_.end;
  };
  return (message.sent && inside(*message.sent)) || (message.lost && inside(*message.lost)) ||
         std::ranges::any_of(message.delivered, inside) ||
         (message.copied && inside(*message.copied));
}

// From, to, text, the event that sent it (-1: none did), those that delivered it, the one that lost
// it (-1), the one that made this copy (-1), flags.
Json Data::messages_json() {
  message_numbers_.assign(content_.messages.size(), 0);
  Json list = Json::array();
  const auto or_none = [](const std::optional<std::uint32_t>& event) {
    return event ? Json(*event) : Json(-1);
  };
  for (std::size_t i = 0; i < content_.messages.size(); ++i) {
    const ShownMessage& message = content_.messages[i];
    if (!is_in_sight(message)) continue;
    message_numbers_[i] = list.size();
    list.push_back({message.from, message.to, texts_.add(message.text), or_none(message.sent),
                    message.delivered, or_none(message.lost), or_none(message.copied),
                    (message.repeated ? 1 : 0) | (message.overheard ? 2 : 0)});
  }
  return list;
}

std::string Data::cut() const {
  if (window_.size() == trace_.events.size()) return "";
  return "Shown are steps " + with_commas(window_.begin) + " to " + with_commas(window_.end - 1) +
         " of " + with_commas(trace_.events.size()) + ", those " +
         (trace_.verdict ? "up to the violation" : "at the end") + ".";
}

Json Data::json() {
  Json result = {{"kind", "trace"},
                 {"version", version},
                 {"name", shortened(report_.name, page_message_max)},
                 {"system", shortened(trace_.system, page_text_max)},
                 {"bug", shortened(trace_.bug, page_text_max)},
                 {"bounds", shortened(describe(trace_.bounds, trace_.options), page_message_max)},
                 {"note", report_.note},
                 {"cut", cut()}};
  if (trace_.verdict) result["verdict"] = verdict_json();
  result["facts"] = facts_json();
  result["has_fates"] = content_.has_fates;
  result["first"] = window_.begin;
  result["total"] = trace_.events.size();
  result["messages"] = messages_json();
  result["processes"] = processes_json();
  Json events = Json::array();
  for (std::size_t i = window_.begin; i < window_.end; ++i) events.push_back(event_json(i));
  result["events"] = std::move(events);
  result["texts"] = texts_.list();
  return result;
}

// The last of the events, or those up to the violation.
Window window_of(const Trace& trace, std::size_t size) {
  const std::size_t end =
      size < trace.events.size() && trace.verdict ? trace.verdict->step + 1 : trace.events.size();
  return {.begin = end - std::min(size, end), .end = end};
}

// Which step decided the run, if the file says so.
Json explanation_in(const TraceReport& report) {
  const Json whole = Json::parse(report.text, nullptr, false);
  if (!whole.is_object() || !whole.contains("run") || !whole["run"].is_object()) return nullptr;
  const Json& run = whole["run"];
  if (!run.contains("explain") || !run["explain"].is_object()) return nullptr;
  const Json& explain = run["explain"];
  const auto step = explain.find("step");
  if (step == explain.end() || !step->is_number_unsigned()) return nullptr;
  if (step->get<std::uint64_t>() >= report.trace.events.size()) return nullptr;
  Json shown = {{"step", *step}, {"how", ""}, {"lines", Json::array()}};
  if (explain.contains("how") && explain["how"].is_string()) {
    shown["how"] = shortened(explain["how"].get<std::string>(), page_text_max);
  }
  if (explain.contains("lines") && explain["lines"].is_array()) {
    for (const Json& line : explain["lines"]) {
      if (!line.is_string() || shown["lines"].size() == listed_max) continue;
      shown["lines"].push_back(shortened(line.get<std::string>(), page_message_max));
    }
  }
  return shown;
}

TraceContent content_of(const TraceReport& report) {
  if (report.model == nullptr) return content_of_file(report.trace, report.text);
  return content_of_run(report.model->system, events_of(report.model->system, report.trace));
}

}  // namespace

std::string trace_data(const TraceReport& report, const TracePageLimits& limits) {
  const TraceContent content = content_of(report);
  const Json explanation = explanation_in(report);
  const std::string history =
      report.model == nullptr ? "" : trace_history(*report.model, report.trace, content);
  for (std::size_t size = std::min(report.trace.events.size(), events_max);; size /= 2) {
    Json json = Data(report, content, window_of(report.trace, size)).json();
    if (!explanation.is_null()) json["explain"] = explanation;
    if (!history.empty()) json["history"] = Json::parse(history);
    std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    const auto escaped = static_cast<std::size_t>(std::ranges::count(text, '<')) * 5;
    if (text.size() + escaped + detail::page_html.size() <= limits.bytes_max || size <= 1) {
      return text;
    }
  }
}

std::string trace_page(const TraceReport& report, const TracePageLimits& limits) {
  return page(trace_data(report, limits));
}

}  // namespace gainsay
