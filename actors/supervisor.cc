#include "actors/supervisor.h"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "actors/batch_log.h"
#include "actors/catalog_actor.h"
#include "actors/placement.h"
#include "actors/schema_events.h"
#include "actors/session.h"
#include "actors/shard.h"
#include "actors/shard_actor.h"
#include "actors/tablet.h"

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kTick{200};
constexpr std::chrono::milliseconds kStartTick{20};
constexpr int kTicksOfSlowSteps = 5;
constexpr int kTicksBeforeSweep = 50;  // of what dropped tables left behind, once the catalog is current

class Supervisor : public ShardActor {
 public:
  Supervisor(caf::actor_config& config, NodeContext& context, Identity identity)
      : ShardActor(config, 0), context_(context), identity_(std::move(identity)) {}

  caf::behavior make_behavior() override {
    session_number_ = context_.sessions.add(caf::actor_cast<caf::actor>(this));
    update_dials();
    alive_.insert(context_.self);
    if (context_.self.value) start_member();
    tick();
    return {
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

  void on_exit() override {
    waits_.clear();
    routes_.clear();
  }

 private:
  // --- founding and joining

  bool is_founder() const {
    const auto& seeds = context_.options.seeds;
    return !seeds.empty() && seeds.front() == own_address();
  }
  HostPort own_address() const { return {context_.options.listen_address, context_.options.storage_port}; }

  void update_dials() {
    DialList list;
    list.addresses = context_.options.seeds;
    if (catalog_) {
      for (const auto& [id, node] : catalog_->nodes) {
        if (!node.replaced) list.addresses.push_back({node.listen_address, node.storage_port});
      }
    }
    auto& all = list.addresses;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(a.host, a.port) < std::tie(b.host, b.port);
    });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::erase(all, own_address());
    if (all == dialled_) return;
    dialled_ = all;
    caf::anon_send(context_.hub, DialListPtr(std::make_shared<DialList>(std::move(list))));
  }

  void link_hello(const LinkHello& hello) { links_[hello.link] = hello; }

  // The configured voters of the catalog, each with the link to it, when all of them have said who they are.
  std::optional<std::vector<std::pair<HostPort, const LinkHello*>>> seeds_heard() const {
    std::vector<std::pair<HostPort, const LinkHello*>> out;
    for (const auto& seed : context_.options.seeds) {
      if (seed == own_address()) continue;
      const LinkHello* found = nullptr;
      for (const auto& [number, link] : links_) {
        if (link.dialled && *link.dialled == seed) found = &link;
      }
      if (!found) return std::nullopt;
      out.push_back({seed, found});
    }
    return out;
  }

  // A cluster begins when every configured voter of the catalog is there and is empty; the first of them mints it.
  void try_to_found() {
    if (!is_founder()) return;
    auto seeds = seeds_heard();
    if (!seeds) return;
    for (const auto& [address, link] : *seeds) {
      if (!link->hello.cluster.is_nil()) return;  // there is a cluster already: join it
    }
    identity_.cluster = mint_uuid();
    identity_.cluster_name = context_.options.cluster_name;
    uint64_t next = 1;
    identity_.node = NodeId(next++);
    identity_.founders = {{identity_.node, context_.options.name, context_.options.zone,
                           context_.options.listen_address, context_.options.storage_port, true}};
    std::vector<Uuid> hosts;
    for (const auto& [address, link] : *seeds) {
      identity_.founders.push_back(
          {NodeId(next++), link->hello.name, link->hello.zone, address.host, address.port, true});
      invited_[identity_.founders.back().node] = link->hello.host;
    }
    become_member();
  }

  Uuid mint_uuid() const {
    const Bytes bytes = context_.environment.secret_bytes(16);
    Uuid uuid;
    std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
    uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
  }

  // Keeps what we have become, durably, before anyone hears of it.
  void become_member() {
    if (auto kept = write_identity(*context_.environment.files, context_.options.folder, identity_); !kept) {
      return context_.environment.fatal("the identity can't be kept: " + kept.error().message);
    }
    context_.cluster = identity_.cluster;
    context_.self = identity_.node;
    alive_ = {context_.self};
    spdlog::info("node '{}' is node {} of the cluster '{}' ({})", context_.options.name, context_.self.value,
                 identity_.cluster_name, identity_.cluster.to_string());
    links_.clear();
    caf::anon_send(context_.hub, IdentityChangedPtr(std::make_shared<IdentityChanged>()));
    start_member();
  }

  // To the other founders, until each has kept its identity. A disk that was emptied meanwhile has another host id,
  // and is not invited: it joins as a new node.
  void invite_founders() {
    if (invited_.empty()) return;
    for (const auto& member : identity_.founders) {
      auto it = invited_.find(member.node);
      if (it == invited_.end()) continue;
      for (const auto& [number, link] : links_) {
        if (link.hello.host != it->second) continue;
        if (!link.hello.cluster.is_nil()) {  // done
          invited_.erase(it);
          break;
        }
        Welcome welcome;
        welcome.cluster = identity_.cluster;
        welcome.cluster_name = identity_.cluster_name;
        welcome.host = it->second;
        welcome.node = member.node;
        welcome.members = identity_.founders;
        welcome.founding = true;
        send_on(number, std::move(welcome));
      }
    }
  }

  void send_on(uint64_t link, std::variant<Join, Welcome> word) {
    PeerItem item;
    std::visit([&item](auto& body) { item.body = std::move(body); }, word);
    caf::anon_send(context_.hub, SendOnLinkPtr(std::make_shared<SendOnLink>(SendOnLink{link, std::move(item)})));
  }

  Node own_node() const {
    Node node;
    node.id = context_.self;
    node.host_id = context_.host;
    node.name = context_.options.name;
    node.zone = context_.options.zone;
    node.data_center = context_.options.data_center;
    node.listen_address = context_.options.listen_address;
    node.storage_port = context_.options.storage_port;
    node.rpc_address = context_.options.rpc_address;
    node.native_transport_port = context_.options.native_transport_port;
    return node;
  }

  // An empty node asks every member that it sees; the catalog's leader answers. A member says by the same word what
  // has changed about it.
  void ask_to_join() {
    for (const auto& [number, link] : links_) {
      if (!link.hello.cluster.is_nil()) send_on(number, Join{own_node()});
    }
  }

  void from_stranger(const FromStranger& word) {
    if (auto* join = std::get_if<Join>(&word.item.body)) return handle_join(word.link, word.hello, join->node);
    auto* welcome = std::get_if<Welcome>(&word.item.body);
    if (!welcome || context_.self.value || welcome->host != context_.host) return;
    if (!welcome->refused.empty()) {
      return context_.environment.fatal("the cluster '" + welcome->cluster_name + "' refuses this node: " +
                                        welcome->refused);
    }
    if (welcome->cluster_name != context_.options.cluster_name) {
      return context_.environment.fatal("the seeds belong to the cluster '" + welcome->cluster_name +
                                        "', and this node is configured for '" + context_.options.cluster_name + "'");
    }
    identity_.cluster = welcome->cluster;
    identity_.cluster_name = welcome->cluster_name;
    identity_.node = welcome->node;
    if (welcome->founding) identity_.founders = welcome->members;
    become_member();
  }

  // REQUIRES: the catalog's leader, else the word is ignored; it will be said again.
  void handle_join(uint64_t link, const net::PeerHello& hello, Node node) {
    if (!leads_catalog() || !catalog_ || catalog_->version.value == 0) return;
    if (hello.cluster == context_.cluster && hello.node.value) {  // a member
      node.id = hello.node;
      return register_node(node);
    }
    Welcome welcome;
    welcome.cluster = context_.cluster;
    welcome.cluster_name = catalog_->cluster_name;
    welcome.host = node.host_id;
    const Node* same_name = nullptr;
    for (const auto& [id, known] : catalog_->nodes) {
      if (known.host_id == node.host_id) {
        node.id = id;
        if (!known.replaced) {
          welcome.node = id;
          send_on(link, std::move(welcome));
          return register_node(node);
        }
        welcome.refused = "its place was given to another disk";
        return send_on(link, std::move(welcome));
      }
      if (known.name == node.name && !known.replaced) same_name = &known;
    }
    if (same_name && alive_.contains(same_name->id)) {
      welcome.refused = "a node named '" + node.name + "' is alive";
      return send_on(link, std::move(welcome));
    }
    if (same_name && same_name->zone != node.zone) {
      welcome.refused = "the node '" + node.name + "' belongs to the zone '" + same_name->zone + "', not '" +
                        node.zone + "'";
      return send_on(link, std::move(welcome));
    }
    admit(node, same_name);
  }

  void admit(Node node, const Node* lost) {
    CatalogChange change = new_change();
    change.visible = false;
    change.next_id = std::max(catalog_->next_id, kFirstDynamicId) + 1;
    node.id = NodeId(std::max(catalog_->next_id, kFirstDynamicId));
    if (lost) {
      replace_node(*catalog_, lost->id, node.id, change);
      node.tokens = lost->tokens;
      Node gone = *lost;
      gone.replaced = true;
      gone.tokens.clear();
      change.put_nodes.push_back(std::move(gone));
      change.put_nodes.push_back(std::move(node));
    } else {
      auto members = catalog_->members;
      members.push_back({node.id, false});
      change.members = std::move(members);
      change.put_nodes.push_back(std::move(node));
      redraw_rings(change);
    }
    propose(std::move(change));
  }

  // Rings change freely while there is no data; afterwards a new node has no ranges of its own until some are moved.
  void redraw_rings(CatalogChange& change) {
    const auto log = batch_log(*catalog_);
    for (const auto& [table, map] : catalog_->tablets) {
      if (!log || table != log->id) return;
    }
    auto nodes = catalog_->nodes;
    for (const auto& node : change.put_nodes) nodes[node.id] = node;
    std::vector<Node> all;
    for (auto& [id, node] : nodes) all.push_back(node);
    draw_rings(all, context_.options.initial_tablets);
    change.put_nodes = std::move(all);
  }

  // What a node says about itself, if it differs from what the catalog has.
  void register_node(const Node& said) {
    auto it = catalog_->nodes.find(said.id);
    if (it == catalog_->nodes.end() || it->second.replaced) return;
    Node node = said;
    node.tokens = it->second.tokens;
    const auto& known = it->second;
    if (std::tie(known.host_id, known.name, known.zone, known.data_center, known.listen_address, known.storage_port,
                 known.rpc_address, known.native_transport_port) ==
        std::tie(node.host_id, node.name, node.zone, node.data_center, node.listen_address, node.storage_port,
                 node.rpc_address, node.native_transport_port)) {
      return;
    }
    CatalogChange change = new_change();
    change.visible = false;
    change.put_nodes.push_back(std::move(node));
    propose(std::move(change));
  }

  // --- changes of our own

  CatalogChange new_change() const {
    CatalogChange change;
    change.expected = catalog_->version;
    return change;
  }

  bool leads_catalog() const {
    return catalog_route_ && catalog_route_->local && catalog_route_->leader_hint() == context_.self;
  }

  void propose(CatalogChange change) {
    if (proposal_pending_ || !catalog_route_) return;  // what it is about will come up again
    proposal_pending_ = true;
    auto request = std::make_shared<CatalogRequest>();
    request->id = {context_.coordinator(), static_cast<uint64_t>(session_number_) << kSessionShift | next_request_++};
    request->origin = context_.self;
    request->change = encode_change(change);
    caf::anon_send(catalog_route_->local, CatalogRequestPtr(std::move(request)));
  }

  void own_replies(const Replies&) { proposal_pending_ = false; }

  // The first change of all, by whichever founder leads first.
  void begin_catalog() {
    if (identity_.founders.empty() || !leads_catalog() || !catalog_ || catalog_->version.value != 0) return;
    CatalogChange change = new_change();
    change.visible = false;
    change.cluster = {identity_.cluster, identity_.cluster_name};
    change.secret = context_.environment.secret_bytes(32);
    change.next_id = kFirstDynamicId;
    std::vector<CatalogMember> members;
    std::vector<Node> nodes;
    for (const auto& founder : identity_.founders) {
      members.push_back({founder.node, true});
      Node node;
      node.id = founder.node;
      node.name = founder.name;
      node.zone = founder.zone;
      node.data_center = context_.options.data_center;
      node.listen_address = founder.listen_address;
      node.storage_port = founder.storage_port;
      nodes.push_back(std::move(node));
    }
    for (auto& node : nodes) {
      if (node.id == context_.self) node = own_node();
    }
    draw_rings(nodes, context_.options.initial_tablets);
    change.members = std::move(members);
    change.put_nodes = std::move(nodes);
    propose(std::move(change));
  }

  // As soon as there are three zones.
  void begin_batch_log() {
    if (!leads_catalog() || !catalog_ || catalog_->version.value == 0 || batch_log(*catalog_)) return;
    CatalogChange change = new_change();
    change.visible = false;
    uint64_t next_id = std::max(catalog_->next_id, kFirstDynamicId);
    auto tablets = place_table(*catalog_, kBatchLogTablets, &next_id);
    if (!tablets) return;
    Table table = batch_log_table();
    change.put_tablets.push_back({table.id, *std::move(tablets)});
    change.put_tables.push_back(std::move(table));
    change.next_id = next_id;
    propose(std::move(change));
  }

  // --- replicas

  void start_member() {
    catalog_route_ = std::make_shared<Route>();
    Replica::Start start;
    start.group = kCatalogGroup;
    start.route = catalog_route_;
    for (const auto& founder : identity_.founders) {
      start.voters.push_back(founder.node);
    }
    start.campaign = is_founder() && !identity_.founders.empty();
    auto& shard = *context_.shards[context_.shard_of(kCatalogGroup)];
    catalog_route_->local = spawn_catalog(system(), context_, shard, std::move(start));
    catalog_ = std::make_shared<Catalog>();
    publish_view();
  }

  void catalog_changed(const CatalogPtr& catalog) {
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
      if (route->local) caf::anon_send(route->local, change);
    }
    if (catalog_route_->local) caf::anon_send(catalog_route_->local, change);
    caf::anon_send(context_.hub, change);
    for (const auto& session : context_.sessions.all()) {
      if (session != caf::actor_cast<caf::actor>(this)) caf::anon_send(session, change);
    }
    node_events(before);
    check_waits();
    // Once the catalog knows us as we are: peers' rows in system tables are complete.
    auto own = catalog_->nodes.find(context_.self);
    if (!context_.ready && own != catalog_->nodes.end() && own->second.host_id == context_.host) open_for_clients();
  }

  void node_events(const CatalogPtr& before) {
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

  void send_event(NodeEvent::Kind kind, const Node& node) {
    auto event = NodeEventPtr(
        std::make_shared<NodeEvent>(NodeEvent{kind, node.rpc_address, node.native_transport_port}));
    for (const auto& session : context_.sessions.all()) {
      if (session != caf::actor_cast<caf::actor>(this)) caf::anon_send(session, event);
    }
  }

  // Starts the replicas that the catalog wants here, stops those that it doesn't.
  void reconcile() {
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

  void start_tablet(const TablePtr& table, const Tablet& tablet, const RoutePtr& route) {
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
    route->local = spawn_tablet(system(), context_, shard, std::move(start));
  }

  void stop_tablet(Route& route) {
    caf::anon_send(route.local, drop_atom::value);
    route.local = nullptr;
  }

  // What was dropped while we were away is still on disk; when the catalog is known to be current, it goes.
  void sweep_unknown() {
    if (!catalog_ || catalog_->version.value == 0 || catalog_route_->leader_hint().value == 0) return;
    for (auto& shard : context_.shards) {
      std::vector<GroupId> unknown;
      for (const auto group : shard->log().groups()) {
        if (group != kCatalogGroup && !routes_.contains(group)) unknown.push_back(group);
      }
      for (const auto group : unknown) caf::anon_send(shard->keeper(), drop_atom::value, group.value);
    }
  }

  // --- the view

  void publish_view() {
    auto view = std::make_shared<NodeView>();
    view->catalog = catalog_;
    auto routes = std::make_shared<RouteMap>(routes_);
    (*routes)[kCatalogGroup] = catalog_route_;
    view->routes = std::move(routes);
    view->alive = std::make_shared<std::set<NodeId>>(alive_);
    context_.routing.set(std::move(view));
  }

  void peer_change(const PeerChange& change) {
    if (change.alive) {
      alive_.insert(change.node);
    } else {
      alive_.erase(change.node);
      peers_.erase(change.node);
    }
    spdlog::info("node {} is {}", change.node.value, change.alive ? "up" : "down");
    publish_view();
    auto message = PeerChangePtr(std::make_shared<PeerChange>(change));
    if (catalog_route_ && catalog_route_->local) caf::anon_send(catalog_route_->local, message);
    for (const auto& [group, route] : routes_) {
      if (route->local) caf::anon_send(route->local, message);
    }
    if (catalog_) {
      auto it = catalog_->nodes.find(change.node);
      if (it != catalog_->nodes.end() && !it->second.rpc_address.empty()) {
        send_event(change.alive ? NodeEvent::Kind::kUp : NodeEvent::Kind::kDown, it->second);
      }
    }
    check_waits();
  }

  void peer_heard(const PeerHeard& heard) {
    peers_[heard.node] = heard.heartbeat;
    context_.loads.report(heard.node, heard.heartbeat.load);
    if (catalog_route_ && !catalog_route_->leader_hint().value) {
      catalog_route_->learn_leader(heard.heartbeat.catalog_leader);
    }
    check_waits();
  }

  void check_waits() {
    if (waits_.empty()) return;
    std::erase_if(waits_, [this](const AwaitVersion& wait) {
      if (!catalog_ || catalog_->version < wait.version) return false;
      for (const auto node : alive_) {
        if (node == context_.self) continue;
        auto it = catalog_->nodes.find(node);
        if (it == catalog_->nodes.end() || it->second.replaced) continue;
        auto peer = peers_.find(node);
        if (peer == peers_.end() || peer->second.catalog < wait.version) return false;
      }
      caf::anon_send(wait.session, done_atom::value, wait.version.value);
      return true;
    });
  }

  // --- clients

  void open_for_clients() {
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
    spdlog::info("node '{}' serves clients on {}:{}", context_.options.name, context_.options.rpc_address,
                 context_.options.native_transport_port);
  }

  // --- time

  void tick() {
    // Short steps until clients are served, long ones afterwards.
    delayed_send(this, context_.ready ? kTick : kStartTick, tick_atom::value);
    if (context_.stopping) return;
    ++ticks_;
    const bool slow = ticks_ % kTicksOfSlowSteps == 0;
    if (!context_.self.value) {
      try_to_found();
      if (!context_.self.value && slow) ask_to_join();
      return;
    }
    report_load();
    if (!context_.ready || slow) {
      invite_founders();
      begin_catalog();
      say_who_we_are();
      begin_batch_log();
    }
    if (slow) proposal_pending_ = false;
    if (context_.ready && ticks_ % kTicksBeforeSweep == 0) sweep_unknown();
  }

  void report_load() {
    NodeLoad load;
    for (const auto& status : context_.statuses.all()) {
      ++load.replicas;
      load.leaders += status.is_leader;
    }
    for (const auto& shard : context_.shards) {
      load.data_bytes += shard->data_bytes;
      load.log_bytes += shard->log_bytes;
    }
    load.cpu_time_us = context_.environment.cpu_time_us();
    load.uptime_ms = static_cast<uint64_t>((context_.clock.wall() - context_.started_at) / 1000);
    context_.loads.report(context_.self, load);
  }

  // Until the catalog has it right.
  void say_who_we_are() {
    if (!catalog_ || catalog_->version.value == 0) return;
    auto it = catalog_->nodes.find(context_.self);
    const Node own = own_node();
    if (it != catalog_->nodes.end() && it->second.host_id == own.host_id && it->second.rpc_address == own.rpc_address &&
        it->second.native_transport_port == own.native_transport_port &&
        it->second.listen_address == own.listen_address && it->second.data_center == own.data_center) {
      return;
    }
    if (leads_catalog()) return register_node(own);
    for (const auto& [number, link] : links_) {
      if (link.hello.cluster == context_.cluster) send_on(number, Join{own});
    }
  }

  void hand_over() {
    for (const auto& [group, route] : routes_) {
      if (route->local) caf::anon_send(route->local, stop_atom::value);
    }
    if (catalog_route_ && catalog_route_->local) caf::anon_send(catalog_route_->local, stop_atom::value);
  }

  NodeContext& context_;
  Identity identity_;
  uint32_t session_number_ = 0;
  uint64_t next_request_ = 1;
  bool proposal_pending_ = false;
  std::map<uint64_t, LinkHello> links_;
  std::map<NodeId, Uuid> invited_;  // founders that have not kept their identity yet, by host id
  std::vector<HostPort> dialled_;
  CatalogPtr catalog_;
  RoutePtr catalog_route_;
  RouteMap routes_;
  std::set<NodeId> alive_;
  std::map<NodeId, Heartbeat> peers_;
  std::vector<AwaitVersion> waits_;
  int ticks_ = 0;
};

}  // namespace

caf::actor spawn_supervisor(caf::actor_system& system, NodeContext& context, Identity identity) {
  return system.spawn<Supervisor>(context, std::move(identity));
}

}  // namespace keyzone::actors
