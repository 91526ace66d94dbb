// The README and the chapters are true: the programs in them are compiled (cmake/pages.cmake),
// their commands end as they say, what they print is what stands there, and the table of bugs is
// the catalog's.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string_view>

#include "protocols/catalog.hpp"
#include "tests/bugs.hpp"
#include "tests/cli/program.hpp"
#include "tests/sanitized.hpp"

namespace gainsay::testing {
namespace {

const std::filesystem::path source = GAINSAY_SOURCE_DIR;
const std::filesystem::path pages = GAINSAY_PAGES;

struct Block {
  std::string language;
  std::string text;
};

// The fenced blocks of a page, in order.
std::vector<Block> blocks(const std::filesystem::path& page) {
  std::istringstream lines(read_text(page));
  std::vector<Block> found;
  bool open = false;
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.rfind("```", 0) == 0;
    if (fence && !open) {
      found.push_back({.language = line.substr(3), .text = ""});
    } else if (open && !fence) {
      found.back().text += line + "\n";
    }
    open = open != fence;
  }
  return found;
}

std::string without_seconds(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9]+\\.[0-9]+ s,"), "S s,");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(without_seconds(text));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Is this what was printed? A line "..." stands for any number of lines. Empty, or the first line
// that is not there.
std::string missing(const std::string& printed, const std::string& told) {
  const std::vector<std::string> found = lines_of(printed);
  auto at = found.begin();
  bool skips = false;
  for (const std::string& line : lines_of(told)) {
    if (line == "...") {
      skips = true;
      continue;
    }
    if (skips) at = std::find(at, found.end(), line);
    if (at == found.end() || *at != line) return "not printed: " + line;
    ++at;
    skips = false;
  }
  return skips || at == found.end() ? "" : "not told: " + *at;
}

// The same of an excerpt: its lines in order, with any others between them.
std::string missing_of_excerpt(const std::string& printed, const std::string& told) {
  const std::vector<std::string> found = lines_of(printed);
  auto at = found.begin();
  for (const std::string& line : lines_of(told)) {
    at = std::find(at, found.end(), line);
    if (at == found.end()) return "not printed: " + line;
    ++at;
  }
  return "";
}

TEST(Pages, AreComparedLineByLine) {
  const std::string printed = "a\nb\n  1 states, 0.52 s, c\nd\n";
  EXPECT_EQ(missing(printed, "a\nb\n  1 states, 0.01 s, c\nd\n"), "");
  EXPECT_EQ(missing(printed, "a\n...\nd\n"), "");
  EXPECT_EQ(missing(printed, "...\nb\n...\n"), "");
  EXPECT_EQ(missing(printed, "a\nb\n...\n"), "");
  EXPECT_NE(missing(printed, "a\nb\n"), "");
  EXPECT_NE(missing(printed, "b\n...\n"), "");
  EXPECT_NE(missing(printed, "a\n...\nb\nd\n"), "");
  EXPECT_NE(missing(printed, "...\nd\n...\nb\n"), "");
  EXPECT_NE(missing(printed, "a\nb\n  2 states, 0.52 s, c\nd\n"), "");
  EXPECT_EQ(missing_of_excerpt(printed, "a\nd\n"), "");
  EXPECT_NE(missing_of_excerpt(printed, "d\na\n"), "");
  EXPECT_NE(missing_of_excerpt(printed, "a\na\n"), "");
}

Ran shell(const Scratch& scratch, const std::string& command) {
  const std::string line =
      "cd '" + scratch.path().string() + "' && (" + command + ") >stdout 2>stderr </dev/null";
  const int status = std::system(line.c_str());
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .out = read_text(scratch.path() / "stdout"),
          .err = read_text(scratch.path() / "stderr")};
}

// Runs a page from its first block to its last, in one directory. What a text block shows is the
// output of the last command before it.
class Page {
 public:
  explicit Page(const std::filesystem::path& path)
      : path_(path), name_(path.stem()), scratch_("page-" + name_.string()) {
    // A chapter that adds a system has a program with that system.
    const auto own = pages / ("page_" + name_.string());
    has_system_ = has_program("-test");
    gainsay_ = has_system_ ? own.string() : GAINSAY_PROGRAM;
    if (has_system_) {
      EXPECT_EQ(shell(scratch_, quoted(own.string() + "-test")).code, 0);
    }
  }

  void run() {
    for (const Block& block : blocks(path_)) {
      if (block.language == "sh") {
        std::istringstream lines(block.text);
        for (std::string line; std::getline(lines, line);) run_command(line);
      }
      // "edn NAME" and "json NAME" are files that commands below them read.
      const std::size_t space = block.language.find(' ');
      const std::string language = block.language.substr(0, space);
      if (space != std::string::npos && (language == "edn" || language == "json")) {
        std::ofstream(scratch_.path() / block.language.substr(space + 1)) << block.text;
      }
      if (block.language == "cpp" && !has_system_ && has_program("")) run_program("", 0);
      if (block.language == "diff" && has_program("-faulty")) run_program("-faulty", 1);
      if (block.language == "text") {
        EXPECT_EQ(missing(last_.out, block.text), "") << path_ << " " << what_ << "\n" << last_.out;
      }
      if (block.language == "text excerpt") {
        EXPECT_EQ(missing_of_excerpt(last_.out, block.text), "") << path_ << " " << what_ << "\n"
                                                                 << last_.out;
      }
    }
  }

 private:
  // Up to where it says its address; then it is ended.
  static std::string until_served(const std::string& command) {
    return command +
           " & server=$!; while ! grep -q http:// stdout && kill -0 $server; do sleep 0.05; done; "
           "kill $server; wait $server";
  }

  static std::string quoted(const std::string& path) { return "'" + path + "'"; }

  bool has_program(const std::string& variant) const {
    return std::filesystem::exists(pages / ("page_" + name_.string() + variant));
  }

  // A comment "# exit N" says which code is expected; "# until Ctrl-C", that it goes on until then,
  // which comes soon.
  void run_command(const std::string& line) {
    constexpr std::string_view program = "./gainsay ";
    if (line.rfind(program, 0) != 0) return;
    const std::size_t comment = line.find('#');
    const std::string arguments = line.substr(program.size(), comment - program.size());
    // The whole suite: SuiteByVerb runs it, a system a test.
    if (arguments.find_last_not_of(' ') == std::string_view("check").size() - 1) return;
    const std::size_t exit = line.find("# exit ");
    const int code = exit == std::string::npos ? 0 : std::stoi(line.substr(exit + 7));
    what_ = line;
    const std::string command = quoted(gainsay_) + " " + arguments;
    const bool goes_on = line.ends_with("# until Ctrl-C") || arguments.rfind("serve ", 0) == 0;
    last_ = shell(scratch_, goes_on ? until_served(command) : command);
    EXPECT_EQ(last_.code, code) << path_ << ": " << line << "\n" << last_.err;
  }

  void run_program(const std::string& variant, int code) {
    what_ = "page_" + name_.string() + variant;
    last_ = shell(scratch_, quoted((pages / what_).string()));
    EXPECT_EQ(last_.code, code) << what_ << "\n" << last_.out << last_.err;
  }

  std::filesystem::path path_;
  std::filesystem::path name_;
  Scratch scratch_;
  bool has_system_ = false;
  std::string gainsay_;
  std::string what_;
  Ran last_;
};

std::vector<std::string> all_pages() {
  std::vector<std::string> all = {"README.md"};
  for (const auto& page : std::filesystem::directory_iterator(source / "docs")) {
    all.push_back("docs/" + page.path().filename().string());
  }
  std::ranges::sort(all);
  return all;
}

class PageTest : public ::testing::TestWithParam<std::string> {};

TEST_P(PageTest, DoesAndPrintsWhatItSays) { Page(source / GetParam()).run(); }

INSTANTIATE_TEST_SUITE_P(Docs, PageTest, ::testing::ValuesIn(all_pages()), [](const auto& test) {
  std::string name = std::filesystem::path(test.param).stem();
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Docs, TheFirstProgramsAreShort) {
  for (const std::string name : {"02-ping-pong", "03-lock"}) {
    const std::string code = read_text(pages / (name + ".cpp"));
    EXPECT_GT(code.size(), 0U) << name;
    EXPECT_LT(std::ranges::count(code, '\n'), 60) << name;
  }
}

// A project outside the tree: a page's first program and build file, with what is installed.
class OutsideProject {
 public:
  explicit OutsideProject(const std::string& page)
      : scratch_("outside-" + std::filesystem::path(page).stem().string()) {
    for (const Block& block : blocks(source / page)) {
      if (block.language == "cpp" && code_.empty()) code_ = block.text;
      if (block.language == "cmake" && cmake_.empty()) cmake_ = block.text;
      if (block.language == "diff" && diff_.empty()) diff_ = block.text;
      if (block.language == "text of its tests") excerpt_ = block.text;
    }
    std::ofstream(scratch_.path() / "CMakeLists.txt") << cmake_;
    std::filesystem::create_directories(scratch_.path() / "traces");
  }

  void configure() {
    const std::string prefix = (scratch_.path() / "prefix").string();
    write(code_);
    const Ran installed =
        shell(scratch_, "cmake --install '" GAINSAY_BINARY_DIR "' --prefix '" + prefix + "'");
    ASSERT_EQ(installed.code, 0) << installed.err;
    const Ran configured =
        shell(scratch_, "cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH='" + prefix +
                            "' -DCMAKE_CXX_COMPILER='" GAINSAY_COMPILER
                            "' -DCMAKE_CXX_FLAGS='" GAINSAY_SANITIZER_FLAGS "'");
    ASSERT_EQ(configured.code, 0) << configured.err;
  }
  // Each line that the diff takes away is replaced by the line that it adds.
  std::string patched() const {
    std::istringstream lines(diff_);
    std::string code = code_;
    std::string old;
    for (std::string line; std::getline(lines, line);) {
      if (line[0] == '-') old = line.substr(1);
      const std::size_t at = code.find(old);
      if (line[0] == '+' && at != std::string::npos) code.replace(at, old.size(), line.substr(1));
    }
    return code;
  }
  void write(const std::string& code) { std::ofstream(scratch_.path() / "main.cpp") << code; }
  Ran build_and_run(const std::string& program) {
    const Ran built = shell(scratch_, "cmake --build build");
    EXPECT_EQ(built.code, 0) << built.out << built.err;
    return shell(scratch_, "build/" + program);
  }
  const std::filesystem::path& path() const { return scratch_.path(); }
  const std::string& code() const { return code_; }
  const std::string& excerpt() const { return excerpt_; }

 private:
  Scratch scratch_;
  std::string code_, cmake_, diff_, excerpt_;
};

TEST(Readme, ItsProgramBuildsOutsideTheTreeFromWhatIsInstalled) {
  OutsideProject project("README.md");
  project.configure();
  EXPECT_EQ(project.build_and_run("atomic_commit").code, 0);
}

// It passes; with the bug it fails as the chapter says; the trace that it leaves then stays fixed.
TEST(Chapter, OnTestsIsAProjectOutsideTheTree) {
  OutsideProject project("docs/18-in-your-tests.md");
  project.configure();
  const Ran good = project.build_and_run("atomic_commit_test");
  EXPECT_EQ(good.code, 0) << good.out;

  const std::string faulty = project.patched();
  ASSERT_NE(faulty, project.code());
  project.write(faulty);
  const Ran bad = project.build_and_run("atomic_commit_test");
  EXPECT_EQ(bad.code, 1) << bad.out;
  std::istringstream lines(project.excerpt());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(bad.out.find(line), std::string::npos) << line << "\nnot in\n" << bad.out;
  }
  EXPECT_NE((bad.out + bad.err).find("Falsifiable after"), std::string::npos) << bad.err;

  std::filesystem::remove_all(project.path() / "traces");
  std::filesystem::rename(project.path() / "gainsay-out", project.path() / "traces");
  const Ran still = project.build_and_run("atomic_commit_test");
  EXPECT_NE(still.out.find("FAILED  ] AtomicCommit.StaysFixed"), std::string::npos) << still.out;
  project.write(project.code());
  const Ran mended = project.build_and_run("atomic_commit_test");
  EXPECT_EQ(mended.code, 0) << mended.out;
}

// The commands of the first recipe, as a job would run them; what a service fills in is filled in,
// and nights are a second long.
TEST(Ci, TheRecipeRunsWordForWord) {
  const Scratch scratch("ci-recipe");
  const auto traces = source / "traces";
  std::filesystem::create_directory_symlink(traces, scratch.path() / "traces");
  std::map<std::string, int> codes;
  const auto run = [&](std::string line, const std::string& shard) {
    const std::string what = line.substr(0, line.find(' ', line.find(' ', 10) + 1));
    line = std::regex_replace(line, std::regex(R"(\$\{\{ matrix\.shard \}\})"), shard);
    line = std::regex_replace(line, std::regex(R"(\$\{\{ github\.run_id \}\})"), "1234567890");
    // Long enough for a run of its own on a busy machine.
    line = std::regex_replace(line, std::regex("--time 20m"),
                              is_sanitized() ? "--time 5s" : "--time 2s");
    // The whole suite: SuiteByVerb runs it, a system a test.
    if (what == "./gainsay check --junit") line += " two-phase-commit";
    const std::string program = std::string("'") + GAINSAY_PROGRAM + "' ";
    const Ran ran = shell(scratch, program + line.substr(std::string("./gainsay ").size()));
    EXPECT_EQ(ran.code, 0) << line << "\n" << ran.out << ran.err;
    ++codes[what];
  };
  std::string recipe;
  for (const Block& block : blocks(source / "docs/ci.md")) {
    if (block.language == "yaml" && recipe.empty()) recipe = block.text;
  }
  const std::regex command("^ *- run: (\\./gainsay .*)$");
  std::istringstream lines(recipe);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, command)) continue;
    const bool shared = line.find("matrix.shard") != std::string::npos;
    for (int shard = 1; shard <= (shared ? 4 : 1); ++shard) run(found[1], std::to_string(shard));
  }
  EXPECT_EQ(codes["./gainsay hunt raft"], 4);
  EXPECT_EQ(codes["./gainsay campaign replay"], 1);
  EXPECT_EQ(codes["./gainsay campaign merge"], 1);
  EXPECT_EQ(codes["./gainsay campaign status"], 1);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "check.xml"));
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "replay.xml"));
}

// What the columns of the numbers say, the tests of the seeded bugs compare, which run them.
TEST(Readme, ItsTableOfBugsIsTheCatalog) {
  std::vector<std::string> rows;
  for (const Seeded& seeded : all_bugs()) {
    const Bug& bug = *seeded.bug;
    rows.push_back("| " + seeded.entry->name + " | " + bug.id + " | `" + bug.name + "` | " +
                   bug.breaks + " | " + describe(bug.scenario.bounds, bug.scenario.options) +
                   " | violated | ");
  }
  std::istringstream lines(read_text(source / "README.md"));
  std::vector<std::string> told;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" | violated | ") != std::string::npos) told.push_back(line);
  }
  ASSERT_EQ(told.size(), rows.size());
  const std::regex numbers("[0-9,]+ \\| [0-9]+ \\| [0-9]+\\.[0-9] \\|");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(told[i].substr(0, rows[i].size()), rows[i]);
    EXPECT_TRUE(std::regex_match(told[i].substr(rows[i].size()), numbers)) << told[i];
  }
}

}  // namespace
}  // namespace gainsay::testing
