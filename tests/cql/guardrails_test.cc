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
          "frozen<set<int>>, PRIMARY KEY (k, c))"}) {
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
    if (auto* write = std::get_if<WriteExecution>(&*execution)) return write->warnings;
    return std::get<ReadExecution>(*execution).warnings();
  }

  World world_;
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
  EXPECT_TRUE(guardrails.check(Limit::kPageSize, "t", 11, warnings)) << "is not said twice";
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
  set("group_by_enabled", 0);
  EXPECT_THAT(warnings("SELECT k, count(*) FROM t GROUP BY k"),
              ElementsAre("Guardrail group_by violated: GROUP BY functionality is not allowed"));
  set("user_timestamps_enabled", 0);
  EXPECT_THAT(warnings("INSERT INTO t (k, c) VALUES (1, 1) USING TIMESTAMP 5"),
              ElementsAre(HasSubstr("User provided timestamps (USING TIMESTAMP) is not allowed")));
  EXPECT_THAT(warnings("INSERT INTO t (k, c) VALUES (1, 1)"), IsEmpty());
  set("drop_truncate_table_enabled", 0);
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
}

TEST_F(GuardrailsTest, ListsThatHaveToBeReadFirst) {
  set("read_before_write_list_operations_enabled", 0);
  EXPECT_THAT(warnings("UPDATE t SET l = [1, 2] WHERE k = 1 AND c = 1"), IsEmpty());
  for (const char* text :
       {"UPDATE t SET l[0] = 1 WHERE k = 1 AND c = 1", "DELETE l[0] FROM t WHERE k = 1 AND c = 1",
        "UPDATE t SET l = l - [1] WHERE k = 1 AND c = 1"}) {
    EXPECT_THAT(warnings(text),
                ElementsAre(HasSubstr("List operation requiring read before write is not allowed")))
        << text;
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
}

TEST_F(GuardrailsTest, SchemaChanges) {
  set("tables_fail_threshold", 1);
  set("columns_per_table_warn_threshold", 6);
  set("fields_per_udt_fail_threshold", 1);
  set("vector_dimensions_warn_threshold", 2);
  set("keyspaces_warn_threshold", 0);
  set("drop_keyspace_enabled", 0);
  const auto checked = [this](const char* text) -> std::vector<std::string> {
    const auto prepared = world_.prepare_text(text);
    const auto bound = world_.bind(**prepared, {text});
    const auto execution = begin(*prepared, world_.options(*bound), world_.catalog());
    const auto& statement = *std::get<SchemaExecution>(*execution).statement;
    const auto plan = plan_schema_change(statement, {*world_.catalog(), "ks", Uuid{{7}}, 1});
    if (!plan) return {plan.error().message};
    std::vector<std::string> warnings;
    auto result = check_schema_change(guardrails(), statement, plan->change, *world_.catalog(), warnings);
    if (!result) warnings.push_back(result.error().message);
    return warnings;
  };
  EXPECT_THAT(
      checked("CREATE TABLE u (k int PRIMARY KEY)"),
      ElementsAre(
          "Guardrail tables violated: Cannot have more than 1 tables, aborting the creation of table u"));
  EXPECT_THAT(
      checked("ALTER TABLE t ADD x vector<float, 3>"),
      ElementsAre("Guardrail columns_per_table violated: The table t has 7 columns, this exceeds the warning "
                  "threshold of 6.",
                  "Guardrail vector_dimensions violated: x has a vector of 3 dimensions, this exceeds the "
                  "warning threshold of 2."));
  EXPECT_THAT(checked("ALTER TABLE t WITH comment = 'x'"), IsEmpty());
  EXPECT_THAT(
      checked("CREATE TYPE u (a int, b int)"),
      ElementsAre(
          "Guardrail fields_per_udt violated: User types cannot have more than 1 columns, but 2 provided "
          "for user type u."));
  EXPECT_THAT(
      checked("CREATE KEYSPACE k2 WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"),
      ElementsAre("Guardrail keyspaces violated: Creating keyspace k2, current number of keyspaces 2 exceeds "
                  "warning threshold of 0."));
  EXPECT_THAT(
      checked("DROP KEYSPACE ks"),
      ElementsAre("Guardrail drop_keyspace_enabled violated: DROP KEYSPACE functionality is not allowed"));
}

}  // namespace
}  // namespace keyzone::cql
