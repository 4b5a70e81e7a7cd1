// System tables are read page by page, like any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cql/system_tables/system_tables.h"
#include "tests/cql/world.h"

namespace keyzone::cql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SystemPages : public testing::Test {
 protected:
  SystemPages() {
    world_.run(
        {"CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"});
    world_.run({"CREATE TABLE ks.a (k int, b int, c int, PRIMARY KEY (k, b))"});
    world_.run({"CREATE TABLE ks.d (k int PRIMARY KEY, e text)"});
  }

  // A page of one column's text a row, or the error; `state` is where it goes on.
  Result<std::vector<std::string>> page(const std::string& text, int32_t size, std::optional<Bytes>& state) {
    KEYZONE_TRY(prepared, world_.prepare_text(text));
    KEYZONE_TRY(bound, world_.bind(*prepared, {text}));
    ExecuteOptions options = world_.options(bound);
    options.page_size = size;
    if (state) options.paging_state = *state;
    KEYZONE_TRY(execution, begin(prepared, options, world_.catalog()));
    auto& read = std::get<LocalRead>(execution);
    KEYZONE_TRY(result, read.finish(system_rows(*read.table, *world_.catalog(), {})));
    state = result.paging_state;
    std::vector<std::string> out;
    ByteReader in(result.rows);
    for (uint32_t i = 0; i < result.row_count; ++i) {
      std::string line;
      for (size_t c = 0; c < result.columns->size(); ++c) {
        const Bytes value(in.bytes(static_cast<size_t>(in.be<int32_t>())));
        line += (c ? "." : "") + ((*result.columns)[c].type->kind() == TypeKind::kText
                                      ? value
                                      : (*result.columns)[c].type->to_cql_literal(value));
      }
      out.push_back(line);
    }
    return out;
  }
  std::vector<std::string> pages(const std::string& text, int32_t size) {
    std::vector<std::string> out;
    std::optional<Bytes> state;
    for (int i = 0; i < 20; ++i) {
      const auto rows = page(text, size, state);
      if (!rows) return {rows.error().message};
      for (const auto& row : *rows) out.push_back(row);
      if (!state) return out;
      out.push_back("--");
    }
    return out;
  }

  World world_;
};

constexpr char kColumns[] =
    "SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = 'ks'";

TEST_F(SystemPages, EndWhereTheRowsEnd) {
  EXPECT_THAT(pages(kColumns, 2), ElementsAre("a.b", "a.c", "--", "a.k", "d.e", "--", "d.k"));
  EXPECT_THAT(pages(kColumns, 6), ElementsAre("a.b", "a.c", "a.k", "d.e", "d.k"));
  EXPECT_THAT(pages(kColumns, 5), ElementsAre("a.b", "a.c", "a.k", "d.e", "d.k", "--"))
      << "as Cassandra does";
  EXPECT_THAT(pages(std::string(kColumns) + " LIMIT 3", 2), ElementsAre("a.b", "a.c", "--", "a.k"));
}

TEST_F(SystemPages, GoOnBehindARowThatIsGone) {
  std::optional<Bytes> state;
  EXPECT_THAT(*page(kColumns, 4, state), ElementsAre("a.b", "a.c", "a.k", "d.e"));
  world_.run({"ALTER TABLE ks.d DROP e"});
  EXPECT_THAT(*page(kColumns, 4, state), testing::SizeIs(testing::Le(1)));
  EXPECT_FALSE(state);
}

TEST_F(SystemPages, OfGroupsAndDistinctPartitions) {
  EXPECT_THAT(
      pages("SELECT table_name, count(*) FROM system_schema.columns WHERE keyspace_name = 'ks' GROUP BY "
            "keyspace_name, table_name",
            1),
      ElementsAre("a.3", "--", "d.2", "--"));
  EXPECT_THAT(
      pages("SELECT DISTINCT keyspace_name FROM system_schema.tables WHERE keyspace_name IN ('ks', 'system')",
            1),
      ElementsAre("ks", "--", "system"));
}

TEST_F(SystemPages, WhatNeedsFilteringSaysSo) {
  EXPECT_THAT(pages("SELECT table_name FROM system_schema.columns WHERE column_name = 'e'", 5),
              ElementsAre(HasSubstr("preceding column")));
  EXPECT_THAT(
      pages("SELECT table_name FROM system_schema.columns WHERE keyspace_name = 'ks' AND kind = 'regular'",
            5),
      ElementsAre(HasSubstr("ALLOW FILTERING")));
  EXPECT_THAT(
      pages("SELECT table_name FROM system_schema.columns WHERE column_name = 'e' ALLOW FILTERING", 5),
      ElementsAre("d"));
  EXPECT_THAT(
      pages("SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'ks' ORDER BY table_name DESC",
            1),
      ElementsAre("d", "a"));
}

}  // namespace
}  // namespace keyzone::cql
