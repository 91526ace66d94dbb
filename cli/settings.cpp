#include "cli/settings.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/system.hpp"

namespace gainsay::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t bytes_max = 1 << 20;
constexpr int depth_max = 8;
constexpr std::size_t elements_max = 1000;
constexpr std::size_t text_max = 4000;

// A value with the path to it, for messages.
struct Place {
  const ordered_json& value;
  std::string path;

  [[noreturn]] void fail(const std::string& reason) const {
    throw UsageError((path.empty() ? "the file" : path) + " " + reason);
  }
  Place at(const std::string& name) const {
    return {value.at(name), path.empty() ? name : path + "." + name};
  }
  Place at(std::size_t i) const { return {value[i], path + "[" + std::to_string(i) + "]"}; }
  bool has(const char* name) const { return value.contains(name); }
};

std::string checked(const Place& place, const std::string& text) {
  if (text.size() > text_max) {
    place.fail("is longer than " + std::to_string(text_max) + " characters");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; };
  if (std::ranges::any_of(text, is_control)) place.fail("has control characters");
  return text;
}

// The members of an object, by name.
std::vector<std::pair<std::string, Place>> members(const Place& place) {
  if (!place.value.is_object()) place.fail("is not an object");
  if (place.value.size() > elements_max) {
    place.fail("has more than " + std::to_string(elements_max) + " members");
  }
  std::vector<std::pair<std::string, Place>> result;
  for (const auto& [name, value] : place.value.items()) {
    if (name.empty()) place.fail("has a member without a name");
    result.emplace_back(checked(place, name), place.at(name));
  }
  return result;
}

std::vector<Place> elements(const Place& place) {
  if (!place.value.is_array()) place.fail("is not a list");
  if (place.value.size() > elements_max) {
    place.fail("has more than " + std::to_string(elements_max) + " elements");
  }
  std::vector<Place> result;
  for (std::size_t i = 0; i < place.value.size(); ++i) result.push_back(place.at(i));
  return result;
}

// A string or a number, as it is written on the command line.
std::string word(const Place& place) {
  if (place.value.is_string()) return checked(place, place.value.get<std::string>());
  if (place.value.is_number()) return place.value.dump();
  place.fail("is neither a string nor a number");
}

void only(const Place& place, const std::vector<std::string>& names) {
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
  for (const auto& [name, member] : members(place)) {
    if (std::ranges::find(names, name) == names.end()) {
      member.fail("is not known; there is " + listed);
    }
  }
}

std::string needed(const Place& place, const char* name) {
  if (!place.has(name)) place.fail(std::string("lacks \"") + name + "\"");
  return word(place.at(name));
}

std::string optional(const Place& place, const char* name, const std::string& before) {
  return place.has(name) ? before + word(place.at(name)) : "";
}

std::string crash_text(const Place& place) {
  only(place, {"node", "at", "for"});
  return needed(place, "node") + "@" + needed(place, "at") + optional(place, "for", "+");
}

std::string clock_step_text(const Place& place) {
  only(place, {"node", "at", "by"});
  const std::string by = needed(place, "by");
  return needed(place, "node") + "@" + needed(place, "at") + (by.starts_with('-') ? "" : "+") + by;
}

std::string group_text(const Place& place) {
  std::string text;
  for (const Place& node : elements(place)) text += (text.empty() ? "" : ",") + word(node);
  if (text.empty()) place.fail("is empty");
  return text;
}

std::string partition_text(const Place& place) {
  only(place, {"at", "until", "groups", "one_way"});
  if (!place.has("groups")) place.fail("lacks \"groups\"");
  const std::vector<Place> groups = elements(place.at("groups"));
  if (groups.size() != 2) place.at("groups").fail("is not a list of two groups of nodes");
  bool one_way = false;
  if (place.has("one_way")) {
    if (!place.at("one_way").value.is_boolean()) place.at("one_way").fail("is not true or false");
    one_way = place.at("one_way").value.get<bool>();
  }
  return needed(place, "at") + optional(place, "until", "-") + ":" + group_text(groups[0]) +
         (one_way ? ">" : "|") + group_text(groups[1]);
}

std::string pairs_text(const Place& place) {
  std::string text;
  for (const auto& [name, member] : members(place)) {
    if (name.find_first_of(",=") != name.npos) member.fail("has ',' or '=' in its name");
    text += (text.empty() ? "" : ",") + name + "=" + word(member);
  }
  return text;
}

using Values = std::vector<Setting::Value>;

// Each member is a value of its own: {"n1>n2": {"latency": "5ms"}}, {"n1": "50ms"}.
Values named_values(const Place& place, const std::string& between,
                    const std::function<std::string(const Place&)>& text) {
  Values values;
  for (const auto& [name, member] : members(place)) {
    values.push_back({name + between + text(member), member.path});
  }
  return values;
}

struct Form {
  std::string name;  // in the file
  std::string flag;
  std::string (*element)(const Place&) = nullptr;  // an object in its list
  bool of_simulate = true;  // elsewhere a flag of the name in the file is another one
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"crashes", "crash", crash_text},
      {"partitions", "partition", partition_text},
      {"clock-steps", "clock-step", clock_step_text},
      {"links", "link"},
      {"disks", "disk"},
      {"options", "option", nullptr, false},
      {"limits", "limit", nullptr, false},
  };
  return all;
}

Values object_values(const std::string& flag, const Place& place) {
  if (flag == "link") return named_values(place, ":", pairs_text);
  if (flag == "disk") return named_values(place, "=", word);
  if (flag == "option" || flag == "limit" || flag == "drift") {
    return {{pairs_text(place), place.path}};
  }
  place.fail("is an object, where a value is wanted");
}

Values values_of(const Form& form, const Place& place) {
  if (place.value.is_boolean()) {
    return {{place.value.get<bool>() ? "true" : "false", place.path}};
  }
  if (place.value.is_object()) return object_values(form.flag, place);
  if (!place.value.is_array()) return {{word(place), place.path}};
  Values values;
  for (const Place& element : elements(place)) {
    const bool is_object = form.element != nullptr && element.value.is_object();
    values.push_back({is_object ? form.element(element) : word(element), element.path});
  }
  return values;
}

// As in JSON, "value_size"; as on the command line, "value-size".
Form form_named(const std::string& verb, std::string name) {
  std::ranges::replace(name, '_', '-');
  for (const Form& form : forms()) {
    if (form.of_simulate && verb != "simulate") continue;
    if (form.name == name || form.flag == name) return form;
  }
  return {.name = name, .flag = name};
}

// Of two equal names JSON's readers keep one without a word.
class NamesOnce {
 public:
  bool operator()(int depth, ordered_json::parse_event_t event, const ordered_json& value) {
    if (depth > depth_max) {
      throw UsageError("the file is nested more than " + std::to_string(depth_max) + " deep");
    }
    if (event == ordered_json::parse_event_t::object_start) open_.emplace_back();
    if (event == ordered_json::parse_event_t::object_end) open_.pop_back();
    if (event != ordered_json::parse_event_t::key) return true;
    const auto& name = value.get_ref<const std::string&>();
    if (!open_.back().insert(name).second) {
      throw UsageError("the file says \"" + name.substr(0, name.find('\n')).substr(0, 80) +
                       "\" twice in one object");
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> open_;
};

ordered_json parsed(const std::string& text) {
  if (text.size() > bytes_max) throw UsageError("the file is larger than 1 MiB");
  NamesOnce names;
  const auto check = [&](int depth, ordered_json::parse_event_t event, ordered_json& value) {
    return names(depth, event, value);
  };
  try {
    return ordered_json::parse(text, check);
  } catch (const ordered_json::exception& error) {
    const std::string reason = error.what();
    throw UsageError("the file is not JSON: " + reason.substr(0, reason.find('\n')).substr(0, 200));
  }
}

}  // namespace

Settings read_settings(const std::string& text) {
  const ordered_json file = parsed(text);
  Settings settings;
  for (const auto& [verb, section] : members(Place{file, ""})) {
    std::vector<Setting>& of_verb = settings[verb];
    for (const auto& [name, place] : members(section)) {
      const Form form = form_named(verb, name);
      const auto is_same = [&](const Setting& setting) { return setting.name == form.flag; };
      if (std::ranges::any_of(of_verb, is_same)) place.fail("is set twice, by two names");
      of_verb.push_back({form.flag, place.path, values_of(form, place)});
    }
  }
  return settings;
}

}  // namespace gainsay::cli
