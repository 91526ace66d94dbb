// One process and one event: what a handler may do, how choices are enumerated, what becomes a
// fault, what a crash leaves, and that the same event does the same again.
#include "engine/process.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "engine/node.hpp"

namespace gainsay {
namespace {

using Numbers = std::vector<std::uint32_t>;

enum class Command : std::uint8_t {
  none,
  fail_expectation,
  throw_exception,
  throw_number,
  choose_nothing,
  write,
  set_timers,
  clear_timers,
  talk,
  send_outside,
  ask_place
};
struct Do {
  Command command = Command::none;
};
struct Choose {
  Numbers options;  // one choice after the other
};
struct ChooseTree {
  std::uint32_t seed = 0;
};
struct Note {
  std::uint32_t number = 0;
};
struct Durable {
  std::uint32_t written = 0;
};

// How many answers there are after `answers`; 0 at the end of a branch.
std::uint32_t options_after(std::uint32_t seed, const Numbers& answers) {
  std::uint32_t mixed = seed;
  for (const std::uint32_t answer : answers) mixed = (mixed ^ (answer + 1)) * 2'654'435'761U;
  if (answers.size() == 4) return 0;
  return (mixed >> 28) % 4;
}

struct Node {
  using Message = std::variant<Do, Choose, ChooseTree, Note>;
  using Context = gainsay::Context<Node>;
  using Label = Note;
  struct Options {
    std::uint32_t bonus = 0;
  };
  enum class Timer : std::uint8_t { first, second, third };

  Durable durable;
  std::uint32_t starts = 0;
  std::uint32_t heard = 0;
  Numbers answers;

  void start(Context& ctx) {
    ++starts;
    heard = durable.written;
    ctx.set(Timer::second);
  }
  void on(Context& ctx, Timer timer) {
    heard = static_cast<std::uint32_t>(timer) + 10;
    if (timer == Timer::first) ctx.set(Timer::first);
  }
  void on(Context& ctx, NodeId, Choose message) {
    for (const std::uint32_t options : message.options) answers.push_back(ctx.choose(options));
  }
  void on(Context& ctx, NodeId, ChooseTree message) {
    while (const std::uint32_t options = options_after(message.seed, answers)) {
      answers.push_back(ctx.choose(options));
    }
  }
  void on(Context&, NodeId from, Note note) { heard = 100 * note.number + from.value; }
  void on(Context& ctx, NodeId from, Do message) {
    switch (message.command) {
      case Command::none:
        return;
      case Command::fail_expectation:
        expect(true, "this holds");
        return expect(heard == 77, "nobody said 77");
      case Command::throw_exception:
        throw std::out_of_range("beyond the log");
      case Command::throw_number:
        throw 42;
      case Command::choose_nothing:
        return static_cast<void>(ctx.choose(0));
      case Command::write:
        durable.written = 5;
        heard = 6;
        return;
      case Command::set_timers:
        ctx.set(Timer::first);
        ctx.set(Timer::first, between(std::chrono::seconds(1), std::chrono::seconds(2)));
        return ctx.arm(Timer::third, true);
      case Command::clear_timers:
        ctx.clear(Timer::second);
        return ctx.arm(Timer::third, false);
      case Command::talk:
        ctx.send(from, Note{1});
        ctx.broadcast(Note{2});
        ctx.send(ctx.self(), Note{3});
        ctx.send({3}, Note{4});
        return ctx.observe({9});
      case Command::send_outside:
        return ctx.send({4}, Note{1});
      case Command::ask_place:
        heard = 1000 * ctx.options().bonus + 10 * ctx.self().value + ctx.nodes();
        return;
    }
  }
};
struct Shown {
  std::uint32_t doubled = 0;
};
Shown view(const Node& node) { return {node.heard * 2}; }

constexpr std::uint64_t bit(Node::Timer timer) { return 1ULL << static_cast<unsigned>(timer); }
const auto node_type = std::make_shared<const NodeType<Node>>(Node::Options{.bonus = 7});
// The second of three nodes; a client follows.
constexpr StepContext::Place place{.self = {1}, .nodes = 3, .processes = 4};

Bytes wire(Wire<Node> message) { return encoded(message); }
LocalEvent from_first(Wire<Node> message) {
  return {.kind = LocalEvent::Kind::deliver, .from = {0}, .message = wire(std::move(message))};
}
LocalEvent timer_event(Node::Timer timer) {
  return {.kind = LocalEvent::Kind::timer, .timer = static_cast<std::uint32_t>(timer)};
}
const Node& node_of(const LocalState& local) {
  return *static_cast<const Node*>(local.process->state());
}
LocalState unstarted() { return {LocalState::Status::unstarted, 0, node_type->make()}; }
LocalState started() {
  LocalState local = unstarted();
  run_event(local, {.kind = LocalEvent::Kind::start}, place, {});
  return local;
}

// --- choices ---

std::vector<Numbers> all_runs(const LocalEvent& event) {
  std::vector<Numbers> runs;
  Numbers script;
  for (bool more = true; more;) {
    LocalState local = started();
    const StepResult step = run_event(local, event, place, script);
    EXPECT_EQ(step.fault, StepResult::Fault::none) << step.message;
    EXPECT_EQ(step.answers, node_of(local).answers);
    EXPECT_EQ(step.answers.size(), step.options.size());
    runs.push_back(step.answers);
    more = next_script(script, step);
  }
  return runs;
}

TEST(Choices, AreTheProductInTheOrderOfAnOdometer) {
  EXPECT_EQ(all_runs(from_first(Do{})), std::vector<Numbers>{{}});
  EXPECT_EQ(
      all_runs(from_first(Choose{{2, 1, 3}})),
      (std::vector<Numbers>{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {1, 0, 0}, {1, 0, 1}, {1, 0, 2}}));
  EXPECT_TRUE(rc::check([] {
    Numbers options;
    std::size_t product = 1;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      options.push_back(*rc::gen::inRange<std::uint32_t>(1, 5));
      product *= options.back();
    }
    const std::vector<Numbers> runs = all_runs(from_first(Choose{options}));
    RC_ASSERT(runs.size() == product);
    RC_ASSERT(std::set<Numbers>(runs.begin(), runs.end()).size() == product);
    RC_ASSERT(std::is_sorted(runs.begin(), runs.end()));
    for (const Numbers& run : runs) {
      RC_ASSERT(run.size() == options.size());
      for (std::size_t i = 0; i < run.size(); ++i) RC_ASSERT(run[i] < options[i]);
    }
  }));
}

void branches(std::uint32_t seed, Numbers& answers, std::vector<Numbers>& out) {
  const std::uint32_t options = options_after(seed, answers);
  if (options == 0) out.push_back(answers);
  for (std::uint32_t answer = 0; answer < options; ++answer) {
    answers.push_back(answer);
    branches(seed, answers, out);
    answers.pop_back();
  }
}

TEST(Choices, ThatDependOnEarlierOnesAreEveryBranchOfTheirTree) {
  std::size_t uneven = 0;
  const bool success = rc::check([&] {
    const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>()) * 2'654'435'761U;
    Numbers none;
    std::vector<Numbers> expected;
    branches(seed, none, expected);
    RC_ASSERT(all_runs(from_first(ChooseTree{seed})) == expected);
    uneven += expected.front().size() != expected.back().size() ? 1 : 0;
  });
  EXPECT_TRUE(success);
  EXPECT_GT(uneven, 10U);
}

TEST(Choices, BeyondTheScriptAreZeroAndTheRestOfALongScriptIsNotUsed) {
  LocalState local = started();
  const Numbers one = {1};
  EXPECT_EQ(run_event(local, from_first(Choose{{2, 2}}), place, one).answers, (Numbers{1, 0}));
  const Numbers three = {1, 1, 1};
  EXPECT_EQ(run_event(local, from_first(Choose{{2, 2}}), place, three).answers, (Numbers{1, 1}));
}

TEST(Choices, ThatCannotBeAnsweredAreFaults) {
  LocalState local = started();
  const Numbers two = {2};
  EXPECT_EQ(run_event(local, from_first(Choose{{2}}), place, two).fault,
            StepResult::Fault::exception);
  local = started();
  EXPECT_EQ(run_event(local, from_first(Do{Command::choose_nothing}), place, {}).fault,
            StepResult::Fault::exception);
}

// --- the step boundary ---

TEST(RunEvent, DoesTheSameAgain) {
  EXPECT_TRUE(rc::check([] {
    const LocalState original = started();
    const auto command = static_cast<Command>(*rc::gen::inRange(0, 11));
    RC_PRE(command != Command::throw_number);
    const LocalEvent event =
        *rc::gen::inRange(0, 2) == 0
            ? from_first(Do{command})
            : from_first(Choose{*rc::gen::container<Numbers>(rc::gen::inRange(1U, 4U))});
    const Bytes before = encode_local(original);
    LocalState one = original.copy();
    LocalState two = decode_local(*node_type, before);
    const Numbers script(2, 0);
    const StepResult first = run_event(one, event, place, script);
    const StepResult second = run_event(two, event, place, script);
    RC_ASSERT(encode_local(one) == encode_local(two));
    RC_ASSERT(first.fault == second.fault);
    RC_ASSERT(first.message == second.message);
    RC_ASSERT(first.sends == second.sends);
    RC_ASSERT(first.labels == second.labels);
    RC_ASSERT(first.answers == second.answers);
    RC_ASSERT(first.options == second.options);
    RC_ASSERT(encode_local(original) == before);  // a copy is a copy
  }));
}

TEST(RunEvent, AFailedExpectationIsAFault) {
  LocalState local = started();
  const StepResult step = run_event(local, from_first(Do{Command::fail_expectation}), place, {});
  EXPECT_EQ(step.fault, StepResult::Fault::expectation);
  EXPECT_EQ(step.message, "nobody said 77");
}

TEST(RunEvent, AnExceptionThatLeavesAHandlerIsAFault) {
  LocalState local = started();
  const StepResult step = run_event(local, from_first(Do{Command::throw_exception}), place, {});
  EXPECT_EQ(step.fault, StepResult::Fault::exception);
  EXPECT_EQ(step.message, "beyond the log");
}

TEST(RunEvent, AThrownThingThatIsNoStdExceptionIsAFaultToo) {
  LocalState local = started();
  StepResult step;
  EXPECT_NO_THROW(step = run_event(local, from_first(Do{Command::throw_number}), place, {}));
  EXPECT_EQ(step.fault, StepResult::Fault::exception);
}

TEST(RunEvent, RecordsSendsInOrderAndObservations) {
  LocalState local = started();
  const StepResult step = run_event(local, from_first(Do{Command::talk}), place, {});
  // Broadcast goes to the other nodes in id order, and not to clients.
  const std::vector<Sent> expected = {{{0}, wire(Note{1})},
                                      {{0}, wire(Note{2})},
                                      {{2}, wire(Note{2})},
                                      {{1}, wire(Note{3})},
                                      {{3}, wire(Note{4})}};
  EXPECT_EQ(step.sends, expected);
  EXPECT_EQ(step.labels, (std::vector<Label>{{Label::Kind::observe, encoded(Note{9})}}));
}

TEST(RunEvent, AMessageToNobodyIsAFault) {
  LocalState local = started();
  const StepResult step = run_event(local, from_first(Do{Command::send_outside}), place, {});
  EXPECT_EQ(step.fault, StepResult::Fault::exception);
  EXPECT_TRUE(step.sends.empty());
}

TEST(RunEvent, AHandlerKnowsItsPlaceItsOptionsAndTheSender) {
  LocalState local = started();
  run_event(local, from_first(Do{Command::ask_place}), place, {});
  EXPECT_EQ(node_of(local).heard, 7013U);
  run_event(local, {.kind = LocalEvent::Kind::deliver, .from = {2}, .message = wire(Note{4})},
            place, {});
  EXPECT_EQ(node_of(local).heard, 402U);
  EXPECT_EQ(static_cast<const Shown*>(local.process->view().get())->doubled, 804U);
}

// --- timers ---

TEST(Timers, AreSetOnceAndCleared) {
  LocalState local = started();
  EXPECT_EQ(local.timers, bit(Node::Timer::second));
  run_event(local, from_first(Do{Command::set_timers}), place, {});
  EXPECT_EQ(local.timers,
            bit(Node::Timer::first) | bit(Node::Timer::second) | bit(Node::Timer::third));
  run_event(local, from_first(Do{Command::clear_timers}), place, {});
  EXPECT_EQ(local.timers, bit(Node::Timer::first));
  EXPECT_EQ(node_type->timer_names(), (std::vector<std::string_view>{"first", "second", "third"}));
}

TEST(Timers, AreOneShotUnlessTheirHandlerSetsThemAgain) {
  LocalState local = started();
  run_event(local, from_first(Do{Command::set_timers}), place, {});
  run_event(local, timer_event(Node::Timer::third), place, {});
  EXPECT_EQ(node_of(local).heard, 12U);
  EXPECT_EQ(local.timers, bit(Node::Timer::first) | bit(Node::Timer::second));
  run_event(local, timer_event(Node::Timer::first), place, {});
  EXPECT_EQ(node_of(local).heard, 10U);
  EXPECT_EQ(local.timers, bit(Node::Timer::first) | bit(Node::Timer::second));
}

// --- crash and restart ---

TEST(Crash, LeavesOnlyWhatIsDurableAndARestartStarts) {
  LocalState local = unstarted();
  EXPECT_EQ(node_of(local).starts, 0U);
  run_event(local, {.kind = LocalEvent::Kind::start}, place, {});
  EXPECT_EQ(local.status, LocalState::Status::up);
  EXPECT_EQ(node_of(local).starts, 1U);
  run_event(local, from_first(Do{Command::write}), place, {});
  run_event(local, from_first(Choose{{3}}), place, {});

  const StepResult crash = run_event(local, {.kind = LocalEvent::Kind::crash}, place, {});
  EXPECT_EQ(crash.fault, StepResult::Fault::none);
  EXPECT_TRUE(crash.sends.empty());
  EXPECT_EQ(local.status, LocalState::Status::down);
  EXPECT_EQ(local.timers, 0U);
  EXPECT_TRUE(equal(node_of(local), Node{.durable = {.written = 5}}));

  run_event(local, {.kind = LocalEvent::Kind::restart}, place, {});
  EXPECT_EQ(local.status, LocalState::Status::up);
  EXPECT_TRUE(equal(node_of(local), Node{.durable = {.written = 5}, .starts = 1, .heard = 5}));
  EXPECT_EQ(local.timers, bit(Node::Timer::second));
}

// --- encodings of local states ---

TEST(LocalEncoding, ComesBackAndRefusesWhatItIsNot) {
  LocalState local = started();
  run_event(local, from_first(Choose{{3, 4}}), place, {});
  const Bytes bytes = encode_local(local);
  EXPECT_EQ(encode_local(decode_local(*node_type, bytes)), bytes);
  const LocalParts parts = split_local(bytes);
  EXPECT_EQ(parts.status, LocalState::Status::up);
  EXPECT_EQ(parts.timers, local.timers);
  EXPECT_EQ(parts.state, encoded(node_of(local)));
  EXPECT_THROW(decode_local(*node_type, bytes + "\x01"), DecodeError);
  EXPECT_THROW(split_local("\x03\x01"), DecodeError);  // no such status
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_local(*node_type, BytesView(bytes).substr(0, size)), DecodeError);
  }
}

}  // namespace
}  // namespace gainsay
