#include "net/protocol/segment.h"

#include "tests/net/support.h"

namespace keyzone::net {
namespace {

TEST(Segment, Checksums) {
  // zlib's crc32 of FA 2D 55 CA followed by "123456789", and of FA 2D 55 CA alone.
  uint32_t bitwise = 0xffffffff;
  const Bytes text =
      "\xfa\x2d\x55\xca"
      "123456789";
  for (const char c : text) {
    bitwise ^= static_cast<uint8_t>(c);
    for (int i = 0; i < 8; ++i) bitwise = (bitwise >> 1) ^ (bitwise & 1 ? 0xEDB88320u : 0);
  }
  EXPECT_EQ(crc32("123456789"), ~bitwise);
  EXPECT_EQ(crc24(""), 0x875060u);
}

// From the Python driver's own tests (test_segment.py): headers of plain and lz4 segments.
TEST(Segment, HeadersOfOtherImplementations) {
  Bytes bytes;
  append_segment(bytes, Compression::kNone, Bytes(50, 'a'), true);
  EXPECT_EQ(to_hex(bytes.substr(0, 3)), "320002");
  bytes.clear();
  append_segment(bytes, Compression::kNone, Bytes(kMaxSegmentPayload, 'a'), false);
  EXPECT_EQ(to_hex(bytes.substr(0, 3)), "ffff01");
  bytes.clear();
  append_segment(bytes, Compression::kLz4, "abc", true);  // doesn't shrink: sent plain
  EXPECT_EQ(to_hex(bytes.substr(0, 5)), "0300000004");
}

TEST(Segment, RoundTrip) {
  TestRandom random{3};
  for (const Compression codec : {Compression::kNone, Compression::kLz4}) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, kMaxSegmentPayload}) {
      for (const bool compressible : {false, true}) {
        const Bytes payload = compressible ? random.text(size) : random.bytes(size);
        Bytes bytes;
        append_segment(bytes, codec, payload, size % 2);
        const auto header = read_segment_header(bytes, codec);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->self_contained, size % 2);
        Bytes scratch;
        const auto opened =
            open_segment(*header, BytesView(bytes).substr(segment_header_size(codec)), scratch);
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ(*opened, payload);
        if (codec == Compression::kLz4 && compressible && size > 50) {
          EXPECT_LT(bytes.size(), size);
        }
      }
    }
  }
}

TEST(Segment, PacksUpToTheLimit) {
  const auto envelope = [](size_t size) {
    return one_frame(Role::kClient, 5, Opcode::kQuery, Bytes(size - kFrameHeaderSize, 'x'));
  };
  const size_t overhead = segment_header_size(Compression::kNone) + kSegmentTrailerSize;
  const auto segments = [&](const Bytes& envelopes) {
    Bytes out;
    append_segments(out, Compression::kNone, envelopes);
    return (out.size() - envelopes.size()) / overhead;
  };
  EXPECT_EQ(segments(""), 0u);
  EXPECT_EQ(segments(envelope(kMaxSegmentPayload)), 1u);
  EXPECT_EQ(segments(envelope(kMaxSegmentPayload + 1)), 2u);
  EXPECT_EQ(segments(envelope(kMaxSegmentPayload - 9) + envelope(9)), 1u);
  EXPECT_EQ(segments(envelope(kMaxSegmentPayload - 9) + envelope(10)), 2u);
  EXPECT_EQ(segments(envelope(20) + envelope(kMaxSegmentPayload * 3) + envelope(20)), 5u);
}

TEST(Segment, WrongSizesAreRefused) {
  Bytes bytes;
  append_segment(bytes, Compression::kLz4, Bytes(1000, 'a'), true);
  auto header = read_segment_header(bytes, Compression::kLz4);
  ASSERT_TRUE(header && header->plain_length == 1000);
  const BytesView wire = BytesView(bytes).substr(segment_header_size(Compression::kLz4));
  for (const uint32_t wrong : {1u, 999u, 1001u, static_cast<uint32_t>(kMaxSegmentPayload)}) {
    header->plain_length = wrong;
    Bytes scratch;
    EXPECT_FALSE(open_segment(*header, wire, scratch)) << wrong;
  }
}

}  // namespace
}  // namespace keyzone::net
