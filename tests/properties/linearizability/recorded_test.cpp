// Histories that others recorded, whose verdicts are known. They lie beside the checkout, not in
// it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <sstream>

#include "properties/linearizability/core.hpp"
#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/reader.hpp"
#include "tests/properties/linearizability/twin.hpp"

namespace gainsay::linearizability {
namespace {

const std::filesystem::path folder =
    std::filesystem::path(GAINSAY_SOURCE_DIR) / ".." / "shared" / "histories";

// Verdicts by file, from a table whose column is named or counted.
std::map<std::string, std::string> expected(const std::filesystem::path& table) {
  std::map<std::string, std::string> verdicts;
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    std::string name, cell;
    std::getline(cells, name, '\t');
    while (std::getline(cells, cell, '\t')) {
      if (cell == "linearizable" || cell == "NOT linearizable") verdicts[name] = cell;
    }
  }
  return verdicts;
}

// The core alone, by the twin where that is not too slow, and by the searches with all else
// relaxed.
void expect_core(const Recording& recording, const Judgement& judgement, const std::string& name) {
  const Model& model = recording.model->model;
  ASSERT_FALSE(judgement.core.empty()) << name;
  if (judgement.core.size() <= 9) {
    EXPECT_FALSE(twin_says_linearizable(model, only(recording.history, judgement.core))) << name;
  }
  std::vector<Id> all(recording.history.operations().size());
  std::iota(all.begin(), all.end(), Id{0});
  EXPECT_EQ(judge(model, relaxed(model, recording.history, all, judgement.core), {.explain = false})
                .verdict,
            Verdict::not_linearizable)
      << name;
}

void judge_all(const std::string& name, std::size_t files,
               const std::function<bool(const std::string&)>& chosen = {}) {
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "there are no recorded histories beside the checkout";
  }
  const auto verdicts = expected(folder / name / "expected.tsv");
  EXPECT_EQ(verdicts.size(), files);
  for (const auto& [file_name, verdict] : verdicts) {
    if (chosen && !chosen(file_name)) continue;
    std::ifstream file(folder / name / file_name, std::ios::binary);
    const Recording recording = read_history(file, {});
    const Judgement judgement = judge(recording.model->model, recording.history);
    if (verdict == "linearizable") {
      ASSERT_EQ(judgement.verdict, Verdict::linearizable) << file_name;
      EXPECT_EQ(wrong_with_order(recording.model->model, recording.history, judgement.order), "")
          << file_name;
    } else {
      ASSERT_EQ(judgement.verdict, Verdict::not_linearizable) << file_name;
      expect_core(recording, judgement, file_name);
    }
  }
}

TEST(LinearizabilityRecorded, EtcdByJepsen) { judge_all("jepsen-etcd", 50); }
TEST(LinearizabilityRecorded, KeyValueByPorcupine) { judge_all("kv", 6); }
bool is_long(const std::string& name) { return name.find("n10000") != std::string::npos; }
TEST(LinearizabilityRecorded, GeneratedLong) { judge_all("generated", 24, is_long); }
TEST(LinearizabilityRecorded, Generated) { judge_all("generated", 24, std::not_fn(is_long)); }
TEST(LinearizabilityRecorded, GeneratedSmall) { judge_all("generated/small", 300); }

}  // namespace
}  // namespace gainsay::linearizability
