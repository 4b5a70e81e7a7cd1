#include "cql/plan/expression.h"

#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

// Within other values, a count below zero is read as none.
Result<void> check_bound_count(const Type& type, BytesView wire) {
  if (!type.is_collection() || wire.size() < sizeof(int32_t) || load_be<int32_t>(wire.data()) >= 0) return {};
  return invalid(std::string("The data cannot be deserialized as a ") +
                 (type.kind() == TypeKind::kList  ? "list"
                  : type.kind() == TypeKind::kSet ? "set"
                                                  : "map"));
}

}  // namespace

Result<Value> MarkerExpression::evaluate(EvalContext& context) const {
  const Value& value = context.values[index_];
  if (!value.is_set()) return value;
  KEYZONE_CHECK(type_->validate(value.bytes));
  KEYZONE_CHECK(check_bound_count(*type_, value.bytes));
  if (auto sorted = sorted_collection(*type_, value.bytes)) return context.keep(*std::move(sorted));
  return value;
}

Result<Value> InListExpression::evaluate(EvalContext& context) const {
  const Value& value = context.values[index_];
  if (!value.is_set()) return value;
  KEYZONE_CHECK(check_bound_count(*type_, value.bytes));
  CollectionReader reader(*type_, value.bytes);
  Bytes elements;
  int32_t count = 0;
  bool changed = false;
  for (std::optional<BytesView> element; reader.next(element); ++count) {
    if (element) KEYZONE_CHECK(type_->element().validate(*element));
    const auto sorted = element ? sorted_collection(type_->element(), *element) : std::nullopt;
    append_field(sorted ? std::optional<BytesView>(*sorted) : element, elements);
    changed = changed || sorted;
  }
  if (reader.failed() || !reader.rest().empty()) KEYZONE_CHECK(type_->validate(value.bytes));
  if (!changed) return value;
  Bytes list;
  append_be(list, count);
  return context.keep(list + elements);
}

Result<ExpressionPtr> fold(ExpressionPtr expression) {
  if (!expression->is_constant()) return expression;
  EvalContext context;
  KEYZONE_TRY(value, expression->evaluate(context));
  if (!value.is_set()) return ExpressionPtr(std::make_shared<NullExpression>(expression->type()));
  return ExpressionPtr(std::make_shared<ConstantExpression>(expression->type(), Bytes(value.bytes)));
}

}  // namespace keyzone::cql
