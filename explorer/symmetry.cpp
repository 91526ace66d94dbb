#include "explorer/symmetry.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "engine/reflect.hpp"

namespace gainsay {

std::string obstacle_to_symmetry(const Machine& machine) {
  const System& system = machine.system();
  std::size_t known = system.size() + system.observers.size();
  for (const std::size_t slot :
       {machine.cut_slot(), machine.budget_slot(), machine.history_slot()}) {
    known += slot != Machine::npos ? 1 : 0;
  }
  if (machine.slots() != known) return "a component of the world cannot be renamed";
  if (!system.observers.empty() && system.label_type == nullptr) {
    return "the labels of its observers have no type to rename them by";
  }
  return {};
}

Symmetry::Symmetry(Machine& machine, Group group, Sabotage sabotage)
    : machine_(machine),
      system_(machine.system()),
      points_(system_),
      group_(std::move(group)),
      sabotage_(sabotage),
      orbits_(first_observer_part + system_.observers.size()) {
  for (std::size_t slot = 0; slot < machine.slots(); ++slot) {
    if (slot != machine.budget_slot()) slots_.push_back(slot);
  }
  folds_ = std::vector<ReadMap>(slots_.size());
  for (const Cut& cut : machine.partitions_) {
    cut_words_.emplace(cut, static_cast<Id>(cut_words_.size() + 1));
  }
}

// --- renaming content ---

Bytes Symmetry::rename(const Type* type, BytesView bytes, Index g) const {
  if (type == nullptr) throw CannotRename("a value has no type to rename it by");
  try {
    return rename_encoding(*type, bytes, renaming(g));
  } catch (const DecodeError& error) {
    throw CannotRename("a " + type->name + " cannot be renamed: " + error.what());
  }
}

Bytes Symmetry::rename_local(std::uint8_t process, BytesView bytes, Index g) const {
  const ProcessType& type = *system_.processes[group_.image(g, {process}).value];
  LocalParts parts = split_local(bytes);
  std::vector<Bytes> versions;
  for (const BytesView version : parts.unsynced) {
    versions.push_back(rename(type.durable_type(), version, g));
  }
  parts.unsynced.assign(versions.begin(), versions.end());
  const Bytes state = rename(&type.state_type(), parts.state, g);
  parts.state = state;
  return join_local(parts);
}

Label Symmetry::rename_label(const Label& label, Index g) const {
  const Type* type = label.kind == Label::Kind::invoke    ? system_.operation_type
                     : label.kind == Label::Kind::respond ? system_.result_type
                                                          : system_.label_type;
  return {.kind = label.kind, .value = rename(type, label.value, g)};
}

History Symmetry::rename_history(const History& history, Index g) const {
  const std::size_t clients = history.clients.size();
  const auto to = [&](std::size_t client) {
    const auto id = static_cast<std::uint8_t>(system_.bounds.nodes + client);
    return std::size_t{group_.image(g, {id}).value} - system_.bounds.nodes;
  };
  History renamed;
  renamed.clients.resize(clients);
  for (std::size_t client = 0; client < clients; ++client) {
    for (const HistoryOperation& operation : history.clients[client]) {
      HistoryOperation other{.operation = rename(system_.operation_type, operation.operation, g),
                             .result = {},
                             .returned_before = operation.returned_before};
      if (operation.result) other.result = rename(system_.result_type, *operation.result, g);
      for (std::size_t i = 0; i < clients; ++i) {
        other.returned_before[to(i)] = operation.returned_before[i];
      }
      renamed.clients[to(client)].push_back(std::move(other));
    }
  }
  return renamed;
}

// Of two groups that are alike the first has the least node that is in one only.
Cut Symmetry::rename_cut(const Cut& cut, Index g) const {
  const auto image = [&](const NodeSet& nodes) {
    NodeSet images;
    for (const NodeId node : nodes) images.insert(group_.image(g, node));
    return images;
  };
  Cut renamed{.first = image(cut.first), .second = image(cut.second), .one_way = cut.one_way};
  if (!cut_words_.contains(renamed)) std::swap(renamed.first, renamed.second);
  return renamed;
}

// --- images of ids ---

void Symmetry::Orbits::add(std::vector<Id> row) {
  const std::vector<Id>& kept = rows_.push_back(std::move(row));
  for (std::size_t g = 0; g < kept.size(); ++g) {
    if (index_.find(kept[g]) != ReadMap::none) continue;
    members_.push_back({.row = &kept, .which = static_cast<Index>(g)});
    index_.insert(kept[g], static_cast<Id>(members_.size() - 1));
  }
}

Id Symmetry::intern_image(std::size_t part, Id id, Index g) {
  if (part == local_part) {
    const LocalEntry& entry = machine_.locals_[id];
    const NodeId to = group_.image(g, {entry.process});
    const ProcessType& type = *system_.processes[to.value];
    const Bytes bytes = rename_local(entry.process, entry.bytes, g);
    try {
      LocalState state = decode_local(type, bytes);
      if (encode_local(state) != bytes) throw DecodeError("its encoding is not canonical");
      const Bytes& root = machine_.stand_in(byte_of(to), bytes);
      if (root != bytes) state = decode_local(type, root);
      return machine_.intern_local(byte_of(to), root, state.process.get());
    } catch (const DecodeError& error) {
      throw CannotRename("a state cannot be renamed: " + std::string(error.what()));
    }
  }
  if (part == envelope_part) {
    const auto& envelope = machine_.envelopes_[id];
    return machine_.intern_envelope(group_.image(g, envelope.from),
                                    rename(system_.message_type, envelope.message, g));
  }
  if (part == label_part) {
    const auto& set = machine_.labels_[id];
    std::vector<Label> labels;
    for (const Label& label : set.labels) labels.push_back(rename_label(label, g));
    return machine_.intern_labels(group_.image(g, set.process), std::move(labels));
  }
  if (part == history_part) {
    if (!machine_.keeps_futures()) {
      return machine_.intern_history(rename_history(machine_.histories_[id], g));
    }
    return machine_.intern_future(
        rename(machine_.options_.futures->type, machine_.futures_[id], g));
  }
  if (part == cut_part) {
    if (id == 0 || sabotage_ == Sabotage::symmetry_cuts_not_renamed) return id;
    return cut_words_.at(rename_cut(machine_.partitions_[id - 1], g));
  }
  const Observer& observer = system_.observers[part - first_observer_part];
  return machine_.intern_observer(rename(observer.state_type, machine_.observers_[id], g));
}

Id Symmetry::image_first(std::size_t part, Id id, Index g) {
  const std::lock_guard lock(machine_.mutex_);
  return image_locked(part, id, g);
}

Id Symmetry::image_locked(std::size_t part, Id id, Index g) {
  const Id known = orbits_[part].image(group_, id, g);
  if (known != ReadMap::none) return known;
  std::vector<Id> row;
  for (std::size_t h = 0; h < group_.size(); ++h) {
    row.push_back(intern_image(part, id, static_cast<Index>(h)));
  }
  const Id found = row[g];
  orbits_[part].add(std::move(row));
  return found;
}

Id Symmetry::word(std::size_t slot, Id word, Index g) {
  if (slot == machine_.budget_slot()) return word;
  if (slot == machine_.cut_slot()) return image(cut_part, word, g);
  if (slot == machine_.history_slot()) return image(history_part, word, g);
  return image(first_observer_part + slot - machine_.first_observer_slot(), word, g);
}

// The images of the messages, in the order of an inbox.
std::vector<Id> Symmetry::inbox_image(Id inbox, Index g) {
  std::vector<Id> images;
  for (const Id envelope : machine_.inboxes_[inbox].envelopes) {
    images.push_back(image_locked(envelope_part, envelope, g));
  }
  if (system_.bounds.network == Network::fifo) {
    std::ranges::stable_sort(images, {}, [&](Id id) { return machine_.envelopes_[id].from; });
  } else {
    std::ranges::sort(images);
  }
  return images;
}

Id Symmetry::cell_locked(Id cell, Index g) {
  const std::uint64_t key = pair_key(cell, g);
  const Id known = cells_.find(key);
  if (known != ReadMap::none) return known;
  const Id local = machine_.cells_[cell].local;
  const Id inbox = machine_.cells_[cell].inbox;
  const NodeId to = group_.image(g, {machine_.cells_[cell].process});
  const Id image = machine_.cell_of(byte_of(to), image_locked(local_part, local, g),
                                    machine_.intern_inbox(inbox_image(inbox, g)));
  cells_.insert(key, image);
  return image;
}

Id Symmetry::cell_first(Id cell, Index g) {
  const std::lock_guard lock(machine_.mutex_);
  return cell_locked(cell, g);
}

void Symmetry::image(const Id* world, Index g, Id* out) {
  const std::size_t processes = system_.size();
  for (std::size_t i = 0; i < processes; ++i) {
    out[group_.image(g, node_id(i)).value] = cell(world[i], g);
  }
  for (std::size_t slot = processes; slot < machine_.slots(); ++slot) {
    out[slot] = word(slot, world[slot], g);
  }
}

std::vector<Id> Symmetry::locals_of(Id local) {
  std::set<Id> images;
  for (std::size_t g = 0; g < group_.size(); ++g) {
    images.insert(this->local(local, static_cast<Index>(g)));
  }
  return {images.begin(), images.end()};
}

std::vector<std::pair<Id, Id>> Symmetry::pairs_of(Id a, Id b) {
  std::set<std::pair<Id, Id>> images;
  for (std::size_t g = 0; g < group_.size(); ++g) {
    std::pair<Id, Id> image{local(a, static_cast<Index>(g)), local(b, static_cast<Index>(g))};
    if (machine_.local(image.second).process < machine_.local(image.first).process) {
      std::swap(image.first, image.second);
    }
    images.insert(image);
  }
  return {images.begin(), images.end()};
}

std::uint8_t Symmetry::judge_step(Id before, Id after, bool counts) {
  std::uint8_t worst = 0;
  const bool only_itself = sabotage_ == Sabotage::symmetry_properties_of_representatives;
  for (std::size_t h = 0; h < (only_itself ? 1 : group_.size()); ++h) {
    const auto g = static_cast<Index>(h);
    const Id old_local = image_locked(local_part, before, g);
    const Id new_local = image_locked(local_part, after, g);
    const std::uint8_t broken = machine_.options_.judge_step(machine_.locals_[old_local],
                                                             machine_.locals_[new_local], counts);
    if (broken != 0 && (worst == 0 || broken < worst)) worst = broken;
  }
  return worst;
}

void Symmetry::close_tables() {
  const std::lock_guard lock(machine_.mutex_);
  for (std::size_t i = 0; i < machine_.locals_.size(); ++i) {
    image_locked(local_part, static_cast<Id>(i), 0);
  }
  for (std::size_t i = 0; i < machine_.envelopes_.size(); ++i) {
    image_locked(envelope_part, static_cast<Id>(i), 0);
  }
}

// --- canonical worlds ---

std::uint64_t Symmetry::first_hash(const Id* world, Index g) {
  Hash128 sum;
  for (const std::size_t slot : slots_) {
    if (slot < system_.size()) {
      const Id local = image_locked(local_part, machine_.local_of(world[slot]), g);
      const std::size_t to = group_.image(g, node_id(slot)).value;
      sum += hash_slot(to, machine_.locals_[local].hash);
    } else if (slot == machine_.cut_slot()) {
      sum += machine_.hash_of(slot, image_locked(cut_part, world[slot], g));
    } else if (slot == machine_.history_slot()) {
      const Id history = image_locked(history_part, world[slot], g);
      sum += hash_slot(slot, machine_.history_hash(history));
    } else {
      const std::size_t part = first_observer_part + slot - machine_.first_observer_slot();
      const Id state = image_locked(part, world[slot], g);
      sum += hash_slot(slot, content_hash(machine_.observers_[state]));
    }
  }
  return sum.low;
}

Id Symmetry::coset_of(const Id* world) {
  Id prefix = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::size_t slot = slots_[i];
    const Id word = slot < system_.size() ? machine_.local_of(world[slot]) : world[slot];
    prefix = folds_[i].find(pair_key(prefix, word));
    if (prefix == ReadMap::none) return coset_first(world);
  }
  return prefix;
}

Id Symmetry::coset_first(const Id* world) {
  const std::lock_guard lock(machine_.mutex_);
  Id prefix = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::size_t slot = slots_[i];
    const Id word = slot < system_.size() ? machine_.local_of(world[slot]) : world[slot];
    const std::uint64_t key = pair_key(prefix, word);
    const Id known = folds_[i].find(key);
    if (known != ReadMap::none) {
      prefix = known;
      continue;
    }
    prefix = static_cast<Id>(folds_[i].size());
    if (i + 1 == slots_.size()) {
      std::vector<Index> coset;
      std::uint64_t least = 0;
      for (std::size_t h = 0; h < group_.size(); ++h) {
        const std::uint64_t hash = first_hash(world, static_cast<Index>(h));
        if (!coset.empty() && hash > least) continue;
        if (hash < least) coset.clear();
        least = hash;
        coset.push_back(static_cast<Index>(h));
      }
      prefix = coset.front();
      if (coset.size() > 1) {
        cosets_.push_back(std::move(coset));
        prefix = static_cast<Id>(group_.size() + cosets_.size() - 1);
      }
    }
    folds_[i].insert(key, prefix);
  }
  return prefix;
}

const std::vector<std::uint64_t>& Symmetry::inbox_hashes(Id inbox) {
  if (const Id known = hash_index_.find(inbox); known != ReadMap::none) return inbox_hashes_[known];
  const std::lock_guard lock(machine_.mutex_);
  if (const Id known = hash_index_.find(inbox); known != ReadMap::none) return inbox_hashes_[known];
  std::vector<std::uint64_t> hashes;
  for (std::size_t g = 0; g < group_.size(); ++g) {
    hashes.push_back(machine_.hash_inbox(inbox_image(inbox, static_cast<Index>(g))).low);
  }
  const std::vector<std::uint64_t>& kept = inbox_hashes_.push_back(std::move(hashes));
  hash_index_.insert(inbox, static_cast<Id>(inbox_hashes_.size() - 1));
  return kept;
}

Symmetry::Index Symmetry::least(const std::vector<Index>& coset, const Id* world) {
  const std::size_t processes = system_.size();
  std::array<const std::uint64_t*, processes_max> hashes{};
  for (std::size_t i = 0; i < processes; ++i) {
    hashes[i] = inbox_hashes(machine_.inbox_of(world[i])).data();
  }
  Index best = coset.front();
  std::uint64_t least = 0;
  for (const Index g : coset) {
    const std::span<const NodeId> element = group_[g];
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < processes; ++i) {
      sum += spread(hashes[i][g] + (element[i].value + 1U) * 0x9e3779b97f4a7c15ULL);
    }
    if (g != coset.front() && sum >= least) continue;
    least = sum;
    best = g;
  }
  return best;
}

Symmetry::Index Symmetry::canonicalise(Id* world) {
  const Id coset = coset_of(world);
  const Index g = coset < group_.size() ? static_cast<Index>(coset)
                                        : least(cosets_[coset - group_.size()], world);
  if (g == 0) return g;
  std::array<Id, processes_max> renamed{};
  image(world, g, renamed.data());
  std::copy_n(renamed.begin(), machine_.slots(), world);
  return g;
}

std::vector<Symmetry::Index> Symmetry::stabiliser(const Id* world) {
  const Id coset = coset_of(world);
  if (coset < group_.size()) return {0};
  std::vector<Index> elements;
  std::array<Id, processes_max> renamed{};
  for (const Index g : cosets_[coset - group_.size()]) {
    image(world, g, renamed.data());
    const bool fixes = std::ranges::all_of(slots_, [&](std::size_t slot) {
      return slot < system_.size()
                 ? machine_.local_of(renamed[slot]) == machine_.local_of(world[slot])
                 : renamed[slot] == world[slot];
    });
    if (fixes) elements.push_back(g);
  }
  return elements;
}

}  // namespace gainsay
