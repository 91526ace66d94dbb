// The tree keeps its rules, and each rule can complain: beside every rule stands a small file that
// breaks it and a near miss that does not. After TigerBeetle's tidy test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tidy/rules.hpp"

namespace gainsay::tidy {
namespace {

// --- exceptions, each with its reason ---

const std::vector<Excuse> heavy_include_excuses = {
    {"engine/json.hpp", "nlohmann/json_fwd.hpp", "declarations only"},
    {"engine/trace_json.hpp", "nlohmann/json_fwd.hpp", "declarations only"},
    {"cli/command.hpp", "CLI/CLI.hpp", "every verb registers itself with the parser"}};

const std::vector<Excuse> banned_call_excuses = {};

const std::vector<Excuse> macro_excuses = {
    {"gtest.hpp", "EXPECT_HOLDS", "GoogleTest's assertions are macros, to know their line"},
    {"gtest.hpp", "ASSERT_HOLDS", "the same"},
    {"gtest.hpp", "EXPECT_FIXED", "the same"}};

// Ratchets: the length is today's, and may only shrink.
const std::vector<Excuse> file_length_excuses = {};

const std::vector<Excuse> function_length_excuses = {};

const std::vector<Excuse> orphan_test_excuses = {
    {"tests/readme", "", "tests README.md and docs"},
    {"tests/compile_fail", "", "tests what does not compile"},
    {"tests/tidy", "", "tests the whole tree"}};

// --- the tree ---

const std::filesystem::path root = GAINSAY_SOURCE_DIR;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void add_file(const std::filesystem::path& path, Tree& tree) {
  // Files without an extension are scripts and settings; git's own file is neither.
  constexpr std::array<std::string_view, 8> kinds = {".hpp",   ".cpp", ".md",   ".txt",
                                                     ".cmake", ".sh",  ".json", ""};
  constexpr std::array<std::string_view, 2> made = {".git", "compile_commands.json"};
  if (std::ranges::find(kinds, path.extension().string()) == kinds.end()) return;
  if (std::ranges::find(made, path.filename().string()) != made.end()) return;
  std::string text = read(path);
  if (text.find('\0') != std::string::npos) return;  // a program that somebody built here
  tree.emplace_back(path.lexically_relative(root).generic_string(), std::move(text));
}

const Tree& tree() {
  static const Tree all = [] {
    Tree files;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      if (entry.is_regular_file()) add_file(entry.path(), files);
    }
    for (const char* folder : {"engine", "properties", "protocols", "explorer", "cli", "bench",
                               "tests", "docs", "cmake", ".ci", "traces"}) {
      if (!std::filesystem::exists(root / folder)) continue;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
        if (entry.is_regular_file()) add_file(entry.path(), files);
      }
    }
    std::ranges::sort(files, {}, &Source::path);
    return files;
  }();
  return all;
}

std::set<std::string> paths_of(const Tree& files) {
  std::set<std::string> paths;
  for (const Source& source : files) paths.insert(source.path);
  return paths;
}

std::string told(const Complaints& complaints) {
  std::string text;
  for (const Complaint& complaint : complaints) {
    text += complaint.path + ":" + std::to_string(complaint.line) + ": " + complaint.what + "\n";
  }
  return text;
}

// The subjects of the complaints, in order: "rand steady_clock ".
std::string subjects(const Complaints& complaints) {
  std::string text;
  for (const Complaint& complaint : complaints) text += complaint.subject + " ";
  return text;
}

TEST(Tidy, TheTreeIsThere) {
  const std::set<std::string> paths = paths_of(tree());
  EXPECT_GT(paths.size(), 80U);
  for (const char* path : {"README.md", "CMakeLists.txt", "gainsay", ".ci/run", "engine/world.hpp",
                           "protocols/raft/raft.cpp", "tests/tidy/tidy_test.cpp"}) {
    EXPECT_TRUE(paths.contains(path)) << path;
  }
}

// --- reading ---

TEST(TidySource, CommentsAndLiteralsAreBlankedAndLinesStay) {
  EXPECT_EQ(without_comments_and_literals("a // b\nc"), "a     \nc");
  EXPECT_EQ(without_comments_and_literals("a /* b\n c */ d"), "a     \n      d");
  EXPECT_EQ(without_comments_and_literals(R"(f("a\"b", '"', 'c'))"), R"(f("    ", ' ', ' '))");
  EXPECT_EQ(without_comments_and_literals("R\"x(a\" )\" b)x\" c"), "R\"           \" c");
  EXPECT_EQ(without_comments_and_literals("1'000 + 0xff'ff // it's"), "1'000 + 0xff'ff        ");
  EXPECT_EQ(without_comments_and_literals("\"// no comment\" x"), "\"             \" x");
}

TEST(TidySource, FunctionsAreFoundWhereTheyAre) {
  const Source source("engine/a.cpp", R"(#include "engine/a.hpp"
namespace a {
enum class Colour : int { red, green };
const std::vector<int> numbers = {f(1), 2};
const auto lambda = [](int x) { return x; };
template <class T, class U = void>
requires requires(T t) { t.f(); }
struct Holder {
 public:
  explicit Holder(int x)
      : x_{x}, y_(x) {
    if (x) { g(); }
  }
  ~Holder() = default;
  bool operator==(const Holder&) const = default;
  int operator()(int y) const { return y; }
  int size() const noexcept {
    return x_;
  }
 private:
  int x_{0};
};
template <class T>
auto Holder::make(T t = {}) -> std::vector<T> {
  return {t};
}
std::function<void(int)> printer(bool b) {}
bool operator<(A a, A b) { return f(a) < f(b); }
extern "C" void on_signal(int) {}
TEST(Suite, Name) {
}
}  // namespace a
)");
  std::string found;
  const Functions functions = functions_of(source);
  for (const Function& function : functions.found) {
    found += function.name + " " + std::to_string(function.line) + "+" +
             std::to_string(function.lines) + "\n";
  }
  EXPECT_TRUE(functions.brackets_match);
  EXPECT_EQ(found,
            "Holder 10+4\noperator() 16+1\nsize 17+3\nHolder::make 23+4\nprinter 27+1\noperator< "
            "28+1\non_signal 29+1\n"
            "Suite.Name 30+2\n");
}

TEST(TidySource, BracketsThatDoNotMatchAreNotPassedOver) {
  EXPECT_FALSE(functions_of({"engine/a.cpp", "void f() { if (x) {\n}\n"}).brackets_match);
  EXPECT_FALSE(functions_of({"engine/a.cpp", "void f() {}\n}\n"}).brackets_match);
  EXPECT_FALSE(functions_of({"engine/a.cpp", "namespace a {\nvoid f() {}\n"}).brackets_match);
  EXPECT_TRUE(functions_of({"engine/a.cpp", "void f() { g('{', \"{\"); }  // {\n"}).brackets_match);
}

// --- excuses ---

TEST(TidyExcuses, CoverWhatTheyNameAndMayNotOutliveIt) {
  const Complaint rand{"engine/a.cpp", 3, "rand", "rand is banned here"};
  const Complaint wide{"engine/a.cpp", 9, "f", "f has 80 lines", 80};
  EXPECT_TRUE(unexcused({rand}, {{"engine/a.cpp", "rand", "why"}}).empty());
  EXPECT_TRUE(unexcused({wide}, {{"engine/a.cpp", "f", "why", 80}}).empty());
  EXPECT_TRUE(unexcused({wide}, {{"engine/a.cpp", "f", "why", 90}}).empty());

  EXPECT_EQ(unexcused({rand}, {}).size(), 1U);
  EXPECT_EQ(unexcused({wide}, {{"engine/a.cpp", "f", "why", 79}}).size(), 1U) << "it grew";
  EXPECT_EQ(unexcused({}, {{"engine/a.cpp", "rand", "why"}}).size(), 1U) << "stale";
  EXPECT_EQ(unexcused({rand}, {{"engine/b.cpp", "rand", "why"}}).size(), 2U);
}

// --- rule 1: includes ---

TEST(Tidy, IncludesPointOneWay) {
  const std::set<std::string> files = paths_of(tree());
  EXPECT_EQ(told(over(tree(), [&](const Source& s) { return include_direction(s, files); })), "");
}

TEST(TidyRule, IncludeDirection) {
  const std::set<std::string> files = {
      "engine/world.hpp",   "properties/property.hpp", "protocols/catalog.hpp",
      "explorer/check.hpp", "cli/command.hpp",         "tests/cli/program.hpp",
      "gainsay.hpp"};
  const auto complaints = [&](const std::string& path, const std::string& include) {
    return include_direction({path, "// Why.\n#include " + include + "\n"}, files).size();
  };
  EXPECT_EQ(complaints("engine/a.cpp", "\"properties/property.hpp\""), 1U);
  EXPECT_EQ(complaints("properties/a.cpp", "\"protocols/catalog.hpp\""), 1U);
  EXPECT_EQ(complaints("protocols/raft/a.cpp", "\"explorer/check.hpp\""), 1U);
  EXPECT_EQ(complaints("explorer/a.cpp", "\"protocols/catalog.hpp\""), 1U);
  EXPECT_EQ(complaints("explorer/a.cpp", "\"gainsay.hpp\""), 1U);
  EXPECT_EQ(complaints("cli/a.cpp", "\"tests/cli/program.hpp\""), 1U);
  EXPECT_EQ(complaints("gainsay.hpp", "\"cli/command.hpp\""), 1U);
  EXPECT_EQ(complaints("tests/a.cpp", "\"../engine/world.hpp\""), 1U);
  EXPECT_EQ(complaints("engine/a.cpp", "\"world.hpp\""), 1U) << "not from the root";
  EXPECT_EQ(complaints("engine/a.cpp", "<engine/world.hpp>"), 1U);
  EXPECT_EQ(complaints("engine/a.cpp", "<properties/property.hpp>"), 1U);
  EXPECT_EQ(complaints("newcomer/a.cpp", "\"engine/world.hpp\""), 1U);

  EXPECT_EQ(complaints("engine/a.cpp", "\"engine/world.hpp\""), 0U);
  EXPECT_EQ(complaints("engine/a.cpp", "<boost/pfr/core.hpp>"), 0U);
  EXPECT_EQ(complaints("protocols/raft/a.cpp", "\"properties/property.hpp\""), 0U);
  EXPECT_EQ(complaints("explorer/a.cpp", "\"properties/property.hpp\""), 0U);
  EXPECT_EQ(complaints("cli/a.cpp", "\"protocols/catalog.hpp\""), 0U);
  EXPECT_EQ(complaints("tests/a.cpp", "\"tests/cli/program.hpp\""), 0U);
  const Source comment("engine/a.cpp", "// #include \"cli/command.hpp\"\n");
  EXPECT_TRUE(include_direction(comment, files).empty());
}

TEST(Tidy, HeavyIncludesStayInCpp) {
  EXPECT_EQ(told(unexcused(over(tree(), heavy_includes), heavy_include_excuses)), "");
}

TEST(TidyRule, HeavyIncludes) {
  const std::string json = "#include <nlohmann/json.hpp>\n";
  EXPECT_EQ(heavy_includes({"engine/a.hpp", json}).size(), 1U);
  EXPECT_EQ(heavy_includes({"protocols/raft/a.cpp", json}).size(), 1U);
  EXPECT_EQ(heavy_includes({"explorer/a.hpp", "#include <CLI/CLI.hpp>\n"}).size(), 1U);
  const std::string http = "#include <httplib.h>\n";
  EXPECT_EQ(heavy_includes({"cli/serve/serve.cpp", http}).size(), 1U);
  EXPECT_EQ(heavy_includes({"cli/serve/http_server.hpp", http}).size(), 1U);
  EXPECT_TRUE(heavy_includes({"cli/serve/http_server.cpp", http}).empty());
  EXPECT_TRUE(heavy_includes({"engine/a.cpp", json}).empty());
  EXPECT_TRUE(
      heavy_includes({"engine/a.hpp", "// " + json + "#include \"engine/json.hpp\"\n"}).empty());
}

TEST(Tidy, HeadersBeginWithPragmaOnce) { EXPECT_EQ(told(over(tree(), pragma_once)), ""); }

TEST(TidyRule, PragmaOnce) {
  EXPECT_EQ(pragma_once({"engine/a.hpp", "// Why.\n#include <map>\n#pragma once\n"}).size(), 1U);
  EXPECT_EQ(pragma_once({"engine/a.hpp", "// #pragma once\n"}).size(), 1U);
  EXPECT_EQ(pragma_once({"engine/a.hpp", ""}).size(), 1U);
  EXPECT_TRUE(pragma_once({"engine/a.hpp", "// Why,\n\n/* and\nhow. */\n#pragma once\n"}).empty());
  EXPECT_TRUE(pragma_once({"engine/a.cpp", "int a;\n"}).empty());
}

// --- rule 2: banned calls ---

TEST(Tidy, NothingOutsideItsTraceDecidesARun) {
  EXPECT_EQ(told(unexcused(over(tree(), banned_calls), banned_call_excuses)), "");
}

TEST(TidyRule, BannedCalls) {
  const auto found = [](const std::string& path, const std::string& code) {
    return subjects(banned_calls({path, code + "\n"}));
  };
  const std::string a = "protocols/a.cpp";
  EXPECT_EQ(found(a, "auto t = std::chrono::steady_clock::now();"), "steady_clock ");
  EXPECT_EQ(found(a, "std::chrono::system_clock::now(); high_resolution_clock::now();"),
            "system_clock high_resolution_clock ");
  EXPECT_EQ(found(a, "time(nullptr); std::time(nullptr); ::time(0); gettimeofday(&t, 0);"),
            "time time time gettimeofday ");
  EXPECT_EQ(found(a, "clock_gettime(CLOCK_REALTIME, &t); return clock();"), "clock_gettime clock ");
  EXPECT_EQ(found(a, "std::random_device d; return rand() + std::rand(); srand(1); random();"),
            "random_device rand rand srand random ");
  EXPECT_EQ(found(a, "std::uniform_int_distribution<int> d(1, 6);"), "uniform_int_distribution ");
  EXPECT_EQ(found(a, "std::shuffle(a, b, g);"), "shuffle ");
  EXPECT_EQ(found(a, "std::unordered_map<int, int> m; std::unordered_set<int> s;"),
            "unordered_map unordered_set ");
  EXPECT_EQ(found(a, "reinterpret_cast<std::uintptr_t>(p);"), "uintptr_t ");
  EXPECT_EQ(found(a, "std::hash<const Node*>{}(p); std::map<Node*, int> m;"), "hash map ");
  EXPECT_EQ(found(a, "std::set<Pair<int, int>*> s;"), "set ");
  EXPECT_EQ(found(a, "std::getenv(\"X\"); std::thread t(f); std::async(f);"),
            "getenv thread async ");
  EXPECT_EQ(found("engine/a.hpp", "rand();"), "rand ");
  EXPECT_EQ(found("properties/a.hpp", "rand();"), "rand ");
  EXPECT_EQ(found("explorer/a.cpp", "rand(); std::random_device d; exponential_distribution<> e;"),
            "rand random_device exponential_distribution ");
}

TEST(Tidy, IdsDoNotWrapAround) { EXPECT_EQ(told(over(tree(), narrow_ids)), ""); }

TEST(TidyRule, NarrowIds) {
  const auto found = [](const std::string& code) {
    return subjects(narrow_ids({"protocols/a.cpp", code + "\n"}));
  };
  EXPECT_EQ(found("ctx.send({static_cast<std::uint8_t>(i)}, Ping{});"), "cast ");
  EXPECT_EQ(found("const NodeId id{static_cast<std::uint8_t>(i)};"), "cast ");
  EXPECT_EQ(found("for (std::uint8_t id = 0; id < ctx.nodes(); ++id) {"), "loop ");
  EXPECT_EQ(found("const NodeId id = node_id(i); for (std::uint32_t i = 0; i < n; ++i) {}"), "");
  EXPECT_EQ(found("mix(std::uint64_t{static_cast<std::uint8_t>(purpose)});"), "");
}

TEST(TidyRule, BannedCallsNearMisses) {
  const auto found = [](const std::string& path, const std::string& code) {
    return subjects(banned_calls({path, code + "\n"}));
  };
  const std::string a = "protocols/a.cpp";
  EXPECT_EQ(found(a, "// rand() and steady_clock\nsay(\"time(0)\"); /* getenv */"), "");
  EXPECT_EQ(found(a, "event.time(); clock->time(3); Event::time(); ctx.random();"), "");
  EXPECT_EQ(found(a, "std::uint64_t time() const; int time = 3; runtime(3); rebuild_time(4);"), "");
  EXPECT_EQ(found(a, "std::chrono::nanoseconds least{0}; operand(1); a < rand;"), "");
  EXPECT_EQ(found(a, "std::map<NodeId, Node*> m; std::set<int> s; std::hash<int>{}(*p);"), "");
  EXPECT_EQ(found(a, "int thread = 1; model.shuffle(); set_thread(thread);"), "");
  EXPECT_EQ(found("explorer/a.cpp", "std::chrono::steady_clock::now(); std::thread t(f);"), "");
  EXPECT_EQ(found("tests/a.cpp", "std::getenv(\"X\"); rand();"), "");
}

TEST(Tidy, MacrosAreOnAList) {
  EXPECT_EQ(told(unexcused(over(tree(), macros), macro_excuses)), "");
}

TEST(TidyRule, Macros) {
  EXPECT_EQ(subjects(macros({"engine/a.hpp", "#define CHECK(x) x\n  #  define NDEBUG\n"})),
            "CHECK NDEBUG ");
  EXPECT_TRUE(macros({"engine/a.hpp", "#ifdef CHECK\n// #define X\n#if defined(Y)\n"}).empty());
  EXPECT_TRUE(macros({"README.md", "#define X\n"}).empty());
}

// --- rule 7: words of a workplace ---

TEST(Tidy, NoWordsOfAWorkplace) { EXPECT_EQ(told(over(tree(), workplace_words)), ""); }

TEST(TidyRule, WorkplaceWords) {
  EXPECT_EQ(subjects(workplace_words({"engine/a.cpp", "// TODO: all\n// (FIXME)\n// XXX\n"})),
            "TODO FIXME XXX ");
  EXPECT_EQ(subjects(workplace_words({"docs/a.md", "see /work/a\n`/home/me`\n/tmp/bash_jobs\n"})),
            "/work/ /home/ /tmp/bash ");
  EXPECT_TRUE(workplace_words({"run-tests", "mktemp gainsay.XXXXXX\ncd frame/work/a\n"}).empty());
  EXPECT_TRUE(workplace_words({"docs/a.md", "https://example.org/home/\n/tmp/out\n"}).empty());
  EXPECT_TRUE(workplace_words({"tests/tidy/a_test.cpp", "TODO\n"}).empty());
}

// --- rules 4 and 5: lengths and layout ---

TEST(Tidy, FilesAreShort) {
  EXPECT_EQ(told(unexcused(over(tree(), file_length), file_length_excuses)), "");
}

std::string lines(std::size_t count, const std::string& line = "  f();\n") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line;
  return text;
}

TEST(TidyRule, FileLength) {
  const Complaints complaints = file_length({"engine/a.cpp", lines(601)});
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_EQ(complaints[0].length, 601U);
  EXPECT_TRUE(file_length({"engine/a.cpp", lines(600)}).empty());
  EXPECT_TRUE(file_length({"docs/a.md", lines(601)}).empty());
}

TEST(Tidy, FunctionsAreShort) {
  EXPECT_EQ(told(unexcused(over(tree(), function_length), function_length_excuses)), "");
}

TEST(TidyRule, FunctionLength) {
  const Complaints complaints = function_length(
      {"engine/a.cpp", "namespace a {\nint A::f(int x) {\n" + lines(69) + "}\n}\n"});
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_EQ(complaints[0].subject, "A::f");
  EXPECT_EQ(complaints[0].line, 2U);
  EXPECT_EQ(complaints[0].length, 71U);
  EXPECT_TRUE(function_length({"engine/a.cpp", "int f() {\n" + lines(68) + "}\n"}).empty());
  const std::string members = lines(80, "  void f() {}\n");
  EXPECT_TRUE(function_length({"engine/a.hpp", "struct A {\n" + members + "};\n"}).empty());
  EXPECT_EQ(function_length({"engine/a.cpp", "int f() {\n"}).size(), 1U) << "brackets";
}

TEST(Tidy, Layout) { EXPECT_EQ(told(over(tree(), layout)), ""); }

TEST(TidyRule, Layout) {
  EXPECT_EQ(layout({"engine/a.cpp", std::string(101, 'a') + "\n"}).size(), 1U);
  EXPECT_EQ(layout({"engine/a.cpp", "\tint a;\n"}).size(), 1U);
  EXPECT_EQ(layout({"docs/a.md", "a \n"}).size(), 1U);
  EXPECT_EQ(layout({"docs/a.md", "a\r\n"}).size(), 1U);
  EXPECT_EQ(layout({"engine/a.cpp", "int a;"}).size(), 1U);
  EXPECT_EQ(layout({"engine/a.cpp", "// caf\xc3\xa9\n"}).size(), 1U);
  EXPECT_TRUE(layout({"engine/a.cpp", std::string(100, 'a') + "\n\n  b;\n"}).empty());
  EXPECT_TRUE(layout({"docs/a.md", "| " + std::string(101, 'a') + " |\n"}).empty());
  EXPECT_TRUE(layout({"traces/a.trace.json", "{\t}"}).empty());
}

// --- rule 10: one definition ---

TEST(Tidy, TypesHaveNamesOfTheirOwn) { EXPECT_EQ(told(two_definitions(tree())), ""); }

TEST(TidyRule, TwoDefinitions) {
  const std::string begin = "namespace gainsay {\n";
  const std::string end = "}  // namespace gainsay\n";
  const Source first{"engine/a.hpp", begin + "class A {\n};\n" + end};
  EXPECT_EQ(two_definitions({first, {"engine/b.cpp", begin + "struct A {};\n" + end}}).size(), 1U);
  for (const std::string& other :
       {begin + "class A;\nclass AB {\n};\n" + end,
        begin + "namespace {\nclass A {\n};\n}  // namespace\n" + end,
        begin + end + "namespace other {\nclass A {\n};\n}  // namespace other\n",
        begin + "class B::A {\n};\n" + end, begin + "class B {\n  class A {\n  };\n};\n" + end,
        begin + "template <>\nstruct A<int> {\n};\n" + end}) {
    EXPECT_EQ(told(two_definitions({first, {"engine/b.cpp", other}})), "") << other;
  }
}

// --- rule 6: dead files ---

TEST(Tidy, EveryHeaderIsIncluded) { EXPECT_EQ(told(dead_headers(tree())), ""); }

TEST(TidyRule, DeadHeaders) {
  const Tree files = {
      {"engine/a.hpp", "#include \"engine/a.hpp\"\n// its own does not count\n"},
      {"engine/b.hpp", ""},
      {"engine/b.cpp", "#include \"engine/b.hpp\"\n// #include \"engine/a.hpp\"\n"}};
  const Complaints complaints = dead_headers(files);
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_EQ(complaints[0].path, "engine/a.hpp");
}

TEST(Tidy, EveryPageIsLinked) { EXPECT_EQ(told(dead_pages(tree())), ""); }

TEST(TidyRule, DeadPages) {
  const Tree files = {{"README.md", "See [one](docs/one.md#top), docs/three.md.\n"},
                      {"docs/one.md", "See [two](two.md).\n"},
                      {"docs/three.md", "See [me](three.md).\n"},
                      {"docs/two.md", "Back to [README](../README.md).\n"}};
  const Complaints complaints = dead_pages(files);
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_EQ(complaints[0].path, "docs/three.md");
}

TEST(Tidy, TestsMirrorTheTree) {
  EXPECT_EQ(told(unexcused(orphan_tests(tree()), orphan_test_excuses)), "");
}

TEST(TidyRule, OrphanTests) {
  const Tree files = {{"engine/a.cpp", ""},
                      {"tests/engine/a_test.cpp", ""},
                      {"tests/engines/a_test.cpp", ""},
                      {"tests/fuzz/a_fuzzer.cpp", ""},
                      {"tests/b_test.cpp", ""}};
  EXPECT_EQ(told(orphan_tests(files)),
            "tests/:0: mirrors no folder of the tree\n"
            "tests/engines:0: mirrors no folder of the tree\n");
}

// The words between `begin` and `end` in a text, where "|" is between them.
std::set<std::string> alternatives(const std::string& text, const std::string& begin,
                                   const std::string& end) {
  const std::size_t from = text.find(begin) + begin.size();
  std::istringstream list(text.substr(from, text.find(end, from) - from));
  std::set<std::string> words;
  for (std::string word; std::getline(list, word, '|');) words.insert(word);
  return words;
}

// A suite in a file that is not built would be left out without a word.
TEST(Tidy, SuitesThatRunWithTheThreadSanitizerAreBuiltForIt) {
  const std::string script = read(root / ".ci/run");
  const std::set<std::string> files = alternatives(script, "files='/(", ")_test'");
  const std::set<std::string> suites = alternatives(script, "-R '^(", ")");
  EXPECT_GT(suites.size(), 10U);
  std::set<std::string> found;
  for (const Source& source : tree()) {
    const std::string name = std::filesystem::path(source.path).stem().string();
    for (const std::string& suite : suites) {
      if (source.text.find("\nTEST(" + suite + ", ") == std::string::npos) continue;
      found.insert(suite);
      EXPECT_TRUE(name.ends_with("_test") && files.contains(name.substr(0, name.size() - 5)))
          << suite << " in " << source.path;
    }
  }
  EXPECT_EQ(found, suites);
}

// --- rule 9: commands ---

TEST(Tidy, PagesUseVerbsThatExist) {
  const std::set<std::string> verbs = verbs_of(tree());
  EXPECT_TRUE(verbs.contains("check"));
  EXPECT_EQ(told(over(tree(), [&](const Source& page) { return commands(page, verbs); })), "");
}

TEST(TidyRule, Commands) {
  const std::set<std::string> verbs =
      verbs_of({{"cli/check.cpp", "app.add_subcommand(\"check\", \"looks\");\n"},
                {"tests/a.cpp", "app.add_subcommand(\"prove\", \"looks\");\n"}});
  EXPECT_EQ(verbs, std::set<std::string>{"check"});
  const auto found = [&](const std::string& text) {
    return subjects(commands({"README.md", text}, verbs));
  };
  EXPECT_EQ(found("```sh\n./gainsay prove raft\ngainsay solve\n$ ./gainsay try\n```\n"),
            "prove solve try ");
  EXPECT_EQ(found("```sh\n./gainsay check raft\ngainsay --help\n./run-tests prove\n```\n"), "");
  EXPECT_EQ(found("```text\ngainsay prove\n```\ngainsay prove\n"), "");
}

}  // namespace
}  // namespace gainsay::tidy
