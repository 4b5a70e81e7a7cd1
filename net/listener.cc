#include "net/listener.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kRetryAccept{100};  // when descriptors have run out

// Lives until its last handler has run; the Listener only closes it.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(asio::io_context& io, const Listener::Options& options, std::vector<asio::io_context*> shards,
           Listener::OnAccept on_accept)
      : acceptor_(io),
        timer_(io),
        options_(options),
        shards_(std::move(shards)),
        on_accept_(std::move(on_accept)) {}

  error_code open() {
    error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) return error;
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    return error;
  }

  void accept() {
    asio::io_context& shard = *shards_[next_];
    acceptor_.async_accept(shard, [me = shared_from_this()](const error_code& error, tcp::socket socket) {
      if (!me->acceptor_.is_open()) return;
      if (error) return me->accept_later();
      me->deal_out(std::move(socket));
      me->accept();
    });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
  }

  uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }
  size_t connections() const { return *open_; }

 private:
  void deal_out(tcp::socket socket) {
    const size_t shard = next_;
    if (*open_ >= options_.max_connections) return;  // the socket closes as it goes
    next_ = (next_ + 1) % shards_.size();
    ++*open_;
    std::shared_ptr<void> ticket(nullptr, [open = open_](void*) { --*open; });
    auto connection = Connection::make(std::move(socket), options_.tls);
    connection->hold_until_closed(std::move(ticket));
    asio::post(*shards_[shard],
               [me = shared_from_this(), shard, connection = std::move(connection)]() mutable {
                 me->on_accept_(shard, std::move(connection));
               });
  }

  void accept_later() {
    timer_.expires_after(kRetryAccept);
    timer_.async_wait([me = shared_from_this()](const error_code& error) {
      if (!error && me->acceptor_.is_open()) me->accept();
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  Listener::Options options_;
  std::vector<asio::io_context*> shards_;
  Listener::OnAccept on_accept_;
  size_t next_ = 0;
  std::shared_ptr<std::atomic<size_t>> open_ = std::make_shared<std::atomic<size_t>>(0);
};

class ListenerOn final : public Listener {
 public:
  explicit ListenerOn(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {
    acceptor_->accept();
  }
  ~ListenerOn() override { acceptor_->close(); }
  uint16_t port() const override { return acceptor_->port(); }
  size_t connections() const override { return acceptor_->connections(); }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(asio::io_context& io, const Options& options,
                                                 std::vector<asio::io_context*> shards, OnAccept on_accept) {
  KEYZONE_ASSERT(!shards.empty());
  auto acceptor = std::make_shared<Acceptor>(io, options, std::move(shards), std::move(on_accept));
  if (const error_code error = acceptor->open()) {
    return Error{ErrorKind::kIo, "can't listen on " + options.address + ":" + std::to_string(options.port) +
                                     ": " + error.message()};
  }
  return std::unique_ptr<Listener>(std::make_unique<ListenerOn>(std::move(acceptor)));
}

}  // namespace keyzone::net
