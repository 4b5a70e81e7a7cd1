#include "actors/supervisor.h"

#include <caf/send.hpp>

#include <algorithm>

#include "actors/catalog_actor.h"
#include "actors/logging.h"
#include "actors/node_facts.h"
#include "actors/schema_events.h"
#include "actors/session.h"
#include "actors/shard.h"
#include "actors/supervisor_actor.h"
#include "actors/tablet.h"

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kSupervisorTick{200};
constexpr std::chrono::milliseconds kStartTick{20};
constexpr int kTicksOfSlowSteps = 5;
constexpr int kTicksOfMeters = MeterBoard::kTick / kSupervisorTick;
// A schema change waits so long for a node that fell silent, or was not heard yet: it may still serve
// clients.
constexpr std::chrono::seconds kSchemaPatience{2};
constexpr int kTicksBeforeSweep = 50;  // of what dropped tables left behind, once the catalog is current

}  // namespace

Supervisor::Supervisor(caf::actor_config& config, NodeContext& context, Identity identity)
    : ShardActor(config, 0), context_(context), identity_(std::move(identity)) {}

caf::behavior Supervisor::make_behavior() {
  session_number_ = context_.sessions.add(caf::actor_cast<caf::actor>(this));
  return {
      [this](wake_atom) { begin(); },
      [this](tick_atom) { tick(); },
      [this](const LinkHelloPtr& hello) { link_hello(*hello); },
      [this](const LinkGonePtr& gone) { links_.erase(gone->link); },
      [this](const FromStrangerPtr& word) { from_stranger(*word); },
      [this](const PeerChangePtr& change) { peer_change(*change); },
      [this](const PeerHeardPtr& heard) { peer_heard(*heard); },
      [this](const CatalogChangedPtr& change) { catalog_changed(change->catalog); },
      [this](const AwaitVersionPtr& wait) {
        waits_.push_back(*wait);
        check_waits();
      },
      [this](const RepliesPtr& replies) { own_replies(*replies); },
      [this](stop_atom) { hand_over(); },
  };
}

void Supervisor::begin() {
  update_dials();
  alive_.insert(context_.self);
  if (context_.self.value) start_member();
  tick();
}

void Supervisor::on_exit() {
  waits_.clear();
  routes_.clear();
}

CatalogChange Supervisor::new_change() const {
  CatalogChange change;
  change.expected = catalog_->version;
  return change;
}

bool Supervisor::leads_catalog() const {
  return catalog_route_ && catalog_route_->local && catalog_route_->leader_hint() == context_.self;
}

void Supervisor::propose(CatalogChange change) {
  if (proposal_pending_ || !catalog_route_) return;  // what it is about will come up again
  proposal_pending_ = true;
  auto request = std::make_shared<CatalogRequest>();
  request->id = {context_.coordinator(),
                 static_cast<uint64_t>(session_number_) << kSessionShift | next_request_++};
  request->origin = context_.self;
  request->change = encode_change(change);
  send_message(catalog_route_->local, CatalogRequestPtr(std::move(request)));
}

void Supervisor::start_member() {
  member_since_ = clock().now();
  catalog_route_ = std::make_shared<Route>();
  Replica::Start start;
  start.group = kCatalogGroup;
  start.route = catalog_route_;
  for (const auto& founder : identity_.founders) {
    start.voters.push_back(founder.node);
  }
  start.campaign = !identity_.founders.empty() && identity_.founders.front().node == context_.self;
  auto& shard = *context_.shards[context_.shard_of(kCatalogGroup)];
  catalog_route_->local = spawn_catalog(system(), context_, shard, std::move(start));
  catalog_ = std::make_shared<Catalog>();
  publish_view();
}

void Supervisor::catalog_changed(const CatalogPtr& catalog) {
  const auto before = catalog_;
  catalog_ = catalog;
  if (catalog_->version.value == 0) return;
  update_dials();
  reconcile();
  publish_view();
  // Replicas first, so that a session never finds a table before its tablet knows it.
  auto change = CatalogChangedPtr(
      std::make_shared<CatalogChanged>(CatalogChanged{catalog_, schema_events(*before, *catalog_)}));
  for (const auto& [group, route] : routes_) {
    if (route->local) send_message(route->local, change);
  }
  if (catalog_route_->local) send_message(catalog_route_->local, change);
  send_message(context_.hub, change);
  for (const auto& session : context_.sessions.all()) {
    if (session != caf::actor_cast<caf::actor>(this)) send_message(session, change);
  }
  node_events(before);
  check_waits();
  // Once the catalog knows us as we are: peers' rows in system tables are complete.
  auto own = catalog_->nodes.find(context_.self);
  if (!context_.ready && own != catalog_->nodes.end() && own->second.host_id == context_.host)
    open_for_clients();
}

void Supervisor::node_events(const CatalogPtr& before) {
  if (!before) return;
  for (const auto& [id, node] : catalog_->nodes) {
    if (id == context_.self || node.rpc_address.empty()) continue;
    auto it = before->nodes.find(id);
    const bool was = it != before->nodes.end() && !it->second.replaced && !it->second.rpc_address.empty();
    if (!was && !node.replaced) send_event(NodeEvent::Kind::kNew, node);
    if (!was && !node.replaced && alive_.contains(id)) send_event(NodeEvent::Kind::kUp, node);
    if (was && node.replaced) send_event(NodeEvent::Kind::kRemoved, node);
  }
}

void Supervisor::send_event(NodeEvent::Kind kind, const Node& node) {
  auto event = NodeEventPtr(
      std::make_shared<NodeEvent>(NodeEvent{kind, node.rpc_address, node.native_transport_port}));
  for (const auto& session : context_.sessions.all()) {
    if (session != caf::actor_cast<caf::actor>(this)) send_message(session, event);
  }
}

// Starts the replicas that the catalog wants here, stops those that it doesn't.
void Supervisor::reconcile() {
  std::unordered_map<GroupId, RoutePtr> routes;
  for (const auto& [id, map] : catalog_->tablets) {
    const auto table = catalog_->table(id);
    if (!table) continue;
    for (const auto& tablet : map->tablets) {
      auto it = routes_.find(tablet.group);
      auto route = it != routes_.end() ? it->second : std::make_shared<Route>();
      const bool here =
          std::find(tablet.replicas.begin(), tablet.replicas.end(), context_.self) != tablet.replicas.end();
      if (here && !route->local) start_tablet(table, tablet, route);
      if (!here && route->local) stop_tablet(*route);
      routes[tablet.group] = std::move(route);
    }
  }
  for (auto& [group, route] : routes_) {
    if (!routes.contains(group) && route->local) stop_tablet(*route);
  }
  routes_ = std::move(routes);
}

void Supervisor::start_tablet(const TablePtr& table, const Tablet& tablet, const RoutePtr& route) {
  TabletStart start;
  start.replica.group = tablet.group;
  start.replica.route = route;
  if (std::find(tablet.founders.begin(), tablet.founders.end(), context_.self) != tablet.founders.end()) {
    start.replica.voters = tablet.founders;
  }
  auto& shard = *context_.shards[context_.shard_of(tablet.group)];
  start.replica.campaign = tablet.preferred_leader == context_.self && !shard.log().has_group(tablet.group);
  start.table = table;
  start.tablet = tablet;
  start.version = catalog_->version;
  route->local = spawn_tablet(system(), context_, shard, std::move(start));
}

void Supervisor::stop_tablet(Route& route) {
  caf::anon_send(route.local, drop_atom::value);
  route.local = nullptr;
}

// What was dropped while we were away is still on disk; when the catalog is known to be current, it goes.
void Supervisor::sweep_unknown() {
  if (!catalog_ || catalog_->version.value == 0 || catalog_route_->leader_hint().value == 0) return;
  for (auto& shard : context_.shards) {
    std::vector<GroupId> unknown;
    for (const auto group : shard->log().groups()) {
      // A group with a higher id came after our catalog.
      const bool older = group.value < catalog_->next_id;
      if (older && group != kCatalogGroup && !routes_.contains(group)) unknown.push_back(group);
    }
    for (const auto group : unknown) caf::anon_send(shard->keeper(), drop_atom::value, group.value);
  }
  context_.leaders.keep([this](GroupId group) { return group == kCatalogGroup || routes_.contains(group); });
}

void Supervisor::publish_view() {
  auto view = std::make_shared<NodeView>();
  // peers may come before our own catalog does
  view->catalog = catalog_ ? catalog_ : std::make_shared<const Catalog>();
  auto routes = std::make_shared<RouteMap>(routes_);
  if (catalog_route_) (*routes)[kCatalogGroup] = catalog_route_;
  view->routes = std::move(routes);
  view->alive = std::make_shared<std::set<NodeId>>(alive_);
  context_.routing.set(std::move(view));
}

void Supervisor::peer_change(const PeerChange& change) {
  if (change.alive) {
    alive_.insert(change.node);
    lost_.erase(change.node);
  } else {
    alive_.erase(change.node);
    peers_.erase(change.node);
    lost_[change.node] = clock().now();
  }
  log_info("node {} is {}", change.node.value, change.alive ? "up" : "down");
  publish_view();
  auto message = PeerChangePtr(std::make_shared<PeerChange>(change));
  if (catalog_route_ && catalog_route_->local) send_message(catalog_route_->local, message);
  for (const auto& [group, route] : routes_) {
    if (route->local) send_message(route->local, message);
  }
  if (catalog_) {
    auto it = catalog_->nodes.find(change.node);
    if (it != catalog_->nodes.end() && !it->second.rpc_address.empty()) {
      send_event(change.alive ? NodeEvent::Kind::kUp : NodeEvent::Kind::kDown, it->second);
    }
  }
  check_waits();
}

void Supervisor::peer_heard(const PeerHeard& heard) {
  peers_[heard.node] = heard.heartbeat;
  context_.loads.report(heard.node, heard.heartbeat.load);
  if (catalog_route_ && !catalog_route_->leader_hint().value) {
    catalog_route_->learn_leader(heard.heartbeat.catalog_leader);
  }
  check_waits();
}

void Supervisor::check_waits() {
  if (waits_.empty()) return;
  std::erase_if(waits_, [this](const AwaitVersion& wait) {
    if (!catalog_ || catalog_->version < wait.version) return false;
    for (const auto& [id, node] : catalog_->nodes) {
      if (id != context_.self && !node.replaced && must_have(id, wait.version)) return false;
    }
    caf::anon_send(wait.session, done_atom::value, wait.version.value);
    return true;
  });
}

// Whether a schema change of that version still waits for the node.
bool Supervisor::must_have(NodeId node, CatalogVersion version) {
  auto peer = peers_.find(node);
  if (peer != peers_.end() && peer->second.catalog >= version) return false;
  if (alive_.contains(node)) return true;
  auto lost = lost_.find(node);
  const auto since = lost == lost_.end() ? member_since_ : lost->second;
  return clock().now() - since < kSchemaPatience;
}

void Supervisor::open_for_clients() {
  if (!context_.options.serve_clients) {
    context_.ready = true;
    return;
  }
  auto listening = context_.environment.network->listen_clients(
      context_.options.rpc_address, context_.options.native_transport_port,
      [&sys = system(), &context = context_](size_t shard, AcceptedStream stream) {
        accept_session(sys, context, shard, std::move(stream));
      });
  if (!listening) return context_.environment.fatal(listening.error().message);
  context_.ready = true;
  log_info("node '{}' serves clients on {}:{}", context_.options.name, context_.options.rpc_address,
           context_.options.native_transport_port);
}

void Supervisor::tick() {
  // Short steps until clients are served, long ones afterwards.
  delayed_send(this, context_.ready ? kSupervisorTick : kStartTick, tick_atom::value);
  if (context_.stopping) return;
  ++ticks_;
  const bool slow = ticks_ % kTicksOfSlowSteps == 0;
  if (!context_.self.value) {
    try_to_found();
    if (!context_.self.value && slow) ask_to_join();
    return;
  }
  report_load();
  check_waits();
  if (!context_.ready || slow) {
    invite_founders();
    begin_catalog();
    say_who_we_are();
    begin_batch_log();
  }
  if (slow) proposal_pending_ = false;
  if (ticks_ % kTicksOfMeters == 0) {
    const auto view = context_.routing.view();
    context_.meters.tick([&](const Uuid& table) { return view->catalog->table(table) != nullptr; });
    const auto blocks = block_cache_counts(context_);
    context_.meters.block_hits.tick(blocks.hits);
    context_.meters.block_requests.tick(blocks.requests);
  }
  if (context_.ready && ticks_ % kTicksBeforeSweep == 0) sweep_unknown();
}

void Supervisor::report_load() {
  NodeLoad load;
  for (const auto& status : context_.statuses.all()) {
    ++load.replicas;
    load.leaders += status.is_leader;
  }
  for (const auto& shard : context_.shards) {
    load.data_bytes += shard->data_bytes;
    load.log_bytes += shard->log_bytes;
  }
  load.disk_full = context_.disk_full();
  load.cpu_time_us = context_.environment.cpu_time_us();
  load.uptime_ms = static_cast<uint64_t>((context_.clock.wall() - context_.started_at) / 1000);
  context_.loads.report(context_.self, load);
}

void Supervisor::hand_over() {
  for (const auto& [group, route] : routes_) {
    if (route->local) caf::anon_send(route->local, stop_atom::value);
  }
  if (catalog_route_ && catalog_route_->local) caf::anon_send(catalog_route_->local, stop_atom::value);
}

caf::actor spawn_supervisor(caf::actor_system& system, NodeContext& context, Identity identity) {
  return system.spawn<Supervisor>(context, std::move(identity));
}

}  // namespace keyzone::actors
