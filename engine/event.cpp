#include "engine/event.hpp"

#include "engine/reflect.hpp"

namespace gainsay {

namespace {

enum Seed : std::uint64_t {
  envelope = 1,
  link = 2,
  inbox_link = 3,
  cell = 4,
  budget = 5,
  cut = 6,
  slots = 64
};

}  // namespace

std::string_view to_string(EventKind kind) {
  constexpr std::array<std::string_view, event_kinds> names = {
      "start", "deliver", "timer", "crash", "restart", "drop", "duplicate", "partition", "heal"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<BudgetKind> budget_of(const System& system, const Event& event) {
  switch (event.kind) {
    case EventKind::crash:
      return BudgetKind::crash;
    case EventKind::restart:
      return BudgetKind::restart;
    case EventKind::drop:
      return BudgetKind::drop;
    case EventKind::duplicate:
      return BudgetKind::duplicate;
    case EventKind::timer:
      if (system.bounds.timeouts) return BudgetKind::timeout;
      return std::nullopt;
    case EventKind::partition:
      return BudgetKind::partition;
    case EventKind::start:
    case EventKind::deliver:
    case EventKind::heal:
      return std::nullopt;
  }
  return std::nullopt;
}

namespace {

// "n1 n2 | n3", "n1 n2 cannot reach n3", and with the bridge n2 in both groups "n1 n2 | n2 n3".
std::string describe(const Cut& cut, const NodeName& name) {
  std::string text;
  for (const NodeId id : cut.first) text += name(id) + " ";
  text += cut.one_way ? "cannot reach" : "|";
  for (const NodeId id : cut.second) text += " " + name(id);
  return text;
}

}  // namespace

std::string describe(const System& system, const Event& event) {
  const NodeName name = system.naming();
  std::string text(to_string(event.kind));
  if (event.kind == EventKind::partition) return text + " " + describe(event.cut, name);
  if (event.kind == EventKind::heal) return text;
  text += " " + name(event.process);
  switch (event.kind) {
    case EventKind::deliver:
    case EventKind::drop:
    case EventKind::duplicate:
      text += " <- " + name(event.from);
      if (!event.message.empty()) text += " " + describe(*system.message_type, event.message, name);
      break;
    case EventKind::timer: {
      const auto& names = system.processes.at(event.process.value)->timer_names();
      text += " ";
      text += event.timer < names.size() ? std::string(names[event.timer]) : "?";
      break;
    }
    default:
      break;
  }
  for (std::size_t i = 0; i < event.choices.size(); ++i) {
    text += i == 0 ? " choosing " : ", ";
    text += std::to_string(event.choices[i]);
  }
  return text;
}

Hash128 hash_envelope(NodeId from, BytesView message) {
  return content_hash(message, (std::uint64_t{from.value} << 8) | Seed::envelope);
}
Hash128 hash_link(const Hash128& before, const Hash128& envelope) {
  return mix(Seed::link, before, envelope);
}
Hash128 hash_inbox_link(NodeId from, const Hash128& queue) {
  return mix((std::uint64_t{from.value} << 8) | Seed::inbox_link, queue);
}
Hash128 hash_cell(const Hash128& local, const Hash128& inbox) {
  return mix(Seed::cell, local, inbox);
}
Hash128 hash_slot(std::size_t slot, const Hash128& content) {
  return mix(Seed::slots + slot, content);
}
Hash128 hash_budget(BudgetUsed used) {
  return mix(Seed::budget, {.high = 0, .low = used.packed()});
}
Hash128 hash_cut(const Cut& cut) {
  if (cut.is_none()) return {};
  return mix((std::uint64_t{cut.one_way} << 8) | Seed::cut,
             {.high = cut.first.bits(), .low = cut.second.bits()});
}

}  // namespace gainsay
