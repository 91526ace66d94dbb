// Where the states come from, in words.
#include <algorithm>
#include <cstdio>

#include "engine/text.hpp"
#include "explorer/report_parts.hpp"

namespace gainsay {

namespace {

constexpr double low_reuse = 10;  // tries of a handler for each time it runs
constexpr std::size_t rows_max = 8;

std::string row(const std::string& name, const std::vector<std::string>& columns) {
  char text[160];
  std::snprintf(text, sizeof text, "    %-24.24s", name.c_str());
  std::string line = text;
  for (const std::string& column : columns) {
    std::snprintf(text, sizeof text, " %14.14s", column.c_str());
    line += text;
  }
  return line + "\n";
}

std::string by_value(const std::string& what,
                     const std::map<std::uint64_t, std::uint64_t>& values) {
  std::string text = what;
  const char* before = " ";
  for (const auto& [value, count] : values) {
    text += before + std::to_string(value) + ": " + with_commas(count);
    before = ", ";
  }
  return text;
}

std::string fixed(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t all) {
  return std::to_string(all == 0 ? 0 : part * 100 / all) + " %";
}

}  // namespace

std::string profile_text(const ProfileReport& profile) {
  std::string text = "  where the states come from\n";
  text += row("process", {"local states", "inboxes", "both"});
  std::uint64_t inboxes = 0;
  for (std::size_t i = 0; i < profile.processes.size(); ++i) {
    const ProcessProfile& process = profile.processes[i];
    inboxes += process.inboxes;
    if (i >= rows_max) continue;
    text += row(process.name, {with_commas(process.local_states), with_commas(process.inboxes),
                               with_commas(process.cells)});
  }
  text += row("message", {"distinct", "inboxes", "without it"});
  for (std::size_t i = 0; i < std::min(rows_max, profile.messages.size()); ++i) {
    const MessageProfile& message = profile.messages[i];
    text += row(message.name, {with_commas(message.distinct), with_commas(inboxes),
                               with_commas(message.inboxes_without)});
  }
  for (const ValueReport& budget : profile.budgets) {
    text +=
        wrap(by_value("    states by " + budget.name + " used:", budget.states), 6, report_columns);
    text +=
        wrap(by_value("    new local states by " + budget.name + " used:", budget.new_local_states),
             6, report_columns);
  }
  for (const ValueReport& limit : profile.limits) {
    text += wrap(by_value("    states by greatest " + limit.name + ":", limit.states), 6,
                 report_columns);
  }
  text +=
      wrap("    " + with_commas(profile.deliveries) + " pairs of a local state and a message: " +
               percent(profile.dead, profile.deliveries) + " dead, " +
               percent(profile.without_effect, profile.deliveries) + " without effect but kept",
           6, report_columns);
  text += wrap("    " + fixed(profile.reuse) + " transitions for each run of a handler" +
                   (profile.reuse < low_reuse ? ": few, so handlers take much of the time" : ""),
               6, report_columns);
  for (const std::string& suggestion : profile.suggestions) {
    text += wrap("  try: " + suggestion, 4, report_columns);
  }
  return text;
}

}  // namespace gainsay
