// The trace: one run in one self-sufficient file, a superset of the Informal Trace Format with the
// authoritative section `run`. The same run gives the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/event.hpp"
#include "engine/world.hpp"

namespace gainsay {

// A trace that cannot be used: unreadable, hostile, or of an unsupported version. One line with the
// file, the place and the reason.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// A file that cannot be written.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The longest message, property name or value of an option in a trace; longer ones are cut.
inline constexpr std::size_t trace_text_max = 10'000;

struct TraceVerdict {
  std::string property;
  std::string kind;        // "always", ..
  std::uint32_t step = 0;  // index of the violating event
  std::string message;
  std::string identity;  // equal for equal bugs
};

struct TraceEvent {
  EventKind kind = EventKind::start;
  std::string process;           // "n1"; empty for partition and heal
  std::string from;              // deliver, drop, duplicate
  std::string message;           // as JSON text; see `event_of`
  std::string label;             // how a person reads the message: "Vote{yes=true}"
  std::uint32_t occurrence = 0;  // which one among equal deliveries, from 1
  std::string timer;
  std::vector<std::uint32_t> choices;
  DiskCrash crash;                               // of a handler, or what a crash loses
  std::vector<std::vector<std::string>> groups;  // partition: two
  bool one_way = false;                          // partition
  std::vector<std::uint32_t> causes;
  std::string hash;  // content of the world afterwards; empty where a handler failed
};

// What a shorter trace came from.
struct TraceMinimized {
  std::string from;  // identity of that one
  std::uint32_t events_before = 0;
  std::uint32_t events_after = 0;
  std::uint32_t faults_before = 0;
  std::uint32_t faults_after = 0;
};

// Which step of a violating run decided it; see explorer/explain.hpp.
struct TraceExplanation {
  std::uint32_t step = 0;  // index of the event
  std::string how;         // "exact", "sampled" or "unknown"
  // Sampled, unknown: of so many random ways to go on without faults, how many violate from behind
  // the step, and from before it.
  std::uint32_t ways = 0;
  std::uint32_t violating = 0;
  std::uint32_t violating_before = 0;
  std::vector<std::string> lines;  // in words
  friend bool operator==(const TraceExplanation&, const TraceExplanation&) = default;
};
inline constexpr std::size_t explanation_lines_max = 100;

struct Trace {
  std::string tool_version;
  std::string system;
  std::string system_version;
  std::string bug;
  OptionTexts options;
  Bounds bounds;
  std::string mode = "check";
  std::string strategy = "breadth-first";
  std::string seed = "0";
  std::optional<TraceVerdict> verdict;
  std::optional<TraceMinimized> minimized{};
  std::optional<TraceExplanation> explanation{};
  std::vector<TraceEvent> events;
};

// Runs the events from the unstarted world. Throws std::logic_error when one cannot be applied.
Trace record_trace(const System& system, const std::vector<Event>& events,
                   std::optional<TraceVerdict> verdict);

// The whole file, states included. REQUIRES: the trace is of this system.
std::string trace_text(const System& system, const Trace& trace, const std::vector<Event>& events);
// Temporary file, then rename. Throws FileError.
void write_file(const std::filesystem::path& path, const std::string& contents);

// Throws TraceError; `name` is for messages.
Trace parse_trace(const std::string& text, const std::string& name);
Trace read_trace(const std::filesystem::path& path);
// The file as it is, if it is not too large for a trace.
std::string read_trace_text(const std::filesystem::path& path);

// The event that a trace names, in a system. Throws TraceError when there can be none (an unknown
// process, timer, or a message of another type).
Event event_of(const System& system, const TraceEvent& event, std::size_t index);
// All of them.
std::vector<Event> events_of(const System& system, const Trace& trace);

}  // namespace gainsay
