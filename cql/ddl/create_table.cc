#include "cql/ddl/create_table.h"

#include <algorithm>
#include <map>
#include <set>

#include "cql/ddl/column_mask.h"
#include "cql/ddl/table_options.h"

namespace keyzone::cql::ddl {
namespace {

Error several_keys(const std::string& table) {
  return invalid("Multiple PRIMARY KEY specified for table '" + table + "' (exactly one required)");
}

}  // namespace

Result<Keys> check_shape(const CreateTableStatement& statement) {
  const std::string name = statement.table.to_string();
  std::set<std::string_view> names;
  std::vector<Keys> keys;
  for (const ColumnDefinition& column : statement.columns) {
    if (!names.insert(column.name).second) {
      return invalid("Duplicate column '" + column.name + "' declaration for table '" + name + "'");
    }
    if (!column.primary_key) continue;
    if (!keys.empty()) return several_keys(name);
    keys.push_back({{column.name}, {}});
  }
  for (size_t i = 0; i < statement.partition_keys.size(); ++i) {
    keys.push_back({statement.partition_keys[i], statement.clustering_keys[i]});
  }
  if (keys.size() > 1) return several_keys(name);
  std::set<std::string_view> ordered;
  for (const ClusteringOrder& order : statement.clustering_order) {
    if (!ordered.insert(order.column).second) {
      return invalid("Duplicate column '" + order.column + "' in CLUSTERING ORDER BY clause for table '" +
                     name + "'");
    }
  }
  if (keys.empty()) return invalid("No PRIMARY KEY specifed for table '" + name + "' (exactly one required)");
  return keys[0];
}

namespace {

// Whether it is named by its class, as 'Int32Type'.
bool is_class_name(std::string_view type) { return type.starts_with('\''); }

Result<void> check_key_type(const std::string& name, const TypeName& written, const Type& type) {
  if (type.is_multi_cell()) {
    const std::string what = is_class_name(written.text) ? spell_type(written.text, "")
                             : type.is_collection()      ? type.to_string()
                                                         : "\"" + type.keyspace() + "." + type.name() + "\"";
    return invalid("Invalid non-frozen " + std::string(type.is_collection() ? "collection" : "user-defined") +
                   " type " + what + " for PRIMARY KEY column '" + name + "'");
  }
  if (type.is_counter())
    return invalid("counter type is not supported for PRIMARY KEY column '" + name + "'");
  if (type.holds_durations()) {
    return invalid("duration type is not supported for PRIMARY KEY column '" + name + "'");
  }
  return {};
}

// One after another, as Cassandra looks at them. The table's columns are still in the statement's order.
Result<void> check_keys(const CreateTableStatement& statement, const Table& table, const Keys& keys) {
  std::vector<std::string> all = keys.first;
  all.insert(all.end(), keys.second.begin(), keys.second.end());
  std::set<std::string_view> seen;
  for (const std::string& name : all) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (found == table.columns.end()) {
      return invalid("Unknown column '" + name + "' referenced in PRIMARY KEY for table '" +
                     statement.table.name + "'");
    }
    if (!seen.insert(name).second) {
      return invalid("Duplicate column '" + name + "' in PRIMARY KEY clause for table '" +
                     statement.table.name + "'");
    }
    const ColumnDefinition& definition =
        statement.columns[static_cast<size_t>(found - table.columns.begin())];
    KEYZONE_CHECK(check_key_type(name, definition.type, *found->type));
    if (definition.is_static)
      return invalid("Static column '" + name + "' cannot be part of the PRIMARY KEY");
  }
  return {};
}

Result<void> check_clustering_order(const std::vector<ClusteringOrder>& order,
                                    const std::vector<std::string>& clustering) {
  if (order.empty()) return {};
  std::string strangers;
  for (const ClusteringOrder& item : order) {
    if (std::find(clustering.begin(), clustering.end(), item.column) != clustering.end()) continue;
    strangers += (strangers.empty() ? "" : ", ") + item.column;
  }
  if (!strangers.empty()) {
    return invalid("Only clustering key columns can be defined in CLUSTERING ORDER directive: [" + strangers +
                   "] are not clustering columns");
  }
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i].column == clustering[i]) continue;
    const bool later = std::any_of(order.begin(), order.end(),
                                   [&](const ClusteringOrder& item) { return item.column == clustering[i]; });
    if (!later) return invalid("Missing CLUSTERING ORDER for column " + clustering[i]);
    return invalid(
        "The order of columns in the CLUSTERING ORDER directive must match that of the clustering columns (" +
        clustering[i] + " must appear before " + order[i].column + ")");
  }
  return {};
}

Result<void> check_name(const std::string& keyspace, const std::string& name) {
  if (!is_word(name)) {
    return config_error(
        keyspace + "." + name +
        ": Table name must not be empty or not contain non-alphanumeric-underscore characters (got \"" +
        name + "\")");
  }
  if (name.size() > kTableNameLengthMax) {
    return config_error(keyspace + "." + name + ": Table name must not be more than " +
                        std::to_string(kTableNameLengthMax) + " characters long (got " +
                        std::to_string(name.size()) + " characters for \"" + name + "\")");
  }
  return {};
}

// 'ReversedType(Int32Type)': what is DESC said within the type, by Cassandra's class.
bool is_reversed_by_class(std::string_view type) {
  if (!is_class_name(type)) return false;
  type.remove_prefix(std::min(type.find_first_not_of(" \t\n", 1), type.size()));
  constexpr std::string_view kMarshalPackage = "org.apache.cassandra.db.marshal.";
  if (type.starts_with(kMarshalPackage)) type.remove_prefix(kMarshalPackage.size());
  return type.starts_with("ReversedType");
}

// Gives a column its place: in the key, or beside it.
void place(const Keys& keys, const std::vector<ClusteringOrder>& order, const ColumnDefinition& definition,
           Column& column) {
  const auto at = [&column](const std::vector<std::string>& names) {
    return static_cast<size_t>(std::find(names.begin(), names.end(), column.name) - names.begin());
  };
  const size_t partition = at(keys.first);
  const size_t clustering = at(keys.second);
  if (partition < keys.first.size()) {
    column.kind = ColumnKind::kPartitionKey;
    column.position = static_cast<uint32_t>(partition);
  } else if (clustering < keys.second.size()) {
    column.kind = ColumnKind::kClustering;
    column.position = static_cast<uint32_t>(clustering);
    column.descending = is_reversed_by_class(definition.type.text) ||
                        std::any_of(order.begin(), order.end(), [&column](const ClusteringOrder& item) {
                          return item.column == column.name && item.descending;
                        });
  } else {
    column.kind = definition.is_static ? ColumnKind::kStatic : ColumnKind::kRegular;
  }
}

// A counter that is named by its class doesn't make a table one of counters.
bool says_counter(const CreateTableStatement& statement) {
  return std::any_of(statement.columns.begin(), statement.columns.end(), [](const ColumnDefinition& column) {
    return lower_case(column.type.text) == "counter";
  });
}

// Counters stand alone, statics need rows to be static over.
Result<void> check_columns(const CreateTableStatement& statement, Table& table) {
  size_t counters = 0;
  size_t others = 0;
  for (const Column& column : table.columns) {
    if (in_key(column)) continue;
    KEYZONE_CHECK(check_fields(*column.type));
    ++(column.type->is_counter() ? counters : others);
  }
  if (table.static_size > 0 && table.clustering_size == 0) return invalid(kStaticNeedsClustering);
  if (counters > 0 && !says_counter(statement)) {
    const auto first = std::find_if(table.columns.begin(), table.columns.end(),
                                    [](const Column& column) { return column.type->is_counter(); });
    return config_error(table.keyspace + "." + table.name + ": Cannot have a counter column (\"" +
                        first->name + "\") in a non counter table");
  }
  if (counters > 0 && others > 0)
    return invalid("Cannot mix counter and non counter columns in the same table");
  table.counter = counters > 0;
  return {};
}

// What Cassandra's tables without row markers can hold.
Result<void> check_compact(const Table& table) {
  std::string regulars;
  for (const Column& column : table.columns) {
    if (column.kind == ColumnKind::kStatic)
      return invalid("Static columns are not supported in COMPACT STORAGE tables");
    if (column.type->is_multi_cell())
      return invalid("Non-frozen collections and UDTs are not supported with COMPACT STORAGE");
    if (column.kind == ColumnKind::kRegular) regulars += (regulars.empty() ? "" : ", ") + column.name;
  }
  if (table.clustering_size == 0 && regulars.empty())
    return invalid("No definition found that is not part of the PRIMARY KEY");
  if (table.clustering_size > 0 && table.columns.size() > table.regular_begin() + 1) {
    return invalid(
        "COMPACT STORAGE with composite PRIMARY KEY allows no more than one column not part of the PRIMARY "
        "KEY "
        "(got: " +
        regulars + ")");
  }
  return {};
}

}  // namespace

Error masking_is_off() {
  return invalid(
      "Cannot mask columns because dynamic data masking is not enabled. You can enable it with the "
      "dynamic_data_masking_enabled property on cassandra.yaml");
}

Result<void> check_fields(const Type& column) {
  if (!column.is_user_type() || !column.is_multi_cell()) return {};
  const bool nested = std::any_of(column.parameters().begin(), column.parameters().end(),
                                  [](const TypePtr& field) { return field->is_multi_cell(); });
  if (!nested) return {};
  return invalid("Non-frozen UDTs with nested non-frozen collections are not supported");
}

Result<Table> make_table(const CreateTableStatement& statement, const std::string& keyspace,
                         const TypeResolver& resolve) {
  KEYZONE_TRY(keys, check_shape(statement));
  Table table;
  table.keyspace = keyspace;
  table.name = statement.table.name;
  TableOptions options;
  KEYZONE_CHECK(apply_properties(statement.properties, options));
  for (const ColumnDefinition& definition : statement.columns) {
    KEYZONE_TRY(type, resolve(definition.type));
    Column column;
    column.id = ColumnId{table.next_column++};
    column.name = definition.name;
    column.type = type;
    place(keys, statement.clustering_order, definition, column);
    table.columns.push_back(std::move(column));
  }
  KEYZONE_CHECK(check_keys(statement, table, keys));
  KEYZONE_CHECK(check_clustering_order(statement.clustering_order, keys.second));
  table.index();
  KEYZONE_CHECK(check_columns(statement, table));
  if (statement.compact_storage) KEYZONE_CHECK(check_compact(table));
  options.compact_storage = statement.compact_storage;
  if (table.counter && options.default_time_to_live > 0) return invalid(kNoTimeToLiveOnCounters);
  set_options(table, options);
  return table;
}

namespace {

// The masks that columns come with, by the columns' names. They are looked at behind properties and types,
// and before keys.
Result<std::map<std::string, std::shared_ptr<const MaskFunction>>> make_masks(
    const CreateTableStatement& statement, const std::string& keyspace, const TypeResolver& resolve,
    const DdlContext& context) {
  std::map<std::string, std::shared_ptr<const MaskFunction>> masks;
  if (std::none_of(statement.columns.begin(), statement.columns.end(),
                   [](const ColumnDefinition& definition) { return definition.mask.has_value(); }))
    return masks;
  TableOptions options;
  KEYZONE_CHECK(apply_properties(statement.properties, options));
  std::map<std::string, TypePtr> types;
  for (const ColumnDefinition& definition : statement.columns) {
    KEYZONE_TRY(type, resolve(definition.type));
    types[definition.name] = type;
  }
  Table table;
  table.keyspace = keyspace;
  table.name = statement.table.name;
  for (const ColumnDefinition& definition : statement.columns) {
    if (!definition.mask) continue;
    KEYZONE_TRY(mask,
                make_mask(*definition.mask, definition.name, types.at(definition.name), table, context));
    masks[definition.name] = std::move(mask);
  }
  return masks;
}

}  // namespace

Result<DdlPlan> create_table(const CreateTableStatement& statement, const DdlContext& context) {
  KEYZONE_TRY(keyspace, keyspace_of(statement.table, context, kMayCreate));
  KEYZONE_CHECK(existing_keyspace(context, keyspace));
  const std::string& name = statement.table.name;
  if (context.catalog.find_table(keyspace, name)) {
    if (statement.if_not_exists) return nothing(context);
    return Error{ErrorKind::kAlreadyExists,
                 "Cannot add already existing table \"" + name + "\" to keyspace \"" + keyspace + "\"",
                 keyspace, name};
  }
  KEYZONE_CHECK(check_name(keyspace, name));
  const auto resolve = [&](const TypeName& type) { return resolve_type(type, context, keyspace); };
  KEYZONE_TRY(masks, make_masks(statement, keyspace, resolve, context));
  KEYZONE_TRY(table, make_table(statement, keyspace, resolve));
  for (Column& column : table.columns) {
    if (const auto mask = masks.find(column.name); mask != masks.end()) column.mask = mask->second;
  }
  KEYZONE_TRY(id, id_property(statement.properties));
  table.id = id.value_or(context.fresh_id);
  if (context.catalog.table(table.id))
    return invalid("A table with id " + table.id.to_string() + " already exists");
  // What was planned on a table that had this id before must not be taken for planned on this one: each
  // change of a table, and its creation, is one of the catalog's.
  if (id) table.version = static_cast<uint32_t>(context.catalog.version.value) + 1;
  DdlPlan plan = changed(context, kCreated, "TABLE", keyspace, name);
  plan.change.put_tables.push_back(std::move(table));
  return plan;
}

Result<DdlPlan> drop_table(const DropTableStatement& statement, const DdlContext& context) {
  KEYZONE_TRY(keyspace, keyspace_of(statement.table, context, kMayDropTable));
  const Table* table = context.catalog.find_table(keyspace, statement.table.name);
  if (!table && statement.if_exists) return nothing(context);
  if (!table) return invalid("Table '" + keyspace + "." + statement.table.name + "' doesn't exist");
  DdlPlan plan = changed(context, kDropped, "TABLE", keyspace, table->name);
  plan.change.drop_tables.push_back(table->id);
  return plan;
}

}  // namespace keyzone::cql::ddl
