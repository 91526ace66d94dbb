// Properties of kind `recovers`: however bad it got, once faults stop a good world can still be
// reached. See recovery.cpp for what exactly is asked, and why the answer is right.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explorer/check.hpp"
#include "explorer/healed_graph.hpp"

namespace gainsay {

struct RecoveryResult {
  // holds, violated, or incomplete: a limit or a resource stands in the way.
  Verdict verdict = Verdict::holds;
  std::string incomplete_because;
  bool stopped = false;  // by a resource
  bool vacuous = false;  // nothing of what must last was ever asked of
  // The first start without a way to a good world, or from which what must last can end.
  std::optional<std::size_t> stuck;
  std::string explanation;  // of it: why there is no way back
  RecoveryReport counts;
  std::uint64_t evaluated = 0;
};

// The reachable vectors of local states, those to be told first coming first. There may be many, so
// each is made when it is looked at.
struct RecoveryStarts {
  std::size_t count = 0;
  std::function<LocalVector(std::size_t)> at;
};

// The answer depends on nothing else. REQUIRES: the property is of kind `recovers`. Throws
// Nondeterminism.
RecoveryResult judge_recovery(const System& system, const Property& property,
                              const RecoveryStarts& starts, const HealedGraph::Stop& stop,
                              Sabotage sabotage = Sabotage::none);
RecoveryResult judge_recovery(const System& system, const Property& property,
                              const std::vector<LocalVector>& starts, const HealedGraph::Stop& stop,
                              Sabotage sabotage = Sabotage::none);

// One line of what a violated `recovers` says, for traces and reports.
std::string recovery_message(const Property& property);

}  // namespace gainsay
