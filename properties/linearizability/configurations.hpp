// A set of configurations. Each is some words that are equal or not, and counts of unreturned
// operations that took effect, of which fewer are better: with the same rest, whatever can follow
// the greater counts can follow the smaller ones. Who is as good as one in the set is not added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "properties/linearizability/problem.hpp"

namespace gainsay::linearizability {

// Where things are in the words of a configuration: state and position, a mask of slots, counts.
// Each count has a guard bit above it, so that one subtraction compares all counts of a word.
class Shape {
 public:
  explicit Shape(const Problem& problem);

  std::size_t words() const { return exact_ + guards_.size(); }
  std::size_t exact() const { return exact_; }  // words before the counts
  std::size_t count_words() const { return guards_.size(); }

  static Id state(const std::uint64_t* words) { return static_cast<Id>(words[0]); }
  static Id position(const std::uint64_t* words) { return static_cast<Id>(words[0] >> 32); }
  static void set_state(std::uint64_t* words, Id state) {
    words[0] = (words[0] >> 32 << 32) | state;
  }
  static void set_position(std::uint64_t* words, Id position) {
    words[0] = std::uint64_t{position} << 32 | state(words);
  }
  static bool done(const std::uint64_t* words, Id slot) {
    return ((words[1 + slot / 64] >> (slot % 64)) & 1) != 0;
  }
  static void flip(std::uint64_t* words, Id slot) {
    words[1 + slot / 64] ^= std::uint64_t{1} << (slot % 64);
  }
  std::size_t count(const std::uint64_t* words, std::size_t unreturned) const {
    const Field& field = fields_[unreturned];
    return words[field.word] >> field.shift & field.mask;
  }
  void add_one(std::uint64_t* words, std::size_t unreturned) const {
    words[fields_[unreturned].word] += std::uint64_t{1} << fields_[unreturned].shift;
  }
  // All counts of a are at most those of b.
  bool dominates(const std::uint64_t* a, const std::uint64_t* b) const {
    for (std::size_t i = 0; i < guards_.size(); ++i) {
      const std::uint64_t guards = guards_[i];
      if ((((b[exact_ + i] | guards) - a[exact_ + i]) & guards) != guards) return false;
    }
    return true;
  }

 private:
  struct Field {
    std::size_t word = 0;
    unsigned shift = 0;
    std::uint64_t mask = 0;
  };
  std::size_t exact_ = 0;
  std::vector<Field> fields_;  // by class of unreturned operations
  std::vector<std::uint64_t> guards_;
};

class ConfigurationSet {
 public:
  explicit ConfigurationSet(const Shape& shape);  // kept by reference

  // The number of the new member; none where one in the set is as good.
  std::optional<Id> insert(const std::uint64_t* words);
  const std::uint64_t* operator[](Id member) const {
    return blocks_[member / per_block].get() + member % per_block * shape_.words();
  }
  Id size() const { return size_; }
  // Of memory, with what the next growth takes for a moment.
  std::size_t bytes() const {
    return blocks_.size() * per_block * shape_.words() * sizeof(std::uint64_t) +
           (heads_.size() * 3 + older_.capacity() * 2) * sizeof(Id);
  }

 private:
  static constexpr std::size_t per_block = 256;
  std::size_t home(const std::uint64_t* words) const;
  bool same_rest(const std::uint64_t* a, const std::uint64_t* b) const;
  void grow();

  const Shape& shape_;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::vector<Id> heads_;  // hash table: the youngest member with this rest
  std::vector<Id> older_;  // by member: the one before it with the same rest
  Id size_ = 0;
  Id rests_ = 0;
};

}  // namespace gainsay::linearizability
