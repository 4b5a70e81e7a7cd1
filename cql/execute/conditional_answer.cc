// The [applied] rows of conditional writes, as Cassandra shapes them.
#include <algorithm>

#include "cql/execute/write_builder.h"
#include "cql/select/row_reader.h"

namespace keyzone::cql {
namespace {

void append_applied(bool applied, Bytes& out) {
  const char byte = applied ? 1 : 0;
  append_row_value(out, Value::of({&byte, 1}));
}

void show(std::vector<const Column*>& columns, const Column* column) {
  if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
}

ResultSet only_applied(const WriteExecution::ConditionalPlan& plan, bool applied) {
  ResultSet out;
  out.columns = plan.applied_alone;
  out.row_count = 1;
  append_applied(applied, out.rows);
  return out;
}

void append_row(const WriteExecution::ConditionalPlan& plan, const RowValues& row, ResultSet& out) {
  append_applied(false, out.rows);
  for (const Column* column : plan.shown) {
    Value value = Value::null();
    for (size_t slot = 0; slot < plan.slots.size(); ++slot) {
      if (&plan.slots.column(slot) == column) value = row.slots[slot];
    }
    append_row_value(out.rows, value);
  }
  ++out.row_count;
}

// The rows that the conditions looked at. A partition's statics count if there are no rows.
Result<ResultSet> refused(const WriteExecution::ConditionalPlan& plan, const ReadResult& current) {
  ResultSet out;
  out.columns = plan.with_columns;
  RowReader reader(plan.slots, current.rows);
  for (auto item = reader.next(); item != RowReader::Item::kEnd; item = reader.next()) {
    if (item == RowReader::Item::kFailed)
      return Error{ErrorKind::kCorrupt, "the rows of an outcome don't decode"};
    if (item == RowReader::Item::kRow || reader.has_static()) append_row(plan, reader.values(), out);
  }
  if (out.row_count == 0) return only_applied(plan, false);
  return out;
}

bool is_in_condition(const WritePlan& plan, const Column& column) {
  return std::any_of(plan.conditions.columns.begin(), plan.conditions.columns.end(),
                     [&](const PreparedCondition& condition) { return condition.column->id == column.id; });
}

// With a condition: all statics are read then.
bool writes_statics(const WritePlan* plan) { return plan->conditional() && !plan->statics.empty(); }

// What IF [NOT] EXISTS reads, and with it the conditions of a batch.
bool is_read(std::span<const WritePlan* const> plans, const Column& column) {
  return std::any_of(plans.begin(), plans.end(), [&](const WritePlan* plan) {
    if (column.kind == ColumnKind::kStatic) return writes_statics(plan) || is_in_condition(*plan, column);
    if (column.kind != ColumnKind::kRegular) return true;
    return plan->table->clustering_size == 0 || plan->restrictions.has_clustering();
  });
}

}  // namespace

WriteExecution::ConditionalPlan::ConditionalPlan(TablePtr the_table, std::vector<const Column*> shown_columns,
                                                 std::vector<const Column*> read_columns)
    : table(std::move(the_table)), shown(std::move(shown_columns)), slots(table) {
  std::vector<ColumnSpec> specs{{table->keyspace, table->name, "[applied]", native_type(TypeKind::kBoolean)}};
  applied_alone = std::make_shared<const std::vector<ColumnSpec>>(specs);
  for (const Column* column : shown)
    specs.push_back({table->keyspace, table->name, column->name, column->type});
  for (const Column* column : read_columns) slots.add(*column);
  slots.finish();
  with_columns = std::make_shared<const std::vector<ColumnSpec>>(std::move(specs));
}

ConditionalPlanPtr plan_conditional_answer(std::span<const WritePlan* const> plans, bool batch) {
  std::vector<const Column*> shown;
  TablePtr table;
  bool all = false;
  for (const WritePlan* plan : plans) {
    if (!plan->conditional()) continue;
    table = plan->table;
    all = all || plan->conditions.columns.empty();
  }
  const size_t key_size = table->partition_key_size + table->clustering_size;
  for (size_t i = 0; i < table->columns.size(); ++i) {
    if (all || (batch && i < key_size)) show(shown, &table->columns[i]);
  }
  for (const WritePlan* plan : plans) {
    for (const ColumnKind kind : {ColumnKind::kRegular, ColumnKind::kStatic}) {
      for (const PreparedCondition& condition : plan->conditions.columns) {
        if (condition.column->kind == kind) show(shown, table->find(condition.column->id));
      }
    }
  }
  std::vector<const Column*> read = shown;
  const bool reads_statics = std::any_of(plans.begin(), plans.end(), writes_statics);
  for (const Column& column : table->columns) {
    if (!all && reads_statics && column.kind == ColumnKind::kStatic) show(read, &column);
  }
  if (all) std::erase_if(read, [&](const Column* column) { return !is_read(plans, *column); });
  return std::make_shared<WriteExecution::ConditionalPlan>(table, std::move(shown), std::move(read));
}

ConditionalPlanPtr with_mistake(ConditionalPlanPtr plan, const std::optional<Error>& mistake) {
  if (!mistake) return plan;
  auto copy = std::make_shared<WriteExecution::ConditionalPlan>(*plan);
  copy->mistake = mistake;
  return copy;
}

Result<std::optional<ResultSet>> WriteExecution::finish(std::span<const Outcome> outcomes) const {
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind == OutcomeKind::kInvalid) return invalid(outcome.message);
  }
  if (!conditional) return std::optional<ResultSet>();
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind != OutcomeKind::kConditionFailed) continue;
    KEYZONE_TRY(rows, refused(*conditional, outcome.current));
    return std::optional(std::move(rows));
  }
  if (conditional->mistake) return *conditional->mistake;
  return std::optional(only_applied(*conditional, true));
}

bool WriteExecution::applied(std::span<const Outcome> outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) { return outcome.kind == OutcomeKind::kDone; });
}

}  // namespace keyzone::cql
