// What the page is told of a trace: every event with what it changed, messages with their fate, the
// clients' history, and what was cut. Of a trace that does not run here, what its file says.
#include "explorer/trace_page.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "explorer/page.hpp"
#include "explorer/random_run.hpp"
#include "protocols/catalog.hpp"

namespace gainsay {
namespace {

using nlohmann::json;

struct Recorded {
  std::string text;
  Trace trace;
  Model model;

  explicit Recorded(const std::string& name)
      : text(read_trace_text(std::string(GAINSAY_SOURCE_DIR) + "/traces/" + name + ".trace.json")),
        trace(parse_trace(text, name)),
        model(model_of(trace)) {}
  Recorded(Model of, const std::vector<Event>& events)
      : trace(record_trace(of.system, events, {})), model(std::move(of)) {
    text = trace_text(model.system, trace, events);
  }

  TraceReport report(bool known = true) const {
    return {.name = "a trace", .text = text, .trace = trace, .model = known ? &model : nullptr};
  }
  json data(bool known = true, const TracePageLimits& limits = {}) const {
    return json::parse(trace_data(report(known), limits));
  }
};

using States = std::vector<std::map<std::string, std::string>>;  // by process

States states_before(const json& data) {
  States states;
  for (const json& process : data.at("processes")) {
    auto& state = states.emplace_back();
    for (const json& leaf : process.at("state")) {
      state[data.at("texts").at(leaf.at(0).get<std::size_t>())] =
          data.at("texts").at(leaf.at(1).get<std::size_t>());
    }
  }
  return states;
}

// Applies the changes of an event, as the page does.
void apply(const json& data, const json& event, States& states) {
  if (!event.contains("changes")) return;
  auto& state = states.at(event.at("at").get<std::size_t>());
  const auto text = [&](const json& place) {
    return data.at("texts").at(place.get<std::size_t>()).get<std::string>();
  };
  for (const json& change : event.at("changes")) {
    const std::string path = text(change.at(0));
    EXPECT_EQ(state.contains(path), change.at(1) != -1) << path;
    if (change.at(1) != -1) {
      EXPECT_EQ(state[path], text(change.at(1))) << path;
    }
    if (change.at(2) == -1) {
      state.erase(path);
    } else {
      state[path] = text(change.at(2));
    }
  }
}

// The changes lead to the states of the run.
void expect_states_of_the_run(const Recorded& recorded, const json& data) {
  States states = states_before(data);
  const System& system = recorded.model.system;
  LiveWorld world(system);
  for (std::size_t i = 0; i < recorded.trace.events.size(); ++i) {
    const Outcome outcome = world.apply(event_of(system, recorded.trace.events[i], i));
    ASSERT_EQ(outcome.status, Outcome::Status::applied);
    if (outcome.step.fault != StepResult::Fault::none) return;
    apply(data, data.at("events").at(i), states);
    for (std::size_t process = 0; process < system.size(); ++process) {
      const Bytes local = world.local(node_id(process));
      for (const Leaf& leaf : leaves(system.processes[process]->state_type(),
                                     split_local(local).state, system.naming())) {
        if (leaf.text.size() > 400) continue;  // shortened
        ASSERT_EQ(states[process].at(leaf.path), leaf.text) << leaf.path << " at step " << i;
      }
    }
  }
}

TEST(TracePage, StatesAreTheirDifferences) {
  for (const char* name : {"raft-vote-not-persisted", "paxos-promise-not-synced", "pbft-twins-n-3f",
                           "balancer-lc-underflow", "dht-stale-replica-read"}) {
    SCOPED_TRACE(name);
    const Recorded recorded(name);
    expect_states_of_the_run(recorded, recorded.data());
  }
}

TEST(TracePage, SaysWhatIsViolatedAndHowToSeeIt) {
  const Recorded recorded("raft-vote-not-persisted");
  const json data = recorded.data();
  EXPECT_EQ(data.at("kind"), "trace");
  EXPECT_EQ(data.at("verdict").at("property"), "election safety");
  EXPECT_EQ(data.at("verdict").at("step"), 10);
  EXPECT_EQ(data.at("system"), "raft");
  EXPECT_EQ(data.at("cut"), "");
  EXPECT_EQ(data.at("events").size(), recorded.trace.events.size());
  EXPECT_EQ(data.at("total"), recorded.trace.events.size());
  EXPECT_NE(data.at("facts").dump().find("vote-not-persisted"), std::string::npos);
  EXPECT_FALSE(data.contains("history")) << "it has no clients";
  EXPECT_FALSE(data.contains("explain"));
  EXPECT_EQ(data.at("processes").size(), 3U);
}

TEST(TracePage, TellsWhoSentWhatADeliveryDelivers) {
  const Recorded recorded("raft-split-brain");
  const json data = recorded.data();
  std::size_t delivered = 0;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < data.at("events").size(); ++i) {
    const json& event = data.at("events").at(i);
    if (event.at("kind") != "deliver") continue;
    ++delivered;
    const json& message = data.at("messages").at(event.at("message").get<std::size_t>());
    EXPECT_EQ(message.at(1), event.at("at"));
    EXPECT_EQ(message.at(4), json::array({i}));
    const std::size_t sent = message.at(3);
    EXPECT_EQ(data.at("events").at(sent).at("at"), message.at(0));
    const auto& causes = event.at("causes");
    EXPECT_NE(std::ranges::find(causes, json(sent)), causes.end());
    const System& system = recorded.model.system;
    EXPECT_EQ(data.at("texts").at(message.at(2).get<std::size_t>()),
              describe(*system.message_type, event_of(system, recorded.trace.events[i], i).message,
                       system.naming()));
  }
  for (const json& message : data.at("messages")) lost += message.at(5) == 13 ? 1 : 0;
  EXPECT_GT(delivered, 5U);
  EXPECT_EQ(lost, 6U) << "what the partition at step 13 has lost";
}

TEST(TracePage, JudgesTheHistoryOfClients) {
  const json broken = Recorded("raft-no-dedupe").data().at("history");
  EXPECT_EQ(broken.at("verdict"), "not linearizable");
  EXPECT_EQ(broken.at("place"), "step");
  EXPECT_TRUE(broken.at("judged"));
  const json& part = broken.at("parts").at(0);
  const json& culprit =
      part.at("operations").at(broken.at("violation").at("broken_by").get<std::size_t>());
  EXPECT_EQ(culprit.at(0), 13) << "the step that invoked it";
  const std::size_t returned = culprit.at(5);
  EXPECT_EQ(broken.at("moments").at(returned), 17) << "the step in which it was answered";
  EXPECT_EQ(part.at("order"), 1) << "what returned before has an order";
  EXPECT_FALSE(broken.at("violation").at("core").empty());

  const json fine = Recorded("raft-prev0-append-blind").data().at("history");
  EXPECT_EQ(fine.at("verdict"), "linearizable");
  EXPECT_FALSE(fine.contains("violation"));
  const json unanswered = Recorded("paxos-quorum-half").data().at("history");
  EXPECT_EQ(unanswered.at("verdict"), "vacuous") << "no client had an answer yet";
  EXPECT_FALSE(unanswered.contains("violation"));
}

// The judge of recorded histories and the property of the system are two programs.
TEST(TracePage, AgreesWithTheVerdictsOfAllCommittedTraces) {
  std::size_t broken = 0;
  std::size_t fine = 0;
  std::size_t vacuous = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(GAINSAY_SOURCE_DIR) + "/traces")) {
    const std::string name = file.path().filename();
    if (!name.ends_with(".trace.json")) continue;
    SCOPED_TRACE(name);
    const Recorded recorded(name.substr(0, name.find('.')));
    const json data = recorded.data();
    EXPECT_EQ(data.at("cut"), "");
    if (!data.contains("history")) continue;
    const json& history = data.at("history");
    EXPECT_EQ(history.at("operations"), history.at("parts").at(0).at("operations").size());
    if (!history.at("judged")) continue;
    const bool violates = recorded.trace.verdict->property == history.at("name");
    const auto returned = [](const json& operation) { return !operation.at(5).is_null(); };
    const bool has_result =
        std::ranges::any_of(history.at("parts").at(0).at("operations"), returned);
    EXPECT_EQ(history.at("verdict"), violates     ? "not linearizable"
                                     : has_result ? "linearizable"
                                                  : "vacuous");
    (violates ? broken : has_result ? fine : vacuous) += 1;
  }
  EXPECT_GT(broken, 5U);
  EXPECT_GT(fine, 2U);
  EXPECT_GT(vacuous, 5U);
}

TEST(TracePage, OfAnUnknownSystemShowsWhatTheFileSays) {
  const Recorded recorded("raft-vote-not-persisted");
  const json known = recorded.data();
  const json data = recorded.data(false);
  EXPECT_FALSE(data.at("has_fates"));
  ASSERT_EQ(data.at("events").size(), known.at("events").size());
  States states = states_before(data);
  for (std::size_t i = 0; i < data.at("events").size(); ++i) {
    const json& event = data.at("events").at(i);
    EXPECT_EQ(event.at("kind"), known.at("events").at(i).at("kind"));
    apply(data, event, states);
  }
  const auto process = [&](const std::string& name) {
    std::size_t place = 0;
    while (data.at("processes").at(place).at("name") != name) ++place;
    return states.at(place);
  };
  // What the last state of the file says.
  EXPECT_EQ(process("n3").at("role"), "leader");
  EXPECT_EQ(process("n1").at("durable.term"), "1");
  EXPECT_EQ(process("n1").at("process is"), "up");
  std::size_t sent = 0;
  for (const json& message : data.at("messages")) sent += message.at(3) != -1 ? 1 : 0;
  EXPECT_EQ(sent, data.at("messages").size()) << "all were sent by an event";
}

TEST(TracePage, ShowsTheCriticalStepIfTheFileHasOne) {
  Recorded recorded("raft-vote-not-persisted");
  json whole = json::parse(recorded.text);
  const auto with = [&](json explain) {
    whole["run"]["explain"] = std::move(explain);
    recorded.text = whole.dump();
    return recorded.data();
  };
  const json data = with({{"step", 6}, {"how", "exact"}, {"lines", {"one", 2, "three"}}});
  EXPECT_EQ(data.at("explain").at("step"), 6);
  EXPECT_EQ(data.at("explain").at("lines"), (json{"one", "three"}));
  for (const json& bad : {json{{"step", 99}}, json{{"step", -1}}, json{{"step", "6"}},
                          json::array(), json("text"), json::object()}) {
    EXPECT_FALSE(with(bad).contains("explain")) << bad;
  }
}

// Each of many events changes a state that grows.
Recorded long_run(std::uint32_t steps) {
  Configuration configuration = find_system("raft")->defaults;
  configuration.bounds.network = Network::unordered;
  configuration.bounds.timeouts.reset();
  configuration.bounds.limits = {};
  configuration.options["propose"] = "1000";
  Model model = find_system("raft")->make(configuration);
  model.properties.clear();
  RandomStream random(3);
  return Recorded(model, random_run(model, random, steps).events);
}

TEST(TracePage, IsNoLargerThanItMayBeAndSaysWhatWasCut) {
  const Recorded recorded = long_run(120);
  ASSERT_GT(recorded.trace.events.size(), 100U);
  const std::size_t page_bytes = detail::page_html.size();
  const std::string whole = trace_page(recorded.report());
  ASSERT_GT(whole.size(), page_bytes + 12'000);
  const std::size_t bytes_max = page_bytes + 8'000;
  EXPECT_LE(trace_page(recorded.report(), {.bytes_max = bytes_max}).size(), bytes_max);
  const json data = recorded.data(true, {.bytes_max = bytes_max});
  EXPECT_EQ(data.at("first").get<std::size_t>() + data.at("events").size(), data.at("total"));
  EXPECT_GT(data.at("events").size(), 10U);
  EXPECT_NE(data.at("cut").get<std::string>().find("Shown are steps"), std::string::npos);
  // States begin where the events do.
  States states = states_before(data);
  for (const json& event : data.at("events")) apply(data, event, states);
  const json all = recorded.data();
  States from_the_start = states_before(all);
  for (const json& event : all.at("events")) apply(all, event, from_the_start);
  EXPECT_EQ(states, from_the_start);
}

TEST(TracePage, EscapesWhatIsHostile) {
  Recorded recorded("raft-vote-not-persisted");
  const std::string hostile = "</script><img src=x onerror=alert(1)>\xff\xfe \xe2\x80\xae";
  recorded.trace.bug = hostile;
  recorded.trace.verdict->message = hostile;
  for (TraceEvent& event : recorded.trace.events) {
    if (!event.label.empty()) event.label = hostile;
  }
  for (const bool known : {true, false}) {
    const std::string page = trace_page(recorded.report(known));
    EXPECT_EQ(page.find("</script><img"), std::string::npos);
    std::size_t ends = 0;
    for (std::size_t at = 0; (at = page.find("</script>", at)) != std::string::npos; ++at) ++ends;
    std::size_t expected = 0;
    for (std::size_t at = 0; (at = detail::page_html.find("</script>", at)) != std::string::npos;
         ++at) {
      ++expected;
    }
    EXPECT_EQ(ends, expected);
  }
}

// No message, name or state of a file that was written by somebody else may be more than it can
// show; there may be any of them.
TEST(TracePage, BearsAnyFile) {
  Recorded recorded("raft-vote-not-persisted");
  json whole = json::parse(recorded.text);
  const json states = whole["states"];
  for (const json& bad :
       {json(nullptr), json(7), json::array({1, json::array(), nullptr}),
        json::array({{{"processes", 3}}}),
        json::array(
            {{{"processes", {{"#map", {1, {1, 2}, {"n1", {{"#map", {{1}, {1, 2, 3}}}}}}}}}}})}) {
    whole["states"] = bad;
    recorded.text = whole.dump();
    EXPECT_EQ(recorded.data(false).at("events").size(), recorded.trace.events.size()) << bad;
  }
  for (std::size_t i = 0; i < 3'000; ++i) {
    recorded.trace.events.push_back({.kind = EventKind::deliver,
                                     .process = "p" + std::to_string(i),
                                     .from = "q" + std::to_string(i),
                                     .label = std::string(5'000, 'x')});
  }
  const json data = recorded.data(false);
  EXPECT_EQ(data.at("processes").size(), 64U);
  EXPECT_LT(data.dump().size(), 1'000'000U);
}

}  // namespace
}  // namespace gainsay
