#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "cli/serve/routes.hpp"
#include "explorer/explore_page.hpp"
#include "explorer/page.hpp"
#include "protocols/catalog.hpp"

namespace gainsay::cli {

namespace {

// One walk for all who look: it keeps the worlds that it has met.
struct Walk {
  explicit Walk(Model of) : model(std::move(of)), exploration(model) {}
  const Model model;
  std::mutex mutex;
  Exploration exploration;
};

std::size_t parse_known(const std::string& text) {
  const bool is_number = text.size() <= 6 && text.find_first_not_of("0123456789") == text.npos;
  if (!is_number) throw PathError("'known' is a number of steps");
  return text.empty() ? 0 : std::stoul(text);
}

// A question as a query has it, or as the body of a POST, for long paths.
PathQuestion question_of(const Request& request) {
  std::map<std::string, std::string> fields = request.query;
  if (!request.body.empty()) {
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    if (!body.is_object()) throw PathError("the question is no JSON object");
    for (const auto& [name, value] : body.items()) {
      if (value.is_string()) fields[name] = value.get<std::string>();
      if (value.is_number_unsigned()) fields[name] = value.dump();
    }
  }
  return {.path = fields["path"], .world = fields["world"], .known = parse_known(fields["known"])};
}

using Answer = std::string (*)(Exploration&, const PathQuestion&);

std::string nearest(Exploration& exploration, const PathQuestion& question) {
  return nearest_data(exploration, question);
}

}  // namespace

std::optional<Explored> explored_trace(const std::string& file, const std::string& command) {
  const Trace trace = read_trace(file);
  try {
    Explored explored{.model = model_of(trace), .command = command, .name = file};
    const std::vector<Event> events = events_of(explored.model.system, trace);
    explored.path = path_of(explored.model.system, events);
    explored.events = events.size();
    return explored;
  } catch (const TraceError& error) {
    std::cerr << "warning: it cannot be walked by hand: " << error.what() << "\n";
  } catch (const PathError& error) {
    std::cerr << "warning: it cannot be walked by hand: " << error.what() << "\n";
  }
  return std::nullopt;
}

void add_explore_routes(Server& server, const Explored& explored) {
  const auto walk = std::make_shared<Walk>(explored.model);
  const auto page =
      std::make_shared<const std::string>(served_page(explore_data({.model = walk->model,
                                                                    .command = explored.command,
                                                                    .path = explored.path,
                                                                    .name = explored.name})));
  server.get("/explore", [page](const Request&) { return page_response(*page); });
  const auto answer = [&](const std::string& path, Answer function, const std::string& download) {
    const auto handler = [walk, function, download](const Request& request) {
      try {
        const PathQuestion question = question_of(request);
        const std::lock_guard lock(walk->mutex);
        return Response{.body = function(walk->exploration, question), .download = download};
      } catch (const PathError& error) {
        return refusal(400, error.what());
      }
    };
    server.get(path, handler);
    server.post(path, handler);
  };
  answer("/explore/world", world_data, "");
  answer("/explore/nearest", nearest, "");
  answer("/explore/run", run_data, "");
  answer("/explore/file", run_file, explored.model.system.name + "-by-hand.trace.json");
}

}  // namespace gainsay::cli
