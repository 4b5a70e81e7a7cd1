// The schema as rows: system_schema and system_virtual_schema.
#include <algorithm>

#include "cql/ddl/table_options.h"
#include "cql/plan/prepare_context.h"
#include "cql/system_tables/row_builder.h"
#include "schema/time_units.h"
#include "schema/types/collections.h"
#include "schema/types/hex.h"

namespace keyzone::cql {
namespace {

// Every keyspace and table that is not virtual: the system's and the users', in order of their names.
std::vector<KeyspacePtr> real_keyspaces(const Catalog& catalog) {
  std::map<std::string, KeyspacePtr> all(catalog.keyspaces.begin(), catalog.keyspaces.end());
  for (const KeyspacePtr& keyspace : system_keyspaces()) {
    if (!is_virtual_keyspace(keyspace->name)) all.emplace(keyspace->name, keyspace);
  }
  std::vector<KeyspacePtr> out;
  for (const auto& [name, keyspace] : all) out.push_back(keyspace);
  return out;
}

std::vector<TablePtr> real_tables(const Catalog& catalog) {
  std::vector<TablePtr> out;
  for (const TablePtr& table : system_tables()) {
    if (!is_virtual_keyspace(table->keyspace)) out.push_back(table);
  }
  for (const auto& [name, table] : catalog.tables) {
    if (!is_hidden_keyspace(table->keyspace)) out.push_back(table);
  }
  return out;
}

std::vector<TablePtr> virtual_tables() {
  std::vector<TablePtr> out;
  for (const TablePtr& table : system_tables()) {
    if (is_virtual_keyspace(table->keyspace)) out.push_back(table);
  }
  return out;
}

const char* kind_name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kPartitionKey:
      return "partition_key";
    case ColumnKind::kClustering:
      return "clustering";
    case ColumnKind::kStatic:
      return "static";
    case ColumnKind::kRegular:
      return "regular";
  }
  return "";
}

// What Cassandra's layout of COMPACT STORAGE has beside the columns that were declared. No type: its "empty".
std::vector<Column> hidden_columns(const Table& table) {
  std::vector<Column> out;
  if (!table.compact()) return out;
  const auto add = [&out](const char* name, ColumnKind kind, TypePtr type) {
    Column& column = out.emplace_back();
    column.name = name;
    column.kind = kind;
    column.type = std::move(type);
  };
  if (table.clustering_size == 0) {
    add("column1", ColumnKind::kClustering, native_type(TypeKind::kText));
    add("value", ColumnKind::kRegular, native_type(table.counter ? TypeKind::kCounter : TypeKind::kBlob));
  } else if (table.regular_begin() == table.columns.size()) {
    add("value", ColumnKind::kRegular, nullptr);
  }
  return out;
}

// The flags by which drivers know the layout.
std::vector<Bytes> flags_of(const Table& table) {
  std::vector<Bytes> flags;
  if (!table.compact() || table.clustering_size > 1) flags.push_back("compound");
  if (table.counter) flags.push_back("counter");
  if (table.compact() && table.clustering_size > 0) flags.push_back("dense");
  return flags;
}

std::vector<SystemRow> columns_of(const Table& system_table, const std::vector<TablePtr>& tables) {
  RowBuilder rows(system_table);
  for (const TablePtr& table : tables) {
    std::map<std::string_view, const Column*> by_name;
    for (const Column& column : table->columns) by_name[column.name] = &column;
    std::vector<Column> hidden = hidden_columns(*table);
    for (const Column& column : hidden) by_name[column.name] = &column;
    const bool flat = has_hidden_clustering(*table);
    for (const auto& [name, column] : by_name) {
      const bool shown = hidden.empty() || column < hidden.data() || column >= hidden.data() + hidden.size();
      const bool clustering = column->kind == ColumnKind::kClustering;
      const bool key = clustering || column->kind == ColumnKind::kPartitionKey;
      const bool as_static = flat && shown && column->kind == ColumnKind::kRegular;
      rows.add()
          .text("keyspace_name", table->keyspace)
          .text("table_name", table->name)
          .text("column_name", name)
          .text("clustering_order", !clustering          ? "none"
                                    : column->descending ? "desc"
                                                         : "asc")
          .blob("column_name_bytes", name)
          .text("kind", kind_name(as_static ? ColumnKind::kStatic : column->kind))
          .integer("position", key ? static_cast<int32_t>(column->position) : -1)
          .text("type", column->type ? column->type->to_string() : "empty");
    }
  }
  return rows.take();
}

// A value as Cassandra keeps it in text: 1, abc, 1:abc for a tuple, and the bytes of a collection.
std::string kept_text(const Type& type, BytesView value) {
  if (type.kind() == TypeKind::kText || type.kind() == TypeKind::kAscii) return std::string(value);
  if (type.is_collection()) return to_hex(value);
  if (type.kind() == TypeKind::kTuple || type.is_user_type()) {
    const auto fields = split_fields(type, value);
    std::string text;
    for (size_t i = 0; fields && i < fields->size(); ++i)
      text += (i ? ":" : "") + ((*fields)[i] ? kept_text(*type.parameters()[i], *(*fields)[i]) : "@");
    return text;
  }
  std::string literal = type.to_cql_literal(value);
  const bool quoted = literal.size() >= 2 && literal.front() == '\'';
  return quoted ? literal.substr(1, literal.size() - 2) : literal;
}

// What an older Cassandra doesn't know is written only where it is not the default; cdc only where it is
// enabled, which it never is here.
void add_options(RowBuilder& rows, const TableOptions& options) {
  if (!options.allow_auto_snapshot) rows.boolean("allow_auto_snapshot", false);
  if (!options.incremental_backups) rows.boolean("incremental_backups", false);
  rows.text("additional_write_policy", options.additional_write_policy)
      .real("bloom_filter_fp_chance", options.bloom_filter())
      .map("caching", options.caching)
      .text("comment", options.comment)
      .map("compaction", options.compaction)
      .map("compression", options.compression)
      .real("crc_check_chance", options.crc_check_chance)
      .real("dclocal_read_repair_chance", 0)
      .integer("default_time_to_live", options.default_time_to_live)
      .map("extensions", {})
      .integer("gc_grace_seconds", options.gc_grace_seconds)
      .integer("max_index_interval", options.max_index_interval)
      .integer("memtable_flush_period_in_ms", options.memtable_flush_period_in_ms)
      .integer("min_index_interval", options.min_index_interval)
      .text("read_repair", options.read_repair)
      .real("read_repair_chance", 0)
      .text("speculative_retry", options.speculative_retry);
}

}  // namespace

std::vector<SystemRow> schema_keyspaces_rows(const Table& table, const Catalog& catalog, const NodeFacts&) {
  RowBuilder rows(table);
  for (const KeyspacePtr& keyspace : real_keyspaces(catalog)) {
    rows.add()
        .text("keyspace_name", keyspace->name)
        .boolean("durable_writes", keyspace->durable_writes)
        .map("replication", keyspace->replication);
  }
  return rows.take();
}

std::vector<SystemRow> schema_tables_rows(const Table& system_table, const Catalog& catalog,
                                          const NodeFacts&) {
  RowBuilder rows(system_table);
  for (const TablePtr& table : real_tables(catalog)) {
    rows.add()
        .text("keyspace_name", table->keyspace)
        .text("table_name", table->name)
        .texts("flags", flags_of(*table))
        .uuid("id", table->id);
    add_options(rows, options_of(*table));
  }
  return rows.take();
}

std::vector<SystemRow> schema_columns_rows(const Table& table, const Catalog& catalog, const NodeFacts&) {
  return columns_of(table, real_tables(catalog));
}

std::vector<SystemRow> schema_column_masks_rows(const Table& system_table, const Catalog& catalog,
                                                const NodeFacts&) {
  RowBuilder rows(system_table);
  for (const auto& [key, table] : catalog.tables) {
    std::map<std::string_view, const MaskFunction*> by_name;
    for (const Column& column : table->columns) {
      if (column.mask) by_name[column.name] = column.mask.get();
    }
    for (const auto& [name, mask] : by_name) {
      std::vector<Bytes> nulls, types, values;
      for (const auto& [type, value] : mask->arguments) {
        nulls.push_back(Bytes(1, value ? '\0' : '\1'));
        types.push_back(type->to_string());
        values.push_back(value ? kept_text(*type, *value) : "");
      }
      rows.add()
          .text("keyspace_name", table->keyspace)
          .text("table_name", table->name)
          .text("column_name", name)
          .texts("function_argument_nulls", std::move(nulls))
          .texts("function_argument_types", std::move(types))
          .texts("function_argument_values", std::move(values))
          .text("function_keyspace", mask->keyspace)
          .text("function_name", mask->name);
    }
  }
  return rows.take();
}

std::vector<SystemRow> schema_dropped_columns_rows(const Table& system_table, const Catalog& catalog,
                                                   const NodeFacts&) {
  RowBuilder rows(system_table);
  for (const auto& [key, table] : catalog.tables) {
    std::map<std::string_view, const DroppedColumn*> by_name;
    for (const DroppedColumn& column : table->dropped) by_name[column.name] = &column;
    for (const auto& [name, column] : by_name) {
      rows.add()
          .text("keyspace_name", table->keyspace)
          .text("table_name", table->name)
          .text("column_name", name)
          .bigint("dropped_time", column->dropped_at / kMicrosPerMilli)
          .text("kind", kind_name(column->kind))
          .text("type", column->type->to_string());
    }
  }
  return rows.take();
}

std::vector<SystemRow> schema_types_rows(const Table& table, const Catalog& catalog, const NodeFacts&) {
  RowBuilder rows(table);
  for (const auto& [name, keyspace] : catalog.keyspaces) {
    for (const auto& [type_name, type] : keyspace->types) {
      std::vector<Bytes> types;
      for (const TypePtr& field : type->parameters()) types.push_back(field->to_string());
      rows.add()
          .text("keyspace_name", name)
          .text("type_name", type_name)
          .texts("field_names", {type->field_names().begin(), type->field_names().end()})
          .texts("field_types", std::move(types));
    }
  }
  return rows.take();
}

std::vector<SystemRow> virtual_keyspaces_rows(const Table& table, const Catalog&, const NodeFacts&) {
  RowBuilder rows(table);
  for (const KeyspacePtr& keyspace : system_keyspaces()) {
    if (is_virtual_keyspace(keyspace->name)) rows.add().text("keyspace_name", keyspace->name);
  }
  return rows.take();
}

std::vector<SystemRow> virtual_tables_rows(const Table& system_table, const Catalog&, const NodeFacts&) {
  RowBuilder rows(system_table);
  for (const TablePtr& table : virtual_tables()) {
    rows.add()
        .text("keyspace_name", table->keyspace)
        .text("table_name", table->name)
        .text("comment", options_of(*table).comment);
  }
  return rows.take();
}

std::vector<SystemRow> virtual_columns_rows(const Table& table, const Catalog&, const NodeFacts&) {
  return columns_of(table, virtual_tables());
}

}  // namespace keyzone::cql
