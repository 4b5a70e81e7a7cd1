// The network of a real node: TCP on Boost.Asio. Peer links live on shard 0; clients' connections are spread
// over all shards.
#pragma once
#include <utility>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>

#include "actors/environment.h"
#include "net/dialer.h"
#include "net/listener.h"

namespace keyzone::actors {

class ShardScheduler;

class AsioNetwork : public Network {
 public:
  AsioNetwork(ShardScheduler& scheduler, uint64_t seed, size_t connections_max);
  ~AsioNetwork() override;

  Result<void> listen_peers(const std::string& address, uint16_t port, caf::actor hub) override;
  void dial(uint64_t dial, const std::string& address, uint16_t port) override;
  void stop_dialing(uint64_t dial) override;
  void succeeded(uint64_t dial) override;
  void lift_limit(uint64_t link) override;
  Result<void> listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) override;
  void stop() override;

 private:
  class TcpLink;
  void opened(uint64_t dial, std::shared_ptr<net::Connection> connection);
  void closed(uint64_t link, uint64_t dial, const std::string& reason);

  ShardScheduler& scheduler_;
  uint64_t seed_;
  size_t connections_max_;
  caf::actor hub_;
  uint64_t next_link_ = 1;
  std::map<uint64_t, std::shared_ptr<TcpLink>> links_;        // touched on shard 0 only
  std::map<uint64_t, std::unique_ptr<net::Dialer>> dialers_;  // likewise
  std::unique_ptr<net::Listener> peers_;
  std::unique_ptr<net::Listener> clients_;
};

}  // namespace keyzone::actors
