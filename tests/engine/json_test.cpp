// Values to JSON and back, and the trace file's promises.
#include "engine/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

#include "engine/containers.hpp"
#include "engine/trace.hpp"
#include "explorer/check.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

enum class Colour : std::uint8_t { red, green };
struct Empty {};
struct Paint {
  static constexpr std::uint8_t values = 3;
};
struct Pair {
  std::int32_t a = 0;
  std::string text;
};
struct Everything {
  bool flag = false;
  std::uint64_t wide = 0;
  std::int64_t signed_wide = 0;
  Colour colour = Colour::red;
  NodeId node;
  NodeSet nodes;
  std::optional<Pair> maybe;
  std::variant<Empty, Pair> either;
  std::vector<Pair> list;
  PerNode<std::uint8_t> per_node;
  Scalar<Paint> scalar;
  flat_set<std::int32_t> set;
  flat_map<std::string, std::uint32_t> map;
};

NodeId node_by_name(const std::string& name) {
  if (name.size() == 2 && name[0] == 'n' && name[1] >= '1' && name[1] <= '9') {
    return node_id(name[1] - '1');
  }
  throw JsonError("no process " + name);
}

Pair any_pair() {
  return {*rc::gen::arbitrary<std::int32_t>(), *rc::gen::arbitrary<std::string>()};
}

Everything any_value() {
  Everything value;
  value.flag = *rc::gen::arbitrary<bool>();
  value.wide = *rc::gen::arbitrary<std::uint64_t>();
  value.signed_wide = *rc::gen::arbitrary<std::int64_t>();
  value.colour = *rc::gen::element(Colour::red, Colour::green);
  value.node = {*rc::gen::inRange<std::uint8_t>(0, 9)};
  value.nodes = NodeSet::from_bits(*rc::gen::inRange<std::uint64_t>(0, 512));
  if (*rc::gen::arbitrary<bool>()) value.maybe = any_pair();
  if (*rc::gen::arbitrary<bool>()) value.either = any_pair();
  value.scalar = {*rc::gen::inRange<std::uint8_t>(0, Paint::values)};
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) value.list.push_back(any_pair());
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) value.per_node.push_back(7);
  for (const int x : *rc::gen::arbitrary<std::vector<int>>()) value.set.insert(x);
  for (const auto& x : *rc::gen::arbitrary<std::vector<std::string>>()) value.map[x] = 3;
  return value;
}

TEST(Json, EveryValueComesBackWithTheSameBytes) {
  EXPECT_TRUE(rc::check([] {
    const Everything value = any_value();
    const auto name = [](NodeId id) { return "n" + std::to_string(id.value + 1); };
    const nlohmann::json json = to_json(type_of<Everything>(), encoded(value), name);
    Writer writer;
    from_json(type_of<Everything>(), nlohmann::json::parse(json.dump()), node_by_name, writer);
    RC_ASSERT(writer.bytes() == encoded(value));
    RC_ASSERT(encoded(decoded<Everything>(writer.bytes())) == encoded(value));
  }));
}

TEST(Json, AScalarOutsideItsSetIsRefused) {
  Writer writer;
  EXPECT_EQ(to_json(type_of<Scalar<Paint>>(), encoded(Scalar<Paint>{1}), {}), "Paint2");
  for (const char* text : {"Paint0", "Paint4", "Paint", "2", "Paint02"}) {
    EXPECT_THROW(from_json(type_of<Scalar<Paint>>(), text, node_by_name, writer), JsonError)
        << text;
  }
}

Counterexample counterexample_of(const Model& model) {
  return check(model, {.jobs = 1}).counterexample.value();
}

TEST(Trace, TheSameRunGivesTheSameBytesAndReadsBack) {
  const CatalogEntry* entry = find_system("paxos");
  for (const Bug& bug : entry->bugs) {
    const Model model = entry->make(variant(bug));
    const Counterexample found = counterexample_of(model);
    const TraceVerdict verdict{.property = found.property,
                               .kind = "always",
                               .step = static_cast<std::uint32_t>(found.events.size() - 1)};
    const Trace trace = record_trace(model.system, found.events, verdict);
    const std::string text = trace_text(model.system, trace, found.events);
    EXPECT_EQ(text, trace_text(model.system, trace, found.events));
    const Trace back = parse_trace(text, "trace");
    EXPECT_EQ(trace_text(model.system, back, found.events), text);
    for (std::size_t i = 0; i < found.events.size(); ++i) {
      EXPECT_EQ(event_of(model.system, back.events[i], i), found.events[i]);
    }
    const ReplayReport report = replay(model, back);
    EXPECT_TRUE(report.reproduced);
    EXPECT_FALSE(report.divergence);
  }
}

TEST(Trace, UnknownFieldsOfANewerMinorAreIgnored) {
  const CatalogEntry* entry = find_system("paxos");
  const Model model = entry->make(variant(entry->bugs.front()));
  const Counterexample found = counterexample_of(model);
  const Trace trace = record_trace(model.system, found.events, std::nullopt);
  auto json = nlohmann::json::parse(trace_text(model.system, trace, found.events));
  json["run"]["schema_version"] = "1.7";
  json["run"]["news"] = {1, 2, 3};
  json["run"]["events"][0]["mood"] = "good";
  EXPECT_NO_THROW(parse_trace(json.dump(), "trace"));
}

TEST(Trace, CausesAreThePreviousStepAndTheSend) {
  const CatalogEntry* entry = find_system("paxos");
  const Model model = entry->make(variant(entry->bugs.front()));
  const Counterexample found = counterexample_of(model);
  const Trace trace = record_trace(model.system, found.events, std::nullopt);
  for (std::size_t i = 0; i < found.events.size(); ++i) {
    const Event& event = found.events[i];
    const auto& causes = trace.events[i].causes;
    if (event.kind == EventKind::start) {
      EXPECT_TRUE(causes.empty());
    } else if (event.kind == EventKind::deliver) {
      // Something its receiver did, and something its sender did.
      ASSERT_FALSE(causes.empty());
      bool by_sender = false;
      for (const std::uint32_t cause : causes) {
        by_sender = by_sender || found.events[cause].process == event.from;
      }
      EXPECT_TRUE(by_sender);
    }
  }
}

}  // namespace
}  // namespace gainsay
