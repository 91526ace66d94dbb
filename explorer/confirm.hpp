// A finding is not believed before the live world has run it.
#pragma once

#include "explorer/check.hpp"

namespace gainsay {

// Throws std::logic_error where the live world does not run the events, or does not violate the
// property by the last of them.
void confirm(const Model& model, const Counterexample& found);

}  // namespace gainsay
