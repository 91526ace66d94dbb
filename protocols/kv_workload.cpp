#include "protocols/kv_workload.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "engine/random.hpp"
#include "engine/simulator/distribution.hpp"
#include "protocols/catalog.hpp"

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
      servers.push_back(node_id((client + i) % bounds.nodes));
    }
    result.clients.push_back(appends_and_reads(client, bounds.operations, servers));
  }
  return result;
}

namespace {

constexpr std::array<const char*, 5> load_names = {"load-keys", "load-zipf", "load-reads",
                                                   "load-value", "load-seed"};

std::uint32_t* field_of(Load& load, std::string_view name) {
  const std::array<std::uint32_t*, load_names.size()> fields = {&load.keys, &load.zipf, &load.reads,
                                                                &load.value, &load.seed};
  for (std::size_t i = 0; i < load_names.size(); ++i) {
    if (name == load_names[i]) return fields[i];
  }
  return nullptr;
}

}  // namespace

std::optional<Load> load_of(std::string_view system, const OptionTexts& options) {
  if (!options.contains(load_names[0])) return std::nullopt;
  Load load;
  for (const auto& [name, text] : options) {
    if (std::uint32_t* field = field_of(load, name)) *field = option_number(system, name, text);
  }
  const std::string prefix(system);
  if (load.keys == 0 || load.keys > 10'000'000) {
    throw UsageError(prefix + ": load-keys is from 1 to 10,000,000");
  }
  if (load.reads > 100) throw UsageError(prefix + ": load-reads is a percentage");
  if (load.zipf > 10'000) throw UsageError(prefix + ": load-zipf is at most 10,000 thousandths");
  if (load.value > 100'000) throw UsageError(prefix + ": load-value is at most 100,000 bytes");
  return load;
}

std::vector<std::string> with_load(std::vector<std::string> options) {
  options.insert(options.end(), load_names.begin(), load_names.end());
  return options;
}

OptionTexts options_of(const Load& load) {
  Load copy = load;
  OptionTexts options;
  for (const char* name : load_names) options[name] = std::to_string(*field_of(copy, name));
  return options;
}

LoadItems items_of(const Load& load) {
  const auto zipf = std::make_shared<const Zipf>(load.keys, std::uint64_t{load.zipf} * 1000);
  return [load, zipf](std::uint32_t client, std::uint32_t position) {
    RandomStream random(load.seed, Purpose::workload, node_id(client));
    random.seek(std::uint64_t{position} * 4);
    LoadItem item{.reads = random.next() % 100 < load.reads, .key = zipf->at(random.next())};
    if (item.reads) return item;
    item.value = std::to_string(client) + "." + std::to_string(position);
    if (item.value.size() < load.value) item.value.resize(load.value, '.');
    return item;
  };
}

Configuration simulated(std::uint32_t nodes, OptionTexts options) {
  for (auto& [name, text] : options_of(Load{})) options.try_emplace(name, text);
  return {.bounds = {.nodes = nodes, .clients = 32, .operations = operations_max},
          .options = std::move(options),
          .bug = ""};
}

Workload<kv::Operation> loaded(const Bounds& bounds, const Load& load, const Asked& who) {
  Workload<kv::Operation> result{.retry = true, .paced = true, .seeks = true};
  result.client_count = bounds.clients;
  result.operations = bounds.operations;
  const std::uint32_t asked = std::min(who.servers, bounds.nodes);
  result.item = [items = items_of(load), asked, local_reads = who.local_reads](
                    std::uint32_t client, std::uint32_t position) {
    LoadItem item = items(client, position);
    WorkItem<kv::Operation> work{
        .operation = {.action = item.reads ? kv::Action::get : kv::Action::put,
                      .key = "k" + std::to_string(item.key),
                      .value = std::move(item.value)},
        .servers = {},
        .by_any = local_reads && item.reads};
    work.servers.reserve(asked);
    for (std::uint32_t i = 0; i < asked; ++i) {
      work.servers.push_back(node_id((client + i) % asked));
    }
    return work;
  };
  return result;
}

}  // namespace gainsay
