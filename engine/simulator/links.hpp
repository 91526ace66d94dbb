// Links that are not as the others, as people write them.
#pragma once

#include <string>
#include <vector>

#include "engine/simulator/simulation.hpp"

namespace gainsay {

// "n1>n2:latency=200ms,loss=50%": what goes from n1 to n2; "n1,n2|n3:..": both ways. Settings are
// latency, loss, duplication, reordering, tampering and bandwidth; those not given are as `usual`,
// or as an earlier text has left them. Throws UsageError.
void add_links(std::vector<ParticularLink>& links, const System& system, const LinkModel& usual,
               const std::string& text);

// In bytes a second: "100K", "1.5M", "2G". Throws UsageError.
std::uint64_t parse_bandwidth(std::string_view text, std::string_view what);

}  // namespace gainsay
