#include "cql/plan/expression.h"

#include <algorithm>

#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

// Within tuples, user types and vectors, a count below zero is none.
Result<void> check_bound_count(const Type& type, BytesView wire) {
  if (!type.is_collection() || wire.size() < sizeof(int32_t)) return {};
  if (load_be<int32_t>(wire.data()) < 0) {
    const std::string name = type.to_string_bare();
    return invalid("The data cannot be deserialized as a " + name.substr(0, name.find('<')));
  }
  const std::vector<TypePtr>& kinds = type.parameters();
  if (std::none_of(kinds.begin(), kinds.end(), [](const TypePtr& kind) { return kind->is_collection(); }))
    return {};
  CollectionReader reader(type, wire);
  size_t at = 0;
  for (std::optional<BytesView> element; reader.next(element); ++at) {
    if (element) KEYZONE_CHECK(check_bound_count(*kinds[at % kinds.size()], *element));
  }
  return {};
}

// What Cassandra says of bytes that a client has bound. It catches what is wrong with them, but not of user
// types.
Result<void> check_bound(const Type& type, BytesView wire) {
  KEYZONE_CHECK(check_bound_count(type, wire));
  const auto valid = type.validate(wire);
  if (valid || !type.is_user_type()) return valid;
  return Error{ErrorKind::kServer,
               "org.apache.cassandra.serializers.MarshalException: " + valid.error().message};
}

Result<Value> checked(const TypePtr& type, const Value& value, EvalContext& context) {
  if (!value.is_set()) return value;
  KEYZONE_CHECK(check_bound(*type, value.bytes));
  if (auto sorted = sorted_collection(*type, value.bytes)) return context.keep(*std::move(sorted));
  return value;
}

}  // namespace

Result<Value> MarkerExpression::evaluate(EvalContext& context) const {
  return checked(type_, context.values[index_], context);
}

Result<void> check_given_part(const Expression& part, EvalContext& context) {
  if (dynamic_cast<const MarkerExpression*>(&part)) KEYZONE_CHECK(part.evaluate(context));
  return part.check_given(context);
}

Result<Value> DiscardedListExpression::evaluate(EvalContext& context) const {
  const Value& value = context.values[index()];
  if (!value.is_set()) return value;
  CollectionReader reader(*type_, value.bytes);
  CollectionWriter without_nulls(*type_);
  bool has_null = false;
  for (std::optional<BytesView> element; reader.next(element);) {
    has_null = has_null || !element;
    if (element) without_nulls.add(*element);
  }
  if (!has_null || !reader.check_end(*type_)) return checked(type_, value, context);
  return checked(type_, context.keep(std::move(without_nulls).finish()), context);
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
