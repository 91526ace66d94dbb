// Runs as values: at random, again in part, and shorter. What test libraries generate and shrink.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <vector>

#include "engine/random.hpp"
#include "properties/evaluate.hpp"

namespace gainsay {

// Events that can be applied one after another from the unstarted world, the starts first. It ends
// where it breaks a property.
struct RandomRun {
  std::vector<Event> events;
  std::optional<Violation> violation;
};

// As told in a trace's story, and what is violated.
std::string describe(const Model& model, const RandomRun& run);

// Of at most so many events behind the starts; at each point each enabled event is as likely.
RandomRun random_run(const Model& model, RandomStream& random, std::uint32_t steps);

// Those of the events that can be applied, in their order. The starts must be the first of them.
RandomRun run_of(const Model& model, const std::vector<Event>& events);

// Shorter runs, likely ones first, made when they are asked for: what the minimizer makes of a run
// that breaks a property, and then the run without more and more, ever smaller parts.
class ShorterRuns {
 public:
  // REQUIRES: the model outlives this.
  ShorterRuns(const Model& model, RandomRun run);
  std::optional<RandomRun> next();

 private:
  std::optional<RandomRun> minimized() const;

  const Model* model_;
  RandomRun run_;
  bool tried_minimizer_ = false;
  std::size_t part_;    // events that are left out together
  std::size_t at_ = 0;  // behind the starts
};

}  // namespace gainsay
