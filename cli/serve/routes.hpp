// What a server gives out, by what it was asked to show: one file each, registered in serve.cpp.
#pragma once

#include <optional>
#include <string>

#include "cli/serve/http_server.hpp"
#include "explorer/path.hpp"
#include "properties/property.hpp"

namespace gainsay::cli {

// What is walked through by hand.
struct Explored {
  Model model;
  std::string command;     // which shows the page again
  Path path{};             // where it begins
  std::string name{};      // of the trace that it begins with; empty: none
  std::size_t events = 0;  // of that trace
};
// None, and why is said on stderr, where the trace does not run here. Throws TraceError.
std::optional<Explored> explored_trace(const std::string& file, const std::string& command);
// "/explore" and what its page asks below that.
void add_explore_routes(Server& server, const Explored& explored);

// "/": the page of a trace, which leads to the walk through it, if there is one. Throws TraceError.
void add_trace_routes(Server& server, const std::string& file,
                      const std::optional<Explored>& explored);

// "/": the failures of a campaign, which lead to the pages of their traces. Throws StoreError, or
// FileError where the traces cannot be put beside the store.
void add_campaign_routes(Server& server, const std::string& directory);

}  // namespace gainsay::cli
