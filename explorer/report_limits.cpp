// What the limits cut and whether they are large enough, in words.
#include "engine/text.hpp"
#include "explorer/report_parts.hpp"

namespace gainsay {

namespace {

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What is new at the last value can be said of a whole search only.
std::string news_of(const LimitReport& limit, bool whole) {
  const std::uint64_t at = limit.at_greatest();
  const std::string where = " with " + limit.name + "=" + std::to_string(limit.greatest);
  if (at == 0) return "no local state" + where + (whole ? "" : " so far");
  const std::string all = with_commas(at) + (at == 1 ? " local state" : " local states") + where;
  if (!whole) return all + " so far";
  if (!limit.new_besides) return all;
  if (*limit.new_besides == 0) return all + ", none new but for " + list(limit.fields);
  return all + ", " + with_commas(*limit.new_besides) + " of them new in more than " +
         list(limit.fields);
}

}  // namespace

std::string limits_text(const CheckReport& report, bool verbose) {
  const bool whole = report.verdict == Verdict::holds || report.verdict == Verdict::vacuous;
  std::string text;
  for (const LimitReport& limit : report.limits) {
    const std::string cut = limit.cuts == 0 ? " cut nothing"
                                            : " cut " + with_commas(limit.cuts) + " local event" +
                                                  (limit.cuts == 1 ? "" : "s");
    text += wrap("  limit " + limit.name + "<=" + std::to_string(limit.greatest) + cut + "; " +
                     news_of(limit, whole),
                 4, report_columns);
    if (!verbose) continue;
    std::string by_value = "    local states by " + limit.name + ":";
    for (const auto& [value, count] : limit.local_states) {
      by_value += " " + std::to_string(value) + ": " + with_commas(count);
      if (value != limit.local_states.rbegin()->first) by_value += ",";
    }
    text += wrap(by_value, 6, report_columns);
  }
  return text;
}

// With fewer faults comes first, so what is new with more needs them.
std::string discovery_text(const CheckReport& report, bool verbose) {
  const DiscoveryReport& discovery = report.discovery;
  std::string text;
  if (discovery.by_faults.size() > 1) {
    text = "  new local states by faults:";
    for (std::size_t faults = 0; faults < discovery.by_faults.size(); ++faults) {
      text += (faults == 0 ? " " : ", ") + std::to_string(faults) + ": " +
              with_commas(discovery.by_faults[faults]);
    }
    text = wrap(text, 4, report_columns);
  }
  if (!verbose) return text;
  std::string last =
      "  the last new local state came at depth " + std::to_string(discovery.last_depth);
  if (discovery.by_faults.size() > 1)
    last += " with faults " + std::to_string(discovery.last_faults);
  return text + wrap(last, 4, report_columns);
}

}  // namespace gainsay
