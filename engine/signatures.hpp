// How what is signed is signed in a live run. Exploration keeps to ideal signatures
// (engine/signed.hpp), where to contain a Signed value is to contain its signature; a live run can
// make and check real ones.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/type.hpp"

namespace gainsay {

class Signatures {
 public:
  virtual ~Signatures() = default;
  virtual Bytes sign(NodeId signer, BytesView value) const = 0;
  virtual bool verify(NodeId signer, BytesView value, BytesView signature) const = 0;
};

// Of no bytes, and always right.
std::unique_ptr<Signatures> ideal_signatures();
// A key pair for each process, which the seed determines: for runs that replay, not for secrets.
std::unique_ptr<Signatures> ed25519_signatures(std::uint32_t processes, std::uint64_t seed);

// A Signed value inside another value.
struct SignedPart {
  NodeId signer;
  Bytes value;  // what is signed: the name of its type, and its encoding
  friend auto operator<=>(const SignedPart&, const SignedPart&) = default;
};
// All of them at any depth, from left to right, outer ones first.
std::vector<SignedPart> signed_parts(const Type& type, BytesView encoding);
// May a value of the type have one?
bool contains_signed(const Type& type);

}  // namespace gainsay
