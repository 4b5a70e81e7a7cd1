// The outer framing of protocol v5: after STARTUP is answered, frames ("envelopes") travel in checksummed
// segments. A self-contained segment holds whole envelopes; a larger envelope is cut over several segments
// that hold nothing else.
//
//   plain:  3 bytes LE: 17 bits payload length, 1 bit self-contained | CRC24 of them, 3 LE | payload | CRC32,
//   4 LE lz4:    5 bytes LE: 17 bits length on the wire, 17 bits length when plain (0: sent plain), 1 bit
//           self-contained | CRC24 | payload | CRC32 (of the bytes on the wire)
//
// Example: the payload "ab", self-contained and plain, is 02 00 02 | crc24 | 61 62 | crc32.
#pragma once
#include <optional>

#include "net/protocol/constants.h"
#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone::net {

inline constexpr size_t kMaxSegmentPayload = (1 << 17) - 1;
inline constexpr size_t kSegmentTrailerSize = 4;
constexpr size_t segment_header_size(Compression codec) { return codec == Compression::kNone ? 6 : 8; }

uint32_t crc24(BytesView bytes);  // initial value 0x875060, polynomial 0x1974F0B
uint32_t crc32(BytesView bytes);  // zlib's, run over FA 2D 55 CA first

struct SegmentHeader {
  uint32_t wire_length = 0;   // of the payload as it is sent
  uint32_t plain_length = 0;  // 0: it is sent plain
  bool self_contained = false;
};
// REQUIRES: bytes.size() >= segment_header_size(codec). Fails with kProtocol if the checksum is wrong.
Result<SegmentHeader> read_segment_header(BytesView bytes, Compression codec);
// `wire` is payload and trailer. Fails with kProtocol if the checksum is wrong. The view is into `wire`, or
// into `scratch` if it had to be decompressed.
Result<BytesView> open_segment(const SegmentHeader& header, BytesView wire, Bytes& scratch);

// Appends one segment. REQUIRES: payload.size() <= kMaxSegmentPayload; codec is kNone or kLz4.
void append_segment(Bytes& out, Compression codec, BytesView payload, bool self_contained);
// Packs whole envelopes, one after the other in `envelopes`, into as few segments as they need.
void append_segments(Bytes& out, Compression codec, BytesView envelopes);

}  // namespace keyzone::net
