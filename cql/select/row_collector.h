// Rows that passed the filters become rows of the answer: encoded as they come, folded into groups, or kept
// to be sorted. Knows nothing of limits and pages but how many rows it has.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "cql/select/select_plan.h"
#include "schema/boxed.h"

namespace keyzone::cql {

class RowCollector {
 public:
  // `context` has the statement's values, and outlives the collector unless the plan isn't grouped and gives
  // columns as they are. The plan outlives it.
  RowCollector(const SelectPlan& plan, EvalContext& context) : plan_(plan), context_(context) {}

  // For plans that are not grouped: one row of the answer.
  Result<void> add(const RowValues& row);

  // For grouped plans. The key of the row's group; then open() if it is a new one, and fold().
  Result<Bytes> group_key(const RowValues& row);
  bool has_group() const { return group_.has_value(); }
  bool in_group(const Bytes& key) const { return group_ && group_->key == key; }
  void open(Bytes key, const RowValues& row);
  Result<void> fold(const RowValues& row);
  Result<void> close();  // adds the group's row
  // What aggregates without GROUP BY give where there is no row.
  Result<void> close_empty();

  size_t row_count() const { return row_count_; }
  size_t bytes() const { return rows_.size(); }
  // Rows in order, at most `limit` of them (0: all).
  ResultSet take(uint64_t limit);

 private:
  struct Group {
    Bytes key;
    std::vector<std::optional<Bytes>> owned;  // the first row's values
    RowValues first;                          // views into `owned`
    std::vector<std::unique_ptr<Aggregate>> aggregates;
  };
  struct SortedRow {
    std::vector<std::optional<Bytes>> keys;
    Bytes row;
  };
  Result<void> put(const RowValues& row);  // to its place in the answer
  bool is_inexact_clustering(const Expression& part) const;
  Result<void> encode(const RowValues& row, Bytes& out);
  Result<void> encode_json(Bytes& out);
  bool sorts_before(const SortedRow& a, const SortedRow& b) const;

  const SelectPlan& plan_;
  EvalContext& context_;
  Boxed<Group> group_;
  std::vector<SortedRow> sorted_;
  Bytes rows_;
  size_t row_count_ = 0;
};

}  // namespace keyzone::cql
