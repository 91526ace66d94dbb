// A run in words: one line an event, then what it changed, within 80 columns.
#pragma once

#include <string>
#include <vector>

#include "engine/event.hpp"

namespace gainsay {

struct StoryOptions {
  std::size_t columns = 80;
  bool full = false;  // show the starts and every changed field
  std::string node;   // only events of this process; empty: all
};

// The events run from the unstarted world; the initial starts are one line.
std::string tell_story(const System& system, const std::vector<Event>& events,
                       const StoryOptions& options = {});

}  // namespace gainsay
