// Accepts TCP (or TLS) connections on one address and deals them out to shards in turn.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.h"
#include "schema/result.h"

namespace keyzone::net {

class Listener {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // numeric
    uint16_t port = 0;                  // 0: any free one, see port()
    size_t max_connections = 10000;     // open at once; more are closed at once
    Connection::TlsContext* tls = nullptr;
  };
  // The callee keeps the connection and calls start(). `shard` is a place in `shards`; the call comes on the
  // thread of its io_context.
  using OnAccept = std::function<void(size_t shard, std::shared_ptr<Connection>)>;

  // Listens from here on, on `io`; connections live on `shards` (which may hold `io` alone). Fails with kIo,
  // saying the address, if it can't listen.
  static Result<std::unique_ptr<Listener>> open(boost::asio::io_context& io, const Options& options,
                                                std::vector<boost::asio::io_context*> shards,
                                                OnAccept on_accept);
  // Stops; connections live on. Called on the thread of `io`, or when that doesn't run. A connection that was
  // accepted before may still be handed out on another shard.
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;  // open now
};

}  // namespace keyzone::net
