// A primary key, or a partition key, of which every column is given by one =: the hot case of reads and
// writes.
#pragma once
#include <optional>
#include <vector>

#include "cql/plan/restrictions.h"

namespace keyzone::cql {

class PointKey {
 public:
  // Takes the terms of plain = relations. nullopt: the restrictions name keys in other ways.
  static std::optional<PointKey> partition_of(const Restrictions& restrictions);
  static std::optional<PointKey> clustering_of(const Restrictions& restrictions);

  Result<Bytes> partition_key(EvalContext& context) const;   // may not be allowed: check_partition_key
  Result<Bytes> clustering_key(EvalContext& context) const;  // in order-preserving form
  Result<ClusteringKey> clustering_key_as_written(EvalContext& context) const;

 private:
  Result<Value> value(size_t i, EvalContext& context) const;
  std::vector<const Column*> columns_;
  std::vector<ExpressionPtr> terms_;
};

}  // namespace keyzone::cql
