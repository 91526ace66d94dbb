// PBFT: its handlers against the sections of the paper, and checks with each replica Byzantine.
#include "protocols/pbft/pbft.hpp"

#include <gtest/gtest.h>

#include "engine/random.hpp"
#include "engine/signed_run.hpp"
#include "explorer/check.hpp"
#include "explorer/recovery.hpp"
#include "explorer/replay.hpp"
#include "protocols/catalog.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::pbft {
namespace {

constexpr NodeId n1{0};
constexpr NodeId n2{1};
constexpr NodeId n3{2};
constexpr NodeId n4{3};

Batch batch(const std::string& value) {
  return {{.id = {.client = {4}, .number = 1},
           .operation = {.action = kv::Action::put, .key = "x", .value = value}}};
}
const Batch a = batch("A");
const Batch b = batch("B");

Signed<PrePrepare> pre_prepare(ViewNumber view, Sequence n, const Batch& of) {
  return {.signer = primary_of(view, 4),
          .value = {.view = view, .sequence = n, .digest = digest_of(of)}};
}
Proposal proposal(ViewNumber view, Sequence n, const Batch& of) {
  return {.pre_prepare = pre_prepare(view, n, of), .batch = of};
}
Signed<Prepare> prepare(NodeId signer, const Batch& of) {
  return {.signer = signer, .value = {.view = 0, .sequence = 1, .digest = digest_of(of)}};
}
Signed<Commit> commit(NodeId signer, const Batch& of) {
  return {.signer = signer, .value = {.view = 0, .sequence = 1, .digest = digest_of(of)}};
}
Prepared prepared(ViewNumber view, Sequence n, const Batch& of, std::uint32_t signers = 2) {
  const Signed<PrePrepare> signed_one = pre_prepare(view, n, of);
  return {.pre_prepare = signed_one,
          .prepares = {.value = {.view = view, .sequence = n, .digest = digest_of(of)},
                       .signers = signers},
          .batch = of};
}
Signed<ViewChange> view_change(NodeId signer, ViewNumber to, std::vector<Prepared> certificates) {
  return {.signer = signer,
          .value = {.view = to, .stable = {}, .prepared = std::move(certificates)}};
}

// One of four replicas, whose handlers are called directly.
struct Handlers {
  explicit Handlers(NodeId self = n2) : step({.self = self, .nodes = 4, .processes = 5}, 0, {}) {}
  Options options{.requests = {a.front(), b.front()}, .sequences = 3};
  StepContext step;
  Node::Context ctx{step, &options};
  Node node;

  template <class Message>
  std::optional<Message> last_sent() const {
    if (step.sends().empty()) return std::nullopt;
    const auto wire = decoded<Wire<Node>>(step.sends().back().message);
    const auto* message = std::get_if<Message>(&wire);
    return message == nullptr ? std::nullopt : std::optional(*message);
  }
};

TEST(PbftNormalCase, TwoFPreparesAndTheirPrePrepareArePreparedAndTwoFAndOneCommit) {  // 4.2
  Handlers h;
  h.node.on(h.ctx, n1, proposal(0, 1, a));
  ASSERT_TRUE(h.last_sent<Signed<Prepare>>());
  EXPECT_EQ(h.last_sent<Signed<Prepare>>()->signer, n2);
  h.node.on(h.ctx, n2, prepare(n2, a));  // its own again
  h.node.on(h.ctx, n1, prepare(n1, a));  // the primary's does not count
  h.node.on(h.ctx, n3, prepare(n3, b));  // nor does another digest
  EXPECT_FALSE(h.last_sent<Signed<Commit>>());
  h.node.on(h.ctx, n3, prepare(n3, a));
  EXPECT_TRUE(h.last_sent<Signed<Commit>>());
  h.node.on(h.ctx, n3, commit(n3, a));
  h.node.on(h.ctx, n3, commit(n3, a));
  EXPECT_TRUE(h.node.decisions.empty());
  h.node.on(h.ctx, n1, commit(n1, a));
  ASSERT_TRUE(h.node.decisions.contains(1));
  EXPECT_TRUE(h.node.decisions[1].begin()->second.certified);
  EXPECT_EQ(h.node.store["x"], "A");
}

TEST(PbftNormalCase, APrePrepareIsAcceptedOnceFromThePrimaryWithItsDigest) {  // 4.2
  Handlers h;
  Proposal forged = proposal(0, 1, a);
  forged.pre_prepare.signer = n3;
  h.node.on(h.ctx, n3, forged);
  Proposal mismatched = proposal(0, 1, a);
  mismatched.batch = b;
  h.node.on(h.ctx, n1, mismatched);
  h.node.on(h.ctx, n1, proposal(1, 1, a));    // of another view
  h.node.on(h.ctx, n1, proposal(0, 0, a));    // at h
  h.node.on(h.ctx, n1, proposal(0, 257, a));  // beyond H
  EXPECT_TRUE(h.node.log.empty());
  EXPECT_TRUE(h.step.sends().empty());
  h.node.on(h.ctx, n1, proposal(0, 256, a));
  h.node.on(h.ctx, n1, proposal(0, 1, a));
  h.node.on(h.ctx, n1, proposal(0, 1, b));
  EXPECT_EQ(h.node.log[1].pre_prepare, pre_prepare(0, 1, a));
  EXPECT_EQ(h.step.sends().size(), 6U);  // two prepares to three replicas
}

TEST(PbftNormalCase, ARequestIsExecutedOnceAndAnsweredFromTheCache) {  // 4.1
  Handlers h;
  h.options.requests.clear();  // there is a client
  for (const Sequence n : {1U, 2U}) {
    h.node.decisions[n][digest_of(a)] = {.view = 0, .certified = true, .batch = a};
  }
  h.node.execute(h.ctx);
  EXPECT_EQ(h.node.executed, 2U);
  EXPECT_EQ(h.step.sends().size(), 1U);
  h.node.on(h.ctx, {4}, a.front());
  EXPECT_EQ(h.step.sends().size(), 2U);
  EXPECT_TRUE(h.node.waiting.empty());
}

TEST(PbftNormalCase, RequestsGatherInABatchWhileOneIsOnItsWay) {
  Handlers h(n1);
  h.options.requests.clear();
  ClientRequest other = b.front();
  other.id.client = {5};
  h.node.on(h.ctx, {4}, a.front());
  h.node.on(h.ctx, {5}, other);
  EXPECT_EQ(h.node.assigned, 1U);
  h.node.decisions[1][digest_of(a)] = {.view = 0, .certified = true, .batch = a};
  h.step = StepContext({.self = n1, .nodes = 4, .processes = 6}, 0, {});
  h.node.execute(h.ctx);
  EXPECT_EQ(h.node.assigned, 2U);
  EXPECT_EQ(h.node.log[2].batch, (Batch{other}));
}

TEST(PbftNormalCase, APipelineHasSeveralBatchesUnderWayEachRequestInOne) {
  Handlers h(n1);
  h.options.requests.clear();
  h.options.pipeline = 2;
  h.options.batch = 1;
  Batch asked{a.front(), a.front(), a.front()};
  for (ClientRequest& request : asked) {
    request.id.number = static_cast<std::uint32_t>(&request - asked.data()) + 1;
    h.node.on(h.ctx, {4}, request);
  }
  EXPECT_EQ(h.node.log[1].batch, (Batch{asked[0]}));
  EXPECT_EQ(h.node.log[2].batch, (Batch{asked[1]}));
  EXPECT_EQ(h.node.assigned, 2U);
  h.node.decisions[1][digest_of({asked[0]})] = {.certified = true, .batch = {asked[0]}};
  h.node.execute(h.ctx);
  EXPECT_EQ(h.node.log[3].batch, (Batch{asked[2]}));
}

TEST(PbftCheckpoint, TwoFAndOneMakeItStableAndTheLogIsCut) {  // 4.3
  Handlers h;
  h.options.checkpoint_interval = 1;
  h.node.on(h.ctx, n1, proposal(0, 1, a));
  h.node.decisions[1][digest_of(a)] = {.view = 0, .certified = true, .batch = a};
  h.node.execute(h.ctx);
  const auto own = h.last_sent<Signed<Checkpoint>>();
  ASSERT_TRUE(own);
  Signed<Checkpoint> wrong{.signer = n1, .value = own->value};
  ++wrong.value.state.bits;
  h.node.on(h.ctx, n1, wrong);
  h.node.on(h.ctx, n3, Signed<Checkpoint>{.signer = n3, .value = own->value});
  EXPECT_FALSE(h.node.stable);
  EXPECT_TRUE(h.node.log.contains(1));
  h.node.on(h.ctx, n4, Signed<Checkpoint>{.signer = n4, .value = own->value});
  ASSERT_TRUE(h.node.stable);
  EXPECT_EQ(h.node.stable->signers, 3U);
  EXPECT_TRUE(h.node.log.empty());
  EXPECT_FALSE(h.node.in_watermarks(h.ctx, 1));
}

TEST(PbftViewChange, TheHighestViewWinsAndGapsAreNull) {  // 4.4, O
  const auto o = pre_prepares_of({view_change(n1, 3, {prepared(0, 1, a), prepared(1, 3, a)}),
                                  view_change(n3, 3, {prepared(2, 1, b)}), view_change(n4, 3, {})},
                                 Options{}, 3);
  ASSERT_EQ(o.size(), 3U);
  EXPECT_EQ(o[0], (PrePrepare{.view = 3, .sequence = 1, .digest = digest_of(b)}));
  EXPECT_EQ(o[1], (PrePrepare{.view = 3, .sequence = 2, .digest = {}}));
  EXPECT_EQ(o[2], (PrePrepare{.view = 3, .sequence = 3, .digest = digest_of(a)}));
}

TEST(PbftViewChange, WhatIsStableIsNotProposedAgain) {  // 4.4, min-s
  Signed<ViewChange> later = view_change(n2, 1, {});
  later.value.stable =
      Certificate<Checkpoint>{.value = {.sequence = 1, .state = {5}}, .signers = 3};
  const std::vector<Signed<ViewChange>> v = {view_change(n1, 1, {prepared(0, 1, a)}), later};
  ASSERT_NE(latest_stable(v), nullptr);
  EXPECT_EQ(latest_stable(v)->value.sequence, 1U);
  EXPECT_TRUE(pre_prepares_of(v, Options{}, 1).empty());
}

TEST(PbftViewChange, ItsProofsAreVerified) {  // 4.4
  const auto valid = [](std::vector<Prepared> certificates) {
    return is_valid(view_change(n3, 2, std::move(certificates)), 4, Options{});
  };
  EXPECT_TRUE(valid({}));
  EXPECT_TRUE(valid({prepared(0, 1, a), prepared(1, 2, b)}));
  EXPECT_FALSE(valid({prepared(0, 1, a, 1)})) << "prepares of 2f backups are needed";
  EXPECT_FALSE(valid({prepared(2, 1, a)})) << "of an earlier view";
  EXPECT_FALSE(valid({prepared(0, 2, a), prepared(0, 1, a)})) << "in order";
  EXPECT_FALSE(valid({prepared(0, 257, a)})) << "within the watermarks";
  Prepared other = prepared(0, 1, a);
  other.batch = b;
  EXPECT_FALSE(valid({other}));
  other = prepared(0, 1, a);
  other.prepares.value.digest = digest_of(b);
  EXPECT_FALSE(valid({other}));
  other = prepared(0, 1, a);
  other.pre_prepare.signer = n3;
  EXPECT_FALSE(valid({other}));
  Signed<ViewChange> unproved = view_change(n3, 1, {});
  unproved.value.stable =
      Certificate<Checkpoint>{.value = {.sequence = 1, .state = {}}, .signers = 2};
  EXPECT_FALSE(is_valid(unproved, 4, Options{}));
}

TEST(PbftViewChange, TheNewPrimaryProposesWhatWasPrepared) {  // 4.4
  Handlers h(n2);
  h.node.on(h.ctx, Node::Timer::view_change);
  EXPECT_FALSE(h.node.active);
  h.node.on(h.ctx, n3, view_change(n3, 1, {prepared(0, 1, a)}));
  h.node.on(h.ctx, n3, view_change(n3, 1, {}));  // one for each replica
  EXPECT_FALSE(h.node.active);
  h.node.on(h.ctx, n4, view_change(n4, 1, {prepared(0, 1, a, 1)}));  // not valid
  EXPECT_FALSE(h.node.active);
  h.node.on(h.ctx, n1, view_change(n1, 1, {}));
  EXPECT_TRUE(h.node.active);
  const auto sent = h.last_sent<Signed<NewView>>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->value.view_changes.size(), 3U);
  EXPECT_EQ(h.node.log[1].batch, a);

  Handlers backup(n3);  // it enters the view without having asked for it
  backup.node.on(backup.ctx, n2, *sent);
  EXPECT_EQ(backup.node.view, 1U);
  ASSERT_TRUE(backup.last_sent<Signed<Prepare>>());
  EXPECT_EQ(backup.last_sent<Signed<Prepare>>()->value.digest, digest_of(a));
}

TEST(PbftViewChange, BackupsComputeTheNewViewThemselves) {  // 4.4
  const auto accepts = [](const NewView& value, NodeId signer = n2) {
    Handlers h(n3);
    h.node.on(h.ctx, signer, Signed<NewView>{.signer = signer, .value = value});
    return h.node.view == 1;
  };
  const NewView right{.view = 1,
                      .view_changes = {view_change(n1, 1, {prepared(0, 1, a)}),
                                       view_change(n2, 1, {}), view_change(n4, 1, {})},
                      .pre_prepares = {pre_prepare(1, 1, a)}};
  EXPECT_TRUE(accepts(right));
  EXPECT_FALSE(accepts(right, n4));
  NewView wrong = right;
  wrong.pre_prepares = {pre_prepare(1, 1, b)};
  EXPECT_FALSE(accepts(wrong));
  wrong.pre_prepares.clear();
  EXPECT_FALSE(accepts(wrong));
  wrong = right;
  wrong.view_changes.pop_back();
  EXPECT_FALSE(accepts(wrong)) << "too few";
  wrong.view_changes.push_back(wrong.view_changes.back());
  EXPECT_FALSE(accepts(wrong)) << "twice the same";
}

TEST(PbftViewChange, FAndOneOthersAreJoinedWhereMessagesMayBeLost) {  // 4.5.2
  Handlers h(n4);
  h.options.monotone = false;
  h.node.on(h.ctx, n1, view_change(n1, 2, {}));
  EXPECT_EQ(h.node.view, 0U);
  h.node.on(h.ctx, n3, view_change(n3, 1, {}));
  EXPECT_EQ(h.node.view, 1U) << "the smallest of them";
}

TEST(PbftViewChange, AloneItAsksAgainAndWithTwoFAndOneItMovesOn) {  // 4.5.2
  Handlers h(n4);
  h.options.monotone = false;
  h.node.on(h.ctx, Node::Timer::view_change);
  const auto own = h.last_sent<Signed<ViewChange>>();
  ASSERT_TRUE(own);
  h.node.on(h.ctx, n1, view_change(n1, 1, {}));
  const std::size_t sent = h.step.sends().size();
  h.node.on(h.ctx, Node::Timer::view_change);
  EXPECT_EQ(h.node.view, 1U) << "2f + 1 have to ask for the view before the timer counts";
  EXPECT_EQ(h.step.sends().size(), sent + 3);
  EXPECT_EQ(h.last_sent<Signed<ViewChange>>(), own);
  h.node.on(h.ctx, n3, view_change(n3, 2, {}));  // of a later view: it is not coming back
  h.node.on(h.ctx, Node::Timer::view_change);
  EXPECT_EQ(h.node.view, 2U);
}

TEST(PbftViewChange, WhoMissedTheNewViewIsToldAgain) {
  Handlers h(n3);
  h.options.monotone = false;
  const Signed<NewView> new_view{
      .signer = n2,
      .value = {
          .view = 1,
          .view_changes = {view_change(n1, 1, {}), view_change(n2, 1, {}), view_change(n4, 1, {})},
          .pre_prepares = {}}};
  h.node.on(h.ctx, n1, view_change(n1, 2, {}));  // kept for later
  h.node.on(h.ctx, n2, new_view);
  ASSERT_EQ(h.node.view, 1U);
  ASSERT_TRUE(h.node.active);
  EXPECT_FALSE(h.last_sent<Signed<NewView>>());
  EXPECT_TRUE(h.node.view_changes.contains(n1));
  h.node.on(h.ctx, n4, view_change(n4, 1, {}));
  EXPECT_EQ(h.last_sent<Signed<NewView>>(), new_view);
  EXPECT_EQ(h.step.sends().back().to, n4);
}

// --- fetching a state ---

const State fetched{.store = {{"x", "A"}}, .replies = {{NodeId{4}, {.number = 1, .result = {}}}}};
const Checkpoint reached{.sequence = 1, .state = digest_of(fetched)};

TEST(PbftStateTransfer, WhoFellBehindFetchesWhatTwoFAndOneVouchFor) {
  Handlers h(n4);
  h.options.checkpoint_interval = 1;
  h.node.waiting = a;
  h.node.on(h.ctx, n1, proposal(0, 1, a));
  for (const NodeId signer : {n1, n2}) {
    h.node.on(h.ctx, signer, Signed<Checkpoint>{.signer = signer, .value = reached});
  }
  EXPECT_FALSE(h.last_sent<FetchState>());
  h.node.on(h.ctx, n3, Signed<Checkpoint>{.signer = n3, .value = reached});
  ASSERT_TRUE(h.last_sent<FetchState>());
  EXPECT_EQ(h.last_sent<FetchState>()->sequence, 1U);
  h.node.on(h.ctx, n1, CheckpointState{.sequence = 1, .state = {}});       // another digest
  h.node.on(h.ctx, n1, CheckpointState{.sequence = 2, .state = fetched});  // another checkpoint
  EXPECT_EQ(h.node.executed, 0U);
  EXPECT_FALSE(h.node.stable);
  h.node.on(h.ctx, n1, CheckpointState{.sequence = 1, .state = fetched});
  EXPECT_EQ(h.node.executed, 1U);
  EXPECT_EQ(h.node.store["x"], "A");
  EXPECT_TRUE(h.node.waiting.empty()) << "it was executed";
  EXPECT_TRUE(h.node.log.empty());
  ASSERT_TRUE(h.node.stable);
  EXPECT_EQ(h.node.stable->value, reached);
  EXPECT_TRUE(view(h.node).fetched);
}

TEST(PbftStateTransfer, WhatWasDecidedMeanwhileIsExecutedBehindIt) {
  Handlers h(n4);
  h.options.requests.clear();
  h.node.decisions[2][digest_of(b)] = {.view = 0, .certified = true, .batch = b};
  h.node.decisions[2].begin()->second.batch.front().id.number = 2;
  h.node.fetch(h.ctx, {.value = reached, .signers = 3});
  h.node.on(h.ctx, n1, CheckpointState{.sequence = 1, .state = fetched});
  EXPECT_EQ(h.node.executed, 2U);
  EXPECT_EQ(h.node.store["x"], "B");
}

TEST(PbftStateTransfer, EverybodyAnswersWhoHasTheState) {
  Handlers h(n2);
  h.node.on(h.ctx, n4, FetchState{.sequence = 1});
  EXPECT_TRUE(h.step.sends().empty());
  h.node.states[1] = fetched;
  h.node.on(h.ctx, n4, FetchState{.sequence = 1});
  ASSERT_TRUE(h.last_sent<CheckpointState>());
  EXPECT_EQ(h.step.sends().back().to, n4);
  EXPECT_EQ(digest_of(h.last_sent<CheckpointState>()->state), reached.state);
}

// --- checks ---

constexpr Reductions all{
    .dead_messages = true, .eager = true, .subsumption = true, .silent = true, .minimise = true};

Configuration one_sequence_number(const std::string& byzantine, std::uint64_t views) {
  Configuration configuration = catalog_entry().defaults;
  configuration.bounds.limits["view"] = views;
  configuration.options["byzantine"] = byzantine;
  return configuration;
}

CheckReport checked(const Configuration& configuration, const Reductions& reduce = all) {
  return check(find_system("pbft")->make(configuration), {.reduce = reduce});
}

TEST(PbftCheck, HoldsWithAByzantinePrimaryNewPrimaryOrBackupAndOneViewChange) {
  for (const char* byzantine : {"n1", "n2", "n3", "none"}) {
    const CheckReport report = checked(one_sequence_number(byzantine, 1));
    EXPECT_EQ(report.verdict, Verdict::holds) << byzantine << "\n" << report;
  }
}

TEST(PbftCheck, ThreeReplicasAreTooFew) {
  Configuration three = one_sequence_number("n1", 0);
  three.bounds.nodes = 3;
  const CheckReport report = checked(three);
  ASSERT_EQ(report.verdict, Verdict::violated) << report;
  EXPECT_EQ(report.counterexample->property, "agreement");
}

TEST(PbftCheck, ReductionsThatLookAtViewsReachTheSameViews) {
  const Model model = make_model(one_sequence_number("n1", 0));
  const CheckReport plain =
      check(model, {.reduce = Reductions{.dead_messages = true, .eager = true, .subsumption = true},
                    .digest = true});
  const CheckReport reduced = check(model, {.reduce = all, .digest = true});
  EXPECT_EQ(plain.verdict, Verdict::holds) << plain;
  EXPECT_EQ(plain.view_digest, reduced.view_digest);
  EXPECT_LT(reduced.states, plain.states);
}

TEST(PbftCheck, ClientsAreServedLinearizably) {
  if (is_sanitized()) GTEST_SKIP() << "takes more than a minute";
  Configuration served = one_sequence_number("n1", 0);
  served.bounds.clients = 1;
  served.bounds.operations = 2;
  served.bounds.limits["seq"] = 2;
  const CheckReport report = checked(served);
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

TEST(PbftCheck, CheckpointsHoldAcrossAViewChange) {
  if (is_sanitized()) GTEST_SKIP() << "takes more than a minute";
  Configuration configuration = one_sequence_number("n3", 1);
  configuration.options["checkpoint"] = configuration.options["requests"] = "1";
  const CheckReport report = checked(configuration);
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

TEST(PbftCheck, WhoFetchesAStateHasTheStateOfTheOthers) {
  Configuration configuration = one_sequence_number("n3", 0);
  configuration.options["checkpoint"] = "1";
  const CheckReport report = checked(configuration);
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
  for (const char* name : {"state agreement", "a state is fetched"}) {
    const auto asked = std::ranges::find(report.properties, name, &PropertyReport::name);
    ASSERT_NE(asked, report.properties.end());
    EXPECT_EQ(asked->verdict, Verdict::holds) << name;
  }
}

// --- recovery: once faults stop, clients are answered ---

Model recovering(const std::string& bug, std::uint64_t views) {
  Configuration configuration = one_sequence_number("n4", views);
  configuration.bounds.clients = 1;
  configuration.options["silent"] = "1";
  configuration.options["recovers"] = "1";
  configuration.bug = bug;
  return make_model(configuration);
}

void take(LiveWorld& world, NodeId process, NodeId from, const std::string& message) {
  for (const Event& event : world.enabled()) {
    if (event.kind != EventKind::deliver || event.process != process || event.from != from)
      continue;
    const std::string text =
        describe(*world.system().message_type, event.message, world.system().naming());
    if (text.rfind(message + "{", 0) != 0) continue;
    ASSERT_EQ(world.apply(event).status, Outcome::Status::applied);
    return;
  }
  FAIL() << world.system().process_name(process) << " gets no " << message;
}

// All three enter view 1, where n1 alone commits. It has heard f + 1 view changes by then.
void commit_at_one(LiveWorld& world) {
  for (const NodeId id : {n1, n2, n3}) {
    take(world, id, {4}, "Request");
    world.apply({.kind = EventKind::timer, .process = id, .timer = 0});
  }
  for (const NodeId from : {n2, n3}) take(world, n1, from, "ViewChange");
  for (const NodeId from : {n1, n3}) take(world, n2, from, "ViewChange");
  for (const NodeId id : {n1, n3}) {
    take(world, id, n2, "NewView");
    take(world, id, n2, "Proposal");
  }
  take(world, n1, n3, "Prepare");
  take(world, n3, n1, "Prepare");
  for (const NodeId from : {n1, n3}) take(world, n2, from, "Prepare");
  for (const NodeId from : {n2, n3}) take(world, n1, from, "Commit");
}

RecoveryResult judged(const std::string& bug) {
  const Model model = recovering(bug, 1);
  const auto asked = std::ranges::find(model.properties, "clients are answered", &Property::name);
  LiveWorld world = started_world(model.system);
  commit_at_one(world);
  LocalVector vector;
  for (std::uint8_t id = 0; id < model.system.size(); ++id) vector.push_back(world.local({id}));
  return judge_recovery(model.system, *asked, {vector}, [](std::uint64_t) { return ""; });
}

// B21: those who are left behind ask for view 2, and the one who has executed never joins them.
TEST(PbftRecovery, WhoJoinsViewChangesByEqualityLeavesOthersStuck) {
  const RecoveryResult stuck = judged("vc-bandwagon-equality");
  EXPECT_EQ(stuck.verdict, Verdict::violated);
  EXPECT_FALSE(stuck.explanation.empty());
  EXPECT_EQ(judged("").verdict, Verdict::holds);
}

TEST(PbftRecovery, ClientsAreAnsweredOnceFaultsStop) {
  const CheckReport report = check(recovering("", 0));
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
  const auto asked =
      std::ranges::find(report.properties, "clients are answered", &PropertyReport::name);
  ASSERT_NE(asked, report.properties.end());
  EXPECT_GT(asked->recovery->vectors, 100U);
}

// --- twins ---

CheckReport with_twins(const std::string& name, const std::string& bug) {
  const CatalogEntry* entry = find_system("pbft");
  const auto seeded = std::ranges::find(entry->bugs, name, &gainsay::Bug::name);
  Configuration configuration = seeded->scenario;
  configuration.options["byzantine"] = "none";
  configuration.options["twins"] = "n1";
  configuration.bug = bug;
  const Model model = entry->make(configuration);
  const CheckReport report = check(model, {.max_states = 2'000'000});
  if (report.counterexample) {
    const Counterexample& found = *report.counterexample;
    const Trace trace =
        record_trace(model.system, found.events,
                     TraceVerdict{.property = found.property,
                                  .step = static_cast<std::uint32_t>(found.events.size() - 1)});
    EXPECT_TRUE(replay(model, trace).reproduced);
  }
  return report;
}

TEST(PbftTwins, ThreeReplicasAreTooFew) {
  EXPECT_EQ(with_twins("n-3f", "n-3f").verdict, Verdict::violated);
}

TEST(PbftTwins, FindTheSecondPrePrepare) {
  if (is_sanitized()) GTEST_SKIP() << "takes minutes; the kept trace of it is replayed";
  EXPECT_EQ(with_twins("second-preprepare-accepted", "second-preprepare-accepted").verdict,
            Verdict::violated);
}

TEST(PbftTwins, CorrectReplicasHoldAgainstThem) {
  const CheckReport report = with_twins("second-preprepare-accepted", "");
  EXPECT_EQ(report.verdict, Verdict::holds) << report;
}

// --- live runs ---

std::vector<Hash128> random_run(const System& system, const Signatures& signatures,
                                std::uint64_t seed, std::uint64_t& verified) {
  SignedRun run(system, signatures);
  RandomStream random(seed, Purpose::schedule);
  std::vector<Hash128> visited;
  for (std::uint32_t step = 0; step < 60; ++step) {
    const std::vector<Event> events = run.world().enabled();
    if (events.empty()) break;
    const Event& event = events[random.below(static_cast<std::uint32_t>(events.size()))];
    EXPECT_EQ(run.apply(event).status, Outcome::Status::applied);
    visited.push_back(run.world().hash());
  }
  verified = run.verified();
  return visited;
}

TEST(PbftLive, RealSignaturesVisitTheSameStates) {
  for (const char* byzantine : {"none", "n3"}) {
    Configuration configuration = one_sequence_number(byzantine, 1);
    configuration.options["requests"] = "1";
    const Model model = make_model(configuration);
    const auto ideal = ideal_signatures();
    const auto real = ed25519_signatures(4, 1);
    std::uint64_t verified = 0;
    const auto expected = random_run(model.system, *ideal, 1, verified);
    EXPECT_EQ(random_run(model.system, *real, 1, verified), expected) << byzantine;
    EXPECT_GT(expected.size(), 10U);
    EXPECT_GT(verified, 5U);
  }
}

TEST(PbftCatalog, WhatMakesNoSenseIsRefused) {
  const auto refused = [](const std::string& option, const std::string& value) {
    Configuration configuration = one_sequence_number("n1", 1);
    configuration.options[option] = value;
    EXPECT_THROW(find_system("pbft")->make(configuration), UsageError) << option;
  };
  refused("byzantine", "n5");
  refused("faults", "4");
  refused("checkpoint", "0");
  refused("window", "x");
  Configuration crashing = one_sequence_number("n1", 1);
  crashing.bounds.crashes = 1;
  EXPECT_THROW(find_system("pbft")->make(crashing), UsageError);
  Configuration unlimited = one_sequence_number("n1", 1);
  unlimited.bounds.limits.erase("seq");
  EXPECT_THROW(find_system("pbft")->make(unlimited), UsageError);
}

}  // namespace
}  // namespace gainsay::pbft
