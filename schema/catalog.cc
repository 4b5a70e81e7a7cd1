#include "schema/catalog.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace keyzone {
namespace {

constexpr int32_t kDefaultGcGraceSeconds = 864000;

int32_t int_option(const Table& table, const std::string& name, int32_t fallback) {
  const auto found = table.options.find(name);
  if (found == table.options.end()) return fallback;
  int32_t value = fallback;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

void drop_table(Catalog& catalog, const Uuid& id) {
  const auto found = catalog.tables_by_id.find(id);
  if (found == catalog.tables_by_id.end()) return;
  catalog.tables.erase({found->second->keyspace, found->second->name});
  catalog.tables_by_id.erase(found);
  catalog.tablets.erase(id);
}

void drop_keyspace(Catalog& catalog, const std::string& name) {
  std::vector<Uuid> tables;
  for (const auto& [id, table] : catalog.tables_by_id) {
    if (table->keyspace == name) tables.push_back(id);
  }
  for (const Uuid& id : tables) drop_table(catalog, id);
  catalog.keyspaces.erase(name);
}

void put_table(Catalog& catalog, const Table& put) {
  auto table = std::make_shared<Table>(put);
  table->index();
  const auto old = catalog.tables_by_id.find(put.id);
  if (old != catalog.tables_by_id.end()) catalog.tables.erase({old->second->keyspace, old->second->name});
  catalog.tables[{put.keyspace, put.name}] = table;
  catalog.tables_by_id[put.id] = table;
}

}  // namespace

void Table::index() {
  // By the bytes of their names, as Java compares them: with signs.
  const auto name_before = [](const std::string& a, const std::string& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
      return static_cast<signed char>(x) < static_cast<signed char>(y);
    });
  };
  std::sort(columns.begin(), columns.end(), [&](const Column& a, const Column& b) {
    const auto place = [](const Column& column) { return std::pair(column.kind, column.position); };
    return place(a) != place(b) ? place(a) < place(b) : name_before(a.name, b.name);
  });
  const auto count = [this](ColumnKind kind) {
    return static_cast<size_t>(std::count_if(columns.begin(), columns.end(),
                                             [kind](const Column& column) { return column.kind == kind; }));
  };
  partition_key_size = count(ColumnKind::kPartitionKey);
  clustering_size = count(ColumnKind::kClustering);
  static_size = count(ColumnKind::kStatic);
}

const Column* Table::find(std::string_view column_name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == column_name; });
  return found == columns.end() ? nullptr : &*found;
}

const Column* Table::find(ColumnId column_id) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.id == column_id; });
  return found == columns.end() ? nullptr : &*found;
}

int32_t Table::default_time_to_live() const { return int_option(*this, "default_time_to_live", 0); }
int32_t Table::gc_grace_seconds() const {
  return int_option(*this, "gc_grace_seconds", kDefaultGcGraceSeconds);
}

const Tablet& TabletMap::find(Token token) const {
  const auto found = std::lower_bound(tablets.begin(), tablets.end(), token,
                                      [](const Tablet& tablet, Token t) { return tablet.end < t; });
  KEYZONE_ASSERT(found != tablets.end());
  return *found;
}

const Table* Catalog::find_table(std::string_view keyspace, std::string_view name) const {
  const auto found = tables.find({std::string(keyspace), std::string(name)});
  return found == tables.end() ? nullptr : found->second.get();
}

TablePtr Catalog::table(const Uuid& id) const {
  const auto found = tables_by_id.find(id);
  return found == tables_by_id.end() ? nullptr : found->second;
}

// A name-based UUID (RFC 4122, version 3) of the cluster id and the schema's version.
Uuid Catalog::schema_version() const {
  Bytes name(reinterpret_cast<const char*>(cluster_id.bytes.data()), cluster_id.bytes.size());
  append_be(name, schema.value);
  Uuid out;
  unsigned int size = 0;
  const int done = EVP_Digest(name.data(), name.size(), out.bytes.data(), &size, EVP_md5(), nullptr);
  KEYZONE_ASSERT(done == 1 && size == out.bytes.size());
  out.bytes[6] = static_cast<uint8_t>((out.bytes[6] & 0x0f) | 0x30);
  out.bytes[8] = static_cast<uint8_t>((out.bytes[8] & 0x3f) | 0x80);
  return out;
}

Result<CatalogPtr> apply_change(const Catalog& catalog, const CatalogChange& change) {
  if (change.expected != catalog.version) {
    return Error{ErrorKind::kStale, "the change was planned on catalog version " +
                                        std::to_string(change.expected.value) + ", now it is " +
                                        std::to_string(catalog.version.value)};
  }
  auto out = std::make_shared<Catalog>(catalog);
  out->version = catalog.version.next();
  if (change.visible) out->schema = out->version;
  if (change.cluster) std::tie(out->cluster_id, out->cluster_name) = *change.cluster;
  if (change.secret) out->secret = *change.secret;
  if (change.next_id) out->next_id = std::max(out->next_id, *change.next_id);
  for (const Uuid& id : change.drop_tables) drop_table(*out, id);
  for (const std::string& name : change.drop_keyspaces) drop_keyspace(*out, name);
  for (const Keyspace& put : change.put_keyspaces) out->keyspaces[put.name] = std::make_shared<Keyspace>(put);
  for (const Table& put : change.put_tables) put_table(*out, put);
  for (const auto& [table, map] : change.put_tablets) out->tablets[table] = std::make_shared<TabletMap>(map);
  for (const Node& put : change.put_nodes) out->nodes[put.id] = put;
  for (const NodeId id : change.drop_nodes) out->nodes.erase(id);
  if (change.members) out->members = *change.members;
  return CatalogPtr(std::move(out));
}

}  // namespace keyzone
