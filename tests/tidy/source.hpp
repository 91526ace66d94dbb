// Reading C++ as far as the tidy test must: without comments and literals, as tokens, and where its
// functions begin and end. It is no parser: what it takes for a function is a heuristic, good for
// code in this tree's format. What it cannot follow, unmatched brackets, it reports.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gainsay::tidy {

// Comments and the contents of literals become spaces; every line stays where it is.
inline std::string without_comments_and_literals(std::string_view text);

struct Source {
  Source(std::string its_path, std::string its_text)
      : path(std::move(its_path)),
        text(std::move(its_text)),
        code(is_cpp() ? without_comments_and_literals(text) : std::string()) {}
  bool is_header() const { return path.ends_with(".hpp"); }
  bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
  bool is_page() const { return path.ends_with(".md"); }
  bool is_data() const { return path.ends_with(".json"); }
  // "engine" of "engine/world.hpp", "" of a file at the root.
  std::string folder() const {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
  }

  std::string path;  // from the root
  std::string text;
  std::string code;  // of C++ only
};

struct Token {
  std::string_view text;
  std::size_t line = 0;
};

struct Function {
  std::string name;  // "Search::run"; of a test "Suite.Name"
  std::size_t line = 0;
  std::size_t lines = 0;  // signature to closing brace
};

struct Functions {
  std::vector<Function> found;
  bool brackets_match = true;
};

inline bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
inline bool is_word(std::string_view token) { return !token.empty() && is_word(token.front()); }

// `separators` may stand in a number, as in 1'000.
inline std::size_t end_of_word(std::string_view text, std::size_t at, std::string_view separators) {
  while (at < text.size() && (is_word(text[at]) || separators.find(text[at]) != separators.npos)) {
    ++at;
  }
  return at;
}

// The lines of a text, without their ends.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

namespace detail {

// One past the literal that begins with the quote at `at`.
inline std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

inline std::size_t end_of_raw_literal(std::string_view text, std::size_t quote) {
  const std::size_t open = std::min(text.find('(', quote), text.size());
  std::string close(1, ')');
  close.append(text.substr(quote + 1, open - quote - 1)).append(1, '"');
  const std::size_t at = text.find(close, open);
  return at == std::string_view::npos ? text.size() : at + close.size();
}

inline void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < std::min(end, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

}  // namespace detail

inline std::string without_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text.substr(at, 2) == "//") {
      end = std::min(text.find('\n', at), text.size());
      detail::blank(code, at, end);
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t close = text.find("*/", at + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      detail::blank(code, at, end);
    } else if (text[at] == '"' || text[at] == '\'') {
      end = detail::end_of_literal(text, at);
      detail::blank(code, at + 1, end - 1);
    } else if (is_word(text[at])) {
      const bool number = std::isdigit(static_cast<unsigned char>(text[at])) != 0;
      end = end_of_word(text, at, number ? "'." : "");
      const std::string_view word = text.substr(at, end - at);
      constexpr std::array<std::string_view, 5> raw = {"R", "LR", "uR", "UR", "u8R"};
      if (end < text.size() && text[end] == '"' && std::ranges::find(raw, word) != raw.end()) {
        const std::size_t quote = end;
        end = detail::end_of_raw_literal(text, quote);
        detail::blank(code, quote + 1, end - 1);
      }
    }
    at = end;
  }
  return code;
}

// The tokens of code without comments and literals; of the preprocessor's lines there are none.
// They point into `code`.
inline std::vector<Token> tokens_of(std::string_view code) {
  std::vector<Token> tokens;
  bool continued = false;  // a preprocessor line that ends in a backslash
  std::size_t number = 0;
  for (const std::string_view line : lines_of(code)) {
    ++number;
    const std::size_t first = line.find_first_not_of(' ');
    const bool skipped = continued || (first != line.npos && line[first] == '#');
    continued = skipped && line.ends_with('\\');
    if (skipped) continue;
    for (std::size_t at = std::min(first, line.size()); at < line.size();) {
      std::size_t end = at + 1;
      if (is_word(line[at])) {
        const bool is_number = std::isdigit(static_cast<unsigned char>(line[at])) != 0;
        end = end_of_word(line, at, is_number ? "'." : "");
      } else if (line.substr(at, 2) == "::" || line.substr(at, 2) == "->") {
        end = at + 2;
      }
      if (line[at] != ' ') tokens.push_back({.text = line.substr(at, end - at), .line = number});
      at = end;
    }
  }
  return tokens;
}

// Finds the functions at the scope of namespaces and classes. A function's head is what stands
// between the last `;` or brace of the scope and its body; groups in brackets are passed over.
class FunctionFinder {
 public:
  explicit FunctionFinder(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Functions find() {
    while (at_ < tokens_.size()) step();
    functions_.brackets_match &= scopes_ == 0;
    return std::move(functions_);
  }

 private:
  enum class Brace { scope, function, other };

  void step() {
    const std::string_view text = tokens_[at_].text;
    if (text == "{") return open();
    if (text == ";" || text == "}") {
      if (text == "}") functions_.brackets_match &= scopes_-- > 0;
      head_.clear();
    } else if (text == ":" && head_.size() == 1 && is_access(head(0))) {
      head_.clear();
    } else {
      head_.push_back(at_);
      if (text == "(" || text == "[") return skip(text, text == "(" ? ")" : "]");
      if (text == "template" && at_ + 1 < tokens_.size() && tokens_[at_ + 1].text == "<") {
        ++at_;
        return skip("<", ">");
      }
    }
    ++at_;
  }

  void open() {
    const Brace brace = classify();
    if (brace == Brace::scope) {
      ++scopes_;
      ++at_;
      head_.clear();
      return;
    }
    if (brace == Brace::other) head_.push_back(at_);
    skip("{", "}");
    if (brace == Brace::other) return;
    const std::size_t begin = tokens_[head_.front()].line;
    functions_.found.push_back(
        {.name = name(), .line = begin, .lines = tokens_[at_ - 1].line - begin + 1});
    head_.clear();
  }

  // Moves to one past the bracket that closes the one at at_.
  void skip(std::string_view opening, std::string_view closing) {
    std::size_t depth = 0;
    for (; at_ < tokens_.size(); ++at_) {
      if (tokens_[at_].text == opening) ++depth;
      if (tokens_[at_].text == closing && --depth == 0) {
        ++at_;
        return;
      }
    }
    functions_.brackets_match = false;
  }

  std::string_view head(std::size_t i) const { return tokens_[head_[i]].text; }
  bool head_has(std::string_view word) const {
    return std::ranges::any_of(head_, [&](std::size_t at) { return tokens_[at].text == word; });
  }
  static bool is_access(std::string_view word) {
    return word == "public" || word == "protected" || word == "private";
  }

  // Where in the head the parameters begin; its size if it has none.
  std::size_t parameters() const {
    constexpr std::array<std::string_view, 5> other = {"requires", "alignas", "decltype",
                                                       "noexcept", "explicit"};
    std::size_t arguments = 0;  // open `<`, as in std::function<void(int)>
    bool is_operator = false;   // whose own name may be `<`
    for (std::size_t i = 0; i < head_.size(); ++i) {
      is_operator |= head(i) == "operator";
      if (!is_operator && head(i) == "<") ++arguments;
      if (!is_operator && head(i) == ">" && arguments > 0) --arguments;
      if (i == 0 || head(i) != "(" || arguments > 0) continue;
      if (std::ranges::find(other, head(i - 1)) != other.end()) continue;
      const bool call_operator = i + 1 < head_.size() && head(i - 1) == "operator";
      return call_operator ? i + 1 : i;
    }
    return head_.size();
  }

  Brace classify() const {
    if (head_has("namespace")) return Brace::scope;
    if (head_has("enum")) return Brace::other;
    if (head_has("class") || head_has("struct") || head_has("union")) return Brace::scope;
    const std::size_t list = parameters();
    if (list == head_.size()) return head_has("extern") ? Brace::scope : Brace::other;
    if (head_has("=") && !head_has("operator")) return Brace::other;  // an initial value
    const auto after = head_.begin() + static_cast<std::ptrdiff_t>(list);
    const bool initializers =
        std::any_of(after, head_.end(), [&](std::size_t at) { return tokens_[at].text == ":"; });
    const std::string_view last = tokens_[head_.back()].text;
    const bool member = initializers && (is_word(last) || last == ">");  // a_{1}
    return member ? Brace::other : Brace::function;
  }

  std::string name() const {
    const std::size_t list = parameters();
    const auto operator_at =
        std::ranges::find_if(head_, [&](std::size_t at) { return tokens_[at].text == "operator"; });
    std::size_t begin = operator_at != head_.end()
                            ? static_cast<std::size_t>(operator_at - head_.begin())
                            : list - 1;
    if (begin > 0 && head(begin - 1) == "~") --begin;
    while (begin > 1 && head(begin - 1) == "::" && is_word(head(begin - 2))) begin -= 2;
    std::string name;
    for (std::size_t i = begin; i < list; ++i) name += head(i) == "(" ? "()" : head(i);
    // TEST(Suite, Name) and its kin: the test's own name.
    const bool macro = std::ranges::all_of(
        name, [](char c) { return c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0; });
    const std::size_t first = head_[list] + 1;
    if (macro && first + 2 < tokens_.size()) {
      name = std::string(tokens_[first].text) + "." + std::string(tokens_[first + 2].text);
    }
    return name;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t scopes_ = 0;
  std::vector<std::size_t> head_;  // indices of tokens
  Functions functions_;
};

inline Functions functions_of(const Source& source) {
  return FunctionFinder(tokens_of(source.code)).find();
}

}  // namespace gainsay::tidy
