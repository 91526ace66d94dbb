#include "explorer/simulate/report_page.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "explorer/page.hpp"

namespace gainsay {

namespace {

using nlohmann::ordered_json;

// [{"a": 1, "b": 2}, {"a": 3, "b": 4}] is {"a": [1, 3], "b": [2, 4]}.
ordered_json by_columns(const ordered_json& rows) {
  ordered_json columns = ordered_json::object();
  if (rows.empty()) return columns;
  for (const auto& cell : rows.front().items()) columns[cell.key()] = ordered_json::array();
  for (const ordered_json& row : rows) {
    for (const auto& column : columns.items()) column.value().push_back(row.at(column.key()));
  }
  return columns;
}

}  // namespace

std::string report_data(std::string_view results, const std::string& command) {
  ordered_json data = {{"kind", "report"}, {"command", command}};
  ordered_json& held = data["results"] = ordered_json::parse(results);
  if (held.value("verb", "") != "simulate") {
    throw std::invalid_argument("a report is of the results of a simulation");
  }
  ordered_json& timeline = held.at("timeline");
  ordered_json columns = by_columns(timeline.at("intervals"));
  timeline.erase("intervals");
  timeline.update(columns);
  return data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string report_page(std::string_view results, const std::string& command) {
  return page(report_data(results, command));
}

}  // namespace gainsay
