// A two-way run of bytes to one peer or client: a TCP or TLS connection in a node, a simulated one in sim/.
// What is built on it (sessions, peer links, clients) can't tell which.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/protocol/primitives.h"
#include "schema/bytes.h"

namespace keyzone::net {

// Limits of one stream's output: above the high-water mark its owner should stop reading more requests, and
// is told when it sinks below the low one; above the limit the stream is closed, since the other side doesn't
// read.
inline constexpr size_t kOutputLowWater = 256 << 10;
inline constexpr size_t kOutputHighWater = 1 << 20;
inline constexpr size_t kOutputLimit = 64 << 20;
static_assert(kOutputLowWater < kOutputHighWater && kOutputHighWater < kOutputLimit);

// All calls and callbacks happen on the stream's own thread (shard).
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Queues bytes; they leave in order. After close() they are dropped.
  virtual void write(Bytes bytes) = 0;
  // Sends what is queued, then closes. on_closed is called later, never from within.
  virtual void close() = 0;
  // Closes at once; what is queued is lost.
  virtual void abort() = 0;
  // No on_bytes from pause on (bytes already in hand may still be handed over once), until resume.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Drops the handler: it is not called again, not even with on_closed.
  virtual void detach() = 0;
  virtual size_t pending_bytes() const = 0;  // queued and not yet taken by the system
  virtual Inet remote() const = 0;
  virtual Inet local() const = 0;
};

// What a stream tells its user. The user outlives on_closed, or calls detach(); then nothing is called any
// more.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // `bytes` are valid during the call only.
  virtual void on_bytes(BytesView bytes) = 0;
  // Exactly once. `reason` is for people: "closed by peer", "connection reset", ...
  virtual void on_closed(const std::string& reason) = 0;
  // pending_bytes() fell below kOutputLowWater after it was above kOutputHighWater.
  virtual void on_writable() {}
};

}  // namespace keyzone::net
