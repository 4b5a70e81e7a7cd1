#include "net/protocol/frame.h"

#include "net/protocol/compression.h"
#include "net/protocol/response.h"
#include "tests/net/support.h"

namespace keyzone::net {
namespace {

using Step = FrameReader::Step;

// What a server says before it closes the connection.
Bytes answer_to(const FrameFailure& failure) {
  FrameWriter writer(Role::kServer);
  append_failure(writer, failure);
  return writer.take();
}

class FrameRoundTrip : public testing::TestWithParam<Wire> {};

TEST_P(FrameRoundTrip, AnyChunking) {
  const auto [version, codec] = GetParam();
  TestRandom random{version * 10u + static_cast<unsigned>(codec)};
  FrameWriter writer(Role::kClient);
  writer.startup_done(version, codec);
  std::vector<OwnedFrame> sent;
  Bytes bytes;
  for (int burst = 0; burst < 6; ++burst) {
    for (size_t i = random.below(8) + 1; i > 0; --i) {
      const size_t size = random.below(8) == 0 ? random.below(400000) : random.below(3000);
      OwnedFrame f;
      f.body = random.below(2) ? random.bytes(size) : random.text(size);
      f.frame = {version, 0, static_cast<int16_t>(random.below(kMaxStreams)), Opcode::kQuery, {}};
      writer.append(version, 0, f.frame.stream, f.frame.opcode, f.body);
      sent.push_back(std::move(f));
    }
    bytes += writer.take();
  }
  for (const size_t chunk : {size_t{1}, size_t{2}, size_t{7}, size_t{8}, size_t{9}, size_t{10}, size_t{1000},
                             size_t{65536}, size_t{131080}, bytes.size()}) {
    if (chunk < 7 && bytes.size() > 3000000) continue;
    FrameReader reader = started_reader(version, codec);
    EXPECT_EQ(read_all(reader, bytes, chunk), sent) << "chunks of " << chunk;
    EXPECT_EQ(reader.buffered(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FrameRoundTrip,
                         testing::Values(Wire{3, Compression::kNone}, Wire{3, Compression::kLz4},
                                         Wire{4, Compression::kNone}, Wire{4, Compression::kLz4},
                                         Wire{4, Compression::kSnappy}, Wire{5, Compression::kNone},
                                         Wire{5, Compression::kLz4}));

TEST(FrameReader, KnownBytes) {
  // OPTIONS as gocql sends it.
  FrameReader reader({});
  const Bytes bytes = from_hex("04 00 0001 05 00000000");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.version, 4);
  EXPECT_EQ(frame.stream, 1);
  EXPECT_EQ(frame.opcode, Opcode::kOptions);
  EXPECT_TRUE(frame.body.empty());
  EXPECT_EQ(reader.next(frame), Step::kMore);
}

// What came with it is dropped, since nobody knows where its frame ends; then the connection goes on.
TEST(FrameReader, AnUnsupportedVersionIsAnsweredOnNoStream) {
  FrameReader reader({});
  const Bytes bytes = from_hex("42 00 0107 05 00000000");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kRefused);
  EXPECT_EQ(
      reader.failure().message,
      "Invalid or unsupported protocol version (66); supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)");
  const Bytes answer = answer_to(reader.failure());
  EXPECT_EQ(to_hex(BytesView(answer).substr(0, 5)), "8500000000");
  EXPECT_EQ(to_hex(BytesView(answer).substr(9, 4)), "0000000a");
  EXPECT_EQ(reader.next(frame), Step::kMore);
  reader.feed("\x42");  // its first byte is enough
  EXPECT_EQ(reader.next(frame), Step::kRefused);
  EXPECT_EQ(reader.next(frame), Step::kMore);
  const Bytes good = from_hex("04 00 0001 05 00000000");
  reader.feed(good);
  EXPECT_EQ(reader.next(frame), Step::kFrame);
}

TEST(FrameReader, GreatestVersionIsConfigured) {
  FrameReader reader({.max_version = 4});
  const Bytes bytes = from_hex("05 00 0000 05 00000000");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kRefused);
  EXPECT_EQ(reader.failure().version, 4);
  EXPECT_NE(reader.failure().message.find("supported versions are (3/v3, 4/v4)"), std::string::npos);
}

TEST(FrameReader, OldVersionsHaveShorterHeaders) {
  FrameReader reader({});
  const Bytes bytes = from_hex("02 00 05 05 00000000");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kRefused);
  EXPECT_NE(reader.failure().message.find("version (2)"), std::string::npos);
  const Bytes answer = answer_to(reader.failure());
  EXPECT_EQ(to_hex(BytesView(answer).substr(0, 4)), "82000000");
  EXPECT_EQ(load_be<int32_t>(answer.data() + 4), static_cast<int32_t>(answer.size()) - 8);
}

TEST(FrameReader, TheDraftOfTheNextVersionIsAskedForWithAFlag) {
  FrameReader reader({});
  const Bytes with_flag = from_hex("06 10 0001 05 00000000");
  reader.feed(with_flag);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.version, 6);
  ASSERT_EQ(reader.next(frame), Step::kMore);
  const Bytes without = from_hex("06 00 0001 05 00000000");
  reader.feed(without);
  ASSERT_EQ(reader.next(frame), Step::kFailed);
  EXPECT_EQ(reader.failure().message,
            "Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset");
  EXPECT_EQ(to_hex(BytesView(answer_to(reader.failure())).substr(0, 2)), "8610");

  FrameReader older({.max_version = 4});
  older.feed(with_flag);
  EXPECT_EQ(older.next(frame), Step::kRefused);
}

// As Cassandra does: streams may be negative, and what says that it is compressed is taken as it is where no
// compression was agreed on.
TEST(FrameReader, TakesOddHeaders) {
  FrameReader reader({});
  const Bytes bytes = from_hex("04 01 fffe 05 00000000");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.stream, -2);
  EXPECT_EQ(frame.flags, 0);
}

// What is wrong with a header is known before the body comes.
TEST(FrameReader, RefusesBadHeaders) {
  const struct {
    const char* hex;
    const char* message;
  } cases[] = {
      {"84 00 0001 05 00000000",
       "Wrong protocol direction (expected REQUEST, got RESPONSE) for opcode 5 (OPTIONS)"},
      {"84 00 0001 02 00000000", "a frame in the wrong direction"},
      {"84 00 0001 63 00000000", "Unknown opcode 99"},
      {"04 00 0001 04 00000000", "Unknown opcode 4"},
      {"04 00 0001 11 00000000", "Unknown opcode 17"},
      {"04 00 0001 08 00000000",
       "Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 8 (RESULT)"},
      {"04 00 0001 07 ffffffff", "Invalid negative frame length"},
  };
  for (const auto& c : cases) {
    FrameReader reader({});
    const Bytes bytes = from_hex(c.hex);
    reader.feed(bytes);
    Frame frame;
    EXPECT_EQ(reader.next(frame), Step::kFailed) << c.hex;
    EXPECT_EQ(reader.failure().message, c.message);
    EXPECT_EQ(reader.next(frame), Step::kFailed) << "for good";
  }
}

// Before log-in a longer frame ends the connection; then it is skipped, and the connection goes on, as in
// Cassandra.
TEST(FrameReader, LimitsToTheByte) {
  for (const bool ready : {false, true}) {
    FrameReader::Options options{.max_body = 2000, .max_body_before_ready = 1000};
    const size_t limit = ready ? 2000 : 1000;
    for (const size_t over : {0, 1}) {
      FrameReader reader(options);
      if (ready) reader.lift_limit();
      const Bytes bytes = one_frame(Role::kClient, 4, Opcode::kQuery, Bytes(limit + over, 'x'));
      reader.feed(bytes);
      Frame frame;
      EXPECT_EQ(reader.next(frame), over && !ready ? Step::kFailed : Step::kFrame);
      EXPECT_EQ(frame.oversize, over && ready ? limit + over : 0);
    }
  }
}

TEST(FrameReader, SkipsBodiesThatAreTooLong) {
  constexpr size_t kLimit = 70'000;
  for (const auto& [version, codec] :
       {Wire{4, Compression::kNone}, Wire{5, Compression::kNone}, Wire{5, Compression::kLz4}}) {
    FrameWriter writer(Role::kClient);
    writer.startup_done(version, codec);
    writer.append(version, 0, 1, Opcode::kQuery, "short");
    writer.append(version, 0, 2, Opcode::kBatch, Bytes(kLimit + 1, 'x'));
    writer.append(version, 0, 3, Opcode::kQuery, Bytes(kLimit, 'y'));
    writer.append(version, 0, 4, Opcode::kExecute, Bytes(10 * kLimit, 'z'));
    writer.append(version, 0, 5, Opcode::kOptions, "");
    const Bytes bytes = writer.take();
    for (const size_t chunk : {size_t{1}, size_t{9}, size_t{1000}, size_t{131'080}, bytes.size()}) {
      FrameReader reader({.max_body = kLimit});
      reader.startup_done(version, codec);
      reader.lift_limit();
      std::vector<std::tuple<int, Opcode, size_t, size_t>> seen;
      for (size_t at = 0; at < bytes.size(); at += chunk) {
        reader.feed(BytesView(bytes).substr(at, chunk));
        Frame frame;
        Step step;
        while ((step = reader.next(frame)) == Step::kFrame) {
          seen.emplace_back(frame.stream, frame.opcode, frame.body.size(), frame.oversize);
        }
        ASSERT_EQ(step, Step::kMore) << reader.failure().message;
        EXPECT_LE(reader.buffered(), kLimit + kFrameHeaderSize + 200'000);
      }
      const decltype(seen) expected{{1, Opcode::kQuery, 5, 0},
                                    {2, Opcode::kBatch, 0, kLimit + 1},
                                    {3, Opcode::kQuery, kLimit, 0},
                                    {4, Opcode::kExecute, 0, 10 * kLimit},
                                    {5, Opcode::kOptions, 0, 0}};
      EXPECT_EQ(seen, expected) << "v" << int{version} << " in chunks of " << chunk;
    }
  }
}

TEST(FrameReader, VersionMayNotChangeAfterStartup) {
  const struct {
    uint8_t version;
    const char* words;
  } kCases[] = {{4, "previous messages on this connection had version 4/v4"},
                {5, "previousmessages on this connection had version 5/v5"}};
  for (const auto& [version, words] : kCases) {
    FrameReader reader = started_reader(version, Compression::kNone);
    const Bytes frame_bytes = from_hex("03 00 0001 05 00000000");
    Bytes bytes;
    if (version < 5)
      bytes = frame_bytes;
    else
      append_segments(bytes, Compression::kNone, frame_bytes);
    reader.feed(bytes);
    Frame frame;
    ASSERT_EQ(reader.next(frame), Step::kRefused);
    EXPECT_EQ(reader.failure().message, "Invalid message version. Got 3/v3 but " + std::string(words));
    EXPECT_EQ(reader.failure().stream, 1);
  }
}

// Where a refused frame's end is known, the next one is read: in segments always.
TEST(FrameReader, GoesOnBehindARefusedFrame) {
  for (const size_t body : {size_t{0}, size_t{5}, size_t{300'000}}) {
    for (const auto& [version, codec] : {Wire{4, Compression::kNone}, Wire{5, Compression::kNone}}) {
      Bytes bytes;
      const Bytes refused = one_frame(Role::kClient, 3, Opcode::kQuery, Bytes(body, 'x'), 7);
      const Bytes good = one_frame(Role::kClient, version, Opcode::kOptions, "", 8);
      for (const Bytes& frame : {refused, good, refused, refused, good}) {
        if (version == 5) {
          append_segments(bytes, codec, frame);
        } else {
          bytes += frame;
        }
      }
      for (const size_t chunk : {size_t{1}, size_t{1000}, bytes.size()}) {
        if (chunk == 1 && bytes.size() > 100'000) continue;
        FrameReader reader = started_reader(version, codec);
        reader.lift_limit();
        std::vector<int16_t> seen;
        for (size_t at = 0; at < bytes.size(); at += chunk) {
          reader.feed(BytesView(bytes).substr(at, chunk));
          Frame frame;
          Step step;
          while ((step = reader.next(frame)) == Step::kFrame || step == Step::kRefused)
            seen.push_back(step == Step::kFrame ? frame.stream : -reader.failure().stream);
          ASSERT_EQ(step, Step::kMore) << reader.failure().message;
        }
        EXPECT_EQ(seen, (std::vector<int16_t>{-7, 8, -7, -7, 8})) << "v" << int{version} << ", " << body;
      }
    }
  }
}

// The bytes behind STARTUP can be read only when it was answered, since they may be in segments.
TEST(FrameReader, WaitsAfterStartup) {
  Bytes bytes = one_frame(Role::kClient, 5, Opcode::kStartup, "");
  FrameWriter writer(Role::kClient);
  writer.startup_done(5, Compression::kLz4);
  writer.append(5, 0, 2, Opcode::kOptions, "");
  writer.append(5, 0, 3, Opcode::kQuery, Bytes(5000, 'q'));
  bytes += writer.take();
  for (const size_t chunk : {size_t{1}, size_t{12}, bytes.size()}) {
    FrameReader reader({});
    std::vector<OwnedFrame> first = read_all(reader, bytes, chunk);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0].frame.opcode, Opcode::kStartup);
    reader.startup_done(5, Compression::kLz4);
    Frame frame;
    ASSERT_EQ(reader.next(frame), Step::kFrame);
    EXPECT_EQ(frame.stream, 2);
    ASSERT_EQ(reader.next(frame), Step::kFrame);
    EXPECT_EQ(frame.body.size(), 5000u);
    EXPECT_EQ(reader.next(frame), Step::kMore);
  }
}

TEST(FrameReader, RefusedStartupMayBeTriedAgain) {
  FrameReader reader({});
  const Bytes bytes =
      one_frame(Role::kClient, 4, Opcode::kStartup, "a") + one_frame(Role::kClient, 4, Opcode::kStartup, "b");
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(reader.next(frame), Step::kMore);
  reader.startup_refused();
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.body, "b");
}

TEST(FrameReader, BoundedWhileItWaits) {
  FrameReader reader({.max_body_before_ready = 100});
  const Bytes startup = one_frame(Role::kClient, 4, Opcode::kStartup, "");
  EXPECT_EQ(read_all(reader, startup + Bytes(109, 'x'), 1).size(), 1u);
  Frame frame;
  EXPECT_EQ(reader.next(frame), Step::kMore);
  reader.feed("x");
  EXPECT_EQ(reader.next(frame), Step::kFailed);
}

TEST(FrameReader, ClientSwitchesToSegmentsAfterReady) {
  FrameWriter server(Role::kServer);
  server.append(5, 0, 0, Opcode::kReady, "");
  server.startup_done(5, Compression::kNone);
  server.append(5, 0, 1, Opcode::kResult, "rows");
  const Bytes bytes = server.take();
  FrameReader reader({.role = Role::kClient});
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.opcode, Opcode::kReady);
  reader.startup_done(5, Compression::kNone);
  ASSERT_EQ(reader.next(frame), Step::kFrame);
  EXPECT_EQ(frame.body, "rows");
}

// In Cassandra's words, which clients' tests look for, and on stream 0.
TEST(FrameReader, DamagedSegmentsAreSaidToBe) {
  Bytes whole;
  append_segment(whole, Compression::kNone, one_frame(Role::kClient, 5, Opcode::kQuery, Bytes(100, 'x')),
                 true);
  const struct {
    size_t damaged;
    const char* part;
  } cases[] = {{0, "header"}, {4, "header"}, {20, "body"}, {whole.size() - 1, "body"}};
  for (const auto& c : cases) {
    Bytes bytes = whole;
    bytes[c.damaged] = static_cast<char>(bytes[c.damaged] ^ 1);
    FrameReader reader = started_reader(5, Compression::kNone);
    reader.feed(bytes);
    Frame frame;
    ASSERT_EQ(reader.next(frame), Step::kFailed) << c.damaged;
    const std::string said =
        std::string("unrecoverable CRC mismatch detected in frame ") + c.part + ". Read ";
    EXPECT_NE(reader.failure().message.find(said), std::string::npos) << reader.failure().message;
    EXPECT_EQ(reader.failure().stream, 0);
  }
}

TEST(FrameReader, NegativeLengthsInSegmentsAreRefused) {
  Bytes envelope = one_frame(Role::kClient, 5, Opcode::kQuery, "x"), bytes;
  envelope.replace(5, 4, from_hex("fffffff6"));
  append_segment(bytes, Compression::kNone, envelope, true);
  FrameReader reader = started_reader(5, Compression::kNone);
  reader.feed(bytes);
  Frame frame;
  ASSERT_EQ(reader.next(frame), Step::kFailed);
  EXPECT_EQ(reader.failure().message, "Invalid value for envelope header body length field: -10");
}

TEST(FrameReader, SegmentsMustHoldWholeFrames) {
  const Bytes envelope = one_frame(Role::kClient, 5, Opcode::kQuery, Bytes(100, 'x'));
  const BytesView view = envelope;
  const auto fails_with = [](const Bytes& bytes) {
    FrameReader reader = started_reader(5, Compression::kNone);
    reader.feed(bytes);
    Frame frame;
    Step step;
    while ((step = reader.next(frame)) == Step::kFrame) {
    }
    return step == Step::kFailed ? reader.failure().message + " on " + std::to_string(reader.failure().stream)
                                 : "";
  };
  Bytes bytes;
  append_segment(bytes, Compression::kNone, view.substr(0, 50), true);
  EXPECT_EQ(fails_with(bytes), "a self-contained segment ends within a frame on 0");
  bytes.clear();
  append_segment(bytes, Compression::kNone, view.substr(0, 5), true);
  EXPECT_EQ(fails_with(bytes), "a segment ends within a frame's header on 0");
  bytes.clear();
  append_segment(bytes, Compression::kNone, view.substr(0, 50), false);
  append_segment(bytes, Compression::kNone, view, true);
  EXPECT_EQ(fails_with(bytes), "a self-contained segment within a frame on 0");
  bytes.clear();
  append_segment(bytes, Compression::kNone, view.substr(0, 50), false);
  append_segment(bytes, Compression::kNone, envelope.substr(50) + "x", false);
  EXPECT_EQ(fails_with(bytes), "a segment goes on after the frame that it ends on 0");
}

TEST(FrameReader, EveryFlippedBitOfASegmentIsFound) {
  Bytes bytes;
  append_segments(bytes, Compression::kNone, one_frame(Role::kClient, 5, Opcode::kQuery, "select now"));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << bit % 8));
    FrameReader reader = started_reader(5, Compression::kNone);
    reader.feed(broken);
    Frame frame;
    EXPECT_EQ(reader.next(frame), Step::kFailed) << bit;
  }
}

// They claim what their few bytes can't be.
TEST(FrameReader, CompressionBombsGetNoMemory) {
  for (const auto& [codec, body] : {std::pair{Compression::kLz4, from_hex("00ffffff 1061")},
                                    std::pair{Compression::kSnappy, from_hex("ffffff07 0061")}}) {
    FrameReader reader = started_reader(4, codec);
    const Bytes bytes = one_frame(Role::kClient, 4, Opcode::kQuery, body, 9, kFlagCompressed);
    reader.feed(bytes);
    Frame frame;
    ASSERT_EQ(reader.next(frame), Step::kFailed);
    EXPECT_NE(reader.failure().message.find("claims"), std::string::npos) << reader.failure().message;
    EXPECT_EQ(reader.failure().stream, 9);
  }
}

// Such a body is small on the wire; how long it would be is known before it gets memory.
TEST(FrameReader, BodiesThatDecompressTooLongAreSkippedToo) {
  for (const Compression codec : {Compression::kLz4, Compression::kSnappy}) {
    Bytes body;
    append_compressed_body(body, codec, Bytes(kMaxFrameBody + 1, '\0'));
    ASSERT_LT(body.size(), kMaxFrameBody / 15);
    FrameReader reader = started_reader(4, codec);
    const Bytes bytes = one_frame(Role::kClient, 4, Opcode::kQuery, body, 9, kFlagCompressed) +
                        one_frame(Role::kClient, 4, Opcode::kOptions, "", 10, 0);
    reader.feed(bytes);
    Frame frame;
    ASSERT_EQ(reader.next(frame), Step::kFrame) << reader.failure().message;
    EXPECT_EQ(frame.oversize, kMaxFrameBody + 1);
    EXPECT_TRUE(frame.body.empty());
    EXPECT_EQ(frame.stream, 9);
    ASSERT_EQ(reader.next(frame), Step::kFrame) << reader.failure().message;
    EXPECT_EQ(frame.oversize, 0u);
    EXPECT_EQ(frame.stream, 10);
  }
}

TEST(FrameWriter, ManySmallFramesMakeOneSegment) {
  FrameWriter writer(Role::kServer);
  writer.startup_done(5, Compression::kNone);
  for (int16_t i = 0; i < 100; ++i) writer.append(5, 0, i, Opcode::kResult, "12345678");
  const Bytes bytes = writer.take();
  EXPECT_EQ(bytes.size(),
            100 * (kFrameHeaderSize + 8) + segment_header_size(Compression::kNone) + kSegmentTrailerSize);
  EXPECT_TRUE(writer.empty());
}

TEST(FrameWriter, BuilderPatchesTheLength) {
  FrameWriter writer(Role::kServer);
  {
    FrameBuilder frame(writer, 4, 7, Opcode::kResult);
    encode_void(frame.body());
  }
  { FrameBuilder frame(writer, 4, -1, Opcode::kEvent, kFlagWarning); }
  EXPECT_EQ(to_hex(writer.take()),
            "84000007080000000400000001"
            "8408ffff0c00000000");
}

TEST(FrameWriter, SmallOrIncompressibleBodiesGoPlain) {
  FrameWriter writer(Role::kServer);
  writer.startup_done(4, Compression::kLz4);
  writer.append(4, 0, 0, Opcode::kResult, "short");
  EXPECT_EQ(writer.take()[1], 0);
  writer.append(4, 0, 0, Opcode::kResult, TestRandom{1}.bytes(1000));
  EXPECT_EQ(writer.take()[1], 0);
  writer.append(4, 0, 0, Opcode::kResult, Bytes(1000, 'a'));
  EXPECT_EQ(writer.take()[1], kFlagCompressed);
}

}  // namespace
}  // namespace keyzone::net
