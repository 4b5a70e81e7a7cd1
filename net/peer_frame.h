// Frames between nodes: an 8-byte header, then one Cap'n Proto message (flat: segment table and segments).
//
//   u32 LE words of the message | u32 LE channel
//
// Header and message are multiples of 8 bytes, so that a message that starts aligned stays aligned and is
// read in place. Channel 0 carries Hello only, as the first frame of each side; others are the user's.
// Example: a message of two words on channel 3 is 02 00 00 00 03 00 00 00 and 16 bytes.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::net {

inline constexpr size_t kPeerHeaderSize = 8;
inline constexpr size_t kMaxPeerFrame = 64 << 20;           // bytes of a message
inline constexpr size_t kMaxHelloFrame = 4 << 10;           // all that is accepted before Hello
inline constexpr size_t kMaxHeldBeforeWelcome = 256 << 10;  // a few reads
inline constexpr uint32_t kHelloChannel = 0;
inline constexpr uint32_t kPeerProtocolVersion = 1;
static_assert(kMaxHelloFrame < kMaxPeerFrame);

using Word = uint64_t;  // alignment of a capnp::word

// A message and the memory it lies in: views into it live as long as a copy of the frame.
struct PeerFrame {
  uint32_t channel = 0;
  std::span<const Word> words;
  std::shared_ptr<const void> owner;
  BytesView bytes() const { return {reinterpret_cast<const char*>(words.data()), words.size_bytes()}; }
};

// Cuts the bytes of a link into frames, however they are chunked.
//
// The first frame is the peer's Hello. After it the reader gives no more until lift_limit(): who doesn't like
// the Hello closes the link, and has read nothing else. Meanwhile pause reading; what is under way already is
// kept.
class PeerFrameReader {
 public:
  // Frames found are appended to `out`. Fails with kProtocol on a frame above the limit, and on more than
  // kMaxHeldBeforeWelcome bytes behind the Hello; then the link must be closed.
  Result<void> feed(BytesView bytes, std::vector<PeerFrame>& out);
  // The peer's Hello is accepted: frames up to kMaxPeerFrame, beginning with those that came meanwhile.
  Result<void> lift_limit(std::vector<PeerFrame>& out);
  bool lifted() const { return limit_ == kMaxPeerFrame; }

 private:
  struct Buffer;
  void room(size_t bytes);
  Result<void> cut(std::vector<PeerFrame>& out);
  std::shared_ptr<Buffer> buffer_;
  size_t start_ = 0;  // of the first byte not given out, a multiple of 8
  size_t end_ = 0;    // of what came
  size_t limit_ = kMaxHelloFrame;
  bool greeted_ = false;  // the Hello was given out
};

// REQUIRES: message.size() is a multiple of 8 and at most kMaxPeerFrame.
void append_peer_frame(Bytes& out, uint32_t channel, BytesView message);
// The same for a message that is built in place: gives where its header is; append the message, then finish.
size_t begin_peer_frame(Bytes& out, uint32_t channel);
void finish_peer_frame(Bytes& out, size_t start);

// The first frame of each side.
struct PeerHello {
  Uuid cluster;  // nil: none yet
  uint32_t protocol = kPeerProtocolVersion;
  NodeId node;       // 0: none yet
  Uuid host;         // of the node's disk
  std::string name;  // as configured; unique in a cluster
  std::string zone;
  uint64_t incarnation = 0;  // of this life of the process
  std::string address;       // where other nodes reach it, numeric
  bool operator==(const PeerHello&) const = default;
};
void append_peer_hello(Bytes& out, const PeerHello& hello);
// Fails with kProtocol if the frame isn't a Hello. Whether the peer is welcome is the caller's to say.
Result<PeerHello> decode_peer_hello(const PeerFrame& frame);

}  // namespace keyzone::net
