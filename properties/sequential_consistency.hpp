// Sequential consistency (Lamport, 1979) of the client history: some order of all operations that
// keeps the order of each client, whatever real time was, gives every result that was returned.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/client.hpp"
#include "engine/history.hpp"
#include "engine/reflect.hpp"
#include "properties/linearizability.hpp"
#include "properties/property.hpp"

namespace gainsay {

// By client: all operations that it will ever ask for, in order.
using Programs = std::vector<std::vector<Bytes>>;

// True when some interleaving of the programs gives the results that the history has. What has not
// returned, or was not even invoked yet, may come in anywhere.
bool is_sequentially_consistent(const History& history, const SequentialObject& object,
                                const Programs& programs);

// A write that is yet to come may explain a read that has returned. So a check asks for an
// interleaving of all that the clients of the workload may still do, and reports a violation at the
// first result that nothing they may still do can explain; what was violated once stays violated.
template <class SequentialModel>
Property sequentially_consistent(const Workload<typename SequentialModel::Operation>& workload,
                                 std::string name = "sequential consistency") {
  Programs programs;
  for (const auto& items : workload.clients) {
    auto& program = programs.emplace_back();
    for (const auto& item : items) program.push_back(encoded(item.operation));
  }
  Property property{.name = std::move(name),
                    .kind = PropertyKind::sequentially_consistent,
                    .scope = Scope::history};
  property.history_holds = [object = sequential_object<SequentialModel>(),
                            programs = std::move(programs)](const History& history) {
    return is_sequentially_consistent(history, object, programs);
  };
  return property;
}

}  // namespace gainsay
