#include "cql/plan/operation.h"

#include "schema/types/sum.h"

namespace keyzone::cql {
namespace {

using OperationKind = ColumnOperation::Kind;

std::string describe(const Assignment& a) {
  const std::string& c = a.column;
  const std::string value = to_string(*a.value, Spelling::kCalls);
  switch (a.kind) {
    case AssignmentKind::kSet:
      return c + " = " + value;
    case AssignmentKind::kAdd:
      return c + " = " + c + " + " + value;
    case AssignmentKind::kSubtract:
      return c + " = " + c + " - " + value;
    case AssignmentKind::kPrepend:
      return c + " = " + value + " - " + c;  // Cassandra's own slip
    case AssignmentKind::kSetElement:
      return c + "[" + to_string(*a.element, Spelling::kCalls) + "] = " + value;
    case AssignmentKind::kSetField:
      return c + "." + a.field + " = " + value;
  }
  return c;
}

Error invalid_operation(const Assignment& assignment, const std::string& on) {
  return invalid("Invalid operation (" + describe(assignment) + ") for " + on + " column " +
                 assignment.column);
}

Result<ColumnOperation> make(OperationKind kind, const Column& column, Result<ExpressionPtr> value) {
  if (!value) return value.error();
  ColumnOperation out;
  out.kind = kind;
  out.column = &column;
  out.value = *std::move(value);
  return out;
}

Result<ColumnOperation> prepare_add(PrepareContext& context, const Table& table, const Column& column,
                                    const Assignment& a, bool conditional) {
  const Receiver receiver = receiver_of(table, column);
  if (column.type->is_tuple() || column.type->is_user_type()) return invalid_operation(a, "tuple");
  if (!column.type->is_collection()) {
    if (conditional && !column.type->is_counter()) {
      if (can_be_summed(column.type->kind()))
        return make(OperationKind::kAddValue, column, prepare_term(context, a.value, receiver));
      return invalid("Invalid operation (" + describe(a) + ") for non-numeric and non-text type " +
                     column.name);
    }
    if (!column.type->is_counter()) return invalid_operation(a, "non counter");
    return make(OperationKind::kAddCounter, column, prepare_term(context, a.value, receiver));
  }
  if (!column.type->is_multi_cell()) return invalid_operation(a, "frozen collection");
  auto made = make(OperationKind::kAppend, column, prepare_term(context, a.value, receiver));
  if (!made && column.type->kind() == TypeKind::kMap) {
    return invalid("Value for a map addition has to be a map, but was: '" +
                   to_string(*a.value, Spelling::kCalls) + "'");
  }
  return made;
}

Result<ColumnOperation> prepare_subtract(PrepareContext& context, const Table& table, const Column& column,
                                         const Assignment& a) {
  const Receiver receiver = receiver_of(table, column);
  if (!column.type->is_collection()) {
    if (!column.type->is_counter()) return invalid_operation(a, "non counter");
    return make(OperationKind::kSubtractCounter, column, prepare_term(context, a.value, receiver));
  }
  if (!column.type->is_multi_cell()) return invalid_operation(a, "frozen collection");
  if (const auto* marker = a.value->as<BindMarker>(); marker && column.type->kind() == TypeKind::kList) {
    context.markers.set(marker->index, receiver);
    return make(OperationKind::kDiscard, column,
                ExpressionPtr(std::make_shared<DiscardedListExpression>(receiver.type, marker->index)));
  }
  if (column.type->kind() != TypeKind::kMap) {
    return make(OperationKind::kDiscard, column, prepare_term(context, a.value, receiver));
  }
  const Receiver keys = receiver.with(receiver.name, set_type(column.type->parameters()[0], true));
  auto made = make(OperationKind::kDiscard, column, prepare_term(context, a.value, keys));
  if (!made)
    return invalid("Value for a map substraction has to be a set, but was: '" +
                   to_string(*a.value, Spelling::kCalls) + "'");
  return made;
}

Result<ColumnOperation> prepare_set_element(PrepareContext& context, const Table& table, const Column& column,
                                            const Assignment& a) {
  const Receiver receiver = receiver_of(table, column);
  if (!column.type->is_collection()) return invalid_operation(a, "non collection");
  if (!column.type->is_multi_cell()) return invalid_operation(a, "frozen collection");
  if (column.type->kind() == TypeKind::kSet) return invalid_operation(a, "set");
  const bool list = column.type->kind() == TypeKind::kList;
  KEYZONE_TRY(element,
              prepare_term(context, a.element, list ? index_receiver(receiver) : key_receiver(receiver)));
  auto made =
      make(OperationKind::kSetElement, column,
           prepare_term(context, a.value, list ? element_receiver(receiver) : value_receiver(receiver)));
  if (made) made->element = std::move(element);
  return made;
}

Result<ColumnOperation> prepare_set_field(PrepareContext& context, const Table& table, const Column& column,
                                          const Assignment& a) {
  if (!column.type->is_user_type()) return invalid_operation(a, "non-UDT");
  if (!column.type->is_multi_cell()) return invalid_operation(a, "frozen UDT");
  const std::optional<size_t> field = column.type->find_field(a.field);
  if (!field) return invalid("UDT column " + column.name + " does not have a field named " + a.field);
  auto made = make(OperationKind::kSetField, column,
                   prepare_term(context, a.value, field_receiver(receiver_of(table, column), *field)));
  if (made) made->field = static_cast<uint16_t>(*field);
  return made;
}

}  // namespace

bool ColumnOperation::looks_back() const {
  return column->type->kind() == TypeKind::kList &&
         (kind == Kind::kSetElement || kind == Kind::kDeleteElement || kind == Kind::kDiscard);
}

Result<ColumnOperation> prepare_set(PrepareContext& context, const Table& table, const Column& column,
                                    const Term& value) {
  auto made = make(OperationKind::kSet, column, prepare_term(context, value, receiver_of(table, column)));
  if (!made || !column.type->is_counter()) return made;
  return invalid("Cannot set the value of counter column " + column.name +
                 " (counters can only be incremented/decremented, not set)");
}

Result<ColumnOperation> prepare_assignment(PrepareContext& context, const Table& table, const Column& column,
                                           const Assignment& assignment, bool conditional) {
  switch (assignment.kind) {
    case AssignmentKind::kSet:
      return prepare_set(context, table, column, *assignment.value);
    case AssignmentKind::kAdd:
      return prepare_add(context, table, column, assignment, conditional);
    case AssignmentKind::kSubtract:
      return prepare_subtract(context, table, column, assignment);
    case AssignmentKind::kSetElement:
      return prepare_set_element(context, table, column, assignment);
    case AssignmentKind::kSetField:
      return prepare_set_field(context, table, column, assignment);
    case AssignmentKind::kPrepend:
      break;
  }
  auto made = make(OperationKind::kPrepend, column,
                   prepare_term(context, assignment.value, receiver_of(table, column)));
  if (!made) return made;
  if (column.type->kind() != TypeKind::kList) return invalid_operation(assignment, "non list");
  if (!column.type->is_multi_cell()) return invalid_operation(assignment, "frozen list");
  return made;
}

Result<ColumnOperation> prepare_deletion(PrepareContext& context, const Table& table, const Column& column,
                                         const Deletion& deletion) {
  const Type& type = *column.type;
  ColumnOperation out;
  out.kind = OperationKind::kDelete;
  out.column = &column;
  if (deletion.element) {
    if (!type.is_collection())
      return invalid("Invalid deletion operation for non collection column " + column.name);
    if (!type.is_multi_cell()) {
      return invalid("Invalid deletion operation for frozen collection column " + column.name);
    }
    const Receiver whole = receiver_of(table, column);
    const Receiver wanted = type.kind() == TypeKind::kList  ? index_receiver(whole)
                            : type.kind() == TypeKind::kSet ? element_receiver(whole)
                                                            : key_receiver(whole);
    KEYZONE_TRY(element, prepare_term(context, deletion.element, wanted));
    out.kind = OperationKind::kDeleteElement;
    out.element = std::move(element);
  } else if (deletion.field) {
    if (!type.is_user_type())
      return invalid("Invalid field deletion operation for non-UDT column " + column.name);
    if (!type.is_multi_cell()) {
      return invalid("Frozen UDT column " + column.name + " does not support field deletions");
    }
    const std::optional<size_t> field = type.find_field(*deletion.field);
    if (!field)
      return invalid("UDT column " + column.name + " does not have a field named " + *deletion.field);
    out.kind = OperationKind::kDeleteField;
    out.field = static_cast<uint16_t>(*field);
  }
  return out;
}

}  // namespace keyzone::cql
