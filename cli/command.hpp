// What the verbs share: arguments, exit codes, and how results are said.
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explorer/check.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::cli {

enum Exit : int {
  ok = 0,
  violated = 1,
  usage = 2,
  incomplete = 3,
  vacuous = 4,
  diverged = 5,
  unreadable = 6,
  internal = 70,
  io = 74,
  interrupted = 130,
  terminated = 143,
};

// Of several that apply, the one that is reported: 70, 74, 6, 5, 1, 3, 4, 0.
int worse(int a, int b);

// The flags of `check` and of everything that builds a model.
struct ModelArguments {
  std::string nodes;  // a number or a range 3..5
  std::optional<std::uint32_t> clients, operations, crashes, restarts, drops, duplicates, timeouts,
      partitions, unsynced, skew;
  std::string partition_shapes;  // symmetric,bridged
  std::string across;
  std::string network;
  std::string limits;   // term=3,log=2
  std::string options;  // quorum=2
  std::string bug;

  void add_to(CLI::App& app);
  // One configuration for each number of nodes. Throws UsageError.
  std::vector<Configuration> configurations(const CatalogEntry& entry) const;
};

// Results in the forms that continuous integration reads.
struct CiReports {
  std::string junit;    // a file of JUnit XML; empty: none
  bool github = false;  // on by itself inside GitHub Actions
};
void add_report_options(CLI::App& command, CiReports& reports);

// Throws UsageError: "there is no system 'raff'; did you mean 'raft'?", or `otherwise` where none
// is near; empty: which names there are.
[[noreturn]] void refuse_name(const std::string& what, const std::string& name,
                              const std::vector<std::string>& names,
                              const std::string& otherwise = "");
// Throws UsageError with the nearest spelling.
const CatalogEntry& require_system(const std::string& name);
// The bug of that name; throws UsageError.
const Bug& require_bug(const CatalogEntry& entry, const std::string& name);

// "10m", "90s", "1.5h"; "4G", "512M". Throw UsageError.
std::uint64_t parse_seed(const std::string& text);  // at most 16 hexadecimal digits
// "name=value,name=value", each name once.
std::vector<std::pair<std::string, std::string>> parse_pairs(const std::string& text,
                                                             const std::string& flag);
// Throws UsageError where what is written would replace what is read.
void refuse_same_file(const std::string& read, const std::string& written);
// Of an option that is a count: digits, and no more of them than 64 bits hold.
CLI::Validator is_count();
double parse_seconds(const std::string& text, const std::string& flag);
std::uint64_t parse_bytes(const std::string& text, const std::string& flag);

// An option as it may be given again: its name and its values.
std::vector<std::string> words_of(const CLI::Option& option);
// As a shell reads it back.
std::string shell_word(const std::string& word);
// The command of a verb as it was given, but for the options of these names.
std::string command_of(const CLI::App& given, const std::vector<std::string_view>& left_out = {});

// Set by SIGINT and SIGTERM.
extern std::atomic<bool> stop_requested;
extern std::atomic<int> stop_signal;
// The code of a signal that came, if one did: but a violation that was found stays one.
int unless_stopped(int code);

// What the page shows of a trace: made by running it again, or of its file alone where that is not
// possible, which is said on stderr, too. Throws TraceError.
std::string data_of_trace(const std::string& file);

// One file per verb: adds the subcommand, and leaves what to run in `action`.
using Action = std::function<int()>;
void add_list(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);
void add_replay(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_bugs(CLI::App& app, Action& action);
void add_linearize(CLI::App& app, Action& action);
void add_hunt(CLI::App& app, Action& action);
void add_simulate(CLI::App& app, Action& action);
void add_minimize(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_campaign(CLI::App& app, Action& action);
void add_campaign_store(CLI::App& campaign, Action& action);  // verbs of `campaign`

}  // namespace gainsay::cli
