#include "cql/plan/write_plan.h"

#include <algorithm>

#include "schema/clustering_as_written.h"

namespace keyzone::cql {
namespace {

constexpr const char* kConditionalTimestamp = "Cannot provide custom timestamp for conditional updates";

void add_operation(WritePlan& plan, ColumnOperation operation) {
  (operation.column->kind == ColumnKind::kStatic ? plan.statics : plan.regulars)
      .push_back(std::move(operation));
}

Result<void> prepare_where(PrepareContext& context, const Table& table, const Where& where,
                           RestrictionsFor statement, std::vector<PreparedRelation>& out) {
  if (!where.expressions.empty()) {
    return invalid(
        "Custom index expressions cannot be used in WHERE clauses for UPDATE or DELETE statements");
  }
  for (const Relation& relation : where.relations) {
    if (relation.op == Operator::kContains || relation.op == Operator::kContainsKey) {
      return invalid(std::string("Cannot use ") + statement_name(statement) + " with " +
                     std::string(to_string(relation.op)));
    }
    KEYZONE_CHECK(add_relation(context, table, relation, false, out));
  }
  return {};
}

Result<void> set_restrictions(std::vector<PreparedRelation> relations, RestrictionsFor statement,
                              WritePlan& plan) {
  RestrictionOptions options;
  options.statement = statement;
  options.only_statics = !plan.writes_row && !plan.whole_rows_deleted();
  KEYZONE_TRY(restrictions, Restrictions::analyse(*plan.table, std::move(relations), options));
  plan.restrictions = std::move(restrictions);
  plan.partition = PointKey::partition_of(plan.restrictions);
  plan.clustering = PointKey::clustering_of(plan.restrictions);
  plan.spells_clustering = keeps_clustering_as_written(*plan.table);
  return {};
}

}  // namespace

Result<void> plan_attributes(PrepareContext& context, const Attributes& attributes, WritePlan& plan) {
  const Receiver base{plan.table->keyspace, plan.table->name, "[timestamp]", native_type(TypeKind::kBigint)};
  if (attributes.timestamp) {
    if (!context.dialect.client_timestamps) return invalid("TIMESTAMP is not yet supported.");
    KEYZONE_TRY(timestamp, prepare_term(context, attributes.timestamp, base));
    plan.timestamp = std::move(timestamp);
  }
  if (attributes.ttl) {
    KEYZONE_TRY(ttl, prepare_term(context, attributes.ttl, base.with("[ttl]", native_type(TypeKind::kInt))));
    plan.ttl = std::move(ttl);
  }
  plan.default_ttl = plan.table->default_time_to_live();
  return {};
}

Result<void> plan_where(PrepareContext& context, const Where& where, RestrictionsFor statement,
                        WritePlan& plan) {
  std::vector<PreparedRelation> relations;
  KEYZONE_CHECK(prepare_where(context, *plan.table, where, statement, relations));
  KEYZONE_CHECK(set_restrictions(std::move(relations), statement, plan));
  if (!context.dialect.in_for_writes &&
      (plan.restrictions.partition_in() || plan.restrictions.clustering_in())) {
    return invalid("IN restrictions are not supported in UPDATE and DELETE statements");
  }
  return {};
}

Result<void> plan_conditions(PrepareContext& context, const Conditions& conditions, WritePlan& plan) {
  if (plan.timestamp && !conditions.columns.empty()) return invalid(kConditionalTimestamp);
  KEYZONE_TRY(prepared, prepare_conditions(context, *plan.table, conditions));
  plan.conditions = std::move(prepared);
  return {};
}

Result<void> check_attributes(const WritePlan& plan) {
  if (plan.conditional() && plan.table->counter)
    return invalid("Conditional updates are not supported on counter tables");
  if (plan.conditional() && plan.timestamp) return invalid(kConditionalTimestamp);
  return {};
}

Result<void> check_counter_attributes(const WritePlan& plan) {
  if (!plan.table->counter) return {};
  if (plan.timestamp) return invalid("Cannot provide custom timestamp for counter updates");
  if (plan.ttl) return invalid("Cannot provide custom TTL for counter updates");
  return {};
}

Result<void> check_conditional_keys(const WritePlan& plan) {
  const std::string what = plan.kind == StatementKind::kDelete ? "deletions" : "updates";
  if (plan.restrictions.partition_in())
    return invalid("IN on the partition key is not supported with conditional " + what);
  if (plan.restrictions.clustering_in())
    return invalid("IN on the clustering key columns is not supported with conditional " + what);
  return {};
}

Result<WritePlanPtr> plan_update(PrepareContext& context, const TablePtr& table,
                                 const UpdateStatement& statement) {
  WritePlan plan;
  plan.table = table;
  plan.kind = StatementKind::kUpdate;
  KEYZONE_CHECK(plan_attributes(context, statement.attributes, plan));
  KEYZONE_CHECK(plan_conditions(context, statement.conditions, plan));
  for (const Assignment& assignment : statement.assignments) {
    KEYZONE_TRY(column, find_column(*table, assignment.column));
    if (in_key(*column)) return invalid("PRIMARY KEY part " + column->name + " found in SET part");
    KEYZONE_TRY(operation, prepare_assignment(context, *table, *column, assignment, plan.conditional()));
    add_operation(plan, std::move(operation));
  }
  plan.writes_row = !plan.regulars.empty() || plan.conditions.on_regulars();
  KEYZONE_CHECK(plan_where(context, statement.where, RestrictionsFor::kUpdate, plan));
  KEYZONE_CHECK(check_attributes(plan));
  return WritePlanPtr(std::make_shared<const WritePlan>(std::move(plan)));
}

Result<WritePlanPtr> plan_delete(PrepareContext& context, const TablePtr& table,
                                 const DeleteStatement& statement) {
  WritePlan plan;
  plan.table = table;
  plan.kind = StatementKind::kDelete;
  KEYZONE_CHECK(plan_attributes(context, statement.attributes, plan));
  KEYZONE_CHECK(plan_conditions(context, statement.conditions, plan));
  for (const Deletion& deletion : statement.deletions) {
    KEYZONE_TRY(column, find_column(*table, deletion.column));
    if (in_key(*column)) {
      return invalid("Invalid identifier " + column->name +
                     " for deletion (should not be a PRIMARY KEY part)");
    }
    KEYZONE_TRY(operation, prepare_deletion(context, *table, *column, deletion));
    add_operation(plan, std::move(operation));
  }
  plan.writes_row = !plan.regulars.empty() || plan.conditions.on_regulars();
  KEYZONE_CHECK(plan_where(context, statement.where, RestrictionsFor::kDelete, plan));
  KEYZONE_CHECK(check_attributes(plan));
  const Restrictions& where = plan.restrictions;
  const bool whole_hidden_row = has_hidden_clustering(*table) && statement.deletions.empty();
  if (plan.conditional() && (!where.full_primary_key() || whole_hidden_row)) {
    const std::string start =
        "DELETE statements must restrict all PRIMARY KEY columns with equality relations in order to ";
    if (!plan.regulars.empty() || statement.deletions.empty())
      return invalid(start + "delete non static columns");
    if (plan.conditions.on_regulars()) return invalid(start + "use IF condition on non static columns");
  }
  if (!context.dialect.range_deletes && where.clustering_slice()) {
    return invalid("Range deletions are not supported");
  }
  return WritePlanPtr(std::make_shared<const WritePlan>(std::move(plan)));
}

Result<WritePlanPtr> plan_write(PrepareContext& context, const TablePtr& table,
                                const ModificationStatement& statement) {
  if (const auto* insert = std::get_if<InsertStatement>(&statement))
    return plan_insert(context, table, *insert);
  if (const auto* update = std::get_if<UpdateStatement>(&statement))
    return plan_update(context, table, *update);
  return plan_delete(context, table, std::get<DeleteStatement>(statement));
}

const QualifiedName& table_of(const ModificationStatement& statement) {
  return std::visit([](const auto& one) -> const QualifiedName& { return one.table; }, statement);
}
const Attributes& attributes_of(const ModificationStatement& statement) {
  return std::visit([](const auto& one) -> const Attributes& { return one.attributes; }, statement);
}

}  // namespace keyzone::cql
