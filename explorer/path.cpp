#include "explorer/path.hpp"

#include <algorithm>
#include <charconv>

namespace gainsay {

namespace {

constexpr std::size_t choices_max = 1'000;

std::uint32_t parse_number(std::string_view text, std::size_t step) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() ||
      (text.size() > 1 && text.front() == '0')) {
    throw PathError("step " + std::to_string(step) +
                    " of the path is not written as a step is: 12, or 12-0-1 with choices");
  }
  return number;
}

// Up to the next separator, which is taken off the text, too.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

PathStep parse_step(std::string_view text, std::size_t number) {
  const bool is_open = text.ends_with('-');
  PathStep step{.place = parse_number(take(text, '-'), number), .choices = {}};
  while (!text.empty() && step.choices.size() <= choices_max) {
    step.choices.push_back(parse_number(take(text, '-'), number));
  }
  const bool has_zeros = !step.choices.empty() && step.choices.back() == 0;
  if (is_open || has_zeros || step.choices.size() > choices_max) {
    throw PathError("step " + std::to_string(number) +
                    " of the path ends in a choice that is not there, or that is 0");
  }
  return step;
}

std::optional<NodeId> next_to_start(const LiveWorld& world) {
  for (std::size_t i = 0; i < world.system().size(); ++i) {
    const NodeId id = node_id(i);
    if (world.state(id).status == LocalState::Status::unstarted) return id;
  }
  return std::nullopt;
}

std::string does_not_fit(std::size_t number, const std::string& why) {
  return "step " + std::to_string(number) + " of the path does not fit: " + why +
         "; it was made of another system, with other bounds, or by another version";
}

}  // namespace

std::string to_text(const PathStep& step) {
  std::string text = std::to_string(step.place);
  for (const std::uint32_t choice : step.choices) text += "-" + std::to_string(choice);
  return text;
}

std::string to_text(std::span<const PathStep> path) {
  std::string text;
  for (const PathStep& step : path) text += (text.empty() ? "" : ".") + to_text(step);
  return text;
}

Path parse_path(std::string_view text) {
  Path path;
  if (text.empty()) return path;
  if (text.ends_with('.')) throw PathError("the path ends in '.'");
  while (!text.empty()) {
    if (path.size() == path_steps_max) {
      throw PathError("the path has more than " + std::to_string(path_steps_max) + " steps");
    }
    const std::size_t number = path.size() + 1;
    path.push_back(parse_step(take(text, '.'), number));
  }
  return path;
}

std::optional<Event> forced_start(const LiveWorld& world) {
  const auto next = next_to_start(world);
  if (!next) return std::nullopt;
  std::vector<Event> ways = world.answered({.kind = EventKind::start, .process = *next});
  if (ways.size() != 1) return std::nullopt;
  return std::move(ways.front());
}

std::vector<Event> choosable(const LiveWorld& world) {
  if (const auto next = next_to_start(world)) {
    return {{.kind = EventKind::start, .process = *next}};
  }
  return world.possible();
}

PathStep step_of(std::size_t place, const Event& event) {
  PathStep step{.place = static_cast<std::uint32_t>(place), .choices = event.choices};
  while (!step.choices.empty() && step.choices.back() == 0) step.choices.pop_back();
  return step;
}

std::optional<PathStep> step_of(const LiveWorld& world, const Event& event) {
  Event chosen = event;
  chosen.choices.clear();
  const std::vector<Event> all = choosable(world);
  const auto found = std::ranges::find(all, chosen);
  if (found == all.end()) return std::nullopt;
  return step_of(static_cast<std::size_t>(found - all.begin()), event);
}

Event event_of(const LiveWorld& world, const PathStep& step, std::size_t number) {
  const std::vector<Event> all = choosable(world);
  if (step.place >= all.size()) {
    throw PathError(does_not_fit(number, "there is no event " + std::to_string(step.place) +
                                             " among " + std::to_string(all.size())));
  }
  for (Event& event : world.answered(all[step.place])) {
    if (step_of(step.place, event) == step) return std::move(event);
  }
  throw PathError(does_not_fit(number, describe(world.system(), all[step.place]) +
                                           (step.choices.empty() ? " changes nothing there"
                                                                 : " has no such choices there")));
}

Path path_of(const System& system, const std::vector<Event>& events) {
  LiveWorld world(system);
  Path path;
  for (const Event& event : events) {
    auto step = step_of(world, event);
    const bool is_start = event.kind == EventKind::start;
    if (is_start && !step) {
      throw PathError(
          "a run whose processes start in another order than that of their ids has no path");
    }
    const bool is_forced = is_start && forced_start(world) == event;
    if (!step || world.apply(event).status != Outcome::Status::applied) {
      throw PathError("a run with " + describe(system, event) + " has no path: it cannot happen");
    }
    if (is_forced) continue;
    if (path.size() == path_steps_max) {
      throw PathError("a run of more than " + std::to_string(path_steps_max) +
                      " steps has no path");
    }
    path.push_back(std::move(*step));
  }
  return path;
}

}  // namespace gainsay
