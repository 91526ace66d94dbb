#include "explorer/explain.hpp"

#include <algorithm>

#include "engine/text.hpp"
#include "engine/world.hpp"
#include "explorer/continuations.hpp"

namespace gainsay {

namespace {

constexpr std::uint32_t nearly_all = Continuations::samples * 95 / 100;
constexpr std::size_t steps_told_max = 12;
constexpr std::size_t races_told_max = 3;
constexpr std::size_t changes_told_max = 2;

// --- which step ---

struct Decision {
  TraceExplanation told;
  // The first step from which on random ways nearly always violate, without a gap, and how many of
  // them do.
  std::uint32_t nearly = 0;
  std::uint32_t violating = Continuations::samples;
};

// From the end back to where it is first not sure that the violation follows.
Decision decide(const Model& model, const Counterexample& found) {
  Continuations continuations(model, found);
  const auto last = static_cast<std::uint32_t>(found.events.size() - 1);
  const auto first = static_cast<std::uint32_t>(model.system.size() - 1);
  Decision result{.told = {.step = last, .how = "exact"}};
  TraceExplanation& told = result.told;
  if (continuations.is_too_long()) {
    told.how = "unknown";
    result.nearly = last;
    return result;
  }
  auto fate = Continuations::Fate::violates;
  for (; told.step > first; --told.step) {
    fate = continuations.fate(told.step - 1);
    if (fate != Continuations::Fate::violates) break;
  }
  result.nearly = told.step;
  if (told.step == first) return result;
  told.ways = told.violating = Continuations::samples;
  for (; result.nearly > first; --result.nearly) {
    const std::uint32_t before = continuations.violating(result.nearly - 1);
    if (result.nearly == told.step) told.violating_before = before;
    if (fate == Continuations::Fate::unknown) told.violating_before = before;
    if (before < nearly_all) break;
    result.violating = before;
  }
  const bool exact = fate != Continuations::Fate::unknown;
  if (!exact) {
    told.how = result.nearly == last || continuations.exhausted() ? "unknown" : "sampled";
    told.step = result.nearly;
    told.violating = result.violating;
  }
  if (continuations.exhausted()) {  // ways that were not gone to their end say nothing
    told.ways = told.violating = told.violating_before = 0;
    result.nearly = told.step;
  }
  return result;
}

// --- in words ---

// What would not fit into a line or two is in the story.
std::string clipped(std::string text) {
  constexpr std::size_t most = 72;
  if (text.size() <= most) return text;
  return text.substr(0, text.rfind(' ', most)) + " ...";
}

std::string told(const Difference& change) {
  constexpr std::size_t most = 60;
  if (change.before.size() + change.after.size() > most) return change.path + " changes";
  return change.path + ": " + change.before + " -> " + change.after;
}

class Teller {
 public:
  Teller(const Model& model, const Counterexample& found, Decision& decision);
  void tell();

 private:
  struct Step {
    std::vector<std::string> changes;
    std::vector<std::uint32_t> causes;
    std::vector<std::uint32_t> heard_in;  // events that receive what it sent
    std::string fails;
  };

  void run();
  void verdict();
  void way_to_the_end();
  void races();
  std::string of_step(std::uint32_t index) const;
  std::vector<bool> past_of(std::uint32_t index) const;
  std::vector<bool> future_of(std::uint32_t index) const;
  void line(std::string text) { explanation_.lines.push_back(std::move(text)); }

  const System& system_;
  const Counterexample& found_;
  const Decision& decision_;
  TraceExplanation& explanation_;
  std::vector<Step> steps_;
  const std::uint32_t starts_;
  const std::uint32_t last_;
};

Teller::Teller(const Model& model, const Counterexample& found, Decision& decision)
    : system_(model.system),
      found_(found),
      decision_(decision),
      explanation_(decision.told),
      starts_(static_cast<std::uint32_t>(system_.size())),
      last_(static_cast<std::uint32_t>(found.events.size() - 1)) {
  run();
}

void Teller::run() {
  const Trace trace = record_trace(system_, found_.events, std::nullopt);
  LiveWorld world(system_);
  for (std::uint32_t i = 0; i <= last_; ++i) {
    const Event& event = found_.events[i];
    const Bytes before = world.local(event.process);
    const Outcome outcome = world.apply(event);
    Step step{.causes = trace.events[i].causes};
    if (outcome.step.fault != StepResult::Fault::none) {
      step.fails = outcome.step.message;
    } else if (has_process(event.kind)) {
      const Bytes after = world.local(event.process);
      const Type& type = system_.processes[event.process.value]->state_type();
      for (const Difference& one : difference(type, split_local(before).state,
                                              split_local(after).state, system_.naming())) {
        step.changes.push_back(told(one));
      }
    }
    for (const std::uint32_t cause : step.causes) {
      const bool hears = event.kind == EventKind::deliver &&
                         has_process(found_.events[cause].kind) &&
                         found_.events[cause].process == event.from;
      if (hears) steps_[cause].heard_in.push_back(i);
    }
    steps_.push_back(std::move(step));
  }
}

void Teller::tell() {
  verdict();
  if (explanation_.how == "unknown" || explanation_.step < starts_) return;
  way_to_the_end();
  races();
}

std::string of_ways(std::uint32_t violating) {
  return std::to_string(violating) + " of " + std::to_string(Continuations::samples) +
         " random ways to go on without faults";
}

void Teller::verdict() {
  const TraceExplanation& what = explanation_;
  const std::string step = "step " + std::to_string(what.step);
  const std::string goal = " violate \"" + found_.property + "\"";
  const std::string all = "all ways to go on without faults" + goal;
  const std::string of_random =
      " (of " + std::to_string(what.ways) + " random ones " + std::to_string(what.violating_before);
  const bool exact = what.how == "exact";
  if (what.how == "unknown") {
    line("which step decides it is not known" +
         (what.ways == 0 ? "" : ": before " + step + ", " + of_ways(what.violating_before) + goal));
  } else if (what.step < starts_) {
    line("no step decides it: from the start on " + (exact ? all : of_ways(what.violating) + goal));
  } else if (exact && what.step == last_) {
    const std::string share = what.ways == 0 ? "" : of_random + " do)";
    line(step + ", the last, decides it: before it not " + all + share);
  } else if (exact) {
    const std::string share = what.ways == 0 ? "" : of_random + ")";
    line(step + " decides it: behind it " + all + ", before it not all do" + share);
  } else {
    line(step + " seems to decide it: behind it " + of_ways(what.violating) + goal +
         ", before it " + std::to_string(what.violating_before));
  }
  if (exact && decision_.nearly < what.step) {
    line("nearly all do from step " + std::to_string(decision_.nearly) + " on (" +
         std::to_string(decision_.violating) + " of " + std::to_string(what.ways) + ")");
  }
}

std::string listed(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i == 3) return text + " and later";
    text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  }
  return text;
}

std::string Teller::of_step(std::uint32_t index) const {
  const Step& step = steps_[index];
  const Event& event = found_.events[index];
  std::string text = "step " + std::to_string(index) + ": " + clipped(describe(system_, event));
  for (const std::uint32_t cause : step.causes) {
    const auto& heard = steps_[cause].heard_in;
    if (std::ranges::find(heard, index) == heard.end()) continue;
    text += cause < starts_ ? ", sent at its start" : ", sent in step " + std::to_string(cause);
    break;
  }
  if (!step.fails.empty()) return text + "; fails: " + step.fails;
  for (std::size_t i = 0; i < step.changes.size(); ++i) {
    if (i == changes_told_max) {
      text += "; and " + std::to_string(step.changes.size() - i) + " more";
      break;
    }
    text += "; " + step.changes[i];
  }
  if (!step.heard_in.empty()) text += "; heard in step " + listed(step.heard_in);
  return text;
}

// The step and those behind it; where they are many, those that come of it and the last.
void Teller::way_to_the_end() {
  const std::uint32_t from = explanation_.step;
  if (from == last_) return;  // the story ends with it
  std::vector<std::uint32_t> told;
  for (std::uint32_t i = from; i <= last_; ++i) told.push_back(i);
  if (told.size() > steps_told_max) {
    const std::vector<bool> future = future_of(from);
    std::erase_if(told, [&](std::uint32_t i) { return i != last_ && !future[i]; });
  }
  if (told.size() > steps_told_max) told.erase(told.begin() + 1, told.end() - (steps_told_max - 1));
  for (const std::uint32_t i : told) line(of_step(i));
  const std::size_t left = last_ + 1 - from - told.size();
  if (left > 0) line("and " + std::to_string(left) + (left == 1 ? " step" : " steps") + " between");
}

// Of each other process the last event before the step, or the first one behind it, that neither
// depends on the step nor the step on it, that changed something and is in no other's past.
void Teller::races() {
  const std::uint32_t step = explanation_.step;
  if (!has_process(found_.events[step].kind)) return;
  const std::vector<bool> past = past_of(step);
  const std::vector<bool> future = future_of(step);
  std::vector<std::uint32_t> rivals;
  std::vector<bool> known(steps_.size(), false);  // the pasts of rivals
  std::vector<bool> met(system_.size(), false);
  met[found_.events[step].process.value] = true;
  const auto look = [&](std::uint32_t i) {
    const Event& event = found_.events[i];
    if (!has_process(event.kind) || past[i] || future[i] || known[i]) return;
    if (met[event.process.value] || (steps_[i].changes.empty() && steps_[i].fails.empty())) return;
    met[event.process.value] = true;
    rivals.push_back(i);
    const std::vector<bool> before = past_of(i);
    for (std::size_t k = 0; k < known.size(); ++k) known[k] = known[k] || before[k];
  };
  for (std::uint32_t i = step; i-- > starts_;) look(i);
  for (std::uint32_t i = step + 1; i <= last_; ++i) look(i);
  if (rivals.size() > races_told_max) rivals.resize(races_told_max);
  for (const std::uint32_t i : rivals) {
    line("it races with step " + std::to_string(i) + ", " +
         clipped(describe(system_, found_.events[i])) + ": neither knows of the other");
  }
  if (rivals.empty()) line("no step of another process races with it");
}

std::vector<bool> Teller::past_of(std::uint32_t index) const {
  std::vector<bool> past(steps_.size(), false);
  past[index] = true;
  for (std::uint32_t i = index + 1; i-- > 0;) {
    if (!past[i]) continue;
    for (const std::uint32_t cause : steps_[i].causes) past[cause] = true;
  }
  return past;
}

std::vector<bool> Teller::future_of(std::uint32_t index) const {
  std::vector<bool> future(steps_.size(), false);
  future[index] = true;
  for (std::uint32_t i = index + 1; i <= last_; ++i) {
    for (const std::uint32_t cause : steps_[i].causes) {
      if (future[cause]) future[i] = true;
    }
  }
  return future;
}

}  // namespace

std::optional<TraceExplanation> explain(const Model& model, const Counterexample& found) {
  if (found.kind == PropertyKind::recovers || found.kind == PropertyKind::progress) {
    return std::nullopt;
  }
  if (found.events.size() <= model.system.size()) return std::nullopt;
  if (model.system.size() > processes_max) return std::nullopt;  // nobody searches those
  Decision decision = decide(model, found);
  Teller(model, found, decision).tell();
  return decision.told;
}

void add_explanation(const Model& model, Counterexample& found) {
  if (!found.explanation) found.explanation = explain(model, found);
}

std::string tell(const TraceExplanation& explanation, std::size_t columns) {
  std::string text;
  for (const std::string& line : explanation.lines) {
    const bool is_part = line.starts_with("step ") && !text.empty();
    text += wrap((is_part ? "    " : "  ") + line, is_part ? 6 : 4, columns);
  }
  return text;
}

}  // namespace gainsay
