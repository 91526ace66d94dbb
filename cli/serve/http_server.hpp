// A small HTTP server for a page that is open on this machine, and for what it asks.
//
// Who may ask: it listens on 127.0.0.1 only; every address begins with a token that nobody can
// guess; and the Host must be the one that was bound, or another site's name could be made to mean
// this machine (DNS rebinding). A POST must come from this very site, as JSON. Pages may load
// nothing from elsewhere.
//
// Each connection is for one request, and handlers are called from several threads at once. A
// viewer of a stream gets what is newest whenever it has taken what came before: who is slow misses
// some and delays nobody; who takes nothing any more is cut off.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace gainsay::cli {

struct Request {
  std::map<std::string, std::string> query;
  std::string body;  // of a POST: says that it is JSON
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::string download{};  // to be saved under this name, not shown
};

Response page_response(std::string html);
// {"error": message}
Response refusal(int status, const std::string& message);

// The newest of what there is to be shown. Thread-safe.
class Feed {
 public:
  struct Item {
    std::uint64_t number = 0;  // from 1 on; 0: nothing yet
    std::shared_ptr<const std::string> data{};
  };

  void publish(std::string data);
  // Nothing will follow: streams end.
  void close();
  bool is_closed() const;
  // Waits for one with a number above `seen`, as long as that; then the newest, if it is another.
  Item next(std::uint64_t seen, std::chrono::milliseconds longest) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Item newest_;
  bool closed_ = false;
};

struct ServerOptions {
  std::uint16_t port = 0;  // 0: any that is free
  std::size_t streams_max = 8;
  std::size_t body_max = 1 << 16;
  std::chrono::milliseconds patience{2000};  // for a viewer to send or to take something
};

class Server {
 public:
  using Handler = std::function<Response(const Request&)>;

  // Throws UsageError where the port is taken.
  explicit Server(const ServerOptions& options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // REQUIRES, of all routes: before start(); the path begins with "/" and is none that there is. A
  // handler that throws UsageError has refused the request; anything else it throws is our fault.
  void get(const std::string& path, Handler handler);
  void post(const std::string& path, Handler handler);
  // Server-sent events: one for each item.
  void events(const std::string& path, std::shared_ptr<Feed> feed);

  // "http://127.0.0.1:8080/TOKEN/"; routes lie below.
  std::string url() const;
  std::uint16_t port() const;
  const std::string& token() const;

  void start();
  // Ends all streams and waits for what is being answered. To be called any number of times.
  void stop();
  // Serves until `stop_requested`.
  void run_until(const std::atomic<bool>& stop_requested);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace gainsay::cli
