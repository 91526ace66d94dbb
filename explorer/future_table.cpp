#include "explorer/future_table.hpp"

#include "engine/bytes.hpp"

namespace gainsay {

FutureTable::FutureTable(const Futures& futures, std::uint32_t nodes)
    : futures_(futures), nodes_(nodes) {
  intern(futures.initial);
}

Id FutureTable::of(const History& history) {
  Id future = 0;
  for (const HistoryEvent& event : events_of(history)) future = next(future, event);
  return future;
}

Id FutureTable::next(Id future, const HistoryEvent& event) {
  Writer key;
  key.integer(future);
  key.integer(event.client);
  key.integer(static_cast<std::uint64_t>(event.label.kind));
  key.text(event.label.value);
  const auto [step, is_new] = steps_.try_emplace(key.take());
  if (is_new) {
    const NodeId client = node_id(nodes_ + event.client);
    step->second = intern(futures_.next(*contents_[future], client, event.label));
  }
  return step->second;
}

Id FutureTable::intern(const Bytes& future) {
  const auto [place, is_new] = index_.try_emplace(future, static_cast<Id>(contents_.size()));
  if (is_new) {
    contents_.push_back(&place->first);
    verdicts_.push_back(futures_.holds(future));
  }
  return place->second;
}

}  // namespace gainsay
