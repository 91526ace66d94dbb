#include "explorer/trace_history.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "explorer/history_page.hpp"
#include "properties/linearizability/core.hpp"
#include "properties/linearizability/partitions.hpp"

namespace gainsay {

namespace {

using namespace linearizability;
using linearizability::Kind;  // of an operation

// So that a page is a function of its trace: no clock ends the search, but how often it asks, which
// is for each new transition and each 2,048 steps.
constexpr std::uint64_t questions_max = 10'000;
constexpr std::size_t bytes_max = std::size_t{64} << 20;

// The property of the object: the one that is violated, else the first.
const Property* property_of_object(const gainsay::Model& model, const Trace& trace) {
  const Property* found = nullptr;
  for (const Property& property : model.properties) {
    if (!property.object) continue;
    const bool is_violated = trace.verdict && trace.verdict->property == property.name;
    if (found == nullptr || is_violated) found = &property;
  }
  return found;
}

NamedModel model_of_operations(const System& system, const Property* property) {
  NamedModel named{.name = property == nullptr ? "" : property->name};
  named.describe = [&system](const Kind& kind) {
    const std::string call = describe(*system.operation_type, kind.call, system.naming());
    if (!kind.result) return call;
    return call + ": " + describe(*system.result_type, *kind.result, system.naming());
  };
  if (property == nullptr) return named;
  const SequentialObject& object = *property->object;
  named.model.name = property->name;
  named.model.initial = object.initial;
  named.model.next = [&object](BytesView state, const Kind& kind) {
    auto [after, result] = object.apply(state, kind.call);
    std::vector<Bytes> states;
    if (!kind.result || *kind.result == result) states.push_back(std::move(after));
    return states;
  };
  named.describe_state = [&system, &object](BytesView state) {
    return describe(*object.state_type, state, system.naming());
  };
  return named;
}

// A client may invoke its next operation in the step in which it has got an answer, and does so
// after it.
constexpr Moment moment_of_return(std::uint32_t step) { return std::uint64_t{step} * 2; }
constexpr Moment moment_of_call(std::uint32_t step) { return std::uint64_t{step} * 2 + 1; }

Recording recording_of(const NamedModel& named, const System& system, const TraceContent& content) {
  Recording recording{.model = &named};
  for (const ShownOperation& one : content.operations) {
    recording.history.add(static_cast<Id>(one.client), one.operation, one.result,
                          moment_of_call(one.invoked),
                          one.returned ? moment_of_return(*one.returned) : never);
    recording.lines.push_back(one.invoked);
    recording.failed.push_back(false);
  }
  for (std::uint32_t client = 0; client < system.bounds.clients; ++client) {
    recording.clients.push_back("c" + std::to_string(client + 1));
  }
  return recording;
}

}  // namespace

std::string trace_history(const gainsay::Model& model, const Trace& trace,
                          const TraceContent& content) {
  if (content.operations.empty()) return "";
  const Property* property = property_of_object(model, trace);
  const NamedModel named = model_of_operations(model.system, property);
  const Recording recording = recording_of(named, model.system, content);
  std::uint64_t questions = 0;
  const Limits limits{.bytes_max = bytes_max,
                      .stop = [&questions] { return ++questions > questions_max; },
                      .partition = false};
  Judgement judgement;
  std::vector<Id> prefix;
  if (property != nullptr) {
    judgement = judge(named.model, recording.history, limits);
    if (judgement.verdict == linearizability::Verdict::not_linearizable) {
      std::vector<Id> all(recording.history.operations().size());
      for (Id id = 0; id < all.size(); ++id) all[id] = id;
      prefix = prefix_order(named.model, recording.history, all, judgement.broken_by, limits);
    }
  }
  const std::string data = history_data({.name = property == nullptr ? "" : property->name,
                                         .recording = recording,
                                         .judgement = judgement,
                                         .partition = false,
                                         .prefix_order = prefix},
                                        {.bytes_max = 3'000'000, .operations_max = 10'000});
  auto json = nlohmann::ordered_json::parse(data);
  for (auto& moment : json["moments"]) moment = moment.get<std::uint64_t>() / 2;
  for (const char* end : {"from", "to"}) {
    json["overview"][end] = json["overview"][end].get<std::uint64_t>() / 2;
  }
  json["judged"] = property != nullptr;
  json["place"] = "step";  // in place of a line
  return json.dump();
}

}  // namespace gainsay
