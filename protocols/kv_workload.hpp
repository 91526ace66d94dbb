// What the clients of a replicated key-value store do. In a check each appends its own letter to
// one shared key and reads it back, in turn; under load it reads and writes keys at random.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/client.hpp"
#include "engine/system.hpp"
#include "properties/sequential_models.hpp"

namespace gainsay {

struct Configuration;

std::vector<WorkItem<kv::Operation>> appends_and_reads(std::uint32_t client,
                                                       std::uint32_t operations,
                                                       const std::vector<NodeId>& servers);
// All clients of the bounds, client k beginning at server k. In async they ask all servers at once;
// elsewhere a timer goes on to the next.
Workload<kv::Operation> appends_and_reads(const Bounds& bounds);

// Work for long runs: reads and writes of keys at random, every value written once. What client c
// does as its i-th operation is a function of these numbers, c and i.
struct Load {
  std::uint32_t keys = 1000;
  std::uint32_t zipf = 0;    // thousandths; 0: each key as often
  std::uint32_t reads = 50;  // percent
  std::uint32_t value = 16;  // bytes of a value, or more where that many do not tell it from others
  std::uint32_t seed = 0;
};
// By the options load-keys, load-zipf, load-reads, load-value and load-seed; none without
// load-keys. Throws UsageError.
std::optional<Load> load_of(std::string_view system, const OptionTexts& options);
// Adds their names.
std::vector<std::string> with_load(std::vector<std::string> options);
OptionTexts options_of(const Load& load);
// One key and one value at random, as the i-th operation of a client.
struct LoadItem {
  bool reads = false;
  std::uint32_t key = 0;
  std::string value;
};
using LoadItems = std::function<LoadItem(std::uint32_t client, std::uint32_t position)>;
LoadItems items_of(const Load& load);
// In virtual time: so many nodes under load, and these options.
Configuration simulated(std::uint32_t nodes, OptionTexts options);
// Whom the clients of a load ask: the first so many servers; and with `local_reads` any of them
// answers a read, and each client asks its own.
struct Asked {
  std::uint32_t servers = ~std::uint32_t{0};
  bool local_reads = false;
};
// For a key-value store of which one server answers: clients look for it, and stay with it.
Workload<kv::Operation> loaded(const Bounds& bounds, const Load& load, const Asked& who = {});

}  // namespace gainsay
