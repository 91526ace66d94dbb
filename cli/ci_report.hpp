// Results in the forms that continuous integration reads: JUnit XML, and the annotations and the
// step summary of GitHub Actions.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace gainsay::cli {

struct TestCase {
  // error: no answer (incomplete, unreadable); skipped: none either, and nobody is to be alarmed.
  enum class Status { passed, failed, error, skipped };
  std::string suite;  // the system
  std::string name;   // the property, or the trace
  Status status = Status::passed;
  std::string message;  // one line; empty where it passed
  std::string body;     // the story and the command that replays it
  std::string file;     // a trace; may be empty
  double seconds = 0;
};

// JUnit XML: one suite for each name of one, in the order of the cases. What XML cannot hold is
// replaced by '?'.
std::string junit_text(const std::vector<TestCase>& cases);
// Lines of the workflow commands, ten at most; ends with how many more there are.
std::string annotations(const std::vector<TestCase>& cases);
// A table in Markdown for the step summary.
std::string step_summary(const std::string& title, const std::vector<TestCase>& cases);

// Writes what is asked for: the file whole, the annotations, and the table behind what
// GITHUB_STEP_SUMMARY names. GitHub reads annotations on standard error as well, where they leave a
// JSON result alone. Throws FileError.
void write_reports(const CiReports& reports, const std::string& title,
                   const std::vector<TestCase>& cases, bool json = false);

}  // namespace gainsay::cli
