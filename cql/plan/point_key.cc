#include "cql/plan/point_key.h"

#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

bool is_plain(const PreparedRelation& relation) {
  return relation.kind == RelationKind::kColumn && relation.is_equal() && relation.operands.size() == 1;
}

}  // namespace

std::optional<PointKey> PointKey::partition_of(const Restrictions& restrictions) {
  if (!restrictions.has_partition_keys()) return std::nullopt;
  PointKey key;
  for (const PreparedRelation& relation : restrictions.partition_relations()) {
    if (!is_plain(relation)) return std::nullopt;
    key.columns_.push_back(relation.columns[0]);
    key.terms_.push_back(relation.operands[0].parts[0]);
  }
  return key;
}

std::optional<PointKey> PointKey::clustering_of(const Restrictions& restrictions) {
  if (!restrictions.names_rows()) return std::nullopt;
  PointKey key;
  for (const PreparedRelation& relation : restrictions.clustering_relations()) {
    if (!is_plain(relation)) return std::nullopt;
    key.columns_.push_back(relation.columns[0]);
    key.terms_.push_back(relation.operands[0].parts[0]);
  }
  return key;
}

Result<Value> PointKey::value(size_t i, EvalContext& context) const {
  KEYZONE_TRY(value, terms_[i]->evaluate(context));
  if (value.is_set()) return value;
  return invalid(
      (value.is_null() ? "Invalid null value in condition for column " : "Invalid unset value for column ") +
      columns_[i]->name);
}

Result<Bytes> PointKey::partition_key(EvalContext& context) const {
  if (terms_.size() == 1) {
    KEYZONE_TRY(only, value(0, context));
    return encode_partition_key(std::span(&only.bytes, 1));
  }
  std::vector<BytesView> parts(terms_.size());
  for (size_t i = 0; i < terms_.size(); ++i) {
    KEYZONE_TRY(part, value(i, context));
    parts[i] = part.bytes;
  }
  return encode_partition_key(parts);
}

Result<ClusteringKey> PointKey::clustering_key_as_written(EvalContext& context) const {
  WrittenKey key;
  for (size_t i = 0; i < terms_.size(); ++i) {
    KEYZONE_TRY(part, value(i, context));
    key.append(*columns_[i], part.bytes);
  }
  return key.take();
}

Result<Bytes> PointKey::clustering_key(EvalContext& context) const {
  Bytes out;
  for (size_t i = 0; i < terms_.size(); ++i) {
    KEYZONE_TRY(part, value(i, context));
    columns_[i]->type->append_ordered(part.bytes, columns_[i]->descending, out);
  }
  return out;
}

}  // namespace keyzone::cql
