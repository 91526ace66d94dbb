// What the page of a walk is told: the world and its choices, the run as a trace that replays, and
// what a wrong link is answered.
#include "explorer/explore_page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/random.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"
#include "tests/traces.hpp"

namespace gainsay {
namespace {

using nlohmann::json;

std::string path_of(const Model& model, const Trace& trace) {
  return to_text(path_of(model.system, events_of(model.system, trace)));
}

json world_of(Exploration& exploration, const PathQuestion& question) {
  return json::parse(world_data(exploration, question));
}

const json& property_named(const Model& model, const json& world, const std::string& name) {
  const auto at = std::ranges::find(model.properties, name, &Property::name);
  return world.at("properties").at(static_cast<std::size_t>(at - model.properties.begin()));
}

TEST(ExplorePage, TellsWhatThereIs) {
  const Trace trace = trace_named("raft-vote-not-persisted");
  const Model model = model_of(trace);
  Exploration exploration(model);
  const json page = json::parse(explore_data({.model = model, .command = "gainsay serve raft"}));
  EXPECT_EQ(page.at("kind"), "explore");
  EXPECT_EQ(page.at("processes").size(), model.system.size());
  EXPECT_EQ(page.at("properties").size(), model.properties.size());

  const json first = world_of(exploration, {.path = ""});
  EXPECT_EQ(first.at("steps"), 0);
  EXPECT_TRUE(first.at("taken").empty());
  EXPECT_EQ(first.at("budgets"), json::parse(R"([["crashes", 0, 1], ["restarts", 0, 1]])"));
  EXPECT_FALSE(first.at("choices").empty());
  for (const json& process : first.at("processes")) EXPECT_EQ(process.at("status"), "up");

  const std::string path = path_of(model, trace);
  const json last = world_of(exploration, {.path = path});
  EXPECT_EQ(last.at("taken").size(), last.at("steps"));
  EXPECT_EQ(last.at("path"), path);
  EXPECT_EQ(last.at("budgets"), json::parse(R"([["crashes", 1, 1], ["restarts", 1, 1]])"));
  EXPECT_EQ(property_named(model, last, "election safety"),
            json::array({"violated", last.at("steps")}));
  EXPECT_EQ(last.at("taken").back().at("violates").size(), 1U);
  EXPECT_EQ(last.at("taken").back().at("world"), last.at("world"));
}

// A step more is told alone, and what it changed is what differs between the two worlds.
TEST(ExplorePage, TellsOneStepMore) {
  const Trace trace = trace_named("raft-split-brain");
  const Model model = model_of(trace);
  Exploration exploration(model);
  const Path path = parse_path(path_of(model, trace));
  json before = world_of(exploration, {.path = ""});
  for (std::size_t size = 1; size <= path.size(); ++size) {
    const std::string text = to_text(std::span(path).first(size));
    const json now = world_of(exploration, {.path = text, .known = size - 1});
    ASSERT_EQ(now.at("taken").size(), 1U);
    EXPECT_EQ(now.at("known"), size - 1);
    const json& step = now.at("taken").at(0);
    EXPECT_EQ(step.at("step"), to_text(path[size - 1]));
    const auto& choices = before.at("choices");
    const auto chosen = std::ranges::find_if(
        choices, [&](const json& choice) { return choice.at("step") == step.at("step"); });
    ASSERT_NE(chosen, choices.end());
    EXPECT_EQ(chosen->at("words"), step.at("words"));
    EXPECT_EQ(chosen->value("changes", json()), step.value("changes", json()));
    EXPECT_EQ(chosen->value("violates", json()), step.value("violates", json()));
    before = now;
  }
  EXPECT_EQ(world_of(exploration, {.path = to_text(path), .known = 999'999}).at("taken").size(),
            0U);
}

// Every message says where it waits, and every delivery of which message it is.
TEST(ExplorePage, ChoicesNameTheirMessages) {
  const Model model = find_system("paxos")->make(
      {.bounds = {
           .nodes = 3, .clients = 2, .network = Network::unordered, .drops = 1, .duplicates = 1}});
  Exploration exploration(model);
  RandomStream random(1);
  Path path;
  std::size_t seen = 0;
  for (int step = 0; step < 25; ++step) {
    const json world = world_of(exploration, {.path = to_text(path)});
    const json& choices = world.at("choices");
    if (choices.empty()) break;
    for (const json& choice : choices) {
      if (!choice.contains("message")) continue;
      const json& message = world.at("messages").at(choice.at("message").get<std::size_t>());
      EXPECT_EQ(message.at("from"), choice.at("from"));
      EXPECT_EQ(message.at("to"), choice.at("at"));
      EXPECT_NE(choice.at("words").get<std::string>().find(message.at("text")), std::string::npos);
      ++seen;
    }
    const auto at = random.below(static_cast<std::uint32_t>(choices.size()));
    path.push_back(parse_path(choices[at].at("step").get<std::string>()).front());
  }
  EXPECT_GT(seen, 20U);
}

// --- traces ---

TEST(ExplorePage, ARunIsATraceThatReplays) {
  RandomStream random(2);
  for (const CatalogEntry& entry : catalog()) {
    SCOPED_TRACE(entry.name);
    const Model model = entry.make(entry.defaults);
    Exploration exploration(model);
    Path path;
    for (int step = 0; step < 12; ++step) {
      const auto choices = exploration.choices(exploration.go(path), 0);
      if (choices.empty()) break;
      path.push_back(choices[random.below(static_cast<std::uint32_t>(choices.size()))].step);
    }
    const PathQuestion question{.path = to_text(path)};
    const Trace trace = parse_trace(run_file(exploration, question), "a run");
    EXPECT_FALSE(trace.verdict);
    const Model again = model_of(trace);
    const ReplayReport report = replay(again, trace);
    EXPECT_FALSE(report.divergence);
    EXPECT_EQ(report.steps, trace.events.size());
    EXPECT_FALSE(report.violation);
    EXPECT_EQ(path_of(again, trace), question.path);
    const json run = json::parse(run_data(exploration, question));
    EXPECT_EQ(run.at("kind"), "trace");
    EXPECT_EQ(run.at("events").size(), trace.events.size());
  }
}

TEST(ExplorePage, AViolationIsReproduced) {
  for (const char* name : {"two-phase-commit-abort-in-doubt", "raft-no-dedupe", "pbft-n-3f"}) {
    SCOPED_TRACE(name);
    const Trace trace = trace_named(name);
    const Model model = model_of(trace);
    Exploration exploration(model);
    const PathQuestion question{.path = path_of(model, trace)};
    const Trace saved = parse_trace(run_file(exploration, question), "a run");
    ASSERT_TRUE(saved.verdict);
    EXPECT_EQ(saved.verdict->property, trace.verdict->property);
    EXPECT_EQ(saved.verdict->step, trace.verdict->step);
    EXPECT_TRUE(replay(model_of(saved), saved).reproduced);
  }
}

// --- links ---

std::string refusal(Exploration& exploration, const PathQuestion& question) {
  try {
    (void)world_data(exploration, question);
    return "";
  } catch (const PathError& error) {
    return error.what();
  }
}

TEST(ExplorePage, ALinkThatLeadsElsewhereIsRefused) {
  const Trace trace = trace_named("two-phase-commit-abort-in-doubt");
  const Model model = model_of(trace);
  Exploration exploration(model);
  const std::string path = path_of(model, trace);
  const std::string world = world_of(exploration, {.path = path}).at("world");
  EXPECT_EQ(refusal(exploration, {.path = path, .world = world}), "");
  EXPECT_EQ(refusal(exploration, {.path = path, .world = world.substr(0, 8)}), "");
  for (const std::string& other : {std::string("00000000"), std::string("nonsense"), world + "0",
                                   std::string(100'000, 'a'), std::string("<script>")}) {
    EXPECT_NE(refusal(exploration, {.path = path, .world = other}), "") << other.substr(0, 20);
  }
  // The same path in another system.
  const Model raft = find_system("raft")->make(find_system("raft")->defaults);
  Exploration elsewhere(raft);
  EXPECT_NE(refusal(elsewhere, {.path = path, .world = world}), "");
}

TEST(ExplorePage, TheNearestViolationIsAPath) {
  const Trace trace = trace_named("two-phase-commit-abort-in-doubt");
  const Model model = model_of(trace);
  Exploration exploration(model);
  const json nearest = json::parse(nearest_data(exploration, {.path = ""}));
  ASSERT_EQ(nearest.at("found"), true);
  std::string path;
  for (const json& step : nearest.at("steps")) {
    path += (path.empty() ? "" : ".") + step.at(0).get<std::string>();
  }
  const json end = world_of(exploration, {.path = path});
  EXPECT_EQ(property_named(model, end, nearest.at("property")).at(0), "violated");
  EXPECT_EQ(end.at("taken").back().at("violates").size(), 1U);
}

// One node that sends itself more than a page could show.
struct Flood {
  struct Drop {
    std::uint32_t number;
    std::string text;
  };
  using Message = std::variant<Drop>;
  using Context = gainsay::Context<Flood>;
  std::uint32_t received = 0;
  void start(Context& ctx) {
    for (std::uint32_t i = 0; i < 1'500; ++i) {
      ctx.send(ctx.self(), Drop{i, std::string(2'000, '<')});
    }
  }
  void on(Context&, NodeId, Drop) { ++received; }
};

TEST(ExplorePage, LargeWorldsAreCutAndSaySo) {
  const Model model{
      .system = make_system<Flood>("flood", {.nodes = 1, .network = Network::unordered}),
      .properties = {}};
  Exploration exploration(model);
  const std::string text = world_data(exploration, {.path = ""});
  EXPECT_LT(text.size(), 1'500'000U);
  const json world = json::parse(text);
  EXPECT_EQ(world.at("messages").size(), 1'000U);
  EXPECT_EQ(world.at("messages_left_out"), 500);
  EXPECT_EQ(world.at("choices").size(), 1'000U);
  EXPECT_EQ(world.at("choices_left_out"), 500);
  EXPECT_FALSE(world.at("choices").at(0).contains("unknown"));
  EXPECT_EQ(world.at("choices").at(999).at("unknown"), true);  // not looked ahead of
}

}  // namespace
}  // namespace gainsay
