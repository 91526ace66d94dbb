#include "engine/adversary.hpp"

namespace gainsay {

namespace {

class ByzantineProcess final : public Process {
 public:
  explicit ByzantineProcess(std::unique_ptr<Process> looks_like)
      : looks_like_(std::move(looks_like)) {}
  std::unique_ptr<Process> clone() const override {
    return std::make_unique<ByzantineProcess>(looks_like_->clone());
  }
  void encode(Writer& writer) const override { looks_like_->encode(writer); }
  void start(StepContext&) override {}
  void deliver(StepContext&, NodeId, BytesView) override {}
  void fire(StepContext&, std::uint32_t) override {}
  void crash() override { throw std::logic_error("Byzantine processes do not crash"); }
  const void* state() const override { return looks_like_->state(); }
  std::shared_ptr<const void> view() const override { return looks_like_->view(); }
  void encode_view(Writer& writer) const override { looks_like_->encode_view(writer); }

 private:
  std::unique_ptr<Process> looks_like_;
};

}  // namespace

std::unique_ptr<Process> ByzantineType::make() const {
  return std::make_unique<ByzantineProcess>(correct_->make());
}

std::unique_ptr<Process> ByzantineType::decode(Reader& reader) const {
  return std::make_unique<ByzantineProcess>(correct_->decode(reader));
}

void make_byzantine(System& system, NodeSet byzantine) {
  for (const NodeId id : byzantine) {
    if (id.value >= system.bounds.nodes) throw UsageError("a Byzantine process is not a node");
    auto& type = system.processes[id.value];
    type = std::make_shared<const ByzantineType>(type);
  }
  if (byzantine.size() == system.bounds.nodes) throw UsageError("all nodes are Byzantine");
  system.adversary.byzantine = byzantine;
  system.bounds.byzantine = system.asked.byzantine = static_cast<std::uint32_t>(byzantine.size());
}

void Knowledge::learn(const System& system, NodeId from, BytesView message) {
  if (!system.adversary.facts) return;
  for (Bytes& fact : system.adversary.facts(from, message)) facts_.insert(std::move(fact));
}

std::vector<Forged> Knowledge::forge(const System& system) const {
  return system.adversary.forge({facts_.begin(), facts_.end()});
}

Bytes Knowledge::encode() const {
  Writer writer;
  writer.integer(facts_.size());
  for (const Bytes& fact : facts_) writer.text(fact);
  return writer.take();
}

Knowledge Knowledge::decode(BytesView bytes) {
  Knowledge knowledge;
  Reader reader(bytes);
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    knowledge.facts_.emplace(reader.text());
  }
  return knowledge;
}

std::vector<Forged> gained(const std::vector<Forged>& before, const std::vector<Forged>& after) {
  if (!std::ranges::includes(after, before)) {
    throw UsageError("what Byzantine processes can say must not shrink as they learn");
  }
  std::vector<Forged> more;
  std::ranges::set_difference(after, before, std::back_inserter(more));
  return more;
}

}  // namespace gainsay
