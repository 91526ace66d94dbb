// What may be asked of a simulation: disks that lose writes, real signatures, traitors, and options
// of protocols whose effect shows in the figures.
#include <gtest/gtest.h>

#include "explorer/minimize.hpp"
#include "explorer/replay.hpp"
#include "explorer/report.hpp"
#include "explorer/simulate/simulate.hpp"
#include "protocols/catalog.hpp"
#include "tests/explorer/simulate/busy.hpp"

namespace gainsay {
namespace {

// Every node crashes and comes back, some with fewer writes than they had.
SimulateOptions forgetful(const Model& model, std::uint64_t seed) {
  SimulateOptions options = busy(seed, 6 * second);
  options.simulation.disk = Distribution::exponential(10 * millisecond);
  for (std::uint32_t node = 1; node <= model.system.bounds.nodes; ++node) {
    const std::string name = "n" + std::to_string(node);
    for (const std::uint32_t round : {0U, 1U}) {
      add_crash(options.simulation.faults, model.system,
                name + "@" + std::to_string(500 + 600 * node + 2500 * round) + "ms+300ms");
    }
  }
  return options;
}

Model forgetful_model(const std::string& system, const std::string& bug = "") {
  const CatalogEntry& entry = *find_system(system);
  Configuration configuration = entry.simulated.value_or(entry.defaults);
  configuration.bounds.nodes = 3;
  configuration.bounds.clients = 8;
  configuration.bounds.network = Network::async;
  configuration.bounds.crashes = configuration.bounds.restarts = 6;
  configuration.bounds.unsynced = 3;
  configuration.bug = bug;
  return entry.make(configuration);
}

class LostWrites final : public SimulationWatch {
 public:
  bool step(const SimulatedStep& step) override {
    const DiskCrash crash = crash_of(step.choices);
    lost += crash.lost > 0 ? 1 : 0;
    within_handlers += crash.at > 0 && step.kind != EventKind::crash ? 1 : 0;
    return true;
  }
  std::uint32_t lost = 0;
  std::uint32_t within_handlers = 0;
};

TEST(SimulateOptions, CrashesLoseWhatIsNotSynced) {
  for (const char* name : {"raft", "multi-paxos"}) {
    const Model model = forgetful_model(name);
    std::uint32_t lost = 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const SimulateReport report = simulate(model, forgetful(model, seed));
      EXPECT_NE(report.verdict(), Verdict::violated) << name << " " << seed;
      EXPECT_GT(report.metrics->answers(), 30U) << name << " " << seed;
      LostWrites watch;
      Simulation(model.system, forgetful(model, seed).simulation, {&watch}).run_until(6 * second);
      EXPECT_LE(watch.lost, 3U);
      EXPECT_GT(watch.within_handlers, 0U) << name << " " << seed;
      lost += watch.lost;
    }
    EXPECT_GT(lost, 0U) << name;
  }
}

// All of such a run is one of the network async with unsynced writes.
TEST(SimulateOptions, LostWritesAreKeptAsATrace) {
  const Model model = forgetful_model("multi-paxos");
  SimulateOptions options = forgetful(model, 1);
  options.recorded_max = 3000;
  const SimulateReport report = simulate(model, options);
  LiveWorld world(model.system);
  std::uint32_t crashes = 0;
  for (const Event& event : report.recorded) {
    const Outcome outcome = world.apply(event);
    ASSERT_NE(outcome.status, Outcome::Status::not_enabled) << outcome.reason;
    crashes += crash_of(event.choices).at > 0 ? 1 : 0;
  }
  EXPECT_GT(report.recorded.size(), 1000U);
  EXPECT_GT(crashes, 0U);
}

TEST(SimulateOptions, WhoAnswersBeforeItHasSyncedIsFound) {
  const Model model = forgetful_model("raft", "ack-before-durable");
  bool is_found = false;
  for (std::uint64_t seed = 0; seed < 20 && !is_found; ++seed) {
    SimulateOptions options = forgetful(model, seed);
    options.minimize_seconds = 0;
    const SimulateReport report = simulate(model, options);
    is_found = report.verdict() == Verdict::violated;
  }
  EXPECT_TRUE(is_found);
}

SimulateOptions really_signed(const Model& model, std::uint64_t seed, Nanoseconds duration) {
  SimulateOptions options = busy(seed, duration);
  options.simulation.signatures =
      ed25519_signatures(static_cast<std::uint32_t>(model.system.size()), seed);
  return options;
}

TEST(SimulateOptions, RealSignaturesAreMadeAndVerified) {
  const Model model = model_of("pbft", 4);
  const SimulateReport report = simulate(model, really_signed(model, 1, second));
  const Metrics& metrics = *report.metrics;
  EXPECT_EQ(report.verdict(), Verdict::holds);
  EXPECT_GT(metrics.answers(), 100U);
  // For each batch a pre-prepare, three prepares and four commits, each received by three.
  EXPECT_GT(metrics.signatures_made(), 4 * metrics.answers());
  EXPECT_GT(metrics.signatures_verified(), 29 * metrics.signatures_made() / 10);
  const MessageCounts& all = metrics.all_messages();
  EXPECT_EQ(all.refused, 0U);
  EXPECT_GE(all.bytes_on_link, all.bytes + 64 * metrics.signatures_verified());
  // Latencies are of messages, not of their bytes.
  const SimulateReport ideal = simulate(model, busy(1, second));
  EXPECT_EQ(ideal.metrics->latency().greatest(), metrics.latency().greatest());
  EXPECT_EQ(ideal.metrics->signatures_made(), 0U);
}

TEST(SimulateOptions, WhatWasAlteredOnItsWayIsRefused) {
  const Model model = model_of("pbft", 4);
  SimulateOptions options = really_signed(model, 2, second);
  options.simulation.links.tampering = always_chance / 20;
  const SimulateReport report = simulate(model, options);
  EXPECT_NE(report.verdict(), Verdict::violated);
  EXPECT_GT(report.metrics->all_messages().refused, 50U);
  EXPECT_GT(report.metrics->answers(), 20U);
  options.simulation.links.tampering = always_chance;  // of nothing but what clients say
  EXPECT_EQ(simulate(model, options).metrics->answers(), 0U);
}

class Forged final : public Signatures {
 public:
  explicit Forged(std::shared_ptr<const Signatures> real) : real_(std::move(real)) {}
  // n2 does not have its key.
  Bytes sign(NodeId signer, BytesView value) const override {
    return real_->sign(signer.value == 1 ? NodeId{0} : signer, value);
  }
  bool verify(NodeId signer, BytesView value, BytesView signature) const override {
    return real_->verify(signer, value, signature);
  }

 private:
  std::shared_ptr<const Signatures> real_;
};

TEST(SimulateOptions, AForgedSignatureIsRefused) {
  const Model model = model_of("pbft", 4);
  SimulateOptions options = really_signed(model, 3, second);
  options.simulation.signatures = std::make_shared<Forged>(options.simulation.signatures);
  const SimulateReport report = simulate(model, options);
  EXPECT_EQ(report.verdict(), Verdict::holds);
  EXPECT_GT(report.metrics->answers(), 100U);  // by the three others
  std::size_t of_n2 = 0;
  for (const LinkCounts::Link& link : report.metrics->links().used()) {
    if (link.from != NodeId{1}) continue;
    ++of_n2;
    EXPECT_GT(link.counts.refused, 0U);
    // The primary is told of requests, which nobody signs.
    if (link.to != NodeId{0}) {
      EXPECT_EQ(link.counts.delivered, 0U);
    }
  }
  EXPECT_EQ(of_n2, 3U);
}

TEST(SimulateOptions, FTraitorsBreakNothing) {
  for (const char* option :
       {"two-faced@n1", "two-faced@n3", "silent@n1", "delay@n1", "two-faced@n1+n4"}) {
    const bool are_two = std::string_view(option) == "two-faced@n1+n4";
    const std::uint32_t nodes = are_two ? 7 : 4;
    const Model model = model_of("pbft", nodes, "", {{"behaviour", option}});
    const SimulateReport report = simulate(model, busy(1, second));
    EXPECT_NE(report.verdict(), Verdict::violated) << option;
    EXPECT_GT(report.metrics->answers(), 20U) << option;
  }
  const Model model = model_of("pbft", 4, "", {{"twins", "n1"}});
  const SimulateReport report = simulate(model, busy(1, second));
  EXPECT_NE(report.verdict(), Verdict::violated);
  EXPECT_GT(report.metrics->answers(), 20U);
}

TEST(SimulateOptions, MoreTraitorsMakeTheOthersDisagree) {
  for (const auto& [nodes, option] :
       {std::pair(4U, "two-faced@n1+n2"), {7U, "two-faced@n1+n2+n3"}}) {
    const Model model = model_of("pbft", nodes, "", {{"behaviour", option}});
    SimulateOptions options = really_signed(model, 1, 5 * second);
    options.minimize_seconds = 0;
    const SimulateReport report = simulate(model, options);
    EXPECT_EQ(report.verdict(), Verdict::violated) << option;
    ASSERT_TRUE(report.counterexample) << report.not_kept;
    EXPECT_EQ(report.counterexample->property, "agreement");
  }
}

// What an option is for shows in the figures.
Metrics figures_of(const std::string& system, const OptionTexts& options, std::uint64_t rate) {
  const Model model = model_of(system, system == "pbft" ? 4 : 3, "", options);
  SimulateOptions simulated = busy(1, 2 * second);
  simulated.simulation.arrivals_an_hour = 3600 * rate;
  const SimulateReport report = simulate(model, simulated);
  EXPECT_EQ(report.verdict(), Verdict::holds) << system;
  EXPECT_GT(report.metrics->answers(), rate) << system;
  return *report.metrics;
}

TEST(SimulateOptions, BatchesSaveMessagesAndTakeTime) {
  const Metrics apart = figures_of("multi-paxos", {}, 500);
  const Metrics together = figures_of("multi-paxos", {{"gather", "5000"}}, 500);
  EXPECT_LT(2 * together.all_messages().sent, apart.all_messages().sent);
  EXPECT_GT(together.latency().quantile(50'000), apart.latency().quantile(50'000) + millisecond);
  const Metrics small = figures_of("pbft", {{"batch", "1"}}, 100);
  const Metrics large = figures_of("pbft", {}, 100);
  EXPECT_LT(large.latency().quantile(99'000), small.latency().quantile(99'000));
}

TEST(SimulateOptions, APipelineIsFaster) {
  const Metrics one = figures_of("pbft", {{"batch", "1"}}, 300);
  const Metrics eight = figures_of("pbft", {{"batch", "1"}, {"pipeline", "8"}}, 300);
  EXPECT_LT(2 * eight.latency().quantile(90'000), one.latency().quantile(90'000));
}

// A cache without a lease: sooner, and the history of the clients says what it costs.
TEST(SimulateOptions, LocalReadsAreFastAndNotLinearizable) {
  for (const char* name : {"raft", "multi-paxos"}) {
    const Metrics through_the_log = figures_of(name, {{"load-keys", "3"}}, 200);
    const Model model = model_of(name, 3, "", {{"local-reads", "1"}, {"load-keys", "3"}});
    SimulateOptions options = busy(1, 2 * second);
    options.simulation.links.latency = Distribution::exponential(10 * millisecond);
    options.minimize_seconds = 0;
    const SimulateReport report = simulate(model, options);
    EXPECT_EQ(report.verdict(), Verdict::violated) << name;
    ASSERT_TRUE(report.counterexample) << report.not_kept;
    EXPECT_EQ(report.counterexample->property, "linearizability");
    SimulateOptions usual = busy(1, 2 * second);
    usual.minimize_seconds = 0;
    const SimulateReport same_weather = simulate(model, usual);
    EXPECT_LT(same_weather.metrics->latency().quantile(25'000),
              through_the_log.latency().quantile(25'000));
  }
}

TEST(SimulateOptions, CompressionShowsOnLinks) {
  const Model model = model_of("raft", 3, "", {{"load-value", "500"}});
  SimulateOptions options = busy(1, second);
  const SimulateReport plain = simulate(model, options);
  options.simulation.compresses = true;
  const SimulateReport compressed = simulate(model, options);
  const MessageCounts& all = compressed.metrics->all_messages();
  EXPECT_EQ(all.bytes, plain.metrics->all_messages().bytes);
  EXPECT_EQ(plain.metrics->all_messages().bytes_on_link, all.bytes);
  EXPECT_LT(2 * all.bytes_on_link, all.bytes);
  options.simulation.links.bytes_per_second = 100'000;  // then it saves time, too
  const SimulateReport narrow = simulate(model, options);
  options.simulation.compresses = false;
  const SimulateReport wide = simulate(model, options);
  EXPECT_LT(narrow.metrics->latency().quantile(50'000), wide.metrics->latency().quantile(50'000));
}

// --- progress ---

SimulateOptions with_crashes(const Model& model, const std::vector<std::string>& crashes) {
  SimulateOptions options = busy(1, 6 * second);
  options.answers_within = 2 * second;
  for (const std::string& crash : crashes) {
    add_crash(options.simulation.faults, model.system, crash);
  }
  return options;
}

const SimulatedProperty& progress_of(const SimulateReport& report) {
  return *std::ranges::find(report.properties, progress_property, &SimulatedProperty::name);
}

TEST(SimulateOptions, TheServiceIsToComeBackBehindTheLastFault) {
  for (const char* name : {"raft", "multi-paxos", "pbft"}) {
    const Model model = model_of(name, name == std::string("pbft") ? 4 : 3);
    const std::vector<std::string> some =
        model.system.bounds.crashes > 0
            ? std::vector<std::string>{"n1@1s+1s", "n2@1500ms+1s", "n3@3s"}
            : std::vector<std::string>{};
    const SimulateReport report = simulate(model, with_crashes(model, some));
    EXPECT_EQ(report.verdict(), Verdict::holds) << name;
    EXPECT_GT(progress_of(report).evaluated, 100U) << name;
  }
  const Model model = model_of("raft", 3);
  const SimulateReport report = simulate(model, with_crashes(model, {"n1@1s", "n2@2s"}));
  EXPECT_EQ(progress_of(report).verdict, Verdict::violated);
  EXPECT_GT(report.simulated, 4 * second);
  EXPECT_LT(report.simulated, 5 * second);
  ASSERT_TRUE(report.counterexample) << report.not_kept;
  EXPECT_EQ(report.counterexample->kind, PropertyKind::progress);
  EXPECT_NE(report.counterexample->message.find("nothing was answered from 2"), std::string::npos)
      << report.counterexample->message;
  const Trace trace =
      parse_trace(counterexample_text(model, *report.counterexample, {.mode = "simulate"}), "it");
  EXPECT_TRUE(replay(model_of(trace), trace).reproduced);
  EXPECT_THROW(minimize(model, *report.counterexample), UsageError);
}

TEST(SimulateOptions, ProgressIsAskedOfRunsThatCanShowIt) {
  const Model model = model_of("raft", 3);
  EXPECT_THROW(simulate(model, with_crashes(model, {"n1@5s"})), UsageError) << "it ends too soon";
  EXPECT_THROW(simulate(model, with_crashes(model, {"n1@1s+4s"})), UsageError);
  SimulateOptions idle = with_crashes(model, {"n1@1s+1s"});
  idle.simulation.arrivals_an_hour = 1;
  EXPECT_EQ(progress_of(simulate(model, idle)).verdict, Verdict::vacuous);
  const Model chord = find_system("chord")->make(find_system("chord")->defaults);
  EXPECT_THROW(simulate(chord, with_crashes(chord, {})), UsageError) << "nobody asks";
}

}  // namespace
}  // namespace gainsay
