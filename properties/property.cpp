#include "properties/property.hpp"

namespace gainsay {

std::string_view to_string(PropertyKind kind) {
  switch (kind) {
    case PropertyKind::always:
      return "always";
    case PropertyKind::always_step:
      return "always_step";
    case PropertyKind::sometimes:
      return "sometimes";
    case PropertyKind::linearizable:
      return "linearizable";
    case PropertyKind::sequentially_consistent:
      return "sequentially_consistent";
    case PropertyKind::recovers:
      return "recovers";
    case PropertyKind::progress:
      return "progress";
  }
  return "";
}

}  // namespace gainsay
