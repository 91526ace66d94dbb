#include "protocols/dht/entry.hpp"

#include <algorithm>

namespace gainsay::dht {

void join(Entry& entry, const Entry& other) {
  if (auto* latest = std::get_if<Latest>(&entry)) {
    const auto& theirs = std::get<Latest>(other);
    if (theirs.stamp > latest->stamp) *latest = theirs;
    return;
  }
  join(std::get<Siblings>(entry), std::get<Siblings>(other));
}

bool covers(const Entry& entry, const Entry& other) {
  Entry joined = entry;
  join(joined, other);
  return equal(joined, entry);
}

namespace {

std::vector<Value> all_values(const Entry& entry) {
  if (const auto* latest = std::get_if<Latest>(&entry)) return {latest->value};
  return siblings(std::get<Siblings>(entry));
}

}  // namespace

bool is_deleted(const Entry& entry) { return values(entry).empty(); }

bool denies(const Entry& entry, const Entry& tombstone) {
  Entry joined = entry;
  join(joined, tombstone);
  return values(joined) != values(entry);
}

std::vector<std::string> values(const Entry& entry) {
  std::vector<std::string> live;
  for (const Value& value : all_values(entry)) {
    if (value) live.push_back(*value);
  }
  return live;
}

Entry written_latest(const std::optional<Entry>& read, std::uint32_t epoch,
                     const RequestId& request, Value value) {
  Stamp stamp{.epoch = epoch, .counter = 1, .request = request};
  if (read) {
    const Stamp& last = std::get<Latest>(*read).stamp;
    if (last.epoch == epoch) stamp.counter = last.counter + 1;
  }
  return Latest{.stamp = stamp, .value = std::move(value)};
}

Entry written_sibling(const std::optional<Entry>& read, const RequestId& request, Value value) {
  Siblings result;
  if (read) result = std::get<Siblings>(*read);
  for (auto& [client, written] : result.by_server) written.values.clear();
  result.by_server[request.client] = {.count = request.number, .values = {std::move(value)}};
  return result;
}

}  // namespace gainsay::dht
