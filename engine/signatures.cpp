#include "engine/signatures.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gainsay {

namespace {

class Ideal final : public Signatures {
 public:
  Bytes sign(NodeId, BytesView) const override { return {}; }
  bool verify(NodeId, BytesView, BytesView signature) const override { return signature.empty(); }
};

const unsigned char* bytes_of(BytesView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

class Ed25519 final : public Signatures {
 public:
  Ed25519(std::uint32_t processes, std::uint64_t seed) : keys_(processes) {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
    for (std::uint32_t process = 0; process < processes; ++process) {
      Writer from;
      from.integer(seed);
      from.integer(process);
      std::array<unsigned char, crypto_sign_SEEDBYTES> start{};
      crypto_generichash(start.data(), start.size(), bytes_of(from.bytes()), from.bytes().size(),
                         nullptr, 0);
      Keys& keys = keys_[process];
      crypto_sign_seed_keypair(keys.open.data(), keys.secret.data(), start.data());
    }
  }

  Bytes sign(NodeId signer, BytesView value) const override {
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr, bytes_of(value), value.size(),
                         keys_.at(signer.value).secret.data());
    return {signature.begin(), signature.end()};
  }

  bool verify(NodeId signer, BytesView value, BytesView signature) const override {
    if (signer.value >= keys_.size() || signature.size() != crypto_sign_BYTES) return false;
    return crypto_sign_verify_detached(bytes_of(signature), bytes_of(value), value.size(),
                                       keys_[signer.value].open.data()) == 0;
  }

 private:
  struct Keys {
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  };
  std::vector<Keys> keys_;
};

void add_parts(const Type& type, Reader& reader, std::vector<SignedPart>& parts) {
  switch (type.kind) {
    case Kind::record:
      if (type.is_signed) {
        Reader ahead = reader;
        const NodeId signer = node_id(ahead.integer());
        const Type& of = *type.fields[1].type;
        parts.push_back({.signer = signer, .value = of.name + "\n" + Bytes(skip(of, ahead))});
      }
      for (const Field& field : type.fields) add_parts(*field.type, reader, parts);
      return;
    case Kind::optional:
      if (reader.integer() != 0) add_parts(*type.element, reader, parts);
      return;
    case Kind::variant:
      add_parts(*type.alternatives.at(reader.integer()), reader, parts);
      return;
    case Kind::sequence:
    case Kind::per_node:
    case Kind::set:
    case Kind::map:
      for (std::uint64_t left = reader.integer(); left > 0; --left) {
        if (type.kind == Kind::map) add_parts(*type.key, reader, parts);
        add_parts(*type.element, reader, parts);
      }
      return;
    default:
      skip(type, reader);
  }
}

}  // namespace

std::unique_ptr<Signatures> ideal_signatures() { return std::make_unique<Ideal>(); }

std::unique_ptr<Signatures> ed25519_signatures(std::uint32_t processes, std::uint64_t seed) {
  return std::make_unique<Ed25519>(processes, seed);
}

std::vector<SignedPart> signed_parts(const Type& type, BytesView encoding) {
  std::vector<SignedPart> parts;
  Reader reader(encoding);
  add_parts(type, reader, parts);
  return parts;
}

bool contains_signed(const Type& type) {
  if (type.is_signed) return true;
  const auto of = [](const Type* part) { return part != nullptr && contains_signed(*part); };
  return of(type.key) || of(type.element) || std::ranges::any_of(type.alternatives, of) ||
         std::ranges::any_of(type.fields, of, &Field::type);
}

}  // namespace gainsay
