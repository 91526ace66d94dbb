// A run in words: one line an event, then what it changed, within 80 columns.
#pragma once

#include <string>
#include <vector>

#include "engine/event.hpp"
#include "engine/world.hpp"

namespace gainsay {

struct StoryOptions {
  std::size_t columns = 80;
  bool full = false;  // show the starts and every changed field
  std::string node;   // only events of this process; empty: all
};

// The events run from the unstarted world; the initial starts are one line.
std::string tell_story(const System& system, const std::vector<Event>& events,
                       const StoryOptions& options = {});

// What the story of an event needs of the world before it.
class BeforeEvent {
 public:
  BeforeEvent(const LiveWorld& world, const Event& event);
  const Bytes& local() const { return local_; }  // of the event's process

  // Of the event that has led to `now`: "it is down"; empty where that has not changed.
  std::string told_status(const LiveWorld& now, const Event& event) const;
  // What it did besides changing fields, a line each: "1 write is not synced".
  std::vector<std::string> told_besides(const LiveWorld& now, const Event& event,
                                        const StepResult& step) const;

 private:
  std::string told_tick(const LiveWorld& now) const;
  std::string told_lost(const LiveWorld& now, const Event& event, const StepResult& step) const;

  Bytes local_;
  std::size_t waiting_ = 0;   // messages, before a partition
  std::vector<Times> times_;  // by process, before a tick
};

}  // namespace gainsay
