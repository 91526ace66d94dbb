// Runs the real program and keeps what it said.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/scratch.hpp"

namespace gainsay::testing {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `arguments` are words of a shell command line, `environment` its assignments.
inline Ran run_gainsay(const std::filesystem::path& directory, const std::string& arguments,
                       const std::string& environment = "") {
  const auto out = directory / "stdout";
  const auto err = directory / "stderr";
  const std::string command = "cd '" + directory.string() + "' && " + environment + " '" +
                              GAINSAY_PROGRAM + "' " + arguments + " >'" + out.string() + "' 2>'" +
                              err.string() + "' </dev/null";
  const int status = std::system(command.c_str());
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = read_text(out),
          .err = read_text(err)};
}

}  // namespace gainsay::testing
