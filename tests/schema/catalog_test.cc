// The catalog: lookups, changes, and its bytes.
#include "schema/catalog.h"

#include <gtest/gtest.h>

namespace keyzone {
namespace {

Uuid id_of(uint8_t n) {
  Uuid id;
  id.bytes[0] = n;
  id.bytes[15] = 7;
  return id;
}

TypePtr address() {
  return user_type("ks", "Address", {"street", "codes"},
                   {native_type(TypeKind::kText), list_type(native_type(TypeKind::kInt), true)}, false);
}

Table sample_table() {
  Table table;
  table.id = id_of(1);
  table.keyspace = "ks";
  table.name = "t";
  table.columns = {
      {ColumnId{5}, "z", address(), ColumnKind::kRegular, 0, false},
      {ColumnId{4}, "a", map_type(native_type(TypeKind::kInt), address(), false), ColumnKind::kRegular, 0,
       false},
      {ColumnId{3}, "s", set_type(native_type(TypeKind::kDate), true), ColumnKind::kStatic, 0, false},
      {ColumnId{2}, "c", native_type(TypeKind::kTimeuuid), ColumnKind::kClustering, 0, true},
      {ColumnId{1}, "p", tuple_type({native_type(TypeKind::kInt), native_type(TypeKind::kInet)}),
       ColumnKind::kPartitionKey, 0, false},
      {ColumnId{6}, "v", vector_type(native_type(TypeKind::kFloat), 3), ColumnKind::kRegular, 0, false}};
  MaskFunction mask{"system", "mask_inner", {{native_type(TypeKind::kInt), Bytes("\0\0\0\1", 4)}}};
  mask.arguments.push_back({native_type(TypeKind::kInt), std::nullopt});
  table.columns.back().mask = std::make_shared<const MaskFunction>(std::move(mask));
  table.next_column = 7;
  table.dropped = {{"gone", native_type(TypeKind::kDuration), ColumnKind::kStatic, 123, ColumnId{9}, true}};
  table.options = {{"comment", "'x'"}, {"default_time_to_live", "60"}};
  table.index();
  return table;
}

CatalogChange sample_change() {
  CatalogChange change;
  change.cluster = {id_of(9), "cluster"};
  change.secret = Bytes("\0secret", 7);
  change.next_id = 123;
  change.put_keyspaces = {
      {"ks", false, {{"class", "X"}, {"replication_factor", "3"}}, {{"Address", address()}}}};
  change.put_tables = {sample_table()};
  change.put_tablets = {
      {id_of(1),
       {{{GroupId{100}, Token{INT64_MIN}, Token{0}, Epoch{2}, {NodeId{1}, NodeId{2}}, {NodeId{3}}, NodeId{2}},
         {GroupId{101}, Token{0}, Token{INT64_MAX}, Epoch{1}, {NodeId{1}}, {}, NodeId{1}}}}}};
  change.put_nodes = {{NodeId{1},
                       id_of(4),
                       "n1",
                       "az1",
                       "dc",
                       "10.0.0.1",
                       7001,
                       "127.0.0.1",
                       9043,
                       {Token{-5}, Token{5}},
                       true}};
  change.members = {{NodeId{1}, true}, {NodeId{2}, false}};
  return change;
}

TEST(Catalog, IndexOrdersColumnsByKindAndName) {
  const Table table = sample_table();
  std::string names;
  for (const Column& column : table.columns) names += column.name;
  EXPECT_EQ(names, "pcsavz");
  EXPECT_EQ(table.partition_key_size, 1u);
  EXPECT_EQ(table.clustering_size, 1u);
  EXPECT_EQ(table.static_size, 1u);
  EXPECT_EQ(table.regular_begin(), 3u);
  EXPECT_EQ(table.find("z")->id, ColumnId{5});
  EXPECT_EQ(table.find(ColumnId{2})->name, "c");
  EXPECT_EQ(table.find("none"), nullptr);
  EXPECT_EQ(table.default_time_to_live(), 60);
  EXPECT_EQ(table.gc_grace_seconds(), 864000);
}

TEST(Catalog, TabletsAreFoundByToken) {
  const TabletMap map = sample_change().put_tablets[0].second;
  EXPECT_EQ(map.find(Token{INT64_MIN + 1}).group, GroupId{100});
  EXPECT_EQ(map.find(Token{0}).group, GroupId{100});
  EXPECT_EQ(map.find(Token{1}).group, GroupId{101});
  EXPECT_EQ(map.find(Token{INT64_MAX}).group, GroupId{101});
}

TEST(Catalog, ChangesGiveNewValues) {
  const Catalog empty;
  const auto first = apply_change(empty, sample_change());
  ASSERT_TRUE(first.ok());
  const Catalog& catalog = **first;
  EXPECT_EQ(catalog.version, CatalogVersion{1});
  EXPECT_EQ(catalog.schema, CatalogVersion{1});
  EXPECT_EQ(catalog.cluster_name, "cluster");
  EXPECT_NE(catalog.find_table("ks", "t"), nullptr);
  EXPECT_EQ(catalog.table(id_of(1))->name, "t");
  EXPECT_EQ(empty.find_table("ks", "t"), nullptr);

  const auto stale = apply_change(catalog, sample_change());
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.error().kind, ErrorKind::kStale);

  CatalogChange hidden;
  hidden.expected = CatalogVersion{1};
  hidden.visible = false;
  const auto second = apply_change(catalog, hidden);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->schema, CatalogVersion{1});
  EXPECT_EQ((*second)->schema_version(), catalog.schema_version());

  CatalogChange drop;
  drop.expected = CatalogVersion{2};
  drop.drop_keyspaces = {"ks"};
  const auto third = apply_change(**second, drop);
  ASSERT_TRUE(third.ok());
  EXPECT_TRUE((*third)->tables.empty());
  EXPECT_TRUE((*third)->tables_by_id.empty());
  EXPECT_TRUE((*third)->tablets.empty());
  EXPECT_NE((*third)->schema_version(), catalog.schema_version());
  EXPECT_EQ((*third)->schema_version().bytes[6] >> 4, 3);
}

TEST(Catalog, ATableThatIsPutAgainReplacesItself) {
  const auto first = apply_change(Catalog{}, sample_change());
  CatalogChange change;
  change.expected = CatalogVersion{1};
  change.put_tables = {sample_table()};
  change.put_tables[0].version = 2;
  const auto second = apply_change(**first, change);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->find_table("ks", "t")->version, 2u);
  EXPECT_EQ((*second)->tables.size(), 1u);
  EXPECT_EQ((*second)->tablets.size(), 1u);
}

TEST(Catalog, ChangesSurviveTheirBytes) {
  CatalogChange change = sample_change();
  change.drop_keyspaces = {"old"};
  change.drop_tables = {id_of(8)};
  change.drop_nodes = {NodeId{77}};
  change.expected = CatalogVersion{4};
  const Bytes bytes = encode_change(change);
  const auto decoded = decode_change(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(encode_change(*decoded), bytes);
  EXPECT_EQ(decoded->expected, CatalogVersion{4});
  EXPECT_EQ(decoded->secret, change.secret);
  const Table& table = decoded->put_tables.at(0);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& before = change.put_tables[0].columns[i];
    EXPECT_EQ(table.columns[i].type->to_string(), before.type->to_string());
    EXPECT_EQ(table.columns[i].type->is_multi_cell(), before.type->is_multi_cell());
    EXPECT_EQ(table.columns[i].descending, before.descending);
  }
  EXPECT_FALSE(table.find("z")->mask);
  ASSERT_TRUE(table.find("v")->mask);
  EXPECT_EQ(table.find("v")->mask->name, "mask_inner");
  ASSERT_EQ(table.find("v")->mask->arguments.size(), 2u);
  EXPECT_EQ(table.find("v")->mask->arguments[0].value, Bytes("\0\0\0\1", 4));
  EXPECT_FALSE(table.find("v")->mask->arguments[1].value);
  EXPECT_EQ(table.find("z")->type->name(), "Address");
  EXPECT_EQ(table.find("z")->type->keyspace(), "ks");
  EXPECT_EQ(table.dropped.at(0).dropped_at, 123);
  EXPECT_EQ(table.dropped.at(0).id, ColumnId{9});
  EXPECT_EQ(decoded->put_nodes.at(0).tokens.size(), 2u);
  EXPECT_TRUE(decoded->put_nodes.at(0).replaced);
  EXPECT_FALSE(decoded->members->at(1).voter);
}

TEST(Catalog, AnEmptyChangeLeavesAllAsItIs) {
  const auto decoded = decode_change(encode_change(CatalogChange{}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->cluster || decoded->secret || decoded->next_id || decoded->members);
  EXPECT_TRUE(decoded->visible);
}

TEST(Catalog, SnapshotsSurviveTheirBytes) {
  const auto catalog = apply_change(Catalog{}, sample_change());
  const Bytes bytes = encode_catalog(**catalog);
  const auto decoded = decode_catalog(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(encode_catalog(**decoded), bytes);
  EXPECT_EQ((*decoded)->schema_version(), (*catalog)->schema_version());
  EXPECT_NE((*decoded)->find_table("ks", "t"), nullptr);
  EXPECT_EQ((*decoded)->tablets.at(id_of(1))->tablets.size(), 2u);
}

TEST(Catalog, DamagedBytesAreRefused) {
  const auto catalog = apply_change(Catalog{}, sample_change());
  const Bytes bytes = encode_catalog(**catalog);
  for (size_t size = 0; size < bytes.size(); size += 8) (void)decode_catalog(bytes.substr(0, size));
  EXPECT_FALSE(decode_catalog(bytes.substr(0, 16)).ok());
  for (size_t i = 0; i < bytes.size(); ++i) {
    Bytes damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    (void)decode_catalog(damaged);  // must not crash
  }
}

}  // namespace
}  // namespace keyzone
