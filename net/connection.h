// A ByteStream over TCP or TLS, on Boost.Asio. Reads up to kReadSize at a time; one write is in flight, and what
// is written meanwhile goes out together after it.
#pragma once
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "net/stream.h"

namespace keyzone::net {

inline constexpr size_t kReadSize = 64 << 10;

class Connection : public ByteStream, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using TlsContext = boost::asio::ssl::context;

  // Takes a connected socket. With `tls` set it starts with a handshake as `role` and hands on no bytes before it is
  // done; a failed handshake is on_closed. `tls` must live as long as the connection.
  enum class TlsRole { kServer, kClient };
  static std::shared_ptr<Connection> make(Socket socket, TlsContext* tls = nullptr,
                                          TlsRole role = TlsRole::kServer);

  // Begins to read. `handler` must live until its on_closed was called. Called once. Until the connection is closed
  // it keeps itself alive.
  virtual void start(StreamHandler& handler) = 0;
  // Drops the handler: it is not called again, not even with on_closed, and may go.
  virtual void detach() = 0;
  // The name in the peer's verified certificate (TLS), or empty.
  virtual std::string peer_certificate_name() const = 0;
};

}  // namespace keyzone::net
