#include "cli/serve/live_routes.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "explorer/page.hpp"

namespace gainsay::cli {

namespace {

// {"do": "crash n1"}
std::string command_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const bool is_one =
      json.is_object() && json.size() == 1 && json.contains("do") && json.at("do").is_string();
  if (!is_one) throw UsageError("the body is to be {\"do\": COMMAND}");
  return json.at("do").get<std::string>();
}

std::string page_of(const LivePlan& plan) {
  nlohmann::json page = {{"kind", "live"},     {"system", plan.system}, {"command", plan.command},
                         {"source", "events"}, {"act", "command"},      {"trace", "trace"},
                         {"log", "log"}};
  if (!plan.walk.empty()) page["explore"] = plan.walk;
  return served_page(page.dump());
}

}  // namespace

LiveRoutes::LiveRoutes(Server& server, LivePlan plan)
    : server_(server), session_(plan.make, plan.options, [feed = feed_](std::string shown) {
        feed->publish(std::move(shown));
      }) {
  server.get("/", [html = page_of(plan)](const Request&) { return page_response(html); });
  server.events("/events", feed_);
  server.post("/command", [this](const Request& request) {
    session_.command(command_in(request.body));
    return Response{.body = "{}"};
  });
  server.get("/trace", [this, name = plan.system](const Request&) {
    return Response{.body = session_.trace(), .download = name + "-live.trace.json"};
  });
  server.get("/log", [this, plan](const Request&) {
    return Response{.body = log_json(plan.command, session_.log()),
                    .download = plan.system + "-live.json"};
  });
  server.get("/metrics", [this](const Request&) {
    return Response{.type = "text/plain; version=0.0.4; charset=utf-8", .body = session_.metrics()};
  });
  session_.start();
}

LiveRoutes::~LiveRoutes() {
  feed_->close();
  server_.stop();
}

void announce(const Server& server) {
  std::cout << server.url() << "  (Ctrl-C ends it)" << std::endl;
}

int serve_live(LivePlan plan, std::uint16_t port) {
  Server server({.port = port});
  const LiveRoutes routes(server, std::move(plan));
  announce(server);
  server.run_until(stop_requested);
  return ok;
}

}  // namespace gainsay::cli
