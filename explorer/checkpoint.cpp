// Checkpoints: the tables of the machine by content, every world as its words, and the layers. A
// resumed search goes on at the first layer that is missing.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/reflect.hpp"
#include "engine/version.hpp"
#include "explorer/search.hpp"

namespace gainsay {

namespace {

constexpr std::string_view magic = "gainsay-checkpoint-3";

std::filesystem::path file_in(const std::filesystem::path& directory) {
  return directory / "check.checkpoint";
}

}  // namespace

// What must be equal for a checkpoint to be of this check.
Hash128 Search::signature() const {
  const System& system = model_.system;
  Writer writer;
  writer.text(system.name);
  writer.text(system.version);
  writer.text(system.bug);
  writer.text(version);  // of the handlers that are built in
  for (const std::string& name : names(asked_)) writer.text(name);
  const Bounds& bounds = system.bounds;
  for (const std::uint64_t value : {std::uint64_t{bounds.nodes}, std::uint64_t{bounds.clients},
                                    std::uint64_t{bounds.operations}}) {
    writer.integer(value);
  }
  writer.integer(static_cast<std::uint64_t>(bounds.network));
  for (std::size_t kind = 0; kind < budget_kinds; ++kind) {
    writer.integer(system.available(static_cast<BudgetKind>(kind)).value_or(~0U));
  }
  for (const auto& [name, value] : bounds.limits) {
    writer.text(name);
    writer.integer(value);
  }
  for (const auto& [name, value] : system.options) {
    writer.text(name);
    writer.text(value);
  }
  for (const Property* property : properties_) writer.text(property->name);
  return content_hash(writer.bytes());
}

void Search::save_checkpoint() {
  Writer writer;
  writer.raw(magic);
  writer.text(to_hex(signature()));
  writer.integer(passes_.number);
  writer.integer(next_certificate_);
  writer.integer(passes_.keep.size());
  for (const Hash128& pair : passes_.keep) writer.text(to_hex(pair));
  writer.integer(passes_.asymmetries.broken.size());
  for (const auto& [a, b] : passes_.asymmetries.broken) {
    writer.integer(a.value);
    writer.integer(b.value);
  }
  writer.text(passes_.asymmetries.reason);
  writer.integer(passes_.asymmetries.hopeless ? 1 : 0);
  machine_.save_tables(writer);
  std::size_t worlds = 0;
  for (const auto& [key, layer] : layers_) worlds = std::max(worlds, layer.end);
  store_.save(writer, worlds);
  writer.integer(layers_.size());
  for (const auto& [key, layer] : layers_) {
    writer.integer(key.first);
    writer.integer(key.second);
    writer.integer(layer.begin);
    writer.integer(layer.end);
  }
  writer.integer(transitions_);
  writer.raw(to_hex(content_hash(writer.bytes())));

  std::filesystem::create_directories(options_.resume);
  const std::filesystem::path target = file_in(options_.resume);
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << writer.bytes();
    file.flush();
    if (!file)
      throw std::filesystem::filesystem_error("cannot write a checkpoint", temporary,
                                              std::make_error_code(std::errc::no_space_on_device));
  }
  std::filesystem::rename(temporary, target);
}

// False when there is none. Throws DecodeError for a damaged one and UsageError for that of another
// check.
bool Search::load_checkpoint() {
  std::ifstream file(file_in(options_.resume), std::ios::binary);
  if (!file) return false;
  std::ostringstream contents;
  contents << file.rdbuf();
  const std::string bytes = contents.str();
  constexpr std::size_t digits = 32;
  if (bytes.size() < magic.size() + digits || !bytes.starts_with(magic)) {
    throw DecodeError("the checkpoint in " + options_.resume.string() + " is not one");
  }
  const BytesView body(bytes.data(), bytes.size() - digits);
  if (to_hex(content_hash(body)) != bytes.substr(body.size())) {
    throw DecodeError("the checkpoint in " + options_.resume.string() + " is damaged");
  }
  Reader reader(body.substr(magic.size()));
  if (reader.text() != to_hex(signature())) {
    throw UsageError("the checkpoint in " + options_.resume.string() +
                     " is of another check: other system, bounds, options or properties");
  }
  passes_.number = static_cast<std::uint32_t>(reader.integer());
  next_certificate_ = reader.integer();
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    passes_.keep.insert(hash_from_hex(reader.text()));
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const NodeId a{static_cast<std::uint8_t>(reader.integer())};
    passes_.asymmetries.broken.emplace(a, NodeId{static_cast<std::uint8_t>(reader.integer())});
  }
  passes_.asymmetries.reason = reader.text();
  passes_.asymmetries.hopeless = reader.integer() != 0;
  use_symmetry();  // that of the pass that was saved
  machine_.load_tables(reader);
  store_.load(reader);
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto cost = static_cast<std::uint32_t>(reader.integer());
    const auto depth = static_cast<std::uint32_t>(reader.integer());
    const std::size_t begin = reader.integer();
    layers_[{cost, depth}] = {.begin = begin, .end = reader.integer()};
  }
  transitions_ = reader.integer();
  std::vector<Id> items(store_.items());
  for (std::size_t i = 0; i < store_.roots().size(); ++i) {
    store_.unfold(store_.roots()[i], items.data());
    evaluator_.inspect_all(machine_, items.data());
    if (reduce_.subsumption) antichains_.insert(items.data());
  }
  return true;
}

}  // namespace gainsay
