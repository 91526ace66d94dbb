#include "explorer/hunt/history_tree.hpp"

#include <algorithm>

#include "engine/reflect.hpp"
#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/recorder.hpp"

namespace gainsay {

namespace {

struct Place {
  std::uint32_t node = 0;
};

}  // namespace

HistoryTree::HistoryTree(const System& system, const Property& property)
    : system_(system), property_(property) {}

Futures HistoryTree::futures() {
  return {.type = &type_of<Place>(),
          .initial = encoded(Place{}),
          .next =
              [this](BytesView future, NodeId client, const Label& label) {
                return encoded(Place{child(decoded<Place>(future).node, client, label)});
              },
          .holds = [](BytesView) { return true; },
          .has_result = [](BytesView) { return false; }};
}

std::uint32_t HistoryTree::label_id(const Label& label) {
  const auto next = static_cast<std::uint32_t>(labels_.size());
  const auto [known, is_new] = label_ids_.try_emplace({label.kind, label.value}, next);
  if (is_new) labels_.push_back(label);
  return known->second;
}

std::uint32_t HistoryTree::child(std::uint32_t parent, NodeId client, const Label& label) {
  const std::uint32_t id = label_id(label);
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  const auto [known, is_new] = children_.try_emplace({parent, client, id}, next);
  if (is_new) {
    nodes_.push_back(
        {.parent = parent, .length = nodes_[parent].length + 1, .client = client, .label = id});
  }
  return known->second;
}

std::uint32_t HistoryTree::length(BytesView future) const {
  return nodes_[decoded<Place>(future).node].length;
}

std::vector<std::uint32_t> HistoryTree::path_to(BytesView future) const {
  std::vector<std::uint32_t> path;
  for (std::uint32_t at = decoded<Place>(future).node; at != 0; at = nodes_[at].parent) {
    path.push_back(at);
  }
  std::ranges::reverse(path);
  return path;
}

bool HistoryTree::is_broken(const std::vector<std::uint32_t>& path, std::size_t length) const {
  const std::uint32_t nodes = system_.bounds.nodes;
  linearizability::HistoryRecorder recorder(system_.size() - nodes);
  for (std::size_t i = 0; i < length; ++i) {
    const Node& node = nodes_[path[i]];
    recorder.take(node.client.value - nodes, labels_[node.label], i);
  }
  recorder.finish();
  const auto judgement =
      linearizability::judge(*property_.model, recorder.history(), {.explain = false});
  return judgement.verdict == linearizability::Verdict::not_linearizable;
}

// What is broken stays so, whatever follows.
std::optional<std::uint32_t> HistoryTree::broken_by(BytesView future) const {
  const std::vector<std::uint32_t> path = path_to(future);
  if (!is_broken(path, path.size())) return std::nullopt;
  std::size_t least = 0;
  std::size_t broken = path.size();
  while (least < broken) {
    const std::size_t length = least + (broken - least) / 2;
    if (is_broken(path, length)) {
      broken = length;
    } else {
      least = length + 1;
    }
  }
  return static_cast<std::uint32_t>(broken);
}

}  // namespace gainsay
