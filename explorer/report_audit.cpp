// The audit of a certificate, in words.
#include <cstdio>
#include <map>

#include "engine/text.hpp"
#include "explorer/report_parts.hpp"

namespace gainsay {

namespace {

std::string counted(std::uint64_t count, const std::string& one, const std::string& more) {
  return with_commas(count) + " " + (count == 1 ? one : more);
}

}  // namespace

std::string audit_text(const AuditReport& audit) {
  if (!audit.disagreement.empty()) {
    return wrap("  the audit disagrees: " + audit.disagreement, 4, report_columns);
  }
  std::string text =
      "  verified by a second program text: " + counted(audit.cells, "cell", "cells") + ", " +
      counted(audit.transitions, "transition", "transitions");
  if (audit.eager > 0) text += " (" + with_commas(audit.eager) + " only send)";
  if (audit.drops > 0) text += ", " + counted(audit.drops, "drop", "drops");
  if (audit.merges > 0) text += ", " + counted(audit.merges, "merge", "merges");
  if (audit.put_off > 0) {
    text += ", " + counted(audit.put_off, "outcome that comes", "outcomes that come") + " later";
  }
  if (audit.renamed > 0) {
    text += ", " + counted(audit.renamed, "renamed event", "renamed events");
  }
  text += audit.worlds > 0 ? ", " + counted(audit.worlds, "world", "worlds") + " closed"
                           : ", worlds not walked";
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, ", %.2f s", audit.seconds);
  return wrap(text + seconds, 4, report_columns);
}

std::string coverage_text(const AuditReport& audit) {
  std::map<std::string, std::string> seen;
  std::map<std::string, std::string> never;
  for (const CoverageCell& cell : audit.coverage) {
    std::string& list = cell.runs == 0 ? never[cell.state] : seen[cell.state];
    if (!list.empty()) list += ", ";
    list += cell.event;
    if (cell.runs == 0) continue;
    list += " " + with_commas(cell.runs);
    if (cell.effective != cell.runs) list += " (" + with_commas(cell.effective) + ")";
  }
  std::string text = "  handlers: local states and events that met (those with an effect)\n";
  for (const auto& [state, list] : seen) {
    text += wrap("    " + state + ": " + list, 6, report_columns);
  }
  for (const auto& [state, list] : never) {
    text += wrap("    " + state + " never met " + list, 6, report_columns);
  }
  return text;
}

}  // namespace gainsay
