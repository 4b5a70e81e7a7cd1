#include "net/peer_frame.h"

#include "tests/net/support.h"

namespace keyzone::net {
namespace {

PeerHello hello_of(std::string name) {
  PeerHello hello;
  hello.cluster = *Uuid::parse("01234567-89ab-cdef-0123-456789abcdef");
  hello.node = NodeId(7);
  hello.host = *Uuid::parse("11111111-89ab-cdef-0123-456789abcdef");
  hello.name = std::move(name);
  hello.zone = "az1";
  hello.incarnation = 99;
  hello.address = "10.0.0.7";
  return hello;
}

// A link whose Hello was accepted.
PeerFrameReader welcomed_reader() {
  PeerFrameReader reader;
  std::vector<PeerFrame> none;
  EXPECT_TRUE(reader.lift_limit(none));
  return reader;
}

TEST(PeerFrame, KnownBytes) {
  Bytes out;
  append_peer_frame(out, 3, from_hex("0102030405060708"));
  EXPECT_EQ(to_hex(out),
            "01000000"
            "03000000"
            "0102030405060708");
}

TEST(PeerFrame, Hello) {
  for (PeerHello hello : {hello_of("n1"), hello_of("")}) {
    if (hello.name.empty()) hello.cluster = {};
    Bytes bytes;
    append_peer_hello(bytes, hello);
    PeerFrameReader reader;
    std::vector<PeerFrame> frames;
    ASSERT_TRUE(reader.feed(bytes, frames));
    ASSERT_EQ(frames.size(), 1u);
    const auto back = decode_peer_hello(frames[0]);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, hello);
  }
}

TEST(PeerFrame, AnyChunkingStaysAligned) {
  TestRandom random{5};
  std::vector<Bytes> sent;
  Bytes stream;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(random.bytes(8 * random.below(i % 10 == 0 ? 30000 : 200)));
    append_peer_frame(stream, static_cast<uint32_t>(i), sent.back());
  }
  for (const size_t chunk : {size_t{1}, size_t{3}, size_t{8}, size_t{4097}, size_t{65536}, stream.size()}) {
    PeerFrameReader reader = welcomed_reader();
    std::vector<PeerFrame> frames;
    for (size_t at = 0; at < stream.size(); at += chunk) {
      const Bytes part = stream.substr(at, chunk);
      ASSERT_TRUE(reader.feed(part, frames));
      // Some users let go of frames at once, others keep them all.
      if (chunk == 4097 && frames.size() % 2) frames.back().owner.reset();
    }
    ASSERT_EQ(frames.size(), sent.size());
    for (size_t i = 0; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].channel, i);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(frames[i].words.data()) % 8, 0u);
      if (chunk != 4097) {
        EXPECT_EQ(frames[i].bytes(), sent[i]);
      }
    }
  }
}

TEST(PeerFrame, NothingIsGivenBehindAHelloThatWasNotAccepted) {
  Bytes stream;
  append_peer_hello(stream, hello_of("n1"));
  append_peer_frame(stream, 1, Bytes(100000, 'x'));
  PeerFrameReader reader;
  std::vector<PeerFrame> frames;
  ASSERT_TRUE(reader.feed(stream, frames));
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_TRUE(reader.lift_limit(frames));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].bytes().size(), 100000u);
}

TEST(PeerFrame, BoundedBeforeTheHello) {
  std::vector<PeerFrame> frames;
  Bytes largest, larger;
  append_peer_frame(largest, 0, Bytes(kMaxHelloFrame, 'x'));
  append_peer_frame(larger, 0, Bytes(kMaxHelloFrame + 8, 'x'));
  EXPECT_TRUE(PeerFrameReader().feed(largest, frames));
  EXPECT_FALSE(PeerFrameReader().feed(BytesView(larger).substr(0, 8), frames)) << "known from the header";
  PeerFrameReader reader;
  Bytes stream;
  append_peer_hello(stream, hello_of("n1"));
  ASSERT_TRUE(reader.feed(stream, frames));
  EXPECT_TRUE(reader.feed(Bytes(kMaxHeldBeforeWelcome, 'x'), frames));
  EXPECT_FALSE(reader.feed("x", frames));
}

TEST(PeerFrame, BoundedAfterTheHello) {
  std::vector<PeerFrame> frames;
  Bytes header;
  append_le(header, static_cast<uint32_t>(kMaxPeerFrame / 8 + 1));
  append_le(header, uint32_t{1});
  EXPECT_FALSE(welcomed_reader().feed(header, frames));
}

TEST(PeerFrame, WrongHellos) {
  const auto decode = [](uint32_t channel, Bytes message) {
    Bytes bytes;
    append_peer_frame(bytes, channel, message);
    PeerFrameReader reader;
    std::vector<PeerFrame> frames;
    EXPECT_TRUE(reader.feed(bytes, frames));
    return decode_peer_hello(frames.at(0));
  };
  EXPECT_FALSE(decode(0, ""));
  EXPECT_FALSE(decode(0, Bytes(64, '\xff')));
  Bytes good;
  append_peer_hello(good, hello_of("n1"));
  EXPECT_TRUE(decode(0, good.substr(kPeerHeaderSize)));
  EXPECT_FALSE(decode(1, good.substr(kPeerHeaderSize)));
  for (size_t size = 8; size + 8 < good.size(); size += 8) {
    EXPECT_FALSE(decode(0, good.substr(kPeerHeaderSize, size))) << size;
  }
}

}  // namespace
}  // namespace keyzone::net
