#include "cli/command.hpp"
#include "cli/serve/routes.hpp"
#include "explorer/page.hpp"

namespace gainsay::cli {

void add_trace_routes(Server& server, const std::string& file) {
  server.get("/", [html = served_page(data_of_trace(file))](const Request&) {
    return Response{.type = "text/html; charset=utf-8", .body = html};
  });
}

}  // namespace gainsay::cli
