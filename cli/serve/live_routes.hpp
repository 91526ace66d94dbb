// A live run behind a server: the page, the stream of snapshots, and what somebody does to it.
#pragma once

#include <string>

#include "cli/serve/http_server.hpp"
#include "explorer/simulate/live.hpp"

namespace gainsay::cli {

struct LivePlan {
  std::string system;   // its name
  std::string command;  // that begins the same run
  MakeModel make;
  LiveOptions options;
  std::string walk{};  // the address of the page that walks the system by hand; empty: none
};

// Registers its routes, and runs until it goes; then the server stops. REQUIRES: the server
// outlives it.
class LiveRoutes {
 public:
  LiveRoutes(Server& server, LivePlan plan);
  ~LiveRoutes();

 private:
  Server& server_;
  std::shared_ptr<Feed> feed_ = std::make_shared<Feed>();
  LiveSession session_;
};

// Says where, and serves until a signal.
int serve_live(LivePlan plan, std::uint16_t port);
// Of a system by its name, as `simulate SYSTEM --live` has it without more flags; for as long as
// somebody looks. Throws UsageError.
LivePlan live_plan(const std::string& system);

// The line that says where it is, and how to end it.
void announce(const Server& server);

}  // namespace gainsay::cli
