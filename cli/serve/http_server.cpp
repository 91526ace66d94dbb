// The only file that sees the HTTP library: it costs seconds to compile, and may be exchanged.
#include "cli/serve/http_server.hpp"

#include <httplib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <thread>

#include "engine/system.hpp"

namespace gainsay::cli {

namespace {

using Milliseconds = std::chrono::milliseconds;

// 128 bits of the operating system's randomness.
std::string random_token() {
  std::random_device source;
  std::string token;
  constexpr std::string_view digits = "0123456789abcdef";
  for (int word = 0; word < 4; ++word) {
    std::uint32_t bits = source();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) token += digits[bits & 15];
  }
  return token;
}

// As the page's own, and that it may ask us. What is shown comes from nowhere else, goes nowhere
// else, and is not shown within another page.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Between items something is said now and then, or nobody would notice who has gone.
constexpr Milliseconds nap{250};
constexpr int naps_max = 8;

// An item as an event of a stream.
std::string as_event(const std::string& data) {
  std::string text = "data: ";
  for (const char c : data) {
    text += c;
    if (c == '\n') text += "data: ";
  }
  return text + "\n\n";
}

bool says_json(const httplib::Request& request) {
  const std::string type = request.get_header_value("Content-Type");
  return type == "application/json" || type.starts_with("application/json;");
}

}  // namespace

Response page_response(std::string html) {
  return {.type = "text/html; charset=utf-8", .body = std::move(html)};
}

Response refusal(int status, const std::string& message) {
  const auto replace = nlohmann::json::error_handler_t::replace;
  return {.status = status,
          .body = nlohmann::json{{"error", message}}.dump(-1, ' ', false, replace)};
}

void Feed::publish(std::string data) {
  auto shared = std::make_shared<const std::string>(std::move(data));
  {
    const std::lock_guard lock(mutex_);
    newest_ = {newest_.number + 1, std::move(shared)};
  }
  changed_.notify_all();
}

void Feed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool Feed::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

Feed::Item Feed::next(std::uint64_t seen, Milliseconds longest) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [&] { return closed_ || newest_.number > seen; });
  return newest_;
}

struct Server::Implementation {
  explicit Implementation(const ServerOptions& asked) : options(asked), token(random_token()) {}

  void answer(const httplib::Request& from, httplib::Response& to, std::string body);
  bool is_refused(const httplib::Request& from, httplib::Response& to) const;
  bool is_welcome(const httplib::Request& from, httplib::Response& to) const;
  std::string path_of(const httplib::Request& from) const;
  void stream(const std::shared_ptr<Feed>& feed, httplib::Response& to);
  void bind();
  void install();

  ServerOptions options;
  std::string token;
  std::uint16_t port = 0;
  std::map<std::string, Handler> gets;
  std::map<std::string, Handler> posts;
  std::map<std::string, std::shared_ptr<Feed>> feeds;
  std::atomic<std::size_t> streams{0};
  std::atomic<bool> stopping{false};
  httplib::Server http;
  std::thread listener;
};

namespace {

void put(Response&& response, httplib::Response& to) {
  to.status = response.status;
  if (!response.download.empty()) {
    to.set_header("Content-Disposition", "attachment; filename=\"" + response.download + "\"");
  }
  to.set_content(response.body, response.type);
}

}  // namespace

// Behind the token; empty where that is not it.
std::string Server::Implementation::path_of(const httplib::Request& from) const {
  const std::string prefix = "/" + token + "/";
  return from.path.starts_with(prefix) ? from.path.substr(prefix.size() - 1) : "";
}

// Whether it comes through the address that was given out.
bool Server::Implementation::is_welcome(const httplib::Request& from, httplib::Response& to) const {
  const std::string here = "127.0.0.1:" + std::to_string(port);
  const std::string named = "localhost:" + std::to_string(port);
  const std::string host = from.get_header_value("Host");
  if (from.get_header_value_count("Host") != 1 || (host != here && host != named)) {
    put(refusal(403, "this is " + here + ", and nothing else"), to);
    return false;
  }
  if (path_of(from).empty()) {
    put(refusal(404, "there is nothing here"), to);
    return false;
  }
  if (from.method != "POST") return true;
  if (from.has_header("Origin") && from.get_header_value("Origin") != "http://" + host) {
    put(refusal(403, "another site has nothing to say here"), to);
    return false;
  }
  if (!says_json(from)) {
    put(refusal(415, "the body is to be application/json"), to);
    return false;
  }
  return true;
}

// Before anything of its body is read.
bool Server::Implementation::is_refused(const httplib::Request& from, httplib::Response& to) const {
  if (!is_welcome(from, to)) return true;
  const std::string path = path_of(from);
  const bool can_get = gets.contains(path) || feeds.contains(path);
  const bool can_post = posts.contains(path);
  if (!can_get && !can_post) {
    put(refusal(404, "there is nothing here"), to);
    return true;
  }
  const bool is_known = (from.method == "GET" && can_get) || (from.method == "POST" && can_post);
  if (!is_known) {
    to.set_header("Allow", can_get && can_post ? "GET, POST" : can_get ? "GET" : "POST");
    put(refusal(405, "it cannot be asked so"), to);
    return true;
  }
  if (from.method == "POST" && from.has_header("Content-Length") &&
      from.get_header_value("Content-Length").size() > 9) {
    put(refusal(413, "the body is too long"), to);
    return true;
  }
  return false;
}

void Server::Implementation::answer(const httplib::Request& from, httplib::Response& to,
                                    std::string body) {
  const std::string path = path_of(from);
  if (const auto feed = feeds.find(path); feed != feeds.end() && from.method == "GET") {
    return stream(feed->second, to);
  }
  Request request{.query = {from.params.begin(), from.params.end()}, .body = std::move(body)};
  const auto& routes = from.method == "POST" ? posts : gets;
  try {
    put(routes.at(path)(request), to);
  } catch (const UsageError& error) {
    put(refusal(400, error.what()), to);
  } catch (const std::exception& error) {
    put(refusal(500, std::string("internal: ") + error.what()), to);
  }
}

void Server::Implementation::stream(const std::shared_ptr<Feed>& feed, httplib::Response& to) {
  if (streams.fetch_add(1) >= options.streams_max) {
    --streams;
    return put(refusal(503, "too many viewers: " + std::to_string(options.streams_max)), to);
  }
  to.set_chunked_content_provider(
      "text/event-stream",
      [this, feed, seen = std::uint64_t{0}, naps = 0](std::size_t,
                                                      httplib::DataSink& sink) mutable {
        if (stopping) return false;
        const Feed::Item item = feed->next(seen, nap);
        if (item.number > seen) {
          seen = item.number;
          naps = 0;
          const std::string event = as_event(*item.data);
          return sink.write(event.data(), event.size());
        }
        if (feed->is_closed()) {
          sink.done();
          return true;
        }
        if (++naps < naps_max) return true;
        naps = 0;
        constexpr std::string_view comment = ":\n\n";
        return sink.write(comment.data(), comment.size());
      },
      [this](bool) { --streams; });
}

void Server::Implementation::bind() {
  // The library's own choice lets two programs listen on one port.
  http.set_socket_options([patience = options.patience](int socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    timeval time{};
    time.tv_sec = static_cast<time_t>(patience.count() / 1000);
    time.tv_usec = static_cast<suseconds_t>(patience.count() % 1000 * 1000);
    // Connections have it from the socket that accepts them: who takes only a part of what is
    // sent is cut off, too.
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  });
  const int bound = options.port == 0 ? http.bind_to_any_port("127.0.0.1")
                    : http.bind_to_port("127.0.0.1", options.port) ? options.port
                                                                   : -1;
  if (bound <= 0) {
    throw UsageError("nothing can listen on 127.0.0.1:" + std::to_string(options.port) +
                     "; --port 0 takes a port that is free");
  }
  port = static_cast<std::uint16_t>(bound);
}

void Server::Implementation::install() {
  http.set_keep_alive_max_count(1);
  http.set_keep_alive_timeout(1);  // for the request to begin
  http.set_read_timeout(options.patience);
  http.set_write_timeout(options.patience);
  http.set_payload_max_length(options.body_max);
  http.new_task_queue = [this] { return new httplib::ThreadPool(options.streams_max + 8); };
  http.set_default_headers({{"Content-Security-Policy", content_policy},
                            {"X-Content-Type-Options", "nosniff"},
                            {"Referrer-Policy", "no-referrer"},
                            {"Cross-Origin-Resource-Policy", "same-origin"},
                            {"Cache-Control", "no-store"}});
  using Handled = httplib::Server::HandlerResponse;
  http.set_pre_routing_handler([this](const httplib::Request& from, httplib::Response& to) {
    if (is_refused(from, to)) return Handled::Handled;
    if (from.method == "POST") return Handled::Unhandled;  // its body is to be read
    answer(from, to, "");
    return Handled::Handled;
  });
  // The library does not bound a body that comes in chunks.
  http.Post("/.*", [this](const httplib::Request& from, httplib::Response& to,
                          const httplib::ContentReader& read) {
    std::string body;
    const bool is_whole = read([&](const char* data, std::size_t size) {
      if (body.size() + size > options.body_max) return false;
      body.append(data, size);
      return true;
    });
    if (!is_whole) return put(refusal(413, "the body is too long"), to);
    answer(from, to, std::move(body));
  });
}

Server::Server(const ServerOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {
  implementation_->bind();
  implementation_->install();
}

Server::~Server() { stop(); }

void Server::get(const std::string& path, Handler handler) {
  implementation_->gets[path] = std::move(handler);
}

void Server::post(const std::string& path, Handler handler) {
  implementation_->posts[path] = std::move(handler);
}

void Server::events(const std::string& path, std::shared_ptr<Feed> feed) {
  implementation_->feeds[path] = std::move(feed);
}

std::string Server::url() const {
  return "http://127.0.0.1:" + std::to_string(port()) + "/" + token() + "/";
}

std::uint16_t Server::port() const { return implementation_->port; }

const std::string& Server::token() const { return implementation_->token; }

void Server::start() {
  Implementation& self = *implementation_;
  self.listener = std::thread([&self] { self.http.listen_after_bind(); });
  while (!self.http.is_running()) std::this_thread::sleep_for(Milliseconds(1));
}

void Server::stop() {
  Implementation& self = *implementation_;
  self.stopping = true;
  if (!self.listener.joinable()) return;
  self.http.stop();
  self.listener.join();
}

void Server::run_until(const std::atomic<bool>& stop_requested) {
  start();
  const httplib::Server& http = implementation_->http;
  while (!stop_requested && http.is_running()) std::this_thread::sleep_for(Milliseconds(50));
  if (!stop_requested) throw std::runtime_error("the server has ended by itself");
  stop();
}

}  // namespace gainsay::cli
