// Real signatures in a simulation. Each message travels with one for each signed value in it: its
// sender makes its own, and repeats those that it has received. Who receives it verifies them all,
// and takes a message only where each is right.
//
// The same signature of the same value is computed, and verified, once, and counted as often as
// somebody would have to.
#pragma once

#include <map>
#include <vector>

#include "engine/signed_run.hpp"

namespace gainsay {

class Seals {
 public:
  // REQUIRES: both outlive it.
  Seals(const System& system, const Signatures& signatures);

  // A signature that the sender cannot make and has not received is left empty.
  Seal seal(NodeId sender, BytesView message);
  // False: the receiver refuses it.
  bool open(NodeId receiver, BytesView message, const Seal& seal);

  std::uint64_t made() const { return made_; }
  std::uint64_t verified() const { return verified_; }  // wrong ones, too

 private:
  struct Known {
    Bytes signature;
    bool is_verified = false;
    std::vector<bool> by;  // who has made or received it
  };
  bool is_right(const SignedPart& part, const Bytes& signature);

  const System& system_;
  const Signatures& signatures_;
  std::map<SignedPart, Known> known_;
  std::uint64_t made_ = 0;
  std::uint64_t verified_ = 0;
};

}  // namespace gainsay
