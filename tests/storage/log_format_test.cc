// The example of storage/log_format.md, byte for byte: a change of format is a change of that page and of
// kFrameMagic.
#include "storage/log_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <string>

namespace keyzone::storage {
namespace {

Bytes example_frame() {
  FrameBuilder builder;
  builder.start(1, 512);
  RecordHeader record;
  record.kind = RecordKind::kEntry;
  record.group = 7;
  record.index = 42;
  record.term = 3;
  EXPECT_EQ(builder.add(record, "hello"), 512u + 72);
  FrameHeader header;
  header.flush = 2;
  header.previous_flush = 1;
  header.oldest_flush = 1;
  header.oldest_sequence = 1;
  header.last_part = 1;
  return builder.finish(header);
}

// Of lines like "    0040  01 00 ...   words".
Bytes documented_frame() {
  std::ifstream page(KEYZONE_SOURCE_DIR "/storage/log_format.md");
  EXPECT_TRUE(page.good());
  Bytes frame(kSectorBytes, '\0');
  for (std::string line; std::getline(page, line);) {
    if (line.size() < 12 || line.compare(0, 4, "    ") != 0 ||
        !std::isxdigit(static_cast<unsigned char>(line[4]))) {
      continue;
    }
    size_t at = std::stoul(line.substr(4, 4), nullptr, 16);
    for (size_t column = 10; column + 2 <= std::min<size_t>(line.size(), 10 + 16 * 3); column += 3) {
      if (line[column] == ' ') break;
      frame[at++] = static_cast<char>(std::stoul(line.substr(column, 2), nullptr, 16));
    }
  }
  return frame;
}

TEST(LogFormat, TheExampleIsTrue) { EXPECT_EQ(example_frame(), documented_frame()); }

TEST(LogFormat, AFrameIsReadBackOnlyAtItsPlace) {
  const Bytes frame = example_frame();
  Bytes segment(512, '\0');
  segment += frame + Bytes(512, '\0');
  const auto header = load_frame_end(segment, 512, FrameEnd::kHeader);
  ASSERT_TRUE(header.has_value());
  const auto trailer = load_frame_end(segment, 512 + 512 - sizeof(FrameHeader), FrameEnd::kTrailer);
  ASSERT_TRUE(trailer.has_value());
  EXPECT_EQ(trailer->flush, header->flush);
  BytesView payload;
  ASSERT_TRUE(load_record(frame, 72, 1, 512, &payload).has_value());
  EXPECT_EQ(payload, "hello");
  EXPECT_FALSE(load_record(frame, 72, 2, 512, &payload).has_value());   // another segment
  EXPECT_FALSE(load_record(frame, 72, 1, 1024, &payload).has_value());  // misdirected
  const Bytes elsewhere = frame + Bytes(512, '\0');
  EXPECT_FALSE(load_frame_end(elsewhere, 0, FrameEnd::kHeader).has_value());
  const auto runs = load_directory(frame, *header, 512);
  ASSERT_TRUE(runs.has_value());
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(runs->front().index, 42u);
}

TEST(LogFormat, LengthsThatLieAreRefused) {
  const Bytes frame = example_frame();
  for (size_t at = 0; at < frame.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = Bytes(512, '\0') + frame;
      damaged[512 + at] ^= static_cast<char>(1 << bit);
      const auto header = load_frame_end(damaged, 512, FrameEnd::kHeader);
      if (header) (void)load_directory(BytesView(damaged).substr(512), *header, 512);
      BytesView payload;
      (void)load_record(BytesView(damaged).substr(512), 72, 1, 512, &payload);
    }
  }
}

}  // namespace
}  // namespace keyzone::storage
