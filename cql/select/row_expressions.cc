#include "cql/select/row_expressions.h"

#include <algorithm>

#include "cql/plan/function_call.h"
#include "schema/time_units.h"
#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

TypePtr element_type(const Type& type) { return type.parameters()[type.kind() == TypeKind::kMap ? 1 : 0]; }

TypePtr stamp_type(StampKind kind, const Type& column, const StampedPart& part) {
  const TypePtr one = native_type(kind == StampKind::kTimeToLive ? TypeKind::kInt : TypeKind::kBigint);
  const bool several =
      part.kind == StampedPart::Kind::kWhole || (part.kind == StampedPart::Kind::kSlice && !part.deeper);
  return column.is_multi_cell() && several && kind != StampKind::kMaxWriteTime ? list_type(one, true) : one;
}

Error no_key(const Value& key, const char* what, const std::string& name) {
  return invalid(std::string("Invalid ") + (key.is_null() ? "null" : "unset") + " value for " + what +
                 " selection on " + name);
}

// Whether it is the same for all rows.
bool is_given(const Expression& term) {
  if (term.is_constant() || dynamic_cast<const MarkerExpression*>(&term)) return true;
  const auto* call = dynamic_cast<const CallExpression*>(&term);
  return call && std::all_of(call->arguments().begin(), call->arguments().end(),
                             [](const ExpressionPtr& argument) { return is_given(*argument); });
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

ElementExpression::ElementExpression(ExpressionPtr value, ExpressionPtr key, std::string name)
    : Expression(element_type(*value->type())),
      value_(std::move(value)),
      key_(std::move(key)),
      name_(std::move(name)) {}

Result<Value> ElementExpression::key(EvalContext& context) const {
  KEYZONE_TRY(key, key_->evaluate(context));
  return key.is_set() ? Result<Value>(key) : no_key(key, "element", name_);
}

Result<void> ElementExpression::check_given(EvalContext& context) const {
  KEYZONE_CHECK(value_->check_given(context));
  if (is_given(*key_)) KEYZONE_CHECK(key(context));
  return {};
}

Result<Value> ElementExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(value, value_->evaluate(context));
  KEYZONE_TRY(key, this->key(context));
  if (!value.is_set()) return Value::null();
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

SliceExpression::SliceExpression(ExpressionPtr value, ExpressionPtr from, ExpressionPtr to, std::string name)
    : Expression(value->type()),
      value_(std::move(value)),
      from_(std::move(from)),
      to_(std::move(to)),
      name_(std::move(name)) {}

Result<Value> SliceExpression::bound(const ExpressionPtr& term, EvalContext& context) const {
  if (!term) return Value::unset();
  KEYZONE_TRY(value, term->evaluate(context));
  return value.is_null() ? no_key(value, "slice", name_) : Result<Value>(value);
}

Result<void> SliceExpression::check_given(EvalContext& context) const {
  KEYZONE_CHECK(value_->check_given(context));
  for (const ExpressionPtr& term : {from_, to_}) {
    if (term && is_given(*term)) KEYZONE_CHECK(bound(term, context));
  }
  return {};
}

Result<Value> SliceExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(value, value_->evaluate(context));
  KEYZONE_TRY(from, bound(from_, context));
  KEYZONE_TRY(to, bound(to_, context));
  if (!value.is_set()) return Value::null();
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
  if (out.count() == 0 && type.is_multi_cell()) return Value::null();  // no cells: no collection
  return context.keep(std::move(out).finish());
}

StampExpression::StampExpression(StampKind kind, const Type& column, size_t slot, StampedPart part)
    : Expression(stamp_type(kind, column, part)),
      kind_(kind),
      column_(column.shared_from_this()),
      slot_(slot),
      part_(std::move(part)) {}

Bytes StampExpression::of_cell(const CellStamp& stamp, EvalContext& context, bool& null) const {
  Bytes out;
  null = false;
  if (kind_ != StampKind::kTimeToLive) {
    append_be<int64_t>(out, stamp.timestamp);
    return out;
  }
  const int64_t left =
      stamp.expiry - context.functions.second.value_or(context.functions.now_us / kMicrosPerSecond);
  null = stamp.expiry == 0 || left <= 0;
  append_be<int32_t>(out, static_cast<int32_t>(left));
  return out;
}

// Stamps come in the order of the elements; of a user type, one for each field that is not null.
Result<std::vector<CellStamp>> StampExpression::stamps(EvalContext& context) const {
  const Value& value = context.row->slots[slot_];
  const auto& all = context.row->stamps[slot_];
  if (!value.is_set() || all.empty()) return std::vector<CellStamp>();
  if (part_.deeper) {
    KEYZONE_TRY(inside, part_.deeper->evaluate(context));
    if (!inside.is_set()) return std::vector<CellStamp>();
  }
  if (part_.kind == StampedPart::Kind::kWhole) return all;
  if (part_.kind != StampedPart::Kind::kField) return of_elements(context);
  KEYZONE_TRY(fields, split_fields(*column_, value.bytes));
  if (!fields[part_.field]) return std::vector<CellStamp>();
  if (!column_->is_multi_cell()) return all;
  const auto before = fields.begin() + static_cast<std::ptrdiff_t>(part_.field);
  const auto at =
      static_cast<size_t>(std::count_if(fields.begin(), before, [](const auto& f) { return f.has_value(); }));
  return at < all.size() ? std::vector<CellStamp>{all[at]} : std::vector<CellStamp>();
}

Result<std::vector<CellStamp>> StampExpression::of_elements(EvalContext& context) const {
  const auto& all = context.row->stamps[slot_];
  const Type& key_type = *column_->parameters()[0];
  Value bounds[2];
  for (const auto& [bound, term] : {std::pair(&bounds[0], &part_.from), std::pair(&bounds[1], &part_.to)}) {
    if (!*term) continue;
    KEYZONE_TRY(value, (*term)->evaluate(context));
    *bound = value;
  }
  const bool one = part_.kind == StampedPart::Kind::kElement;
  std::vector<CellStamp> out;
  CollectionReader reader(*column_, context.row->slots[slot_].bytes);
  size_t at = 0;
  for (BytesView element; reader.next(element); ++at) {
    BytesView mapped;
    if (column_->kind() == TypeKind::kMap && !reader.next(mapped)) break;
    const int low = bounds[0].is_set() ? key_type.compare(element, bounds[0].bytes) : one ? -1 : 1;
    const int high = bounds[1].is_set() ? key_type.compare(element, bounds[1].bytes) : one ? low : -1;
    if (low < 0 || high > 0) continue;
    const size_t cell = column_->is_multi_cell() ? at : 0;
    if (cell < all.size() && (column_->is_multi_cell() || out.empty())) out.push_back(all[cell]);
  }
  return out;
}

Result<Value> StampExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(found, stamps(context));
  if (found.empty()) return Value::null();
  bool null = false;
  if (type_->kind() != TypeKind::kList) {
    const CellStamp& newest = *std::max_element(
        found.begin(), found.end(), [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
    Bytes bytes = of_cell(newest, context, null);
    return null ? Value::null() : context.keep(std::move(bytes));
  }
  std::vector<const CellStamp*> cells;  // of a whole user type one for each field, nullptr where it is null
  if (column_->is_user_type()) {
    KEYZONE_TRY(fields, split_fields(*column_, context.row->slots[slot_].bytes));
    size_t at = 0;
    for (const auto& field : fields) cells.push_back(field && at < found.size() ? &found[at++] : nullptr);
  } else {
    for (const CellStamp& stamp : found) cells.push_back(&stamp);
  }
  Bytes list;
  append_be<int32_t>(list, static_cast<int32_t>(cells.size()));
  for (const CellStamp* stamp : cells) {
    const Bytes bytes = stamp ? of_cell(*stamp, context, null) : Bytes();
    append_field(!stamp || null ? std::nullopt : std::optional<BytesView>(bytes), list);
  }
  return context.keep(std::move(list));
}

}  // namespace keyzone::cql
