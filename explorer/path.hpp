// A path: the events that somebody chose one after another from a system's first world, as a short
// text that fits into a link. It means the same in every process of the same version.
//
// A step is the place of its event among those that nothing rules out in its world, in canonical
// order (LiveWorld::possible), and the answers to its choices without the zeros at their end:
// "3", "0-1". Initial starts come first, in the order of ids; one that makes no choices is taken by
// itself and is no step. Behind them lies what every path begins with: world 0, where no start
// makes a choice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event.hpp"
#include "engine/world.hpp"

namespace gainsay {

struct PathStep {
  std::uint32_t place = 0;
  std::vector<std::uint32_t> choices;
  friend auto operator<=>(const PathStep& a, const PathStep& b) {
    return std::tie(a.place, a.choices) <=> std::tie(b.place, b.choices);
  }
  friend bool operator==(const PathStep&, const PathStep&) = default;
};
using Path = std::vector<PathStep>;

inline constexpr std::size_t path_steps_max = 20'000;

// A path that is none, or that does not fit the system. One line.
class PathError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "3.0-1.12"; the empty path is the empty text.
std::string to_text(const PathStep& step);
std::string to_text(std::span<const PathStep> path);
// Throws PathError.
Path parse_path(std::string_view text);

// The initial start that comes next and makes no choice; none: somebody must choose.
std::optional<Event> forced_start(const LiveWorld& world);
// What steps count: what nothing rules out here; while processes start, the next start alone.
std::vector<Event> choosable(const LiveWorld& world);
// How the event `choosable[place]`, with its answers, is called.
PathStep step_of(std::size_t place, const Event& event);
// The same of an event that is to be found; none: nothing like it can happen.
std::optional<PathStep> step_of(const LiveWorld& world, const Event& event);
// The event of a step. Throws PathError; `number` counts steps from 1 and is for messages.
Event event_of(const LiveWorld& world, const PathStep& step, std::size_t number);

// The path of a run from the unstarted world. Throws PathError where its initial starts come in
// another order, or an event cannot be applied.
Path path_of(const System& system, const std::vector<Event>& events);

}  // namespace gainsay
