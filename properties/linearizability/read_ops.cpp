// CLIENT CALL RETURN F ARGS: one operation a line, its moments numbers; a return of -1 is none.
// The first line may be "# model NAME [INITIAL]". F: r V, w V, cas A B, casfail A B; of a store
// get K V, put K V, append K V.
#include <array>
#include <charconv>

#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

namespace {

class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(" \t")));
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }
  std::string_view needed(const char* what) {
    const std::string_view word = next();
    if (word.empty()) throw HistoryError(std::string("there is no ") + what);
    return word;
  }
  Moment moment(const char* what) {
    const std::string_view word = needed(what);
    if (word == "-1") return never;
    Moment value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value >= never - 1) {
      throw HistoryError(std::string(what) + " is no number");
    }
    return value;
  }

 private:
  std::string_view rest_;
};

Datum atom(std::string_view text) { return {.text = std::string(text)}; }
Datum string(std::string_view text) {
  return {.kind = Datum::Kind::string, .text = std::string(text)};
}

RecordedOperation read_operation(Words& words, RecordedOperation operation) {
  const std::string_view f = words.needed("function");
  const bool open = operation.returned == never;
  operation.function = f;
  operation.outcome = open ? Outcome::open : Outcome::ok;
  if (f == "r") {
    if (!open) operation.answer = atom(words.needed("value"));
  } else if (f == "w") {
    operation.argument = atom(words.needed("value"));
  } else if (f == "cas" || f == "casfail") {
    const Datum expected = atom(words.needed("expected value"));
    operation.argument = {.kind = Datum::Kind::list,
                          .text = "",
                          .items = {expected, atom(words.needed("new value"))}};
    operation.function = "cas";
    if (f == "casfail" && open) throw HistoryError("what never returned did not fail");
    if (f == "casfail") operation.outcome = Outcome::failed;
  } else if (f == "get" || f == "put" || f == "append") {
    operation.key = string(words.needed("key"));
    if (f != "get") {
      operation.argument = string(words.needed("value"));
    } else if (!open) {
      operation.answer = string(words.next());
    }
  } else {
    throw HistoryError("there is no function " + std::string(f.substr(0, 40)));
  }
  if (!open || f != "r") {
    if (!words.next().empty()) throw HistoryError("too many words");
  }
  return operation;
}

void read_header(std::string_view line, Recorder& recorder) {
  Words words(line);
  words.next();
  if (words.next() != "model") return;  // a remark
  const std::string_view name = words.needed("model");
  recorder.use_model(name == "casreg" ? "cas-register" : std::string(name));
  const std::string_view initial = words.next();
  if (!initial.empty() && initial != "nil") throw HistoryError("an initial value is nil here");
}

}  // namespace

void read_ops(std::istream& input, const ReadLimits& limits, Recorder& recorder) {
  std::string line;
  for (std::uint64_t number = 1; read_line(input, line, limits); ++number) {
    try {
      if (line.starts_with('#')) read_header(line, recorder);
      if (line.empty() || line.starts_with('#')) continue;
      Words words(line);
      RecordedOperation operation{.line = number};
      operation.client = recorder.client(std::string(words.needed("client")));
      operation.invoked = words.moment("call");
      operation.returned = words.moment("return");
      if (operation.returned < operation.invoked) throw HistoryError("it returns before its call");
      recorder.add(read_operation(words, std::move(operation)));
    } catch (const HistoryError& error) {
      rethrow_at(number, error);
    }
  }
}

}  // namespace gainsay::linearizability
