#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

namespace {

// The model that has such an operation.
std::string guess(const RecordedOperation& operation) {
  const std::string& f = operation.function;
  if (f == "append" || operation.key) return "kv";
  if (f == "txn") return "multi-register";
  if (f == "enqueue" || f == "dequeue") return "queue";
  if (f == "push" || f == "pop") return "stack";
  if (f == "acquire" || f == "release" || f == "lock" || f == "unlock") return "mutex";
  if (f == "read" || f == "write" || f == "cas" || f == "r" || f == "w") return "cas-register";
  throw HistoryError("line " + std::to_string(operation.line) + ": " + f +
                     " is an operation of several models or none; say which with --model");
}

Format format_of(std::istream& input) {
  std::string start(4096, ' ');
  input.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(input.gcount()));
  input.clear();
  input.seekg(0);
  if (!input) throw HistoryError("cannot be read twice; say --format");
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) throw HistoryError("is empty");
  const std::string_view rest = std::string_view(start).substr(first);
  if (rest.find("jepsen") != std::string_view::npos && rest.find("\t:") != std::string_view::npos) {
    return Format::log;
  }
  if (rest.starts_with("# model") || (rest[0] >= '0' && rest[0] <= '9')) return Format::ops;
  const std::size_t inside = rest.find_first_not_of(" \t\r\n", 1);
  if (rest[0] == '{' && inside != std::string_view::npos && rest[inside] == '"') {
    return Format::json;
  }
  if (rest[0] == '{' || rest[0] == '[' || rest[0] == '#' || rest[0] == ';' || rest[0] == '(') {
    return Format::edn;
  }
  throw HistoryError("is in none of the formats edn, log, ops and json");
}

std::string words_of_omitted(const RecordedOperation& operation) {
  constexpr std::size_t longest = 100;
  std::string text = operation.function;
  if (operation.key) text += " " + to_value(*operation.key);
  if (!operation.argument.is_nil()) text += " " + to_value(operation.argument);
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text + (operation.outcome == Outcome::open ? ": no answer" : ": failed");
}

}  // namespace

void Recorder::use_model(const std::string& name) {
  if (recording_.model != nullptr) return;
  recording_.model = find_model(options_.model.empty() ? name : options_.model);
  if (recording_.model == nullptr) throw HistoryError("there is no model " + name);
}

void Recorder::add(const RecordedOperation& operation) {
  if (++count_ > options_.limits.operations_max) throw HistoryError("has too many operations");
  if (recording_.model == nullptr) {
    use_model(options_.model.empty() ? guess(operation) : options_.model);
  }
  const std::size_t before = recording_.history.operations().size();
  recording_.model->add(operation, recording_.history);
  if (recording_.history.operations().size() > before) {
    recording_.lines.push_back(operation.line);
    recording_.failed.push_back(operation.outcome == Outcome::failed);
  } else {
    recording_.omitted.push_back({operation.line, operation.client, operation.object,
                                  words_of_omitted(operation), operation.invoked,
                                  operation.returned});
  }
}

Recording Recorder::finish() {
  if (count_ == 0) throw HistoryError("has no operations");
  return std::move(recording_);
}

Id Recorder::number(const std::string& name, std::map<std::string, Id, std::less<>>& index,
                    std::vector<std::string>& names) {
  const auto [place, added] = index.try_emplace(name, static_cast<Id>(names.size()));
  if (added) names.push_back(name);
  return place->second;
}

bool read_line(std::istream& input, std::string& line, const ReadLimits& limits) {
  line.clear();
  std::streambuf& buffer = *input.rdbuf();
  int c = buffer.sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = buffer.sbumpc()) {
    if (line.size() == limits.line_bytes_max) throw HistoryError("has a line that is too long");
    line.push_back(static_cast<char>(c));
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

void rethrow_at(std::uint64_t line, const HistoryError& error) {
  const std::string what = error.what();
  if (what.starts_with("line ")) throw error;
  throw HistoryError("line " + std::to_string(line) + ": " + what);
}

Recording read_history(std::istream& input, const ReadOptions& options) {
  Recorder recorder(options);
  switch (options.format ? *options.format : format_of(input)) {
    case Format::edn:
      read_edn_events(input, options.limits, recorder);
      break;
    case Format::log:
      read_log(input, options.limits, recorder);
      break;
    case Format::ops:
      read_ops(input, options.limits, recorder);
      break;
    case Format::json:
      read_json(input, options.limits, recorder);
      break;
  }
  return recorder.finish();
}

}  // namespace gainsay::linearizability
