// A live run in which signatures are made and verified. Each message travels with the signatures of
// what is signed in it: its sender makes its own with its key, and repeats those that it has
// received. Where one is missing or wrong the message is refused when it is delivered.
//
// With ideal signatures nothing is refused: correct nodes keep to the contract by construction.
// With real ones that is put to the test. Certificates are counts, of signatures that their makers
// have checked when they were delivered; they are not signed.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "engine/signatures.hpp"
#include "engine/world.hpp"

namespace gainsay {

// A signature for each of `signed_parts`; empty where the sender has none.
using Seal = std::vector<Bytes>;

// Which signature is missing or wrong; empty where all are right.
std::string why_refused(const System& system, const Signatures& signatures, BytesView message,
                        const Seal& seal);

class SignedRun {
 public:
  // Nothing has started yet. REQUIRES: both outlive the run.
  SignedRun(const System& system, const Signatures& signatures);

  // As LiveWorld does; a message whose signatures are refused is not enabled.
  Outcome apply(const Event& event);
  const LiveWorld& world() const { return world_; }
  std::uint64_t verified() const { return verified_; }  // how many signatures were

 private:
  using Known = std::map<SignedPart, Bytes>;
  Seal seal(NodeId sender, BytesView message);
  const Seal& seal_of(const Event& delivery);

  const System& system_;
  const Signatures& signatures_;
  LiveWorld world_;
  std::map<NodeId, Known> known_;  // what each process has received, or made
  std::map<std::tuple<NodeId, NodeId, Bytes>, Seal> seals_;  // from, to, message
  std::uint64_t verified_ = 0;
};

}  // namespace gainsay
