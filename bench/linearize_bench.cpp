// Recorded histories judged on one core, search only, beside what Porcupine 1.3.0 took for the same
// files (folders with an expected.tsv that has its times). GAINSAY_HISTORIES names the folder of
// the histories. What is generated here needs no folder: a million operations of 20 clients on
// 1,000 keys, with and without one wrong read, with reading.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "engine/random.hpp"
#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/reader.hpp"

namespace {

using namespace gainsay;
using namespace gainsay::linearizability;

struct Entry {
  std::string file;
  Verdict verdict = Verdict::unknown;
  double porcupine_ms = 0;
};

std::vector<Entry> entries(const std::filesystem::path& folder) {
  std::vector<Entry> result;
  std::ifstream table(folder / "expected.tsv");
  std::map<std::string, std::size_t> columns;
  for (std::string line; std::getline(table, line);) {
    std::istringstream text(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(text, cell, '\t');) cells.push_back(cell);
    if (columns.empty()) {
      for (std::size_t i = 0; i < cells.size(); ++i) columns[cells[i]] = i;
      continue;
    }
    Entry entry{.file = (folder / cells[0]).string()};
    entry.verdict = cells[columns.at("verdict")] == "linearizable" ? Verdict::linearizable
                                                                   : Verdict::not_linearizable;
    const auto time = columns.find("porcupine_1_3_best_ms");
    if (time != columns.end())
      entry.porcupine_ms = std::strtod(cells[time->second].c_str(), nullptr);
    result.push_back(std::move(entry));
  }
  return result;
}

void judge_files(benchmark::State& state, const std::vector<Entry>& files, bool partition) {
  std::vector<Recording> recordings;
  double porcupine_ms = 0;
  for (const Entry& entry : files) {
    std::ifstream file(entry.file, std::ios::binary);
    recordings.push_back(read_history(file, {}));
    porcupine_ms += entry.porcupine_ms;
  }
  for (auto _ : state) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const Judgement judgement = judge(recordings[i].model->model, recordings[i].history,
                                        {.partition = partition, .explain = false});
      if (judgement.verdict != files[i].verdict) state.SkipWithError("a wrong verdict");
    }
  }
  if (porcupine_ms > 0) state.counters["porcupine_ms"] = porcupine_ms;
}

// Each operation takes effect at a random moment between its call and its return.
std::string million_operations(bool wrong) {
  constexpr std::uint32_t count = 1'000'000, clients = 20, keys = 1'000;
  struct Open {
    int phase = 0;
    std::uint64_t invoked = 0;
    std::uint32_t key = 0, value = 0;
    bool put = false;
  };
  RandomStream random(1, Purpose::workload);
  std::vector<Open> open(clients);
  std::vector<std::uint32_t> values(keys), first_values(keys);
  std::string text = "# model kv\n";
  std::uint64_t now = 0;
  for (std::uint32_t done = 0, version = 0; done < count;) {
    const std::uint32_t client = random.below(clients);
    Open& mine = open[client];
    if (mine.phase == 0) {
      mine = {.invoked = now++, .key = random.below(keys), .put = random.chance(1, 2)};
    } else if (mine.phase == 1) {
      if (mine.put) values[mine.key] = ++version;
      if (first_values[mine.key] == 0) first_values[mine.key] = values[mine.key];
      mine.value = values[mine.key];
    } else {
      if (wrong && done > count / 10 * 9 && !mine.put) {
        mine.value = first_values[mine.key];
        wrong = false;
      }
      text += std::to_string(client) + " " + std::to_string(mine.invoked) + " " +
              std::to_string(now++) + (mine.put ? " put k" : " get k") + std::to_string(mine.key) +
              (mine.value == 0 ? "" : " v" + std::to_string(mine.value)) + "\n";
      ++done;
    }
    mine.phase = (mine.phase + 1) % 3;
  }
  return text;
}

void million(benchmark::State& state, bool wrong) {
  const std::string text = million_operations(wrong);
  for (auto _ : state) {
    std::istringstream input(text);
    const Recording recording = read_history(input, {});
    const Judgement judgement = judge(recording.model->model, recording.history);
    const Verdict expected = wrong ? Verdict::not_linearizable : Verdict::linearizable;
    if (judgement.verdict != expected) state.SkipWithError("a wrong verdict");
  }
}

void add_folders(const std::filesystem::path& folder) {
  using benchmark::kMillisecond;
  for (const char* name : {"jepsen-etcd", "kv", "generated"}) {
    const std::vector<Entry> files = entries(folder / name);
    if (files.empty()) continue;
    benchmark::RegisterBenchmark(name, [files](auto& state) {
      judge_files(state, files, true);
    })->Unit(kMillisecond);
    for (const Entry& entry : files) {
      const std::string file = std::filesystem::path(entry.file).filename();
      if (std::string_view(name) == "jepsen-etcd") continue;
      benchmark::RegisterBenchmark(file.c_str(), [entry](auto& state) {
        judge_files(state, {entry}, true);
      })->Unit(kMillisecond);
      if (file.rfind("c10", 0) != 0) continue;
      benchmark::RegisterBenchmark((file + " whole").c_str(), [entry](auto& state) {
        judge_files(state, {entry}, false);
      })->Unit(kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (const char* folder = std::getenv("GAINSAY_HISTORIES")) add_folders(folder);
  for (const bool wrong : {false, true}) {
    benchmark::RegisterBenchmark(wrong ? "a million, one wrong" : "a million", [wrong](
                                                                                   auto& state) {
      million(state, wrong);
    })->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
}
