// Feeds bytes to the reader of configuration files. It must accept or throw UsageError, nothing
// else; what it accepts has texts that stay on one line, each with its path.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/settings.hpp"
#include "engine/system.hpp"

namespace {

using namespace gainsay;
using namespace gainsay::cli;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_line(const std::string& text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [verb, settings] : read_settings(text)) {
      for (const Setting& setting : settings) {
        require(!setting.name.empty() && setting.path.starts_with(verb));
        for (const auto& [value, path] : setting.values) {
          require(is_line(value) && path.starts_with(setting.path));
        }
      }
    }
  } catch (const UsageError& error) {
    require(is_line(error.what()));
  }
  return 0;
}
