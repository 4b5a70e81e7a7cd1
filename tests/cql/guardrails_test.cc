// Limits that an operator sets, in Cassandra's words.
#include "cql/guardrails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cql/ddl/ddl.h"
#include "tests/cql/world.h"

namespace keyzone::cql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GuardrailsTest : public testing::Test {
 protected:
  GuardrailsTest() {
    for (const char* text :
         {"CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
          "CREATE TABLE ks.t (k int, c int, v text, l list<int>, m map<int, text>, f "
          "frozen<set<int>>, w set<text>, n list<text>, PRIMARY KEY (k, c))"}) {
      EXPECT_THAT(world_.run({text}), Not(HasSubstr("error")));
    }
    world_.set_keyspace("ks");
  }
  Guardrails& guardrails() { return world_.dialect().guardrails; }
  void set(const char* name, int64_t value) { ASSERT_TRUE(guardrails().set(name, value)) << name; }

  // What a write is warned of, or refused with.
  std::vector<std::string> warnings(const std::string& text) {
    auto prepared = world_.prepare_text(text);
    if (!prepared) return {prepared.error().message};
    auto bound = world_.bind(**prepared, {text});
    auto execution = begin(*prepared, world_.options(*bound), world_.catalog());
    if (!execution) return {execution.error().message};
    if (auto* write = std::get_if<WriteExecution>(&*execution)) {
      if_applied_ = write->warnings_if_applied;
      return write->warnings;
    }
    return std::get<ReadExecution>(*execution).warnings();
  }

  World world_;
  std::vector<std::string> if_applied_;
};

TEST(Guardrails, EveryNameCanBeSet) {
  Guardrails guardrails;
  for (const auto& [name, value] : guardrails.all()) EXPECT_TRUE(guardrails.set(name, value)) << name;
  EXPECT_FALSE(guardrails.set("tables_fail", 1));
  EXPECT_EQ(guardrails.of(Limit::kTombstones).warn, 1000);
  EXPECT_EQ(guardrails.of(Limit::kTombstones).fail, 100'000);
  EXPECT_FALSE(guardrails.limits_writes());
}

TEST(Guardrails, BelowTheThresholdsNothingIsSaid) {
  Guardrails guardrails;
  guardrails.set("page_size_warn_threshold", 10);
  guardrails.set("page_size_fail_threshold", 20);
  std::vector<std::string> warnings;
  EXPECT_TRUE(guardrails.check(Limit::kPageSize, "t", 10, warnings));
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_TRUE(guardrails.check(Limit::kPageSize, "t", 11, warnings));
  EXPECT_THAT(warnings,
              ElementsAre("Guardrail page_size violated: Query for table t with page size 11 exceeds warning "
                          "threshold of 10."));
  EXPECT_EQ(
      guardrails.check(Limit::kPageSize, "t", 21, warnings).error().message,
      "Guardrail page_size violated: Aborting query for table t, page size 21 exceeds fail threshold of 20.");
}

TEST_F(GuardrailsTest, WhatMayNotBeSaid) {
  EXPECT_THAT(warnings("SELECT * FROM t WHERE v = 'a' ALLOW FILTERING"), IsEmpty());
  set("allow_filtering_enabled", 0);
  EXPECT_THAT(
      warnings("SELECT * FROM t WHERE v = 'a' ALLOW FILTERING"),
      ElementsAre("Guardrail allow_filtering violated: Querying with ALLOW FILTERING is not allowed. ALLOW "
                  "FILTERING can potentially visit all the data in the table and have unpredictable "
                  "performance."));
  EXPECT_THAT(warnings("SELECT * FROM t WHERE v = 'a'"),
              ElementsAre(HasSubstr("has been disabled by the allow_filtering_enabled property")));
  EXPECT_THAT(warnings("SELECT * FROM t WHERE c = 1"), ElementsAre(HasSubstr("use ALLOW FILTERING")))
      << "as in Cassandra";
  set("group_by_enabled", 0);
  EXPECT_THAT(warnings("SELECT k, count(*) FROM t GROUP BY k"),
              ElementsAre("Guardrail group_by violated: GROUP BY functionality is not allowed"));
  set("user_timestamps_enabled", 0);
  EXPECT_THAT(warnings("INSERT INTO t (k, c) VALUES (1, 1) USING TIMESTAMP 5"),
              ElementsAre(HasSubstr("User provided timestamps (USING TIMESTAMP) is not allowed")));
  EXPECT_THAT(warnings("INSERT INTO t (k, c) VALUES (1, 1)"), IsEmpty());
  EXPECT_THAT(warnings("BEGIN BATCH INSERT INTO t (k, c) VALUES (1, 1) USING TIMESTAMP 5 APPLY BATCH"),
              ElementsAre(HasSubstr("user_timestamps")));
  EXPECT_THAT(warnings("BEGIN BATCH USING TIMESTAMP 5 INSERT INTO t (k, c) VALUES (1, 1) APPLY BATCH"),
              IsEmpty())
      << "as in Cassandra";
  EXPECT_THAT(warnings("SELECT nosuch FROM t GROUP BY k"), ElementsAre(HasSubstr("group_by")));
  EXPECT_THAT(warnings("SELECT * FROM t WHERE nosuch = 1 ALLOW FILTERING"),
              ElementsAre(HasSubstr("Undefined")));
  set("drop_truncate_table_enabled", 0);
  EXPECT_THAT(world_.run({"TRUNCATE nosuch"}), HasSubstr("does not exist"));
  EXPECT_THAT(world_.run({"TRUNCATE t"}), HasSubstr("DROP and TRUNCATE TABLE functionality is not allowed"));
}

TEST_F(GuardrailsTest, SizesOfValues) {
  set("column_value_size_warn_threshold", 4);
  set("column_value_size_fail_threshold", 8);
  EXPECT_THAT(warnings("INSERT INTO t (k, c, v) VALUES (1, 1, 'four')"), IsEmpty());
  EXPECT_THAT(
      warnings("INSERT INTO t (k, c, v) VALUES (1, 1, 'five5')"),
      ElementsAre("Guardrail column_value_size violated: Value of column 'v' has size 5, this exceeds the "
                  "warning threshold of 4."));
  EXPECT_THAT(warnings("UPDATE t SET v = 'much too long' WHERE k = 1 AND c = 1"),
              ElementsAre(HasSubstr("has size 13, this exceeds the failure threshold of 8.")));
  EXPECT_THAT(warnings("UPDATE t SET m = m + {1: 'five5'}, l = l - [1, 2, 3] WHERE k = 1 AND c = 1"),
              ElementsAre(HasSubstr("Value of column 'm' has size 5")));
  EXPECT_THAT(warnings("UPDATE t SET w = {'five5'} WHERE k = 1 AND c = 1"),
              ElementsAre(HasSubstr("Value of column 'w' has size 5")));
  EXPECT_THAT(warnings("INSERT INTO t (k, c, n) VALUES (1, 1, ['a', 'b', 'five5'])"),
              ElementsAre(HasSubstr("Value of column 'n' has size 5")));
  EXPECT_THAT(warnings("UPDATE t SET w = {'five5', 'fives'} WHERE k = 1 AND c = 1"),
              ElementsAre(HasSubstr("has size 5"), HasSubstr("has size 5")));
  for (const char* text : {"UPDATE t SET w = w - {'five5'} WHERE k = 1 AND c = 1",
                           "DELETE w['five5'] FROM t WHERE k = 1 AND c = 1"}) {
    EXPECT_THAT(warnings(text), ElementsAre(HasSubstr("Value of column 'w' has size 5"))) << text;
  }
}

// What is not written is not too large.
TEST_F(GuardrailsTest, ValuesOfConditionalWrites) {
  set("column_value_size_warn_threshold", 4);
  set("column_value_size_fail_threshold", 8);
  EXPECT_THAT(warnings("UPDATE t SET v = 'five5' WHERE k = 1 AND c = 1 IF EXISTS"), IsEmpty());
  EXPECT_THAT(if_applied_, ElementsAre(HasSubstr("Value of column 'v' has size 5")));
  const std::string too_long = "UPDATE t SET v = 'much too long' WHERE k = 1 AND c = 1 IF v = ";
  EXPECT_THAT(world_.run({too_long + "'x'"}), HasSubstr("false"));
  EXPECT_THAT(world_.run({too_long + "null"}), HasSubstr("exceeds the failure threshold of 8."));
}

// As Cassandra counts: 20 bytes of each cell, and 16 that name one of a list.
TEST_F(GuardrailsTest, SizesOfCollections) {
  set("collection_size_warn_threshold", 4);
  const auto size_is = [](int size) {
    return ElementsAre(HasSubstr("of size " + std::to_string(size) + ", this exceeds the warning threshold"));
  };
  EXPECT_THAT(warnings("UPDATE t SET w = {'aaa', 'bbb'} WHERE k = 1 AND c = 1"), size_is(46));
  EXPECT_THAT(warnings("UPDATE t SET m = {1: 'bbbb', 2: 'd'} WHERE k = 1 AND c = 1"), size_is(53));
  EXPECT_THAT(warnings("UPDATE t SET n = ['aaaa', 'bbbb', 'c'] WHERE k = 1 AND c = 1"), size_is(117));
  EXPECT_THAT(warnings("UPDATE t SET f = {1} WHERE k = 1 AND c = 1"), size_is(32));
  EXPECT_THAT(warnings("UPDATE t SET n[0] = 'abc', m = {} WHERE k = 1 AND c = 1"), IsEmpty());
}

TEST_F(GuardrailsTest, ItemsOfCollections) {
  set("items_per_collection_warn_threshold", 1);
  set("items_per_collection_fail_threshold", 2);
  EXPECT_THAT(warnings("INSERT INTO t (k, c, m) VALUES (1, 1, {1: 'a'})"), IsEmpty());
  EXPECT_THAT(
      warnings("INSERT INTO t (k, c, m) VALUES (1, 1, {1: 'a', 2: 'b'})"),
      ElementsAre("Guardrail items_per_collection violated: Detected collection m with 2 items, this exceeds "
                  "the warning threshold of 1."));
  EXPECT_THAT(warnings("INSERT INTO t (k, c, f) VALUES (1, 1, {1, 2, 3})"),
              ElementsAre(HasSubstr("collection f with 3 items, this exceeds the failure threshold of 2.")));
  EXPECT_THAT(warnings("UPDATE t SET l = l + [1, 2, 3] WHERE k = 1 AND c = 1"),
              ElementsAre(HasSubstr("3 items")));
  EXPECT_THAT(warnings("UPDATE t SET l = [1, 2, 3] + l WHERE k = 1 AND c = 1"), IsEmpty());
  EXPECT_THAT(warnings("UPDATE t SET m[1] = 'a', m[2] = 'b', m[3] = 'c' WHERE k = 1 AND c = 1"), IsEmpty());
}

TEST_F(GuardrailsTest, ListsThatHaveToBeReadFirst) {
  set("read_before_write_list_operations_enabled", 0);
  EXPECT_THAT(warnings("UPDATE t SET l = [1, 2] WHERE k = 1 AND c = 1"), IsEmpty());
  for (const char* text :
       {"UPDATE t SET l[0] = 1 WHERE k = 1 AND c = 1", "DELETE l[0] FROM t WHERE k = 1 AND c = 1",
        "UPDATE t SET l = l - [1] WHERE k = 1 AND c = 1"}) {
    EXPECT_THAT(warnings(text), ElementsAre(HasSubstr("requiring read before write is not allowed"))) << text;
  }
}

TEST_F(GuardrailsTest, KeysNamedByIn) {
  set("partition_keys_in_select_fail_threshold", 3);
  set("in_select_cartesian_product_warn_threshold", 2);
  EXPECT_THAT(warnings("SELECT * FROM t WHERE k IN (1, 2)"), IsEmpty());
  EXPECT_THAT(
      warnings("SELECT * FROM t WHERE k IN (1, 2, 3)"),
      ElementsAre(
          "Guardrail in_select_cartesian_product violated: The cartesian product of the IN restrictions "
          "on partition key produces 3 values, this exceeds warning threshold of 2."));
  EXPECT_THAT(
      warnings("SELECT * FROM t WHERE k IN (1, 2, 3, 4)"),
      ElementsAre(
          "Guardrail partition_keys_in_select violated: Aborting query with partition keys in IN clause "
          "on table t, number of partition keys 4 exceeds fail threshold of 3."));
  EXPECT_THAT(warnings("SELECT key FROM system.local WHERE key IN ('a', 'b', 'c', 'd')"),
              ElementsAre(HasSubstr("on table local, number of partition keys 4")));
}

// Equal values count as often as they are named, after each column on which there is IN or =; of clustering
// columns only if they name rows. Writes count them, too.
TEST_F(GuardrailsTest, ProductsOfIn) {
  ASSERT_THAT(
      world_.run({"CREATE TABLE ks.p (a int, b int, c int, d int, v int, PRIMARY KEY ((a, b), c, d))"}),
      Not(HasSubstr("error")));
  set("in_select_cartesian_product_warn_threshold", 3);
  const auto counts = [](const char* key, int count) {
    return HasSubstr("on " + std::string(key) + " key produces " + std::to_string(count) + " values");
  };
  EXPECT_THAT(warnings("SELECT * FROM p WHERE a = 1 AND b = 1 AND c IN (1, 2, 3, 4)"), IsEmpty());
  EXPECT_THAT(warnings("SELECT * FROM p WHERE a = 1 AND b = 1 AND c IN (1, 2, 3, 4) AND d > 1"), IsEmpty());
  EXPECT_THAT(warnings("SELECT * FROM p WHERE a = 1 AND b = 1 AND c IN (1, 2, 3, 4) AND d = 1"),
              ElementsAre(counts("clustering", 4), counts("clustering", 4)));
  EXPECT_THAT(warnings("SELECT * FROM p WHERE a = 1 AND b = 1 AND c IN (1, 1) AND d IN (2, 2)"),
              ElementsAre(counts("clustering", 4)));
  EXPECT_THAT(warnings("SELECT * FROM p WHERE a IN (1, 2) AND b IN (1, 2)"),
              ElementsAre(counts("partition", 4)));
  EXPECT_THAT(
      warnings("UPDATE p SET v = 1 WHERE a IN (1, 2) AND b IN (1, 2) AND c = 1 AND d IN (1, 1, 1, 1)"),
      ElementsAre(counts("partition", 4), counts("clustering", 4)));
  EXPECT_THAT(warnings("DELETE FROM p WHERE a IN (1, 2) AND b IN (1, 2)"),
              ElementsAre(counts("partition", 4)));
}

TEST_F(GuardrailsTest, StampsFarFromNow) {
  const auto at = [](Timestamp stamp) {
    return "INSERT INTO t (k, c) VALUES (1, 1) USING TIMESTAMP " + std::to_string(stamp);
  };
  set("maximum_timestamp_fail_threshold", 1'000'000);
  set("minimum_timestamp_warn_threshold", 1'000'000);
  EXPECT_THAT(warnings(at(storage::kStart + 500'000)), IsEmpty());
  EXPECT_THAT(warnings(at(storage::kStart + 2'000'000)),
              ElementsAre(HasSubstr("after the maximum allowable failure")));
  EXPECT_THAT(warnings(at(storage::kStart - 2'000'000)),
              ElementsAre(HasSubstr("before the minimum allowable warning")));
  EXPECT_THAT(warnings("BEGIN BATCH " + at(storage::kStart + 2'000'000) + "; APPLY BATCH"), IsEmpty());
}

// What a schema statement is warned of, and refused with at last.
class SchemaGuardrailsTest : public GuardrailsTest {
 protected:
  std::vector<std::string> checked(const std::string& text) {
    const auto prepared = world_.prepare_text(text);
    const auto bound = world_.bind(**prepared, {text});
    const auto execution = begin(*prepared, world_.options(*bound), world_.catalog());
    std::vector<std::string> warnings;
    const auto permitted = permit_statement(guardrails(), std::get<SchemaExecution>(*execution).statement,
                                            *world_.catalog(), "ks", warnings);
    if (!permitted) return warnings.push_back(permitted.error().message), warnings;
    plan_ = plan_schema_change(**permitted, {*world_.catalog(), "ks", Uuid{{7}}, 1});
    if (!*plan_) return {plan_->error().message};
    auto result =
        check_schema_change(guardrails(), **permitted, (*plan_)->change, *world_.catalog(), warnings);
    if (!result) warnings.push_back(result.error().message);
    return warnings;
  }

  std::optional<Result<DdlPlan>> plan_;
};

TEST_F(SchemaGuardrailsTest, Counts) {
  set("tables_fail_threshold", 1);
  set("columns_per_table_warn_threshold", 8);
  set("fields_per_udt_fail_threshold", 1);
  set("vector_dimensions_warn_threshold", 2);
  set("keyspaces_warn_threshold", 1);
  set("drop_keyspace_enabled", 0);
  EXPECT_THAT(
      checked("CREATE TABLE u (k int PRIMARY KEY)"),
      ElementsAre(
          "Guardrail tables violated: Cannot have more than 1 tables, aborting the creation of table u"));
  EXPECT_THAT(
      checked("ALTER TABLE t ADD x vector<float, 3>"),
      ElementsAre(
          "Guardrail columns_per_table violated: The table t has 9 columns, this exceeds the warning "
          "threshold of 8.",
          "Guardrail vector_dimensions violated: Column x has a vector of 3 dimensions, this exceeds the "
          "warning threshold of 2."));
  EXPECT_THAT(checked("ALTER TABLE t WITH comment = 'x'"), IsEmpty());
  set("columns_per_table_warn_threshold", 7);
  EXPECT_THAT(checked("ALTER TABLE t ADD IF NOT EXISTS m int"),
              ElementsAre(HasSubstr("The table t has 8 columns")))
      << "counted, though nothing is added";
  EXPECT_THAT(
      checked("CREATE TYPE u (a int, b int)"),
      ElementsAre(
          "Guardrail fields_per_udt violated: User types cannot have more than 1 columns, but 2 provided "
          "for user type u."));
  EXPECT_THAT(
      checked("CREATE KEYSPACE k2 WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"),
      ElementsAre("Guardrail keyspaces violated: Creating keyspace k2, current number of keyspaces 2 exceeds "
                  "warning threshold of 1."));
  EXPECT_THAT(
      checked("DROP KEYSPACE ks"),
      ElementsAre("Guardrail drop_keyspace_enabled violated: DROP KEYSPACE functionality is not allowed"));
  EXPECT_THAT(checked("DROP KEYSPACE nosuch"), ElementsAre(HasSubstr("drop_keyspace_enabled")))
      << "is not looked for";
  EXPECT_THAT(checked("CREATE TABLE IF NOT EXISTS t (k int PRIMARY KEY)"),
              ElementsAre(HasSubstr("tables violated")));
}

// Columns are looked at as they lie in Cassandra's table of them, types from left to right.
TEST_F(SchemaGuardrailsTest, EveryVector) {
  set("vector_dimensions_warn_threshold", 2);
  set("vector_dimensions_fail_threshold", 4);
  const auto warned = [](const std::string& what, int dimensions) {
    return "Guardrail vector_dimensions violated: " + what + " has a vector of " +
           std::to_string(dimensions) + " dimensions, this exceeds the warning threshold of 2.";
  };
  EXPECT_THAT(checked("CREATE TABLE u (k int PRIMARY KEY, v map<vector<int, 3>, vector<int, 4>>)"),
              ElementsAre(warned("Column v", 3), warned("Column v", 4)));
  EXPECT_THAT(checked("CREATE TABLE u (k int PRIMARY KEY, v tuple<vector<int, 3>, vector<int, 5>>)"),
              ElementsAre(warned("Column v", 3), HasSubstr("the failure threshold of 4")));
  EXPECT_THAT(checked("CREATE TYPE u (v tuple<vector<int, 1>, vector<int, 3>>)"),
              ElementsAre(warned("Field v", 3)));
  EXPECT_THAT(checked("CREATE TABLE u (k int, j vector<int, 3>, b vector<int, 3> static, v vector<int, 4>, a "
                      "vector<int, 3>, PRIMARY KEY (k, j))"),
              ElementsAre(warned("Column a", 3), warned("Column b", 3), warned("Column v", 4),
                          warned("Column j", 3)));
}

TEST_F(SchemaGuardrailsTest, WhatMayNotBeMade) {
  for (const char* name : {"uncompressed_tables_enabled", "compact_tables_enabled", "simplestrategy_enabled",
                           "vector_type_enabled", "alter_table_enabled", "zero_ttl_on_twcs_enabled"}) {
    set(name, 0);
  }
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"CREATE TABLE u (k int PRIMARY KEY) WITH compression = {'enabled': 'false'}",
       "Guardrail uncompressed_tables_enabled violated: Uncompressed table is not allowed"},
      {"ALTER TABLE t WITH compression = {'enabled': 'false'}",
       "Guardrail uncompressed_tables_enabled violated: Uncompressed table is not allowed"},
      {"CREATE TABLE u (k int PRIMARY KEY, v int) WITH COMPACT STORAGE",
       "Guardrail compact_tables violated: Creation of new COMPACT STORAGE tables is not allowed"},
      {"CREATE KEYSPACE u WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
       "Guardrail simplestrategy violated: SimpleStrategy is not allowed"},
      {"CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': 'SimpleStrategy', "
       "'replication_factor': 1}",
       "Guardrail simplestrategy violated: SimpleStrategy is not allowed"},
      {"CREATE KEYSPACE u WITH replication = {'class': 'org.apache.cassandra.locator.SimpleStrategy', "
       "'replication_factor': 1}",
       "Guardrail simplestrategy violated: SimpleStrategy is not allowed"},
      {"CREATE TABLE u (k int PRIMARY KEY, v list<frozen<vector<float, 3>>>)",
       "Guardrail vector_type_enabled violated: Column v is not allowed"},
      {"CREATE TYPE u (v frozen<tuple<int, vector<float, 3>>>)",
       "Guardrail vector_type_enabled violated: Field v is not allowed"},
      {"ALTER TABLE t DROP nosuch",
       "Guardrail alter_table violated: ALTER TABLE changing columns is not allowed"},
      {"ALTER TABLE nosuch DROP v", "Table 'ks.nosuch' doesn't exist"},
      {"ALTER TABLE t ALTER v TYPE blob", "Altering column types is no longer supported"},
  };
  for (const auto& one : kCases) EXPECT_THAT(checked(one.text), ElementsAre(one.error)) << one.text;
  EXPECT_THAT(checked("CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': "
                      "'org.apache.cassandra.locator.SimpleStrategy', 'replication_factor': 1}"),
              IsEmpty())
      << "only the short name is looked for before the keyspace is";
  const char* kWindows =
      "CREATE TABLE u (k int PRIMARY KEY) WITH compaction = {'class': 'TimeWindowCompactionStrategy'}";
  EXPECT_THAT(checked(kWindows),
              ElementsAre(HasSubstr("compaction strategy is not allowed. It is suspicious")));
  EXPECT_THAT(checked("ALTER TABLE t WITH comment = 'x'"), IsEmpty());
  set("zero_ttl_on_twcs_enabled", 1);
  EXPECT_THAT(checked(kWindows), IsEmpty());
  set("zero_ttl_on_twcs_warned", 1);
  const auto warned = ElementsAre(HasSubstr("compaction strategy is not recommended. It is suspicious"));
  EXPECT_THAT(checked(kWindows), warned);
  const std::string alter = "ALTER TABLE t WITH compaction = {'class': 'TimeWindowCompactionStrategy'}";
  EXPECT_THAT(checked(alter), warned);
  EXPECT_THAT(checked(alter + " AND default_time_to_live = 10"), IsEmpty());
  EXPECT_THAT(checked("ALTER TABLE t WITH default_time_to_live = 0"), IsEmpty());
}

TEST_F(SchemaGuardrailsTest, Copies) {
  set("minimum_replication_factor_warn_threshold", 3);
  set("maximum_replication_factor_fail_threshold", 6);
  const auto keyspace = [](int factor) {
    return "CREATE KEYSPACE u WITH replication = {'class': 'SimpleStrategy', 'replication_factor': " +
           std::to_string(factor) + "}";
  };
  EXPECT_THAT(checked(keyspace(3)), IsEmpty());
  EXPECT_THAT(
      checked(keyspace(2)),
      ElementsAre("Guardrail minimum_replication_factor violated: The keyspace u has a replication factor "
                  "of 2, below the warning threshold of 3."));
  EXPECT_THAT(
      checked(keyspace(7)),
      ElementsAre("Guardrail maximum_replication_factor violated: The keyspace u has a replication factor "
                  "of 7, above the failure threshold of 6."));
}

TEST_F(SchemaGuardrailsTest, PropertiesByName) {
  EXPECT_FALSE(guardrails().set_names("table_properties", {}));
  ASSERT_TRUE(guardrails().set_names("table_properties_warned", {"comment", "gc_grace_seconds"}));
  ASSERT_TRUE(guardrails().set_names("table_properties_ignored", {"speculative_retry"}));
  ASSERT_TRUE(guardrails().set_names("table_properties_disallowed", {"caching", "compression"}));
  EXPECT_THAT(
      checked("CREATE TABLE u (k int PRIMARY KEY) WITH gc_grace_seconds = 5 AND comment = 'x'"),
      ElementsAre("Guardrail table_properties violated: Provided values [comment, gc_grace_seconds] are not "
                  "recommended for Table Properties (warned values are: [gc_grace_seconds, comment])"));
  EXPECT_THAT(
      checked("ALTER TABLE nosuch WITH compression = {'enabled': 'false'} AND comment = 'x'"),
      ElementsAre("Guardrail table_properties violated: Provided values [compression] are not allowed for "
                  "Table Properties (disallowed values are: [compression, caching])"));
  EXPECT_THAT(
      checked("ALTER TABLE t WITH speculative_retry = '50p' AND cdc = true"),
      ElementsAre("Guardrail table_properties violated: Ignoring provided values [speculative_retry] as they "
                  "are not supported for Table Properties (ignored values are: [speculative_retry])"));
  const auto& options = (*plan_)->change.put_tables.at(0).options;
  EXPECT_TRUE(options.contains("cdc"));
  EXPECT_FALSE(options.contains("speculative_retry"));
}

TEST(Guardrails, LevelsByName) {
  Guardrails guardrails;
  guardrails.set_names("write_consistency_levels_warned", {"ANY", "LOCAL_SERIAL"});
  guardrails.set_names("write_consistency_levels_disallowed", {"ONE", "SERIAL"});
  std::vector<std::string> warnings;
  EXPECT_EQ(
      guardrails.check(Named::kWriteConsistencyLevels, {"ONE", "SERIAL"}, warnings).error().message,
      "Guardrail write_consistency_levels violated: Provided values [ONE, SERIAL] are not allowed for write "
      "consistency levels (disallowed values are: [ONE, SERIAL])");
  EXPECT_TRUE(guardrails.check(Named::kReadConsistencyLevels, {"ONE"}, warnings));
  EXPECT_TRUE(guardrails.check(Named::kWriteConsistencyLevels, {"QUORUM", "LOCAL_SERIAL"}, warnings));
  EXPECT_THAT(warnings,
              ElementsAre("Guardrail write_consistency_levels violated: Provided values [LOCAL_SERIAL] are "
                          "not recommended for write consistency levels (warned values are: [ANY, "
                          "LOCAL_SERIAL])"));
}

// What LIMIT leaves on one page needs no pages.
TEST_F(GuardrailsTest, RowsOfAPage) {
  set("page_size_warn_threshold", 5);
  const auto asked = [this](const char* text, int rows) -> std::vector<std::string> {
    auto prepared = world_.prepare_text(text);
    auto bound = world_.bind(**prepared, {text});
    auto options = world_.options(*bound);
    options.page_size = rows;
    auto execution = begin(*prepared, options, world_.catalog());
    return std::get<ReadExecution>(*execution).warnings();
  };
  EXPECT_THAT(asked("SELECT * FROM t", 5), IsEmpty());
  EXPECT_THAT(asked("SELECT * FROM t LIMIT 6", 6), IsEmpty());
  const auto warned = ElementsAre(
      "Guardrail page_size violated: Query for table t with page size 6 exceeds warning "
      "threshold of 5.");
  EXPECT_THAT(asked("SELECT * FROM t", 6), warned);
  EXPECT_THAT(asked("SELECT * FROM t LIMIT 7", 6), warned);
  EXPECT_THAT(asked("SELECT count(*) FROM t WHERE k = 1", 6), warned);
}

}  // namespace
}  // namespace keyzone::cql
