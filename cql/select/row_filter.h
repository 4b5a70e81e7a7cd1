// Restrictions that rows have to be asked for one by one (ALLOW FILTERING).
#pragma once
#include <memory>
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
  // Filters by token() mean what they mean to TokenLimits; `named`: all partition key columns have = or IN.
  static void settle_tokens(std::vector<BoundFilter>& filters, bool named);
  bool accepts(const RowValues& row) const;

 private:
  bool compares(const BoundTuple& wanted, const RowValues& row) const;
  bool contains(const RowValues& row) const;
  bool token_accepts(const RowValues& row) const;
  bool is_token() const { return filter_->relation.kind == RelationKind::kToken; }
  const Type& token_type() const { return *filter_->relation.operands.at(0).parts.at(0)->type(); }

  const RowFilter* filter_ = nullptr;
  std::vector<BoundTuple> wanted_;
  BytesView map_key_;
  bool ring_ = false;                             // of kToken: the minimum as an end is the end of the ring
  std::shared_ptr<const BoundFilter> otherwise_;  // what it rejects is accepted by that one
};

}  // namespace keyzone::cql
