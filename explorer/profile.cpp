#include "explorer/profile.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/text.hpp"
#include "explorer/kinds.hpp"

namespace gainsay {

namespace {

constexpr std::uint8_t never = 0xff;
constexpr const char* budget_names[] = {"crashes",  "restarts",   "drops",   "duplicates",
                                        "timeouts", "partitions", "unsynced"};
static_assert(std::size(budget_names) == budget_kinds);
constexpr std::size_t suggestions_max = 3;

std::uint64_t count_of(const std::vector<bool>& flags) {
  return static_cast<std::uint64_t>(std::ranges::count(flags, true));
}

std::string times(double factor) {
  char text[32];
  std::snprintf(text, sizeof text, factor < 10 ? "%.1f" : "%.0f", factor);
  return text;
}

double ratio(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

struct Suggestion {
  double factor = 0;
  std::string text;
};

// By how much a bound could be lowered, and what that would save.
void suggest_lower(const ValueReport& of, const std::string& flag, std::uint64_t states,
                   std::vector<Suggestion>& all) {
  if (of.states.size() < 2) return;
  std::uint64_t below = states;
  for (auto at = of.states.rbegin(); std::next(at) != of.states.rend(); ++at) {
    below -= at->second;
    const double factor = ratio(states, below);
    const std::string value = std::to_string(std::next(at)->first);
    if (factor < 1.5) continue;
    all.push_back({factor, flag + value + ": " + times(factor) + " times fewer states"});
    return;
  }
}

void suggest_messages(const ProfileReport& profile, std::vector<Suggestion>& all) {
  std::uint64_t inboxes = 0;
  for (const ProcessProfile& process : profile.processes) inboxes += process.inboxes;
  if (profile.messages.empty() || profile.messages.front().inboxes_without == 0) return;
  const MessageProfile& most = profile.messages.front();
  const double factor = ratio(inboxes, most.inboxes_without);
  if (factor < 1.5) return;
  const auto fullest = std::ranges::max_element(profile.processes, {}, &ProcessProfile::inboxes);
  all.push_back({factor, "the inbox of " + fullest->name + " has " + with_commas(fullest->inboxes) +
                             " values; " + most.name + " makes " +
                             std::to_string((inboxes - most.inboxes_without) * 100 / inboxes) +
                             " % of the inboxes: send it less often, or with less in it"});
}

}  // namespace

Profile::Profile(const Machine& machine) : machine_(machine), system_(machine.system()) {
  for (std::size_t i = 0; i < machine_.envelopes_.size(); ++i) {
    kinds_.push_back(alternative_name(*system_.message_type, machine_.envelopes_[i].message));
  }
  const std::size_t locals = machine_.locals_.size();
  slots_.resize(system_.size());
  for (Slot& slot : slots_) {
    slot.cells.resize(machine_.cells_.size());
    slot.locals.resize(locals);
    slot.inboxes.resize(machine_.inboxes_.size());
  }
  for (std::vector<std::uint8_t>& least : least_used_) least.assign(locals, never);
  for (const Limit& limit : system_.limits) {
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < locals; ++i) {
      const LocalEntry& entry = machine_.locals_[i];
      const bool limited = !system_.is_client({entry.process});
      values.push_back(
          limited
              ? limit.value(
                    decode_local(*system_.processes[entry.process], entry.bytes).process->state())
              : 0);
    }
    limit_values_.push_back(std::move(values));
  }
  greatest_.resize(system_.limits.size());
}

void Profile::add(const Id* world) {
  ++states_;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].cells[world[i]] = true;
    slots_[i].locals[machine_.local_of(world[i])] = true;
    slots_[i].inboxes[machine_.inbox_of(world[i])] = true;
  }
  if (machine_.budget_slot() != Machine::npos) add_budgets(world);
  add_limits(world);
}

void Profile::add_budgets(const Id* world) {
  const BudgetUsed used(world[machine_.budget_slot()]);
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const std::uint32_t count = used.count(static_cast<BudgetKind>(kind));
    ++used_[kind][count];
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      std::uint8_t& least = least_used_[kind][machine_.local_of(world[i])];
      least = std::min(least, static_cast<std::uint8_t>(count));
    }
  }
}

void Profile::add_limits(const Id* world) {
  for (std::size_t limit = 0; limit < limit_values_.size(); ++limit) {
    std::uint64_t greatest = 0;
    for (std::size_t i = 0; i < system_.bounds.nodes; ++i) {
      greatest = std::max(greatest, limit_values_[limit][machine_.local_of(world[i])]);
    }
    ++greatest_[limit][greatest];
  }
}

void Profile::report_processes(ProfileReport& report) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    report.processes.push_back({.name = system_.process_name(node_id(i)),
                                .local_states = count_of(slots_[i].locals),
                                .inboxes = count_of(slots_[i].inboxes),
                                .cells = count_of(slots_[i].cells)});
  }
}

// How many different inboxes there would be if one kind of message were not looked at.
std::uint64_t Profile::inboxes_without(const std::string& kind) const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) {
    std::set<std::vector<Id>> rest;
    for (std::size_t inbox = 0; inbox < slot.inboxes.size(); ++inbox) {
      if (!slot.inboxes[inbox]) continue;
      std::vector<Id> envelopes = machine_.inboxes_[inbox].envelopes;
      std::erase_if(envelopes, [&](Id envelope) { return kinds_[envelope] == kind; });
      rest.insert(std::move(envelopes));
    }
    sum += rest.size();
  }
  return sum;
}

void Profile::report_messages(ProfileReport& report) const {
  std::map<std::string, std::uint64_t> kinds;
  for (const std::string& kind : kinds_) ++kinds[kind];
  for (const auto& [kind, count] : kinds) {
    report.messages.push_back(
        {.name = kind, .distinct = count, .inboxes_without = inboxes_without(kind)});
  }
  std::ranges::stable_sort(report.messages, {}, &MessageProfile::inboxes_without);
  report.dead = machine_.dropped_.size();
  report.deliveries = report.dead;
  for (const auto& [key, outcomes] : machine_.outcomes_) {
    if (!Machine::is_delivery(static_cast<Id>(key))) continue;
    ++report.deliveries;
    const auto does_nothing = [](const auto& outcome) { return outcome.no_op; };
    report.without_effect += std::ranges::all_of(outcomes, does_nothing) ? 1U : 0U;
  }
}

void Profile::report_budgets(ProfileReport& report) const {
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    const auto budget = static_cast<BudgetKind>(kind);
    if (system_.available(budget).value_or(0) == 0) continue;
    ValueReport values{.name = budget_names[kind], .states = used_[kind]};
    for (const std::uint8_t least : least_used_[kind]) {
      if (least != never) ++values.new_local_states[least];
    }
    report.budgets.push_back(std::move(values));
  }
  for (std::size_t limit = 0; limit < greatest_.size(); ++limit) {
    report.limits.push_back({.name = system_.limits[limit].name, .states = greatest_[limit]});
  }
}

ProfileReport Profile::report(const CheckReport& check) const {
  ProfileReport report;
  report_processes(report);
  report_messages(report);
  report_budgets(report);
  report.reuse = ratio(check.transitions, check.handler_runs);
  std::vector<Suggestion> all;
  for (const ValueReport& budget : report.budgets) {
    suggest_lower(budget, "--" + budget.name + " ", states_, all);
  }
  for (const ValueReport& limit : report.limits) {
    suggest_lower(limit, "--limit " + limit.name + "=", states_, all);
  }
  suggest_messages(report, all);
  std::ranges::stable_sort(all, std::greater(), &Suggestion::factor);
  if (check.reductions == Reductions{}) {
    all.insert(all.begin(), {0, "reductions are off: --reduce auto uses all that are sound"});
  }
  const bool all_in_view = check.views >= check.local_states && check.local_states > 0;
  if (system_.bounds.network == Network::async && all_in_view) {
    all.push_back({0,
                   "views show all of every local state: a view of no more than the properties "
                   "need lets --reduce silent,minimise leave out the rest"});
  }
  for (const Suggestion& one : all) {
    if (report.suggestions.size() < suggestions_max) report.suggestions.push_back(one.text);
  }
  return report;
}

}  // namespace gainsay
