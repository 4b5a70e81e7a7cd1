// The inside of Fabric: one process's network, links between peers (links.cc), clients' streams (streams.cc).
#pragma once
#include <caf/actor.hpp>

#include "sim/network.h"

namespace keyzone::sim {

// A link between two peers. Side 0 has dialled.
struct Fabric::Wire {
  uint64_t number = 0;
  uint64_t dial = 0;
  std::array<NodeNetwork*, 2> ends{};  // null: that process has died
  std::array<size_t, 2> nodes{};
  std::array<bool, 2> open{true, true};
  std::array<Time, 2> floor{};  // towards each side: what keeps its order comes after this
  std::array<size_t, 2> pending{};
  // What each side sends is lost from a first loss in a cut to a retry that gets through, as over TCP, whose
  // retries come ever later: up to as long again as the cut took.
  std::array<Time, 2> retry_wait{};  // 0: nothing is lost
  std::array<Time, 2> retry_at{};
};

class Fabric::Link : public actors::PeerLink {
 public:
  Link(Fabric& fabric, std::shared_ptr<Wire> wire, size_t side)
      : fabric_(fabric), wire_(std::move(wire)), side_(side) {}
  void send(uint32_t channel, Bytes message) override;
  size_t pending_bytes() const override { return wire_->pending[side_]; }
  void close() override { fabric_.close_wire(wire_, side_, "closed"); }

 private:
  Fabric& fabric_;
  std::shared_ptr<Wire> wire_;
  size_t side_;
};

// A client's connection. Side 0 is the client, side 1 the node.
struct Fabric::Pipe {
  struct Side {
    net::StreamHandler* handler = nullptr;
    std::shared_ptr<net::ByteStream> keep;  // of the client's side, while it is open
    Bytes arrived;                          // and not handed over: reading is paused, or has not begun
    size_t pending = 0;                     // written and not arrived at the other side
    bool was_full = false;
    bool paused = false;
    bool closing = false;  // nothing is written any more
    bool ended = false;    // on_closed was called, or never will be
    Time floor = 0;        // arrivals at this side come after this
  };
  std::array<Side, 2> sides;
  size_t node = 0;
  NodeNetwork* server = nullptr;
  bool reset = false;
};

class Fabric::Stream : public net::ByteStream {
 public:
  Stream(Fabric& fabric, std::shared_ptr<Pipe> pipe, size_t side)
      : fabric_(fabric), pipe_(std::move(pipe)), side_(side) {}
  void write(Bytes bytes) override { fabric_.write_pipe(pipe_, side_, std::move(bytes)); }
  void close() override;
  void abort() override { fabric_.reset_pipe(pipe_, "connection reset"); }
  void pause_reading() override { pipe_->sides[side_].paused = true; }
  void resume_reading() override;
  void detach() override { pipe_->sides[side_].handler = nullptr; }
  size_t pending_bytes() const override { return pipe_->sides[side_].pending; }
  net::Inet remote() const override;
  net::Inet local() const override;

 private:
  friend class Fabric;
  Fabric& fabric_;
  std::shared_ptr<Pipe> pipe_;
  size_t side_;
};

class Fabric::NodeNetwork : public actors::Network {
 public:
  NodeNetwork(Fabric& fabric, size_t node, Process& process)
      : fabric_(fabric), node_(node), process_(process) {}
  ~NodeNetwork() override { stop(); }

  Result<void> listen_peers(const std::string& address, uint16_t port, caf::actor hub) override;
  void dial(uint64_t dial, const std::string& address, uint16_t port) override;
  void stop_dialing(uint64_t dial) override { dials_.erase(dial); }
  void succeeded(uint64_t dial) override;
  void lift_limit(uint64_t) override {}
  Result<void> listen_clients(const std::string& address, uint16_t port, OnAccept on_accept) override;
  void stop() override;

 private:
  friend class Fabric;
  struct Dial {
    std::string address;
    uint16_t port = 0;
    Time wait = 0;  // before the next try
  };
  void try_dial(uint64_t dial);
  void try_later(uint64_t dial);

  Fabric& fabric_;
  size_t node_;
  Process& process_;
  caf::actor hub_;
  std::string peer_address_;
  uint16_t peer_port_ = 0;
  OnAccept on_accept_;
  std::map<uint64_t, Dial> dials_;
  // Tells events that come later whether this is still there.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keyzone::sim
