// Everything that writing and checking a protocol needs.
//
//   const gainsay::CheckReport report =
//       gainsay::check<Node>({.nodes = 4, .crashes = 1}, properties);
//   EXPECT_TRUE(report.holds()) << report;
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/adversary.hpp"
#include "engine/node.hpp"
#include "engine/signed_run.hpp"
#include "engine/traitors.hpp"
#include "engine/twins.hpp"
#include "explorer/check.hpp"
#include "explorer/explain.hpp"
#include "explorer/report.hpp"
#include "properties/linearizability.hpp"
#include "properties/property.hpp"
#include "properties/sequential_consistency.hpp"
#include "properties/sequential_models.hpp"

namespace gainsay {

// What must hold of a system of `Node`.
template <class Node>
using Properties = std::vector<Property>;

namespace detail {

struct NoWorkload {};
template <class Node>
struct WorkloadOf {
  using type = NoWorkload;
};
template <class Node>
requires requires { typename Node::Operation; }
struct WorkloadOf<Node> {
  using type = Workload<typename Node::Operation>;
};

// "atomic_commit" for atomic_commit::Node.
template <class Node>
std::string system_name() {
  std::string name(type_signature<Node>());
  name = name.substr(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  const std::size_t scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(0, scope);
}

}  // namespace detail

// What a system has beside its bounds.
template <class Node>
struct Setup {
  typename detail::OptionsOf<Node>::type options = {};
  typename detail::WorkloadOf<Node>::type workload = {};  // what its clients do
  // What the names in Bounds::limits measure of a node.
  std::map<std::string, std::function<std::uint64_t(const Node&)>> limits = {};
};

// A system of bounds.nodes nodes, and the clients of its workload, with its properties.
template <class Node>
Model make_model(const Bounds& bounds, Properties<Node> properties, Setup<Node> setup = {}) {
  Model model{
      .system = make_system<Node>(detail::system_name<Node>(), bounds, std::move(setup.options)),
      .properties = std::move(properties)};
  System& system = model.system;
  if constexpr (requires { typename Node::Operation; }) {
    add_clients<Node>(system, setup.workload);
    // The workload says what the clients do; bounds that say it too must agree.
    if (bounds.clients == 0) system.asked.clients = system.bounds.clients;
    std::uint32_t longest = 1;
    for (const auto& items : setup.workload.clients) {
      longest = std::max(longest, static_cast<std::uint32_t>(items.size()));
    }
    if (bounds.operations == 1) system.asked.operations = longest;
    if (system.asked.operations != longest) {
      throw UsageError("the bounds and the workload differ in the operations of a client");
    }
  }
  for (const auto& [name, value] : setup.limits) add_limit<Node>(system, name, value);
  return model;
}

// Explores every run within the bounds; see explorer/check.hpp.
template <class Node>
CheckReport check(const Bounds& bounds, Properties<Node> properties, Setup<Node> setup = {},
                  const CheckOptions& options = {}) {
  const Model model = make_model<Node>(bounds, std::move(properties), std::move(setup));
  CheckReport report = check(model, options);
  if (report.counterexample) {
    add_explanation(model, *report.counterexample);
    report.trace = counterexample_text(model, *report.counterexample, {});
  }
  return report;
}

}  // namespace gainsay
