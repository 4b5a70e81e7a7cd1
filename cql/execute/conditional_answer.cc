// The [applied] rows of conditional writes, as Cassandra shapes them.
#include <algorithm>

#include "cql/execute/write_builder.h"
#include "cql/select/row_reader.h"

namespace keyzone::cql {
namespace {

void append_value(const Value& value, Bytes& out) {
  append_be<int32_t>(out, value.is_set() ? static_cast<int32_t>(value.bytes.size()) : -1);
  out.append(value.bytes);
}

void append_applied(bool applied, Bytes& out) {
  const char byte = applied ? 1 : 0;
  append_value(Value::of({&byte, 1}), out);
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

// The rows that the conditions looked at. A partition without rows counts if there are none with.
Result<ResultSet> refused(const WriteExecution::ConditionalPlan& plan, const ReadResult& current) {
  ResultSet out;
  out.columns = plan.with_columns;
  RowReader reader(plan.slots);
  for (const bool statics : {false, true}) {
    if (statics && (out.row_count > 0 || !plan.on_statics)) break;
    reader.start(current.rows);
    for (auto item = reader.next(); item != RowReader::Item::kEnd; item = reader.next()) {
      if (item == RowReader::Item::kFailed)
        return Error{ErrorKind::kCorrupt, "the rows of an outcome don't decode"};
      const bool wanted =
          statics ? reader.has_static() && item == RowReader::Item::kPartition && out.row_count == 0
                  : item == RowReader::Item::kRow;
      if (!wanted) continue;
      append_applied(false, out.rows);
      for (const Column* column : plan.shown) {
        for (size_t slot = 0; slot < plan.slots.size(); ++slot) {
          if (&plan.slots.column(slot) == column) append_value(reader.values().slots[slot], out.rows);
        }
      }
      ++out.row_count;
    }
  }
  if (out.row_count == 0) return only_applied(plan, false);
  return out;
}

}  // namespace

WriteExecution::ConditionalPlan::ConditionalPlan(TablePtr the_table, std::vector<const Column*> shown_columns)
    : table(std::move(the_table)), shown(std::move(shown_columns)), slots(table) {
  std::vector<ColumnSpec> specs{{table->keyspace, table->name, "[applied]", native_type(TypeKind::kBoolean)}};
  applied_alone = std::make_shared<const std::vector<ColumnSpec>>(specs);
  for (const Column* column : shown) {
    slots.add(*column);
    specs.push_back({table->keyspace, table->name, column->name, column->type});
  }
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
  auto out = std::make_shared<WriteExecution::ConditionalPlan>(table, std::move(shown));
  for (const WritePlan* plan : plans) {
    if (!plan->conditional()) continue;
    const bool about_row = plan->writes_row || plan->whole_rows_deleted();
    out->on_statics = out->on_statics || plan->conditions.on_statics() || !about_row;
  }
  return out;
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
  return std::optional(only_applied(*conditional, true));
}

}  // namespace keyzone::cql
