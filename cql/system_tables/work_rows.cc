// What a node has measured of its work, in the shapes that Cassandra's tables of system_views have.
//
// Tables of system_views that stay empty have nothing to show here: there are no hints (Raft brings a replica
// up to date), no repairs and streams (nor their history), no permission caches without roles, no SSTables of
// a table's own (all tablets of a shard share one LevelDB: max_sstable_size, max_partition_size, sai_*), no
// snapshots, and no JVM whose properties could be listed.
#include "cql/system_tables/row_builder.h"
#include "schema/time_units.h"

namespace keyzone::cql {
namespace {

// Microseconds as the milliseconds that these tables show.
double in_millis(uint64_t micros) { return static_cast<double>(micros) / kMicrosPerMilli; }

constexpr uint64_t kMebibyte = 1024 * 1024;

// Every table that clients may use, whether it has been used or not.
template <class Fill>
std::vector<SystemRow> rows_of_tables(const Table& system_table, const Catalog& catalog, const Fill& fill) {
  RowBuilder rows(system_table);
  for (const auto& [name, table] : catalog.tables) {
    if (is_hidden_keyspace(table->keyspace)) continue;
    rows.add().text("keyspace_name", table->keyspace).text("table_name", table->name);
    fill(rows, *table);
  }
  return rows.take();
}

using MeterOf = MeterFact TableWorkFact::*;

MeterFact meter_of(const Table& table, const NodeFacts& facts, MeterOf which) {
  const auto found = facts.work.tables.find(table.id);
  return found == facts.work.tables.end() ? MeterFact() : found->second.*which;
}

std::vector<SystemRow> latencies(const Table& system_table, const Catalog& catalog, const NodeFacts& facts,
                                 MeterOf which) {
  return rows_of_tables(system_table, catalog, [&](RowBuilder& rows, const Table& table) {
    const MeterFact meter = meter_of(table, facts, which);
    rows.bigint("count", static_cast<int64_t>(meter.count))
        .real("max_ms", in_millis(meter.max))
        .real("p50th_ms", in_millis(meter.p50))
        .real("p99th_ms", in_millis(meter.p99))
        .real("per_second", meter.per_second);
  });
}

std::vector<SystemRow> sizes(const Table& system_table, const Catalog& catalog, const NodeFacts& facts,
                             MeterOf which) {
  return rows_of_tables(system_table, catalog, [&](RowBuilder& rows, const Table& table) {
    const MeterFact meter = meter_of(table, facts, which);
    rows.bigint("count", static_cast<int64_t>(meter.count))
        .real("max", static_cast<double>(meter.max))
        .real("p50th", static_cast<double>(meter.p50))
        .real("p99th", static_cast<double>(meter.p99));
  });
}

}  // namespace

std::vector<SystemRow> coordinator_read_rows(const Table& table, const Catalog& catalog,
                                             const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::coordinator_reads);
}
std::vector<SystemRow> coordinator_scan_rows(const Table& table, const Catalog& catalog,
                                             const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::coordinator_scans);
}
std::vector<SystemRow> coordinator_write_rows(const Table& table, const Catalog& catalog,
                                              const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::coordinator_writes);
}
std::vector<SystemRow> local_read_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::local_reads);
}
std::vector<SystemRow> local_scan_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::local_scans);
}
std::vector<SystemRow> local_write_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  return latencies(table, catalog, facts, &TableWorkFact::local_writes);
}
std::vector<SystemRow> rows_per_read_rows(const Table& table, const Catalog& catalog,
                                          const NodeFacts& facts) {
  return sizes(table, catalog, facts, &TableWorkFact::rows_per_read);
}
std::vector<SystemRow> tombstones_per_read_rows(const Table& table, const Catalog& catalog,
                                                const NodeFacts& facts) {
  return sizes(table, catalog, facts, &TableWorkFact::tombstones_per_read);
}

// Of the replicas that this node answers for, like size_estimates; a part of a mebibyte counts as one, as in
// Cassandra.
std::vector<SystemRow> disk_usage_rows(const Table& system_table, const Catalog& catalog,
                                       const NodeFacts& facts) {
  return rows_of_tables(system_table, catalog, [&](RowBuilder& rows, const Table& table) {
    uint64_t bytes = 0;
    if (const auto map = catalog.tablets.find(table.id); map != catalog.tablets.end()) {
      for (const Tablet& tablet : map->second->tablets) {
        const auto stats = facts.tablets.find(tablet.group);
        if (stats != facts.tablets.end())
          bytes += stats->second.partitions * stats->second.mean_partition_bytes;
      }
    }
    rows.bigint("mebibytes", static_cast<int64_t>((bytes + kMebibyte - 1) / kMebibyte));
  });
}

std::vector<SystemRow> batch_metrics_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  const auto add = [&rows](const char* name, const MeterFact& meter) {
    rows.add()
        .text("name", name)
        .bigint("max", static_cast<int64_t>(meter.max))
        .real("p50th", static_cast<double>(meter.p50))
        .real("p999th", static_cast<double>(meter.p999))
        .real("p99th", static_cast<double>(meter.p99));
  };
  add("partitions_per_counter_batch", facts.work.partitions_per_counter_batch);
  add("partitions_per_logged_batch", facts.work.partitions_per_logged_batch);
  add("partitions_per_unlogged_batch", facts.work.partitions_per_unlogged_batch);
  return rows.take();
}

std::vector<SystemRow> cql_metrics_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  const WorkFacts& work = facts.work;
  const auto prepared = static_cast<double>(work.prepared_executed),
             others = static_cast<double>(work.others_executed);
  RowBuilder rows(table);
  const auto add = [&rows](const char* name, double value) {
    rows.add().text("name", name).real("value", value);
  };
  add("prepared_statements_count", static_cast<double>(work.prepared_count));
  add("prepared_statements_evicted", static_cast<double>(work.prepared_evicted));
  add("prepared_statements_executed", prepared);
  add("prepared_statements_ratio", prepared + others > 0 ? prepared / (prepared + others) : 0);
  add("regular_statements_executed", others);
  return rows.take();
}

// Cassandra's caches of counters, keys and rows, as it shows them where they are switched off: there are
// none. Blocks of data are cached by LevelDB, under `chunks` as in Cassandra.
std::vector<SystemRow> caches_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  const auto add = [&rows](const char* name, const CacheFact& cache) {
    const double hits = static_cast<double>(cache.hits), requests = static_cast<double>(cache.requests);
    rows.add()
        .text("name", name)
        .bigint("capacity_bytes", static_cast<int64_t>(cache.capacity_bytes))
        .integer("entry_count", static_cast<int32_t>(cache.entries))
        .bigint("hit_count", static_cast<int64_t>(cache.hits))
        .real("hit_ratio", hits / requests)  // of no request: NaN, as there
        .bigint("recent_hit_rate_per_second", static_cast<int64_t>(cache.hits_per_second))
        .bigint("recent_request_rate_per_second", static_cast<int64_t>(cache.requests_per_second))
        .bigint("request_count", static_cast<int64_t>(cache.requests))
        .bigint("size_bytes", static_cast<int64_t>(cache.size_bytes));
  };
  add("chunks", facts.work.blocks);
  for (const char* name : {"counters", "keys", "rows"}) add(name, CacheFact());
  return rows.take();
}

// There are no pools: a shard's one thread does all that concerns its tablets and connections. Those of
// Cassandra's names that clients look for are told what of that kind was done here; through the others
// nothing goes. A replica answers a read, or applies what was agreed on, in one go: of those none is ever
// found active or waiting.
std::vector<SystemRow> thread_pools_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  static constexpr const char* kIdle[] = {"CacheCleanupExecutor",
                                          "CompactionExecutor",
                                          "CounterMutationStage",
                                          "GossipStage",
                                          "HintsDispatcher",
                                          "MemtableFlushWriter",
                                          "MemtablePostFlush",
                                          "MemtableReclaimMemory",
                                          "MigrationStage",
                                          "MiscStage",
                                          "Native-Transport-Auth-Requests",
                                          "PendingRangeCalculator",
                                          "RequestResponseStage",
                                          "Sampler",
                                          "SecondaryIndexExecutor",
                                          "SecondaryIndexManagement",
                                          "ValidationExecutor",
                                          "ViewBuildExecutor",
                                          "ViewMutationStage"};
  std::map<std::string, PoolFact> pools;
  for (const char* name : kIdle) pools[name].name = name;
  for (const PoolFact& pool : facts.work.pools) pools[pool.name] = pool;
  RowBuilder rows(table);
  for (const auto& [name, pool] : pools) {
    rows.add()
        .text("name", pool.name)
        .integer("active_tasks", static_cast<int32_t>(pool.active))
        .integer("active_tasks_limit", static_cast<int32_t>(pool.active_max))
        .bigint("blocked_tasks", 0)
        .bigint("blocked_tasks_all_time", 0)
        .bigint("completed_tasks", static_cast<int64_t>(pool.completed))
        .integer("pending_tasks", 0);
  }
  return rows.take();
}

std::vector<SystemRow> queries_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const QueryFact& query : facts.queries) {
    rows.add()
        .text("thread_id", query.thread)
        .bigint("queued_micros", static_cast<int64_t>(query.queued_us))
        .bigint("running_micros", static_cast<int64_t>(query.running_us))
        .text("task", query.task);
  }
  return rows.take();
}

// A peer's link. All that waits for a peer leaves as one frame, whose messages nobody counts: of what these
// tables count there is nothing.
std::vector<SystemRow> internode_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const auto& [id, node] : catalog.nodes) {
    if (node.replaced || (facts.alone ? id != facts.node : id == facts.node)) continue;
    rows.add()
        .inet("address", node.listen_address)
        .integer("port", node.storage_port)
        .text("dc", node.data_center)
        .text("rack", node.zone);
    for (const Column& column : table.columns) {
      if (column.type->kind() == TypeKind::kBigint) rows.bigint(column.name, 0);
    }
    const auto stats = facts.nodes.find(id);
    const bool up = stats != facts.nodes.end() && stats->second.up;
    if (table.name == "internode_outbound") rows.bigint("active_connections", up ? 1 : 0);
  }
  return rows.take();
}

// Clients are not filtered by their addresses.
std::vector<SystemRow> cidr_counts_rows(const Table& table, const Catalog&, const NodeFacts&) {
  RowBuilder rows(table);
  rows.add().text("name", "CIDR groups cache reload count").bigint("value", 0);
  return rows.take();
}

std::vector<SystemRow> cidr_latencies_rows(const Table& table, const Catalog&, const NodeFacts&) {
  RowBuilder rows(table);
  for (const char* name : {"CIDR checks latency (ns)", "CIDR groups cache reload latency (ns)",
                           "Lookup IP in CIDR groups cache latency (ns)"}) {
    rows.add().text("name", name);
    for (const char* figure : {"max", "p50th", "p95th", "p999th", "p99th"}) rows.real(figure, 0);
  }
  return rows.take();
}

}  // namespace keyzone::cql
