#include "explorer/adequacy.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace gainsay {

namespace {

// A field of a state, records within it taken apart.
struct Leaf {
  std::string path;  // "durable.term"
  BytesView bytes;
  std::optional<std::uint64_t> number;  // what it is or, of a container, its size
};

void add_leaves(const Type& type, BytesView bytes, const std::string& path,
                std::vector<Leaf>& leaves) {
  if (type.kind == Kind::record) {
    Reader reader(bytes);
    for (const Field& field : type.fields) {
      const BytesView value = skip(*field.type, reader);
      add_leaves(*field.type, value, path + (path.empty() ? "" : ".") + std::string(field.name),
                 leaves);
    }
    return;
  }
  Leaf leaf{.path = path, .bytes = bytes, .number = {}};
  const bool has_number = type.kind == Kind::unsigned_integer || type.kind == Kind::sequence ||
                          type.kind == Kind::set || type.kind == Kind::map ||
                          type.kind == Kind::text;
  if (has_number) leaf.number = Reader(bytes).integer();
  if (type.kind == Kind::node_set) {
    Reader reader(bytes);
    leaf.number = read_set(reader).size();
  }
  leaves.push_back(std::move(leaf));
}

struct Seen {
  std::uint64_t value = 0;  // of the limit
  std::vector<Leaf> leaves;
  std::string rest;  // process, status, timers and their times
};

std::vector<Seen> look_at(const System& system, const Limit& limit,
                          const std::vector<NodeState>& states) {
  std::vector<Seen> all;
  for (const NodeState& state : states) {
    if (system.is_bent({state.process})) continue;  // their fields are others
    const ProcessType& type = *system.processes[state.process];
    const LocalParts parts = split_local(state.bytes);
    Seen seen;
    seen.value = limit.value(decode_local(type, state.bytes).process->state());
    add_leaves(type.state_type(), parts.state, "", seen.leaves);
    Writer rest;
    rest.integer(state.process);
    rest.integer(static_cast<std::uint64_t>(parts.status));
    rest.integer(parts.timers);
    for (const TimeLeft& one : parts.times.all()) {
      rest.integer(one.timer);
      rest.integer(one.left.least);
      rest.integer(one.left.most);
    }
    seen.rest = rest.take();
    all.push_back(std::move(seen));
  }
  return all;
}

// The leaves that are the limit's own.
std::vector<bool> own_leaves(const std::vector<Seen>& all) {
  std::vector<bool> own(all.front().leaves.size(), true);
  for (const Seen& seen : all) {
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] = own[i] && seen.leaves[i].number == seen.value;
    }
  }
  return own;
}

std::string without(const Seen& seen, const std::vector<bool>& own) {
  Writer writer;
  writer.text(seen.rest);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (!own[i]) writer.text(seen.leaves[i].bytes);
  }
  return writer.take();
}

}  // namespace

void judge_limits(const System& system, const std::vector<NodeState>& states,
                  std::vector<LimitReport>& reports) {
  for (std::size_t i = 0; i < reports.size() && !states.empty(); ++i) {
    LimitReport& report = reports[i];
    const std::vector<Seen> all = look_at(system, system.limits[i], states);
    if (all.empty()) continue;
    for (const Seen& seen : all) ++report.local_states[seen.value];
    const std::vector<bool> own = own_leaves(all);
    for (std::size_t leaf = 0; leaf < own.size(); ++leaf) {
      if (own[leaf]) report.fields.push_back(all.front().leaves[leaf].path);
    }
    // With one value only there is nothing to compare with.
    if (report.fields.empty() || report.local_states.size() < 2) continue;
    std::set<std::string> smaller;
    for (const Seen& seen : all) {
      if (seen.value < report.greatest) smaller.insert(without(seen, own));
    }
    report.new_besides = static_cast<std::uint64_t>(std::ranges::count_if(all, [&](const Seen& s) {
      return s.value == report.greatest && !smaller.contains(without(s, own));
    }));
  }
}

}  // namespace gainsay
