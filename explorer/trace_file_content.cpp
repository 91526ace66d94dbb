// What a page can show of a trace whose system is not known here: what the file itself says, its
// states as the Informal Trace Format has them.
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "explorer/trace_content.hpp"

namespace gainsay {

namespace {

using nlohmann::json;

constexpr std::size_t processes_shown_max = 64;

bool is_list(const json& value, const char* tag) {
  return value.is_object() && value.size() == 1 && value.contains(tag) && value[tag].is_array();
}
bool is_variant(const json& value) {
  return value.is_object() && value.contains("tag") && value["tag"].is_string() &&
         value.contains("value");
}

std::string told(const json& value);

std::string told_list(const json& list, const char* open, const char* close) {
  std::string text = open;
  for (const json& element : list) {
    if (text.size() > 1) text += ", ";
    text += told(element);
  }
  return text + close;
}

std::string told_fields(const json& record) {
  std::string text;
  for (const auto& [name, value] : record.items()) {
    text += (text.empty() ? "" : ", ") + name + "=" + told(value);
  }
  return text.empty() ? text : "{" + text + "}";
}

std::string told_map(const json& pairs) {
  std::string text = "{";
  for (const json& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2) continue;
    text += (text.size() > 1 ? ", " : "") + told(pair[0]) + ": " + told(pair[1]);
  }
  return text + "}";
}

// The notation of the format as `describe` would have it. REQUIRES: not nested deeply, which the
// reader of traces has seen to.
std::string told(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return told_list(value, "[", "]");
  if (!value.is_object()) return value.dump();
  if (value.size() == 1 && value.contains("#bigint")) return told(value["#bigint"]);
  if (is_list(value, "#set")) return told_list(value["#set"], "{", "}");
  if (is_list(value, "#tup")) return told_list(value["#tup"], "(", ")");
  if (is_list(value, "#map")) return told_map(value["#map"]);
  if (!is_variant(value)) return told_fields(value);
  const auto& tag = value["tag"].get_ref<const std::string&>();
  if (tag == "Some") return told(value["value"]);
  return tag == "None" ? "none" : tag + told(value["value"]);
}

void add_leaves(const json& value, const std::string& path, std::vector<Leaf>& out) {
  const bool is_record = value.is_object() && !value.empty() && !is_variant(value) &&
                         !value.contains("#bigint") && !is_list(value, "#set") &&
                         !is_list(value, "#tup") && !is_list(value, "#map");
  if (is_record) {
    for (const auto& [name, field] : value.items()) {
      add_leaves(field, path.empty() ? name : path + "." + name, out);
    }
  } else if (is_list(value, "#map") && !value["#map"].empty()) {
    for (const json& pair : value["#map"]) {
      if (!pair.is_array() || pair.size() != 2) continue;
      add_leaves(pair[1], path + "[" + told(pair[0]) + "]", out);
    }
  } else {
    out.push_back({path.empty() ? "state" : path, told(value)});
  }
}

// Of a process as a trace has it: its own fields, and what the engine adds, called as in a replay.
void add_process_leaves(const json& process, std::vector<Leaf>& out) {
  if (!process.is_object() || !process.contains("state")) return add_leaves(process, "", out);
  constexpr std::array<std::pair<const char*, const char*>, 5> parts = {
      {{"status", "process is"},
       {"timers", "timers armed"},
       {"unsynced", "disk may hold"},
       {"times", "time left"},
       {"state", ""}}};
  for (const auto& [name, path] : parts) {
    if (process.contains(name)) add_leaves(process[name], path, out);
  }
}

// Of each process, by name: its leaves in one state of the file.
using States = std::map<std::string, std::vector<Leaf>>;
States states_of(const json& state) {
  States found;
  if (!state.is_object() || !state.contains("processes")) return found;
  const json& processes = state["processes"];
  if (!is_list(processes, "#map")) return found;
  for (const json& pair : processes["#map"]) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) continue;
    add_process_leaves(pair[1], found[pair[0].get<std::string>()]);
  }
  return found;
}

class FileContent {
 public:
  FileContent(const Trace& trace, const std::string& text) : trace_(trace) {
    const json whole = json::parse(text);
    const bool has_states = whole.contains("states") && whole["states"].is_array();
    const json none = json::array();
    const json& states = has_states ? whole["states"] : none;
    if (!states.empty()) now_ = states_of(states[0]);
    for (const auto& [name, state] : now_) add_process(name, state);
    content_.has_fates = false;
    for (std::size_t i = 0; i < trace.events.size(); ++i) {
      // Where the last handler failed there is no state behind it.
      States next;
      const bool has_next = i + 1 < states.size();
      if (has_next) next = states_of(states[i + 1]);
      add_event(i, has_next ? &next : nullptr);
      if (has_next) now_ = std::move(next);
    }
  }
  TraceContent take() { return std::move(content_); }

 private:
  std::optional<std::size_t> add_process(const std::string& name, std::vector<Leaf> state = {}) {
    const auto found = places_.find(name);
    if (found != places_.end()) return found->second;
    if (places_.size() == processes_shown_max) return std::nullopt;
    const std::size_t place = content_.processes.size();
    places_.emplace(name, place);
    const bool is_client = name.starts_with('c');
    content_.processes.push_back(
        {.name = name, .role = is_client ? "client" : "node", .unstarted = std::move(state)});
    return place;
  }

  void add_event(std::size_t index, States* next) {
    const TraceEvent& event = trace_.events[index];
    ShownEvent shown;
    if (has_process(event.kind)) shown.process = add_process(event.process);
    if (!event.from.empty()) shown.message = add_message(index, shown.process);
    if (shown.process && next != nullptr) {
      shown.changes = changes(now_[event.process], (*next)[event.process]);
    }
    content_.events.push_back(std::move(shown));
  }

  // The sender is the cause at the process that it came from.
  std::optional<std::size_t> add_message(std::size_t index, std::optional<std::size_t> to) {
    const TraceEvent& event = trace_.events[index];
    const auto from = add_process(event.from);
    if (!from || !to) return std::nullopt;
    ShownMessage message{.from = *from, .to = *to, .text = event.label};
    for (const std::uint32_t cause : event.causes) {
      if (trace_.events[cause].process == event.from) message.sent = cause;
    }
    const auto number = static_cast<std::uint32_t>(index);
    if (event.kind == EventKind::deliver) message.delivered.push_back(number);
    if (event.kind == EventKind::drop) message.lost = number;
    if (event.kind == EventKind::duplicate) message.copied = number;
    content_.messages.push_back(std::move(message));
    return content_.messages.size() - 1;
  }

  const Trace& trace_;
  States now_;
  std::map<std::string, std::size_t> places_;
  TraceContent content_;
};

}  // namespace

TraceContent content_of_file(const Trace& trace, const std::string& text) {
  return FileContent(trace, text).take();
}

}  // namespace gainsay
