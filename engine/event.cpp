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
      "start", "deliver",   "timer",     "crash", "restart",
      "drop",  "duplicate", "partition", "heal",  "tick"};
  return names[static_cast<std::size_t>(kind)];
}

void add_crash(BudgetSet& budgets, DiskCrash crash) {
  if (crash.at == 0) return;
  budgets.insert(BudgetKind::crash);
  if (crash.lost > 0) budgets.insert(BudgetKind::unsynced);
}

BudgetSet budget_of(const System& system, const Event& event) {
  BudgetSet budgets;
  switch (event.kind) {
    case EventKind::crash:
      budgets.insert(BudgetKind::crash);
      break;
    case EventKind::restart:
      budgets.insert(BudgetKind::restart);
      break;
    case EventKind::drop:
      budgets.insert(BudgetKind::drop);
      break;
    case EventKind::duplicate:
      budgets.insert(BudgetKind::duplicate);
      break;
    case EventKind::timer:
      if (system.bounds.timeouts) budgets.insert(BudgetKind::timeout);
      break;
    case EventKind::partition:
      budgets.insert(BudgetKind::partition);
      break;
    case EventKind::start:
    case EventKind::deliver:
    case EventKind::heal:
    case EventKind::tick:
      break;
  }
  add_crash(budgets, crash_of(event.choices));
  return budgets;
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

// ", crashing at disk operation 2 and losing 1 write"
std::string describe_crash(const Event& event) {
  const DiskCrash crash = crash_of(event.choices);
  if (crash.at == 0) return "";
  std::string text;
  if (event.kind != EventKind::crash) {
    text = ", crashing at disk operation " + std::to_string(crash.at);
    if (crash.lost > 0) text += " and";
  }
  if (crash.lost == 0) return text;
  return text + " losing " + std::to_string(crash.lost) + (crash.lost == 1 ? " write" : " writes");
}

}  // namespace

std::string describe(const System& system, const Event& event) {
  const NodeName name = system.naming();
  std::string text(to_string(event.kind));
  if (event.kind == EventKind::partition) return text + " " + describe(event.cut, name);
  if (!has_process(event.kind)) return text;
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
  const auto choices = choices_of(event.choices);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += i == 0 ? " choosing " : ", ";
    text += std::to_string(choices[i]);
  }
  return text + describe_crash(event);
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
  // REQUIRES: nodes below 64, as of all cuts that are events (partition_nodes_max).
  return mix((std::uint64_t{cut.one_way} << 8) | Seed::cut,
             {.high = cut.first.bits(), .low = cut.second.bits()});
}

}  // namespace gainsay
