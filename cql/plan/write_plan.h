// INSERT, UPDATE and DELETE planned: which rows of which partitions, what is done to them, and on what
// condition.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/modify.h"
#include "cql/execute/api.h"
#include "cql/plan/condition.h"
#include "cql/plan/operation.h"
#include "cql/plan/point_key.h"
#include "cql/plan/restrictions.h"

namespace keyzone::cql {

struct WritePlan {
  TablePtr table;
  StatementKind kind = StatementKind::kInsert;
  Restrictions restrictions;
  std::optional<PointKey> partition;   // hot case: one partition,
  std::optional<PointKey> clustering;  // one row
  std::vector<ColumnOperation> statics;
  std::vector<ColumnOperation> regulars;
  PreparedConditions conditions;
  ExpressionPtr timestamp;  // USING
  ExpressionPtr ttl;
  ExpressionPtr json;  // INSERT JSON: the text
  bool json_default_unset = false;
  int32_t default_ttl = 0;
  bool marker = false;             // INSERT of a row
  bool writes_row = false;         // something is done to rows, not to statics alone
  bool spells_clustering = false;  // see schema/clustering_as_written.h
  std::string missing;             // a column of a compact table that has to be given and is not

  bool conditional() const { return conditions.any(); }
  bool whole_rows_deleted() const {
    return kind == StatementKind::kDelete && statics.empty() && regulars.empty();
  }
};
using WritePlanPtr = std::shared_ptr<const WritePlan>;

Result<WritePlanPtr> plan_insert(PrepareContext& context, const TablePtr& table,
                                 const InsertStatement& statement);
Result<WritePlanPtr> plan_update(PrepareContext& context, const TablePtr& table,
                                 const UpdateStatement& statement);
Result<WritePlanPtr> plan_delete(PrepareContext& context, const TablePtr& table,
                                 const DeleteStatement& statement);
Result<WritePlanPtr> plan_write(PrepareContext& context, const TablePtr& table,
                                const ModificationStatement& statement);
const QualifiedName& table_of(const ModificationStatement& statement);
const Attributes& attributes_of(const ModificationStatement& statement);

// Steps that the three share.
Result<void> plan_attributes(PrepareContext& context, const Attributes& attributes, WritePlan& plan);
Result<void> plan_conditions(PrepareContext& context, const Conditions& conditions, WritePlan& plan);
Result<void> plan_where(PrepareContext& context, const Where& where, RestrictionsFor statement,
                        WritePlan& plan);
// Last, as in Cassandra: what USING and IF say goes with the table and with each other.
Result<void> check_attributes(const WritePlan& plan);
// Once a statement is planned; of a batch, once all of it is.
Result<void> check_counter_attributes(const WritePlan& plan);
// Of a statement with a condition, or in a batch that has one: it is about one row. When it is executed.
Result<void> check_conditional_keys(const WritePlan& plan);

}  // namespace keyzone::cql
