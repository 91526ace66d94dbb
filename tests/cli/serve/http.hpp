// The smallest HTTP client: says what it is told to say, and hears what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

namespace gainsay::testing {

class Connection {
 public:
  explicit Connection(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_open() const { return is_open_; }
  void say(const std::string& text) {
    (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // Up to what is awaited, or to the end.
  std::string hear(const std::string& awaited = "") {
    char bytes[4096];
    while (awaited.empty() || heard_.find(awaited) == std::string::npos) {
      const auto size = ::recv(socket_, bytes, sizeof bytes, 0);
      if (size <= 0) break;
      heard_.append(bytes, static_cast<std::size_t>(size));
    }
    return std::exchange(heard_, "");
  }

 private:
  int socket_;
  bool is_open_ = false;
  std::string heard_;
};

struct Asked {
  std::string method = "GET";
  std::string path;
  std::string host;
  std::string headers{};  // each with its line end
  std::string body{};
};

inline std::string text_of(const Asked& asked) {
  std::string text = asked.method + " " + asked.path + " HTTP/1.1\r\n";
  if (!asked.host.empty()) text += "Host: " + asked.host + "\r\n";
  text += asked.headers;
  if (!asked.body.empty()) text += "Content-Length: " + std::to_string(asked.body.size()) + "\r\n";
  return text + "\r\n" + asked.body;
}

inline std::string ask(std::uint16_t port, const Asked& asked) {
  Connection connection(port);
  connection.say(text_of(asked));
  return connection.hear();
}

inline int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

inline std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace gainsay::testing
