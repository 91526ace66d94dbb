// Parts of the text of a report that are long enough for a file of their own.
#pragma once

#include <string>

#include "explorer/check.hpp"

namespace gainsay {

inline constexpr std::size_t report_columns = 80;

// What the audit looked at, or what disagrees, in one line or a few; empty without one.
std::string audit_text(const AuditReport& audit);
// What each limit on local states cut, and what its last value has brought.
std::string limits_text(const CheckReport& report, bool verbose);
// Where local states were still new.
std::string discovery_text(const CheckReport& report, bool verbose);
// Where the states come from, and what would make them fewer.
std::string profile_text(const ProfileReport& profile);
// Which kinds of local states met which events.
std::string coverage_text(const AuditReport& audit);

}  // namespace gainsay
