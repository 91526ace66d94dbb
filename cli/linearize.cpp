// gainsay linearize: is a history that was recorded elsewhere linearizable, or sequentially
// consistent?
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/text.hpp"
#include "engine/trace.hpp"
#include "explorer/history_page.hpp"
#include "explorer/parallel.hpp"
#include "properties/linearizability/core.hpp"
#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/partitions.hpp"
#include "properties/linearizability/reader.hpp"
#include "properties/linearizability/sequential.hpp"

namespace gainsay::cli {

namespace {

using namespace gainsay::linearizability;
using linearizability::Verdict;  // not that of a check
using Clock = std::chrono::steady_clock;

struct LinearizeArguments {
  std::vector<std::string> histories;
  std::string model;
  std::string format = "auto";
  std::string time;
  std::string memory;
  std::string html;
  unsigned jobs = 0;
  std::string consistency = "linearizable";
  bool whole = false;
  bool order = false;
  bool json = false;
  bool quiet = false;
};

std::string need_known(const std::string& flag, const std::string& value,
                       const std::vector<std::string>& known) {
  if (std::ranges::find(known, value) != known.end()) return value;
  std::string message = flag + " " + value + ": there is none of that name";
  const std::string near = nearest(value, known);
  throw UsageError(message + (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

ReadOptions read_options(const LinearizeArguments& arguments) {
  ReadOptions options;
  std::vector<std::string> names;
  for (const NamedModel& model : named_models()) names.push_back(model.name);
  if (!arguments.model.empty()) options.model = need_known("--model", arguments.model, names);
  const std::vector<std::string> formats = {"auto", "edn", "jepsen", "porcupine",
                                            "log",  "ops", "json"};
  const std::string format = need_known("--format", arguments.format, formats);
  if (format == "edn" || format == "porcupine") options.format = Format::edn;
  if (format == "log") options.format = Format::log;
  if (format == "ops") options.format = Format::ops;
  if (format == "json") options.format = Format::json;
  return options;  // Jepsen writes both EDN and a log: as for auto, the first line tells
}

// What is said of one file.
struct Judged {
  std::string path;
  Recording recording;
  Judgement judgement;
  double seconds = 0;  // of judging
  std::string limit;   // that was hit
  std::vector<Id> prefix_order;
};

bool is_sequential(const LinearizeArguments& arguments) {
  return arguments.consistency == "sequential";
}

std::string verdict_name(const LinearizeArguments& arguments, Verdict verdict) {
  const std::string what = is_sequential(arguments) ? "sequentially consistent" : "linearizable";
  switch (verdict) {
    case Verdict::linearizable:
      return what;
    case Verdict::not_linearizable:
      return "not " + what;
    case Verdict::unknown:
      return "unknown";
  }
  return "";
}

ForEach at_once(unsigned jobs) {
  return [jobs](std::size_t count, const std::function<void(std::size_t)>& body) {
    parallel_chunks(count, 1, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) body(i);
    });
  };
}

// Of a violation: an order of what came before it, in its own part of the history.
std::vector<Id> order_before(const Judged& judged, const Limits& limits) {
  const Judgement& judgement = judged.judgement;
  if (judgement.verdict != Verdict::not_linearizable) return {};
  const linearizability::Model& model = judged.recording.model->model;
  const TimedHistory& history = judged.recording.history;
  for (const std::vector<Id>& part : partitions(model, history, limits.partition)) {
    if (std::ranges::find(part, judgement.broken_by) == part.end()) continue;
    return prefix_order(model, history, part, judgement.broken_by, limits);
  }
  return {};
}

void refuse_unsound(const LinearizeArguments& arguments) {
  need_known("--consistency", arguments.consistency, {"linearizable", "sequential"});
  if (arguments.histories.size() > 1 && !arguments.html.empty()) {
    throw UsageError("--html is for one history at a time");
  }
  if (!arguments.html.empty()) refuse_same_file(arguments.histories.front(), arguments.html);
  if (!is_sequential(arguments)) return;
  if (arguments.whole) {
    throw UsageError("--whole: sequential consistency is never judged key by key");
  }
  if (!arguments.html.empty()) {
    throw UsageError("--html draws real time, which sequential consistency drops");
  }
}

Judged judge_file(const LinearizeArguments& arguments, const std::string& path) {
  Judged judged{.path = path};
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw FileError(path + ": cannot be read");
  try {
    judged.recording = read_history(file, read_options(arguments));
  } catch (const HistoryError& error) {
    throw TraceError(path + ": " + error.what());
  }
  const auto begin = Clock::now();
  const double seconds_max = arguments.time.empty() ? 0 : parse_seconds(arguments.time, "--time");
  Limits limits{.partition = !arguments.whole};
  if (!arguments.memory.empty()) limits.bytes_max = parse_bytes(arguments.memory, "--memory");
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  limits.stop = [&] {
    return stop_requested.load() || (seconds_max > 0 && seconds() >= seconds_max);
  };
  limits.at_once = arguments.jobs == 0 ? default_jobs() : arguments.jobs;
  if (limits.at_once > 1) limits.for_each = at_once(limits.at_once);
  auto* judge_it = is_sequential(arguments) ? judge_sequential : judge;
  judged.judgement = judge_it(judged.recording.model->model, judged.recording.history, limits);
  judged.seconds = seconds();
  if (!arguments.html.empty()) judged.prefix_order = order_before(judged, limits);
  if (judged.judgement.verdict == Verdict::unknown) {
    judged.limit = judged.judgement.unknown_because == "memory" ? "--memory"
                   : stop_requested                             ? "interrupted"
                                                                : "--time";
  }
  return judged;
}

std::size_t unanswered(const Recording& recording) {
  return static_cast<std::size_t>(
      std::ranges::count(recording.history.operations(), never, &Operation::returned));
}

bool is_vacuous(const Judged& judged) {
  return judged.judgement.verdict == Verdict::linearizable &&
         !judged.recording.history.has_result();
}

nlohmann::ordered_json operation_json(const Recording& recording, Id id) {
  const Operation& operation = recording.history.operations()[id];
  nlohmann::ordered_json result = {
      {"line", recording.lines[id]},
      {"client", recording.clients[operation.client]},
      {"operation", recording.model->describe(recording.history.kind_of(id))},
      {"invoked", operation.invoked},
      {"returned", nullptr}};
  if (operation.returned != never) result["returned"] = operation.returned;
  if (!recording.objects.empty()) result["object"] = recording.objects[operation.object];
  return result;
}

void add_violation(const Judged& judged, nlohmann::ordered_json& result) {
  const Recording& recording = judged.recording;
  const Judgement& judgement = judged.judgement;
  result["broken_by"] = operation_json(recording, judgement.broken_by);
  result["prefix_has_order"] = judgement.prefix_has_order;
  result["core"] = nlohmann::ordered_json::array();
  for (const Id id : judgement.core) result["core"].push_back(operation_json(recording, id));
  result["core_is_minimal"] = judgement.core_is_minimal;
  result["states_before"] = nlohmann::ordered_json::array();
  for (const Bytes& state : judgement.states_before) {
    result["states_before"].push_back(recording.model->describe_state(state));
  }
}

std::string result_json(const LinearizeArguments& arguments, const Judged& judged) {
  const Recording& recording = judged.recording;
  const Judgement& judgement = judged.judgement;
  nlohmann::ordered_json result = {
      {"history", judged.path},
      {"verb", "linearize"},
      {"consistency", arguments.consistency},
      {"verdict", is_vacuous(judged) ? "vacuous" : verdict_name(arguments, judgement.verdict)},
      {"model", recording.model->name},
      {"operations", recording.history.operations().size()},
      {"unanswered", unanswered(recording)},
      {"omitted", recording.omitted.size()},
      {"clients", recording.clients.size()},
      {"partitions", judgement.partitions},
      {"configurations", judgement.configurations},
      {"seconds", judged.seconds}};
  switch (judgement.verdict) {
    case Verdict::linearizable: {
      auto order = nlohmann::ordered_json::array();
      for (const Id id : judgement.order) order.push_back(recording.lines[id]);
      result["order"] = std::move(order);  // lines
      break;
    }
    case Verdict::not_linearizable:
      if (!is_sequential(arguments)) add_violation(judged, result);
      break;
    case Verdict::unknown:
      result["limit"] = judged.limit;
      break;
  }
  return result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string operation_line(const Recording& recording, Id id) {
  const Operation& operation = recording.history.operations()[id];
  std::string line = "  line " + std::to_string(recording.lines[id]) + "  client " +
                     recording.clients[operation.client] + "  ";
  if (!recording.objects.empty()) line += "[" + recording.objects[operation.object] + "] ";
  line += recording.model->describe(recording.history.kind_of(id));
  constexpr std::size_t longest = 200;
  return line.size() <= longest ? line : line.substr(0, longest) + "...";
}

void print_violation(const Judged& judged) {
  const Judgement& judgement = judged.judgement;
  std::cout << (judgement.prefix_has_order
                    ? "What returned before this operation has an order, but not with it:\n"
                    : "What returned until this operation did has no order:\n")
            << operation_line(judged.recording, judgement.broken_by) << "\n";
  if (judgement.core.empty()) return;
  const std::size_t size = judgement.core.size();
  const std::string which =
      size == 1 ? "This one has no place" : "These " + with_commas(size) + " have no order";
  std::cout << which << ", whatever the others did"
            << (judgement.core_is_minimal && size > 1 ? "; it takes all of them:\n" : ":\n");
  constexpr std::size_t shown_max = 40;
  for (std::size_t i = 0; i < judgement.core.size() && i < shown_max; ++i) {
    std::cout << operation_line(judged.recording, judgement.core[i]) << "\n";
  }
  if (judgement.core.size() > shown_max) std::cout << "  ... (--json has all)\n";
}

void print(const LinearizeArguments& arguments, const Judged& judged) {
  const Recording& recording = judged.recording;
  const Judgement& judgement = judged.judgement;
  std::cout << judged.path << ": "
            << (is_vacuous(judged) ? "vacuous, as no operation returned"
                                   : verdict_name(arguments, judgement.verdict));
  if (!judged.limit.empty()) std::cout << " (" << judged.limit << ")";
  std::cout << "; " << recording.model->name << ", "
            << with_commas(recording.history.operations().size()) << " operations of "
            << with_commas(recording.clients.size()) << " clients";
  if (const std::size_t open = unanswered(recording); open > 0) {
    std::cout << ", " << with_commas(open) << " without an answer";
  }
  if (!recording.omitted.empty()) {
    std::cout << ", " << with_commas(recording.omitted.size()) << " left out, as they failed";
  }
  if (judgement.partitions > 1) {
    std::cout << ", " << with_commas(judgement.partitions) << " independent parts";
  }
  std::cout << "; " << std::round(judged.seconds * 1e4) / 10 << " ms\n";
  if (arguments.quiet) return;
  if (judgement.verdict == Verdict::not_linearizable && is_sequential(arguments)) {
    std::cout << "No order that keeps the order of each client gives these results.\n";
  } else if (judgement.verdict == Verdict::not_linearizable) {
    print_violation(judged);
  }
  if (!arguments.order || judgement.verdict != Verdict::linearizable) return;
  for (const Id id : judgement.order) std::cout << operation_line(recording, id) << "\n";
}

int linearize_one(const LinearizeArguments& arguments, const std::string& path) {
  const Judged judged = judge_file(arguments, path);
  if (arguments.json) {
    std::cout << result_json(arguments, judged);
  } else {
    print(arguments, judged);
  }
  if (!arguments.html.empty()) {
    write_file(arguments.html, history_page({.name = path,
                                             .recording = judged.recording,
                                             .judgement = judged.judgement,
                                             .partition = !arguments.whole,
                                             .prefix_order = judged.prefix_order,
                                             .limit = judged.limit}));
    std::cerr << "gainsay: the picture is in " << arguments.html << "\n";
  }
  switch (judged.judgement.verdict) {
    case Verdict::linearizable:
      return is_vacuous(judged) ? vacuous : ok;
    case Verdict::not_linearizable:
      return violated;
    case Verdict::unknown:
      return stop_requested ? 128 + stop_signal.load() : incomplete;
  }
  return internal;
}

// Of the models, one a line.
std::string models_help() {
  std::string text = "Models:\n";
  for (const NamedModel& model : named_models()) {
    std::string line = "  " + model.name;
    line.resize(std::max(line.size() + 1, std::size_t{30}), ' ');
    text += wrap(line + model.functions, 30, 80);
  }
  return text;
}

}  // namespace

void add_linearize(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<LinearizeArguments>();
  CLI::App& command =
      *app.add_subcommand("linearize", "judge a history that was recorded elsewhere");
  command.add_option("histories", arguments->histories, "history files")
      ->required()
      ->type_name("FILE");
  command.add_option("--model", arguments->model, "what the history is of, see below")
      ->type_name("NAME");
  command.add_option("--format", arguments->format, "auto, edn, porcupine, log, jepsen, ops, json")
      ->type_name("NAME");
  command.add_option("--time", arguments->time, "give up after so long, each")->type_name("TIME");
  command.add_option("--memory", arguments->memory, "give up at this size of the search (1G)")
      ->type_name("SIZE");
  command.add_option("--html", arguments->html, "draw it: one HTML file that needs no network")
      ->type_name("FILE");
  command.add_option("-j,--jobs", arguments->jobs, "threads (default: one for each core)")
      ->type_name("N");
  command.add_option("--consistency", arguments->consistency, "linearizable or sequential")
      ->type_name("NAME");
  command.add_flag("--whole", arguments->whole, "do not split a store by its keys");
  command.add_flag("--order", arguments->order, "print the order that was found");
  command.add_flag("--json", arguments->json, "one JSON object a history on standard output");
  command.add_flag("-q,--quiet", arguments->quiet, "only the verdicts");
  command.footer(models_help() + "\n" + command.get_footer());
  command.callback([arguments, &action] {
    action = [arguments] {
      refuse_unsound(*arguments);
      int code = ok;
      for (const std::string& path : arguments->histories) {
        code = worse(code, linearize_one(*arguments, path));
        if (stop_requested) break;
      }
      return unless_stopped(code);
    };
  });
}

}  // namespace gainsay::cli
