#include "cql/plan/expression.h"

namespace keyzone::cql {

Result<Value> MarkerExpression::evaluate(EvalContext& context) const {
  const Value& value = context.values[index_];
  if (!value.is_set()) return value;
  KEYZONE_CHECK(type_->validate(value.bytes));
  return value;
}

Result<ExpressionPtr> fold(ExpressionPtr expression) {
  if (!expression->is_constant()) return expression;
  EvalContext context;
  KEYZONE_TRY(value, expression->evaluate(context));
  if (!value.is_set()) return ExpressionPtr(std::make_shared<NullExpression>(expression->type()));
  return ExpressionPtr(std::make_shared<ConstantExpression>(expression->type(), Bytes(value.bytes)));
}

}  // namespace keyzone::cql
