// Why is it big? Where the states of a search come from: one walk over its worlds.
#pragma once

#include <vector>

#include "explorer/check.hpp"
#include "explorer/machine.hpp"

namespace gainsay {

class Profile {
 public:
  // REQUIRES: the machine has ended its search, and outlives this.
  explicit Profile(const Machine& machine);

  void add(const Id* world);
  // What was added; `report` is that of the check.
  ProfileReport report(const CheckReport& report) const;

 private:
  struct Slot {
    std::vector<bool> cells;
    std::vector<bool> locals;
    std::vector<bool> inboxes;
  };
  void add_budgets(const Id* world);
  void add_limits(const Id* world);
  std::uint64_t inboxes_without(const std::string& kind) const;
  void report_processes(ProfileReport& report) const;
  void report_messages(ProfileReport& report) const;
  void report_budgets(ProfileReport& report) const;

  const Machine& machine_;
  const System& system_;
  std::vector<std::string> kinds_;  // by envelope
  std::vector<Slot> slots_;         // by process
  std::uint64_t states_ = 0;
  // By kind of budget: how many worlds have used so much, and by local state the least that was
  // used in a world that has it.
  std::array<std::map<std::uint64_t, std::uint64_t>, budget_kinds> used_{};
  std::array<std::vector<std::uint8_t>, budget_kinds> least_used_{};
  std::vector<std::vector<std::uint64_t>> limit_values_;          // by limit, then local state
  std::vector<std::map<std::uint64_t, std::uint64_t>> greatest_;  // by limit: worlds by value
};

}  // namespace gainsay
