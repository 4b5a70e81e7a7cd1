// SELECT planned: what to read, how each row becomes a row of the answer, and in which order.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/plan/point_key.h"
#include "cql/plan/restrictions.h"
#include "cql/select/row_filter.h"
#include "cql/select/selector.h"
#include "schema/result_set.h"

namespace keyzone::cql {

struct SortKey {
  size_t slot;
  bool descending;
};

struct SelectPlan {
  explicit SelectPlan(TablePtr the_table) : table(std::move(the_table)), slots(table) {}

  TablePtr table;
  bool local = false;  // a system table: every restriction is a filter
  Restrictions restrictions;
  std::optional<PointKey> partition;   // hot case: one partition,
  std::optional<PointKey> clustering;  // one row
  SlotTable slots;

  std::vector<ExpressionPtr> outputs;
  std::vector<size_t> plain;  // the slots of `outputs`, if all of them are columns as they are; else empty
  ColumnSpecsPtr columns;
  bool json = false;
  std::vector<std::string> json_names;  // quoted
  std::vector<AggregateCall> aggregates;
  std::vector<ExpressionPtr> group_by;
  // Which executing the statement ends with.
  std::optional<Error> wrong_grouping, failing_selection;
  bool grouped = false;  // GROUP BY or aggregates: rows are folded
  bool distinct = false;
  bool all_columns = false;  // SELECT *
  bool reversed = false;
  bool ordered = false;       // ORDER BY was said
  std::vector<SortKey> sort;  // to be done here: ORDER BY over several partitions
  std::vector<RowFilter> filters;
  bool statics_only_rows = false;  // a partition with nothing but statics is a row too
  ExpressionPtr limit;
  ExpressionPtr per_partition_limit;
  std::vector<std::string> warnings;
};
using SelectPlanPtr = std::shared_ptr<const SelectPlan>;

// `local`: the table is a system table, whose rows come from this node.
Result<SelectPlanPtr> plan_select(PrepareContext& context, const TablePtr& table,
                                  const SelectStatement& statement, bool local);

}  // namespace keyzone::cql
