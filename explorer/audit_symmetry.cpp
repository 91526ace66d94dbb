// Equivariance: a plain loop over all explored pairs and all renamings.
#include <algorithm>

#include "engine/reflect.hpp"
#include "explorer/audit.hpp"

namespace gainsay {

Id Audit::image(Id state, Element g) {
  if (setting_.group == nullptr || g == 0) return state;
  std::vector<Id>& row = images_.try_emplace(state, elements(), none).first->second;
  if (row[g] != none) return row[g];
  const State& from = states_[state];
  const std::uint8_t to = byte_of(setting_.group->image(g, {from.process}));
  const ProcessType& type = *system_.processes[from.process];
  LocalParts parts = split_local(from.bytes);
  std::vector<Bytes> versions;
  for (const BytesView version : parts.unsynced) {
    versions.push_back(rename_encoding(*type.durable_type(), version, renaming(g)));
  }
  parts.unsynced.assign(versions.begin(), versions.end());
  const Bytes renamed = rename_encoding(type.state_type(), parts.state, renaming(g));
  parts.state = renamed;
  const Id found = state_of(to, join_local(parts));
  images_.at(state)[g] = found;
  return found;
}

Id Audit::message_image(Id message, Element g) {
  if (setting_.group == nullptr || g == 0) return message;
  std::vector<Id>& row = message_images_.try_emplace(message, elements(), none).first->second;
  if (row[g] != none) return row[g];
  const Message& from = messages_[message];
  const Id found = message_of(setting_.group->image(g, from.from),
                              rename_encoding(*system_.message_type, from.bytes, renaming(g)));
  message_images_.at(message)[g] = found;
  return found;
}

Label Audit::renamed(const Label& label, Element g) const {
  const Type* type = label.kind == Label::Kind::invoke    ? system_.operation_type
                     : label.kind == Label::Kind::respond ? system_.result_type
                                                          : system_.label_type;
  return {.kind = label.kind, .value = rename_encoding(*type, label.value, renaming(g))};
}

// All that a handler may do, renamed, up to merges (whose renamings are merges), in an order that
// no choice decides; whether it can be seen belongs to it where steps that cannot are left out.
std::set<std::string> Audit::outcomes_text(Id state, Id input, Element g) {
  std::set<std::string> all;
  const auto name = [&](std::uint8_t process) { return setting_.group->image(g, {process}).value; };
  for (const Did& did : runs(state, input).dids) {
    Writer writer;
    writer.integer(did.after == none ? 0 : root(image(did.after, g)) + 1U);
    const bool seen = did.after == none || states_[did.after].shown != states_[state].shown;
    writer.integer(setting_.reduce.silent && seen ? 1 : 0);
    writer.integer(budget_of(input, did.answers).bits());
    std::vector<std::pair<std::uint8_t, Bytes>> sends;
    for (const auto& [to, message] : did.sends) {
      sends.emplace_back(name(to), messages_[message_image(message, g)].bytes);
    }
    if (system_.bounds.network == Network::fifo) {
      std::ranges::stable_sort(sends, {}, [](const auto& send) { return send.first; });
    } else {
      std::ranges::sort(sends);
    }
    for (const auto& [to, message] : sends) {
      writer.integer(to + 1U);
      writer.text(message);
    }
    writer.integer(0);
    for (const Label& label : did.labels) {
      writer.integer(static_cast<std::uint64_t>(label.kind));
      writer.text(renamed(label, g).value);
    }
    all.insert(writer.take());
  }
  return all;
}

void Audit::check_renamings() {
  if (setting_.group == nullptr) return;
  std::set<std::pair<Id, Id>> done;  // an orbit is done with one of its pairs and all renamings
  for (const auto& [state, input] : met_) {
    if (done.contains({state, input})) continue;
    for (std::size_t g = 0; g < elements(); ++g) {
      const auto element = static_cast<Element>(g);
      const Id other = image(state, element);
      const Id event = input_image(input, element);
      ++report_.renamed;
      done.emplace(other, event);
      if (outcomes_text(state, input, element) == outcomes_text(other, event, 0)) continue;
      disagree("a renaming changes what a handler does: " + text(state, input) + ", and " +
               text(other, event));
      return;
    }
  }
}

// Each observer, and the futures of histories, at all states and labels that met.
void Audit::check_observers() {
  if (setting_.group == nullptr) return;
  for (std::size_t i = 0; i < system_.observers.size(); ++i) {
    const Observer& observer = system_.observers[i];
    const auto next = [&](Bytes state, NodeId process, const std::vector<Label>& labels) {
      for (const Label& label : labels) {
        if (label.kind != Label::Kind::observe) continue;
        state = observer.next(state, process, label.value);
      }
      return state;
    };
    check_relabelling(machine_.first_observer_slot_ + i, *observer.state_type, next,
                      "the observer \"" + observer.name + "\" says");
  }
  const Futures* futures = machine_.options_.futures;
  if (futures == nullptr) return;
  const auto next = [&](Bytes future, NodeId process, const std::vector<Label>& labels) {
    for (const Label& label : labels) {
      if (label.kind != Label::Kind::observe) future = futures->next(future, process, label);
    }
    return future;
  };
  check_relabelling(machine_.history_slot_, *futures->type, next, "may follow a history");
}

void Audit::check_relabelling(
    std::size_t slot, const Type& type,
    const std::function<Bytes(Bytes, NodeId, const std::vector<Label>&)>& next,
    const std::string& what) {
  machine_.relabelled_[slot - system_.size()].for_each([&](std::uint64_t key, Id) {
    const auto word = static_cast<Id>(key >> 32);
    const Bytes& state =
        slot == machine_.history_slot_ ? machine_.futures_[word] : machine_.observers_[word];
    const auto& set = machine_.labels_[static_cast<Id>(key)];
    for (std::size_t h = 0; h < elements(); ++h) {
      const auto g = static_cast<Element>(h);
      const auto rename = [&](const Bytes& bytes) {
        return rename_encoding(type, bytes, renaming(g));
      };
      std::vector<Label> labels;
      for (const Label& label : set.labels) labels.push_back(renamed(label, g));
      if (next(rename(state), setting_.group->image(g, set.process), labels) !=
          rename(next(state, set.process, set.labels))) {
        disagree("a renaming changes what " + what);
      }
    }
  });
}

// Local states, messages and observers of an initial world, renamed.
std::string Audit::start_text(const std::vector<Id>& world, Element g) {
  std::map<std::uint8_t, std::string> parts;
  for (std::size_t i = 0; i < system_.size(); ++i) {
    const Id state = image(locals_[machine_.local_of(world[i])], g);
    std::vector<std::pair<std::uint8_t, Bytes>> messages;
    for (const Id message : inbox(world[i])) {
      const Message& renamed = messages_[message_image(message, g)];
      messages.emplace_back(renamed.from.value, renamed.bytes);
    }
    const bool fifo = system_.bounds.network == Network::fifo;
    if (fifo) std::ranges::stable_sort(messages, {}, [](const auto& one) { return one.first; });
    if (!fifo) std::ranges::sort(messages);
    Writer writer;
    writer.integer(root(state));
    for (const auto& [from, message] : messages) {
      writer.integer(from);
      writer.text(message);
    }
    parts[states_[state].process] = writer.take();
  }
  Writer all;
  for (const auto& [process, part] : parts) all.text(part);
  for (std::size_t i = 0; i < system_.observers.size(); ++i) {
    all.text(rename_encoding(*system_.observers[i].state_type,
                             machine_.observers_[world[machine_.first_observer_slot_ + i]],
                             renaming(g)));
  }
  return all.take();
}

void Audit::check_starts() {
  if (setting_.group == nullptr) return;
  std::set<std::string> all;
  for (const std::vector<Id>& world : setting_.starts) all.insert(start_text(world, 0));
  for (const std::vector<Id>& world : setting_.starts) {
    for (std::size_t g = 0; g < elements(); ++g) {
      if (all.contains(start_text(world, static_cast<Element>(g)))) continue;
      disagree("a renaming of an initial world is none");
    }
  }
}

}  // namespace gainsay
