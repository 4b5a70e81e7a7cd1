// Rows of system tables, column by column.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cql/system_tables/system_tables.h"
#include "schema/catalog.h"

namespace keyzone::cql {

// The 4 or 16 bytes of an address in text; nullopt where it is none.
std::optional<Bytes> inet_bytes(std::string_view text);

// Fills rows by column name; what isn't set is null. REQUIRES: the columns exist and have that type.
class RowBuilder {
 public:
  explicit RowBuilder(const Table& table) : table_(table) {}

  RowBuilder& add();  // begins a row; the setters below fill the last one
  RowBuilder& text(std::string_view column, std::string_view value);
  RowBuilder& blob(std::string_view column, BytesView value) { return text(column, value); }
  RowBuilder& integer(std::string_view column, int32_t value);
  RowBuilder& bigint(std::string_view column, int64_t value);  // timestamps too
  RowBuilder& real(std::string_view column, double value);
  RowBuilder& boolean(std::string_view column, bool value);
  RowBuilder& uuid(std::string_view column, const Uuid& value);
  RowBuilder& inet(std::string_view column, std::string_view value);
  RowBuilder& texts(std::string_view column, std::vector<Bytes> values);  // list or set
  RowBuilder& clear(std::string_view column);
  RowBuilder& map(std::string_view column, const std::map<std::string, std::string>& value);
  std::vector<SystemRow> take() { return std::move(rows_); }

 private:
  size_t index_of(std::string_view column) const;

  const Table& table_;
  std::vector<SystemRow> rows_;
};

// The providers, each of the tables named. Private to this folder.
std::vector<SystemRow> local_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> peers_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> peers_v2_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> prepared_statements_rows(const Table& table, const Catalog& catalog,
                                                const NodeFacts& facts);
std::vector<SystemRow> size_estimates_rows(const Table& table, const Catalog& catalog,
                                           const NodeFacts& facts);
std::vector<SystemRow> table_estimates_rows(const Table& table, const Catalog& catalog,
                                            const NodeFacts& facts);
std::vector<SystemRow> schema_keyspaces_rows(const Table& table, const Catalog& catalog,
                                             const NodeFacts& facts);
std::vector<SystemRow> schema_tables_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> schema_columns_rows(const Table& table, const Catalog& catalog,
                                           const NodeFacts& facts);
std::vector<SystemRow> schema_column_masks_rows(const Table& table, const Catalog& catalog,
                                                const NodeFacts& facts);
std::vector<SystemRow> schema_dropped_columns_rows(const Table& table, const Catalog& catalog,
                                                   const NodeFacts& facts);
std::vector<SystemRow> schema_types_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> virtual_keyspaces_rows(const Table& table, const Catalog& catalog,
                                              const NodeFacts& facts);
std::vector<SystemRow> virtual_tables_rows(const Table& table, const Catalog& catalog,
                                           const NodeFacts& facts);
std::vector<SystemRow> virtual_columns_rows(const Table& table, const Catalog& catalog,
                                            const NodeFacts& facts);
std::vector<SystemRow> trace_sessions_rows(const Table& table, const Catalog& catalog,
                                           const NodeFacts& facts);
std::vector<SystemRow> trace_events_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> coordinator_read_rows(const Table& table, const Catalog& catalog,
                                             const NodeFacts& facts);
std::vector<SystemRow> coordinator_scan_rows(const Table& table, const Catalog& catalog,
                                             const NodeFacts& facts);
std::vector<SystemRow> coordinator_write_rows(const Table& table, const Catalog& catalog,
                                              const NodeFacts& facts);
std::vector<SystemRow> local_read_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> local_scan_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> local_write_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> rows_per_read_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> tombstones_per_read_rows(const Table& table, const Catalog& catalog,
                                                const NodeFacts& facts);
std::vector<SystemRow> disk_usage_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> batch_metrics_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> cql_metrics_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> caches_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> thread_pools_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> queries_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> internode_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> cidr_counts_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> cidr_latencies_rows(const Table& table, const Catalog& catalog,
                                           const NodeFacts& facts);
std::vector<SystemRow> roles_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> gossip_info_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> clients_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> settings_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> keyzone_nodes_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);
std::vector<SystemRow> keyzone_tablets_rows(const Table& table, const Catalog& catalog,
                                            const NodeFacts& facts);

}  // namespace keyzone::cql
