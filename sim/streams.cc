// Clients' streams: bytes keep their order, may stall, and the stream may break.
#include "sim/fabric_parts.h"

namespace keyzone::sim {

namespace {

constexpr uint16_t kClientPort = 40'000;

net::Inet inet(const std::string& address, uint16_t port) {
  net::Inet out;
  auto parsed = net::InetAddress::parse(address);
  KEYZONE_ASSERT(parsed.ok());
  out.address = *parsed;
  out.port = port;
  return out;
}

}  // namespace

Result<void> Fabric::NodeNetwork::listen_clients(const std::string&, uint16_t, OnAccept on_accept) {
  on_accept_ = std::move(on_accept);
  return {};
}

void Fabric::connect(size_t node, net::StreamHandler& handler, Opened opened) {
  world_.after(draw_delay(), [this, node, &handler, opened = std::move(opened)] {
    auto* server = nodes_[node];
    if (!server || !server->on_accept_) return opened(nullptr);
    auto pipe = std::make_shared<Pipe>();
    pipe->node = node;
    pipe->server = server;
    pipe->sides[0].handler = &handler;
    std::erase_if(pipes_, [](const auto& p) { return p.expired(); });
    pipes_.push_back(pipe);
    server->process_.deliver([this, pipe] {
      if (pipe->reset) return;
      actors::AcceptedStream accepted;
      accepted.stream = std::make_shared<Stream>(*this, pipe, 1);
      accepted.start = [this, pipe](net::StreamHandler& handler_there) {
        if (pipe->sides[1].ended) return;
        pipe->sides[1].handler = &handler_there;
        feed_pipe(pipe, 1);
      };
      pipe->server->on_accept_(0, std::move(accepted));
    });
    opened(std::make_shared<Stream>(*this, pipe, 0));
  });
}

void Fabric::forget(net::ByteStream& client_side) {
  auto& pipe = static_cast<Stream&>(client_side).pipe_;
  pipe->sides[0].handler = nullptr;
  pipe->sides[0].ended = true;
  reset_pipe(pipe, "closed by peer");
}

// Runs `what` at the side when its bytes get there, after all that was on its way before.
void Fabric::pipe_arrival(const std::shared_ptr<Pipe>& pipe, size_t side, Time when,
                          std::function<void()> what) {
  auto& to = pipe->sides[side];
  to.floor = std::max({to.floor, when, stalled_until_[pipe->node]});
  world_.at(to.floor, [pipe, side, what = std::move(what)] {
    if (pipe->reset) return;
    if (side == 0) return what();
    if (pipe->server) pipe->server->process_.deliver(what);
  });
}

void Fabric::write_pipe(const std::shared_ptr<Pipe>& pipe, size_t side, Bytes bytes) {
  auto& from = pipe->sides[side];
  if (from.closing || pipe->reset || bytes.empty()) return;
  from.pending += bytes.size();
  from.was_full = from.was_full || from.pending > net::kOutputHighWater;
  // Events of one instant come in any order: the floor grows with each write.
  auto& to = pipe->sides[1 - side];
  const Time when = std::max(world_.now() + draw_delay(), to.floor + 1);
  pipe_arrival(pipe, 1 - side, when, [this, pipe, side, bytes = std::move(bytes)] {
    auto& sender = pipe->sides[side];
    auto& receiver = pipe->sides[1 - side];
    sender.pending -= bytes.size();
    world_.trace().add_bytes(Trace::Kind::kStream, pipe->node * 2 + side, bytes);
    receiver.arrived += bytes;
    feed_pipe(pipe, 1 - side);
    if (sender.was_full && sender.pending < net::kOutputLowWater && sender.handler) {
      sender.was_full = false;
      sender.handler->on_writable();
    }
  });
}

void Fabric::feed_pipe(const std::shared_ptr<Pipe>& pipe, size_t side) {
  auto& to = pipe->sides[side];
  if (to.paused || !to.handler || to.arrived.empty()) return;
  const Bytes bytes = std::move(to.arrived);
  to.arrived.clear();
  to.handler->on_bytes(bytes);
}

void Fabric::Stream::resume_reading() {
  pipe_->sides[side_].paused = false;
  fabric_.world_.after(1, [&fabric = fabric_, pipe = pipe_, side = side_] {
    if (pipe->reset) return;
    if (side == 0) return fabric.feed_pipe(pipe, side);
    if (pipe->server) pipe->server->process_.deliver([&fabric, pipe, side] { fabric.feed_pipe(pipe, side); });
  });
}

void Fabric::Stream::close() {
  auto& from = pipe_->sides[side_];
  if (from.closing || pipe_->reset) return;
  from.closing = true;
  const Time when = std::max(fabric_.world_.now() + fabric_.draw_delay(), pipe_->sides[1 - side_].floor + 1);
  fabric_.end_pipe(pipe_, 1 - side_, when, "closed by peer");
  fabric_.end_pipe(pipe_, side_, when + 1, "closed");
}

void Fabric::end_pipe(const std::shared_ptr<Pipe>& pipe, size_t side, Time when, const std::string& reason) {
  const auto end = [this, pipe, side, reason] {
    auto& at = pipe->sides[side];
    feed_pipe(pipe, side);
    at.closing = true;
    if (at.ended || !at.handler) return;
    at.ended = true;
    std::exchange(at.handler, nullptr)->on_closed(reason);
  };
  pipe_arrival(pipe, side, when, end);
}

// Both sides learn of it; nothing that is on its way arrives.
void Fabric::reset_pipe(const std::shared_ptr<Pipe>& pipe, const std::string& reason) {
  if (pipe->reset) return;
  pipe->reset = true;
  for (size_t side = 0; side < 2; ++side) {
    world_.after(draw_delay(), [pipe, side, reason] {
      const auto end = [pipe, side, reason] {
        auto& at = pipe->sides[side];
        if (at.ended || !at.handler) return;
        at.ended = true;
        std::exchange(at.handler, nullptr)->on_closed(reason);
      };
      if (side == 0) return end();
      if (pipe->server) pipe->server->process_.deliver(end);
    });
  }
}

void Fabric::break_streams(size_t node) {
  for (const auto& weak : pipes_) {
    const auto pipe = weak.lock();
    if (pipe && pipe->node == node) reset_pipe(pipe, "connection reset");
  }
}

net::Inet Fabric::Stream::remote() const {
  return side_ == 0 ? inet(address_of(pipe_->node), 9042) : inet("10.0.1.1", kClientPort);
}
net::Inet Fabric::Stream::local() const {
  return side_ == 0 ? inet("10.0.1.1", kClientPort) : inet(address_of(pipe_->node), 9042);
}

}  // namespace keyzone::sim
