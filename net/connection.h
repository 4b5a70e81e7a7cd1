// A ByteStream over TCP or TLS, on Boost.Asio. Reads up to kReadSize at a time. What is written while a
// shard's ready handlers run goes out together after them: one system call a burst.
#pragma once
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "net/stream.h"

namespace keyzone::net {

inline constexpr size_t kReadSize = 64 << 10;
inline constexpr int kTlsHandshakeSeconds = 10;
inline constexpr int kCloseSeconds = 5;  // from close() until what is queued has left and the peer closed too

class Connection : public ByteStream, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using TlsContext = boost::asio::ssl::context;
  enum class TlsRole { kServer, kClient };

  // Takes a connected socket. With `tls` set it starts with a handshake as `role` and hands on no bytes
  // before it is done; a failed handshake is on_closed. `tls` must live as long as the connection.
  static std::shared_ptr<Connection> make(Socket socket, TlsContext* tls = nullptr,
                                          TlsRole role = TlsRole::kServer);

  // Begins to read; what was written before is sent (with TLS: after the handshake). `handler` must live
  // until its on_closed was called or detach() was. Called once. The caller keeps the connection: one that
  // nobody holds and that neither reads nor writes is gone.
  virtual void start(StreamHandler& handler) = 0;
  // The common name in the peer's verified certificate (TLS, after the handshake), or empty.
  virtual std::string peer_certificate_name() const = 0;

  // Released when the socket is closed; for whoever counts connections.
  void hold_until_closed(std::shared_ptr<void> ticket) { ticket_ = std::move(ticket); }

 protected:
  std::shared_ptr<void> ticket_;
};

}  // namespace keyzone::net
