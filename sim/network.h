// The network between simulated nodes and their clients: delays, losses, repetitions, partitions, broken
// connections.
//
// Links between peers are worse than TCP: frames may be lost, come twice or overtake each other while the
// link stays open, since what is built on them must not depend on that. Clients' streams keep their order,
// may stall, and may break.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/environment.h"
#include "sim/world.h"

namespace keyzone::sim {

// Chances are in a million a frame.
struct Weather {
  Time delay_least = 200;
  Time delay_most = 2 * kMillisecond;
  uint32_t drop_ppm = 0;
  uint32_t duplicate_ppm = 0;
  uint32_t overtake_ppm = 0;  // leaves the order of its link
  uint32_t late_ppm = 0;      // comes up to late_most after its turn, and does not hold up the others
  Time late_most = kSecond;
  bool operator==(const Weather&) const = default;
};

// Where things are delivered: a process, which may be paused.
class Process {
 public:
  virtual ~Process() = default;
  // Runs `what` now, or when the process goes on after a pause, or never if it dies before that.
  virtual void deliver(std::function<void()> what) = 0;
};

class Fabric {
 public:
  Fabric(World& world, size_t nodes);
  ~Fabric();

  static std::string address_of(size_t node);  // peers and clients find it here

  // One life of a process. It must be stopped before `process` is destroyed.
  std::unique_ptr<actors::Network> attach(size_t node, Process& process);

  // A client's connection; `opened` gets null if nobody listens there. Later, `handler` is told of bytes; it
  // must stay until on_closed, or until forget() of its stream.
  using Opened = std::function<void(std::shared_ptr<net::ByteStream>)>;
  void connect(size_t node, net::StreamHandler& handler, Opened opened);
  // the client's process is gone: its handler is not called any more
  void forget(net::ByteStream& client_side);

  // --- faults
  Weather weather;
  // nothing passes in this direction until mended as often
  void cut(size_t from, size_t to) { ++cuts_[from][to]; }
  void mend(size_t from, size_t to) { --cuts_[from][to]; }
  bool is_cut(size_t from, size_t to) const { return cuts_[from][to] > 0; }
  bool is_calm() const;  // everything passes, in good weather
  void break_links(size_t node);
  void break_streams(size_t node);
  void stall_streams(size_t node, Time until) { stalled_until_[node] = until; }
  void heal();

 private:
  class NodeNetwork;
  class Link;
  class Stream;
  struct Wire;
  struct Pipe;

  Time draw_delay();
  bool loses_in_cut(Wire& wire, size_t side);
  void send_frame(const std::shared_ptr<Wire>& wire, size_t side, net::PeerFrame frame);
  void deliver_frame(const std::shared_ptr<Wire>& wire, size_t side, const net::PeerFrame& frame, Time when);
  void close_wire(const std::shared_ptr<Wire>& wire, size_t side, const std::string& reason);
  void tell_closed(const std::shared_ptr<Wire>& wire, size_t side, const std::string& reason, Time delay);
  void open_wire(NodeNetwork& dialler, NodeNetwork& other, uint64_t dial);
  NodeNetwork* listening_at(const std::string& address, uint16_t port) const;

  void write_pipe(const std::shared_ptr<Pipe>& pipe, size_t side, Bytes bytes);
  void feed_pipe(const std::shared_ptr<Pipe>& pipe, size_t side);
  void end_pipe(const std::shared_ptr<Pipe>& pipe, size_t side, Time when, const std::string& reason);
  void pipe_arrival(const std::shared_ptr<Pipe>& pipe, size_t side, Time when, std::function<void()> what);
  void reset_pipe(const std::shared_ptr<Pipe>& pipe, const std::string& reason);

  World& world_;
  Random random_;
  std::vector<NodeNetwork*> nodes_;  // null: no process
  std::vector<std::vector<int>> cuts_;
  std::vector<Time> stalled_until_;
  std::vector<std::weak_ptr<Wire>> wires_;
  std::vector<std::weak_ptr<Pipe>> pipes_;
  uint64_t next_link_ = 1;
};

}  // namespace keyzone::sim
