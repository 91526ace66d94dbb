// Names of kinds of messages, for tables that people read.
#pragma once

#include <string>

#include "engine/type.hpp"

namespace gainsay {

// The innermost alternative of a variant, by the name of its type; of what is no variant, its own.
std::string alternative_name(const Type& type, BytesView encoding);

}  // namespace gainsay
