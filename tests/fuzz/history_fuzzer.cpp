// Feeds bytes to the readers of recorded histories, each format and the guess. They must accept or
// throw HistoryError, nothing else; what they accept is judged, within small limits.
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>

#include "properties/linearizability/judge.hpp"
#include "properties/linearizability/reader.hpp"

namespace {

using namespace gainsay::linearizability;

void read_and_judge(const std::string& text, std::optional<Format> format) {
  std::istringstream input(text);
  Recording recording;
  try {
    recording = read_history(input, {.format = format,
                                     .model = "",
                                     .limits = {.line_bytes_max = 4096, .operations_max = 1000}});
  } catch (const HistoryError&) {
    return;
  }
  int questions = 0;
  const Limits limits{.bytes_max = std::size_t{1} << 22, .stop = [&] { return ++questions > 20; }};
  const Judgement judgement = judge(recording.model->model, recording.history, limits);
  for (const Id id : judgement.core) {
    if (recording.model->describe(recording.history.kind_of(id)).empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_and_judge(text, std::nullopt);
  for (const Format format : {Format::edn, Format::log, Format::ops, Format::json}) {
    read_and_judge(text, format);
  }
  return 0;
}
