// Named scenarios: a system, weather and load as flags of `gainsay simulate`, and what the figures
// must look like afterwards.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "explorer/simulate/simulate.hpp"

namespace gainsay {

// What had been counted at some moment of the run.
struct Sample {
  Nanoseconds at = 0;
  std::uint64_t answers = 0;
  std::vector<std::uint64_t> answers_of;  // by node
};

struct Scenario {
  std::string name;
  std::string what;  // it shows
  std::string system;
  std::vector<std::pair<std::string, std::string>>
      flags;  // "--nodes", "5"; one without a value: ""
  // Samples are taken each second of the run.
  std::function<std::vector<Expectation>(const SimulateReport&, const std::vector<Sample>&)> expect;
};

const std::vector<Scenario>& scenarios();
// By "split-brain"; null: there is none.
const Scenario* find_scenario(const std::string& name);
// Adds a sample to the list each time that a run tells how far it is.
std::function<void(const Simulation&, const Metrics&)> sampling(std::vector<Sample>& samples);

}  // namespace gainsay
