// What the tests of net/ share: a seeded source of chance, and frames made and cut in one line.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/protocol/frame.h"

namespace keyzone::net {

// How a client and a server write to each other.
struct Wire {
  uint8_t version;
  Compression codec;
};

struct TestRandom {  // splitmix64
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  size_t below(size_t n) { return n == 0 ? 0 : static_cast<size_t>(next() % n); }
  Bytes bytes(size_t n) {
    Bytes out;
    while (out.size() < n) out.push_back(static_cast<char>(next()));
    return out;
  }
  Bytes text(size_t n) {  // compresses well
    Bytes out;
    while (out.size() < n) out.push_back(static_cast<char>('a' + below(3)));
    return out;
  }
};

inline Bytes from_hex(std::string_view hex) {
  Bytes out;
  int nibble = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int v = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (nibble < 0) {
      nibble = v;
    } else {
      out.push_back(static_cast<char>(nibble << 4 | v));
      nibble = -1;
    }
  }
  return out;
}

inline std::string to_hex(BytesView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

// A frame with a body of its own.
struct OwnedFrame {
  Frame frame;
  Bytes body;
  bool operator==(const OwnedFrame& o) const {
    return frame.version == o.frame.version && frame.flags == o.frame.flags &&
           frame.stream == o.frame.stream && frame.opcode == o.frame.opcode && body == o.body;
  }
};

// All frames that `bytes` hold, fed `chunk` bytes at a time. Bodies are compared while they are valid.
inline std::vector<OwnedFrame> read_all(FrameReader& reader, BytesView bytes, size_t chunk) {
  std::vector<OwnedFrame> out;
  while (!bytes.empty()) {
    const Bytes copy(bytes.substr(0, chunk));  // so that a sanitizer sees a view kept too long
    reader.feed(copy);
    bytes.remove_prefix(copy.size());
    Frame frame;
    std::vector<Frame> burst;
    while (reader.next(frame) == FrameReader::Step::kFrame) burst.push_back(frame);
    for (const Frame& f : burst) out.push_back({f, Bytes(f.body)});
  }
  return out;
}

inline Bytes one_frame(Role role, uint8_t version, Opcode opcode, BytesView body, int16_t stream = 1,
                       uint8_t flags = 0) {
  FrameWriter writer(role);
  writer.append(version, flags, stream, opcode, body);
  return writer.take();
}

// A reader behind a STARTUP that was answered.
inline FrameReader started_reader(uint8_t version, Compression codec, FrameReader::Options options = {}) {
  FrameReader reader(options);
  reader.startup_done(version, codec);
  reader.lift_limit();
  return reader;
}

}  // namespace keyzone::net
