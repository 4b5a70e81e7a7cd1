#include "cql/select/row_expressions.h"

#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

TypePtr element_type(const Type& type) { return type.parameters()[type.kind() == TypeKind::kMap ? 1 : 0]; }

TypePtr stamp_type(StampKind kind, const Type& column, bool part) {
  const TypePtr one = native_type(kind == StampKind::kTimeToLive ? TypeKind::kInt : TypeKind::kBigint);
  return column.is_multi_cell() && !part && kind != StampKind::kMaxWriteTime ? list_type(one, true) : one;
}

}  // namespace

FieldExpression::FieldExpression(ExpressionPtr value, size_t field)
    : Expression(value->type()->parameters()[field]), value_(std::move(value)), field_(field) {}

Result<Value> FieldExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(value, value_->evaluate(context));
  if (!value.is_set()) return Value::null();
  KEYZONE_TRY(fields, split_fields(*value_->type(), value.bytes));
  return fields[field_] ? Value::of(*fields[field_]) : Value::null();
}

ElementExpression::ElementExpression(ExpressionPtr value, ExpressionPtr key)
    : Expression(element_type(*value->type())), value_(std::move(value)), key_(std::move(key)) {}

Result<Value> ElementExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(value, value_->evaluate(context));
  KEYZONE_TRY(key, key_->evaluate(context));
  if (!value.is_set() || !key.is_set()) return Value::null();
  const Type& type = *value_->type();
  const Type& key_type = *type.parameters()[0];
  CollectionReader reader(type, value.bytes);
  for (BytesView at; reader.next(at);) {
    BytesView mapped = at;
    if (type.kind() == TypeKind::kMap && !reader.next(mapped)) break;
    if (key_type.compare(at, key.bytes) == 0) return Value::of(mapped);
  }
  return Value::null();
}

SliceExpression::SliceExpression(ExpressionPtr value, ExpressionPtr from, ExpressionPtr to)
    : Expression(value->type()), value_(std::move(value)), from_(std::move(from)), to_(std::move(to)) {}

Result<Value> SliceExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(value, value_->evaluate(context));
  if (!value.is_set()) return Value::null();
  Value from, to;
  for (auto [expression, bound] : {std::pair(&from_, &from), std::pair(&to_, &to)}) {
    if (!*expression) continue;
    KEYZONE_TRY(evaluated, (*expression)->evaluate(context));
    *bound = evaluated;
  }
  const Type& type = *type_;
  CollectionWriter out(type);
  CollectionReader reader(type, value.bytes);
  for (BytesView key; reader.next(key);) {
    BytesView mapped;
    if (type.kind() == TypeKind::kMap && !reader.next(mapped)) break;
    const Type& key_type = *type.parameters()[0];
    if (from.is_set() && key_type.compare(key, from.bytes) < 0) continue;
    if (to.is_set() && key_type.compare(key, to.bytes) > 0) continue;
    out.add(key);
    if (type.kind() == TypeKind::kMap) out.add(mapped);
  }
  if (out.count() == 0) return Value::null();
  return context.keep(std::move(out).finish());
}

StampExpression::StampExpression(StampKind kind, const Type& column, size_t slot, ExpressionPtr element,
                                 std::optional<size_t> field)
    : Expression(stamp_type(kind, column, element || field)),
      kind_(kind),
      column_(column.shared_from_this()),
      slot_(slot),
      element_(std::move(element)),
      field_(field) {}

Bytes StampExpression::of_cell(const CellStamp& stamp, EvalContext& context, bool& null) const {
  Bytes out;
  null = false;
  if (kind_ != StampKind::kTimeToLive) {
    append_be<int64_t>(out, stamp.timestamp);
    return out;
  }
  const int64_t left = stamp.expiry - context.functions.now_us / kMicrosPerSecond;
  null = stamp.expiry == 0 || left <= 0;
  append_be<int32_t>(out, static_cast<int32_t>(left));
  return out;
}

// The stamp of the element or field that is asked for: stamps come in the order of the elements; of a user
// type, one for each field that is not null.
Result<std::optional<CellStamp>> StampExpression::part(EvalContext& context) const {
  const Value& value = context.row->slots[slot_];
  const auto& stamps = context.row->stamps[slot_];
  std::optional<CellStamp> found;
  size_t at = 0;
  if (field_) {
    KEYZONE_TRY(fields, split_fields(*column_, value.bytes));
    for (size_t i = 0; i < fields.size() && i <= *field_; ++i) {
      if (i == *field_ && fields[i] && at < stamps.size()) found = stamps[at];
      at += fields[i] ? 1 : 0;
    }
    return found;
  }
  KEYZONE_TRY(key, element_->evaluate(context));
  if (!key.is_set()) return found;
  CollectionReader reader(*column_, value.bytes);
  for (BytesView element; reader.next(element); ++at) {
    BytesView mapped;
    if (column_->kind() == TypeKind::kMap && !reader.next(mapped)) break;
    if (at < stamps.size() && column_->parameters()[0]->compare(element, key.bytes) == 0) found = stamps[at];
  }
  return found;
}

Result<Value> StampExpression::evaluate(EvalContext& context) const {
  const auto& stamps = context.row->stamps[slot_];
  if (!context.row->slots[slot_].is_set() || stamps.empty()) return Value::null();
  bool null = false;
  if (element_ || field_) {
    KEYZONE_TRY(stamp, part(context));
    if (!stamp) return Value::null();
    Bytes bytes = of_cell(*stamp, context, null);
    return null ? Value::null() : context.keep(std::move(bytes));
  }
  if (kind_ == StampKind::kMaxWriteTime || !column_->is_multi_cell()) {
    CellStamp newest = stamps[0];
    for (const CellStamp& stamp : stamps) {
      if (stamp.timestamp > newest.timestamp) newest = stamp;
    }
    Bytes bytes = of_cell(newest, context, null);
    return null ? Value::null() : context.keep(std::move(bytes));
  }
  Bytes list;
  append_be<int32_t>(list, static_cast<int32_t>(stamps.size()));
  for (const CellStamp& stamp : stamps) {
    const Bytes bytes = of_cell(stamp, context, null);
    append_field(null ? std::nullopt : std::optional<BytesView>(bytes), list);
  }
  return context.keep(std::move(list));
}

}  // namespace keyzone::cql
