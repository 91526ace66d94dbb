// Handler coverage: which kinds of local states met which kinds of events.
#include <algorithm>

#include "explorer/audit.hpp"
#include "explorer/kinds.hpp"

namespace gainsay {

namespace {

// The first field of the state that is an enumeration or a variant tells kinds of states apart
// (role, phase); empty: none does.
std::string first_kind(const Type& type, BytesView bytes) {
  if (type.kind == Kind::variant) return alternative_name(type, bytes);
  if (type.kind != Kind::record) return {};
  Reader reader(bytes);
  for (const Field& field : type.fields) {
    const BytesView value = skip(*field.type, reader);
    if (field.type->kind == Kind::variant) return alternative_name(*field.type, value);
    if (field.type->kind == Kind::enumeration) {
      return describe(*field.type, value, [](NodeId) { return std::string(); });
    }
  }
  return {};
}

}  // namespace

std::string Audit::kind_of(Id state) const {
  const State& of = states_[state];
  if (of.status == LocalState::Status::down) return "down";
  if (of.status == LocalState::Status::unstarted) return "unstarted";
  if (system_.is_client({of.process})) return "client";
  const std::string kind =
      first_kind(system_.processes[of.process]->state_type(), split_local(of.bytes).state);
  return kind.empty() ? "node" : kind;
}

std::string Audit::event_kind(std::uint8_t process, Id input) const {
  if (input == start) return "start";
  if (input == crash) return "crash";
  if (input == restart) return "restart";
  if (is_message(input)) return alternative_name(*system_.message_type, messages_[input].bytes);
  const auto& names = system_.processes[process]->timer_names();
  const Id timer = input - first_timer;
  return "timer " + (timer < names.size() ? std::string(names[timer]) : std::to_string(timer));
}

// Distinct pairs of a local state and an event. Cells that no run can fill (a message that only
// clients take, at a node) are left out: a row has the events that processes of its class took.
void Audit::cover() {
  std::set<std::pair<Id, Id>> pairs = met_;
  for (const std::uint64_t pair : drops_) {
    const auto state = static_cast<Id>(pair >> 32);
    if (states_[state].status != LocalState::Status::up) continue;
    pairs.emplace(state, static_cast<Id>(pair));
  }
  std::map<std::pair<std::string, std::string>, CoverageCell> cells;
  std::map<bool, std::pair<std::set<std::string>, std::set<std::string>>> kinds;  // by is_client
  for (const auto& [state, input] : pairs) {
    const State& of = states_[state];
    const std::string kind = kind_of(state);
    const std::string event = event_kind(of.process, input);
    CoverageCell& cell = cells[{kind, event}];
    ++cell.runs;
    const std::vector<Did>& dids = runs(state, input).dids;
    const Id before = state;  // clang does not capture bindings
    cell.effective += std::ranges::any_of(dids, [&](const Did& did) {
      return did.after != before || !did.sends.empty() || !did.labels.empty();
    });
    if (of.status != LocalState::Status::up) continue;
    auto& [states, events] = kinds[system_.is_client({of.process})];
    states.insert(kind);
    events.insert(event);
  }
  for (const auto& [is_client, all] : kinds) {
    for (const std::string& state : all.first) {
      for (const std::string& event : all.second) cells[{state, event}];
    }
  }
  for (auto& [names, cell] : cells) {
    cell.state = names.first;
    cell.event = names.second;
    report_.coverage.push_back(cell);
  }
}

}  // namespace gainsay
