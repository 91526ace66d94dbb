#include "engine/simulator/seals.hpp"

namespace gainsay {

Seals::Seals(const System& system, const Signatures& signatures)
    : system_(system), signatures_(signatures) {}

Seal Seals::seal(NodeId sender, BytesView message) {
  Seal seal;
  for (SignedPart& part : signed_parts(*system_.message_type, message)) {
    if (part.signer == sender) {
      const auto [found, is_new] = known_.try_emplace(std::move(part));
      Known& known = found->second;
      if (is_new) {
        known.signature = signatures_.sign(sender, found->first.value);
        known.by.assign(system_.size(), false);
        ++made_;
      }
      known.by[sender.value] = true;
      seal.push_back(known.signature);
      continue;
    }
    const auto found = known_.find(part);
    const bool has_it = found != known_.end() && found->second.by[sender.value];
    seal.push_back(has_it ? found->second.signature : Bytes());
  }
  return seal;
}

bool Seals::is_right(const SignedPart& part, const Bytes& signature) {
  ++verified_;
  const auto found = known_.find(part);
  const bool is_known = found != known_.end() && found->second.signature == signature;
  if (is_known && found->second.is_verified) return true;
  const bool is_right = signatures_.verify(part.signer, part.value, signature);
  if (is_known && is_right) found->second.is_verified = true;
  return is_right;
}

bool Seals::open(NodeId receiver, BytesView message, const Seal& seal) {
  const std::vector<SignedPart> parts = signed_parts(*system_.message_type, message);
  if (parts.size() != seal.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_right(parts[i], seal[i])) return false;
  }
  for (const SignedPart& part : parts) {
    const auto found = known_.find(part);
    if (found != known_.end()) found->second.by[receiver.value] = true;
  }
  return true;
}

}  // namespace gainsay
