#include "actors/hub.h"

#include <caf/send.hpp>

#include <chrono>
#include <map>

#include "actors/logging.h"
#include "actors/peer_codec.h"
#include "actors/shard_actor.h"
#include "net/peer_frame.h"

namespace keyzone::actors {

namespace {

constexpr size_t kFrameBytesMax = net::kMaxPeerFrame / 4;  // a batch is cut into frames of about this size

constexpr size_t kLedMost = 2000;  // changes of leaders in one heartbeat

// A link is closed, and dialled again, when its other end has been silent for so many times peer_timeout: the
// end may be gone without a word, and TCP would take up to minutes to find out, or to try again behind a long
// cut.
constexpr int kTimeoutsBeforeClosing = 4;

class Hub : public ShardActor {
 public:
  Hub(caf::actor_config& config, NodeContext& context) : ShardActor(config, 0), context_(context) {}

  caf::behavior make_behavior() override {
    delayed_send(this, context_.options.heartbeat_interval, tick_atom::value);
    return {
        [this](const OutgoingPtr& out) {
          for (const auto& [node, item] : out->items) queue_for(node, PeerItemPtr(out, &item));
        },
        [this](flush_atom) { flush(); },
        [this](const LinkOpenedPtr& opened) { link_opened(*opened); },
        [this](const LinkFramePtr& frame) { link_frame(*frame); },
        [this](const LinkClosedPtr& closed) { link_closed(*closed); },
        [this](const DialListPtr& list) { set_dials(*list); },
        [this](const SendOnLinkPtr& send) { send_on_link(*send); },
        [this](const IdentityChangedPtr&) { restart_links(); },
        [this](const CatalogChangedPtr&) {  // who waits for agreement need not wait for the next tick
          for (const auto& [node, peer] : peers_) {
            if (peer.link) heartbeat(node);
          }
        },
        [this](tick_atom) { tick(); },
    };
  }

 private:
  struct Link {
    PeerLinkPtr handle;
    uint64_t dial = 0;
    std::optional<net::PeerHello> hello;  // of the other end; nothing else counts before it
    bool member = false;                  // it is of our cluster
    Timestamp patient_since = 0;          // a silence counts from here
  };
  struct Peer {
    uint64_t link = 0;  // to send on; 0: none
    std::vector<PeerItemPtr> queue;
    size_t queued_bytes = 0;
    Timestamp heard = 0;
    bool alive = false;
    uint64_t incarnation = 0;
    uint64_t led_seen = 0;  // what we know of whom it leads, as a version of its StatusBoard
    uint64_t led_told = 0;  // what it says that it knows of ours
  };
  // Hands one item to whom it concerns.
  struct Delivery {
    Hub& hub;
    NodeId from;
    const PeerItem& item;
    Route* route;

    template <class T>
    void to_replica(T value) {
      if (route && route->local) {
        send_message(route->local, std::shared_ptr<const T>(std::make_shared<T>(std::move(value))));
      }
    }
    void operator()(const Heartbeat& v) {
      send_message(hub.context_.supervisor, PeerHeardPtr(std::make_shared<PeerHeard>(PeerHeard{from, v})));
    }
    void operator()(const raft::Message& v) {
      if (route && route->local) {
        auto messages = std::make_shared<RaftMessages>();
        messages->items.push_back(v);
        send_message(route->local, RaftMessagesPtr(std::move(messages)));
      }
    }
    void operator()(const WriteRequestsPtr& v) { requests_to_replica(v); }
    void operator()(const ReadRequestsPtr& v) { requests_to_replica(v); }
    template <class Requests>
    void requests_to_replica(const Requests& requests) {
      if (!route || !route->local) return refuse(requests->items);
      send_message(route->local, requests);
    }
    template <class Items>
    void refuse(const Items& items) {  // the tablet isn't here (yet, or any more)
      auto replies = std::make_shared<Replies>();
      for (const auto& request : items) replies->items.push_back({request.id, Refusal{}});
      hub.queue_for(from, std::make_shared<PeerItem>(PeerItem{item.group, RepliesPtr(std::move(replies))}));
    }
    void operator()(const RepliesPtr& v) { deliver_replies(hub.context_, v); }
    void operator()(const SnapshotRequest& v) { to_replica(v); }
    void operator()(const SnapshotChunk& v) { to_replica(v); }
    void operator()(const CatalogRequest& v) { to_replica(v); }
    void operator()(const Join&) {}
    void operator()(const Welcome&) {}
    void operator()(const TraceFactPtr& v) { hub.context_.traces.put(v); }
  };
  struct Dial {
    uint64_t number = 0;
    bool self = false;  // it turned out to be our own address
  };

  // --- out

  void queue_for(NodeId node, PeerItemPtr item) {
    if (node == context_.self) {
      deliver(context_.self, *item);
      return;
    }
    auto& peer = peers_[node];
    if (!peer.link || peer.queued_bytes + pending_bytes(peer) > kPeerQueueMax) return;  // senders ask again
    const size_t bytes = size_of(*item);
    peer.queued_bytes += bytes;
    if (bytes <= kFrameBytesMax) {
      peer.queue.push_back(std::move(item));
    } else {
      for (auto& piece : cut(std::move(item), kFrameBytesMax)) peer.queue.push_back(std::move(piece));
    }
    if (!flush_scheduled_) {
      flush_scheduled_ = true;
      send(this, flush_atom::value);
    }
  }

  size_t pending_bytes(const Peer& peer) {
    auto it = links_.find(peer.link);
    return it == links_.end() ? 0 : it->second.handle->pending_bytes();
  }

  void flush() {
    flush_scheduled_ = false;
    for (auto& [node, peer] : peers_) {
      if (peer.queue.empty()) continue;
      auto it = links_.find(peer.link);
      if (it != links_.end()) send_items(*it->second.handle, peer.queue, peer.queued_bytes);
      peer.queue.clear();
      peer.queued_bytes = 0;
    }
  }

  void send_items(PeerLink& link, std::vector<PeerItemPtr>& items, size_t bytes) {
    const Timestamp stamp = context_.clock.now(), wall = context_.clock.wall();
    if (bytes <= kFrameBytesMax) {
      link.send(kBatchChannel, encode_batch(items, stamp, wall));
      return;
    }
    std::vector<PeerItemPtr> part;
    size_t size = 0;
    for (auto& item : items) {
      size += size_of(*item);
      part.push_back(std::move(item));
      if (size < kFrameBytesMax) continue;
      link.send(kBatchChannel, encode_batch(part, stamp, wall));
      part.clear();
      size = 0;
    }
    if (!part.empty()) link.send(kBatchChannel, encode_batch(part, stamp, wall));
  }

  void send_on_link(const SendOnLink& send) {
    auto it = links_.find(send.link);
    if (it == links_.end()) return;
    std::vector<PeerItemPtr> items{std::make_shared<PeerItem>(send.item)};
    send_items(*it->second.handle, items, 0);
  }

  // --- links

  void set_dials(const DialList& list) {
    std::map<std::pair<std::string, uint16_t>, Dial> kept;
    for (const auto& address : list.addresses) {
      const auto key = std::pair(address.host, address.port);
      auto it = dials_.find(key);
      if (it != dials_.end()) {
        kept.insert(*it);
        continue;
      }
      const uint64_t number = next_dial_++;
      kept[key] = {number, false};
      context_.environment.network->dial(number, address.host, address.port);
    }
    for (const auto& [key, dial] : dials_) {
      if (kept.contains(key)) continue;
      context_.environment.network->stop_dialing(dial.number);
    }
    dials_ = std::move(kept);
  }

  std::optional<HostPort> dialled(uint64_t number) const {
    for (const auto& [key, dial] : dials_) {
      if (number && dial.number == number) return HostPort{key.first, key.second};
    }
    return std::nullopt;
  }

  void link_opened(const LinkOpened& opened) {
    links_[opened.link] = {opened.handle, opened.dial, std::nullopt, false, now_us()};
    net::PeerHello hello;
    hello.cluster = context_.cluster;
    hello.node = context_.self;
    hello.host = context_.host;
    hello.name = context_.options.name;
    hello.zone = context_.options.zone;
    hello.incarnation = context_.incarnation;
    hello.address = context_.options.told_address();
    Bytes frame;
    net::append_peer_hello(frame, hello);
    opened.handle->send(net::kHelloChannel, frame.substr(net::kPeerHeaderSize));
  }

  void link_closed(const LinkClosed& closed) {
    auto it = links_.find(closed.link);
    if (it == links_.end()) return;
    const bool known = it->second.hello.has_value();
    const NodeId node = known && it->second.member ? it->second.hello->node : NodeId();
    links_.erase(it);
    if (known)
      send_message(context_.supervisor, LinkGonePtr(std::make_shared<LinkGone>(LinkGone{closed.link})));
    if (node.value) choose_link(node);
  }

  void restart_links() {
    for (auto& [number, link] : links_) link.handle->close();
    links_.clear();
    peers_.clear();
  }

  void close_link(uint64_t number) {
    auto it = links_.find(number);
    if (it == links_.end()) return;
    it->second.handle->close();
  }

  // The link that things for this node are sent on: the one that we dialled if there is one.
  void choose_link(NodeId node) {
    auto& peer = peers_[node];
    uint64_t best = 0;
    for (const auto& [number, link] : links_) {
      if (!link.member || link.hello->node != node) continue;
      if (!best || link.dial) best = number;
    }
    peer.link = best;
    if (!best) {
      peer.queue.clear();
      peer.queued_bytes = 0;
      set_alive(node, peer, false);
    }
  }

  void handle_hello(uint64_t number, Link& link, const net::PeerFrame& frame) {
    auto hello = net::decode_peer_hello(frame);
    if (!hello || hello->protocol != net::kPeerProtocolVersion) {
      log_warn("a peer's first words make no sense: {}",
               hello ? "another protocol version" : hello.error().message);
      return close_link(number);
    }
    const bool strangers = hello->cluster.is_nil() || context_.cluster.is_nil();
    if (!strangers && hello->cluster != context_.cluster) {
      log_warn("node '{}' belongs to another cluster ({}): not admitted", hello->name,
               hello->cluster.to_string());
      return close_link(number);
    }
    if (hello->host == context_.host) {  // ourselves
      for (auto& [key, dial] : dials_) {
        if (dial.number == link.dial && link.dial) {
          dial.self = true;
          context_.environment.network->stop_dialing(dial.number);
        }
      }
      const auto address = dialled(link.dial);
      if (address) {
        send_message(context_.supervisor,
                     LinkHelloPtr(std::make_shared<LinkHello>(LinkHello{number, address, *hello})));
      }
      return close_link(number);
    }
    link.hello = *hello;
    link.member = !strangers && hello->node.value != 0;
    if (link.dial) context_.environment.network->succeeded(link.dial);
    context_.environment.network->lift_limit(number);
    send_message(context_.supervisor,
                 LinkHelloPtr(std::make_shared<LinkHello>(LinkHello{number, dialled(link.dial), *hello})));
    if (!link.member) return;
    auto& peer = peers_[hello->node];
    choose_link(hello->node);
    if (peer.incarnation != hello->incarnation) peer.led_seen = peer.led_told = 0;
    peer.incarnation = hello->incarnation;
    heard(hello->node, peer);
    heartbeat(hello->node);
  }

  // --- in

  void link_frame(const LinkFrame& in) {
    auto it = links_.find(in.link);
    if (it == links_.end()) return;
    auto& link = it->second;
    if (!link.hello) return handle_hello(in.link, link, in.frame);
    if (in.frame.channel != kBatchChannel) return close_link(in.link);
    auto batch = decode_batch(in.frame, link.hello->node);
    if (!batch) {
      log_warn("node '{}': {}", link.hello->name, batch.error().message);
      return close_link(in.link);
    }
    if (!link.member) {
      for (auto& item : batch->items) {
        send_message(context_.supervisor, FromStrangerPtr(std::make_shared<FromStranger>(
                                              FromStranger{in.link, *link.hello, std::move(item)})));
      }
      return;
    }
    const NodeId from = link.hello->node;
    if (!context_.clock.observe(batch->clock)) complain_about_skew(link.hello->name, *batch);
    heard(from, peers_[from]);
    deliver_batch(from, in.link, *link.hello, batch->items);
  }

  void complain_about_skew(const std::string& name, const PeerBatch& batch) {
    const Timestamp now = now_us();
    if (now - complained_ < 10'000'000) return;
    complained_ = now;
    log_error("the clock of node '{}' is {} ms ahead of ours: its time is not believed", name,
              (batch.wall_clock - context_.clock.wall()) / 1000);
  }

  void deliver_batch(NodeId from, uint64_t link, const net::PeerHello& hello, std::vector<PeerItem>& items) {
    std::map<GroupId, std::shared_ptr<RaftMessages>> raft;
    for (auto& item : items) {
      if (auto* message = std::get_if<raft::Message>(&item.body)) {
        if (message->from != from || message->to != context_.self) continue;
        auto& messages = raft[item.group];
        if (!messages) messages = std::make_shared<RaftMessages>();
        messages->items.push_back(std::move(*message));
      } else if (std::holds_alternative<Join>(item.body) || std::holds_alternative<Welcome>(item.body)) {
        send_message(
            context_.supervisor,
            FromStrangerPtr(std::make_shared<FromStranger>(FromStranger{link, hello, std::move(item)})));
      } else {
        if (const auto* beat = std::get_if<Heartbeat>(&item.body)) learn_led(from, hello.incarnation, *beat);
        deliver(from, item);
      }
    }
    for (auto& [group, messages] : raft) {
      if (auto* route = view().route(group); route && route->local) {
        send_message(route->local, RaftMessagesPtr(std::move(messages)));
      }
    }
  }

  // Whom the peer leads, from it itself. What is lost on the way comes again, until we have said that we
  // know.
  void learn_led(NodeId from, uint64_t incarnation, const Heartbeat& beat) {
    auto& peer = peers_[from];
    if (peer.incarnation != incarnation) return;  // still under way from an earlier life
    for (const auto& led : beat.led) {
      context_.leaders.learn(led.group, from, led.term);
      if (auto* route = view().route(led.group); route && !route->local) route->learn_leader(from);
    }
    if (beat.led_from <= peer.led_seen) peer.led_seen = std::max(peer.led_seen, beat.led_version);
    peer.led_told = std::max(peer.led_told, beat.led_seen);
  }

  const NodeView& view() {
    if (view_version_ != context_.routing.version() || !view_) {
      view_version_ = context_.routing.version();
      view_ = context_.routing.view();
    }
    return *view_;
  }

  // One item for this node, from a peer or from ourselves.
  void deliver(NodeId from, const PeerItem& item) {
    std::visit(Delivery{*this, from, item, view().route(item.group)}, item.body);
  }

  // --- liveness

  void heard(NodeId node, Peer& peer) {
    peer.heard = now_us();
    set_alive(node, peer, true);
  }

  void set_alive(NodeId node, Peer& peer, bool alive) {
    if (peer.alive == alive) return;
    peer.alive = alive;
    send_message(context_.supervisor, PeerChangePtr(std::make_shared<PeerChange>(PeerChange{node, alive})));
  }

  void heartbeat(NodeId node) {
    Heartbeat beat;
    beat.catalog = view().catalog->version;
    if (auto* route = view().route(kCatalogGroup)) beat.catalog_leader = route->leader_hint();
    beat.stopping = context_.stopping;
    beat.load = context_.loads.of(context_.self);
    const auto& peer = peers_[node];
    auto led = context_.statuses.led_since(peer.led_told, kLedMost);
    beat.led = std::move(led.items);
    beat.led_from = peer.led_told;
    beat.led_version = led.version;
    beat.led_seen = peer.led_seen;
    queue_for(node, std::make_shared<PeerItem>(PeerItem{GroupId(), std::move(beat)}));
  }

  void tick() {
    delayed_send(this, context_.options.heartbeat_interval, tick_atom::value);
    const Timestamp silence = std::chrono::microseconds(context_.options.peer_timeout).count();
    const Timestamp now = now_us();
    // Having slept ourselves (a pause) is no reason to think that others are dead: give them a turn.
    const bool paused = last_tick_ && now - last_tick_ > silence / 2;
    last_tick_ = now;
    for (auto& [node, peer] : peers_) {
      if (paused) peer.heard = std::max(peer.heard, now - silence / 2);
      if (peer.alive && now - peer.heard > silence) set_alive(node, peer, false);
      if (peer.link) heartbeat(node);
    }
    close_silent_links(now, paused, silence * kTimeoutsBeforeClosing);
  }

  // A stranger that has said hello may have nothing to say for long: it is let be.
  void close_silent_links(Timestamp now, bool paused, Timestamp patience) {
    for (auto& [number, link] : links_) {
      if (paused || (link.hello && !link.member)) link.patient_since = now;
      if (link.member) link.patient_since = std::max(link.patient_since, peers_[link.hello->node].heard);
      if (now - link.patient_since <= patience) continue;
      link.patient_since = now;
      link.handle->close();
    }
  }

  NodeContext& context_;
  std::map<uint64_t, Link> links_;
  std::map<NodeId, Peer> peers_;
  std::map<std::pair<std::string, uint16_t>, Dial> dials_;
  uint64_t next_dial_ = 1;
  NodeViewPtr view_;
  uint64_t view_version_ = UINT64_MAX;
  Timestamp last_tick_ = 0;
  Timestamp complained_ = 0;
  bool flush_scheduled_ = false;
};

}  // namespace

caf::actor spawn_hub(caf::actor_system& system, NodeContext& context) { return system.spawn<Hub>(context); }

}  // namespace keyzone::actors
