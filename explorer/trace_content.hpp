// What a trace page shows, as values: who there is, what each event changed, and what became of
// each message. It comes from a replay, or from the file alone where the system is not known here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/leaves.hpp"
#include "engine/trace.hpp"
#include "properties/property.hpp"

namespace gainsay {

struct ShownProcess {
  std::string name;
  std::string role;             // "node", "client", "Byzantine", "twins", "traitor"
  std::vector<Leaf> unstarted;  // its state before the first event
};

struct ShownMessage {
  std::size_t from = 0;  // places among the processes
  std::size_t to = 0;
  std::string text;
  std::optional<std::uint32_t> sent;
  std::vector<std::uint32_t> delivered;
  std::optional<std::uint32_t> lost;
  bool repeated = false;
  bool overheard = false;
  std::optional<std::uint32_t> copied;
};

struct ShownEvent {
  std::optional<std::size_t> process;
  std::optional<std::size_t> message;  // place among the messages
  std::vector<LeafChange> changes;     // of its process
  std::vector<std::string> notes;
};

struct ShownOperation {
  std::size_t client = 0;  // counted from 0
  Bytes operation;
  std::optional<Bytes> result;
  std::uint32_t invoked = 0;              // event
  std::optional<std::uint32_t> returned;  // event
};

struct TraceContent {
  std::vector<ShownProcess> processes;
  std::vector<ShownEvent> events;
  std::vector<ShownMessage> messages;
  std::vector<ShownOperation> operations;  // by invocation
  bool has_fates = true;                   // what became of messages that no event names is known
};

// REQUIRES: the events can be run in the system.
TraceContent content_of_run(const System& system, const std::vector<Event>& events);
// Of a trace and the text of its file.
TraceContent content_of_file(const Trace& trace, const std::string& text);

}  // namespace gainsay
