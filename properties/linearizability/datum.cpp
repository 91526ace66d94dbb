#include "properties/linearizability/datum.hpp"

#include <algorithm>

namespace gainsay::linearizability {

namespace {

bool is_space(char c) { return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_atom(char c) {
  return is_space(c) || std::string_view("()[]{}\"; ").find(c) != std::string_view::npos;
}

class EdnReader {
 public:
  explicit EdnReader(std::string_view& text) : text_(text) {}

  bool read(Datum& datum, std::size_t depth = 0) {
    if (depth > datum_depth_max) throw HistoryError("values are nested too deeply");
    skip_blank(depth);
    if (text_.empty()) return false;
    const char first = text_.front();
    if (first == '[') return read_items(datum, Datum::Kind::list, 1, ']', depth);
    if (first == '(') return read_items(datum, Datum::Kind::list, 1, ')', depth);
    if (first == '{') return read_items(datum, Datum::Kind::map, 1, '}', depth);
    if (text_.starts_with("#{")) return read_items(datum, Datum::Kind::set, 2, '}', depth);
    if (first == '#') {
      read_atom();  // a tag; what it is about follows
      return read_needed(datum, depth + 1);
    }
    if (first == '"') return read_string(datum);
    if (first == ']' || first == ')' || first == '}') {
      throw HistoryError(std::string("a '") + first + "' that closes nothing");
    }
    datum = {.text = std::string(read_atom())};
    return true;
  }

 private:
  void skip_blank(std::size_t depth) {
    for (;;) {
      while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
      if (text_.starts_with(";")) {
        text_.remove_prefix(std::min(text_.size(), text_.find('\n')));
      } else if (text_.starts_with("#_")) {
        text_.remove_prefix(2);
        Datum discarded;
        read_needed(discarded, depth + 1);
      } else {
        return;
      }
    }
  }

  bool read_needed(Datum& datum, std::size_t depth) {
    if (!read(datum, depth)) throw HistoryError("the text ends inside a value");
    return true;
  }

  std::string_view read_atom() {
    std::size_t end = 1;  // a character may be any, as in \(
    if (text_.front() == '\\' && text_.size() > 1) end = 2;
    while (end < text_.size() && !ends_atom(text_[end])) ++end;
    const std::string_view atom = text_.substr(0, end);
    text_.remove_prefix(end);
    return atom;
  }

  bool read_string(Datum& datum) {
    datum = {.kind = Datum::Kind::string, .text = ""};
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return true;
      }
      if (text_[i] == '\\' && ++i < text_.size()) {
        const auto escape = std::string_view("nrt").find(text_[i]);
        datum.text += escape != std::string_view::npos ? "\n\r\t"[escape] : text_[i];
      } else if (i < text_.size()) {
        datum.text += text_[i];
      }
    }
    throw HistoryError("a string without an end");
  }

  bool read_items(Datum& datum, Datum::Kind kind, std::size_t opening, char close,
                  std::size_t depth) {
    datum = {.kind = kind, .text = ""};
    text_.remove_prefix(opening);
    for (;;) {
      skip_blank(depth);
      if (text_.starts_with(close)) break;
      read_needed(datum.items.emplace_back(), depth + 1);
    }
    text_.remove_prefix(1);
    if (kind == Datum::Kind::map && datum.items.size() % 2 != 0) {
      throw HistoryError("a map has a key without a value");
    }
    return true;
  }

  std::string_view& text_;
};

}  // namespace

const Datum& Datum::at(std::string_view keyword) const {
  static const Datum nothing;
  for (std::size_t i = 0; kind == Kind::map && i + 1 < items.size(); i += 2) {
    if (items[i].kind == Kind::atom && items[i].text == keyword) return items[i + 1];
  }
  return nothing;
}

std::string to_value(const Datum& datum) {
  if (datum.kind == Datum::Kind::atom) return datum.text;
  if (datum.kind == Datum::Kind::string) return '"' + datum.text;
  std::vector<std::string> items;
  const std::size_t step = datum.kind == Datum::Kind::map ? 2 : 1;
  for (std::size_t i = 0; i < datum.items.size(); i += step) {
    // Inside others a string needs an end, and its length, so that different data stay different.
    for (std::size_t j = i; j < i + step; ++j) {
      std::string item = to_value(datum.items[j]);
      if (datum.items[j].kind == Datum::Kind::string) {
        item = std::to_string(datum.items[j].text.size()) + item + '"';
      }
      if (j == i) {
        items.push_back(std::move(item));
      } else {
        items.back() += " " + item;
      }
    }
  }
  if (datum.kind != Datum::Kind::list) std::ranges::sort(items);
  std::string text = datum.kind == Datum::Kind::list  ? "["
                     : datum.kind == Datum::Kind::set ? "#{"
                                                      : "{";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : " ") + items[i];
  return text + (datum.kind == Datum::Kind::list ? "]" : "}");
}

bool read_edn(std::string_view& text, Datum& datum) { return EdnReader(text).read(datum); }

}  // namespace gainsay::linearizability
