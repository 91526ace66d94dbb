#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/serve/routes.hpp"
#include "explorer/page.hpp"

namespace gainsay::cli {

namespace {

// Where the walk through it begins: the initial starts are no steps of its path, as a rule.
std::string with_walk(const std::string& data, const Explored& explored) {
  if (explored.events - explored.path.size() != explored.model.system.size()) return data;
  auto page = nlohmann::ordered_json::parse(data);
  page["explore"] = {{"address", "explore"},
                     {"path", to_text(explored.path)},
                     {"starts", explored.model.system.size()}};
  return page.dump();
}

}  // namespace

void add_trace_routes(Server& server, const std::string& file,
                      const std::optional<Explored>& explored) {
  const std::string data = data_of_trace(file);
  server.get("/", [html = served_page(explored ? with_walk(data, *explored) : data)](
                      const Request&) { return page_response(html); });
}

}  // namespace gainsay::cli
