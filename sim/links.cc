// Links between peers, and who dials whom.
#include <algorithm>
#include <caf/send.hpp>
#include <cstring>

#include "actors/interfaces.h"
#include "sim/fabric_parts.h"

namespace keyzone::sim {

namespace {

constexpr Time kDialWaitLeast = 50 * kMillisecond;
constexpr Time kDialWaitMost = kSecond;
constexpr Time kRetryWaitLeast = 200 * kMillisecond;  // Linux' TCP_RTO_MIN
constexpr Time kRetryWaitMost = 120 * kSecond;        // and TCP_RTO_MAX
constexpr Time kWireLookAgain = 500 * kMillisecond;   // whether the news of a closed link gets through now

}  // namespace

Fabric::Fabric(World& world, size_t nodes)
    : world_(world),
      random_(world.fork()),
      nodes_(nodes),
      cuts_(nodes, std::vector<int>(nodes)),
      stalled_until_(nodes) {}

Fabric::~Fabric() = default;

std::string Fabric::address_of(size_t node) { return "10.0.0." + std::to_string(node + 1); }

std::unique_ptr<actors::Network> Fabric::attach(size_t node, Process& process) {
  auto network = std::make_unique<NodeNetwork>(*this, node, process);
  nodes_[node] = network.get();
  return network;
}

Fabric::NodeNetwork* Fabric::listening_at(const std::string& address, uint16_t port) const {
  for (auto* node : nodes_) {
    if (node && node->hub_ && node->peer_address_ == address && node->peer_port_ == port) return node;
  }
  return nullptr;
}

Time Fabric::draw_delay() {
  return weather.delay_least + static_cast<Time>(random_.below(
                                   static_cast<uint64_t>(weather.delay_most - weather.delay_least + 1)));
}

bool Fabric::is_calm() const {
  if (weather != Weather()) return false;
  for (const auto& row : cuts_) {
    if (std::any_of(row.begin(), row.end(), [](int cut) { return cut > 0; })) return false;
  }
  return true;
}

void Fabric::heal() {
  weather = {};
  for (auto& row : cuts_) std::fill(row.begin(), row.end(), 0);
  std::fill(stalled_until_.begin(), stalled_until_.end(), 0);
}

// --- frames

void Fabric::Link::send(uint32_t channel, Bytes message) {
  auto words = std::make_shared<std::vector<net::Word>>(message.size() / sizeof(net::Word));
  std::memcpy(words->data(), message.data(), words->size() * sizeof(net::Word));
  net::PeerFrame frame;
  frame.channel = channel;
  frame.words = *words;
  frame.owner = std::move(words);
  fabric_.send_frame(wire_, side_, std::move(frame));
}

void Fabric::send_frame(const std::shared_ptr<Wire>& wire, size_t side, net::PeerFrame frame) {
  if (!wire->open[side]) return;
  const size_t other = 1 - side;
  if (loses_in_cut(*wire, side)) return;
  const bool hello = frame.channel == net::kHelloChannel;  // a link without it is none
  if (!hello && random_.chance(weather.drop_ppm)) return;
  Time when = world_.now() + draw_delay();
  const bool in_order = hello || !random_.chance(weather.overtake_ppm);
  if (in_order) when = std::max(when, wire->floor[other]);
  if (hello) wire->floor[other] = when + 1;
  if (!hello && random_.chance(weather.late_ppm)) {
    when += static_cast<Time>(random_.below(static_cast<uint64_t>(weather.late_most)));
  } else if (in_order) {
    wire->floor[other] = when;
  }
  if (!hello && random_.chance(weather.duplicate_ppm)) {
    deliver_frame(wire, side, frame,
                  when + static_cast<Time>(random_.below(static_cast<uint64_t>(weather.late_most))));
  }
  deliver_frame(wire, side, frame, when);
}

bool Fabric::loses_in_cut(Wire& wire, size_t side) {
  auto& wait = wire.retry_wait[side];
  if (wait && world_.now() < wire.retry_at[side]) return true;
  if (!is_cut(wire.nodes[side], wire.nodes[1 - side])) {
    wait = 0;
    return false;
  }
  wait = std::clamp(2 * wait, kRetryWaitLeast, kRetryWaitMost);
  wire.retry_at[side] = world_.now() + wait;
  return true;
}

void Fabric::deliver_frame(const std::shared_ptr<Wire>& wire, size_t side, const net::PeerFrame& frame,
                           Time when) {
  const size_t bytes = frame.bytes().size();
  wire->pending[side] += bytes;
  world_.at(when, [this, wire, side, frame, bytes] {
    wire->pending[side] -= bytes;
    const size_t other = 1 - side;
    if (!wire->ends[other] || !wire->open[other]) return;
    world_.trace().add_bytes(Trace::Kind::kFrame, wire->nodes[other], frame.bytes());
    wire->ends[other]->process_.deliver([wire, other, frame] {
      if (!wire->open[other]) return;
      send_message(
          wire->ends[other]->hub_,
          actors::LinkFramePtr(std::make_shared<actors::LinkFrame>(actors::LinkFrame{wire->number, frame})));
    });
  });
}

// --- opening and closing

void Fabric::open_wire(NodeNetwork& dialler, NodeNetwork& other, uint64_t dial) {
  auto wire = std::make_shared<Wire>();
  wire->number = next_link_++;
  wire->dial = dial;
  wire->ends = {&dialler, &other};
  wire->nodes = {dialler.node_, other.node_};
  std::erase_if(wires_, [](const auto& w) { return w.expired(); });
  wires_.push_back(wire);
  const auto open = [&](size_t side, Time delay) {
    wire->floor[side] = world_.now() + delay + 1;
    world_.after(delay, [this, wire, side] {
      if (!wire->ends[side] || !wire->open[side]) return;
      wire->ends[side]->process_.deliver([this, wire, side] {
        if (!wire->open[side]) return;
        send_message(
            wire->ends[side]->hub_,
            actors::LinkOpenedPtr(std::make_shared<actors::LinkOpened>(actors::LinkOpened{
                wire->number, side == 0 ? wire->dial : 0, std::make_shared<Link>(*this, wire, side)})));
      });
    });
  };
  open(1, 0);
  open(0, draw_delay());
}

void Fabric::close_wire(const std::shared_ptr<Wire>& wire, size_t side, const std::string& reason) {
  if (!wire->open[side]) return;
  tell_closed(wire, side, reason, 1);
  tell_closed(wire, 1 - side, reason, draw_delay());
}

// The side learns that the link is no more; not while the news can't get there.
void Fabric::tell_closed(const std::shared_ptr<Wire>& wire, size_t side, const std::string& reason,
                         Time delay) {
  world_.after(delay, [this, wire, side, reason, delay] {
    if (!wire->ends[side] || !wire->open[side]) return;
    if (delay > 1 && is_cut(wire->nodes[1 - side], wire->nodes[side])) {
      return tell_closed(wire, side, reason, kWireLookAgain);
    }
    wire->open[side] = false;
    auto* end = wire->ends[side];
    end->process_.deliver([wire, side, end, reason] {
      const uint64_t dial = side == 0 ? wire->dial : 0;
      send_message(end->hub_, actors::LinkClosedPtr(std::make_shared<actors::LinkClosed>(
                                  actors::LinkClosed{wire->number, dial, reason})));
      if (dial) end->try_later(dial);
    });
  });
}

void Fabric::break_links(size_t node) {
  for (const auto& weak : wires_) {
    const auto wire = weak.lock();
    if (!wire) continue;
    for (size_t side = 0; side < 2; ++side) {
      if (wire->nodes[side] == node) close_wire(wire, side, "connection reset");
    }
  }
}

// --- one process

Result<void> Fabric::NodeNetwork::listen_peers(const std::string& address, uint16_t port, caf::actor hub) {
  peer_address_ = address;
  peer_port_ = port;
  hub_ = std::move(hub);
  return {};
}

void Fabric::NodeNetwork::dial(uint64_t dial, const std::string& address, uint16_t port) {
  dials_[dial] = {address, port, kDialWaitLeast};
  try_dial(dial);
}

void Fabric::NodeNetwork::succeeded(uint64_t dial) {
  auto it = dials_.find(dial);
  if (it != dials_.end()) it->second.wait = kDialWaitLeast;
}

void Fabric::NodeNetwork::try_dial(uint64_t dial) {
  const auto& wanted = dials_[dial];
  auto* other = fabric_.listening_at(wanted.address, wanted.port);
  if (!other || !hub_ || fabric_.is_cut(node_, other->node_) || fabric_.is_cut(other->node_, node_)) {
    return try_later(dial);
  }
  fabric_.open_wire(*this, *other, dial);
}

void Fabric::NodeNetwork::try_later(uint64_t dial) {
  auto it = dials_.find(dial);
  if (it == dials_.end()) return;
  const Time wait = it->second.wait + static_cast<Time>(fabric_.random_.below(kDialWaitLeast));
  it->second.wait = std::min(it->second.wait * 2, kDialWaitMost);
  fabric_.world_.after(wait, [this, alive = alive_, dial] {
    if (!*alive) return;
    process_.deliver([this, dial] {
      if (dials_.contains(dial)) try_dial(dial);
    });
  });
}

void Fabric::NodeNetwork::stop() {
  if (!*alive_) return;
  *alive_ = false;
  fabric_.nodes_[node_] = nullptr;
  for (const auto& weak : fabric_.wires_) {
    const auto wire = weak.lock();
    if (!wire) continue;
    for (size_t side = 0; side < 2; ++side) {
      if (wire->ends[side] != this) continue;
      wire->ends[side] = nullptr;
      wire->open[side] = false;
      fabric_.tell_closed(wire, 1 - side, "closed by peer", fabric_.draw_delay());
    }
  }
  for (const auto& weak : fabric_.pipes_) {
    const auto pipe = weak.lock();
    if (!pipe || pipe->server != this) continue;
    pipe->server = nullptr;
    pipe->sides[1].handler = nullptr;
    pipe->sides[1].ended = true;
    fabric_.reset_pipe(pipe, "closed by peer");
  }
  on_accept_ = nullptr;
  hub_ = nullptr;
}

}  // namespace keyzone::sim
