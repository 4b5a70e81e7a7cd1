// The system keyspaces: shapes that drivers insist on, and rows of a small cluster.
#include "cql/system_tables/system_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/types/json.h"

namespace keyzone::cql {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

Uuid id_of(uint8_t n) {
  Uuid id;
  id.bytes[15] = n;
  return id;
}

Node node_of(uint64_t n) {
  const std::string text = std::to_string(n);
  Node node;
  node.id = NodeId{n};
  node.host_id = id_of(static_cast<uint8_t>(n));
  node.name = "n" + text;
  node.zone = "az" + text;
  node.data_center = "datacenter1";
  node.listen_address = "127.0.0." + text;
  node.rpc_address = n == 2 ? "0.0.0.0" : "10.0.0." + text;
  node.tokens = {Token{static_cast<int64_t>(n) * 10}, Token{-static_cast<int64_t>(n)}};
  return node;
}

Catalog sample_catalog() {
  Catalog catalog;
  catalog.cluster_name = "test";
  for (uint64_t n = 1; n <= 4; ++n) catalog.nodes[NodeId{n}] = node_of(n);
  catalog.nodes[NodeId{4}].replaced = true;
  auto keyspace = std::make_shared<Keyspace>();
  keyspace->name = "ks";
  keyspace->replication = {{"class", "org.apache.cassandra.locator.SimpleStrategy"},
                           {"replication_factor", "3"}};
  keyspace->types["u"] = user_type("ks", "u", {"f"}, {native_type(TypeKind::kInt)}, false);
  catalog.keyspaces["ks"] = keyspace;
  auto table = std::make_shared<Table>();
  table->id = id_of(99);
  table->keyspace = "ks";
  table->name = "t";
  table->columns = {
      {ColumnId{1}, "k", native_type(TypeKind::kInt), ColumnKind::kPartitionKey, 0, false},
      {ColumnId{2}, "c", native_type(TypeKind::kText), ColumnKind::kClustering, 0, true},
      {ColumnId{3}, "b", list_type(native_type(TypeKind::kInt), true), ColumnKind::kRegular, 0, false}};
  table->dropped = {{"gone", native_type(TypeKind::kInt), ColumnKind::kRegular, 5'000'000}};
  table->options = {{"comment", "hello"}};
  table->index();
  catalog.tables[{"ks", "t"}] = table;
  catalog.tables_by_id[table->id] = table;
  auto tablets = std::make_shared<TabletMap>();
  const std::vector<NodeId> replicas = {NodeId{1}, NodeId{2}, NodeId{3}};
  tablets->tablets = {{GroupId{101}, Token{INT64_MIN}, Token{0}, Epoch{1}, replicas, {}, NodeId{1}},
                      {GroupId{100}, Token{0}, Token{INT64_MAX}, Epoch{2}, replicas, {}, NodeId{2}}};
  catalog.tablets[table->id] = tablets;
  return catalog;
}

NodeFacts sample_facts() {
  NodeFacts facts;
  facts.node = NodeId{1};
  facts.nodes[NodeId{1}] = {true, 1, 2, 300, 400, 500, 600};
  facts.nodes[NodeId{2}] = {true, 0, 0, 0, 0, 0, 0};
  facts.tablets[GroupId{101}] = {NodeId{2}, keyzone::Term{7}, LogIndex{8}, 10, 100};
  facts.prepared = {{"id", "ks", "SELECT 1"}};
  facts.clients = {{"127.0.0.1", 5000, "driver", "1.0", "", "ks", 5, 9, false, "", "", {{"A", "B"}}}};
  facts.settings = {
      {"cluster_name", "test"}, {"page_size_warn_threshold", "null"}, {"read_request_timeout", "5s"}};
  TableWorkFact& work = facts.work.tables[id_of(99)];
  work.coordinator_reads = {5, 4000, 1000, 3000, 3500, 0.5};
  work.rows_per_read = {4, 9, 2, 8, 9, 0};
  facts.work.partitions_per_logged_batch = {1, 3, 3, 3, 3, 0};
  facts.work.prepared_executed = 3;
  facts.work.others_executed = 1;
  facts.work.blocks = {100, 50, 2, 1, 4, 0.5, 1.5};
  facts.work.pools = {{"MutationStage", 0, 2, 7}, {"ReadStage", 0, 2, 8}};
  return facts;
}

// Rows as JSON objects by column, nulls left out: {"key":"local",…}
std::vector<std::string> rows(const char* keyspace, const char* name) {
  const Table* table = find_system_table(keyspace, name);
  EXPECT_NE(table, nullptr) << keyspace << "." << name;
  std::vector<std::string> out;
  for (const SystemRow& row : system_rows(*table, sample_catalog(), sample_facts())) {
    EXPECT_EQ(row.size(), table->columns.size());
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i]) continue;
      EXPECT_TRUE(table->columns[i].type->validate(*row[i]).ok()) << table->columns[i].name;
      text += (text.empty() ? "" : ", ") + table->columns[i].name + "=" +
              table->columns[i].type->to_json(*row[i]);
    }
    out.push_back(text);
  }
  return out;
}

std::string type_of(const char* keyspace, const char* table, const char* column) {
  const Table* found = find_system_table(keyspace, table);
  const Column* at = found ? found->find(column) : nullptr;
  return at ? at->type->to_string() : "none";
}

TEST(SystemTables, HaveTheShapesThatDriversInsistOn) {
  EXPECT_EQ(type_of("system", "local", "tokens"), "set<text>");
  EXPECT_EQ(type_of("system", "local", "host_id"), "uuid");
  EXPECT_EQ(type_of("system", "peers_v2", "native_port"), "int");
  EXPECT_EQ(type_of("system", "peers", "rpc_address"), "inet");
  EXPECT_EQ(type_of("system_schema", "tables", "flags"), "frozen<set<text>>");
  EXPECT_EQ(type_of("system_schema", "tables", "dclocal_read_repair_chance"), "double");
  EXPECT_EQ(type_of("system_schema", "keyspaces", "replication"), "frozen<map<text, text>>");
  EXPECT_EQ(type_of("system_schema", "views", "include_all_columns"), "boolean");
  EXPECT_EQ(type_of("system_views", "keyzone_nodes", "cpu_time_us"), "bigint");
  EXPECT_EQ(find_system_table("system", "local")->id.to_string(), "7ad54392-bcdd-35a6-8417-4e047860b377");
  EXPECT_EQ(find_system_table("system", "peers_v2")->id.to_string(), "c4325fbb-8e5e-3baf-bd07-0f9250ed818e");
  EXPECT_EQ(find_system_table("system", "scylla_tables"), nullptr);
  EXPECT_TRUE(find_system_table("system_traces", "events"));
  EXPECT_TRUE(find_system_table("system_auth", "roles"));
  EXPECT_TRUE(find_system_table("system_distributed", "repair_history"));
  EXPECT_TRUE(is_system_keyspace("system_schema"));
  EXPECT_FALSE(is_system_keyspace("ks"));
  EXPECT_TRUE(is_virtual_keyspace("system_views"));
  EXPECT_FALSE(is_virtual_keyspace("system"));
  EXPECT_EQ(find_system_table("system", "local")->gc_grace_seconds(), 0);
}

TEST(SystemTables, EveryTableGivesRowsThatValidate) {
  for (const TablePtr& table : system_tables()) (void)rows(table->keyspace.c_str(), table->name.c_str());
}

TEST(SystemTables, Local) {
  const auto local = rows("system", "local");
  ASSERT_EQ(local.size(), 1u);
  EXPECT_THAT(local[0], HasSubstr("key=\"local\""));
  EXPECT_THAT(local[0], HasSubstr("rpc_address=\"10.0.0.1\""));
  EXPECT_THAT(local[0], HasSubstr("rack=\"az1\""));
  EXPECT_THAT(local[0], HasSubstr("tokens=[\"-1\", \"10\"]"));
  EXPECT_THAT(local[0], HasSubstr("partitioner=\"org.apache.cassandra.dht.Murmur3Partitioner\""));
  EXPECT_THAT(local[0], HasSubstr("schema_version="));
}

TEST(SystemTables, PeersAreTheOthersThatStillHaveADisk) {
  const auto peers = rows("system", "peers");
  ASSERT_EQ(peers.size(), 2u);
  EXPECT_THAT(peers[0], HasSubstr("peer=\"127.0.0.2\""));
  EXPECT_THAT(peers[0], HasSubstr("rpc_address=\"127.0.0.2\""));  // it listens everywhere
  EXPECT_THAT(peers[1], HasSubstr("rpc_address=\"10.0.0.3\""));
  const auto v2 = rows("system", "peers_v2");
  ASSERT_EQ(v2.size(), 2u);
  for (const std::string& row : v2) {
    for (const char* column : {"peer", "peer_port", "data_center", "host_id", "native_address", "native_port",
                               "rack", "release_version", "schema_version", "tokens"}) {
      EXPECT_THAT(row, HasSubstr(std::string(column) + "="));
    }
  }
}

TEST(SystemTables, SchemaListsTheSystemsTooInOrder) {
  EXPECT_THAT(rows("system_schema", "keyspaces"), testing::SizeIs(6));
  const auto tables = rows("system_schema", "tables");
  const auto find = [&](const std::string& start) {
    for (const std::string& row : tables) {
      if (row.starts_with(start)) return row;
    }
    return std::string("none");
  };
  const std::string t = find("keyspace_name=\"ks\", table_name=\"t\"");
  EXPECT_THAT(t, HasSubstr("comment=\"hello\""));
  EXPECT_THAT(t, HasSubstr("flags=[\"compound\"]"));
  EXPECT_THAT(t, HasSubstr("id=\"00000000-0000-0000-0000-000000000063\""));
  EXPECT_THAT(find("keyspace_name=\"system\", table_name=\"local\""), HasSubstr("gc_grace_seconds=0"));
  std::vector<std::string> columns;
  for (const std::string& row : rows("system_schema", "columns")) {
    if (row.starts_with("keyspace_name=\"ks\"")) columns.push_back(row);
  }
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_THAT(columns[0], HasSubstr("column_name=\"b\", clustering_order=\"none\""));
  EXPECT_THAT(columns[0], HasSubstr("position=-1, type=\"frozen<list<int>>\""));
  EXPECT_THAT(columns[1], HasSubstr("clustering_order=\"desc\""));
  EXPECT_THAT(columns[2], HasSubstr("kind=\"partition_key\", position=0"));
  EXPECT_THAT(
      rows("system_schema", "types"),
      ElementsAre("keyspace_name=\"ks\", type_name=\"u\", field_names=[\"f\"], field_types=[\"int\"]"));
  EXPECT_THAT(rows("system_schema", "dropped_columns"), testing::SizeIs(1));
  EXPECT_THAT(rows("system_virtual_schema", "keyspaces"), testing::SizeIs(2));
  EXPECT_GT(rows("system_virtual_schema", "columns").size(), 100u);
}

TEST(SystemTables, WhatOnlyANodeKnows) {
  EXPECT_THAT(rows("system", "prepared_statements"), testing::SizeIs(1));
  const auto settings = rows("system_views", "settings");
  EXPECT_THAT(settings, Contains("name=\"cluster_name\", value=\"test\""));
  EXPECT_THAT(settings, Contains("name=\"page_size_warn_threshold\"")) << "null";
  EXPECT_THAT(settings, Contains("name=\"range_request_timeout\", value=\"5s\"")) << "that of other reads";
  EXPECT_GT(settings.size(), 600u) << "all of Cassandra's";
  EXPECT_THAT(settings, Contains("name=\"hints_directory\"")) << "null";
  EXPECT_THAT(settings, Contains("name=\"audit_logging_options_included_users\", value=\"\"")) << "not null";
  EXPECT_THAT(settings, Contains("name=\"auto_repair.repair_type_overrides\", value=\"{}\""));
  EXPECT_THAT(settings,
              Contains("name=\"partitioner\", value=\"org.apache.cassandra.dht.Murmur3Partitioner\""));
  EXPECT_THAT(rows("system_views", "clients").at(0), HasSubstr("username=\"anonymous\""));
  const auto nodes = rows("system_views", "keyzone_nodes");
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_THAT(nodes[0], HasSubstr("cpu_time_us=500"));
  EXPECT_THAT(nodes[0], HasSubstr("status=\"UN\""));
  EXPECT_THAT(nodes[2], HasSubstr("status=\"DN\""));
  const auto tablets = rows("system_views", "keyzone_tablets");
  ASSERT_EQ(tablets.size(), 2u);
  EXPECT_THAT(tablets[0], HasSubstr("tablet_id=100"));
  EXPECT_THAT(tablets[1], HasSubstr("leader=\"n2\", replicas=[\"n1\", \"n2\", \"n3\"], term=7"));
  EXPECT_THAT(
      rows("system", "size_estimates"),
      ElementsAre(
          "keyspace_name=\"ks\", table_name=\"t\", range_start=\"-9223372036854775808\", range_end=\"0\", "
          "mean_partition_size=100, partitions_count=10"));
  EXPECT_THAT(rows("system", "table_estimates"),
              ElementsAre(HasSubstr("range_type=\"local_primary\""), HasSubstr("range_type=\"primary\"")));
  EXPECT_THAT(tablets_to_estimate(sample_catalog(), NodeId{1}, false), ElementsAre(GroupId{101}));
  EXPECT_THAT(tablets_to_estimate(sample_catalog(), NodeId{1}, true), testing::SizeIs(2));
}

TEST(SystemTables, WhatANodeHasMeasured) {
  const std::string of_table = "keyspace_name=\"ks\", table_name=\"t\", ";
  EXPECT_THAT(rows("system_views", "coordinator_read_latency"),
              ElementsAre(of_table + "count=5, max_ms=4.0, p50th_ms=1.0, p99th_ms=3.0, per_second=0.5"));
  EXPECT_THAT(rows("system_views", "local_write_latency"),
              ElementsAre(of_table + "count=0, max_ms=0.0, p50th_ms=0.0, p99th_ms=0.0, per_second=0.0"));
  EXPECT_THAT(rows("system_views", "rows_per_read"),
              ElementsAre(of_table + "count=4, max=9.0, p50th=2.0, p99th=8.0"));
  EXPECT_THAT(rows("system_views", "disk_usage"), ElementsAre(of_table + "mebibytes=1"));
  EXPECT_THAT(rows("system_views", "batch_metrics"),
              Contains("name=\"partitions_per_logged_batch\", max=3, p50th=3.0, p999th=3.0, p99th=3.0"));
  EXPECT_THAT(rows("system_views", "cql_metrics"),
              Contains("name=\"prepared_statements_ratio\", value=0.75"));
  const auto caches = rows("system_views", "caches");
  ASSERT_EQ(caches.size(), 4u);
  EXPECT_THAT(caches[0],
              HasSubstr("name=\"chunks\", capacity_bytes=100, entry_count=2, hit_count=1, hit_ratio=0.25"));
  EXPECT_THAT(caches[3], HasSubstr("name=\"rows\", capacity_bytes=0"));
  const auto pools = rows("system_views", "thread_pools");
  EXPECT_THAT(pools, testing::SizeIs(testing::Gt(15u))) << "those through which nothing goes as well";
}

}  // namespace
}  // namespace keyzone::cql
