#include "net/protocol/segment.h"

#include <algorithm>
#include <array>

#include "net/protocol/compression.h"
#include "net/protocol/primitives.h"

namespace keyzone::net {
namespace {

constexpr uint32_t kCrc24Initial = 0x875060;
constexpr uint32_t kCrc24Polynomial = 0x1974F0B;
constexpr size_t kCrc24Size = 3;
constexpr uint32_t kCrc32Polynomial = 0xEDB88320;  // reflected, as in zlib
constexpr int kLengthBits = 17;
constexpr uint64_t kLengthMask = (1u << kLengthBits) - 1;

// table[k][b]: what byte b, followed by k zero bytes, does to the checksum. Eight bytes a step.
using Crc32Tables = std::array<std::array<uint32_t, 256>, 8>;
constexpr Crc32Tables make_crc32_tables() {
  Crc32Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kCrc32Polynomial : 0);
    tables[0][b] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t b = 0; b < 256; ++b)
      tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xff];
  }
  return tables;
}
constexpr Crc32Tables kCrc32 = make_crc32_tables();

uint32_t update_crc32(uint32_t crc, BytesView bytes) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    const uint32_t low = load_le<uint32_t>(p) ^ crc;
    const uint32_t high = load_le<uint32_t>(p + 4);
    crc = kCrc32[7][low & 0xff] ^ kCrc32[6][(low >> 8) & 0xff] ^ kCrc32[5][(low >> 16) & 0xff] ^
          kCrc32[4][low >> 24] ^ kCrc32[3][high & 0xff] ^ kCrc32[2][(high >> 8) & 0xff] ^
          kCrc32[1][(high >> 16) & 0xff] ^ kCrc32[0][high >> 24];
  }
  for (; left > 0; ++p, --left) crc = (crc >> 8) ^ kCrc32[0][(crc ^ static_cast<uint8_t>(*p)) & 0xff];
  return crc;
}

void append_le_bits(Bytes& out, uint64_t v, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(v >> (8 * i)));
}

uint64_t load_le_bits(BytesView bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    v |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return v;
}

void append_segment_header(Bytes& out, Compression codec, const SegmentHeader& header) {
  uint64_t bits = header.wire_length;
  int used = kLengthBits;
  if (codec != Compression::kNone) {
    bits |= static_cast<uint64_t>(header.plain_length) << used;
    used += kLengthBits;
  }
  bits |= static_cast<uint64_t>(header.self_contained) << used;
  const size_t start = out.size();
  append_le_bits(out, bits, segment_header_size(codec) - kCrc24Size);
  append_le_bits(out, crc24(BytesView(out).substr(start)), kCrc24Size);
}

// Cassandra's words for a checksum that is wrong; behind the name of its channel.
Error damaged(const char* part, uint32_t read, uint32_t computed) {
  const auto shown = [](uint32_t checksum) { return std::to_string(static_cast<int32_t>(checksum)); };
  return protocol_error(std::string("invalid, unrecoverable CRC mismatch detected in frame ") + part +
                        ". Read " + shown(read) + ", Computed " + shown(computed));
}

size_t envelope_size(BytesView envelopes) {
  KEYZONE_ASSERT(envelopes.size() >= kFrameHeaderSize);
  const size_t size = kFrameHeaderSize + load_be<uint32_t>(envelopes.data() + kFrameHeaderSize - 4);
  KEYZONE_ASSERT(size <= envelopes.size());
  return size;
}

}  // namespace

uint32_t crc24(BytesView bytes) {
  uint32_t crc = kCrc24Initial;
  for (const char byte : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<uint8_t>(byte)) << 16;
    for (int bit = 0; bit < 8; ++bit) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= kCrc24Polynomial;
    }
  }
  return crc;
}

uint32_t crc32(BytesView bytes) {
  static const uint32_t initial = update_crc32(0xffffffff, "\xfa\x2d\x55\xca");
  return ~update_crc32(initial, bytes);
}

Result<SegmentHeader> read_segment_header(BytesView bytes, Compression codec) {
  const size_t size = segment_header_size(codec);
  KEYZONE_ASSERT(bytes.size() >= size);
  const BytesView fields = bytes.substr(0, size - kCrc24Size);
  const auto read = static_cast<uint32_t>(load_le_bits(bytes.substr(fields.size(), kCrc24Size)));
  if (const uint32_t computed = crc24(fields); computed != read) return damaged("header", read, computed);
  uint64_t bits = load_le_bits(fields);
  SegmentHeader header;
  header.wire_length = static_cast<uint32_t>(bits & kLengthMask);
  bits >>= kLengthBits;
  if (codec != Compression::kNone) {
    header.plain_length = static_cast<uint32_t>(bits & kLengthMask);
    bits >>= kLengthBits;
  }
  header.self_contained = bits & 1;
  return header;
}

Result<BytesView> open_segment(const SegmentHeader& header, BytesView wire, Bytes& scratch) {
  KEYZONE_ASSERT(wire.size() == header.wire_length + kSegmentTrailerSize);
  const BytesView payload = wire.substr(0, header.wire_length);
  const auto read = load_le<uint32_t>(wire.data() + payload.size());
  if (const uint32_t computed = crc32(payload); computed != read) return damaged("body", read, computed);
  if (header.plain_length == 0) return payload;
  KEYZONE_TRY(plain, decompress_lz4_block(payload, header.plain_length));
  scratch = std::move(plain);
  return BytesView(scratch);
}

void append_segment(Bytes& out, Compression codec, BytesView payload, bool self_contained) {
  KEYZONE_ASSERT(payload.size() <= kMaxSegmentPayload && codec != Compression::kSnappy);
  Bytes compressed;
  if (codec == Compression::kLz4) append_lz4_block(compressed, payload);
  const bool worth_it = codec == Compression::kLz4 && compressed.size() < payload.size();
  const BytesView wire = worth_it ? BytesView(compressed) : payload;
  SegmentHeader header;
  header.wire_length = static_cast<uint32_t>(wire.size());
  header.plain_length = worth_it ? static_cast<uint32_t>(payload.size()) : 0;
  header.self_contained = self_contained;
  append_segment_header(out, codec, header);
  out.append(wire);
  append_le(out, crc32(wire));
}

void append_segments(Bytes& out, Compression codec, BytesView envelopes) {
  out.reserve(out.size() + envelopes.size() + segment_header_size(codec) + kSegmentTrailerSize);
  while (!envelopes.empty()) {
    size_t packed = envelope_size(envelopes);
    if (packed > kMaxSegmentPayload) {
      for (size_t at = 0; at < packed; at += kMaxSegmentPayload) {
        append_segment(out, codec, envelopes.substr(at, std::min(kMaxSegmentPayload, packed - at)), false);
      }
    } else {
      while (packed < envelopes.size()) {
        const size_t next = envelope_size(envelopes.substr(packed));
        if (packed + next > kMaxSegmentPayload) break;
        packed += next;
      }
      append_segment(out, codec, envelopes.substr(0, packed), true);
    }
    envelopes.remove_prefix(packed);
  }
}

}  // namespace keyzone::net
