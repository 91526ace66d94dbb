// Properties over a run of many events: each is judged again only where the views that it reads
// have changed, and the client history once, at the end.
//
// To judge costs as much as there is to see, and logs grow. A system with a filter is judged where
// that says so, which misses nothing. Others are judged after each step while what they show is
// small; later only as often as keeps the cost of a step bounded, whenever somebody else leads, and
// at the end. How many of the steps were judged is counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/simulator/simulation.hpp"
#include "properties/evaluate.hpp"
#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/online.hpp"
#include "properties/linearizability/recorder.hpp"
#include "properties/property.hpp"

namespace gainsay {

struct WatchedProperty {
  const Property* property = nullptr;
  std::uint64_t evaluated = 0;
  bool reached = false;      // of `sometimes`
  std::uint64_t judged = 0;  // of the whole world: which version of the views, and what it said
  bool held = false;
  std::unique_ptr<RunningObserver> observer{};
  std::unique_ptr<linearizability::OnlineJudge> online{};  // of a long history
};

class PropertyWatch final : public SimulationWatch {
 public:
  // // REQUIRES: the model outlives the watch. With `each_step` all properties are judged after
  // each step, whatever that costs: the slow twin.
  // A client history of more operations than `history_max` is judged as it grows, and not kept.
  explicit PropertyWatch(const Model& model, bool each_step = false,
                         std::size_t history_max = 200'000);
  // REQUIRES: before the first step.
  void attach(const Simulation& simulation) { simulation_ = &simulation; }

  bool reads_messages() const override { return false; }
  bool step(const SimulatedStep& step) override;
  // The client history, as it is at the end of the run. `limits` bound what judging it may take.
  void finish(Nanoseconds at, const linearizability::Limits& limits);

  const std::optional<Violation>& violation() const { return violation_; }
  // The step that it came with; of a history, the last one.
  std::uint64_t violated_by() const { return violated_by_; }
  const std::vector<WatchedProperty>& properties() const { return properties_; }
  // Properties that no run can contradict.
  const std::vector<std::string>& not_of_runs() const { return not_of_runs_; }
  // What could not be judged: by property, why.
  const std::vector<std::pair<std::string, std::string>>& not_judged() const { return not_judged_; }
  // Steps of nodes, and those of them behind which all properties were known to hold.
  std::uint64_t node_steps() const { return node_steps_; }
  std::uint64_t judged_steps() const { return node_steps_ - skipped_; }

 private:
  struct Seen {
    Bytes encoding;
    std::shared_ptr<const void> view;
  };

  void start();
  bool is_news(const SimulatedStep& step);
  bool is_worth_judging(const SimulatedStep& step);
  bool is_something_to_be_reached() const;
  void forget_large_views();
  bool refresh(std::size_t node);
  void refresh_stale();
  void judge_all(std::size_t node, const void* before, std::uint64_t step);
  void judge(const SimulatedStep& step);
  bool holds(WatchedProperty& watched, std::size_t changed, const void* before);
  void violate(const Property& property, std::uint64_t step);
  void take_labels(const SimulatedStep& step);
  void take_operation(std::size_t client, const Label& label, const SimulatedStep& step);
  void judge_online();
  void judge_history(WatchedProperty& watched, const linearizability::Limits& limits);
  void judge_history_of(WatchedProperty& watched, const linearizability::Limits& limits);

  const Model* model_;
  const Simulation* simulation_ = nullptr;
  const bool each_step_;
  std::unique_ptr<RunFilter> filter_;
  std::vector<NodeStatus> statuses_;  // by node, with a filter
  std::uint64_t filtered_ = 0;        // steps that it had nothing to say of
  std::vector<bool> stale_;           // by node: it took steps since its view was taken
  std::int64_t credit_ = 0;           // how many bytes of views may be looked at now
  std::uint64_t node_steps_ = 0;
  std::uint64_t skipped_ = 0;
  std::vector<WatchedProperty> properties_;
  std::vector<Seen> seen_;  // by node
  std::vector<const void*> views_;
  std::uint64_t views_version_ = 0;  // one more with each view that changes
  bool asks_the_world_ = false;
  const std::size_t history_max_;
  bool online_ = false;                        // the history is not kept any more
  linearizability::HistoryRecorder recorder_;  // of the clients
  bool started_ = false;
  std::uint64_t last_step_ = 0;
  std::optional<Violation> violation_;
  std::uint64_t violated_by_ = 0;
  std::vector<std::string> not_of_runs_;
  std::vector<std::pair<std::string, std::string>> not_judged_;
};

}  // namespace gainsay
