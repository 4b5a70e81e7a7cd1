#include "actors/node_facts.h"

namespace keyzone::actors {

cql::Dialect dialect_of(const NodeOptions& options) {
  if (options.dialect == "keyspaces") return cql::keyspaces_dialect();
  cql::Dialect dialect = cql::cassandra_dialect();
  dialect.batch_bytes_warn = options.batch_bytes_warn;
  dialect.batch_bytes_max = options.batch_bytes_max;
  return dialect;
}

cql::NodeFacts node_facts(const NodeContext& context, const NodeView& view) {
  cql::NodeFacts facts;
  const cql::Dialect dialect = dialect_of(context.options);
  facts.node = context.self;
  facts.release_version = dialect.release_version;
  facts.cql_version = dialect.cql_version;
  facts.native_protocol_version = std::to_string(dialect.protocol_version_max);
  facts.gossip_generation = static_cast<int32_t>(context.started_at / 1'000'000);
  for (const auto& [node, load] : context.loads.all()) {
    cql::NodeStats stats;
    stats.up = view.alive->contains(node);
    stats.leaders = load.leaders;
    stats.replicas = load.replicas;
    stats.data_bytes = load.data_bytes;
    stats.log_bytes = load.log_bytes;
    stats.cpu_time_us = load.cpu_time_us;
    stats.uptime_ms = load.uptime_ms;
    facts.nodes[node] = stats;
  }
  facts.nodes[context.self].cpu_time_us = context.environment.cpu_time_us();
  facts.nodes[context.self].up = true;
  for (const auto& [group, route] : *view.routes) {
    cql::TabletStats stats;
    stats.leader = route->leader_hint();
    facts.tablets[group] = stats;
  }
  for (const auto& status : context.statuses.all()) {
    auto& stats = facts.tablets[status.group];
    stats.leader = status.leader;
    stats.term = status.term;
    stats.applied_index = status.applied;
  }
  for (const auto& [group, leader] : context.leaders.all()) {  // as they themselves say; of use where we have no replica
    auto& stats = facts.tablets[group];
    const bool newer = leader.term > stats.term || (leader.term == stats.term && !stats.leader.value);
    if (!newer) continue;
    stats.leader = leader.node;
    stats.term = leader.term;
  }
  for (const auto& id : context.statements.ids()) facts.prepared.push_back({id, {}, {}});
  const auto& options = context.options;
  facts.settings = {
      {"cluster_name", options.cluster_name},
      {"listen_address", options.listen_address},
      {"storage_port", std::to_string(options.storage_port)},
      {"rpc_address", options.rpc_address},
      {"native_transport_port", std::to_string(options.native_transport_port)},
      {"initial_tablets", std::to_string(options.initial_tablets)},
      {"local_one_reads", options.nearest_reads ? "nearest" : "linearizable"},
      {"read_request_timeout", std::to_string(options.read_timeout.count()) + "ms"},
      {"write_request_timeout", std::to_string(options.write_timeout.count()) + "ms"},
      {"request_timeout", std::to_string(options.schema_timeout.count()) + "ms"},
      {"truncate_request_timeout", std::to_string(options.truncate_timeout.count()) + "ms"},
      {"native_transport_max_frame_size", std::to_string(options.frame_bytes_max) + "B"},
      {"batch_size_warn_threshold", std::to_string(dialect.batch_bytes_warn) + "B"},
      {"batch_size_fail_threshold", std::to_string(dialect.batch_bytes_max) + "B"},
      {"dialect", dialect.name},
  };
  return facts;
}

}  // namespace keyzone::actors
