// The configuration file: for each verb the values of its flags, as JSON. What it says is a program
// of faults, too: partitions, crashes, clocks, disks and links have forms of their own.
//
//   {"simulate": {"nodes": 5, "loss": "1%", "crashes": [{"node": "n1", "at": "5s", "for": "3s"}]}}
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gainsay::cli {

// What the file says of one flag.
struct Setting {
  struct Value {
    std::string text;  // as on the command line; of a flag without a value "true" or "false"
    std::string path;  // "simulate.crashes[0]"
  };
  std::string name;  // of the flag, without its dashes
  std::string path;
  std::vector<Value> values;
};

using Settings = std::map<std::string, std::vector<Setting>>;  // by verb

// The text is hostile: size, depth, numbers and names are bounded and checked. Throws UsageError
// with the path of the field. Whether there are such verbs and flags is not asked.
Settings read_settings(const std::string& text);

}  // namespace gainsay::cli
