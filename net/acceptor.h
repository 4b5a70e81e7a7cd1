// A TCP port that is listened on, and what comes to it: for whoever serves connections (listener.cc,
// http.cc).
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace keyzone::net {

// Lives until its last handler has run: a shared pointer's owner only closes it. All of it on the thread of
// the io_context it was made with.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using NextContext = std::function<boost::asio::io_context&()>;
  using OnSocket = std::function<void(boost::asio::ip::tcp::socket)>;

  explicit Acceptor(boost::asio::io_context& io) : acceptor_(io), timer_(io) {}

  // `address` is numeric; port 0: any that is free.
  boost::system::error_code open(const std::string& address, uint16_t port);

  // After open(), once. Each socket is made for the io_context that `next_context` names and given to
  // `on_socket`. When descriptors have run out, it tries again a little later.
  void start(NextContext next_context, OnSocket on_socket);

  void close();  // nothing is accepted any more

  uint16_t port() const;

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  NextContext next_context_;
  OnSocket on_socket_;
};

}  // namespace keyzone::net
