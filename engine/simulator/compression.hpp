// How long a message is when it is compressed by itself, as a connection would that compresses
// message by message: a real compressor says so, and nothing else is done with what it makes.
#pragma once

#include <cstddef>

#include "engine/bytes.hpp"

namespace gainsay {

class Compressor {
 public:
  // With LZ4, and one byte before it that says whether it is; never longer than that byte and the
  // message.
  std::size_t size_of(BytesView message);

 private:
  Bytes buffer_;
};

}  // namespace gainsay
