// Cassandra's variable-length integers: the count of leading one bits of the first byte is how many bytes
// follow; the value is big-endian. Signed ones are zigzag. Examples: 5 is 05, 300 is 81 2c, -1 (signed) is
// 01.
#pragma once
#include <bit>

#include "schema/bytes.h"

namespace keyzone {

inline void append_vint(Bytes& out, uint64_t v) {
  const int bits = 64 - std::countl_zero(v | 1);
  const int more = bits > 56 ? 8 : (bits - 1) / 7;
  const int top = more == 8 ? 0xff : (0xff00 >> more) & 0xff;
  out.push_back(static_cast<char>(more == 8 ? top : top | static_cast<int>(v >> (8 * more))));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(v >> (8 * i)));
}
inline uint64_t read_vint(ByteReader& in) {
  const uint8_t first = in.byte();
  const int more = std::countl_one(first);
  uint64_t v = more >= 8 ? 0 : first & (0xff >> more);
  for (int i = 0; i < more; ++i) v = v << 8 | in.byte();
  return v;
}
inline void append_signed_vint(Bytes& out, int64_t v) {
  append_vint(out, (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63));
}
inline int64_t read_signed_vint(ByteReader& in) {
  const uint64_t v = read_vint(in);
  return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
}

}  // namespace keyzone
