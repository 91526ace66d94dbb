#include "engine/signed_run.hpp"

namespace gainsay {

std::string why_refused(const System& system, const Signatures& signatures, BytesView message,
                        const Seal& seal) {
  const std::vector<SignedPart> parts = signed_parts(*system.message_type, message);
  if (parts.size() != seal.size()) return "it has not as many signatures as signed values";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [signer, value] = parts[i];
    if (signatures.verify(signer, value, seal[i])) continue;
    return "the signature of " + system.process_name(signer) + " on a " +
           value.substr(0, value.find('\n')) + " is not valid";
  }
  return "";
}

SignedRun::SignedRun(const System& system, const Signatures& signatures)
    : system_(system), signatures_(signatures), world_(system) {}

Seal SignedRun::seal(NodeId sender, BytesView message) {
  Seal seal;
  Known& known = known_[sender];
  for (const SignedPart& part : signed_parts(*system_.message_type, message)) {
    // Byzantine processes share their keys, and see what everybody sends.
    const bool is_byzantine = system_.is_byzantine(sender);
    const bool is_own =
        part.signer == sender || (is_byzantine && system_.is_byzantine(part.signer));
    if (is_own) known.try_emplace(part, signatures_.sign(part.signer, part.value));
    auto found = known.find(part);
    for (auto other = known_.begin(); is_byzantine && other != known_.end(); ++other) {
      if (found == known.end()) {
        const auto seen = other->second.find(part);
        if (seen != other->second.end()) found = known.insert(*seen).first;
      }
    }
    seal.push_back(found == known.end() ? Bytes() : found->second);
  }
  return seal;
}

// What a Byzantine process could say is signed when it is heard.
const Seal& SignedRun::seal_of(const Event& delivery) {
  const auto key = std::tuple(delivery.from, delivery.process, delivery.message);
  const auto found = seals_.find(key);
  if (found != seals_.end()) return found->second;
  return seals_[key] = seal(delivery.from, delivery.message);
}

Outcome SignedRun::apply(const Event& event) {
  if (event.kind == EventKind::deliver) {
    const Seal& seal = seal_of(event);
    const std::string reason = why_refused(system_, signatures_, event.message, seal);
    if (!reason.empty()) {
      return {.status = Outcome::Status::not_enabled, .reason = reason, .step = {}};
    }
    verified_ += seal.size();
    const std::vector<SignedPart> parts = signed_parts(*system_.message_type, event.message);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      known_[event.process].try_emplace(parts[i], seal[i]);
    }
  }
  Outcome outcome = world_.apply(event);
  if (outcome.status != Outcome::Status::applied) return outcome;
  for (const Sent& sent : outcome.step.sends) {
    seals_.try_emplace({event.process, sent.to, sent.message}, seal(event.process, sent.message));
  }
  return outcome;
}

}  // namespace gainsay
