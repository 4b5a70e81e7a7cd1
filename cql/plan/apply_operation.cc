// Column operations with values: the cells that they write.
#include "cql/plan/operation.h"
#include "schema/types/collections.h"
#include "schema/types/ordered.h"

namespace keyzone::cql {
namespace {

using OperationKind = ColumnOperation::Kind;

CellWrite& add_cell(std::vector<CellWrite>& cells, const Column& column, CellAction action) {
  CellWrite& cell = cells.emplace_back();
  cell.column = column.id;
  cell.action = action;
  return cell;
}

Bytes field_path(size_t field) {
  Bytes path;
  append_be<uint16_t>(path, static_cast<uint16_t>(field));
  return path;
}

Bytes element_path(const Type& type, BytesView element) {
  Bytes path;
  type.parameters()[0]->append_ordered(element, false, path);
  return path;
}

// A set's element, or a map's key.
CellWrite& put_element(const Column& column, BytesView element, std::vector<CellWrite>& cells) {
  CellWrite& cell = add_cell(cells, column, CellAction::kPutElement);
  cell.path = element_path(*column.type, element);
  if (!form_tells_all(*column.type->parameters()[0], element, false, cell.path)) cell.written = element;
  return cell;
}

// Every element of a set or map, or the whole list behind or before the present one.
Result<void> put_elements(const Column& column, BytesView wire, CellAction list_action,
                          std::vector<CellWrite>& cells) {
  const Type& type = *column.type;
  KEYZONE_TRY(parts, split_collection(type, wire));
  if (type.kind() == TypeKind::kList) {
    if (!parts.empty()) add_cell(cells, column, list_action).value = wire;
    return {};
  }
  const size_t step = type.kind() == TypeKind::kMap ? 2 : 1;
  for (size_t i = 0; i < parts.size(); i += step) {
    CellWrite& cell = put_element(column, parts[i], cells);
    if (step == 2) cell.value = parts[i + 1];
  }
  return {};
}

Result<void> set_whole(const Column& column, const Value& value, std::vector<CellWrite>& cells) {
  const Type& type = *column.type;
  if (!type.is_multi_cell()) {
    CellWrite& cell = add_cell(cells, column, value.is_set() ? CellAction::kSet : CellAction::kDelete);
    cell.value = value.bytes;
    return {};
  }
  add_cell(cells, column, CellAction::kDeleteAll).overwrite = true;
  if (!value.is_set()) return {};
  if (!type.is_user_type()) return put_elements(column, value.bytes, CellAction::kListAppend, cells);
  KEYZONE_TRY(fields, split_fields(type, value.bytes));
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i]) continue;
    CellWrite& cell = add_cell(cells, column, CellAction::kPutElement);
    cell.path = field_path(i);
    cell.value = *fields[i];
  }
  return {};
}

Result<void> discard(const Column& column, BytesView wire, const Type& type, std::vector<CellWrite>& cells) {
  if (column.type->kind() == TypeKind::kList) {
    add_cell(cells, column, CellAction::kListDiscard).value = wire;
    return {};
  }
  KEYZONE_TRY(parts, split_collection(type, wire));
  for (const BytesView part : parts) {
    add_cell(cells, column, CellAction::kDeleteElement).path = element_path(*column.type, part);
  }
  return {};
}

// Of a list's element by its index, what a value does to it.
CellAction list_action_for(const Value& value) {
  return value.is_set()     ? CellAction::kListSetIndex
         : value.is_unset() ? CellAction::kListTouchIndex
                            : CellAction::kListClearIndex;
}

// `list_action`: of a list's.
Result<void> touch_element(const Column& column, const Value& element, const Value& value,
                           CellAction list_action, std::vector<CellWrite>& cells) {
  const bool list = column.type->kind() == TypeKind::kList;
  if (!element.is_set()) {
    const char* state = element.is_null() ? "null" : "unset";
    if (list) return invalid(std::string("Invalid ") + state + " value for list index");
    return invalid(std::string("Invalid ") + state +
                   (column.type->kind() == TypeKind::kSet ? " set element" : " map key"));
  }
  if (list) {
    CellWrite& cell = add_cell(cells, column, list_action);
    if (element.bytes.size() != 4) return invalid("Invalid null value for list index");
    cell.index = load_be<int32_t>(element.bytes.data());
    cell.value = value.bytes;
    return {};
  }
  if (value.is_set()) {
    put_element(column, element.bytes, cells).value = value.bytes;
  } else {
    add_cell(cells, column, CellAction::kDeleteElement).path = element_path(*column.type, element.bytes);
  }
  return {};
}

Result<void> add_counter(const Column& column, const Value& value, bool subtract,
                         std::vector<CellWrite>& cells) {
  if (!value.is_set() || value.bytes.size() != 8) {
    return invalid("Invalid null value for counter increment");
  }
  int64_t delta = load_be<int64_t>(value.bytes.data());
  if (subtract) {
    if (delta == INT64_MIN) {
      return invalid("The negation of " + std::to_string(delta) +
                     " overflows supported counter precision (signed 8 bytes integer)");
    }
    delta = -delta;
  }
  append_be(add_cell(cells, column, CellAction::kAddCounter).value, delta);
  return {};
}

Result<void> add_value(const Column& column, const Value& value, std::vector<CellWrite>& cells) {
  const TypeKind kind = column.type->kind();
  const bool text = kind == TypeKind::kText || kind == TypeKind::kAscii;
  if (!value.is_set() || (value.bytes.empty() && !text)) {
    return invalid("Invalid " + std::string(value.is_unset() ? "unset" : "null") +
                   " value for the increment of " + column.name);
  }
  add_cell(cells, column, CellAction::kAddValue).value = value.bytes;
  return {};
}

}  // namespace

Result<void> ColumnOperation::apply(EvalContext& context, std::vector<CellWrite>& cells) const {
  if (kind == OperationKind::kDelete) {
    add_cell(cells, *column, column->type->is_multi_cell() ? CellAction::kDeleteAll : CellAction::kDelete);
    return {};
  }
  if (kind == OperationKind::kDeleteField) {
    add_cell(cells, *column, CellAction::kDeleteElement).path = field_path(field);
    return {};
  }
  if (kind == OperationKind::kDeleteElement) {
    KEYZONE_TRY(key, element->evaluate(context));
    if (key.is_unset() && column->type->kind() != TypeKind::kMap) return {};
    return touch_element(*column, key, Value::null(), CellAction::kListDeleteIndex, cells);
  }
  KEYZONE_TRY(set, value->evaluate(context));
  if (kind == OperationKind::kAddValue) return add_value(*column, set, cells);
  if (set.is_unset() && kind != OperationKind::kSetElement) return {};
  switch (kind) {
    case OperationKind::kSet:
      return set_whole(*column, set, cells);
    case OperationKind::kAppend:
      return set.is_set() ? put_elements(*column, set.bytes, CellAction::kListAppend, cells) : Result<void>();
    case OperationKind::kPrepend:
      return set.is_set() ? put_elements(*column, set.bytes, CellAction::kListPrepend, cells)
                          : Result<void>();
    case OperationKind::kDiscard:
      return set.is_set() ? discard(*column, set.bytes, *value->type(), cells) : Result<void>();
    case OperationKind::kSetElement: {
      KEYZONE_TRY(key, element->evaluate(context));
      const bool is_list = column->type->kind() == TypeKind::kList;
      if (key.is_set() && set.is_unset() && !is_list) return {};
      return touch_element(*column, key, set, list_action_for(set), cells);
    }
    case OperationKind::kSetField: {
      CellWrite& cell =
          add_cell(cells, *column, set.is_set() ? CellAction::kPutElement : CellAction::kDeleteElement);
      cell.path = field_path(field);
      cell.value = set.bytes;
      return {};
    }
    case OperationKind::kAddCounter:
      return add_counter(*column, set, false, cells);
    case OperationKind::kSubtractCounter:
      return add_counter(*column, set, true, cells);
    case OperationKind::kAddValue:
    case OperationKind::kDelete:
    case OperationKind::kDeleteField:
    case OperationKind::kDeleteElement:
      break;
  }
  return {};
}

}  // namespace keyzone::cql
