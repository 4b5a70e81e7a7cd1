// What guardrails say of statements, of what they make, and of the values that they write.
#include <algorithm>
#include <span>

#include "cql/ddl/property_values.h"
#include "cql/ddl/table_options.h"
#include "cql/execute/update_size.h"
#include "cql/guardrails.h"
#include "cql/plan/prepare_context.h"
#include "cql/system_tables/system_tables.h"
#include "schema/bytes.h"
#include "schema/types/collections.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

constexpr std::string_view kSimpleStrategy = "SimpleStrategy";  // as it is written
const std::string kSimpleStrategyInFull = std::string(kLocatorPackage) + std::string(kSimpleStrategy);

int64_t user_tables(const Catalog& catalog) {
  return std::count_if(catalog.tables.begin(), catalog.tables.end(),
                       [](const auto& table) { return !is_system_keyspace(table.second->keyspace); });
}
int64_t user_keyspaces(const Catalog& catalog) {
  return std::count_if(catalog.keyspaces.begin(), catalog.keyspaces.end(),
                       [](const auto& keyspace) { return !is_system_keyspace(keyspace.first); });
}

// Properties by name, in alphabetical order.
Result<std::vector<std::string>> check_properties(const Guardrails& guardrails, const Properties& properties,
                                                  std::vector<std::string>& warnings) {
  if (!guardrails.of(Named::kTableProperties).set()) return std::vector<std::string>();
  std::vector<std::string> names;
  for (const Property& property : properties) names.push_back(property.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return guardrails.check(Named::kTableProperties, names, warnings);
}

void drop_properties(Properties& properties, const std::vector<std::string>& names) {
  std::erase_if(properties, [&](const Property& property) {
    return std::find(names.begin(), names.end(), property.name) != names.end();
  });
}

Result<void> check_create_keyspace(const Guardrails& guardrails, const CreateKeyspaceStatement& create,
                                   const Catalog& before, std::vector<std::string>& warnings) {
  KEYZONE_CHECK(guardrails.check(Limit::kKeyspaces, create.name, user_keyspaces(before) + 1, warnings));
  for (const Property& property : create.properties) {
    if (property.name != "replication" || !property.value.map) continue;
    for (const auto& [option, value] : *property.value.map) {
      if (option == "class" && value == kSimpleStrategy)
        KEYZONE_CHECK(guardrails.check(Feature::kSimpleStrategy));
    }
  }
  return {};
}

Result<void> check_create_table(const Guardrails& guardrails, const CreateTableStatement& create,
                                const Catalog& before, std::vector<std::string>& warnings) {
  KEYZONE_CHECK(guardrails.check(Limit::kColumnsPerTable, create.table.name,
                                 static_cast<int64_t>(create.columns.size()), warnings));
  KEYZONE_CHECK(guardrails.check(Limit::kTables, create.table.name, user_tables(before) + 1, warnings));
  return create.compact_storage ? guardrails.check(Feature::kCompactTables) : Result<void>();
}

// The properties that a statement sets; nullptr: it is none that may.
template <class AnyStatement>
auto properties_of(AnyStatement& statement)
    -> decltype(&std::get<CreateTableStatement>(statement.kind).properties) {
  if (auto* create = std::get_if<CreateTableStatement>(&statement.kind)) return &create->properties;
  auto* alter = std::get_if<AlterTableStatement>(&statement.kind);
  auto* options = alter ? std::get_if<SetOptions>(&alter->change) : nullptr;
  return options ? &options->properties : nullptr;
}

bool changes_columns(const AlterTableStatement& alter) {
  return std::holds_alternative<AddColumns>(alter.change) ||
         std::holds_alternative<DropColumns>(alter.change) ||
         std::holds_alternative<RenameColumns>(alter.change);
}

// ADD IF NOT EXISTS where they all do: the columns are counted even so.
bool adds_nothing(const AlterTableStatement& alter, const Table& table) {
  const auto* add = std::get_if<AddColumns>(&alter.change);
  return add && add->if_not_exists &&
         std::all_of(add->columns.begin(), add->columns.end(),
                     [&](const ColumnDefinition& column) { return table.find(column.name) != nullptr; });
}

// Of ALTER TABLE, which looks at its own words alone: what the table had before is not asked.
bool makes_lasting_windows(const Properties* properties) {
  if (!properties) return false;
  bool windows = false, lasting = true;
  for (const Property& property : *properties) {
    if (property.name == "default_time_to_live") lasting = property.value.text == "0";
    if (property.name != "compaction" || !property.value.map) continue;
    for (const auto& [option, value] : *property.value.map)
      windows = windows || (option == "class" && value.ends_with("TimeWindowCompactionStrategy"));
  }
  return windows && lasting;
}

}  // namespace

Result<std::shared_ptr<const Statement>> permit_statement(const Guardrails& guardrails,
                                                          const std::shared_ptr<const Statement>& statement,
                                                          const Catalog& before, const std::string& keyspace,
                                                          std::vector<std::string>& warnings) {
  if (statement->as<DropTableStatement>()) KEYZONE_CHECK(guardrails.check(Feature::kDropTruncateTable));
  if (statement->as<DropKeyspaceStatement>()) KEYZONE_CHECK(guardrails.check(Feature::kDropKeyspace));
  if (const auto* create = statement->as<CreateKeyspaceStatement>())
    KEYZONE_CHECK(check_create_keyspace(guardrails, *create, before, warnings));
  if (const auto* create = statement->as<CreateTypeStatement>()) {
    KEYZONE_CHECK(guardrails.check(Limit::kFieldsPerUdt, create->type.name,
                                   static_cast<int64_t>(create->fields.size()), warnings));
  }
  std::shared_ptr<const Statement> permitted = statement;
  std::vector<std::string> ignored;
  if (const auto* properties = properties_of(*statement)) {
    KEYZONE_TRY(found, check_properties(guardrails, *properties, warnings));
    ignored = std::move(found);
  } else if (const auto* alter = statement->as<AlterTableStatement>()) {
    const auto table = find_table(before, alter->table, keyspace);
    if (changes_columns(*alter) && table) KEYZONE_CHECK(guardrails.check(Feature::kAlterTable));
    if (table && adds_nothing(*alter, **table)) {
      KEYZONE_CHECK(guardrails.check(Limit::kColumnsPerTable, (*table)->name,
                                     static_cast<int64_t>((*table)->columns.size()), warnings));
    }
  }
  if (const auto* create = statement->as<CreateTableStatement>())
    KEYZONE_CHECK(check_create_table(guardrails, *create, before, warnings));
  if (!ignored.empty()) {
    Statement rest = *statement;
    drop_properties(*properties_of(rest), ignored);
    permitted = std::make_shared<const Statement>(std::move(rest));
  }
  if (permitted->as<AlterTableStatement>() && makes_lasting_windows(properties_of(*permitted)))
    KEYZONE_CHECK(guardrails.check(Feature::kZeroTtlOnTwcs, warnings));
  return permitted;
}

namespace {

// Each vector within a type, but not one in a vector, nor one in a user type, which was looked at when it was
// made. `name` of a column or a field: "Column v".
Result<void> check_vectors(const Guardrails& guardrails, const std::string& name, const Type& type,
                           std::vector<std::string>& warnings) {
  if (type.is_vector()) {
    KEYZONE_CHECK(guardrails.check(Feature::kVectorType, name));
    return guardrails.check(Limit::kVectorDimensions, name, type.dimension(), warnings);
  }
  if (type.is_user_type()) return {};
  for (const TypePtr& part : type.parameters())
    KEYZONE_CHECK(check_vectors(guardrails, name, *part, warnings));
  return {};
}

Result<void> check_options(const Guardrails& guardrails, const Table& table, bool made,
                           std::vector<std::string>& warnings) {
  const TableOptions options = options_of(table);
  const auto enabled = options.compression.find("enabled");
  if (enabled != options.compression.end() && enabled->second == "false")
    KEYZONE_CHECK(guardrails.check(Feature::kUncompressedTables));
  const bool windows = options.compaction.at("class").ends_with("TimeWindowCompactionStrategy");
  if (!made || !windows || options.default_time_to_live != 0) return {};
  return guardrails.check(Feature::kZeroTtlOnTwcs, warnings);
}

Result<void> check_table(const Guardrails& guardrails, const Table& table, const Table* old,
                         std::vector<std::string>& warnings) {
  if (old && old->columns.size() < table.columns.size()) {
    KEYZONE_CHECK(guardrails.check(Limit::kColumnsPerTable, table.name,
                                   static_cast<int64_t>(table.columns.size()), warnings));
  }
  std::vector<const Column*> added;
  for (const Column& column : table.columns) {
    if (!old || !old->find(column.id)) added.push_back(&column);
  }
  if (!old) java_bucket_sort(added, [](const Column* column) -> const std::string& { return column->name; });
  for (const Column* column : added)
    KEYZONE_CHECK(check_vectors(guardrails, "Column " + column->name, *column->type, warnings));
  if (old && old->options == table.options) return {};
  return check_options(guardrails, table, !old, warnings);
}

Result<void> check_keyspace(const Guardrails& guardrails, const Keyspace& keyspace,
                            std::vector<std::string>& warnings) {
  const auto name = keyspace.replication.find("class");
  if (name != keyspace.replication.end() && name->second == kSimpleStrategyInFull)
    KEYZONE_CHECK(guardrails.check(Feature::kSimpleStrategy));
  for (const auto& [option, value] : keyspace.replication) {
    int32_t factor = 0;
    if (option == "class" || !parse_int(value, factor)) continue;
    KEYZONE_CHECK(guardrails.check(Limit::kMinimumReplicationFactor, keyspace.name, factor, warnings));
    KEYZONE_CHECK(guardrails.check(Limit::kMaximumReplicationFactor, keyspace.name, factor, warnings));
  }
  return {};
}

// User types that a keyspace gets, or that get fields.
Result<void> check_types(const Guardrails& guardrails, const Keyspace& keyspace, const Keyspace* old,
                         std::vector<std::string>& warnings) {
  for (const auto& [name, type] : keyspace.types) {
    const auto was = old ? old->types.find(name) : keyspace.types.end();
    const bool known = old && was != old->types.end();
    const size_t before = known ? was->second->parameters().size() : 0;
    const size_t now = type->parameters().size();
    if (known && before != now)
      KEYZONE_CHECK(guardrails.check(Limit::kFieldsPerUdt, name, static_cast<int64_t>(now), warnings));
    for (size_t i = before; i < now; ++i) {
      KEYZONE_CHECK(
          check_vectors(guardrails, "Field " + type->field_names()[i], *type->parameters()[i], warnings));
    }
  }
  return {};
}

}  // namespace

Result<void> check_schema_change(const Guardrails& guardrails, const Statement& statement,
                                 const CatalogChange& change, const Catalog& before,
                                 std::vector<std::string>& warnings) {
  const bool of_keyspace = statement.as<CreateKeyspaceStatement>() || statement.as<AlterKeyspaceStatement>();
  for (const Table& table : change.put_tables) {
    const auto old = before.tables_by_id.find(table.id);
    const bool made = old == before.tables_by_id.end();
    KEYZONE_CHECK(check_table(guardrails, table, made ? nullptr : old->second.get(), warnings));
  }
  for (const Keyspace& keyspace : change.put_keyspaces) {
    const auto old = before.keyspaces.find(keyspace.name);
    if (of_keyspace) KEYZONE_CHECK(check_keyspace(guardrails, keyspace, warnings));
    KEYZONE_CHECK(check_types(guardrails, keyspace,
                              old == before.keyspaces.end() ? nullptr : old->second.get(), warnings));
  }
  return {};
}

// --- values

namespace {

struct Collected {
  int64_t items = 0;
  int64_t bytes = 0;
};

// Lists by index or value have to be read first.
Result<void> check_reads(const Guardrails& guardrails, CellAction action) {
  constexpr Feature kFeature = Feature::kReadBeforeWriteListOperations;
  switch (action) {
    case CellAction::kListSetIndex:
    case CellAction::kListClearIndex:
    case CellAction::kListTouchIndex:
      return guardrails.check(kFeature, "Setting of list items by index requiring read before write");
    case CellAction::kListDeleteIndex:
      return guardrails.check(kFeature, "Removal of list items by index requiring read before write");
    case CellAction::kListDiscard:
      return guardrails.check(kFeature, "Removal of list items requiring read before write");
    default:
      return {};
  }
}

// Every value that a cell write brings: a cell's, those of a list's new elements, a map's key.
Result<void> check_sizes(const Guardrails& guardrails, const Column& column, const CellWrite& cell,
                         std::vector<std::string>& warnings) {
  const auto check = [&](size_t size) {
    return size == 0
               ? Result<void>()
               : guardrails.check(Limit::kColumnValueSize, column.name, static_cast<int64_t>(size), warnings);
  };
  switch (cell.action) {
    case CellAction::kPutElement:
      KEYZONE_CHECK(check(cell.value.size()));
      return check(path_size(column, cell.path));
    case CellAction::kDeleteElement:
      return check(path_size(column, cell.path));
    case CellAction::kListAppend:
    case CellAction::kListPrepend: {
      KEYZONE_TRY(elements, split_collection(*column.type, cell.value));
      for (const BytesView element : elements) KEYZONE_CHECK(check(element.size()));
      return {};
    }
    case CellAction::kSet:
    case CellAction::kListSetIndex:
      return check(cell.value.size());
    default:
      return {};
  }
}

// What a cell write adds to its collection, of what is counted: what comes before a list's elements isn't.
Collected collected(const Column& column, const CellWrite& cell) {
  switch (cell.action) {
    case CellAction::kPutElement:
      return {1, static_cast<int64_t>(cell_size(column, cell))};
    case CellAction::kListAppend:
    case CellAction::kSet:
      if (cell.value.empty()) return {};
      return {load_be<int32_t>(cell.value.data()), static_cast<int64_t>(cell_size(column, cell))};
    default:
      return {};
  }
}

// What is written into one column: how many elements, how large each is, how large they are together.
Result<void> check_cells(const Guardrails& guardrails, const Column& column, std::span<const CellWrite> cells,
                         bool by_key, std::vector<std::string>& warnings) {
  Collected all;
  if (column.type->is_collection() && !by_key) {
    for (const CellWrite& cell : cells) {
      const Collected more = collected(column, cell);
      all.items += more.items;
      all.bytes += more.bytes;
    }
  }
  KEYZONE_CHECK(guardrails.check(Limit::kItemsPerCollection, column.name, all.items, warnings));
  for (const CellWrite& cell : cells) {
    KEYZONE_CHECK(check_reads(guardrails, cell.action));
    KEYZONE_CHECK(check_sizes(guardrails, column, cell, warnings));
  }
  return guardrails.check(Limit::kCollectionSize, column.name, all.bytes, warnings);
}

Result<void> check_row(const Guardrails& guardrails, const Table& table, const RowWrite& row,
                       const std::set<ColumnId>& by_key, std::vector<std::string>& warnings) {
  for (auto cell = row.cells.begin(); cell != row.cells.end();) {
    const auto another = [&](const CellWrite& next) { return next.column != cell->column; };
    const auto end = std::find_if(cell, row.cells.end(), another);
    const Column* column = table.find(cell->column);
    const bool alone = by_key.contains(cell->column);
    if (column) KEYZONE_CHECK(check_cells(guardrails, *column, std::span(cell, end), alone, warnings));
    cell = end;
  }
  return {};
}

}  // namespace

Result<void> check_writes(const Guardrails& guardrails, const Table& table, const Mutation& mutation,
                          const std::set<ColumnId>& by_key, std::vector<std::string>& warnings) {
  for (const bool is_static : {false, true}) {
    for (const RowWrite& row : mutation.rows) {
      if (row.is_static == is_static) KEYZONE_CHECK(check_row(guardrails, table, row, by_key, warnings));
    }
  }
  return {};
}

}  // namespace keyzone::cql
