// The README and the chapters are true: their protocol builds in an outside project and prints what
// they say, their commands run, and the table of bugs is the catalog's.
#include <gtest/gtest.h>

#include <regex>

#include "engine/text.hpp"
#include "explorer/check.hpp"
#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/cli/program.hpp"

namespace gainsay::testing {
namespace {

const std::filesystem::path source = GAINSAY_SOURCE_DIR;

// The fenced blocks of a language, in order.
std::vector<std::string> blocks(const std::string& language,
                                const std::filesystem::path& page = source / "README.md") {
  const std::string text = read_text(page);
  const std::string fence = "\n```" + language + "\n";
  std::vector<std::string> found;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    found.push_back(text.substr(at, text.find("\n```", at) + 1 - at));
  }
  return found;
}

std::string without_seconds(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9]+\\.[0-9]+ s,"), "S s,");
}

Ran shell(const Scratch& scratch, const std::string& command) {
  const std::string line =
      "cd '" + scratch.path().string() + "' && (" + command + ") >stdout 2>stderr </dev/null";
  const int status = std::system(line.c_str());
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .out = read_text(scratch.path() / "stdout"),
          .err = read_text(scratch.path() / "stderr")};
}

TEST(Readme, ItsProtocolBuildsOutsideTheTreeAndPrintsWhatItSays) {
  const Scratch scratch("outside");
  const std::string code = blocks("cpp").at(0);
  const std::vector<std::string> says = blocks("text");
  std::ofstream(scratch.path() / "main.cpp") << code;
  std::ofstream(scratch.path() / "CMakeLists.txt") << blocks("cmake").at(0);

  const std::string prefix = (scratch.path() / "prefix").string();
  const Ran installed =
      shell(scratch, "cmake --install '" GAINSAY_BINARY_DIR "' --prefix '" + prefix + "'");
  ASSERT_EQ(installed.code, 0) << installed.err;
  const Ran configured =
      shell(scratch, "cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH='" + prefix +
                         "' -DCMAKE_CXX_COMPILER='" GAINSAY_COMPILER
                         "' -DCMAKE_CXX_FLAGS='" GAINSAY_SANITIZER_FLAGS "'");
  ASSERT_EQ(configured.code, 0) << configured.err;
  const Ran built = shell(scratch, "cmake --build build");
  ASSERT_EQ(built.code, 0) << built.out << built.err;
  const Ran holds = shell(scratch, "build/atomic_commit");
  EXPECT_EQ(holds.code, 0);
  EXPECT_EQ(without_seconds(holds.out), without_seconds(says.at(1)));

  const std::size_t guard = code.find("    if (voted) return;");
  ASSERT_NE(guard, std::string::npos);
  std::string faulty = code;
  faulty.erase(guard, code.find('\n', guard) + 1 - guard);
  std::ofstream(scratch.path() / "main.cpp") << faulty;
  ASSERT_EQ(shell(scratch, "cmake --build build").code, 0);
  const Ran broken = shell(scratch, "build/atomic_commit");
  EXPECT_EQ(broken.code, 1);
  EXPECT_EQ(without_seconds(broken.out), without_seconds(says.at(2)));
}

TEST(Readme, TheFailingRunIsWhatAPersonSees) {
  const Scratch scratch("readme-failure");
  const Ran ran = run_gainsay(scratch.path(), "check raft --bug stale-vote-reply");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(without_seconds(ran.out), without_seconds(blocks("text").at(0)));
}

// Every "./gainsay" line of a page's sh blocks, in one directory, one after the other. A comment
// "# exit N" says which code is expected.
void run_commands(const std::filesystem::path& page) {
  const Scratch scratch("page");
  for (const std::string& block : blocks("sh", page)) {
    std::istringstream lines(block);
    for (std::string line; std::getline(lines, line);) {
      constexpr std::string_view program = "./gainsay ";
      if (line.rfind(program, 0) != 0) continue;
      const std::size_t comment = line.find("# exit ");
      const int code = comment == std::string::npos ? 0 : std::stoi(line.substr(comment + 7));
      const Ran ran =
          run_gainsay(scratch.path(), line.substr(program.size(), line.find('#') - program.size()));
      EXPECT_EQ(ran.code, code) << page << ": " << line << "\n" << ran.err;
    }
  }
}

TEST(Docs, EveryCommandEndsAsThePageSays) {
  run_commands(source / "README.md");
  for (const auto& page : std::filesystem::directory_iterator(source / "docs")) {
    run_commands(page.path());
  }
}

TEST(Docs, TheFirstChapterPrintsWhatItSays) {
  const std::filesystem::path page = source / "docs" / "01-first-check.md";
  const Scratch scratch("chapter");
  const Ran ran = run_gainsay(scratch.path(), "check two-phase-commit --nodes 3");
  EXPECT_EQ(without_seconds(ran.out), without_seconds(blocks("text", page).at(0)));
}

// The second chapter shows a part of the story: its lines, in order.
TEST(Docs, TheSplitBrainGoesAsTheSecondChapterSays) {
  const std::filesystem::path page = source / "docs" / "02-partitions.md";
  const Scratch scratch("split-brain-chapter");
  const Ran ran = run_gainsay(
      scratch.path(), "check raft --bug commit-no-min --network fifo --timeouts 4 --partitions 1");
  std::istringstream lines(blocks("text", page).at(0));
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    at = ran.out.find("\n" + line + "\n", at);
    ASSERT_NE(at, std::string::npos) << line << "\n" << ran.out;
  }
}

TEST(Docs, TheThirdChapterShowsWhatALimitBrings) {
  const std::filesystem::path page = source / "docs" / "03-large-enough.md";
  const Scratch scratch("limits-chapter");
  const Ran ran = run_gainsay(scratch.path(),
                              "check raft-core --limit term=2,log=1 --reduce dead-messages,eager");
  EXPECT_NE(ran.out.find(blocks("text", page).at(0)), std::string::npos) << ran.out;
}

TEST(Docs, ThePageOnDisksShowsWhatIsFound) {
  const Scratch scratch("disks-page");
  const Ran ran = run_gainsay(scratch.path(), "check raft --bug ack-before-durable");
  for (const std::string& block : blocks("text", source / "docs" / "disks.md")) {
    EXPECT_NE(ran.out.find(block), std::string::npos) << block << ran.out;
  }
}

TEST(Readme, ItsTableOfBugsIsTheCatalog) {
  const std::string text = read_text(source / "README.md");
  for (const CatalogEntry& entry : catalog()) {
    for (const Bug& bug : entry.bugs) {
      std::string row = "| " + entry.name + " | " + bug.id + " | `" + bug.name + "` | " +
                        bug.breaks + " | " + describe(bug.scenario.bounds, bug.scenario.options) +
                        " | ";
      // 18, 8 and more millions of states: too many for a test without reductions.
      if (!is_large(bug)) {
        const Model model = entry.make(variant(bug));
        // With all that an adversary can say in every inbox, the unreduced search does not end.
        CheckOptions options;
        if (model.system.bounds.byzantine == 0) options.reduce = Reductions{};
        const CheckReport report = check(model, options);
        ASSERT_TRUE(report.counterexample) << bug.name;
        row += with_commas(report.states) + " | " +
               std::to_string(report.counterexample->events.size()) + " |";
      }
      EXPECT_NE(text.find(row), std::string::npos) << row;
    }
  }
}

}  // namespace
}  // namespace gainsay::testing
