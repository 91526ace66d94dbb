// A schedule of faults: what goes down or apart at which time, and when it comes back; and clocks
// that are set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/simulator/quantities.hpp"
#include "engine/system.hpp"

namespace gainsay {

struct ScheduledFault {
  enum class Kind : std::uint8_t { crash, restart, partition, heal, clock };
  Kind kind = Kind::crash;
  Nanoseconds at = 0;
  NodeId process;  // crash, restart, clock
  Cut cut{};       // partition, heal: the one of this number
  std::uint32_t number = 0;
  std::int64_t jump = 0;  // clock: so many nanoseconds forward
};
using FaultSchedule = std::vector<ScheduledFault>;  // by time

// "n1@5s+3s": n1 crashes at 5 s and is back 3 s later; "n1@5s": it stays down. Throws UsageError.
void add_crash(FaultSchedule& schedule, const System& system, const std::string& text);
// "10s-20s:n1,n2|n3,n4,n5": nothing between the two groups; "10s-20s:n1>n2,n3": nothing from the
// first to the second; "n1..n500" are all from one to the other. A node in neither reaches both;
// so does one in both. Throws UsageError.
void add_partition(FaultSchedule& schedule, const System& system, const std::string& text);
// "n1@5s+200ms": at 5 s the clock of n1 is put forward, and its timers end so much earlier; with
// "-" it is put back. Throws UsageError.
void add_clock_step(FaultSchedule& schedule, const System& system, const std::string& text);
// "n1,n2|n3" or "n1>n2,n3", as above. Throws UsageError.
Cut cut_named(const System& system, const std::string& text, const std::string& what);
// At equal times what ends comes before what begins.
void sort(FaultSchedule& schedule);
// "crash n1", "partition n1 n2 | n3", "heal n1 n2 | n3".
std::string describe(const System& system, const ScheduledFault& fault);
std::string describe(const System& system, const Cut& cut);
// Throws UsageError where there is no such node; of several, with commas between.
std::vector<NodeId> nodes_named(const System& system, const std::string& names,
                                const std::string& what);
NodeId node_named(const System& system, const std::string& name, const std::string& what);

}  // namespace gainsay
