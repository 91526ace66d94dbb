// What a replica holds of one key, in one of two kinds of versions, and how two of them are one.
// A deletion is a value like others, a tombstone, so that what was written before it is known to be
// older.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/context.hpp"
#include "protocols/dht/versions.hpp"

namespace gainsay::dht {

using Key = std::string;
using Value = std::optional<std::string>;  // none: a tombstone

// Of a write: writes that began in a later epoch of the membership are later.
struct Stamp {
  std::uint32_t epoch = 0;
  std::uint32_t counter = 0;
  RequestId request;  // of whoever wrote it
  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};
// The last writer wins.
struct Latest {
  Stamp stamp;
  Value value;
};
// Dotted version vectors. An event is named by a client's request, not by a server's counter: any
// node may coordinate a write, and a request that it sends again is the same event.
using Siblings = Versions<Value>;

using Entry = std::variant<Latest, Siblings>;

// Takes in what another replica has. REQUIRES: both are of one kind.
void join(Entry& entry, const Entry& other);
// True when taking in `other` would change nothing.
bool covers(const Entry& entry, const Entry& other);
// All that is there are tombstones.
bool is_deleted(const Entry& entry);
// Something is read in it that a deletion has replaced.
bool denies(const Entry& entry, const Entry& tombstone);
std::vector<std::string> values(const Entry& entry);

// What a write makes of that which its coordinator has read: it replaces it.
Entry written_latest(const std::optional<Entry>& read, std::uint32_t epoch,
                     const RequestId& request, Value value);
Entry written_sibling(const std::optional<Entry>& read, const RequestId& request, Value value);

}  // namespace gainsay::dht
