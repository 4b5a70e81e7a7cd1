// Accepts TCP (or TLS) connections on one address and hands them out on its io_context's thread.
#pragma once
#include <functional>
#include <memory>

#include "net/connection.h"
#include "schema/result.h"

namespace keyzone::net {

class Listener {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // numeric
    uint16_t port = 0;                  // 0: any free one, see port()
    size_t max_connections = 10000;     // open at once; more are closed at once
    bool reuse_port = false;            // several listeners (shards) may share the port
    Connection::TlsContext* tls = nullptr;
  };
  // The callee keeps the connection and calls start(). It is called on the io_context's thread.
  using OnAccept = std::function<void(std::shared_ptr<Connection>)>;

  // Listens from here on. Fails with kIo, saying the address, if it can't.
  static Result<std::unique_ptr<Listener>> open(boost::asio::io_context& io, const Options& options,
                                                OnAccept on_accept);
  virtual ~Listener() = default;  // stops; connections live on
  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;  // open now
};

}  // namespace keyzone::net
