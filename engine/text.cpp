#include "engine/text.hpp"

namespace gainsay {

std::string wrap(std::string line, std::size_t indent, std::size_t columns) {
  std::string text;
  while (line.size() > columns) {
    std::size_t at = line.rfind(' ', columns);
    if (at == std::string::npos || at <= indent) {
      at = line.find(' ', columns);
      if (at == std::string::npos) break;
    }
    text += line.substr(0, at) + "\n";
    line = std::string(indent, ' ') + line.substr(at + 1);
  }
  return text + line + "\n";
}

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string shortened(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  return text.substr(0, most / 3) + " ... " + text.substr(text.size() - most / 2) + " (" +
         with_commas(text.size()) + " characters)";
}

}  // namespace gainsay
