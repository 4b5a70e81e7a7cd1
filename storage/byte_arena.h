// Bytes that stay where they are, to be pointed at, until clear().
#pragma once
#include <algorithm>
#include <vector>

#include "schema/bytes.h"

namespace keyzone::storage {

class ByteArena {
 public:
  BytesView keep(BytesView bytes) {
    if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < bytes.size()) {
      chunks_.emplace_back().reserve(std::max(kChunkBytes, bytes.size()));
    }
    Bytes& chunk = chunks_.back();
    const size_t at = chunk.size();
    chunk.append(bytes);
    return BytesView(chunk).substr(at);
  }
  void clear() { chunks_.clear(); }

 private:
  static constexpr size_t kChunkBytes = 16 * 1024;
  std::vector<Bytes> chunks_;  // too long to lie within a Bytes itself, so they don't move when it does
};

}  // namespace keyzone::storage
