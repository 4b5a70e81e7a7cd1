// The inside of the supervisor. supervisor.cc: replicas, the view of the cluster, clients, time;
// supervisor_joining.cc: how a cluster is founded, and how a node becomes and stays a member of it.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "actors/identity.h"
#include "actors/interfaces.h"
#include "actors/node_context.h"
#include "actors/shard_actor.h"
#include "actors/supervisor.h"

namespace keyzone::actors {

class Supervisor : public ShardActor {
 public:
  Supervisor(caf::actor_config& config, NodeContext& context, Identity identity);
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  void begin();

  // --- founding and joining (supervisor_joining.cc)
  HostPort own_address() const { return {context_.options.told_address(), context_.options.storage_port}; }
  const LinkHello* heard_at(const HostPort& address) const;
  bool is_own(const HostPort& address) const;
  void update_dials();
  void link_hello(const LinkHello& hello) { links_[hello.link] = hello; }
  std::optional<std::vector<std::pair<HostPort, const LinkHello*>>> seeds_heard() const;
  void try_to_found();
  void become_member();
  const Member* founder(const Uuid& host) const;
  void invite_founders();
  void send_on(uint64_t link, std::variant<Join, Welcome> word);
  Node own_node() const;
  void ask_to_join();
  void from_stranger(const FromStranger& word);
  void handle_join(uint64_t link, const net::PeerHello& hello, Node node);
  void admit(Node node, const Node* lost);
  void redraw_rings(CatalogChange& change);
  void register_node(const Node& said);
  void begin_catalog();
  void begin_batch_log();
  void say_who_we_are();

  // --- changes of our own
  CatalogChange new_change() const;
  bool leads_catalog() const;
  void propose(CatalogChange change);
  void own_replies(const Replies&) { proposal_pending_ = false; }

  // --- replicas
  void start_member();
  void catalog_changed(const CatalogPtr& catalog);
  void node_events(const CatalogPtr& before);
  void send_event(NodeEvent::Kind kind, const Node& node);
  void reconcile();
  void start_tablet(const TablePtr& table, const Tablet& tablet, const RoutePtr& route);
  void stop_tablet(Route& route);
  void sweep_unknown();

  // --- the view
  void publish_view();
  void peer_change(const PeerChange& change);
  void peer_heard(const PeerHeard& heard);
  void check_waits();
  bool must_have(NodeId node, CatalogVersion version);

  // --- clients
  void open_for_clients();

  // --- time
  void tick();
  void report_load();
  void hand_over();

  NodeContext& context_;
  Identity identity_;
  uint32_t session_number_ = 0;
  uint64_t next_request_ = 1;
  bool proposal_pending_ = false;
  std::map<uint64_t, LinkHello> links_;
  std::vector<HostPort> dialled_;
  CatalogPtr catalog_;
  RoutePtr catalog_route_;
  RouteMap routes_;
  std::set<NodeId> alive_;
  caf::actor_clock::time_point member_since_;
  std::map<NodeId, caf::actor_clock::time_point> lost_;  // when nodes fell silent that are not alive_
  std::map<NodeId, Heartbeat> peers_;
  std::vector<AwaitVersion> waits_;
  int ticks_ = 0;
};

}  // namespace keyzone::actors
