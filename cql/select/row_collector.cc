#include "cql/select/row_collector.h"

#include <algorithm>

namespace keyzone::cql {
namespace {

// Of a row that is one text.
BytesView json_text(BytesView row) { return row.substr(sizeof(uint32_t)); }

// SELECT JSON * is sorted by what Cassandra then has at hand: the rows' texts, compared as if they were
// values of the column that ORDER BY names.
int compare_as_values(const Type& column, BytesView a, BytesView b) {
  switch (column.kind()) {
    case TypeKind::kUuid:
    case TypeKind::kTimeuuid:
    case TypeKind::kBoolean:
    case TypeKind::kTinyint:
      return 0;
    case TypeKind::kFloat:
      return a.substr(0, sizeof(float)).compare(b.substr(0, sizeof(float)));
    case TypeKind::kDouble:
      return a.substr(0, sizeof(double)).compare(b.substr(0, sizeof(double)));
    case TypeKind::kVarint:
    case TypeKind::kDecimal:
      if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
      break;
    default:
      break;
  }
  return a.compare(b);
}

}  // namespace

Result<void> RowCollector::encode(const RowValues& row, Bytes& out) {
  if (!plan_.plain.empty()) {
    for (const size_t slot : plan_.plain) append_row_value(out, row.slots[slot]);
    return {};
  }
  context_.row = &row;
  if (plan_.json) {
    KEYZONE_CHECK(encode_json(out));
  } else {
    for (const ExpressionPtr& output : plan_.outputs) {
      KEYZONE_TRY(value, output->evaluate(context_));
      append_row_value(out, value.is_unset() ? Value::of({}) : value);  // (int)? unset: an empty value
    }
  }
  context_.clear();
  return {};
}

Result<void> RowCollector::encode_json(Bytes& out) {
  std::string text = "{";
  for (size_t i = 0; i < plan_.outputs.size(); ++i) {
    KEYZONE_TRY(value, plan_.outputs[i]->evaluate(context_));
    if (i > 0) text += ", ";
    text += plan_.json_names[i] + ": " +
            (value.is_set() ? plan_.outputs[i]->type()->to_json(value.bytes) : "null");
  }
  text += "}";
  append_row_value(out, Value::of(text));
  return {};
}

Result<void> RowCollector::add(const RowValues& row) {
  ++row_count_;
  return put(row);
}

Result<void> RowCollector::put(const RowValues& row) {
  if (plan_.sort.empty()) return encode(row, rows_);
  SortedRow& kept = sorted_.emplace_back();
  for (const SortKey& key : plan_.sort) {
    const Value& value = row.slots[key.slot];
    kept.keys.push_back(value.is_set() ? std::optional<Bytes>(value.bytes) : std::nullopt);
  }
  return encode(row, kept.row);
}

Result<Bytes> RowCollector::group_key(const RowValues& row) {
  Bytes key;
  context_.row = &row;
  for (const ExpressionPtr& part : plan_.group_by) {
    KEYZONE_TRY(value, part->evaluate(context_));
    if (value.is_set() && is_inexact_clustering(*part)) {
      part->type()->append_ordered(value.bytes, false, key);
    } else {
      append_row_value(key, value);
    }
  }
  context_.clear();
  return key;
}

// 1.5 and 1.50 in one partition are one group.
bool RowCollector::is_inexact_clustering(const Expression& part) const {
  const auto* column = dynamic_cast<const ColumnExpression*>(&part);
  return column && !part.type()->ordered_is_exact() &&
         plan_.slots.column(column->slot()).kind == ColumnKind::kClustering;
}

void RowCollector::open(Bytes key, const RowValues& row) {
  group_.reset();
  Group& group = group_.made();
  group.key = std::move(key);
  for (const Value& value : row.slots) {
    group.owned.push_back(value.is_set() ? std::optional<Bytes>(value.bytes) : std::nullopt);
  }
  for (const auto& value : group.owned)
    group.first.slots.push_back(value ? Value::of(*value) : Value::null());
  group.first.stamps = row.stamps;
  for (const AggregateCall& call : plan_.aggregates) group.aggregates.push_back(call.function->start());
}

Result<void> RowCollector::fold(const RowValues& row) {
  context_.row = &row;
  for (size_t i = 0; i < plan_.aggregates.size(); ++i) {
    const AggregateCall& call = plan_.aggregates[i];
    KEYZONE_TRY(arguments, evaluate_arguments(*call.function, call.arguments, context_));
    KEYZONE_CHECK(group_->aggregates[i]->add(arguments));
  }
  context_.clear();
  return {};
}

Result<void> RowCollector::close() {
  std::vector<std::optional<Bytes>> results;
  for (const auto& aggregate : group_->aggregates) {
    KEYZONE_TRY(result, aggregate->result());
    results.push_back(std::move(result));
  }
  std::vector<Value> values;
  for (const auto& result : results) values.push_back(result ? Value::of(*result) : Value::null());
  context_.aggregates = values;
  ++row_count_;
  auto encoded = put(group_->first);
  context_.aggregates = {};
  group_.reset();
  return encoded;
}

Result<void> RowCollector::close_empty() {
  RowValues none;
  none.slots.resize(plan_.slots.size());
  none.stamps.resize(plan_.slots.size());
  open({}, none);
  return close();
}

bool RowCollector::sorts_before(const SortedRow& a, const SortedRow& b) const {
  for (size_t i = 0; i < plan_.sort.size(); ++i) {
    const SortKey& key = plan_.sort[i];
    const Type& type = *plan_.slots.column(key.slot).type;
    if (plan_.json && plan_.all_columns) {
      const int comparison = compare_as_values(type, json_text(a.row), json_text(b.row));
      if (comparison != 0) return (comparison < 0) != key.descending;
      continue;
    }
    const bool both = a.keys[i] && b.keys[i];
    const int comparison =
        both ? type.compare(*a.keys[i], *b.keys[i]) : int{a.keys[i].has_value()} - int{b.keys[i].has_value()};
    // Null comes first in the order of the table, whichever way its columns are sorted.
    if (comparison != 0) return (comparison < 0) != (both ? key.descending : plan_.reversed);
  }
  return false;
}

ResultSet RowCollector::take(uint64_t limit) {
  if (!sorted_.empty()) {
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [this](const SortedRow& a, const SortedRow& b) { return sorts_before(a, b); });
    if (limit > 0 && sorted_.size() > limit) sorted_.resize(limit);
    row_count_ = sorted_.size();
    for (const SortedRow& row : sorted_) rows_ += row.row;
  }
  ResultSet out;
  out.columns = plan_.columns;
  out.rows = std::move(rows_);
  out.row_count = static_cast<uint32_t>(row_count_);
  return out;
}

}  // namespace keyzone::cql
