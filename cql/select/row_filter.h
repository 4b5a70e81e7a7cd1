// Restrictions that rows have to be asked for one by one (ALLOW FILTERING).
#pragma once
#include <vector>

#include "cql/plan/relation.h"
#include "cql/select/slots.h"

namespace keyzone::cql {

// A relation and the slots of its columns.
struct RowFilter {
  PreparedRelation relation;
  std::vector<size_t> slots;
};
RowFilter make_filter(const PreparedRelation& relation, SlotTable& slots);

// A filter with its values. Both it and what its values point into outlive it.
class BoundFilter {
 public:
  static Result<BoundFilter> bind(const RowFilter& filter, EvalContext& context);
  bool accepts(const RowValues& row) const;

 private:
  bool compares(const BoundTuple& wanted, const RowValues& row) const;
  bool contains(const RowValues& row) const;
  bool token_accepts(const RowValues& row) const;

  const RowFilter* filter_ = nullptr;
  std::vector<BoundTuple> wanted_;
  BytesView map_key_;
};

}  // namespace keyzone::cql
