#include "net/dialer.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using OnDone = std::function<void(std::shared_ptr<Connection>, std::string)>;

// One attempt to connect: a name or number, every address it has, within kDialTimeout.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& io, Connection::TlsContext* tls, OnDone on_done)
      : resolver_(io), socket_(io), timer_(io), tls_(tls), on_done_(std::move(on_done)) {}

  void start(const std::string& host, uint16_t port) {
    timer_.expires_after(kDialTimeout);
    timer_.async_wait([me = shared_from_this()](const error_code& error) {
      if (!error) me->done("no answer in time");
    });
    error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) {
      return socket_.async_connect(
          {address, port}, [me = shared_from_this()](const error_code& error) { me->connected(error); });
    }
    resolver_.async_resolve(
        host, std::to_string(port),
        [me = shared_from_this()](const error_code& error, tcp::resolver::results_type results) {
          if (!me->on_done_) return;
          if (error) return me->done(error.message());
          asio::async_connect(me->socket_, results,
                              [me](const error_code& e, const tcp::endpoint&) { me->connected(e); });
        });
  }

  void cancel() {
    on_done_ = nullptr;
    stop();
  }

 private:
  void connected(const error_code& error) {
    if (!on_done_) return;
    if (error) return done(error.message());
    timer_.cancel();
    const auto callback = std::exchange(on_done_, nullptr);
    callback(Connection::make(std::move(socket_), tls_, Connection::TlsRole::kClient), "");
  }

  void done(const std::string& reason) {
    if (!on_done_) return;
    const auto callback = std::exchange(on_done_, nullptr);
    stop();
    callback(nullptr, reason);
  }

  void stop() {
    error_code ignored;
    timer_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  Connection::TlsContext* tls_;
  OnDone on_done_;  // empty once it is over
};

class DialerOn final : public Dialer {
 public:
  DialerOn(asio::io_context& io, Options options, OnConnected on_connected, OnFailed on_failed)
      : io_(io),
        timer_(io),
        options_(std::move(options)),
        backoff_(options_.seed),
        on_connected_(std::move(on_connected)),
        on_failed_(std::move(on_failed)) {}
  ~DialerOn() override {
    *alive_ = false;
    if (attempt_) attempt_->cancel();
  }

  void dial() override {
    if (dialing_) return;
    dialing_ = true;
    wait_and_try();
  }

  void succeeded() override {
    backoff_.reset();
    at_once_ = true;
  }

 private:
  void wait_and_try() {
    const auto wait = std::exchange(at_once_, false) ? std::chrono::milliseconds(0) : backoff_.next();
    timer_.expires_after(wait);
    timer_.async_wait([this, alive = alive_](const error_code& error) {
      if (*alive && !error) try_once();
    });
  }

  void try_once() {
    attempt_ = std::make_shared<Attempt>(
        io_, options_.tls, [this](std::shared_ptr<Connection> connection, const std::string& reason) {
          // The callbacks may destroy this dialer: what they need is on the stack.
          const auto finished = std::exchange(attempt_, nullptr);
          const auto alive = alive_;
          if (connection) {
            dialing_ = false;
            const auto on_connected = on_connected_;
            return on_connected(std::move(connection));
          }
          if (const auto on_failed = on_failed_) on_failed(reason);
          if (*alive) wait_and_try();
        });
    attempt_->start(options_.host, options_.port);
  }

  asio::io_context& io_;
  asio::steady_timer timer_;
  Options options_;
  Backoff backoff_;
  OnConnected on_connected_;
  OnFailed on_failed_;
  std::shared_ptr<Attempt> attempt_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool dialing_ = false;
  bool at_once_ = true;
};

uint64_t next_random(uint64_t& state) {  // splitmix64
  uint64_t z = (state += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace

std::chrono::milliseconds Backoff::next() {
  const auto grown = std::min(grown_ + grown_ / 2, kDialWaitMax);
  const auto span = static_cast<uint64_t>((grown_ - kDialWaitMin).count()) + 1;
  grown_ = grown;
  return kDialWaitMin + std::chrono::milliseconds(next_random(state_) % span);
}

std::unique_ptr<Dialer> Dialer::make(asio::io_context& io, Options options, OnConnected on_connected,
                                     OnFailed on_failed) {
  return std::make_unique<DialerOn>(io, std::move(options), std::move(on_connected), std::move(on_failed));
}

void connect_once(asio::io_context& io, const std::string& host, uint16_t port, Connection::TlsContext* tls,
                  OnDone on_done) {
  std::make_shared<Attempt>(io, tls, std::move(on_done))->start(host, port);
}

}  // namespace keyzone::net
