// IF clauses: what must hold before a conditional statement writes.
#pragma once
#include <optional>
#include <vector>

#include "cql/ast/modify.h"
#include "cql/plan/term.h"
#include "schema/command.h"

namespace keyzone::cql {

struct PreparedCondition {
  const Column* column = nullptr;
  ConditionOperator op = ConditionOperator::kEqual;
  ExpressionPtr element;
  std::optional<uint16_t> field;
  std::vector<ExpressionPtr> operands;
  ExpressionPtr in_list;

  Result<Condition> bind(EvalContext& context) const;

 private:
  Result<void> check_operand(const Value& value) const;
};

struct PreparedConditions {
  bool if_exists = false;
  bool if_not_exists = false;
  std::vector<PreparedCondition> columns;

  bool any() const { return if_exists || if_not_exists || !columns.empty(); }
  bool on_regulars() const;
};

Result<PreparedConditions> prepare_conditions(PrepareContext& context, const Table& table,
                                              const Conditions& conditions);

}  // namespace keyzone::cql
