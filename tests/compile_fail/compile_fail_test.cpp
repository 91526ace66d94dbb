// What the contract refuses is refused at compile time, with a message of our own: each file of
// cases/ is a small protocol whose first line says what the compiler must say of it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace gainsay {
namespace {

namespace fs = std::filesystem;

#ifdef GAINSAY_COMPILER
constexpr std::string_view compiler = GAINSAY_COMPILER;
#else
constexpr std::string_view compiler = "g++";
#endif
const fs::path root = GAINSAY_SOURCE_DIR;

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(root / "tests/compile_fail/cases")) {
    names.push_back(file.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}
fs::path path_of(const std::string& name) {
  return root / "tests/compile_fail/cases" / (name + ".cpp");
}
std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// What the first line says behind "// expect: ".
std::string expectation_of(const std::string& name) {
  constexpr std::string_view mark = "// expect: ";
  const std::string text = text_of(path_of(name));
  const std::string line = text.substr(0, text.find('\n'));
  return line.starts_with(mark) ? line.substr(mark.size()) : "";
}

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

struct Compilation {
  bool succeeded = false;
  std::string output;
};
Compilation compile(const fs::path& source) {
  const fs::path output = fs::path(::testing::TempDir()) /
                          ("gainsay-" + source.stem().string() + std::to_string(::getpid()));
  const std::string command = std::string(compiler) + " -std=c++20 -fsyntax-only -I" +
                              quoted(root) + " " + quoted(source) + " >" + quoted(output) + " 2>&1";
  const int status = std::system(command.c_str());
  Compilation result{.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0,
                     .output = text_of(output)};
  fs::remove(output);
  return result;
}

// An error with this text; the lines of source that a compiler quotes are not errors.
bool has_error(const std::string& output, const std::string& text) {
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t error = line.find("error: ");
    if (error != std::string::npos && line.find(text, error) != std::string::npos) return true;
  }
  return false;
}

class CompileFail : public ::testing::TestWithParam<std::string> {};

TEST_P(CompileFail, TheCompilerSaysWhatTheFirstLineSays) {
  const std::string expectation = expectation_of(GetParam());
  const Compilation compilation = compile(path_of(GetParam()));
  if (expectation == "ok") {
    EXPECT_TRUE(compilation.succeeded) << compilation.output;
    return;
  }
  ASSERT_TRUE(expectation.starts_with("gainsay: ")) << "the first line of " << GetParam();
  EXPECT_FALSE(compilation.succeeded);
  EXPECT_TRUE(has_error(compilation.output, expectation)) << compilation.output;
}

INSTANTIATE_TEST_SUITE_P(Cases, CompileFail, ::testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param; });

TEST(CompileFailCases, AreBesideABaselineThatCompiles) {
  EXPECT_EQ(expectation_of("baseline"), "ok");
  EXPECT_GE(cases().size(), 20U);
}

TEST(CompileFailCases, AnErrorIsNotALineOfSourceThatIsQuoted) {
  EXPECT_TRUE(has_error("a.hpp:3:4: error: static assertion failed: gainsay: no\n", "gainsay: no"));
  EXPECT_FALSE(
      has_error("a.hpp:3:4: error: no such thing\n 3 | f(\"gainsay: no\");\n", "gainsay: no"));
}

}  // namespace
}  // namespace gainsay
