// Text for terminals.
#pragma once

#include <cstdint>
#include <string>

namespace gainsay {

// Breaks a line at spaces; continuation lines are indented by `indent`. Ends in a newline.
std::string wrap(std::string line, std::size_t indent, std::size_t columns);
// 1,194,428
std::string with_commas(std::uint64_t number);

}  // namespace gainsay
