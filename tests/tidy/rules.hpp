// The rules of the tree. Each is a pure function of a file, or of all files, to its complaints.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tidy/source.hpp"

namespace gainsay::tidy {

struct Complaint {
  std::string path;
  std::size_t line = 0;
  std::string subject;  // what an excuse names: a word, an included file, a function
  std::string what;
  std::size_t length = 0;  // of what is too long
};
using Complaints = std::vector<Complaint>;
using Tree = std::vector<Source>;

// An exception to a rule. `length` is a ratchet: what is too long may be this long, and no longer.
struct Excuse {
  std::string path;
  std::string subject;
  std::string reason;
  std::size_t length = 0;
};

// The complaints that no excuse covers, and the excuses that cover none.
inline Complaints unexcused(const Complaints& complaints, const std::vector<Excuse>& excuses) {
  const auto concerns = [](const Excuse& excuse, const Complaint& complaint) {
    return excuse.path == complaint.path && excuse.subject == complaint.subject;
  };
  Complaints left;
  for (const Complaint& complaint : complaints) {
    const bool covered = std::ranges::any_of(excuses, [&](const Excuse& excuse) {
      return concerns(excuse, complaint) && complaint.length <= excuse.length;
    });
    if (!covered) left.push_back(complaint);
  }
  for (const Excuse& excuse : excuses) {
    const bool needed = std::ranges::any_of(
        complaints, [&](const Complaint& complaint) { return concerns(excuse, complaint); });
    if (needed) continue;
    left.push_back({excuse.path, 0, excuse.subject, "needs no excuse for " + excuse.subject});
  }
  return left;
}

template <class Rule>
Complaints over(const Tree& tree, const Rule& rule) {
  Complaints all;
  for (const Source& source : tree) {
    const Complaints some = rule(source);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// --- includes ---

struct Include {
  std::string path;
  bool quoted = false;
  std::size_t line = 0;
};

inline std::vector<Include> includes_of(const Source& source) {
  std::vector<Include> includes;
  const auto code = lines_of(source.code);
  const auto text = lines_of(source.text);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!code[i].starts_with("#include")) continue;
    const std::size_t begin = text[i].find_first_of("<\"");
    const std::size_t end = text[i].find_first_of(">\"", begin + 1);
    if (begin == std::string_view::npos || end == std::string_view::npos) continue;
    includes.push_back({.path = std::string(text[i].substr(begin + 1, end - begin - 1)),
                        .quoted = text[i][begin] == '"',
                        .line = i + 1});
  }
  return includes;
}

// Which folders a folder may include; "" is the root, where the public header lies.
struct Layer {
  std::string_view folder;
  std::vector<std::string_view> below;
};
inline const std::vector<Layer>& layers() {
  static const std::vector<Layer> all = {
      {"engine", {"engine"}},
      {"properties", {"engine", "properties"}},
      {"protocols", {"engine", "properties", "protocols"}},
      {"explorer", {"engine", "properties", "explorer"}},
      {"", {"engine", "properties", "explorer"}},
      {"cli", {"engine", "properties", "protocols", "explorer", "cli", ""}},
      {"bench", {"engine", "properties", "protocols", "explorer", "cli", "", "bench"}},
      {"tests", {"engine", "properties", "protocols", "explorer", "cli", "", "bench", "tests"}}};
  return all;
}

// Includes in quotes are files of the tree, named from the root, and point one way.
inline Complaints include_direction(const Source& source, const std::set<std::string>& files) {
  Complaints complaints;
  const auto layer = std::ranges::find(layers(), source.folder(), &Layer::folder);
  for (const Include& include : includes_of(source)) {
    const auto complain = [&](const std::string& what) {
      complaints.push_back({source.path, include.line, include.path, what});
    };
    if (include.path.find("../") != std::string::npos) {
      complain("includes " + include.path + ": name it from the root");
    } else if (!files.contains(include.path)) {
      if (include.quoted) complain("includes \"" + include.path + "\", which is not in the tree");
    } else if (!include.quoted) {
      complain("includes <" + include.path + ">: a file of the tree stands in quotes");
    } else if (layer == layers().end()) {
      complain("lies in a folder of which it is not said what it may include");
    } else if (std::ranges::find(layer->below, Source(include.path, "").folder()) ==
               layer->below.end()) {
      complain("includes " + include.path + ": the arrows point one way, " +
               "engine <- properties <- protocols, explorer <- cli <- tests");
    }
  }
  return complaints;
}

// nlohmann::json and CLI11 cost seconds in each file that sees them, and protocols need neither.
// The HTTP library is seen by one file.
inline Complaints heavy_includes(const Source& source) {
  Complaints complaints;
  for (const Include& include : includes_of(source)) {
    if (include.path == "httplib.h" && source.path != "cli/serve/http_server.cpp") {
      complaints.push_back({source.path, include.line, include.path,
                            "includes httplib.h, which cli/serve/http_server.cpp alone may see"});
    }
    if (!source.is_header() && source.folder() != "protocols") continue;
    if (include.path.starts_with("nlohmann/") || include.path.starts_with("CLI/")) {
      complaints.push_back({source.path, include.line, include.path,
                            "includes " + include.path + " in a header or a protocol"});
    }
  }
  return complaints;
}

inline Complaints pragma_once(const Source& source) {
  if (!source.is_header()) return {};
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.code)) {
    ++number;
    if (line.find_first_not_of(' ') == std::string_view::npos) continue;
    if (line == "#pragma once") return {};
    return {{source.path, number, "", "a header begins with #pragma once"}};
  }
  return {{source.path, 1, "", "a header begins with #pragma once"}};
}

// --- banned words ---

inline bool is_core(const std::string& folder) {
  return folder == "engine" || folder == "properties" || folder == "protocols";
}

// Why the core may not use a name, wherever it stands; "" if it may.
inline std::string_view why_banned_in_core(std::string_view name) {
  struct Banned {
    std::string_view name;
    std::string_view why;
  };
  constexpr std::string_view clock = "a run has no clock but the engine's";
  constexpr std::string_view order = "its order differs between libraries and runs";
  constexpr std::string_view address = "addresses differ between runs";
  constexpr std::string_view hidden = "a run depends on nothing that its trace does not say";
  constexpr std::string_view threads = "handlers run one at a time";
  constexpr std::array banned = {Banned{"system_clock", clock},
                                 Banned{"steady_clock", clock},
                                 Banned{"high_resolution_clock", clock},
                                 Banned{"gettimeofday", clock},
                                 Banned{"clock_gettime", clock},
                                 Banned{"unordered_map", order},
                                 Banned{"unordered_set", order},
                                 Banned{"unordered_multimap", order},
                                 Banned{"unordered_multiset", order},
                                 Banned{"uintptr_t", address},
                                 Banned{"intptr_t", address},
                                 Banned{"getenv", hidden},
                                 Banned{"secure_getenv", hidden},
                                 Banned{"jthread", threads},
                                 Banned{"this_thread", threads}};
  const auto found = std::ranges::find(banned, name, &Banned::name);
  return found == banned.end() ? "" : found->why;
}

// Randomness is one documented generator. What std:: makes of its numbers differs between
// libraries.
inline bool is_random_source(std::string_view name) {
  return name == "random_device" || name.ends_with("_distribution");
}

// A call of the C library's `tokens[at]`: not of a member, nor of another namespace's function, and
// not a declaration of such.
inline bool is_free_call(const std::vector<Token>& tokens, std::size_t at) {
  if (at + 1 >= tokens.size() || tokens[at + 1].text != "(") return false;
  if (at == 0) return true;
  const std::string_view before = tokens[at - 1].text;
  if (before == "." || before == "->" || before == "~") return false;
  if (before == "::") {
    return at == 1 || tokens[at - 2].text == "std" || !is_word(tokens[at - 2].text);
  }
  constexpr std::array<std::string_view, 5> keywords = {"return", "case", "throw", "else", "do"};
  return !is_word(before) || std::ranges::find(keywords, before) != keywords.end();
}

// std::map<const Node*, ...>: the first template argument is a pointer.
inline bool is_keyed_by_pointer(const std::vector<Token>& tokens, std::size_t at) {
  constexpr std::array<std::string_view, 7> keyed = {"hash",     "less",     "map",     "set",
                                                     "multimap", "flat_map", "flat_set"};
  if (std::ranges::find(keyed, tokens[at].text) == keyed.end()) return false;
  if (at + 1 >= tokens.size() || tokens[at + 1].text != "<") return false;
  std::size_t depth = 0;
  for (std::size_t i = at + 1; i < tokens.size() && tokens[i].text != ";"; ++i) {
    if (tokens[i].text == "<") ++depth;
    const bool ends =
        (tokens[i].text == ">" && --depth == 0) || (tokens[i].text == "," && depth == 1);
    if (ends) return tokens[i - 1].text == "*";
  }
  return false;
}

// The engine, the properties and the protocols decide nothing that a trace does not record.
inline Complaints banned_calls(const Source& source) {
  Complaints complaints;
  const bool core = is_core(source.folder());
  if (!core && source.folder() != "explorer") return complaints;
  constexpr std::array<std::string_view, 4> random = {"rand", "srand", "random", "rand_r"};
  constexpr std::array<std::string_view, 2> clocks = {"time", "clock"};
  const std::vector<Token> tokens = tokens_of(source.code);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view name = tokens[i].text;
    const auto complain = [&](std::string_view why) {
      complaints.push_back({source.path, tokens[i].line, std::string(name),
                            std::string(name) + " is banned here: " + std::string(why)});
    };
    const bool calls = is_free_call(tokens, i);
    const bool of_std = i > 1 && tokens[i - 1].text == "::" && tokens[i - 2].text == "std";
    if (is_random_source(name) || (calls && std::ranges::find(random, name) != random.end())) {
      complain("a seed must replay everywhere");
    } else if (of_std && (name == "shuffle" || name == "sample")) {
      complain("it differs between libraries");
    }
    if (!core) continue;
    const std::string_view why = why_banned_in_core(name);
    if (!why.empty()) complain(why);
    if (calls && std::ranges::find(clocks, name) != clocks.end()) {
      complain("a run has no clock but the engine's");
    }
    if (of_std && (name == "thread" || name == "async")) complain("handlers run one at a time");
    if (is_keyed_by_pointer(tokens, i)) complain("a pointer as key orders by address");
  }
  return complaints;
}

// An id of a process has 16 bits: one that is made from a byte, or a loop whose counter is one,
// would wrap around without a word. `node_id` and `byte_of` look.
inline Complaints narrow_ids(const Source& source) {
  Complaints complaints;
  if (source.folder() == "tests") return complaints;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.code)) {
    ++number;
    const std::size_t cast = line.find("{static_cast<std::uint8_t>(");
    const bool makes = cast != std::string_view::npos && !line.substr(0, cast).ends_with("_t");
    const bool counts = line.find("for (std::uint8_t ") != std::string_view::npos;
    if (!makes && !counts) continue;
    complaints.push_back({source.path, number, makes ? "cast" : "loop",
                          "an id has 16 bits: use node_id, and a wider counter"});
  }
  return complaints;
}

// Macros have no scope and no type: each is on a list.
inline Complaints macros(const Source& source) {
  Complaints complaints;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.code)) {
    ++number;
    const std::size_t hash = line.find_first_not_of(' ');
    if (hash == line.npos || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(' ', hash + 1);
    if (word == line.npos || !line.substr(word).starts_with("define ")) continue;
    const std::size_t begin = line.find_first_not_of(' ', word + 7);
    const std::string name(line.substr(begin, end_of_word(line, begin, "") - begin));
    complaints.push_back({source.path, number, name, "defines the macro " + name});
  }
  return complaints;
}

inline bool stands_alone(std::string_view line, std::size_t at, std::size_t length) {
  const bool left = at == 0 || !is_word(line[at - 1]);
  return left && (at + length >= line.size() || !is_word(line[at + length]));
}

// Notes to oneself, and the paths of one machine. The tidy test itself must name them.
inline Complaints workplace_words(const Source& source) {
  Complaints complaints;
  if (source.path.starts_with("tests/tidy/")) return complaints;
  constexpr std::array<std::string_view, 3> notes = {"TODO", "FIXME", "XXX"};
  constexpr std::array<std::string_view, 3> paths = {"/work/", "/home/", "/tmp/bash"};
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.text)) {
    ++number;
    const auto complain = [&](std::string_view word) {
      complaints.push_back({source.path, number, std::string(word),
                            "says " + std::string(word) + ", a word of a workplace"});
    };
    for (const std::string_view note : notes) {
      const std::size_t at = line.find(note);
      if (at != line.npos && stands_alone(line, at, note.size())) complain(note);
    }
    for (const std::string_view path : paths) {
      const std::size_t at = line.find(path);
      // "frame/work/" and "example.org/home/" are no paths from the root.
      if (at != line.npos && (at == 0 || !is_word(line[at - 1]))) complain(path);
    }
  }
  return complaints;
}

// --- lengths and layout ---

constexpr std::size_t file_lines_max = 600;
constexpr std::size_t function_lines_max = 70;
constexpr std::size_t columns_max = 100;

inline Complaints file_length(const Source& source) {
  const std::size_t lines = lines_of(source.text).size();
  if (!source.is_cpp() || lines <= file_lines_max) return {};
  return {{source.path, lines, "", "has " + std::to_string(lines) + " lines", lines}};
}

inline Complaints function_length(const Source& source) {
  if (!source.is_cpp()) return {};
  const Functions functions = functions_of(source);
  if (!functions.brackets_match) {
    return {{source.path, 0, "", "has brackets that do not match: its functions are unknown"}};
  }
  Complaints complaints;
  for (const Function& function : functions.found) {
    if (function.lines <= function_lines_max) continue;
    complaints.push_back({source.path, function.line, function.name,
                          function.name + " has " + std::to_string(function.lines) + " lines",
                          function.lines});
  }
  return complaints;
}

// Columns are limited in C++ only: tables in pages and commands in scripts may be wider.
inline Complaints layout(const Source& source) {
  Complaints complaints;
  if (source.is_data()) return complaints;
  std::size_t number = 0;
  const auto complain = [&](const std::string& what) {
    complaints.push_back({source.path, number, "", what});
  };
  for (const std::string_view line : lines_of(source.text)) {
    ++number;
    if (source.is_cpp() && line.size() > columns_max) {
      complain("has " + std::to_string(line.size()) + " columns");
    }
    if (line.find('\t') != line.npos) complain("has a tab");
    if (line.ends_with(' ') || line.ends_with('\r')) complain("ends in white space");
    const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) > 127; };
    if (std::ranges::any_of(line, is_foreign)) complain("is not ASCII");
  }
  if (!source.text.ends_with('\n')) complain("does not end in a newline");
  return complaints;
}

// --- one definition ---

// The types that a file defines at the left margin, with the namespaces they are in. A name in an
// anonymous one is the file's own.
inline std::vector<std::pair<std::string, std::size_t>> types_of(const Source& source) {
  static constexpr std::array<std::string_view, 4> heads = {"class ", "struct ", "union ",
                                                            "enum class "};
  std::vector<std::pair<std::string, std::size_t>> types;
  std::vector<std::pair<std::string, std::ptrdiff_t>> spaces;  // and how deep they begin
  std::ptrdiff_t depth = 0;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(source.code)) {
    ++number;
    if (line.starts_with("namespace ") && line.ends_with('{')) {
      const std::string_view name = line.substr(10, line.size() - 11);
      spaces.emplace_back(name.substr(0, name.find_last_not_of(' ') + 1), depth);
    }
    depth += std::ranges::count(line, '{') - std::ranges::count(line, '}');
    while (!spaces.empty() && depth <= spaces.back().second) spaces.pop_back();
    for (const std::string_view head : heads) {
      if (!line.starts_with(head) || line.find('{') == line.npos) continue;
      const std::size_t end = end_of_word(line, head.size(), ":");
      if (line.substr(end).starts_with("<")) continue;  // a specialization
      std::string name;
      bool is_its_own = false;
      for (const auto& [space, at] : spaces) {
        name += space + "::";
        is_its_own = is_its_own || space.empty();
      }
      if (is_its_own) continue;
      types.emplace_back(name + std::string(line.substr(head.size(), end - head.size())), number);
    }
  }
  return types;
}

// Two types of one name in one program: it takes the functions of either for those of both, and no
// linker says so.
inline Complaints two_definitions(const Tree& tree) {
  std::map<std::string, std::string> defined;
  Complaints complaints;
  for (const Source& source : tree) {
    if (source.path.starts_with("tests/compile_fail/cases/")) continue;  // a program each
    for (const auto& [name, line] : types_of(source)) {
      const auto [known, is_new] = defined.try_emplace(name, source.path);
      if (is_new || known->second == source.path) continue;
      complaints.push_back({source.path, line, name, name + " is defined in " + known->second});
    }
  }
  return complaints;
}

// --- dead files ---

inline Complaints dead_headers(const Tree& tree) {
  std::set<std::string> included;
  for (const Source& source : tree) {
    for (const Include& include : includes_of(source)) {
      if (include.path != source.path) included.insert(include.path);
    }
  }
  Complaints complaints;
  for (const Source& source : tree) {
    if (source.is_header() && !included.contains(source.path)) {
      complaints.push_back({source.path, 0, "", "is included by no other file"});
    }
  }
  return complaints;
}

// The targets of a page's links, from the root.
inline std::set<std::string> links_of(const Source& page) {
  std::set<std::string> links;
  for (std::size_t at = page.text.find("]("); at != std::string::npos;
       at = page.text.find("](", at)) {
    at += 2;
    const std::string target = page.text.substr(at, page.text.find_first_of(")# ", at) - at);
    links.insert((std::filesystem::path(page.path).parent_path() / target)
                     .lexically_normal()
                     .generic_string());
  }
  return links;
}

inline Complaints dead_pages(const Tree& tree) {
  std::set<std::string> linked;
  for (const Source& source : tree) {
    if (!source.is_page()) continue;
    for (const std::string& link : links_of(source)) {
      if (link != source.path) linked.insert(link);
    }
  }
  Complaints complaints;
  for (const Source& source : tree) {
    if (source.is_page() && source.folder() == "docs" && !linked.contains(source.path)) {
      complaints.push_back({source.path, 0, "", "is linked from no other page"});
    }
  }
  return complaints;
}

// tests/engine/... tests the folder engine.
inline Complaints orphan_tests(const Tree& tree) {
  std::set<std::string> folders;
  for (const Source& source : tree) folders.insert(source.folder());
  std::set<std::string> tested;
  for (const Source& source : tree) {
    if (source.folder() != "tests" || !source.path.ends_with("_test.cpp")) continue;
    tested.insert(Source(source.path.substr(6), "").folder());
  }
  Complaints complaints;
  for (const std::string& folder : tested) {
    if (!folder.empty() && folders.contains(folder)) continue;
    complaints.push_back({"tests/" + folder, 0, "", "mirrors no folder of the tree"});
  }
  return complaints;
}

// --- commands ---

// The verbs that the command line knows.
inline std::set<std::string> verbs_of(const Tree& tree) {
  std::set<std::string> verbs;
  constexpr std::string_view call = "add_subcommand(\"";
  for (const Source& source : tree) {
    if (source.folder() != "cli") continue;
    for (std::size_t at = source.text.find(call); at != std::string::npos;
         at = source.text.find(call, at)) {
      at += call.size();
      verbs.insert(source.text.substr(at, source.text.find('"', at) - at));
    }
  }
  return verbs;
}

// The commands of the fenced sh blocks of a page begin with a verb that exists.
inline Complaints commands(const Source& page, const std::set<std::string>& verbs) {
  Complaints complaints;
  if (!page.is_page()) return complaints;
  std::size_t number = 0;
  bool shell = false;
  for (std::string_view line : lines_of(page.text)) {
    ++number;
    if (line.starts_with("```")) shell = line == "```sh";
    if (!shell) continue;
    for (const std::string_view prefix : {"$ ", "./"}) {
      if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    }
    constexpr std::string_view program = "gainsay ";
    if (!line.starts_with(program)) continue;
    const std::string verb(
        line.substr(program.size(), line.find(' ', program.size()) - program.size()));
    if (verb == "--help" || verb == "--version" || verbs.contains(verb)) continue;
    complaints.push_back({page.path, number, verb, "gainsay has no verb '" + verb + "'"});
  }
  return complaints;
}

}  // namespace gainsay::tidy
