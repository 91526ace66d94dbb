// Checkpoints: the tables of the machine by content, every world as its words, and the layers. A
// resumed search goes on at the first layer that is missing.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/reflect.hpp"
#include "engine/version.hpp"
#include "explorer/search.hpp"

namespace gainsay {

namespace {

constexpr std::string_view magic = "gainsay-checkpoint-8";
constexpr std::size_t window = std::size_t{1} << 20;
constexpr std::size_t digits = 32;

// The hash of a file, window by window, so that a large one need not be in memory.
Hash128 add_window(const Hash128& before, BytesView bytes) {
  return mix(1, before, content_hash(bytes));
}

// A file that ends with the hash of what stands before.
class HashedFile {
 public:
  explicit HashedFile(const std::filesystem::path& path)
      : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}

  void write(BytesView bytes) {
    waiting_.append(bytes);
    std::size_t done = 0;
    for (; waiting_.size() - done >= window; done += window) put(done, window);
    waiting_.erase(0, done);
  }
  // Throws std::filesystem::filesystem_error when something could not be written.
  void close() {
    put(0, waiting_.size());
    file_ << to_hex(hash_);
    file_.flush();
    if (file_) return;
    throw std::filesystem::filesystem_error("cannot write a checkpoint", path_,
                                            std::make_error_code(std::errc::no_space_on_device));
  }

 private:
  void put(std::size_t begin, std::size_t size) {
    const BytesView bytes = BytesView(waiting_).substr(begin, size);
    hash_ = add_window(hash_, bytes);
    file_ << bytes;
  }
  std::filesystem::path path_;
  std::ofstream file_;
  std::string waiting_;
  Hash128 hash_;
};

// A file as memory; empty when there is none.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (!error && size_ > 0) data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (data_ != MAP_FAILED) munmap(data_, size_);
  }
  BytesView bytes() const {
    return data_ == MAP_FAILED ? BytesView() : BytesView(static_cast<const char*>(data_), size_);
  }

 private:
  void* data_ = MAP_FAILED;
  std::size_t size_ = 0;
};

// The part before the hash. Throws DecodeError when the file is not whole.
BytesView checked_body(BytesView bytes, const std::string& directory) {
  if (bytes.size() < magic.size() + digits || !bytes.starts_with(magic)) {
    throw DecodeError("the checkpoint in " + directory + " is not one");
  }
  const BytesView body = bytes.substr(0, bytes.size() - digits);
  Hash128 hash;
  std::size_t at = 0;
  for (; body.size() - at >= window; at += window) hash = add_window(hash, body.substr(at, window));
  hash = add_window(hash, body.substr(at));
  if (to_hex(hash) != bytes.substr(body.size())) {
    throw DecodeError("the checkpoint in " + directory + " is damaged");
  }
  return body.substr(magic.size());
}

std::filesystem::path file_in(const std::filesystem::path& directory) {
  return directory / "check.checkpoint";
}

void save(const Merges& merges, Writer& writer) {
  writer.integer(merges.all().size());
  for (const auto& [key, into] : merges.all()) {
    writer.integer(key.first);
    writer.text(key.second);
    writer.text(into);
  }
}

void load(Reader& reader, Merges& merges) {
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto process = static_cast<std::uint8_t>(reader.integer());
    const Bytes local(reader.text());
    merges.add(process, local, Bytes(reader.text()));
  }
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
  for (const PartitionShape shape : list(bounds.partition_shapes)) writer.text(to_string(shape));
  writer.text(to_string(bounds.across));
  if (bounds.skew) {
    writer.text("skew");
    writer.integer(*bounds.skew);
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
  for (const Observer& observer : system.observers) {
    writer.text(observer.name);
    writer.text(observer.initial);
  }
  for (const std::uint32_t faulty : {bounds.byzantine, bounds.twins, bounds.traitors}) {
    writer.integer(faulty);
  }
  // What one that may omit worlds has left out, no other finds again.
  if (options_.store == StoreKind::fingerprint) writer.text("fingerprint");
  return content_hash(writer.bytes());
}

void Search::save_checkpoint() {
  std::filesystem::create_directories(options_.resume);
  const std::filesystem::path target = file_in(options_.resume);
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  {
    HashedFile file(temporary);
    Writer writer;
    writer.raw(magic);
    writer.text(to_hex(signature()));
    writer.integer(passes_.number);
    writer.integer(next_certificate_);
    writer.integer(passes_.keep.size());
    for (const Hash128& pair : passes_.keep) writer.text(to_hex(pair));
    save(passes_.merges, writer);
    save(passes_.learnt_merges, writer);
    writer.integer(passes_.heard.size());
    for (const auto& messages : passes_.heard) {
      writer.integer(messages.size());
      for (const auto& [from, message] : messages) {
        writer.integer(from.value);
        writer.text(message);
      }
    }
    writer.integer(next_learning_);
    writer.integer(passes_.asymmetries.broken.size());
    for (const auto& [a, b] : passes_.asymmetries.broken) {
      writer.integer(a.value);
      writer.integer(b.value);
    }
    writer.text(passes_.asymmetries.reason);
    writer.integer(passes_.asymmetries.hopeless ? 1 : 0);
    machine_.save_tables(writer);
    writer.text(to_hex(machine_.behaviour()));
    writer.integer(layers_.size());
    std::size_t worlds = 0;
    for (const auto& [key, layer] : layers_) {
      writer.integer(key.first);
      writer.integer(key.second);
      writer.integer(layer.begin);
      writer.integer(layer.end);
      worlds = std::max(worlds, layer.end);
    }
    writer.integer(transitions_);
    file.write(writer.bytes());
    store_.save(worlds, [&](BytesView bytes) { file.write(bytes); });
    file.close();
  }
  std::filesystem::rename(temporary, target);
}

// False when there is none. Throws DecodeError for a damaged one and UsageError for that of another
// check: what was explored by other handlers or other properties says nothing of these.
bool Search::load_checkpoint() {
  const MappedFile file(file_in(options_.resume));
  if (file.bytes().empty()) return false;
  const std::string where = "the checkpoint in " + options_.resume.string();
  Reader reader(checked_body(file.bytes(), options_.resume.string()));
  if (reader.text() != to_hex(signature())) {
    throw UsageError(where + " is of another check: other system, bounds, options or properties");
  }
  passes_.number = static_cast<std::uint32_t>(reader.integer());
  next_certificate_ = reader.integer();
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    passes_.keep.insert(hash_from_hex(reader.text()));
  }
  load(reader, passes_.merges);
  load(reader, passes_.learnt_merges);
  passes_.heard.resize(reader.integer());
  for (auto& messages : passes_.heard) {
    for (std::uint64_t left = reader.integer(); left > 0; --left) {
      const NodeId from = node_id(reader.integer());
      messages.emplace(from, reader.text());
    }
  }
  next_learning_ = reader.integer();
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const NodeId a = node_id(reader.integer());
    passes_.asymmetries.broken.emplace(a, node_id(reader.integer()));
  }
  passes_.asymmetries.reason = reader.text();
  passes_.asymmetries.hopeless = reader.integer() != 0;
  use_symmetry();  // that of the pass that was saved
  machine_.load_tables(reader);
  if (reader.text() != to_hex(machine_.behaviour())) {
    throw UsageError(where + " is of another check: a handler, an option or the workload changed");
  }
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    const auto cost = static_cast<std::uint32_t>(reader.integer());
    const auto depth = static_cast<std::uint32_t>(reader.integer());
    const std::size_t begin = reader.integer();
    layers_[{cost, depth}] = {.begin = begin, .end = reader.integer()};
  }
  transitions_ = reader.integer();
  store_.load(reader);
  std::vector<Id> items(store_.items());
  const auto met_anew = [&](std::size_t i) {
    store_.unfold(store_.roots()[i], items.data());
    if (evaluator_.inspect_all(machine_, items.data()) != Evaluator::none) {
      throw UsageError(where + " is of another check: a property changed");
    }
    if (by_fingerprint()) mark_fingerprint(items.data());
    if (reduce_.subsumption) antichains_.insert(items.data());
  };
  for (const auto& [key, layer] : layers_) {
    for (std::size_t i = layer.begin; i < layer.end; ++i) met_anew(i);
    note_discoveries(key);
  }
  return true;
}

}  // namespace gainsay
