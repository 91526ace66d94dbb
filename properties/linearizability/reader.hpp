// Reads recorded histories, in one pass. Input is hostile: lines, depth and counts are bounded, and
// whatever is not understood is refused with its line, never passed over.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/linearizability/recording.hpp"

namespace gainsay::linearizability {

enum class Format : std::uint8_t {
  edn,   // Jepsen's history.edn and Porcupine's key-value text: one map for each event
  log,   // Jepsen's console log
  ops,   // CLIENT CALL RETURN F ARGS, one operation a line
  json,  // see docs/12-recorded-histories.md
};

struct ReadLimits {
  std::size_t line_bytes_max = std::size_t{1} << 20;
  std::size_t operations_max = 50'000'000;
};

// What was done to the system meanwhile: from this moment on, until before that one.
struct Fault {
  std::uint64_t line = 0;
  std::string text;
  Moment from = 0;
  Moment to = never;  // equal: at once
};

// An operation that says nothing of the object, so that the history lacks it: rejected, or failed
// where the model draws no conclusion.
struct Omitted {
  std::uint64_t line = 0;
  Id client = 0;
  Id object = 0;
  std::string text;
  Moment invoked = 0;
  Moment returned = never;
};

struct Recording {
  const NamedModel* model = nullptr;
  TimedHistory history;
  std::vector<std::uint64_t> lines;           // where each operation of the history was invoked
  std::vector<bool> failed;                   // of each operation of the history
  std::vector<std::string> clients, objects;  // names; one object without a name is the usual
  std::vector<Omitted> omitted;
  std::vector<Fault> faults;
};

struct ReadOptions {
  std::optional<Format> format;  // else found out by its first characters
  std::string model;             // else said by the file, or found out by its first operations
  ReadLimits limits;
};

// Throws HistoryError.
Recording read_history(std::istream& input, const ReadOptions& options);

// --- for the readers of formats ---

// Gathers the operations; the model is chosen once, by the first ones.
class Recorder {
 public:
  Recorder(const ReadOptions& options) : options_(options) {}

  void use_model(const std::string& name);  // as the file says; options come first
  Id client(const std::string& name) { return number(name, clients_, recording_.clients); }
  Id object(const std::string& name) { return number(name, objects_, recording_.objects); }
  void add(const RecordedOperation& operation);
  void add(std::vector<Fault> faults) { recording_.faults = std::move(faults); }
  Recording finish();

 private:
  static Id number(const std::string& name, std::map<std::string, Id, std::less<>>& index,
                   std::vector<std::string>& names);

  const ReadOptions& options_;
  Recording recording_;
  std::map<std::string, Id, std::less<>> clients_, objects_;
  std::size_t count_ = 0;
};

// The next line without its end; false at the end. Throws HistoryError when it is too long.
bool read_line(std::istream& input, std::string& line, const ReadLimits& limits);
// The error that is being handled, with the number of its line, unless it says one.
[[noreturn]] void rethrow_at(std::uint64_t line, const HistoryError& error);

void read_edn_events(std::istream& input, const ReadLimits& limits, Recorder& recorder);
void read_log(std::istream& input, const ReadLimits& limits, Recorder& recorder);
void read_ops(std::istream& input, const ReadLimits& limits, Recorder& recorder);
void read_json(std::istream& input, const ReadLimits& limits, Recorder& recorder);

}  // namespace gainsay::linearizability
