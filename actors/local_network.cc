#include "actors/local_network.h"

#include <atomic>
#include <caf/send.hpp>
#include <cstring>
#include <mutex>
#include <vector>

#include "actors/interfaces.h"

namespace keyzone::actors {

namespace {

// Both ends of a link. Closed by one of them, it is opened anew at once, as a dialler would.
struct Ends {
  uint64_t number = 0;
  uint64_t dial = 0;
  caf::actor dialler, other;
  std::atomic<bool> open{true};
  std::function<void()> redial;
  std::mutex opening;  // held until both ends have been told: nothing may overtake that
  void wait_opened() { std::lock_guard<std::mutex> lock(opening); }
};

class LocalLink : public PeerLink {
 public:
  LocalLink(std::shared_ptr<Ends> ends, caf::actor to) : ends_(std::move(ends)), to_(std::move(to)) {}
  void send(uint32_t channel, Bytes message) override {
    if (!ends_->open) return;
    ends_->wait_opened();
    auto words = std::make_shared<std::vector<net::Word>>(message.size() / sizeof(net::Word));
    std::memcpy(words->data(), message.data(), words->size() * sizeof(net::Word));
    net::PeerFrame frame;
    frame.channel = channel;
    frame.words = *words;
    frame.owner = words;
    send_message(to_, LinkFramePtr(std::make_shared<LinkFrame>(LinkFrame{ends_->number, std::move(frame)})));
  }
  size_t pending_bytes() const override { return 0; }
  void close() override {
    if (!ends_->open.exchange(false)) return;
    ends_->wait_opened();
    const auto tell = [this](const caf::actor& hub, uint64_t dial) {
      send_message(hub,
                   LinkClosedPtr(std::make_shared<LinkClosed>(LinkClosed{ends_->number, dial, "closed"})));
    };
    tell(ends_->dialler, ends_->dial);
    tell(ends_->other, 0);
    ends_->redial();
  }

 private:
  std::shared_ptr<Ends> ends_;
  caf::actor to_;
};

}  // namespace

void LocalSwitch::listen(const Address& address, caf::actor hub) {
  std::vector<std::function<void()>> reached;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    hubs_[address] = std::move(hub);
    const auto [first, last] = waiting_.equal_range(address);
    for (auto it = first; it != last; ++it) reached.push_back(std::move(it->second));
    waiting_.erase(first, last);
  }
  for (const auto& dial : reached) dial();
}

caf::actor LocalSwitch::find(const Address& address, std::function<void()> later) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = hubs_.find(address);
  if (it != hubs_.end()) return it->second;
  waiting_.emplace(address, std::move(later));
  return {};
}

uint64_t LocalSwitch::next_link() {
  std::lock_guard<std::mutex> lock(mutex_);
  return next_link_++;
}

void LocalSwitch::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  hubs_.clear();
  waiting_.clear();
}

Result<void> LocalNetwork::listen_peers(const std::string& address, uint16_t port, caf::actor hub) {
  hub_ = hub;
  switch_.listen({address, port}, std::move(hub));
  return {};
}

void LocalNetwork::dial(uint64_t dial, const std::string& address, uint16_t port) {
  const auto redial = [this, dial, address, port] { this->dial(dial, address, port); };
  const auto peer = switch_.find({address, port}, redial);
  if (!peer || !hub_) return;
  auto ends = std::make_shared<Ends>();
  ends->number = switch_.next_link();
  ends->dial = dial;
  ends->dialler = hub_;
  ends->other = peer;
  ends->redial = redial;
  const auto open = [&](const caf::actor& at, const caf::actor& other, uint64_t as) {
    send_message(at, LinkOpenedPtr(std::make_shared<LinkOpened>(
                         LinkOpened{ends->number, as, std::make_shared<LocalLink>(ends, other)})));
  };
  std::lock_guard<std::mutex> lock(ends->opening);
  open(hub_, peer, dial);
  open(peer, hub_, 0);
}

Result<void> LocalNetwork::listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) {
  if (!clients_) return {};
  return clients_->listen_clients(address, port, std::move(on_accept));
}

void LocalNetwork::stop() {
  hub_ = nullptr;
  if (clients_) clients_->stop();
}

}  // namespace keyzone::actors
