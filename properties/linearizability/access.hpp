// What an operation is to a plain register.
#pragma once

#include <string>

namespace gainsay::linearizability {

struct Access {
  bool write = false;
  std::string value;
};

}  // namespace gainsay::linearizability
