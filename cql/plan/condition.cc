#include "cql/plan/condition.h"

#include <algorithm>

#include "cql/plan/relation.h"
#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

ConditionOperator condition_operator(Operator op) {
  switch (op) {
    case Operator::kNotEqual:
      return ConditionOperator::kNotEqual;
    case Operator::kLess:
      return ConditionOperator::kLess;
    case Operator::kLessOrEqual:
      return ConditionOperator::kLessOrEqual;
    case Operator::kGreater:
      return ConditionOperator::kGreater;
    case Operator::kGreaterOrEqual:
      return ConditionOperator::kGreaterOrEqual;
    case Operator::kIn:
      return ConditionOperator::kIn;
    case Operator::kContains:
      return ConditionOperator::kContains;
    case Operator::kContainsKey:
      return ConditionOperator::kContainsKey;
    default:
      return ConditionOperator::kEqual;
  }
}

Result<void> check_access(const Column& column, const ColumnCondition& condition) {
  const Type& type = *column.type;
  if (condition.element) {
    if (!type.is_collection()) {
      return invalid("Invalid element access syntax for non-collection column " + column.name);
    }
    if (type.kind() == TypeKind::kSet)
      return invalid("Invalid element access syntax for set column " + column.name);
  }
  if (condition.field) {
    if (!type.is_user_type()) return invalid("Invalid field access syntax for non-UDT column " + column.name);
    if (!type.find_field(*condition.field)) {
      return invalid("Unknown field " + *condition.field + " for column " + column.name);
    }
  }
  const bool whole = !condition.element && !condition.field;
  if (condition.op == Operator::kContains && (!type.is_collection() || !whole)) {
    return invalid("Cannot use CONTAINS on non-collection column " + column.name);
  }
  if (condition.op == Operator::kContainsKey && (type.kind() != TypeKind::kMap || !whole)) {
    return invalid("Cannot use CONTAINS KEY on non-map column " + column.name);
  }
  return {};
}

// Of a column, or of the part that the condition is about.
Result<void> check_slice(Operator op, const Type& type) {
  if (!is_slice(op) || !type.holds_durations()) return {};
  if (type.kind() == TypeKind::kDuration) {
    return invalid("Slice conditions ( " + std::string(to_string(op)) + " ) are not supported on durations");
  }
  return invalid("Slice conditions are not supported on " + kinds_of(type) + " containing durations");
}

// What a value of the condition is compared with.
Receiver operand_wanted(const Table& table, const Column& column, const ColumnCondition& condition) {
  const Receiver whole = receiver_of(table, column);
  const bool list = column.type->kind() == TypeKind::kList;
  if (condition.element) return list ? element_receiver(whole) : value_receiver(whole);
  if (condition.field) return field_receiver(whole, *column.type->find_field(*condition.field));
  if (condition.op == Operator::kContainsKey) return key_receiver(whole);
  if (condition.op == Operator::kContains) {
    return column.type->kind() == TypeKind::kMap ? value_receiver(whole) : element_receiver(whole);
  }
  return whole;
}

Result<PreparedCondition> prepare_one(PrepareContext& context, const Table& table,
                                      const ColumnCondition& condition) {
  KEYZONE_TRY(column, find_column(table, condition.column));
  if (column->type->is_counter()) return invalid("Conditions on counters are not supported");
  KEYZONE_CHECK(check_access(*column, condition));
  PreparedCondition out;
  out.column = column;
  out.op = condition_operator(condition.op);
  const Receiver wanted = operand_wanted(table, *column, condition);
  KEYZONE_CHECK(check_slice(condition.op, *wanted.type));
  if (condition.element) {
    const Receiver whole = receiver_of(table, *column);
    const bool list = column->type->kind() == TypeKind::kList;
    KEYZONE_TRY(element,
                prepare_term(context, condition.element, list ? index_receiver(whole) : key_receiver(whole)));
    out.element = std::move(element);
  }
  if (condition.field) out.field = static_cast<uint16_t>(*column->type->find_field(*condition.field));
  if (condition.in_list) {
    KEYZONE_TRY(
        list, prepare_in_list(context, *condition.in_list,
                              wanted.with("in(" + wanted.name + ")", list_type(freeze(wanted.type), true))));
    out.in_list = std::move(list);
  }
  for (const TermPtr& term : condition.operands) {
    KEYZONE_TRY(operand, prepare_term(context, term, wanted));
    out.operands.push_back(std::move(operand));
  }
  if (in_key(*column)) return invalid("PRIMARY KEY column '" + column->name + "' cannot have IF conditions");
  return out;
}

}  // namespace

bool PreparedConditions::on_regulars() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const PreparedCondition& c) { return c.column->kind == ColumnKind::kRegular; });
}

Result<PreparedConditions> prepare_conditions(PrepareContext& context, const Table& table,
                                              const Conditions& conditions) {
  PreparedConditions out;
  out.if_exists = conditions.if_exists;
  out.if_not_exists = conditions.if_not_exists;
  for (const ColumnCondition& condition : conditions.columns) {
    KEYZONE_TRY(prepared, prepare_one(context, table, condition));
    out.columns.push_back(std::move(prepared));
  }
  return out;
}

Result<Condition> PreparedCondition::bind(EvalContext& context) const {
  Condition out;
  out.op = op;
  out.column = column->id;
  out.field = field;
  if (element) {
    KEYZONE_TRY(key, element->evaluate(context));
    const bool list = column->type->kind() == TypeKind::kList;
    if (key.is_null() || (key.is_unset() && list)) {
      return invalid(std::string("Invalid ") + (key.is_null() ? "null" : "unset") + " value for " +
                     (list ? "list" : "map") + " element access");
    }
    out.element = Bytes(key.bytes);  // an unset key is one of no bytes, as in Cassandra
  }
  if (in_list) {
    KEYZONE_TRY(list, in_list->evaluate(context));
    if (list.is_unset()) return invalid("Invalid 'unset' value in condition");
    if (list.is_null()) return invalid("Invalid null list in IN condition");
    CollectionReader reader(*in_list->type(), list.bytes);
    for (std::optional<BytesView> value; reader.next(value);) {
      const bool none = is_null_in_list(in_list->type()->element(), value);
      out.operands.push_back(none ? std::nullopt : std::optional<Bytes>(*value));
    }
    return out;
  }
  for (const ExpressionPtr& operand : operands) {
    KEYZONE_TRY(value, operand->evaluate(context));
    if (value.is_unset() && op == ConditionOperator::kIn) continue;
    KEYZONE_CHECK(check_operand(value));
    const bool none = value.is_null() || (value.is_unset() && op < ConditionOperator::kContains);
    out.operands.push_back(none ? std::nullopt : std::optional<Bytes>(value.bytes));
  }
  return out;
}

// To CONTAINS, an unset value is one of no bytes, as in Cassandra.
Result<void> PreparedCondition::check_operand(const Value& value) const {
  const bool contains = op >= ConditionOperator::kContains;
  const bool ordered = op >= ConditionOperator::kLess && op <= ConditionOperator::kGreaterOrEqual;
  if (value.is_unset() && !contains) return invalid("Invalid 'unset' value in condition");
  if (!contains && !ordered) return {};
  const auto refuse = [this](const std::string& what) {
    return invalid("Invalid comparison with " + what + " for operator \"" + std::string(to_string(op)) +
                   "\"");
  };
  const Type& type = *column->type;
  if (value.is_null()) {  // of a value: only if the conditions before it hold, as in Cassandra
    const bool of_value = ordered && !element && !field && !type.is_collection();
    return of_value ? Result<void>() : refuse("null");
  }
  const bool whole = ordered && !element && type.is_multi_cell() && type.is_collection();
  if (!whole || CollectionReader(type, value.bytes).count() > 0) return {};
  return refuse(type.kind() == TypeKind::kList  ? "an empty list"
                : type.kind() == TypeKind::kSet ? "an empty set"
                                                : "an empty map");
}

}  // namespace keyzone::cql
