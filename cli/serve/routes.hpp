// What a server gives out, by what it was asked to show: one file each, registered in serve.cpp.
#pragma once

#include <string>

#include "cli/serve/http_server.hpp"

namespace gainsay::cli {

// "/": the page of a trace. Throws TraceError.
void add_trace_routes(Server& server, const std::string& file);

}  // namespace gainsay::cli
