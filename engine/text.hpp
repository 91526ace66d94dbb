// Text for terminals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gainsay {

// Breaks a line at spaces; continuation lines are indented by `indent`. Ends in a newline.
std::string wrap(std::string line, std::size_t indent, std::size_t columns);
// 1,194,428
std::string with_commas(std::uint64_t number);

// A text of at most about so many characters: of a longer one the beginning, the end, and how long
// it was. Values are often appended to, so the end says more.
std::string shortened(const std::string& text, std::size_t most);

}  // namespace gainsay
