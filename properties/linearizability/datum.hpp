// A value of a recorded history, from whatever format: extensible data notation (EDN), JSON, words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gainsay::linearizability {

// A history that cannot be read; `what` says where and why, in one line.
class HistoryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Datum {
  enum class Kind : std::uint8_t { atom, string, list, set, map };
  Kind kind = Kind::atom;
  std::string text = "nil";  // of an atom or a string
  std::vector<Datum> items;  // of a map: key, value, key, value

  bool is_nil() const { return kind == Kind::atom && text == "nil"; }
  // The value of this keyword of a map; nil where there is none.
  const Datum& at(std::string_view keyword) const;
};

inline constexpr std::size_t datum_depth_max = 64;

// As a model's value: a string begins with a quotation mark and is itself from there on. Equal
// data have equal texts.
std::string to_value(const Datum& datum);

// Reads one datum from the beginning of the text and removes it; false at the end of the text.
// Tags are read over. Throws HistoryError.
bool read_edn(std::string_view& text, Datum& datum);

}  // namespace gainsay::linearizability
