// The machine in a checkpoint: its tables as content, so that any later run can go on from them.
#include "explorer/machine.hpp"

namespace gainsay {

void Machine::save_tables(Writer& writer) const {
  writer.integer(locals_.size());
  for (std::size_t i = 0; i < locals_.size(); ++i) {
    writer.integer(locals_[i].process);
    writer.text(locals_[i].bytes);
  }
  writer.integer(envelopes_.size());
  for (std::size_t i = 0; i < envelopes_.size(); ++i) {
    writer.integer(envelopes_[i].from.value);
    writer.text(envelopes_[i].message);
  }
  writer.integer(inboxes_.size());
  for (std::size_t i = 0; i < inboxes_.size(); ++i) {
    writer.integer(inboxes_[i].envelopes.size());
    for (const Id id : inboxes_[i].envelopes) writer.integer(id);
  }
  writer.integer(cells_.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    writer.integer(cells_[i].local);
    writer.integer(cells_[i].inbox);
    writer.integer(cells_[i].expansion.load() != nullptr ? 1 : 0);
  }
  writer.integer(dropped_.size());
  for (const std::uint64_t pair : dropped_) {
    writer.integer(pair >> 32);
    writer.integer(pair & 0xffffffffU);
  }
  for (const std::set<Id>& known : known_) {
    writer.integer(known.size());
    for (const Id envelope : known) writer.integer(envelope);
  }
  writer.integer(knowledge_.size());
  for (std::size_t i = 0; i < knowledge_.size(); ++i) writer.text(knowledge_[i]);
  writer.integer(histories_.size());
  for (std::size_t i = 0; i < histories_.size(); ++i) writer.text(encoded(histories_[i]));
  writer.integer(futures_.size());
  for (std::size_t i = 0; i < futures_.size(); ++i) writer.text(futures_[i]);
  writer.integer(observers_.size());
  for (std::size_t i = 0; i < observers_.size(); ++i) writer.text(observers_[i]);
}

Hash128 Machine::behaviour() const {
  Hash128 sum = hash_of_forging();
  const auto hash_of = [&](Id cell) {
    const Hash128& local = locals_[cells_[cell].local].hash;
    return mix(cells_[cell].process, local, inboxes_[cells_[cell].inbox].hash);
  };
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const Expansion* expansion = cells_[i].expansion.load();
    if (expansion == nullptr) continue;
    const Hash128 from = hash_of(static_cast<Id>(i));
    for (const Transition& transition : expansion->transitions) {
      Writer writer;
      for (const Event& event : events_of({cells_[i].process}, transition)) {
        writer.integer(static_cast<std::uint64_t>(event.kind));
        writer.integer(event.from.value);
        writer.text(event.message);
        writer.integer(event.timer);
        for (const std::uint32_t choice : event.choices) writer.integer(choice);
      }
      writer.text(transition.fault == 0 ? "" : faults_[transition.fault - 1]);
      writer.integer(transition.step_violation);
      for (const Label& label : labels_[transition.labels].labels) {
        writer.integer(static_cast<std::uint64_t>(label.kind));
        writer.text(label.value);
      }
      Hash128 sends;
      for (std::size_t send = 0; send < transition.send_count; ++send) {
        const SendRef& ref = expansion->sends[transition.sends + send];
        sends += mix(ref.to, envelopes_[ref.envelope].hash);
      }
      sum += mix(2, mix(3, from, hash_of(transition.cell)),
                 mix(4, content_hash(writer.bytes()), sends));
    }
  }
  return sum;
}

void Machine::load_tables(Reader& reader) {
  std::vector<Id> expanded;
  load_interned(reader, expanded);
  // Handlers are cheap to run again, and their counts come out as they were.
  for (const Id cell : expanded) expand(cell);
}

void Machine::load_interned(Reader& reader, std::vector<Id>& expanded) {
  const std::lock_guard lock(mutex_);
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto process = static_cast<std::uint8_t>(reader.integer());
    if (process >= size_) throw DecodeError("no such process");
    const Bytes bytes(reader.text());
    const LocalState local = decode_local(*system_.processes[process], bytes);
    intern_local(process, bytes, local.process.get());
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const NodeId from = node_id(reader.integer());
    intern_envelope(from, Bytes(reader.text()));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    std::vector<Id> envelopes(reader.integer());
    for (Id& id : envelopes) {
      id = static_cast<Id>(reader.integer());
      if (id >= envelopes_.size()) throw DecodeError("no such message");
    }
    intern_inbox(std::move(envelopes));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto local = static_cast<Id>(reader.integer());
    const auto inbox = static_cast<Id>(reader.integer());
    if (local >= locals_.size() || inbox >= inboxes_.size()) throw DecodeError("no such cell");
    const Id cell = cell_of(locals_[local].process, local, inbox);
    if (reader.integer() != 0) expanded.push_back(cell);
  }
  // A pair that was dropped must be certified, though nothing may drop it again.
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto local = static_cast<Id>(reader.integer());
    const auto envelope = static_cast<Id>(reader.integer());
    if (local >= locals_.size() || envelope >= envelopes_.size()) {
      throw DecodeError("no such pair of a local state and a message");
    }
    if (!is_dropped(local, envelope)) throw DecodeError("a message was dropped that must be kept");
  }
  for (std::set<Id>& known : known_) {
    for (std::uint64_t left = reader.integer(); left > 0; --left) {
      const auto envelope = static_cast<Id>(reader.integer());
      if (envelope >= envelopes_.size()) throw DecodeError("no such message");
      known.insert(envelope);
    }
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    intern_knowledge(Knowledge::decode(reader.text()));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    intern_history(decoded<History>(reader.text()));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    intern_future(Bytes(reader.text()));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    intern_observer(Bytes(reader.text()));
  }
}

}  // namespace gainsay
