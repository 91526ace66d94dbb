// What a hunt found, for people.
#pragma once

#include <string>

#include "explorer/hunt/hunt.hpp"

namespace gainsay {

// "00000000000000a1"
std::string seed_text(std::uint64_t seed);
// What was looked for, and with what budget; within 80 columns.
std::string summary(const HuntReport& report, bool verbose);

}  // namespace gainsay
