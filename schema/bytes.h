// Reading and writing runs of bytes with every length checked against what is left.
// Two orders are in use: big-endian (`be`) for CQL and for keys that sort by memcmp; LEB128 varints and
// little-endian (`le`) for our own files and messages.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace keyzone {

using Bytes = std::string;           // owned bytes, not necessarily text
using BytesView = std::string_view;  // borrowed bytes

template <class Int>
constexpr Int byte_swap(Int v) {
  if constexpr (sizeof(Int) == 1) return v;
  if constexpr (sizeof(Int) == 2) return static_cast<Int>(__builtin_bswap16(static_cast<uint16_t>(v)));
  if constexpr (sizeof(Int) == 4) return static_cast<Int>(__builtin_bswap32(static_cast<uint32_t>(v)));
  if constexpr (sizeof(Int) == 8) return static_cast<Int>(__builtin_bswap64(static_cast<uint64_t>(v)));
}
static_assert(std::endian::native == std::endian::little);

template <class Int>
void append_be(Bytes& out, Int v) {
  v = byte_swap(v);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
template <class Int>
void append_le(Bytes& out, Int v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
inline void append_varint(Bytes& out, uint64_t v) {
  while (v >= 0x80) {
    out.push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<char>(v));
}
inline void append_zigzag(Bytes& out, int64_t v) {
  append_varint(out, (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63));
}
// A varint length, then the bytes.
inline void append_block(Bytes& out, BytesView v) {
  append_varint(out, v.size());
  out.append(v);
}

template <class Int>
Int load_be(const char* p) {
  Int v;
  std::memcpy(&v, p, sizeof v);
  return byte_swap(v);
}
template <class Int>
Int load_le(const char* p) {
  Int v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// Takes values off the front of a view. The first read past the end sets failed(); from then on every read
// gives zero or an empty view, so a decoder may check once at its end.
class ByteReader {
 public:
  explicit ByteReader(BytesView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool failed() const { return failed_; }
  bool done() const { return failed_ || at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  BytesView rest() const { return {at_, left()}; }
  void fail() {
    failed_ = true;
    at_ = end_;
  }

  template <class Int>
  Int be() {
    const char* p = take(sizeof(Int));
    return p ? load_be<Int>(p) : Int{};
  }
  template <class Int>
  Int le() {
    const char* p = take(sizeof(Int));
    return p ? load_le<Int>(p) : Int{};
  }
  uint8_t byte() { return be<uint8_t>(); }
  uint64_t varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t b = byte();
      v |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (!(b & 0x80)) return v;
    }
    fail();
    return 0;
  }
  int64_t zigzag() {
    const uint64_t v = varint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  BytesView bytes(size_t size) {
    const char* p = take(size);
    return p ? BytesView(p, size) : BytesView();
  }
  BytesView block() {
    const uint64_t size = varint();
    return size <= left() ? bytes(static_cast<size_t>(size)) : (fail(), BytesView());
  }

 private:
  const char* take(size_t size) {
    if (size > left()) {
      fail();
      return nullptr;
    }
    const char* p = at_;
    at_ += size;
    return p;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace keyzone
