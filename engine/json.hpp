// Values to and from JSON as the Informal Trace Format writes them, by walking the schema and the
// canonical encoding. Only .cpp files may include nlohmann/json.hpp itself.
//
//   integer {"#bigint": "12"}   sequence [..]   set {"#set": [..]}   map {"#map": [[k, v], ..]}
//   PerNode {"#map": [["n1", v], ..]}   record {"field": ..}   variant {"tag": T, "value": ..}
//   optional: variant Some / None   enumerator, process: a string   text: a string, or
//   {"#hex": ".."} where its bytes are not printable ASCII
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "engine/type.hpp"

namespace gainsay {

// JSON that is not what the schema says; `what` names the place inside the value.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

nlohmann::json to_json(const Type& type, BytesView encoding, const NodeName& node_name);

// The inverse of a NodeName; throws JsonError for a name that there is not.
using NodeByName = std::function<NodeId(const std::string& name)>;
// Appends the encoding. Throws JsonError. The result may still be refused by `decode` (a number out
// of its type's range), and is canonical only after decoding and encoding once more.
void from_json(const Type& type, const nlohmann::json& json, const NodeByName& node,
               Writer& writer);

}  // namespace gainsay
