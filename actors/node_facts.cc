#include "actors/node_facts.h"

#include "actors/session.h"
#include "actors/shard.h"

namespace keyzone::actors {

cql::Dialect dialect_of(const NodeOptions& options) {
  const bool keyspaces = options.dialect == "keyspaces";
  cql::Dialect dialect = keyspaces ? cql::keyspaces_dialect() : cql::cassandra_dialect();
  dialect.guardrails = options.guardrails;
  dialect.masked_columns = options.masked_columns;
  if (keyspaces) return dialect;
  dialect.batch_bytes_warn = options.batch_bytes_warn;
  dialect.batch_bytes_max = options.batch_bytes_max;
  return dialect;
}

storage::CacheCounts block_cache_counts(const NodeContext& context) {
  storage::CacheCounts all;
  for (const auto& shard : context.shards) {
    const auto one = shard->cache_counts();
    all.capacity_bytes += one.capacity_bytes;
    all.size_bytes += one.size_bytes;
    all.entries += one.entries;
    all.hits += one.hits;
    all.requests += one.requests;
  }
  return all;
}

cql::NodeFacts node_facts(const NodeContext& context, const NodeView& view, const Table& table) {
  cql::NodeFacts facts;
  const cql::Dialect dialect = dialect_of(context.options);
  facts.node = context.self;
  facts.alone = context.options.one_node_view;
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
  // as they themselves say; of use where we have no replica
  for (const auto& [group, leader] : context.leaders.all()) {
    auto& stats = facts.tablets[group];
    const bool newer = leader.term > stats.term || (leader.term == stats.term && !stats.leader.value);
    if (!newer) continue;
    stats.leader = leader.node;
    stats.term = leader.term;
  }
  if (table.name == "prepared_statements") {
    for (const auto& statement : context.statements.all()) {
      if (!cql::is_still_known(*statement->prepared, *view.catalog)) continue;
      const auto& info = statement->prepared->info();
      facts.prepared.push_back({info.id, info.qualified ? "" : info.keyspace, info.text});
      if (!info.qualified || info.keyspace.empty()) continue;
      // Cassandra keeps it with and without the keyspace that was in use.
      facts.prepared.push_back({cql::prepared_id(info.text, info.keyspace), info.keyspace, info.text});
    }
  }
  if (table.keyspace == "system_views") {
    facts.work = context.meters.facts();
    facts.work.prepared_count = context.statements.size();
    facts.work.prepared_evicted = context.statements.evicted();
    const auto blocks = block_cache_counts(context);
    facts.work.blocks = {blocks.capacity_bytes,
                         blocks.size_bytes,
                         blocks.entries,
                         blocks.hits,
                         blocks.requests,
                         context.meters.block_hits.per_second(),
                         context.meters.block_requests.per_second()};
    for (cql::PoolFact& pool : facts.work.pools) {  // a shard's thread does one thing at a time
      pool.active_max = pool.name == "Native-Transport-Requests"
                            ? kRequestsInFlightMax * context.sessions.size()
                            : context.shards.size();
    }
  }
  if (table.name == "clients") facts.clients = context.sessions.clients();
  if (table.keyspace == "system_traces") facts.traces = context.traces.all(context.clock.wall());
  facts.settings = context.options.settings;
  return facts;
}

}  // namespace keyzone::actors
