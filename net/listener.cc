#include "net/listener.h"

#include <atomic>
#include <boost/asio/post.hpp>

#include "net/acceptor.h"

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class ListenerOn final : public Listener {
 public:
  ListenerOn(std::shared_ptr<Acceptor> acceptor, const Options& options,
             std::vector<asio::io_context*> shards, OnAccept on_accept)
      : acceptor_(std::move(acceptor)),
        shared_(std::make_shared<Shared>(Shared{options, std::move(shards), std::move(on_accept)})) {
    acceptor_->start([shared = shared_]() -> asio::io_context& { return *shared->shards[shared->next]; },
                     [shared = shared_](tcp::socket socket) { deal_out(shared, std::move(socket)); });
  }
  ~ListenerOn() override { acceptor_->close(); }
  uint16_t port() const override { return acceptor_->port(); }
  size_t connections() const override { return *shared_->open; }

 private:
  // With the acceptor, which outlives the listener until its last handler has run.
  struct Shared {
    Options options;
    std::vector<asio::io_context*> shards;
    OnAccept on_accept;
    size_t next = 0;
    std::shared_ptr<std::atomic<size_t>> open = std::make_shared<std::atomic<size_t>>(0);
  };

  static void deal_out(const std::shared_ptr<Shared>& shared, tcp::socket socket) {
    const size_t shard = shared->next;
    if (*shared->open >= shared->options.max_connections) return;  // the socket closes as it goes
    shared->next = (shared->next + 1) % shared->shards.size();
    ++*shared->open;
    std::shared_ptr<void> ticket(nullptr, [open = shared->open](void*) { --*open; });
    auto connection = Connection::make(std::move(socket), shared->options.tls);
    connection->hold_until_closed(std::move(ticket));
    asio::post(*shared->shards[shard], [shared, shard, connection = std::move(connection)]() mutable {
      shared->on_accept(shard, std::move(connection));
    });
  }

  std::shared_ptr<Acceptor> acceptor_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(asio::io_context& io, const Options& options,
                                                 std::vector<asio::io_context*> shards, OnAccept on_accept) {
  KEYZONE_ASSERT(!shards.empty());
  auto acceptor = std::make_shared<Acceptor>(io);
  if (const error_code error = acceptor->open(options.address, options.port)) {
    return Error{ErrorKind::kIo, "can't listen on " + options.address + ":" + std::to_string(options.port) +
                                     ": " + error.message()};
  }
  return std::unique_ptr<Listener>(
      std::make_unique<ListenerOn>(std::move(acceptor), options, std::move(shards), std::move(on_accept)));
}

}  // namespace keyzone::net
