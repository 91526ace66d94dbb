#include "protocols/kv_workload.hpp"

#include <string>

namespace gainsay {

std::vector<WorkItem<kv::Operation>> appends_and_reads(std::uint32_t client,
                                                       std::uint32_t operations,
                                                       const std::vector<NodeId>& servers) {
  const std::string letter(1, static_cast<char>('a' + client % 26));
  std::vector<WorkItem<kv::Operation>> items;
  for (std::uint32_t i = 0; i < operations; ++i) {
    const kv::Operation append{.action = kv::Action::append, .key = "x", .value = letter};
    const kv::Operation get{.action = kv::Action::get, .key = "x", .value = ""};
    items.push_back({.operation = i % 2 == 0 ? append : get, .servers = servers});
  }
  return items;
}

Workload<kv::Operation> appends_and_reads(const Bounds& bounds) {
  const bool async = bounds.network == Network::async;
  Workload<kv::Operation> result{.retry = !async, .to_all = async};
  for (std::uint32_t client = 0; client < bounds.clients; ++client) {
    std::vector<NodeId> servers;
    for (std::uint32_t i = 0; i < bounds.nodes; ++i) {
      servers.push_back({static_cast<std::uint8_t>((client + i) % bounds.nodes)});
    }
    result.clients.push_back(appends_and_reads(client, bounds.operations, servers));
  }
  return result;
}

}  // namespace gainsay
