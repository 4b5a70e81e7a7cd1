// ALTER TABLE.
#include <algorithm>

#include "cql/ast/last_of_each.h"
#include "cql/ddl/column_mask.h"
#include "cql/ddl/create_table.h"
#include "cql/ddl/table_options.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql::ddl {
namespace {

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

const char* kind_name(ColumnKind kind) { return kind == ColumnKind::kStatic ? "STATIC" : "REGULAR"; }

bool same(const MaskFunction& a, const MaskFunction& b) {
  return a.keyspace == b.keyspace && a.name == b.name &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    [](const MaskArgument& x, const MaskArgument& y) {
                      return *x.type == *y.type && x.value == y.value;
                    });
}

// Changes `table`; says whether anything changed.
struct Alteration {
  const DdlContext& context;
  Table& table;

  std::string name() const { return table.keyspace + "." + table.name; }

  // The column of this name that was there before; nullptr if none was.
  const DroppedColumn* before(const std::string& column) const {
    const auto was = std::find_if(table.dropped.begin(), table.dropped.end(),
                                  [&](const DroppedColumn& dropped) { return dropped.name == column; });
    return was == table.dropped.end() ? nullptr : &*was;
  }

  // Whether values of the one type, on Cassandra's disks, can be read as the other's.
  static bool reads_as(const Type& type, const Type& was) {
    if (type.fixed_length() != was.fixed_length() || !type.is_value_compatible_with(was)) return false;
    if (type.is_collection() != was.is_collection()) return false;
    if (type.is_vector()) return type == was;
    return !was.is_collection() || type.kind() == TypeKind::kSet ||
           reads_as(*type.parameters().back(), *was.parameters().back());
  }

  // What the column was decides what may come back.
  Result<void> check_return(const ColumnDefinition& column, const TypePtr& type) const {
    const DroppedColumn* was = before(column.name);
    if (!was) return {};
    if (!reads_as(*type, *was->type)) {
      return invalid("Cannot add a column '" + column.name + "' of type " + type->to_string() +
                     ", incompatible with previously dropped column '" + column.name + "' of type " +
                     was->type->to_string());
    }
    const ColumnKind kind = column.is_static ? ColumnKind::kStatic : ColumnKind::kRegular;
    if (kind != was->kind) {
      return invalid("Cannot re-add previously dropped column '" + column.name + "' of kind " +
                     kind_name(kind) + ", incompatible with previous kind " + kind_name(was->kind));
    }
    if (table.counter) return invalid("Cannot re-add previously dropped counter column " + column.name);
    return {};
  }

  Result<void> add(const ColumnDefinition& definition, const TypePtr& type,
                   std::shared_ptr<const MaskFunction> mask) {
    if (definition.is_static && table.clustering_size == 0) return invalid(kStaticNeedsClustering);
    if (auto fields = check_fields(*type); !fields)
      return invalid(fields.error().message + " for column " + definition.name);
    KEYZONE_CHECK(check_return(definition, type));
    Column column;
    const DroppedColumn* was = before(definition.name);
    const bool same = was && was->id.value != 0;  // catalogs of older versions don't know it
    column.id = same ? was->id : ColumnId{table.next_column++};
    if (same) column.dropped_at = was->dropped_at;
    column.name = definition.name;
    column.type = type;
    column.mask = std::move(mask);
    column.kind = definition.is_static ? ColumnKind::kStatic : ColumnKind::kRegular;
    table.columns.push_back(std::move(column));
    return {};
  }

  Result<bool> operator()(const AddColumns& change) {
    bool any = false;
    for (const ColumnDefinition& definition : change.columns) {
      KEYZONE_TRY(type, resolve_type(definition.type, context, table.keyspace));
      std::shared_ptr<const MaskFunction> mask;
      if (definition.mask) {
        KEYZONE_TRY(made, make_mask(*definition.mask, definition.name, type, table, context));
        mask = std::move(made);
      }
      if (table.find(definition.name)) {
        if (change.if_not_exists) continue;
        return invalid("Column with name '" + definition.name + "' already exists");
      }
      if (table.compact()) return invalid("Cannot add new column to a COMPACT STORAGE table");
      KEYZONE_CHECK(add(definition, type, std::move(mask)));
      any = true;
    }
    KEYZONE_CHECK(check_counters());
    return any;
  }

  // Of several wrong columns Cassandra names the first in its order: collections and such come last, then the
  // name counts.
  Result<void> check_counters() const {
    const Column* wrong = nullptr;
    for (const Column& column : table.columns) {
      const bool in_value = column.kind == ColumnKind::kRegular || column.kind == ColumnKind::kStatic;
      if (!in_value || column.type->is_counter() == table.counter) continue;
      const auto place = [](const Column& of) { return std::pair(of.type->is_multi_cell(), of.name); };
      if (!wrong || place(column) < place(*wrong)) wrong = &column;
    }
    if (!wrong) return {};
    const std::string is = table.counter ? "non counter" : "counter",
                      other = table.counter ? "counter" : "non counter";
    return config_error(name() + ": Cannot have a " + is + " column (" + quoted(wrong->name) + ") in a " +
                        other + " table");
  }

  // Each once, as Cassandra goes through a hash table of them.
  static std::vector<std::string> in_order_of_drop(const std::vector<std::string>& names) {
    std::vector<std::string> order;
    for (const std::string& name : names) {
      if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    }
    java_bucket_sort(order, [](const std::string& name) -> const std::string& { return name; });
    return order;
  }

  Result<bool> operator()(const DropColumns& change) {
    Timestamp at = context.now;
    if (change.timestamp) {
      const std::string& text = change.timestamp->as<Constant>()->text;
      at = std::strtoll(text.c_str(), nullptr, 10);
    }
    bool any = false;
    for (const std::string& column_name : in_order_of_drop(change.columns)) {
      const Column* column = table.find(column_name);
      if (!column && change.if_exists) continue;
      if (!column) return invalid("Column " + column_name + " was not found in table '" + name() + "'");
      if (column->kind == ColumnKind::kPartitionKey || column->kind == ColumnKind::kClustering) {
        return invalid("Cannot drop PRIMARY KEY column " + column_name);
      }
      if (table.compact() && table.clustering_size > 0)
        return invalid("Cannot drop columns from a COMPACT STORAGE table");
      if (column->type->is_user_type() && column->type->is_multi_cell()) {
        return invalid("Cannot drop non-frozen column " + column_name + " of user type " +
                       column->type->to_string());
      }
      std::erase_if(table.dropped, [&](const DroppedColumn& dropped) { return dropped.name == column_name; });
      const bool as_of = static_cast<bool>(change.timestamp);
      // The columns of a compact table without rows are statics to Cassandra, which it doesn't tell
      // elsewhere.
      const ColumnKind kind = table.compact() ? ColumnKind::kStatic : column->kind;
      table.dropped.push_back({column_name, expand_user_types(column->type), kind, at, column->id, as_of});
      std::erase_if(table.columns, [&](const Column& other) { return other.name == column_name; });
      any = true;
    }
    return any;
  }

  Result<bool> operator()(const RenameColumns& change) {
    bool any = false;
    // RENAME a TO b AND a TO c: the last one counts
    auto names = last_of_each(change.names);
    java_bucket_sort(names, [](const auto& name) -> const std::string& { return name.first; });
    for (const auto& [from, to] : names) {
      const Column* column = table.find(from);  // must be there, IF EXISTS or not
      if (!column) return invalid("Undefined column name " + quote_identifier(from) + " in table " + name());
      if (column->kind != ColumnKind::kPartitionKey && column->kind != ColumnKind::kClustering) {
        return invalid("Cannot rename non PRIMARY KEY column " + from);
      }
      if (table.find(to)) {
        return invalid("Cannot rename column " + from + " to " + to + " in table '" + name() +
                       "'; another column with that name already exists");
      }
      table.columns[static_cast<size_t>(column - table.columns.data())].name = to;
      any = true;
    }
    return any;
  }

  Result<bool> operator()(const AlterColumnType&) {
    return invalid("Altering column types is no longer supported");
  }

  Result<bool> operator()(const MaskColumn& change) {
    const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const Column& one) { return one.name == change.column; });
    if (column == table.columns.end()) {
      if (change.if_exists) return false;
      return invalid("Column with name '" + change.column + "' doesn't exist on table '" + table.name + "'");
    }
    if (!change.mask) return std::exchange(column->mask, nullptr) != nullptr;
    KEYZONE_TRY(mask, make_mask(*change.mask, column->name, column->type, table, context));
    const auto was = std::exchange(column->mask, std::move(mask));
    return !was || !same(*was, *column->mask);
  }

  Result<bool> operator()(const SetOptions& change) {
    KEYZONE_TRY(id, id_property(change.properties));
    if (id) return config_error("Cannot alter table id.");
    TableOptions options = options_of(table);
    options.bloom_filter_fp_chance = options.bloom_filter();  // stays, whatever compaction is set now
    const TableOptions before = options;
    KEYZONE_CHECK(apply_properties(change.properties, options));
    if (table.counter && options.default_time_to_live > 0) return invalid(kNoTimeToLiveOnCounters);
    set_options(table, options);
    return options != before;
  }

  Result<bool> operator()(const DropCompactStorage&) {
    return invalid("DROP COMPACT STORAGE is disabled. Enable in cassandra.yaml to use.");
  }
};

}  // namespace

Result<DdlPlan> alter_table(const AlterTableStatement& statement, const DdlContext& context) {
  const auto* options = std::get_if<SetOptions>(&statement.change);
  KEYZONE_TRY(keyspace, keyspace_of(statement.table, context, kMayAlterTable));
  const Table* before = context.catalog.find_table(keyspace, statement.table.name);
  if (!before && statement.if_exists) return nothing(context);
  if (!before) return invalid("Table '" + keyspace + "." + statement.table.name + "' doesn't exist");
  Table table = *before;
  KEYZONE_TRY(any, std::visit(Alteration{context, table}, statement.change));
  if (!any) return nothing(context);
  ++table.version;
  const bool same_meaning = options && before->default_time_to_live() == table.default_time_to_live() &&
                            before->gc_grace_seconds() == table.gc_grace_seconds();
  if (!same_meaning) table.meaning_version = table.version;
  table.index();
  DdlPlan plan = changed(context, kUpdated, "TABLE", keyspace, table.name);
  plan.change.put_tables.push_back(std::move(table));
  return plan;
}

}  // namespace keyzone::cql::ddl
