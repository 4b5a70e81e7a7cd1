// What DESCRIBE prints, character by character as Cassandra 5.0.8.
#include <algorithm>

#include "cql/ddl/table_options.h"
#include "cql/describe/describe.h"
#include "cql/system_tables/system_tables.h"
#include "schema/text.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

constexpr const char* kIndent = "\n    ";
constexpr const char* kAnd = "\n    AND ";

std::string qualified(std::string_view keyspace, std::string_view name) {
  return quote_identifier(keyspace) + "." + quote_identifier(name);
}

// What cannot be recreated with CQL is shown as a comment.
std::string virtual_note(const std::string& what, const std::string& name, const std::string& structure) {
  std::string lower = what;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(c | 0x20); });
  return "/*\nWarning: " + what + " " + name + " is a virtual " + lower +
         " and cannot be recreated with CQL.\nStructure, for reference:\nVIRTUAL " + structure + "\n*/";
}

std::string compact_note(const std::string& name, const std::string& statement) {
  return "/*\nWarning: Table " + name +
         " omitted because it has constructs not compatible with CQL (was created via legacy API).\n"
         "Approximate structure, for reference:\n(this should not be used to reproduce this schema)\n\n" +
         statement + "\n*/";
}

std::string column_text(const std::string& name, const Type& type, bool is_static) {
  return quote_identifier(name) + " " + type.to_string() + (is_static ? " static" : "");
}

// MASKED WITH system.mask_inner(1, null)
std::string mask_text(const MaskFunction& mask) {
  std::vector<std::string> arguments;
  for (const auto& [type, value] : mask.arguments)
    arguments.push_back(value ? type->to_cql_literal(*value) : "null");
  return "MASKED WITH " + qualified(mask.keyspace, mask.name) + "(" + joined(arguments) + ")";
}

std::string column_text(const Column& column) {
  return column_text(column.name, *column.type, column.kind == ColumnKind::kStatic) +
         (column.mask ? " " + mask_text(*column.mask) : "");
}

const DroppedColumn* find_dropped(const Table& table, const std::string& name) {
  const auto found = std::find_if(table.dropped.begin(), table.dropped.end(),
                                  [&](const DroppedColumn& column) { return column.name == name; });
  return found == table.dropped.end() ? nullptr : &*found;
}

// The places of the hash table that Cassandra finds them in. It began as a copy of what had been dropped
// before the last statement that dropped any, all at the same time.
size_t places_of_dropped(const std::vector<DroppedColumn>& dropped) {
  size_t before = dropped.size();
  while (before > 0 && dropped[before - 1].dropped_at == dropped.back().dropped_at) --before;
  return java_grown_size(before == 0 ? java_table_size(0) : java_copy_size(before), dropped.size());
}

std::vector<const DroppedColumn*> dropped_in_order(const Table& table) {
  std::vector<const DroppedColumn*> out;
  for (const DroppedColumn& column : table.dropped) out.push_back(&column);
  const auto place = [places = places_of_dropped(table.dropped)](const DroppedColumn* column) {
    return java_place(java_name_hash(column->name), places);
  };
  std::stable_sort(out.begin(), out.end(),
                   [&place](const auto* a, const auto* b) { return place(a) < place(b); });
  return out;
}

// Key columns, statics, regulars; of those, columns of many cells come last. With internals what was dropped
// is declared as it was, in place of what came back under its name.
std::vector<std::string> column_lines(const Table& table, bool internals) {
  const bool single_key = table.partition_key_size == 1 && table.clustering_size == 0 && !table.compact();
  std::vector<const Column*> order;
  for (const Column& column : table.columns) order.push_back(&column);
  std::stable_sort(order.begin(), order.end(), [](const Column* a, const Column* b) {
    return std::pair(a->kind, a->type->is_multi_cell()) < std::pair(b->kind, b->type->is_multi_cell());
  });
  std::vector<std::string> lines;
  for (const Column* column : order) {
    if (internals && find_dropped(table, column->name)) continue;
    std::string line = column_text(*column);
    if (single_key && column->kind == ColumnKind::kPartitionKey) line += " PRIMARY KEY";
    lines.push_back(std::move(line));
  }
  if (internals) {
    for (const DroppedColumn* column : dropped_in_order(table)) {
      lines.push_back(column_text(column->name, *column->type, column->kind == ColumnKind::kStatic));
    }
  }
  return lines;
}

// "PRIMARY KEY ((a, b), c)"; empty if it stands beside its only column.
std::string primary_key_line(const Table& table) {
  if (table.partition_key_size == 1 && table.clustering_size == 0 && !table.compact()) return "";
  std::string partition;
  for (size_t i = 0; i < table.partition_key_size; ++i) {
    partition += (i ? ", " : "") + quote_identifier(table.partition_key(i).name);
  }
  if (table.partition_key_size > 1) partition = "(" + partition + ")";
  for (size_t i = 0; i < table.clustering_size; ++i)
    partition += ", " + quote_identifier(table.clustering(i).name);
  return "PRIMARY KEY (" + partition + ")";
}

std::string clustering_order(const Table& table) {
  std::string out;
  for (size_t i = 0; i < table.clustering_size; ++i) {
    const Column& column = table.clustering(i);
    out += (i ? ", " : "") + quote_identifier(column.name) + (column.descending ? " DESC" : " ASC");
  }
  return "CLUSTERING ORDER BY (" + out + ")";
}

std::string dropped_statements(const Table& table) {
  std::string out;
  const std::string alter = "\nALTER TABLE " + qualified(table.keyspace, table.name);
  for (const DroppedColumn* column : dropped_in_order(table)) {
    out += alter + " DROP " + quote_identifier(column->name) + " USING TIMESTAMP " +
           std::to_string(column->dropped_at) + ";";
    const Column* again = table.find(column->name);
    if (!again) continue;
    out += alter + " ADD " + column_text(*again) + ";";
  }
  return out;
}

}  // namespace

std::string describe_keyspace(const Keyspace& keyspace) {
  const std::string name = quote_identifier(keyspace.name);
  if (is_virtual_keyspace(keyspace.name)) return virtual_note("Keyspace", name, "KEYSPACE " + name + ";");
  OptionMap replication = keyspace.replication;
  std::string& strategy = replication["class"];
  if (strategy.starts_with(kLocatorPackage)) strategy.erase(0, kLocatorPackage.size());
  std::string options = "'class': " + quote_string(strategy);
  for (const auto& [option, value] : replication) {
    if (option != "class") options += ", " + quote_string(option) + ": " + quote_string(value);
  }
  return "CREATE KEYSPACE " + name + " WITH replication = {" + options +
         "}  AND durable_writes = " + (keyspace.durable_writes ? "true;" : "false;");
}

std::string describe_type(const Type& type) {
  std::string fields;
  for (size_t i = 0; i < type.parameters().size(); ++i) {
    fields += (i ? "," : "") + std::string(kIndent) +
              column_text(type.field_names()[i], *type.parameters()[i], false);
  }
  return "CREATE TYPE " + qualified(type.keyspace(), type.name()) + " (" + fields + "\n);";
}

std::string describe_table(const Table& table, bool internals) {
  const bool is_virtual = is_virtual_keyspace(table.keyspace);
  const std::string name = qualified(table.keyspace, table.name);
  const TableOptions settings = options_of(table);
  std::vector<std::string> lines = column_lines(table, internals);
  if (const std::string key = primary_key_line(table); !key.empty()) lines.push_back(key);
  std::string out = "TABLE " + name + " (";
  for (size_t i = 0; i < lines.size(); ++i) out += (i ? "," : "") + std::string(kIndent) + lines[i];
  std::vector<std::string> options;
  if (settings.compact_storage) options.push_back("COMPACT STORAGE");
  if (internals && !is_virtual) options.push_back("ID = " + table.id.to_string());
  if (table.clustering_size > 0) options.push_back(clustering_order(table));
  if (table.clustering_size == 0 && settings.compact_storage)
    options.push_back("CLUSTERING ORDER BY (column1 ASC)");  // the hidden column of Cassandra's layout
  if (is_virtual) {
    options.push_back("comment = " + quote_string(settings.comment));
  } else {
    for (std::string& option : describe_options(settings)) options.push_back(std::move(option));
  }
  out += "\n) WITH ";
  for (size_t i = 0; i < options.size(); ++i) out += (i ? kAnd : "") + options[i];
  out += ";";
  if (is_virtual) return virtual_note("Table", name, out);
  if (settings.compact_storage) return compact_note(name, "CREATE " + out);
  return "CREATE " + out + (internals ? dropped_statements(table) : "");
}

}  // namespace keyzone::cql
