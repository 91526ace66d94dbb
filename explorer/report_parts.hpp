// Parts of the text of a report that are long enough for a file of their own.
#pragma once

#include <string>

#include "explorer/check.hpp"

namespace gainsay {

inline constexpr std::size_t report_columns = 80;

// What the audit looked at, or what disagrees, in one line or a few; empty without one.
std::string audit_text(const AuditReport& audit);
// Which kinds of local states met which events.
std::string coverage_text(const AuditReport& audit);

}  // namespace gainsay
