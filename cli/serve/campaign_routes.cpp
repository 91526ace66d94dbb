#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/serve/routes.hpp"
#include "explorer/campaign/store.hpp"
#include "explorer/page.hpp"

namespace gainsay::cli {

namespace {

using nlohmann::ordered_json;

ordered_json failure_json(const FailureSummary& one) {
  const CampaignFailure& failure = one.failure;
  return {{"system", failure.system},
          {"property", failure.property},
          {"identity", failure.identity},
          {"status", std::string(to_string(one.status))},
          {"note", one.note},
          {"runs", one.count},
          {"events", failure.events},
          {"faults", failure.faults},
          {"page", "failure?identity=" + failure.identity}};
}

}  // namespace

void add_campaign_routes(Server& server, const std::string& directory) {
  CampaignStore store(directory, true);
  store.write_traces();
  ordered_json failures = ordered_json::array();
  std::map<std::string, std::string> files;  // by identity
  for (const FailureSummary& one : store.failures()) {
    failures.push_back(failure_json(one));
    files[one.failure.identity] = store.trace_path(one.failure).string();
  }
  const ordered_json data = {
      {"kind", "failures"}, {"directory", directory}, {"failures", std::move(failures)}};
  const std::string text = data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  server.get("/", [text](const Request&) { return page_response(served_page(text)); });
  server.get("/failure", [files](const Request& request) {
    const auto asked = request.query.find("identity");
    const auto file = asked == request.query.end() ? files.end() : files.find(asked->second);
    if (file == files.end()) return refusal(404, "the campaign has no such failure");
    return page_response(served_page(data_of_trace(file->second)));
  });
}

}  // namespace gainsay::cli
