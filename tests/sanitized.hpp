// Is this build instrumented? Then everything takes ten times as long.
#pragma once

#include <string_view>

namespace gainsay {

inline bool is_sanitized() { return !std::string_view(GAINSAY_SANITIZER_FLAGS).empty(); }

}  // namespace gainsay
