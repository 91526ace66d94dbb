#include "cli/ci_report.hpp"

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "engine/trace.hpp"

namespace gainsay::cli {

namespace {

using boost::property_tree::ptree;
using Status = TestCase::Status;

constexpr std::size_t annotations_max = 10;  // GitHub shows no more of a step

// XML 1.0 has no control characters but these three, not even escaped.
std::string for_xml(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; },
      '?');
  return text;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

ptree case_tree(const TestCase& one) {
  ptree tree;
  tree.put("<xmlattr>.classname", for_xml(one.suite));
  tree.put("<xmlattr>.name", for_xml(one.name));
  tree.put("<xmlattr>.time", seconds_text(one.seconds));
  if (!one.file.empty()) tree.put("<xmlattr>.file", for_xml(one.file));
  if (one.status == Status::skipped) {
    tree.add("skipped", "").put("<xmlattr>.message", for_xml(one.message));
  } else if (one.status != Status::passed) {
    ptree& problem =
        tree.add(one.status == Status::failed ? "failure" : "error", for_xml(one.body));
    problem.put("<xmlattr>.message", for_xml(one.message));
  }
  return tree;
}

// Workflow commands end with their line; in properties ',' and ':' separate.
std::string escaped(const std::string& text, bool property) {
  std::string result;
  for (const char c : text) {
    const bool must = c == '%' || c == '\r' || c == '\n' || (property && (c == ',' || c == ':'));
    char code[8];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    result += must ? code : std::string(1, c);
  }
  return result;
}

// A cell of a table: one line, and no sign of a further column.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

const char* word(Status status) {
  switch (status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "**failed**";
    case Status::error:
      return "**no answer**";
    case Status::skipped:
      return "not settled";
  }
  return "";
}

void append(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << text;
  file.close();
  if (!file) throw FileError("cannot write " + path.string());
}

}  // namespace

std::string junit_text(const std::vector<TestCase>& cases) {
  std::vector<std::pair<std::string, std::vector<const TestCase*>>> suites;
  for (const TestCase& one : cases) {
    auto suite = std::ranges::find_if(suites, [&](const auto& s) { return s.first == one.suite; });
    if (suite == suites.end()) suite = suites.insert(suites.end(), {one.suite, {}});
    suite->second.push_back(&one);
  }
  ptree root;
  ptree& all = root.add("testsuites", "");
  all.put("<xmlattr>.name", "gainsay");
  for (const auto& [name, members] : suites) {
    const auto count = [&of = members](Status status) {
      return std::ranges::count_if(of, [&](const TestCase* one) { return one->status == status; });
    };
    double seconds = 0;
    for (const TestCase* one : members) seconds += one->seconds;
    ptree& suite = all.add("testsuite", "");
    suite.put("<xmlattr>.name", for_xml(name));
    suite.put("<xmlattr>.tests", members.size());
    suite.put("<xmlattr>.failures", count(Status::failed));
    suite.put("<xmlattr>.errors", count(Status::error));
    suite.put("<xmlattr>.skipped", count(Status::skipped));
    suite.put("<xmlattr>.time", seconds_text(seconds));
    for (const TestCase* one : members) suite.add_child("testcase", case_tree(*one));
  }
  std::ostringstream text;
  boost::property_tree::write_xml(text, root);
  return text.str() + "\n";
}

std::string annotations(const std::vector<TestCase>& cases) {
  std::string text;
  std::size_t bad = 0;
  for (const TestCase& one : cases) {
    const bool is_bad = one.status == Status::failed || one.status == Status::error;
    if (!is_bad || ++bad > annotations_max) continue;
    text += "::error ";
    if (!one.file.empty()) text += "file=" + escaped(one.file, true) + ",";
    text += "title=" + escaped(one.suite + ": " + one.name, true) +
            "::" + escaped(one.message + (one.body.empty() ? "" : "\n" + one.body), false) + "\n";
  }
  if (bad > annotations_max) {
    text += "and " + std::to_string(bad - annotations_max) + " more, in the step summary\n";
  }
  return text;
}

std::string step_summary(const std::string& title, const std::vector<TestCase>& cases) {
  std::string text = "### " + title + "\n\n| system | what | result | |\n|---|---|---|---|\n";
  for (const TestCase& one : cases) {
    text += "| " + cell(one.suite) + " | " + cell(one.name) + " | " + word(one.status) + " | " +
            cell(one.message) + " |\n";
  }
  return text + "\n";
}

void write_reports(const CiReports& reports, const std::string& title,
                   const std::vector<TestCase>& cases, bool json) {
  if (!reports.junit.empty()) write_file(reports.junit, junit_text(cases));
  if (!reports.github) return;
  (json ? std::cerr : std::cout) << annotations(cases) << std::flush;
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary != nullptr && *summary != '\0') append(summary, step_summary(title, cases));
}

}  // namespace gainsay::cli
