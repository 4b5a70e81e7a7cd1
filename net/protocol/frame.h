// Framing without sockets: bytes go in, whole messages come out, and back. One reader and one writer a
// connection, for both ends of it and all protocol versions; neither knows what a body means.
#pragma once
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "net/protocol/constants.h"
#include "net/protocol/segment.h"
#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone::net {

// One message. `body` is decompressed and is a view: it lives until the next FrameReader::feed.
struct Frame {
  uint8_t version = 0;  // without the response bit
  uint8_t flags = 0;
  int16_t stream = 0;
  Opcode opcode{};
  BytesView body;
  size_t oversize = 0;  // the body's length, if it was over the limit: it was skipped, and `body` is empty
};

// What is said of a frame that was skipped, in Cassandra's words for its version.
std::string oversize_message(const Frame& frame, size_t bytes_max);

// Why a frame is refused, or a connection can't go on: answer with it (append_failure).
struct FrameFailure {
  std::string message;
  uint8_t version = kMaxVersion;  // of the answer
  int16_t stream = 0;
};

// Which end of a connection reads or writes.
enum class Role : uint8_t { kServer, kClient };

// Cuts the bytes of one connection into frames, however they are chunked.
//
// After a STARTUP (server) or its answer READY or AUTHENTICATE (client) the reader gives no more frames until
// startup_done() says how the bytes after it are to be read; with STARTUP refused, startup_refused().
class FrameReader {
 public:
  struct Options {
    Role role = Role::kServer;
    uint8_t max_version = kMaxVersion;  // the greatest that is spoken; lower for the keyspaces dialect
    size_t max_body = kMaxFrameBody;    // once lift_limit() was called; a server skips longer ones
    size_t max_body_before_ready = kMaxFrameBodyBeforeReady;
  };
  enum class Step { kFrame, kMore, kRefused, kFailed };

  explicit FrameReader(Options options);

  // `bytes` must stay where they are until next() has given kMore or kFailed, and for as long as the frames
  // that it gave are used. REQUIRES: the bytes fed before are used up (next() gave kMore).
  void feed(BytesView bytes);
  // The next whole frame. Frames of one feed() stay valid together, until the next feed(). kRefused, of a
  // server only: answer with failure() and go on; the frame is skipped, or what of it has come. kFailed:
  // answer and close; there is nothing more to read.
  Step next(Frame& out);
  const FrameFailure& failure() const { return failure_; }  // REQUIRES: next() gave kRefused or kFailed

  // The peer's STARTUP was accepted (READY or AUTHENTICATE was written or read): what follows is in
  // `version`, v5 in segments, and may be compressed with `codec`. Then call next() again.
  void startup_done(uint8_t version, Compression codec);
  void startup_refused();
  // Log-in is over: bodies up to max_body.
  void lift_limit();

  size_t buffered() const { return carry_.size() + envelope_.size(); }

 private:
  Step next_plain(Frame& out);
  Step next_in_segment(Frame& out);
  Step take_segment();
  // Of a body that is too long: sets what is known of its frame; goes over the next `bytes` of it; gives it.
  void begin_skip(BytesView header, size_t body_size);
  size_t skip(size_t bytes);
  Step finish_skip(Frame& out);
  Step refuse_version(uint8_t version_byte);
  // Finds the first `size` bytes not yet consumed in one piece; false if they aren't here yet.
  bool collect(size_t size, BytesView& out);
  BytesView consume(size_t size);
  BytesView hold(Bytes bytes);
  // True: failure_ says why. `recoverable`: the frame's end is known all the same.
  bool find_fault(BytesView header, bool& recoverable);
  bool speaks(uint8_t version_byte) const;
  Step check_header(BytesView header, size_t& body_size);  // kFrame: it is fine
  Step finish(BytesView frame, Frame& out);
  Step fail(std::string message, uint8_t version, int16_t stream);
  Step fail_segment(std::string message);

  Options options_;
  size_t limit_;
  BytesView input_;         // fed and not yet taken
  Bytes carry_;             // the start of a frame or segment whose rest has not come
  BytesView payload_;       // of the segment in hand: envelopes not yet given out
  Bytes envelope_;          // an envelope cut over several segments, as far as it came
  std::deque<Bytes> held_;  // what frames of this feed() point into, the fed bytes aside
  uint8_t version_ = 0;     // set by startup_done
  Compression codec_ = Compression::kNone;
  bool segments_ = false;
  bool lifted_ = false;           // lift_limit() was called
  std::optional<Frame> skipped_;  // the frame whose body is being skipped
  size_t skip_left_ = 0;          // of it
  bool refused_ = false;          // it is skipped for what failure_ says
  bool waiting_ = false;          // for startup_done
  bool failed_ = false;
  FrameFailure failure_;
};

// Collects the frames of one connection until they are taken for the socket: many small answers make one
// write, and in v5 one segment.
class FrameWriter {
 public:
  explicit FrameWriter(Role role) : response_bit_(role == Role::kServer ? kResponseBit : 0) {}

  // What is begun from now on may be compressed and is put in segments (v5). What was written before goes out
  // as it is.
  void startup_done(uint8_t version, Compression codec);

  // A whole frame whose body is there already.
  void append(uint8_t version, uint8_t flags, int16_t stream, Opcode opcode, BytesView body);
  // The same for a version below kMinVersion, which has shorter headers: all that is ever said in it is that
  // it is not spoken any more.
  void append_old(uint8_t version, int8_t stream, Opcode opcode, BytesView body);
  // The bytes for the socket: everything written since the last take().
  Bytes take();
  size_t pending() const {
    return plain_.size() + out_.size();
  }  // bytes, before segments and their compression
  bool empty() const { return pending() == 0; }

 private:
  friend class FrameBuilder;
  size_t begin(uint8_t version, uint8_t flags, int16_t stream, Opcode opcode);
  void finish(size_t start);

  Bytes out_;    // frames as they are; with segments_: to be packed by take()
  Bytes plain_;  // frames from before startup_done, when segments_ is set
  Bytes scratch_;
  size_t reserve_ = 0;  // what the last burst needed
  uint8_t response_bit_;
  Compression codec_ = Compression::kNone;
  bool segments_ = false;
  bool building_ = false;
};

// Writes one frame in place:  { FrameBuilder f(writer, 4, stream, Opcode::kResult); encode_void(f.body()); }
// The destructor patches the length and compresses. `body()` may only be appended to. One at a time.
class FrameBuilder {
 public:
  FrameBuilder(FrameWriter& writer, uint8_t version, int16_t stream, Opcode opcode, uint8_t flags = 0)
      : writer_(writer), start_(writer.begin(version, flags, stream, opcode)) {}
  ~FrameBuilder() { writer_.finish(start_); }
  FrameBuilder(const FrameBuilder&) = delete;
  FrameBuilder& operator=(const FrameBuilder&) = delete;
  Bytes& body() { return writer_.out_; }

 private:
  FrameWriter& writer_;
  size_t start_;
};

// The ERROR (0x000A) that tells a client why its connection is about to be closed.
void append_failure(FrameWriter& writer, const FrameFailure& failure);

// Names the versions that are spoken, as drivers look for one they share with us.
std::string unsupported_version_message(uint8_t version_byte, uint8_t max_version);

}  // namespace keyzone::net
