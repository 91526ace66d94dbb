#include "engine/simulator/compression.hpp"

#include <lz4.h>

#include <algorithm>

namespace gainsay {

std::size_t Compressor::size_of(BytesView message) {
  if (message.size() > LZ4_MAX_INPUT_SIZE) return message.size() + 1;
  const int length = static_cast<int>(message.size());
  buffer_.resize(static_cast<std::size_t>(LZ4_compressBound(length)));
  const int made = LZ4_compress_default(message.data(), buffer_.data(), length,
                                        static_cast<int>(buffer_.size()));
  const std::size_t compressed = made > 0 ? static_cast<std::size_t>(made) : message.size();
  return std::min(compressed, message.size()) + 1;
}

}  // namespace gainsay
