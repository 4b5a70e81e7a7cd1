// Peer links in memory, for nodes that live in one process (keyzone dev). Clients still come through another
// Network.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "actors/environment.h"

namespace keyzone::actors {

// Where the nodes of one process find each other.
class LocalSwitch {
 public:
  struct Address {
    std::string host;
    uint16_t port = 0;
    auto operator<=>(const Address&) const = default;
  };
  void listen(const Address& address, caf::actor hub);
  // The hub that listens there. If there is none yet: an invalid handle, and `later` is called once there is.
  caf::actor find(const Address& address, std::function<void()> later);
  uint64_t next_link();
  void clear();

 private:
  std::mutex mutex_;
  std::map<Address, caf::actor> hubs_;
  std::multimap<Address, std::function<void()>> waiting_;
  uint64_t next_link_ = 1;
};

class LocalNetwork : public Network {
 public:
  // `clients` may be null: then nobody is let in. Both outlive this.
  LocalNetwork(LocalSwitch& peers, Network* clients) : switch_(peers), clients_(clients) {}

  Result<void> listen_peers(const std::string& address, uint16_t port, caf::actor hub) override;
  void dial(uint64_t dial, const std::string& address, uint16_t port) override;
  void stop_dialing(uint64_t) override {}
  void succeeded(uint64_t) override {}
  void lift_limit(uint64_t) override {}
  Result<void> listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) override;
  void stop() override;

 private:
  LocalSwitch& switch_;
  Network* clients_;
  caf::actor hub_;
};

}  // namespace keyzone::actors
