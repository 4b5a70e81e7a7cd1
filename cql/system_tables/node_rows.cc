// What a node says of itself and of its peers: system.local, peers, prepared statements, estimates, and the
// virtual tables of system_views.
#include <set>
#include <tuple>

#include "cql/system_tables/row_builder.h"

namespace keyzone::cql {
namespace {

constexpr std::string_view kPartitioner = "org.apache.cassandra.dht.Murmur3Partitioner";
constexpr std::string_view kAnyAddress = "0.0.0.0";

// Where clients reach it: a node that listens everywhere is reached where its peers reach it.
const std::string& client_address(const Node& node) {
  const bool anywhere =
      node.rpc_address.empty() || node.rpc_address == kAnyAddress || node.rpc_address == "::";
  return anywhere ? node.listen_address : node.rpc_address;
}

std::vector<Bytes> token_texts(const Node& node) {
  std::vector<Bytes> out;
  for (const Token token : node.tokens) out.push_back(std::to_string(token.value));
  return out;
}

const Node* find_node(const Catalog& catalog, NodeId id) {
  const auto found = catalog.nodes.find(id);
  return found == catalog.nodes.end() ? nullptr : &found->second;
}
std::string name_of(const Catalog& catalog, NodeId id) {
  const Node* node = find_node(catalog, id);
  return node ? node->name : "";
}

// The nodes that clients may know of, but for this one. Those that are down stay, as in Cassandra; those
// whose disk is gone don't.
std::vector<const Node*> peers_of(const Catalog& catalog, const NodeFacts& facts) {
  std::vector<const Node*> out;
  for (const auto& [id, node] : catalog.nodes) {
    if (id != facts.node && !node.replaced && !facts.alone) out.push_back(&node);
  }
  return out;
}

// What peers and peers_v2 share.
void add_peer(RowBuilder& rows, const Node& node, const Catalog& catalog, const NodeFacts& facts) {
  rows.add()
      .inet("peer", node.listen_address)
      .text("data_center", node.data_center)
      .uuid("host_id", node.host_id)
      .text("rack", node.zone)
      .text("release_version", facts.release_version)
      .uuid("schema_version", catalog.schema_version())
      .texts("tokens", token_texts(node));
}

NodeStats stats_of(NodeId id, const NodeFacts& facts) {
  const auto found = facts.nodes.find(id);
  if (found != facts.nodes.end()) return found->second;
  NodeStats unknown;
  unknown.up = id == facts.node;
  return unknown;
}

const TabletStats* stats_of(GroupId id, const NodeFacts& facts) {
  const auto found = facts.tablets.find(id);
  return found == facts.tablets.end() ? nullptr : &found->second;
}

// Those that the node is meant to lead, Cassandra's "primary ranges"; all where it is alone.
bool is_primary(const Tablet& tablet, NodeId node, bool alone) {
  return alone || tablet.preferred_leader == node;
}

// A row for each primary range. Fill says what it has beside the rest.
template <class Fill>
void add_estimates(RowBuilder& rows, const Table& table, const Catalog& catalog, const NodeFacts& facts,
                   Fill fill) {
  const auto map = catalog.tablets.find(table.id);
  if (map == catalog.tablets.end() || is_hidden_keyspace(table.keyspace)) return;
  // as texts, that is how they are sorted
  std::map<std::pair<std::string, std::string>, const Tablet*> ordered;
  for (const Tablet& tablet : map->second->tablets) {
    if (is_primary(tablet, facts.node, facts.alone))
      ordered[{std::to_string(tablet.begin.value), std::to_string(tablet.end.value)}] = &tablet;
  }
  for (const auto& [range, tablet] : ordered) {
    const TabletStats* stats = stats_of(tablet->group, facts);
    rows.add()
        .text("keyspace_name", table.keyspace)
        .text("table_name", table.name)
        .text("range_start", range.first)
        .text("range_end", range.second)
        .bigint("mean_partition_size", stats ? static_cast<int64_t>(stats->mean_partition_bytes) : 0)
        .bigint("partitions_count", stats ? static_cast<int64_t>(stats->partitions) : 0);
    fill(rows);
  }
}

}  // namespace

std::vector<SystemRow> local_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  RowBuilder rows(table);
  const Node* node = find_node(catalog, facts.node);
  if (!node) return {};
  rows.add()
      .text("key", "local")
      .text("bootstrapped", "COMPLETED")
      .inet("broadcast_address", node->listen_address)
      .integer("broadcast_port", node->storage_port)
      .text("cluster_name", catalog.cluster_name)
      .text("cql_version", facts.cql_version)
      .text("data_center", node->data_center)
      .integer("gossip_generation", facts.gossip_generation)
      .uuid("host_id", node->host_id)
      .inet("listen_address", node->listen_address)
      .integer("listen_port", node->storage_port)
      .text("native_protocol_version", facts.native_protocol_version)
      .text("partitioner", kPartitioner)
      .text("rack", node->zone)
      .text("release_version", facts.release_version)
      .inet("rpc_address", client_address(*node))
      .integer("rpc_port", node->native_transport_port)
      .uuid("schema_version", catalog.schema_version())
      .texts("tokens", token_texts(*node));
  return rows.take();
}

// Keyed by address alone: of several nodes at one address only the first can be here, and none at our own.
std::vector<SystemRow> peers_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  RowBuilder rows(table);
  const Node* self = find_node(catalog, facts.node);
  std::set<std::string> addresses;
  if (self) addresses.insert(self->listen_address);
  for (const Node* node : peers_of(catalog, facts)) {
    if (!addresses.insert(node->listen_address).second) continue;
    add_peer(rows, *node, catalog, facts);
    rows.inet("rpc_address", client_address(*node));
  }
  return rows.take();
}

std::vector<SystemRow> peers_v2_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  std::map<std::tuple<std::string, uint16_t>, const Node*> ordered;
  for (const Node* node : peers_of(catalog, facts))
    ordered[{node->listen_address, node->storage_port}] = node;
  RowBuilder rows(table);
  for (const auto& [key, node] : ordered) {
    add_peer(rows, *node, catalog, facts);
    rows.integer("peer_port", node->storage_port)
        .inet("native_address", client_address(*node))
        .integer("native_port", node->native_transport_port);
  }
  return rows.take();
}

std::vector<SystemRow> prepared_statements_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const PreparedFact& prepared : facts.prepared) {
    rows.add().blob("prepared_id", prepared.id).text("query_string", prepared.text);
    if (!prepared.keyspace.empty()) rows.text("logged_keyspace", prepared.keyspace);
  }
  return rows.take();
}

bool shows_estimates(const Table& table) {
  return (table.keyspace == "system" &&
          (table.name == "size_estimates" || table.name == "table_estimates")) ||
         (table.keyspace == "system_views" && table.name == "disk_usage");
}

std::vector<GroupId> tablets_to_estimate(const Catalog& catalog, NodeId node, bool alone) {
  std::vector<GroupId> out;
  for (const auto& [id, map] : catalog.tablets) {
    for (const Tablet& tablet : map->tablets) {
      if (is_primary(tablet, node, alone)) out.push_back(tablet.group);
    }
  }
  return out;
}

std::vector<SystemRow> size_estimates_rows(const Table& system_table, const Catalog& catalog,
                                           const NodeFacts& facts) {
  RowBuilder rows(system_table);
  for (const auto& [name, table] : catalog.tables)
    add_estimates(rows, *table, catalog, facts, [](RowBuilder&) {});
  return rows.take();
}

std::vector<SystemRow> table_estimates_rows(const Table& system_table, const Catalog& catalog,
                                            const NodeFacts& facts) {
  RowBuilder rows(system_table);
  for (const auto& [name, table] : catalog.tables) {
    for (const char* range : {"local_primary", "primary"})
      add_estimates(rows, *table, catalog, facts,
                    [range](RowBuilder& row) { row.text("range_type", range); });
  }
  return rows.take();
}

std::vector<SystemRow> clients_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  std::map<std::pair<std::string, uint16_t>, const ClientFact*> ordered;
  for (const ClientFact& client : facts.clients) ordered[{client.address, client.port}] = &client;
  RowBuilder rows(table);
  for (const auto& [key, client] : ordered) {
    if (!inet_bytes(client->address)) continue;
    rows.add()
        .inet("address", client->address)
        .integer("port", client->port)
        .map("client_options", client->options)
        .text("connection_stage", "ready")
        .text("driver_name", client->driver_name)
        .text("driver_version", client->driver_version)
        .text("hostname", client->address)
        .integer("protocol_version", client->protocol_version)
        .bigint("request_count", static_cast<int64_t>(client->request_count))
        .boolean("ssl_enabled", client->ssl)
        .text("username", client->username.empty() ? "anonymous" : client->username);
    if (!client->keyspace.empty()) rows.text("keyspace_name", client->keyspace);
    if (!client->ssl) continue;
    rows.text("ssl_cipher_suite", client->ssl_cipher_suite).text("ssl_protocol", client->ssl_protocol);
  }
  return rows.take();
}

// The one role there is: clients don't log in, and each may do all. It has no password, and so no hash of
// one.
std::vector<SystemRow> roles_rows(const Table& table, const Catalog&, const NodeFacts&) {
  RowBuilder rows(table);
  rows.add().text("role", "cassandra").boolean("can_login", true).boolean("is_superuser", true);
  return rows.take();
}

// There is no gossip: what Cassandra's nodes tell each other so is in the catalog and in heartbeats.
std::vector<SystemRow> gossip_info_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  constexpr uint64_t kMillisPerSecond = 1000;
  std::map<std::pair<std::string, uint16_t>, std::pair<NodeId, const Node*>> ordered;
  if (const Node* self = find_node(catalog, facts.node))
    ordered[{self->listen_address, self->storage_port}] = {facts.node, self};
  for (const auto& [id, node] : catalog.nodes) {
    if (!node.replaced && !facts.alone) ordered[{node.listen_address, node.storage_port}] = {id, &node};
  }
  const auto seconds_up = [&facts](NodeId id) {
    return static_cast<int32_t>(stats_of(id, facts).uptime_ms / kMillisPerSecond);
  };
  const int32_t now = facts.gossip_generation + seconds_up(facts.node);
  RowBuilder rows(table);
  for (const auto& [key, found] : ordered) {
    const auto& [id, node] = found;
    const std::string& address = node->listen_address;
    const std::string status =
        "NORMAL," + (node->tokens.empty() ? "" : std::to_string(node->tokens.front().value));
    rows.add()
        .inet("address", address)
        .integer("port", node->storage_port)
        .text("dc", node->data_center)
        .integer("generation", now - seconds_up(id))
        .integer("heartbeat", seconds_up(id))
        .text("host_id", node->host_id.to_string())
        .text("hostname", address)
        .text("internal_address_and_port", address + ":" + std::to_string(node->storage_port))
        .text("internal_ip", address)
        .text("load", std::to_string(stats_of(id, facts).data_bytes) + ".0")
        .text("native_address_and_port",
              client_address(*node) + ":" + std::to_string(node->native_transport_port))
        .text("rack", node->zone)
        .text("release_version", facts.release_version)
        .text("rpc_address", client_address(*node))
        .text("rpc_ready", stats_of(id, facts).up ? "true" : "false")
        .text("schema", catalog.schema_version().to_string())
        .text("status", status)
        .text("status_with_port", status);
  }
  return rows.take();
}

std::vector<SystemRow> keyzone_nodes_rows(const Table& table, const Catalog& catalog,
                                          const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const auto& [id, node] : catalog.nodes) {
    if (node.replaced) continue;
    const NodeStats stats = stats_of(id, facts);
    rows.add()
        .text("name", node.name)
        .bigint("node_id", static_cast<int64_t>(id.value))
        .uuid("host_id", node.host_id)
        .text("zone", node.zone)
        .inet("address", client_address(node))
        .integer("native_port", node.native_transport_port)
        .inet("listen_address", node.listen_address)
        .integer("storage_port", node.storage_port)
        .text("status", stats.up ? "UN" : "DN")
        .integer("leaders", static_cast<int32_t>(stats.leaders))
        .integer("replicas", static_cast<int32_t>(stats.replicas))
        .bigint("data_bytes", static_cast<int64_t>(stats.data_bytes))
        .bigint("log_bytes", static_cast<int64_t>(stats.log_bytes))
        .bigint("cpu_time_us", static_cast<int64_t>(stats.cpu_time_us))
        .bigint("uptime_ms", static_cast<int64_t>(stats.uptime_ms));
  }
  return rows.take();
}

std::vector<SystemRow> keyzone_tablets_rows(const Table& system_table, const Catalog& catalog,
                                            const NodeFacts& facts) {
  RowBuilder rows(system_table);
  for (const auto& [name, table] : catalog.tables) {
    const auto map = catalog.tablets.find(table->id);
    if (map == catalog.tablets.end()) continue;
    std::map<GroupId, const Tablet*> ordered;
    for (const Tablet& tablet : map->second->tablets) ordered[tablet.group] = &tablet;
    for (const auto& [group, tablet] : ordered) {
      std::vector<Bytes> replicas;
      for (const NodeId replica : tablet->replicas) replicas.push_back(name_of(catalog, replica));
      rows.add()
          .text("keyspace_name", table->keyspace)
          .text("table_name", table->name)
          .bigint("tablet_id", static_cast<int64_t>(group.value))
          .bigint("token_begin", tablet->begin.value)
          .bigint("token_end", tablet->end.value)
          .bigint("epoch", static_cast<int64_t>(tablet->epoch.value))
          .texts("replicas", std::move(replicas));
      const TabletStats* stats = stats_of(group, facts);
      if (!stats) continue;
      rows.bigint("term", static_cast<int64_t>(stats->term.value))
          .bigint("applied_index", static_cast<int64_t>(stats->applied_index.value));
      if (find_node(catalog, stats->leader)) rows.text("leader", name_of(catalog, stats->leader));
    }
  }
  return rows.take();
}

}  // namespace keyzone::cql
