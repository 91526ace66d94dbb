// A number for RapidCheck's tests, evenly from a range whatever the size of a case is: what is
// small at first would leave most cases trivial.
#pragma once

#include <rapidcheck.h>

namespace gainsay {

template <class T>
T any(T least, T behind) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(least, behind));
}

}  // namespace gainsay
