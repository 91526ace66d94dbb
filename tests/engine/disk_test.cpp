// Nodes that sync their disks themselves: what a crash leaves, where a handler may crash, and that
// the script of a step goes through all of it, each way once.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <tuple>

#include "engine/story.hpp"
#include "engine/trace.hpp"

namespace gainsay::testing {
namespace {

enum class Op : std::uint8_t { first, second, write, sync, send, choose, tell, fail };
using Program = std::vector<Op>;

struct Do {  // what the handler does, in order
  Program program;
};
struct Note {
  std::uint8_t number = 0;
};
struct Durable {
  std::uint8_t first = 0;
  std::uint8_t second = 0;
};

struct Node {
  using Message = std::variant<Do, Note>;
  using Context = gainsay::Context<Node>;
  using Label = Note;
  struct Options {
    std::vector<Program> plan;  // n1 sends it all to n2
    Program at_restart;
  };
  static constexpr bool syncs = true;

  Durable durable;
  std::uint8_t volatile_count = 0;

  void start(Context& ctx) {
    if (ctx.self().value == 0) {
      for (const Program& program : ctx.options().plan) ctx.send({1}, Do{program});
    }
    if (durable.first > 0) run(ctx, ctx.options().at_restart);
  }
  void on(Context& ctx, NodeId, Do message) { run(ctx, message.program); }
  void on(Context&, NodeId, Note) { ++volatile_count; }

  void run(Context& ctx, const Program& program) {
    for (const Op op : program) {
      if (op == Op::first) ++durable.first;
      if (op == Op::second) durable.second = durable.first;
      if (op == Op::write) ctx.write();
      if (op == Op::sync) ctx.sync();
      if (op == Op::send) ctx.send({0}, Note{durable.first});
      if (op == Op::choose) durable.second = static_cast<std::uint8_t>(5 + ctx.choose(2));
      if (op == Op::tell) ctx.observe(Note{durable.second});
      expect(op != Op::fail, "told to fail");
    }
  }
};

System disk_system(const Bounds& bounds, std::vector<Program> plan, Program at_restart = {}) {
  Bounds all = bounds;
  all.nodes = 2;
  return make_system<Node>("disk", all,
                           {.plan = std::move(plan), .at_restart = std::move(at_restart)});
}

Event doing(const Program& program, DiskCrash crash = {}) {
  Event event{.kind = EventKind::deliver,
              .process = {1},
              .from = {0},
              .message = encoded(Wire<Node>(Do{program}))};
  add_crash(event.choices, crash);
  return event;
}
Event crash(std::uint32_t lost) {
  Event event{.kind = EventKind::crash, .process = {1}};
  if (lost > 0) add_crash(event.choices, {.at = 1, .lost = lost});
  return event;
}
const Node& node(const LiveWorld& world) {
  return *static_cast<const Node*>(world.state({1}).process->state());
}
std::size_t count(const LiveWorld& world, EventKind kind) {
  return static_cast<std::size_t>(std::ranges::count(world.enabled(), kind, &Event::kind));
}

const Bounds lossy{.crashes = 2, .restarts = 2, .unsynced = 1};
using O = Op;

TEST(Disk, WhatWasNotSyncedSurvivesAsAPrefix) {
  const Program program{O::first, O::write, O::first, O::write, O::first};
  const System system = disk_system(lossy, {program});
  for (const std::uint32_t lost : {0U, 1U, 2U, 3U}) {
    LiveWorld world = started_world(system);
    ASSERT_EQ(world.apply(doing(program)).status, Outcome::Status::applied);
    EXPECT_EQ(node(world).durable.first, 3);
    EXPECT_EQ(world.state({1}).unsynced.size(), 3U);
    EXPECT_EQ(count(world, EventKind::crash), 5U);  // n1 has one way, n2 four
    ASSERT_EQ(world.apply(crash(lost)).status, Outcome::Status::applied);
    EXPECT_EQ(node(world).durable.first, 3 - lost);
    EXPECT_EQ(world.used().count(BudgetKind::unsynced), lost > 0 ? 1U : 0U);
    EXPECT_EQ(world.used().cost(), lost > 0 ? 2U : 1U);
    EXPECT_TRUE(world.state({1}).unsynced.empty());
  }
  LiveWorld world = started_world(system);
  world.apply(doing(program));
  EXPECT_EQ(world.apply(crash(4)).status, Outcome::Status::not_enabled);
}

TEST(Disk, WhatIsSyncedIsSafe) {
  const Program program{O::first, O::sync};
  const System system = disk_system(lossy, {program});
  LiveWorld world = started_world(system);
  world.apply(doing(program));
  EXPECT_TRUE(world.state({1}).unsynced.empty());
  EXPECT_EQ(world.apply(crash(1)).status, Outcome::Status::not_enabled);
  EXPECT_EQ(world.apply(crash(0)).status, Outcome::Status::applied);
  EXPECT_EQ(node(world).durable.first, 1);
}

TEST(Disk, TheBudgetLimitsCrashesThatLoseWrites) {
  const Program program{O::first};
  const System system = disk_system(lossy, {program});
  LiveWorld world = started_world(system);
  world.apply(doing(program));
  ASSERT_EQ(world.apply(crash(1)).status, Outcome::Status::applied);
  ASSERT_EQ(world.apply({.kind = EventKind::restart, .process = {1}}).status,
            Outcome::Status::applied);
  world.apply(doing(program));
  EXPECT_EQ(world.apply(crash(1)).status, Outcome::Status::not_enabled);
  EXPECT_EQ(world.apply(crash(0)).status, Outcome::Status::applied);
}

TEST(Disk, AHandlerMayCrashBetweenTwoWrites) {
  const Program program{O::first, O::sync, O::send, O::second, O::sync, O::send};
  const System system = disk_system(lossy, {program});
  LiveWorld between = started_world(system);
  const Outcome outcome = between.apply(doing(program, {.at = 2, .lost = 1}));
  ASSERT_EQ(outcome.status, Outcome::Status::applied);
  EXPECT_EQ(outcome.step.sends.size(), 1U);  // the first has left
  EXPECT_EQ(between.state({1}).status, LocalState::Status::down);
  EXPECT_EQ(node(between).durable.first, 1);
  EXPECT_EQ(node(between).durable.second, 0);
  EXPECT_EQ(between.used().cost(), 2U);
  LiveWorld behind = started_world(system);
  ASSERT_EQ(behind.apply(doing(program, {.at = 2, .lost = 0})).status, Outcome::Status::applied);
  EXPECT_EQ(node(behind).durable.second, 1);
  EXPECT_EQ(behind.used().cost(), 1U);
  LiveWorld other = started_world(system);
  EXPECT_EQ(other.apply(doing(program, {.at = 3, .lost = 0})).status, Outcome::Status::not_enabled);
  EXPECT_EQ(other.apply(doing(program, {.at = 1, .lost = 2})).status, Outcome::Status::not_enabled);
}

TEST(Disk, ARestartMayCrashAndTheInitialStartMayNot) {
  const Program program{O::first, O::sync};
  const System system = disk_system(lossy, {program}, {O::second, O::sync});
  LiveWorld world(system);
  EXPECT_EQ(world.enabled().size(), 2U);  // two starts, one way each
  LiveWorld started = started_world(system);
  started.apply(doing(program));
  started.apply(crash(0));
  EXPECT_EQ(count(started, EventKind::restart), 3U);  // goes on, and crashes with 0 or 1 lost
}

TEST(Disk, WithoutTheBudgetAHandlersWritesAreOne) {
  const Program program{O::first, O::write, O::send, O::second};
  const System system = disk_system({.crashes = 1, .restarts = 1}, {program});
  LiveWorld world = started_world(system);
  EXPECT_EQ(count(world, EventKind::deliver), 1U);
  const Outcome outcome = world.apply(doing(program));
  EXPECT_TRUE(outcome.step.unsynced_sends.empty());
  EXPECT_TRUE(world.state({1}).unsynced.empty());
  EXPECT_EQ(count(world, EventKind::crash), 2U);
}

TEST(Disk, SendsBeforeASyncAreTold) {
  const auto early = [](const Program& program) {
    const System system = disk_system(lossy, {program});
    LiveWorld world = started_world(system);
    return world.apply(doing(program)).step.unsynced_sends;
  };
  using Places = std::vector<std::uint32_t>;
  EXPECT_EQ(early({O::send, O::first, O::send, O::sync, O::send}), Places{1});
  EXPECT_EQ(early({O::first, O::write, O::send, O::send}), (Places{0, 1}));
  EXPECT_EQ(early({O::first, O::sync, O::send}), Places{});
}

// --- all ways, against a plain recursion ---

// (is it down, first, second, versions that a crash may leave, sends, labels, lost, choices)
using Way = std::tuple<bool, int, int, std::set<std::pair<int, int>>, std::vector<int>,
                       std::vector<int>, std::uint32_t, std::vector<std::uint32_t>>;

struct Recursion {
  const Program& program;
  std::multiset<Way> ways{};
  std::size_t failures = 0;

  struct At {
    std::size_t next = 0;
    std::pair<int, int> now{0, 0};
    std::vector<std::pair<int, int>> disk{{0, 0}};  // the last is the newest
    std::vector<int> sends{};
    std::vector<int> labels{};
    std::vector<std::uint32_t> choices{};
    bool moved = false;
  };

  static bool write(At& at) {
    if (at.disk.back() == at.now) return false;
    std::erase(at.disk, at.now);
    at.disk.push_back(at.now);
    return true;
  }
  void stop(const At& at) {
    for (std::size_t lost = 0; lost < at.disk.size(); ++lost) {
      const auto left = at.disk[at.disk.size() - 1 - lost];
      ways.emplace(true, left.first, left.second, std::set<std::pair<int, int>>{}, at.sends,
                   at.labels, static_cast<std::uint32_t>(lost), at.choices);
    }
  }
  void go(At at) {
    for (; at.next < program.size(); ++at.next) {
      const Op op = program[at.next];
      if (op == Op::fail) {
        ++failures;
        return;
      }
      if (op == Op::first) ++at.now.first;
      if (op == Op::second) at.now.second = at.now.first;
      if (op == Op::send) at.sends.push_back(at.now.first);
      if (op == Op::tell) at.labels.push_back(at.now.second);
      if (op == Op::send || op == Op::tell) at.moved = true;
      if (op == Op::choose) {
        At other = at;
        other.now.second = 6;
        other.choices.push_back(1);
        ++other.next;
        at.now.second = 5;
        at.choices.push_back(0);
        ++at.next;
        go(at);
        return go(other);
      }
      if (op != Op::write && op != Op::sync) continue;
      const bool wrote = write(at);
      if (wrote || (op == Op::sync && at.moved && at.disk.size() > 1)) {
        stop(at);
        at.moved = false;
      }
      if (op == Op::sync) at.disk = {at.disk.back()};
    }
    write(at);
    std::set<std::pair<int, int>> older(at.disk.begin(), at.disk.end() - 1);
    ways.emplace(false, at.now.first, at.now.second, older, at.sends, at.labels, 0U, at.choices);
  }
};

Way way_of(const LocalState& local, const StepResult& step) {
  const Node& node = *static_cast<const Node*>(local.process->state());
  std::set<std::pair<int, int>> older;
  for (const Bytes& version : local.unsynced) {
    const auto durable = decoded<Durable>(version);
    older.emplace(durable.first, durable.second);
  }
  std::vector<int> sends;
  for (const Sent& sent : step.sends) {
    sends.push_back(std::get<Note>(decoded<Wire<Node>>(sent.message)).number);
  }
  std::vector<int> labels;
  for (const Label& label : step.labels) labels.push_back(decoded<Note>(label.value).number);
  const auto choices = choices_of(step.answers);
  return {local.status == LocalState::Status::down,
          node.durable.first,
          node.durable.second,
          older,
          sends,
          labels,
          crash_of(step.answers).lost,
          {choices.begin(), choices.end()}};
}

TEST(Disk, AllWaysOfAHandlerAreTakenOnce) {
  rc::check([] {
    const auto codes =
        *rc::gen::resize(12, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 29)));
    Program program;
    for (const int code : codes) program.push_back(code == 28 ? Op::fail : Op(code % 7));
    Recursion expected{.program = program};
    expected.go({});
    const System system = disk_system(lossy, {});
    std::multiset<Way> ways;
    std::set<std::vector<std::uint32_t>> scripts;
    std::size_t failures = 0;
    std::vector<std::uint32_t> script;
    for (bool more = true; more;) {
      LocalState local{LocalState::Status::up, 0, system.processes[1]->make()};
      const LocalEvent event{.kind = LocalEvent::Kind::deliver,
                             .message = encoded(Wire<Node>(Do{program}))};
      const StepResult step = run_event(local, event, system.place({1}), script);
      RC_ASSERT(scripts.insert(step.answers).second);
      if (step.fault != StepResult::Fault::none) {
        ++failures;
      } else {
        const Bytes bytes = encode_local(local);
        RC_ASSERT(encode_local(decode_local(*system.processes[1], bytes)) == bytes);
        RC_ASSERT(join_local(split_local(bytes)) == bytes);
        ways.insert(way_of(local, step));
        // What the answers say is what they do.
        LocalState again{LocalState::Status::up, 0, system.processes[1]->make()};
        const StepResult second = run_event(again, event, system.place({1}), step.answers);
        RC_ASSERT(second.answers == step.answers);
        RC_ASSERT(encode_local(again) == bytes);
      }
      more = next_script(script, step);
    }
    RC_ASSERT(ways == expected.ways);
    RC_ASSERT(failures == expected.failures);
  });
}

// --- traces ---

TEST(Disk, ATraceNamesWhereAHandlerCrashesAndWhatIsLost) {
  const Program program{O::choose, O::write, O::first, O::sync, O::send};
  const System system = disk_system(lossy, {program});
  std::vector<Event> events;
  for (std::uint8_t i = 0; i < 2; ++i) events.push_back({.process = {i}});
  Event inside = doing(program);
  inside.choices = {1};
  add_crash(inside.choices, {.at = 2, .lost = 1});
  events.push_back(inside);
  EXPECT_EQ(describe(system, inside),
            "deliver n2 <- n1 Do{program=[choose, write, first, sync, send]} choosing 1, crashing "
            "at disk operation 2 and losing 1 write");
  EXPECT_EQ(describe(system, crash(2)), "crash n2 losing 2 writes");
  const std::string text = trace_text(system, record_trace(system, events, std::nullopt), events);
  const Trace trace = parse_trace(text, "trace");
  EXPECT_EQ(trace.bounds.unsynced, 1U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(event_of(system, trace.events[i], i), events[i]);
  }
  EXPECT_NE(tell_story(system, events).find("it is down"), std::string::npos);
}

TEST(Disk, AStoryTellsHowManyWritesAreNotSynced) {
  const Program program{O::first, O::write, O::second};
  const System system = disk_system(lossy, {program, {O::sync}});
  const std::string story =
      tell_story(system, {{.process = {0}}, {.process = {1}}, doing(program), doing({O::sync})});
  EXPECT_NE(story.find("2 writes are not synced"), std::string::npos) << story;
  EXPECT_NE(story.find("its writes are synced"), std::string::npos) << story;
}

// --- bounds ---

struct Careless {  // says nothing of its disk
  struct Nothing {};
  using Message = std::variant<Nothing>;
  Durable durable;
  void start(Context<Careless>&) {}
  void on(Context<Careless>&, NodeId, Nothing) {}
};

TEST(Disk, TheBoundIsRefusedWhereItMeansNothing) {
  Bounds bounds{.nodes = 2, .crashes = 1, .unsynced = 1};
  EXPECT_NO_THROW(validate(disk_system(bounds, {})));
  EXPECT_THROW(validate(make_system<Careless>("careless", bounds)), UsageError);
  bounds.unsynced = 2;
  EXPECT_THROW(validate(bounds), UsageError);
  bounds.crashes = bounds.unsynced = greatest_budget(BudgetKind::unsynced) + 1;
  EXPECT_THROW(validate(bounds), UsageError);
}

TEST(Disk, BudgetsDoNotMix) {
  std::map<BudgetKind, std::uint32_t> used;
  BudgetUsed all;
  for (std::size_t i = 0; i < budget_kinds; ++i) {
    const auto kind = static_cast<BudgetKind>(i);
    for (std::uint32_t k = 0; k < greatest_budget(kind); ++k) all = all.plus({kind});
    used[kind] = greatest_budget(kind);
    for (std::size_t j = 0; j < budget_kinds; ++j) {
      const auto other = static_cast<BudgetKind>(j);
      EXPECT_EQ(all.count(other), used.contains(other) ? used[other] : 0);
    }
  }
  EXPECT_EQ(
      BudgetUsed().plus({BudgetKind::timeout, BudgetKind::crash, BudgetKind::unsynced}).cost(),
      cost_of_event_max);
}

}  // namespace
}  // namespace gainsay::testing
