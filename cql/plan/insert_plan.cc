// INSERT, in its two forms: VALUES (...) and JSON '...'.
#include <algorithm>

#include "cql/plan/json_row.h"
#include "cql/plan/write_plan.h"
#include "schema/clustering_as_written.h"

namespace keyzone::cql {
namespace {

Relation equal_to(const Column& column, TermPtr value) {
  Relation relation;
  relation.columns = {column.name};
  relation.operands = {std::move(value)};
  return relation;
}

Result<void> check_columns(const InsertStatement& statement) {
  if (statement.columns.empty()) return invalid("No columns provided to INSERT");
  if (statement.columns.size() != statement.values.size()) return invalid("Unmatched column names/values");
  for (size_t i = 0; i < statement.columns.size(); ++i) {
    const auto end = statement.columns.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(statement.columns.begin(), end, statement.columns[i]) != end) {
      return invalid("The column names contains duplicates");
    }
  }
  return {};
}

// A row is written unless nothing but statics and the partition key are given.
bool writes_row(const Table& table, const std::vector<const Column*>& columns) {
  bool any_static = false, any_row = false;
  for (const Column* column : columns) {
    any_static = any_static || column->kind == ColumnKind::kStatic;
    any_row = any_row || column->kind == ColumnKind::kRegular || column->kind == ColumnKind::kClustering;
  }
  return any_row || !any_static || table.clustering_size == 0;
}

Result<void> restrict_key(const std::vector<PreparedRelation>& keys, WritePlan& plan) {
  RestrictionOptions options;
  options.statement = RestrictionsFor::kInsert;
  options.only_statics = !plan.writes_row;
  KEYZONE_TRY(restrictions, Restrictions::analyse(*plan.table, keys, options));
  plan.restrictions = std::move(restrictions);
  plan.partition = PointKey::partition_of(plan.restrictions);
  plan.clustering = PointKey::clustering_of(plan.restrictions);
  plan.spells_clustering = keeps_clustering_as_written(*plan.table);
  return {};
}

Result<void> plan_values(PrepareContext& context, const InsertStatement& statement, WritePlan& plan) {
  const Table& table = *plan.table;
  KEYZONE_CHECK(check_columns(statement));
  std::vector<const Column*> columns;
  std::vector<PreparedRelation> keys;
  // The order of things tells which mistake is complained of.
  for (size_t i = 0; i < statement.columns.size(); ++i) {
    KEYZONE_TRY(column, find_column(table, statement.columns[i]));
    columns.push_back(column);
    if (in_key(*column)) continue;
    KEYZONE_TRY(operation, prepare_set(context, table, *column, *statement.values[i]));
    (column->kind == ColumnKind::kStatic ? plan.statics : plan.regulars).push_back(std::move(operation));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!in_key(*columns[i])) continue;
    KEYZONE_TRY(key, prepare_relation(context, table, equal_to(*columns[i], statement.values[i])));
    keys.push_back(std::move(key));
  }
  plan.writes_row = writes_row(table, columns);
  return restrict_key(keys, plan);
}

Result<void> plan_json(PrepareContext& context, const InsertStatement& statement, WritePlan& plan) {
  const Table& table = *plan.table;
  if (has_hidden_clustering(table)) KEYZONE_CHECK(find_column(table, "column1"));
  const Receiver text{table.keyspace, table.name, "[json]", native_type(TypeKind::kText)};
  KEYZONE_TRY(json, prepare_term(context, statement.json, text));
  if (json->is_constant()) {  // what is wrong with it is told already when the statement is prepared
    EvalContext nothing_bound;
    KEYZONE_TRY(literal, json->evaluate(nothing_bound));
    if (literal.is_set())
      KEYZONE_CHECK(read_json_row(table, literal.bytes, statement.json_default_unset, nothing_bound));
  }
  plan.json = std::move(json);
  plan.json_default_unset = statement.json_default_unset;
  std::vector<PreparedRelation> keys;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    auto value = std::make_shared<JsonColumnExpression>(column.type, i);
    if (in_key(column)) {
      PreparedRelation& relation = keys.emplace_back();
      relation.columns = {&column};
      relation.operands.emplace_back().parts = {std::move(value)};
      continue;
    }
    ColumnOperation operation;
    operation.column = &column;
    operation.value = std::move(value);
    (column.kind == ColumnKind::kStatic ? plan.statics : plan.regulars).push_back(std::move(operation));
  }
  plan.writes_row = true;
  return restrict_key(keys, plan);
}

}  // namespace

Result<WritePlanPtr> plan_insert(PrepareContext& context, const TablePtr& table,
                                 const InsertStatement& statement) {
  WritePlan plan;
  plan.table = table;
  plan.kind = StatementKind::kInsert;
  KEYZONE_CHECK(plan_attributes(context, statement.attributes, plan));
  if (table->counter)
    return invalid("INSERT statements are not allowed on counter tables, use UPDATE instead");
  plan.conditions.if_not_exists = statement.conditions.if_not_exists;
  KEYZONE_CHECK(statement.json ? plan_json(context, statement, plan) : plan_values(context, statement, plan));
  const bool has_regulars = table->regular_begin() < table->columns.size();
  plan.marker = plan.writes_row && !(table->compact() && has_regulars);
  if (has_hidden_clustering(*table) && plan.regulars.empty())
    return invalid("Some clustering keys are missing: column1");
  if (table->compact() && table->clustering_size > 0 && has_regulars && plan.regulars.empty())
    plan.missing = table->columns[table->regular_begin()].name;
  KEYZONE_CHECK(check_attributes(plan));
  return WritePlanPtr(std::make_shared<const WritePlan>(std::move(plan)));
}

}  // namespace keyzone::cql
