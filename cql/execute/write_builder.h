// Planned writes and values become commands: what goes to one tablet is one command.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "cql/execute/api.h"
#include "cql/execute/update_size.h"
#include "cql/plan/write_plan.h"
#include "cql/select/slots.h"

namespace keyzone::cql {

// How the rows look that tell whether a conditional write was applied.
struct WriteExecution::ConditionalPlan {
  ConditionalPlan(TablePtr the_table, std::vector<const Column*> shown_columns,
                  std::vector<const Column*> read_columns);
  TablePtr table;
  std::vector<const Column*> shown;
  SlotTable slots;               // of those of `shown` that are read; the others show null
  ColumnSpecsPtr applied_alone;  // [applied]
  ColumnSpecsPtr with_columns;   // [applied], then `shown`
  std::optional<Error> mistake;  // WriteBuilder::mistake()
};
using ConditionalPlanPtr = std::shared_ptr<const WriteExecution::ConditionalPlan>;
// `plan`, or a copy that knows of the mistake.
ConditionalPlanPtr with_mistake(ConditionalPlanPtr plan, const std::optional<Error>& mistake);

// IF [NOT] EXISTS shows all columns, but reads statics only if statics are written, and others only if a row
// is; other conditions show those that they name, and batches the primary key before them. If a statement
// with a condition writes statics, all are read: they decide whether a partition without the row shows.
ConditionalPlanPtr plan_conditional_answer(std::span<const WritePlan* const> plans, bool batch);

// Of INSERT JSON: the values in the text, which live in `json` and the context.
Result<void> read_json_of(const WritePlan& plan, EvalContext& context, std::vector<Value>& json);

class WriteBuilder {
 public:
  // `conditional`: some plan has conditions, on which all depend.
  // `alone`: not in a batch.
  WriteBuilder(const ExecuteOptions& options, const CatalogPtr& catalog, bool conditional, bool alone)
      : options_(options), catalog_(*catalog), conditional_(conditional), alone_(alone) {}

  // `batch_timestamp`: of USING on the batch.
  Result<void> add(const WritePlan& plan, std::span<const Value> values,
                   std::optional<Timestamp> batch_timestamp = std::nullopt);
  // What is wrong with the values of conditions, which is said once nothing else is wrong. Before take().
  Result<void> check_conditions() const {
    if (options_.refuses_conditions) return Result<void>(*options_.refuses_conditions);
    return condition_mistake_ ? Result<void>(*condition_mistake_) : Result<void>();
  }
  std::vector<TabletCommand> take();
  // What is wrong with the values of a conditional write: it matters only if the conditions hold, and then
  // nothing is written.
  const std::optional<Error>& mistake() const { return mistake_; }
  std::vector<std::string> take_warnings() { return std::move(warnings_); }
  // Of the values of a conditional write, which matter only if the conditions hold.
  std::vector<std::string> take_warnings_if_applied() { return std::move(warnings_if_applied_); }
  size_t mutation_count() const { return mutation_count_; }
  UpdateSize size() const;  // as long as this is
  // Every mutation so far is of one key of one keyspace.
  bool one_partition() const { return one_partition_; }

 private:
  Token tablet_end(const Uuid& table, Token token) const;
  Command& command_for(const WritePlan& plan, Token token);
  Result<void> add_partition(const WritePlan& plan, EvalContext& context, Bytes key, Mutation head);
  Result<void> check_values(const WritePlan& plan, Mutation& mutation);
  Result<void> check_in(const WritePlan& plan, EvalContext& context);
  Result<void> add_conditions(const WritePlan& plan, EvalContext& context, const Mutation& mutation);

  const ExecuteOptions& options_;
  const Catalog& catalog_;
  const bool conditional_;
  const bool alone_;
  std::vector<TabletCommand> commands_;
  std::vector<std::optional<Token>> tablet_ends_;  // of the tablet of each command, once somebody asked
  Uuid first_table_;
  std::string first_keyspace_;
  Bytes first_key_;
  bool one_partition_ = true;
  size_t mutation_count_ = 0;
  std::optional<Error> mistake_, condition_mistake_;
  std::vector<std::string> warnings_, warnings_if_applied_;
};

// What USING and the request say.
Result<Timestamp> timestamp_of(const ExpressionPtr& term, EvalContext& context, Timestamp otherwise);

}  // namespace keyzone::cql
