#include "cql/select/row_filter.h"

#include <algorithm>

#include "schema/types/collections.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

bool holds(Operator op, int comparison) {
  switch (op) {
    case Operator::kLess:
      return comparison < 0;
    case Operator::kLessOrEqual:
      return comparison <= 0;
    case Operator::kGreater:
      return comparison > 0;
    case Operator::kGreaterOrEqual:
      return comparison >= 0;
    default:
      return comparison == 0;
  }
}

}  // namespace

RowFilter make_filter(const PreparedRelation& relation, SlotTable& slots) {
  RowFilter filter{relation, {}};
  for (const Column* column : relation.columns) filter.slots.push_back(slots.add(*column));
  return filter;
}

Result<BoundFilter> BoundFilter::bind(const RowFilter& filter, EvalContext& context) {
  BoundFilter out;
  out.filter_ = &filter;
  KEYZONE_TRY(wanted, bind_filter_operands(filter.relation, context));
  out.wanted_ = std::move(wanted);
  if (filter.relation.map_key) {
    KEYZONE_TRY(key, filter.relation.map_key->evaluate(context));
    const std::string& name = filter.relation.first().name;
    if (key.is_null()) return invalid("Unsupported null map key for column " + name);
    if (key.is_unset()) return invalid("Unsupported unset map key for column " + name);
    out.map_key_ = key.bytes;
  }
  return out;
}

bool BoundFilter::accepts(const RowValues& row) const {
  const PreparedRelation& relation = filter_->relation;
  if (relation.kind == RelationKind::kToken) return token_accepts(row);
  if (relation.is_contains()) return contains(row);
  for (const BoundTuple& wanted : wanted_) {
    if (compares(wanted, row)) return true;
  }
  return false;
}

// Column by column, as tuples compare.
bool BoundFilter::compares(const BoundTuple& wanted, const RowValues& row) const {
  int comparison = 0;
  for (size_t i = 0; i < wanted.size() && comparison == 0; ++i) {
    const Value& value = row.slots[filter_->slots[i]];
    if (!value.is_set()) return false;
    comparison = filter_->relation.columns[i]->type->compare(value.bytes, wanted[i]);
  }
  return holds(filter_->relation.op, comparison);
}

bool BoundFilter::contains(const RowValues& row) const {
  const Value& value = row.slots[filter_->slots[0]];
  if (!value.is_set()) return false;
  const PreparedRelation& relation = filter_->relation;
  const Type& type = *relation.first().type;
  const BytesView wanted = wanted_.at(0).at(0);
  const bool map = type.kind() == TypeKind::kMap;
  CollectionReader reader(type, value.bytes);
  for (BytesView element; reader.next(element);) {
    if (!map) {
      if (type.element().compare(element, wanted) == 0) return true;
      continue;
    }
    BytesView mapped;
    if (!reader.next(mapped)) return false;
    if (relation.op == Operator::kContainsKey) {
      if (type.key_type().compare(element, wanted) == 0) return true;
    } else if (!relation.map_key || type.key_type().compare(element, map_key_) == 0) {
      if (type.value_type().compare(mapped, wanted) == 0) return true;
    }
  }
  return false;
}

void BoundFilter::settle_tokens(std::vector<BoundFilter>& filters, bool named) {
  auto find = [&](bool lower) {
    return std::find_if(filters.begin(), filters.end(), [&](const BoundFilter& one) {
      const PreparedRelation& relation = one.filter_->relation;
      return one.is_token() && relation.is_slice() && relation.is_lower() == lower;
    });
  };
  for (BoundFilter& one : filters) one.ring_ = one.is_token() && !named;
  const auto lower = find(true), upper = find(false);
  if (!named || lower == filters.end() || upper == filters.end()) return;
  if (lower->token_type().compare(lower->wanted_.at(0).at(0), upper->wanted_.at(0).at(0)) <= 0) return;
  lower->otherwise_ = std::make_shared<BoundFilter>(std::move(*upper));
  filters.erase(upper);
}

bool BoundFilter::token_accepts(const RowValues& row) const {
  std::vector<BytesView> parts;
  for (const size_t slot : filter_->slots) parts.push_back(row.slots[slot].bytes);
  const auto key = encode_partition_key(parts);
  const BytesView wanted = wanted_.at(0).at(0);
  if (!key) return false;
  const Type& type = token_type();
  const bool hashed = type.kind() == TypeKind::kBigint;  // elsewhere the key itself is its token
  if (hashed && wanted.size() != sizeof(int64_t)) return false;
  const bool minimum = hashed ? load_be<int64_t>(wanted.data()) == INT64_MIN : wanted.empty();
  if (ring_ && minimum && !filter_->relation.is_lower()) return true;
  Bytes token;
  if (hashed) append_be(token, token_of(*key).value);
  if (holds(filter_->relation.op, type.compare(hashed ? BytesView(token) : *key, wanted))) return true;
  return otherwise_ && otherwise_->accepts(row);
}

}  // namespace keyzone::cql
