// RapidCheck: workloads, fault budgets and runs as generators. A run shrinks through the minimizer:
// what RapidCheck shows is the shortest story, not a random one.
//
//   rc::check([&] {
//     const gainsay::RandomRun run = *gainsay::gen::run(model);
//     if (run.violation) RC_FAIL(describe(model, run));
//   });
//
// RapidCheck is for one thread: the test's own.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/client.hpp"
#include "explorer/random_run.hpp"

namespace gainsay::gen {

namespace detail {

inline rc::Shrinkable<RandomRun> shrinkable(const Model& model, RandomRun run);

// The shrinks of a run, each made when RapidCheck asks for it.
class Shrinks {
 public:
  Shrinks(const Model& model, RandomRun run) : model_(&model), shorter_(model, std::move(run)) {}
  rc::Maybe<rc::Shrinkable<RandomRun>> operator()() {
    auto next = shorter_.next();
    if (!next) return rc::Nothing;
    return shrinkable(*model_, *std::move(next));
  }

 private:
  const Model* model_;
  ShorterRuns shorter_;
};

inline rc::Shrinkable<RandomRun> shrinkable(const Model& model, RandomRun run) {
  return rc::shrinkable::lambda([run] { return run; },
                                [&model, run] { return rc::makeSeq<Shrinks>(model, run); });
}

}  // namespace detail

// A run of the model from its unstarted world, of at most so many events behind the starts; it ends
// where it breaks a property. REQUIRES: the model outlives the run.
inline rc::Gen<RandomRun> run(const Model& model, std::uint32_t steps = 60) {
  return [&model, steps](const rc::Random& random, int) {
    rc::Random source = random;
    RandomStream stream(source.next(), Purpose::test);
    return detail::shrinkable(model, random_run(model, stream, steps));
  };
}

// Budgets of faults within those given; they shrink towards none. What the network has no use for
// stays zero.
inline rc::Gen<Bounds> faults(const Bounds& most) {
  const auto upto = [](std::uint32_t limit) {
    return rc::gen::inRange<std::uint32_t>(0, limit + 1);
  };
  return rc::gen::map(rc::gen::tuple(upto(most.crashes), upto(most.restarts), upto(most.drops),
                                     upto(most.duplicates), upto(most.partitions)),
                      [most](const std::tuple<std::uint32_t, std::uint32_t, std::uint32_t,
                                              std::uint32_t, std::uint32_t>& drawn) {
                        Bounds bounds = most;
                        std::tie(bounds.crashes, bounds.restarts, bounds.drops, bounds.duplicates,
                                 bounds.partitions) = drawn;
                        bounds.restarts = std::min(bounds.restarts, bounds.crashes);
                        return bounds;
                      });
}

// What up to so many clients do, up to so many operations each, at any of the nodes.
template <class Operation>
rc::Gen<Workload<Operation>> workload(rc::Gen<Operation> operation, std::uint32_t nodes,
                                      std::size_t clients, std::size_t operations) {
  const auto server = rc::gen::map(rc::gen::inRange<std::uint32_t>(0, nodes), [](std::uint32_t id) {
    return node_id(id);
  });
  const auto item = rc::gen::map(
      rc::gen::pair(std::move(operation), server), [](const std::pair<Operation, NodeId>& drawn) {
        return WorkItem<Operation>{.operation = drawn.first, .servers = {drawn.second}};
      });
  const auto one_to = [](std::size_t most) { return rc::gen::inRange<std::size_t>(1, most + 1); };
  const auto client = rc::gen::mapcat(one_to(operations), [item](std::size_t count) {
    return rc::gen::container<std::vector<WorkItem<Operation>>>(count, item);
  });
  return rc::gen::map(
      rc::gen::mapcat(one_to(clients),
                      [client](std::size_t count) {
                        return rc::gen::container<std::vector<std::vector<WorkItem<Operation>>>>(
                            count, client);
                      }),
      [](std::vector<std::vector<WorkItem<Operation>>> all) {
        return Workload<Operation>{.clients = std::move(all)};
      });
}

}  // namespace gainsay::gen
