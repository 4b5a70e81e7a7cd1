// DESCRIBE: the texts are what Cassandra 5.0.8 prints.
#include "cql/describe/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cql/ddl/ddl.h"
#include "cql/grammar/parser.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Rows = std::vector<std::vector<std::string>>;

class Describe : public testing::Test {
 protected:
  Describe() : catalog_(std::make_shared<Catalog>()) {
    run("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'}");
    run("CREATE TYPE k.z (a int)");
    run("CREATE TYPE k.a (\"B\" frozen<z>, c text)");
    run("CREATE TABLE k.t2 (x int, b int, c int static, s map<int, int> static, d text, e list<int>, f int, "
        "PRIMARY KEY (x, b))");
    run("CREATE TABLE k.t1 (a int PRIMARY KEY, \"select\" text)");
  }

  void run(const std::string& text) {
    const auto statement = parse(text);
    ASSERT_TRUE(statement.ok()) << text;
    Uuid id;
    id.bytes[0] = static_cast<uint8_t>(catalog_->version.value);
    const auto plan = plan_schema_change(*statement, {*catalog_, "", id, 7});
    ASSERT_TRUE(plan.ok()) << text << ": " << plan.error().message;
    catalog_ = *apply_change(*catalog_, plan->change);
  }

  Result<ResultSet> describe_text(const std::string& text, const char* keyspace = "") {
    const auto statement = parse(text);
    if (!statement) return statement.error();
    return describe(*statement->as<DescribeStatement>(), *catalog_, keyspace);
  }
  Rows rows(const std::string& text, const char* keyspace = "") {
    const auto result = describe_text(text, keyspace);
    EXPECT_TRUE(result.ok()) << text << ": " << (result ? "" : result.error().message);
    if (!result) return {};
    Rows out;
    ByteReader in(result->rows);
    for (uint32_t i = 0; i < result->row_count; ++i) {
      auto& row = out.emplace_back();
      for (size_t j = 0; j < result->columns->size(); ++j) row.emplace_back(in.bytes(in.be<uint32_t>()));
    }
    EXPECT_TRUE(in.done() && !in.failed());
    return out;
  }
  std::string create(const std::string& text) { return rows(text).at(0).at(3); }
  std::string error(const std::string& text) {
    const auto result = describe_text(text);
    return result ? "no error" : result.error().message;
  }

  CatalogPtr catalog_;
};

constexpr const char* kDefaults =
    "additional_write_policy = '99p'\n"
    "    AND allow_auto_snapshot = true\n"
    "    AND bloom_filter_fp_chance = 0.01\n"
    "    AND caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'}\n"
    "    AND cdc = false\n"
    "    AND comment = ''\n"
    "    AND compaction = {'class': 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy', "
    "'max_threshold': "
    "'32', 'min_threshold': '4'}\n"
    "    AND compression = {'chunk_length_in_kb': '16', 'class': "
    "'org.apache.cassandra.io.compress.LZ4Compressor'}\n"
    "    AND memtable = 'default'\n"
    "    AND crc_check_chance = 1.0\n"
    "    AND default_time_to_live = 0\n"
    "    AND extensions = {}\n"
    "    AND gc_grace_seconds = 864000\n"
    "    AND incremental_backups = true\n"
    "    AND max_index_interval = 2048\n"
    "    AND memtable_flush_period_in_ms = 0\n"
    "    AND min_index_interval = 128\n"
    "    AND read_repair = 'BLOCKING'\n"
    "    AND speculative_retry = '99p';";

TEST_F(Describe, Tables) {
  EXPECT_EQ(
      create("DESCRIBE TABLE k.t1"),
      std::string("CREATE TABLE k.t1 (\n    a int PRIMARY KEY,\n    \"select\" text\n) WITH ") + kDefaults);
  EXPECT_EQ(create("DESCRIBE TABLE k.t2"),
            std::string("CREATE TABLE k.t2 (\n    x int,\n    b int,\n    c int static,\n    s map<int, int> "
                        "static,\n    d text,\n"
                        "    f int,\n    e list<int>,\n    PRIMARY KEY (x, b)\n) WITH CLUSTERING ORDER BY (b "
                        "ASC)\n    AND ") +
                kDefaults);
}

TEST_F(Describe, InternalsTellWhatWasDropped) {
  run("ALTER TABLE k.t2 DROP (d, f)");
  run("ALTER TABLE k.t2 ADD d blob");
  const std::string text = create("DESCRIBE TABLE k.t2 WITH INTERNALS");
  EXPECT_THAT(
      text,
      StartsWith(
          "CREATE TABLE k.t2 (\n    x int,\n    b int,\n    c int static,\n    s map<int, int> static,\n"
          "    e list<int>,\n    d text,\n    f int,\n    PRIMARY KEY (x, b)\n) WITH ID = "));
  EXPECT_THAT(text, HasSubstr("\n    AND CLUSTERING ORDER BY (b ASC)\n    AND additional"));
  EXPECT_THAT(text,
              HasSubstr("'99p';\nALTER TABLE k.t2 DROP d USING TIMESTAMP 7;\nALTER TABLE k.t2 ADD d blob;\n"
                        "ALTER TABLE k.t2 DROP f USING TIMESTAMP 7;"));
}

TEST_F(Describe, KeyspacesWithAllTheyHold) {
  const Rows all = rows("DESCRIBE KEYSPACE k");
  ASSERT_EQ(all.size(), 5u);
  EXPECT_THAT(
      all[0],
      ElementsAre("k", "keyspace", "k",
                  "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': "
                  "'1'}  AND durable_writes = true;"));
  EXPECT_THAT(all[1], ElementsAre("k", "type", "z", "CREATE TYPE k.z (\n    a int\n);"));
  EXPECT_THAT(all[2],
              ElementsAre("k", "type", "a", "CREATE TYPE k.a (\n    \"B\" frozen<z>,\n    c text\n);"));
  EXPECT_EQ(all[3][2], "t1");
  EXPECT_EQ(all[4][2], "t2");
  EXPECT_EQ(rows("DESCRIBE ONLY KEYSPACE k").size(), 1u);
  EXPECT_EQ(rows("DESCRIBE KEYSPACE", "k").size(), 5u);
  EXPECT_EQ(rows("DESCRIBE k").size(), 5u);
  EXPECT_EQ(rows("DESCRIBE t1", "k").size(), 1u);
  EXPECT_EQ(rows("DESCRIBE SCHEMA").size(), 5u);
  EXPECT_GT(rows("DESCRIBE FULL SCHEMA").size(), 90u);
}

TEST_F(Describe, Lists) {
  EXPECT_EQ(rows("DESCRIBE KEYSPACES").size(), 8u);
  EXPECT_THAT(rows("DESCRIBE TABLES", "k"),
              ElementsAre(ElementsAre("k", "table", "t1"), ElementsAre("k", "table", "t2")));
  EXPECT_THAT(rows("DESCRIBE TYPES"),
              ElementsAre(ElementsAre("k", "type", "a"), ElementsAre("k", "type", "z")));
  EXPECT_TRUE(rows("DESCRIBE FUNCTIONS").empty());
  EXPECT_THAT(rows("DESCRIBE CLUSTER").at(0), ElementsAre("", "Murmur3Partitioner", "DynamicEndpointSnitch"));
}

TEST_F(Describe, VirtualTablesAreNotes) {
  EXPECT_EQ(create("DESCRIBE TABLE system_virtual_schema.keyspaces"),
            "/*\nWarning: Table system_virtual_schema.keyspaces is a virtual table and cannot be recreated "
            "with CQL.\n"
            "Structure, for reference:\nVIRTUAL TABLE system_virtual_schema.keyspaces (\n    keyspace_name "
            "text PRIMARY KEY\n"
            ") WITH comment = 'virtual keyspace definitions';\n*/");
  EXPECT_EQ(create("DESCRIBE KEYSPACE system_views"),
            "/*\nWarning: Keyspace system_views is a virtual keyspace and cannot be recreated with CQL.\n"
            "Structure, for reference:\nVIRTUAL KEYSPACE system_views;\n*/");
}

TEST_F(Describe, ErrorsAreCassandras) {
  EXPECT_EQ(error("DESCRIBE TYPE k.nope"), "User defined type 'nope' not found in 'k'");
  EXPECT_EQ(error("DESCRIBE TABLE k.nope"), "Table 'nope' not found in keyspace 'k'");
  EXPECT_EQ(error("DESCRIBE TABLE nope.nope"), "'nope' not found in keyspaces");
  EXPECT_EQ(error("DESCRIBE KEYSPACE nope"), "'nope' not found in keyspaces");
  EXPECT_EQ(error("DESCRIBE KEYSPACE"), "No keyspace specified and no current keyspace");
  EXPECT_EQ(error("DESCRIBE nope"), "'nope' not found in keyspaces");
  EXPECT_EQ(error("DESCRIBE k.nope"), "'nope' not found in keyspace 'k'");
  EXPECT_EQ(error("DESCRIBE INDEX k.nope"), "Table for existing index 'nope' not found in 'k'");
  EXPECT_EQ(error("DESCRIBE FUNCTION k.nope"), "User defined function 'nope' not found in 'k'");
}

// Every statement that is printed makes the same schema again.
TEST_F(Describe, WhatIsPrintedCanBeRun) {
  run("CREATE TABLE k.odd (\"A b\" frozen<a>, c tuple<int, text>, v vector<float, 3>, m map<text, "
      "frozen<list<int>>>, "
      "PRIMARY KEY ((\"A b\", c), v)) WITH CLUSTERING ORDER BY (v DESC) AND comment = 'it''s' AND caching = "
      "{'keys': 'NONE'} "
      "AND compaction = {'class': 'UnifiedCompactionStrategy'} AND speculative_retry = '10ms'");
  const Rows before = rows("DESCRIBE SCHEMA");
  catalog_ = std::make_shared<Catalog>();
  for (const auto& row : before) run(row[3]);
  EXPECT_EQ(rows("DESCRIBE SCHEMA"), before);
}

TEST(DescribePages, EndWhereTheRowsEnd) {
  ResultSet all;
  all.columns = std::make_shared<std::vector<ColumnSpec>>(2);
  for (const std::string text : {"a", "b", "c", "d", "e", "f"}) {
    append_be(all.rows, static_cast<int32_t>(text.size()));
    all.rows += text;
  }
  all.row_count = 3;
  const Uuid version{{1}};
  auto first = describe_page(all, 2, std::nullopt, version);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->row_count, 2u);
  EXPECT_EQ(first->rows, all.rows.substr(0, 20));
  ASSERT_TRUE(first->paging_state);
  auto second = describe_page(all, 2, *first->paging_state, version);
  EXPECT_EQ(second->row_count, 1u);
  EXPECT_EQ(second->rows, all.rows.substr(20));
  EXPECT_FALSE(second->paging_state);
  EXPECT_EQ(describe_page(all, std::nullopt, std::nullopt, version)->row_count, 3u);
  EXPECT_THAT(
      describe_page(all, 2, *first->paging_state, Uuid{{2}}).error().message,
      testing::StartsWith("The schema has changed since the previous page of the DESCRIBE statement"));
  EXPECT_EQ(describe_page(all, 2, "nonsense", version).error().kind, ErrorKind::kProtocol);
}

}  // namespace
}  // namespace keyzone::cql
