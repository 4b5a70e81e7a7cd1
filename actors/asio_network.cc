#include "actors/asio_network.h"

#include <caf/send.hpp>

#include "actors/interfaces.h"
#include "actors/logging.h"
#include "actors/shard_scheduler.h"
#include "net/peer_frame.h"

namespace keyzone::actors {

// One TCP connection to or from a peer. Lives until its connection is closed.
class AsioNetwork::TcpLink : public PeerLink,
                             public net::StreamHandler,
                             public std::enable_shared_from_this<TcpLink> {
 public:
  TcpLink(AsioNetwork& network, uint64_t number, uint64_t dial, std::shared_ptr<net::Connection> connection)
      : network_(network), number_(number), dial_(dial), connection_(std::move(connection)) {}

  void start() { connection_->start(*this); }

  void send(uint32_t channel, Bytes message) override {
    if (!connection_) return;
    Bytes frame;
    frame.reserve(net::kPeerHeaderSize + message.size());
    net::append_peer_frame(frame, channel, message);
    connection_->write(std::move(frame));
  }
  size_t pending_bytes() const override { return connection_ ? connection_->pending_bytes() : 0; }
  void close() override {
    if (connection_) connection_->close();
  }
  void detach() {
    if (!connection_) return;
    connection_->detach();
    connection_->abort();
    connection_ = nullptr;
  }
  void lift_limit() {
    std::vector<net::PeerFrame> frames;
    hand_on(reader_.lift_limit(frames), frames);
    if (connection_) connection_->resume_reading();
  }

  void on_bytes(BytesView bytes) override {
    std::vector<net::PeerFrame> frames;
    hand_on(reader_.feed(bytes, frames), frames);
    // Behind a Hello nothing is read before the hub has said that the peer is welcome.
    if (!reader_.lifted() && !frames.empty() && connection_) connection_->pause_reading();
  }
  void on_closed(const std::string& reason) override {
    connection_ = nullptr;
    network_.closed(number_, dial_, reason);  // drops the last owner but the hub
  }

 private:
  void hand_on(const Result<void>& result, std::vector<net::PeerFrame>& frames) {
    for (auto& frame : frames) {
      send_message(network_.hub_,
                   LinkFramePtr(std::make_shared<LinkFrame>(LinkFrame{number_, std::move(frame)})));
    }
    if (result || !connection_) return;
    log_warn("a peer's bytes make no sense: {}", result.error().message);
    connection_->abort();
  }

  AsioNetwork& network_;
  uint64_t number_;
  uint64_t dial_;
  std::shared_ptr<net::Connection> connection_;
  net::PeerFrameReader reader_;
};

AsioNetwork::AsioNetwork(ShardScheduler& scheduler, uint64_t seed, size_t connections_max)
    : scheduler_(scheduler), seed_(seed), connections_max_(connections_max) {}

AsioNetwork::~AsioNetwork() = default;

Result<void> AsioNetwork::listen_peers(const std::string& address, uint16_t port, caf::actor hub) {
  hub_ = std::move(hub);
  net::Listener::Options options;
  options.address = address;
  options.port = port;
  KEYZONE_TRY(listener, net::Listener::open(
                            scheduler_.io(0), options, {&scheduler_.io(0)},
                            [this](size_t, std::shared_ptr<net::Connection> c) { opened(0, std::move(c)); }));
  peers_ = std::move(listener);
  return {};
}

// The hub calls on shard 0, as do the callbacks.
void AsioNetwork::dial(uint64_t dial, const std::string& address, uint16_t port) {
  net::Dialer::Options options;
  options.host = address;
  options.port = port;
  options.seed = seed_ ^ dial;
  auto dialer =
      net::Dialer::make(scheduler_.io(0), options,
                        [this, dial](std::shared_ptr<net::Connection> c) { opened(dial, std::move(c)); });
  dialer->dial();
  dialers_[dial] = std::move(dialer);
}

void AsioNetwork::stop_dialing(uint64_t dial) { dialers_.erase(dial); }

void AsioNetwork::succeeded(uint64_t dial) {
  auto it = dialers_.find(dial);
  if (it != dialers_.end()) it->second->succeeded();
}

void AsioNetwork::lift_limit(uint64_t link) {
  auto it = links_.find(link);
  if (it != links_.end()) it->second->lift_limit();
}

void AsioNetwork::opened(uint64_t dial, std::shared_ptr<net::Connection> connection) {
  const uint64_t number = next_link_++;
  auto link = std::make_shared<TcpLink>(*this, number, dial, std::move(connection));
  links_[number] = link;
  send_message(hub_, LinkOpenedPtr(std::make_shared<LinkOpened>(LinkOpened{number, dial, link})));
  link->start();
}

void AsioNetwork::closed(uint64_t number, uint64_t dial, const std::string& reason) {
  send_message(hub_, LinkClosedPtr(std::make_shared<LinkClosed>(LinkClosed{number, dial, reason})));
  const auto keep = links_[number];  // until we are out of its own method
  links_.erase(number);
  auto it = dialers_.find(dial);
  if (it != dialers_.end()) it->second->dial();
}

Result<void> AsioNetwork::listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) {
  net::Listener::Options options;
  options.address = address;
  options.port = port;
  options.max_connections = connections_max_;
  std::vector<boost::asio::io_context*> shards;
  for (size_t shard = 0; shard < scheduler_.shard_count(); ++shard) shards.push_back(&scheduler_.io(shard));
  KEYZONE_TRY(listener,
              net::Listener::open(scheduler_.io(0), options, std::move(shards),
                                  [on_accept](size_t shard, std::shared_ptr<net::Connection> connection) {
                                    AcceptedStream accepted;
                                    accepted.start = [raw = connection.get()](net::StreamHandler& handler) {
                                      raw->start(handler);
                                    };
                                    accepted.stream = std::move(connection);
                                    on_accept(shard, std::move(accepted));
                                  }));
  clients_ = std::move(listener);
  return {};
}

// REQUIRES: the shards' threads have ended, or this is one of them.
void AsioNetwork::stop() {
  peers_ = nullptr;
  clients_ = nullptr;
  dialers_.clear();
  for (auto& [number, link] : links_) link->detach();
  links_.clear();
  hub_ = nullptr;
}

}  // namespace keyzone::actors
