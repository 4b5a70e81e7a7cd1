// What a node takes from outside, always through a constructor: disk, network, time, chance, and an executor
// for what may block. main.cc passes the real ones, sim/ its own; the code between can't tell.
#pragma once
#include <caf/actor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/peer_frame.h"
#include "net/stream.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "storage/executor.h"
#include "storage/file_system.h"

namespace leveldb {
class Env;
}

namespace keyzone::actors {

// One directed link to a peer: what is sent may arrive, in order, or the link breaks and says so.
class PeerLink {
 public:
  virtual ~PeerLink() = default;
  // A message built by PeerCodec, for `channel` of net/peer_frame.h.
  virtual void send(uint32_t channel, Bytes message) = 0;
  virtual size_t pending_bytes() const = 0;  // queued and not yet taken by the system
  virtual void close() = 0;
};
using PeerLinkPtr = std::shared_ptr<PeerLink>;

// What the network tells a node's hub actor. `link` numbers are unique in the node's life.
struct LinkOpened {
  uint64_t link = 0;
  uint64_t dial = 0;  // as given to dial(); 0: the peer has dialled us
  PeerLinkPtr handle;
};
struct LinkFrame {
  uint64_t link = 0;
  net::PeerFrame frame;
};
struct LinkClosed {
  uint64_t link = 0;
  uint64_t dial = 0;
  std::string reason;
};

// Told of each client's connection; the callee keeps the stream and sets its handler. On the shard's thread.
struct AcceptedStream {
  std::shared_ptr<net::ByteStream> stream;
  std::function<void(net::StreamHandler&)> start;  // begins to read
};

class Network {
 public:
  virtual ~Network() = default;

  // Peers: events go to `hub` as shared pointers to LinkOpened, LinkFrame and LinkClosed.
  virtual Result<void> listen_peers(const std::string& address, uint16_t port, caf::actor hub) = 0;
  // Keeps trying until it succeeds; after LinkClosed it tries again by itself, with growing waits.
  virtual void dial(uint64_t dial, const std::string& address, uint16_t port) = 0;
  virtual void stop_dialing(uint64_t dial) = 0;
  virtual void succeeded(uint64_t dial) = 0;  // the peer said hello: the next waits are short again
  // The peer of this link said a valid hello: frames of full size are accepted.
  virtual void lift_limit(uint64_t link) = 0;

  // Clients: `on_accept` is called for each connection on the thread of the shard that will serve it.
  using OnAccept = std::function<void(size_t shard, AcceptedStream)>;
  virtual Result<void> listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) = 0;

  // Stops listening and closes all links and connections. No event comes after it.
  virtual void stop() = 0;
};

struct Environment {
  leveldb::Env* disk = nullptr;
  storage::FileSystem* files = nullptr;
  Network* network = nullptr;
  storage::Executor* executor = nullptr;          // flushes and compactions of the store
  storage::Executor* log_executor = nullptr;      // flushes and maintenance of the log; may be the same
  std::function<Timestamp()> wall_clock;          // microseconds since 1970
  std::function<uint64_t()> cpu_time_us;          // of this process so far
  std::function<Bytes(size_t)> secret_bytes;      // unpredictable: keys, host ids
  std::function<void(const std::string&)> fatal;  // the disk or the log has failed: the node must stop
  uint64_t seed = 0;                              // timeouts, jitter, ids of requests
};

}  // namespace keyzone::actors
