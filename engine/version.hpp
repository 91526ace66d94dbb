// The version of gainsay, as it goes into traces and results.
#pragma once

#include <string_view>

namespace gainsay {

inline constexpr std::string_view version = "0.1.0";

}  // namespace gainsay
