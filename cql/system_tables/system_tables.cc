#include "cql/system_tables/system_tables.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "cql/ddl/create_table.h"
#include "cql/grammar/parser.h"
#include "cql/system_tables/definitions.h"
#include "cql/system_tables/row_builder.h"

namespace keyzone::cql {
namespace {

struct SystemKeyspace {
  std::string_view name;
  const SystemKeyspaceDefinition* definition;
  bool is_virtual;
  std::string_view strategy;
  std::string_view replication_factor;
};
const std::array kKeyspaces = {
    SystemKeyspace{"system", &kSystemTables, false, "LocalStrategy", ""},
    SystemKeyspace{"system_auth", &kSystemAuthTables, false, "SimpleStrategy", "1"},
    SystemKeyspace{"system_distributed", &kSystemDistributedTables, false, "SimpleStrategy", "3"},
    SystemKeyspace{"system_schema", &kSystemSchemaTables, false, "LocalStrategy", ""},
    SystemKeyspace{"system_traces", &kSystemTracesTables, false, "SimpleStrategy", "2"},
    SystemKeyspace{"system_views", &kSystemViewsTables, true, "", ""},
    SystemKeyspace{"system_virtual_schema", &kSystemVirtualSchemaTables, true, "", ""},
};

const SystemKeyspace* find_keyspace(std::string_view name) {
  const auto found = std::find_if(kKeyspaces.begin(), kKeyspaces.end(),
                                  [name](const SystemKeyspace& k) { return k.name == name; });
  return found == kKeyspaces.end() ? nullptr : &*found;
}

// As Cassandra derives it: the same on every node and in every cluster.
Uuid id_of(std::string_view keyspace, std::string_view table) {
  const std::string name = std::string(keyspace) + std::string(table);
  Uuid id;
  unsigned int size = 0;
  KEYZONE_ASSERT(EVP_Digest(name.data(), name.size(), id.bytes.data(), &size, EVP_md5(), nullptr) == 1);
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x30);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

// Our own texts always parse.
template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "keyzone: system tables: %s\n", result.error().message.c_str());
  KEYZONE_ASSERT(result.ok());
  return *std::move(result);
}

TablePtr make_system_table(std::string_view text, const SystemKeyspaceDefinition& definition) {
  const Statement statement = must(parse(text));
  auto create = std::get<CreateTableStatement>(statement.kind);
  if (!definition.options.empty()) {
    const Statement shared =
        must(parse("CREATE TABLE x (x int PRIMARY KEY) WITH " + std::string(definition.options)));
    Properties properties = shared.as<CreateTableStatement>()->properties;
    properties.insert(properties.end(), create.properties.begin(), create.properties.end());
    create.properties = std::move(properties);  // later ones win
  }
  const std::string keyspace(definition.keyspace);
  const auto resolve = [&keyspace](const TypeName& type) {
    return parse_type(type.text, keyspace, [](std::string_view, std::string_view) { return TypePtr(); });
  };
  auto table = std::make_shared<Table>(must(ddl::make_table(create, keyspace, resolve)));
  table->id = id_of(keyspace, table->name);
  return table;
}

std::vector<TablePtr> make_system_tables() {
  constexpr std::string_view kCreate = "CREATE TABLE ";
  std::vector<TablePtr> out;
  for (const SystemKeyspace& keyspace : kKeyspaces) {
    const std::string_view text = keyspace.definition->tables;
    for (size_t at = text.find(kCreate); at != text.npos;) {
      const size_t next = text.find(kCreate, at + kCreate.size());
      out.push_back(make_system_table(text.substr(at, next - at), *keyspace.definition));
      at = next;
    }
  }
  std::sort(out.begin(), out.end(), [](const TablePtr& a, const TablePtr& b) {
    return std::tie(a->keyspace, a->name) < std::tie(b->keyspace, b->name);
  });
  return out;
}

std::vector<KeyspacePtr> make_system_keyspaces() {
  std::vector<KeyspacePtr> out;
  for (const SystemKeyspace& k : kKeyspaces) {
    auto keyspace = std::make_shared<Keyspace>();
    keyspace->name = k.name;
    if (!k.is_virtual)
      keyspace->replication["class"] = std::string(kLocatorPackage) + std::string(k.strategy);
    if (!k.replication_factor.empty()) keyspace->replication["replication_factor"] = k.replication_factor;
    out.push_back(std::move(keyspace));
  }
  return out;
}

using Provider = std::vector<SystemRow> (*)(const Table&, const Catalog&, const NodeFacts&);
struct Source {
  std::string_view keyspace;
  std::string_view table;
  Provider rows;
};
// Tables that are not here are always empty.
constexpr Source kSources[] = {
    {"system", "local", local_rows},
    {"system", "peers", peers_rows},
    {"system", "peers_v2", peers_v2_rows},
    {"system", "prepared_statements", prepared_statements_rows},
    {"system", "size_estimates", size_estimates_rows},
    {"system", "table_estimates", table_estimates_rows},
    {"system_schema", "keyspaces", schema_keyspaces_rows},
    {"system_schema", "tables", schema_tables_rows},
    {"system_schema", "columns", schema_columns_rows},
    {"system_schema", "column_masks", schema_column_masks_rows},
    {"system_schema", "dropped_columns", schema_dropped_columns_rows},
    {"system_schema", "types", schema_types_rows},
    {"system_virtual_schema", "keyspaces", virtual_keyspaces_rows},
    {"system_virtual_schema", "tables", virtual_tables_rows},
    {"system_virtual_schema", "columns", virtual_columns_rows},
    {"system_auth", "roles", roles_rows},
    {"system_traces", "events", trace_events_rows},
    {"system_traces", "sessions", trace_sessions_rows},
    {"system_views", "clients", clients_rows},
    {"system_views", "gossip_info", gossip_info_rows},
    {"system_views", "batch_metrics", batch_metrics_rows},
    {"system_views", "caches", caches_rows},
    {"system_views", "cidr_filtering_metrics_counts", cidr_counts_rows},
    {"system_views", "cidr_filtering_metrics_latencies", cidr_latencies_rows},
    {"system_views", "coordinator_read_latency", coordinator_read_rows},
    {"system_views", "coordinator_scan_latency", coordinator_scan_rows},
    {"system_views", "coordinator_write_latency", coordinator_write_rows},
    {"system_views", "cql_metrics", cql_metrics_rows},
    {"system_views", "disk_usage", disk_usage_rows},
    {"system_views", "internode_inbound", internode_rows},
    {"system_views", "internode_outbound", internode_rows},
    {"system_views", "local_read_latency", local_read_rows},
    {"system_views", "local_scan_latency", local_scan_rows},
    {"system_views", "local_write_latency", local_write_rows},
    {"system_views", "queries", queries_rows},
    {"system_views", "rows_per_read", rows_per_read_rows},
    {"system_views", "thread_pools", thread_pools_rows},
    {"system_views", "tombstones_per_read", tombstones_per_read_rows},
    {"system_views", "settings", settings_rows},
    {"system_views", "keyzone_nodes", keyzone_nodes_rows},
    {"system_views", "keyzone_tablets", keyzone_tablets_rows},
};

// Of the system's tables and of clients', as partitions that IN names are sorted.
void sort_by_keyspace(std::vector<SystemRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const SystemRow& a, const SystemRow& b) { return a.front() < b.front(); });
}

}  // namespace

bool is_system_keyspace(std::string_view name) {
  return find_keyspace(name) != nullptr || is_hidden_keyspace(name);
}

bool is_replicated_system_keyspace(std::string_view name) {
  const SystemKeyspace* found = find_keyspace(name);
  return found && !found->replication_factor.empty();
}

bool may_be_cleared(std::string_view keyspace) { return keyspace == "system_traces"; }

bool is_virtual_keyspace(std::string_view name) {
  const SystemKeyspace* found = find_keyspace(name);
  return found && found->is_virtual;
}

const std::vector<KeyspacePtr>& system_keyspaces() {
  static const std::vector<KeyspacePtr> kAll = make_system_keyspaces();
  return kAll;
}

const Keyspace* find_system_keyspace(std::string_view name) {
  for (const KeyspacePtr& keyspace : system_keyspaces()) {
    if (keyspace->name == name) return keyspace.get();
  }
  return nullptr;
}

const std::vector<TablePtr>& system_tables() {
  static const std::vector<TablePtr> kAll = make_system_tables();
  return kAll;
}

TablePtr system_table(std::string_view keyspace, std::string_view name) {
  const auto& all = system_tables();
  const auto at = std::lower_bound(
      all.begin(), all.end(), std::pair(keyspace, name), [](const TablePtr& table, const auto& key) {
        return std::pair<std::string_view, std::string_view>(table->keyspace, table->name) < key;
      });
  return at != all.end() && (*at)->keyspace == keyspace && (*at)->name == name ? *at : nullptr;
}

const Table* find_system_table(std::string_view keyspace, std::string_view name) {
  return system_table(keyspace, name).get();
}

std::vector<SystemRow> system_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts) {
  for (const Source& source : kSources) {
    if (source.keyspace != table.keyspace || source.table != table.name) continue;
    auto rows = source.rows(table, catalog, facts);
    if (table.keyspace == "system_schema") sort_by_keyspace(rows);
    return rows;
  }
  return {};
}

}  // namespace keyzone::cql
