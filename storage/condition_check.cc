#include "storage/condition_check.h"

#include <algorithm>

#include "schema/types/collections.h"
#include "schema/types/token.h"
#include "storage/reading.h"

namespace keyzone::storage {
namespace {

Error null_comparison(ConditionOperator op) {
  return invalid("Invalid comparison with null for operator \"" + std::string(to_string(op)) + "\"");
}

// What a condition is about: a column, an element or a field, with its type.
struct Subject {
  const Type* type = nullptr;
  std::optional<Bytes> value;
};

std::optional<Bytes> owned(const std::optional<BytesView>& v) {
  return v ? std::optional<Bytes>(*v) : std::nullopt;
}

Result<Subject> element_of(const Type& type, const std::optional<BytesView>& whole, BytesView element) {
  if (type.kind() == TypeKind::kList) {
    if (element.size() != sizeof(int32_t)) return invalid("Invalid null value for list element access");
    const auto index = load_be<int32_t>(element.data());
    if (index < 0) return invalid("Invalid negative list index " + std::to_string(index));
    Subject out{&type.element(), std::nullopt};
    if (!whole) return out;
    KEYZONE_TRY(parts, split_collection(type, *whole));
    if (static_cast<size_t>(index) < parts.size()) out.value = Bytes(parts[static_cast<size_t>(index)]);
    return out;
  }
  if (type.kind() != TypeKind::kMap) return invalid("Invalid element access on " + type.to_string());
  Subject out{&type.value_type(), std::nullopt};
  if (!whole) return out;
  KEYZONE_TRY(parts, split_collection(type, *whole));
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    if (type.key_type().compare(parts[i], element) == 0) out.value = Bytes(parts[i + 1]);
  }
  return out;
}

Result<Subject> field_of(const Type& type, const std::optional<BytesView>& whole, uint16_t field) {
  if (field >= type.parameters().size()) return invalid("Unknown field of " + type.to_string());
  Subject out{type.parameters()[field].get(), std::nullopt};
  if (!whole) return out;
  KEYZONE_TRY(parts, split_fields(type, *whole));
  out.value = owned(parts[field]);
  return out;
}

// An empty collection that is not frozen is the same as null.
bool is_null(const Type& type, const std::optional<Bytes>& value) {
  if (!value) return true;
  return type.is_multi_cell() && type.is_collection() && CollectionReader(type, *value).count() == 0;
}

Result<bool> compares(ConditionOperator op, const Subject& subject, const std::optional<Bytes>& operand) {
  const bool no_value = is_null(*subject.type, subject.value), no_operand = is_null(*subject.type, operand);
  const bool equality = op == ConditionOperator::kEqual || op == ConditionOperator::kNotEqual;
  if (no_operand && !equality) return null_comparison(op);
  if (no_value || no_operand)
    return (no_value && no_operand) ? op == ConditionOperator::kEqual : op == ConditionOperator::kNotEqual;
  const int order = subject.type->compare(*subject.value, *operand);
  switch (op) {
    case ConditionOperator::kEqual:
      return order == 0;
    case ConditionOperator::kNotEqual:
      return order != 0;
    case ConditionOperator::kLess:
      return order < 0;
    case ConditionOperator::kLessOrEqual:
      return order <= 0;
    case ConditionOperator::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

Result<bool> contains(ConditionOperator op, const Subject& subject, const std::optional<Bytes>& operand) {
  if (!operand) return null_comparison(op);
  if (!subject.type->is_collection())
    return invalid("Cannot use " + std::string(to_string(op)) + " on a value");
  if (!subject.value) return false;
  KEYZONE_TRY(parts, split_collection(*subject.type, *subject.value));
  const bool map = subject.type->kind() == TypeKind::kMap, key = op == ConditionOperator::kContainsKey;
  const Type& type = !map  ? subject.type->element()
                     : key ? subject.type->key_type()
                           : subject.type->value_type();
  for (size_t i = map && !key ? 1 : 0; i < parts.size(); i += map ? 2 : 1) {
    if (type.compare(parts[i], *operand) == 0) return true;
  }
  return false;
}

// Of a map that is only asked for values of keys, no more is read.
std::pair<std::vector<ColumnId>, std::vector<ElementRange>> elements_looked_at(
    const std::vector<Condition>& conditions, const ColumnIndex& index) {
  std::vector<ColumnId> columns, whole;
  std::vector<ElementRange> parts;
  for (const Condition& condition : conditions) {
    const Column* column = index.find(condition.column);
    if (!column) continue;
    columns.push_back(column->id);
    if (!condition.element || column->type->kind() != TypeKind::kMap) {
      whole.push_back(column->id);
      continue;
    }
    Bytes path;
    column->type->key_type().append_ordered(*condition.element, false, path);
    Bytes behind = path_behind(path);
    parts.push_back({column->id, std::move(path), std::move(behind)});
  }
  std::erase_if(parts, [&](const ElementRange& part) {
    return std::find(whole.begin(), whole.end(), part.column) != whole.end();
  });
  return {std::move(columns), std::move(parts)};
}

}  // namespace

Result<void> ConditionCheck::look(const RowCondition& condition, bool is_static, Seen& out) {
  const Token token = token_of(condition.partition_key);
  const auto clustering = is_static ? std::nullopt : std::optional<BytesView>(condition.clustering);
  out.key.clear();
  append_row_key(out.key, replica_.meta_.store, token, condition.partition_key, clustering);
  KEYZONE_CHECK(replica_.load_row(out.key, out.stored));
  KEYZONE_TRY(above, replica_.deletion_over(token, condition.partition_key, clustering));
  out.sight = {now_, above.stamp};
  if (!out.stored.row.spilled.empty()) {
    const auto [columns, parts] = elements_looked_at(condition.conditions, replica_.columns_);
    KEYZONE_CHECK(replica_.load_elements(out.key, columns, parts, out.sight, out.stored));
  }
  out.live = is_live(out.stored.row, out.sight, replica_.columns_);
  newest_read_ = std::max({newest_read_, above.stamp, out.stored.row.max_stamp()});
  return {};
}

Result<void> ConditionCheck::look_at_all_shown(Seen& seen) const {
  if (seen.stored.row.spilled.empty()) return {};
  return replica_.load_elements(seen.key, command_.condition_columns, {}, seen.sight, seen.stored);
}

Result<bool> ConditionCheck::run() {
  for (const RowCondition& condition : command_.conditions) {
    KEYZONE_CHECK(look(condition, condition.is_static, rows_.emplace_back()));
  }
  bool all = true;
  for (size_t i = 0; i < rows_.size(); ++i) {
    for (const Condition& condition : command_.conditions[i].conditions) {
      // As in Cassandra, the first that doesn't hold ends it, but for what is wrong with elements of
      // collections.
      if (!all && !looks_into_column(condition)) continue;
      KEYZONE_TRY(held, holds(condition, rows_[i]));
      all = all && held;
    }
  }
  return all;
}

bool ConditionCheck::looks_into_column(const Condition& condition) const {
  const Column* column = replica_.columns_.find(condition.column);
  return condition.element || condition.field || (column && column->type->is_collection());
}

Result<bool> ConditionCheck::holds(const Condition& condition, const Seen& seen) const {
  if (condition.op == ConditionOperator::kExists) return seen.live;
  if (condition.op == ConditionOperator::kNotExists) return !seen.live;
  const Column* column = replica_.columns_.find(condition.column);
  if (!column) return invalid("Undefined column " + std::to_string(condition.column.value));
  Bytes scratch;
  const auto whole = column_value(seen.stored.row, *column, seen.sight, scratch);
  Subject subject{column->type.get(), std::nullopt};
  if (condition.element) {
    KEYZONE_TRY(element, element_of(*column->type, whole, *condition.element));
    subject = std::move(element);
  } else if (condition.field) {
    KEYZONE_TRY(field, field_of(*column->type, whole, *condition.field));
    subject = std::move(field);
  } else {
    subject.value = owned(whole);
  }
  if (condition.op == ConditionOperator::kIn) {
    for (const auto& operand : condition.operands) {
      KEYZONE_TRY(same, compares(ConditionOperator::kEqual, subject, operand));
      if (same) return true;
    }
    return false;
  }
  if (condition.operands.size() != 1) return invalid("A condition takes one value");
  if (condition.op == ConditionOperator::kContains || condition.op == ConditionOperator::kContainsKey) {
    return contains(condition.op, subject, condition.operands[0]);
  }
  return compares(condition.op, subject, condition.operands[0]);
}

bool ConditionCheck::shows_statics(const Seen& seen) const {
  Bytes scratch;
  for (const ColumnId id : command_.condition_columns) {
    const Column* column = replica_.columns_.find(id);
    const bool is_static = column && column->kind == ColumnKind::kStatic;
    if (is_static && column_value(seen.stored.row, *column, seen.sight, scratch)) return true;
  }
  return false;
}

void ConditionCheck::show_row(BytesView clustering, const Seen& seen, Projection& projection,
                              ReadResult& out) const {
  out.rows.push_back(static_cast<char>(kRowMark));
  append_block(out.rows, clustering);
  projection.append_regulars(&seen.stored.row, seen.sight, out.rows);
  ++out.row_count;
}

bool ConditionCheck::writes_rows() const {
  return std::any_of(command_.mutations.begin(), command_.mutations.end(), [](const Mutation& mutation) {
    return std::any_of(mutation.rows.begin(), mutation.rows.end(),
                       [](const RowWrite& write) { return !write.is_static; });
  });
}

// Like Cassandra, who writes nothing but statics reads no columns of rows, and sees those alone that were
// inserted.
Result<void> ConditionCheck::show_first_row(BytesView partition_key, Projection& projection,
                                            ReadResult& out) {
  const Token token = token_of(partition_key);
  Bytes first = partition_prefix(replica_.meta_.store, Area::kRows, token, partition_key);
  first.push_back(static_cast<char>(RowKind::kRow));
  const size_t prefix = first.size();
  MergedScan scan(replica_.db_, replica_.read_options(), replica_.overlay_, first, prefix_successor(first));
  uint64_t dead = 0;
  for (; scan.valid() && dead < kDeadKeysPerReadMax; scan.next(), ++dead) {
    Seen seen;
    if (!decode_row(scan.value(), seen.stored.row))
      return Error{ErrorKind::kCorrupt, "a row does not decode"};
    const BytesView clustering = scan.key().substr(prefix);
    KEYZONE_TRY(above, replica_.deletion_over(token, partition_key, clustering));
    seen.sight = {now_, above.stamp};
    const Marker& marker = seen.stored.row.marker;
    seen.key = scan.key();
    KEYZONE_CHECK(look_at_all_shown(seen));
    const bool shows = writes_rows() ? is_live(seen.stored.row, seen.sight, replica_.columns_)
                                     : marker.live(now_) && marker.stamp > above.stamp;
    if (!shows) continue;
    show_row(clustering, seen, projection, out);
    break;
  }
  return scan.status();
}

Result<void> ConditionCheck::show_partition(size_t begin, size_t end, Projection& projection,
                                            ReadResult& out) {
  const RowCondition& first = command_.conditions[begin];
  Seen statics;
  if (projection.wants_statics()) {
    KEYZONE_CHECK(look(first, true, statics));
    KEYZONE_CHECK(look_at_all_shown(statics));
  }
  out.rows.push_back(static_cast<char>(shows_statics(statics) ? kPartitionHasStaticMark : kPartitionMark));
  append_block(out.rows, first.partition_key);
  projection.append_statics(statics.stored.exists ? &statics.stored.row : nullptr, statics.sight, out.rows);
  bool about_rows = false;
  for (size_t i = begin; i < end; ++i) {
    const RowCondition& condition = command_.conditions[i];
    about_rows = about_rows || !condition.is_static;
    if (condition.is_static || !rows_[i].live) continue;
    KEYZONE_CHECK(look_at_all_shown(rows_[i]));
    show_row(condition.clustering, rows_[i], projection, out);
  }
  return about_rows ? Result<void>() : show_first_row(first.partition_key, projection, out);
}

Result<ReadResult> ConditionCheck::current() {
  ReadResult out;
  Projection projection(replica_.columns_, command_.condition_columns, {});
  if (!projection.valid()) return invalid("Undefined column in a condition");
  const auto& conditions = command_.conditions;
  for (size_t begin = 0, end = 0; begin < conditions.size(); begin = end) {
    while (end < conditions.size() && conditions[end].partition_key == conditions[begin].partition_key) ++end;
    KEYZONE_CHECK(show_partition(begin, end, projection, out));
  }
  return out;
}

}  // namespace keyzone::storage
