#include "explorer/kinds.hpp"

namespace gainsay {

std::string alternative_name(const Type& type, BytesView encoding) {
  if (type.kind != Kind::variant) return type.name;
  Reader reader(encoding);
  const std::uint64_t index = reader.integer();
  return index < type.alternatives.size()
             ? alternative_name(*type.alternatives[index], reader.rest())
             : type.name;
}

}  // namespace gainsay
