#include "net/acceptor.h"

#include <chrono>
#include <utility>

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kRetryAccept{100};  // when descriptors have run out

}  // namespace

error_code Acceptor::open(const std::string& address, uint16_t port) {
  error_code error;
  const auto numeric = asio::ip::make_address(address, error);
  if (error) return error;
  const tcp::endpoint endpoint(numeric, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  return error;
}

void Acceptor::start(NextContext next_context, OnSocket on_socket) {
  next_context_ = std::move(next_context);
  on_socket_ = std::move(on_socket);
  accept();
}

void Acceptor::close() {
  error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
}

uint16_t Acceptor::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void Acceptor::accept() {
  acceptor_.async_accept(next_context_(),
                         [me = shared_from_this()](const error_code& error, tcp::socket socket) {
                           if (!me->acceptor_.is_open()) return;
                           if (error) return me->accept_later();
                           me->on_socket_(std::move(socket));
                           me->accept();
                         });
}

void Acceptor::accept_later() {
  timer_.expires_after(kRetryAccept);
  timer_.async_wait([me = shared_from_this()](const error_code& error) {
    if (!error && me->acceptor_.is_open()) me->accept();
  });
}

}  // namespace keyzone::net
