// {"model": "kv", "operations": [{"client": 0, "invoked": 1, "returned": 4, "f": "get",
//   "key": "x", "value": null, "result": "a", "ok": true}, ..]}
// `returned` null: never; `ok` false: failed; `object` names independent objects.
// "faults": [{"from": 2, "to": 9, "text": "partition"}] says what was done to the system meanwhile;
// `to` null or absent: until the end.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

namespace {

using nlohmann::json;

constexpr std::size_t text_bytes_max = std::size_t{1} << 30;
// Whole numbers of more than 64 bits are read as doubles, of which two that differ may be one.
constexpr double exact_below = 9007199254740992;

Datum to_datum(const json& value, std::size_t depth = 0) {
  if (depth > datum_depth_max) throw HistoryError("values are nested too deeply");
  if (value.is_string()) return {.kind = Datum::Kind::string, .text = value.get<std::string>()};
  if (value.is_null()) return {};
  if (!value.is_array()) {
    if (value.is_object()) throw HistoryError("a value is no object");
    if (value.is_number_float() && std::abs(value.get<double>()) >= exact_below) {
      throw HistoryError("a number has more digits than are read; write it as a string");
    }
    return {.text = value.dump()};
  }
  Datum list{.kind = Datum::Kind::list, .text = ""};
  for (const json& item : value) list.items.push_back(to_datum(item, depth + 1));
  return list;
}

// A name that is not known may be one that is misspelt.
void refuse_others(const json& object, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw HistoryError("has a field \"" + name.substr(0, 40) + "\" that nobody knows");
  }
}

Moment moment(const json& operation, const char* name, Moment absent) {
  const auto found = operation.find(name);
  if (found == operation.end() || found->is_null()) {
    if (absent == never) return never;
    throw HistoryError(std::string("there is no \"") + name + "\"");
  }
  if (!found->is_number_unsigned() || found->get<Moment>() >= never - 1) {
    throw HistoryError(std::string("\"") + name + "\" is a whole number, not negative");
  }
  return found->get<Moment>();
}

Datum field(const json& operation, const char* name) {
  const auto found = operation.find(name);
  return found == operation.end() ? Datum{} : to_datum(*found);
}

// The steps of a transaction have keywords as their first words.
void name_steps(Datum& steps) {
  for (Datum& step : steps.items) {
    if (step.items.empty()) continue;
    const std::string& word = step.items[0].text;
    if (word == "r" || word == "w") step.items[0] = {.text = ":" + word};
  }
}

void add_operation(const json& recorded, std::uint64_t number, Recorder& recorder) {
  if (!recorded.is_object()) throw HistoryError("an operation is an object");
  refuse_others(recorded,
                {"client", "object", "f", "key", "value", "result", "invoked", "returned", "ok"});
  if (!recorded.contains("returned")) {
    throw HistoryError("there is no \"returned\"; null says that it never did");
  }
  RecordedOperation operation{.line = number};
  operation.client = recorder.client(to_value(field(recorded, "client")));
  if (recorded.contains("object")) {
    operation.object = recorder.object(to_value(field(recorded, "object")));
  }
  const Datum function = field(recorded, "f");
  if (function.kind != Datum::Kind::string) throw HistoryError("\"f\" is a string");
  operation.function = function.text;
  if (recorded.contains("key")) operation.key = field(recorded, "key");
  operation.argument = field(recorded, "value");
  operation.answer = field(recorded, "result");
  if (operation.function == "txn") {
    name_steps(operation.argument);
    name_steps(operation.answer);
  }
  operation.invoked = moment(recorded, "invoked", 0);
  operation.returned = moment(recorded, "returned", never);
  if (operation.returned < operation.invoked) throw HistoryError("it returns before its call");
  const json ok = recorded.value("ok", json(true));
  if (!ok.is_boolean()) throw HistoryError("\"ok\" is true or false");
  if (operation.returned == never && recorded.contains("result") && !recorded["result"].is_null()) {
    throw HistoryError("has a result, but never returned");
  }
  operation.answered = recorded.contains("result");
  if (operation.returned != never) {
    operation.outcome = ok.get<bool>() ? Outcome::ok : Outcome::failed;
  }
  recorder.add(operation);
}

std::vector<Fault> read_faults(const json& file, const ReadLimits& limits) {
  std::vector<Fault> faults;
  const auto found = file.find("faults");
  if (found == file.end()) return faults;
  if (!found->is_array()) throw HistoryError("\"faults\" is a list");
  if (found->size() > limits.operations_max) throw HistoryError("has too many faults");
  for (const json& recorded : *found) {
    const std::string which = "fault " + std::to_string(faults.size()) + ": ";
    try {
      if (!recorded.is_object()) throw HistoryError("is an object");
      refuse_others(recorded, {"text", "from", "to"});
      const Datum text = field(recorded, "text");
      if (text.kind != Datum::Kind::string) throw HistoryError("\"text\" is a string");
      faults.push_back({.line = faults.size(),
                        .text = text.text,
                        .from = moment(recorded, "from", 0),
                        .to = moment(recorded, "to", never)});
      if (faults.back().to < faults.back().from) throw HistoryError("ends before it begins");
    } catch (const HistoryError& error) {
      throw HistoryError(which + error.what());
    }
  }
  return faults;
}

}  // namespace

void read_json(std::istream& input, const ReadLimits& limits, Recorder& recorder) {
  std::string text, line;
  while (read_line(input, line, {.line_bytes_max = text_bytes_max})) {
    if (text.size() + line.size() > text_bytes_max) throw HistoryError("is too long");
    text += line + "\n";
  }
  // Depth is bounded before there is a value: destroying a deep one is no joke either.
  const auto shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > static_cast<int>(datum_depth_max)) throw HistoryError("is nested too deeply");
    return true;
  };
  json file;
  try {
    file = json::parse(text, shallow);
  } catch (const json::exception& error) {
    throw HistoryError(std::string("is no JSON: ") + error.what());
  }
  if (!file.is_object() || !file.contains("operations") || !file["operations"].is_array()) {
    throw HistoryError("is no history: an object with a list of \"operations\"");
  }
  refuse_others(file, {"model", "operations", "faults"});
  if (file.contains("model")) {
    if (!file["model"].is_string()) throw HistoryError("\"model\" is a string");
    recorder.use_model(file["model"].get<std::string>());
  }
  recorder.add(read_faults(file, limits));
  std::uint64_t number = 0;
  for (const json& operation : file["operations"]) {
    if (number > limits.operations_max) throw HistoryError("has too many operations");
    try {
      if (operation.is_object() &&
          operation.contains("object") != file["operations"].front().contains("object")) {
        throw HistoryError("all operations name their \"object\", or none does");
      }
      add_operation(operation, number, recorder);
    } catch (const HistoryError& error) {
      throw HistoryError("operation " + std::to_string(number) + ": " + error.what());
    } catch (const json::exception& error) {
      throw HistoryError("operation " + std::to_string(number) + ": " + error.what());
    }
    ++number;
  }
}

}  // namespace gainsay::linearizability
