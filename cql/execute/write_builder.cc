#include "cql/execute/write_builder.h"

#include <set>

#include "cql/plan/json_row.h"
#include "cql/plan/key_ranges.h"
#include "schema/clustering_as_written.h"
#include "schema/time_units.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

Result<int32_t> check_expiry(const WritePlan& plan, int32_t ttl, Timestamp now) {
  if (ttl == 0 || now / 1'000'000 + ttl <= kExpiryMax) return ttl;
  return invalid(
      "Request on table " + plan.table->keyspace + "." + plan.table->name + " with " +
      (plan.ttl ? "" : "default ") + "ttl of " + std::to_string(ttl) +
      " seconds exceeds maximum supported expiration date of 2038-01-19T03:14:06+00:00. In order to "
      "avoid this use a lower TTL, change the expiration date overflow policy or upgrade to a version "
      "where this limitation is fixed. See CASSANDRA-14092 and CASSANDRA-14227 for more details.");
}

Result<int32_t> ttl_of(const WritePlan& plan, EvalContext& context) {
  const Timestamp now = context.functions.now_us;
  if (!plan.ttl) {
    KEYZONE_TRY(ttl, check_expiry(plan, plan.default_ttl, now));
    return plan.kind == StatementKind::kDelete ? 0 : ttl;
  }
  KEYZONE_TRY(value, plan.ttl->evaluate(context));
  // Like Cassandra, which does not check the default then.
  if (value.is_unset()) {
    const int64_t left = std::max<int64_t>(0, kExpiryMax - now / 1'000'000);
    return static_cast<int32_t>(std::min<int64_t>(plan.default_ttl, left));
  }
  if (value.is_null() || value.bytes.empty()) return 0;
  if (value.bytes.size() != 4)
    return invalid("Expected 4 or 0 byte int (" + std::to_string(value.bytes.size()) + ")");
  const auto ttl = load_be<int32_t>(value.bytes.data());
  if (ttl < 0) return invalid("A TTL must be greater or equal to 0, but was " + std::to_string(ttl));
  if (ttl > kTimeToLiveMax) {
    return invalid("ttl is too large. requested (" + std::to_string(ttl) + ") maximum (" +
                   std::to_string(kTimeToLiveMax) + ")");
  }
  return check_expiry(plan, ttl, now);
}

Error out_of_bound() {
  return invalid("Out of bound timestamp, must be in [" + std::to_string(INT64_MIN + 1) + ", " +
                 std::to_string(INT64_MAX) + "]");
}

// nullopt: unset, or none is asked for.
Result<std::optional<Timestamp>> said_timestamp(const ExpressionPtr& term, EvalContext& context) {
  if (!term) return std::optional<Timestamp>();
  KEYZONE_TRY(value, term->evaluate(context));
  if (value.is_unset()) return std::optional<Timestamp>();
  if (value.is_null() || value.bytes.size() != 8) return invalid("Invalid null value of timestamp");
  return std::optional<Timestamp>(load_be<int64_t>(value.bytes.data()));
}

// Lists that are written by index or value have to be read before.
Result<void> check_lists(const WritePlan& plan) {
  const auto looks_back = [](const ColumnOperation& operation) { return operation.looks_back(); };
  if (std::none_of(plan.statics.begin(), plan.statics.end(), looks_back) &&
      std::none_of(plan.regulars.begin(), plan.regulars.end(), looks_back))
    return {};
  return invalid("Write operation require a read but consistency ANY is not supported on reads");
}

// What USING says, once keys are known to be right: the order of things tells which mistake is complained of:
// keys, that lists can't be read, the time to live, the least timestamp, values.
Result<void> take_using(const WritePlan& plan, EvalContext& context, bool refuses_reads, Mutation& mutation) {
  if (refuses_reads) KEYZONE_CHECK(check_lists(plan));
  KEYZONE_TRY(ttl, ttl_of(plan, context));
  mutation.ttl = ttl;
  if (mutation.timestamp != kNoTimestamp) return {};
  KEYZONE_TRY(said, said_timestamp(plan.timestamp, context));
  return said ? out_of_bound() : Result<void>();
}

// What adds to the present value instead of taking its place.
bool accumulates(CellAction action) {
  return action == CellAction::kListAppend || action == CellAction::kListPrepend ||
         action == CellAction::kAddCounter;
}

// As in Cassandra, statics are written once for each row of the partition that is named.
Result<void> add_static_row(const WritePlan& plan, EvalContext& context, const ExecuteOptions& options,
                            size_t rows, Mutation& mutation) {
  if (plan.statics.empty()) return {};
  KEYZONE_CHECK(take_using(plan, context, options.refuses_reads, mutation));
  RowWrite row;
  row.is_static = true;
  for (const ColumnOperation& operation : plan.statics) KEYZONE_CHECK(operation.apply(context, row.cells));
  const size_t once = row.cells.size();
  for (size_t time = 1; time < rows; ++time) {
    for (size_t i = 0; i < once; ++i) {
      if (accumulates(row.cells[i].action)) row.cells.push_back(CellWrite(row.cells[i]));
    }
  }
  if (!row.cells.empty()) mutation.rows.insert(mutation.rows.begin(), std::move(row));
  return {};
}

size_t bytes_of(const RowWrite& row) {
  size_t sum = row.clustering.size() + row.clustering_end.size();
  for (const CellWrite& cell : row.cells) sum += cell.path.size() + cell.value.size() + cell.written.size();
  return sum;
}

// The bytes of all values together, which only keys that are long in their order-preserving form may exceed.
// Rows on which a condition is are not asked, as in Cassandra.
Result<void> check_clustering(const WritePlan& plan, const Bytes& clustering) {
  const bool is_name = plan.table->compact() && plan.table->clustering_size == 1;  // of a cell, in files
  if (!is_name && (clustering.size() <= kKeySizeMax || plan.conditional())) return {};
  ByteReader in(clustering);
  Bytes values;
  for (size_t i = 0; i < plan.table->clustering_size && !in.done(); ++i) {
    const Column& column = plan.table->clustering(i);
    KEYZONE_ASSERT(column.type->read_ordered(in, column.descending, values));
  }
  if (is_name && values.empty())
    return invalid("Invalid empty or null value for column " + plan.table->clustering(0).name);
  if (values.size() <= kKeySizeMax || plan.conditional()) return {};
  return key_too_long(values.size());
}

Result<void> add_row(const WritePlan& plan, EvalContext& context, ClusteringKey key, size_t row_bytes_max,
                     Mutation& mutation) {
  KEYZONE_CHECK(check_clustering(plan, key.ordered));
  if (!plan.missing.empty())
    return invalid("Column " + plan.missing + " is mandatory for this COMPACT STORAGE table");
  RowWrite row;
  row.marker = plan.marker;
  row.cells.reserve(plan.regulars.size());
  for (const ColumnOperation& operation : plan.regulars) KEYZONE_CHECK(operation.apply(context, row.cells));
  if (row.cells.empty() && !row.marker) return {};
  if (row_bytes_max > 0 && bytes_of(row) > row_bytes_max) {
    return invalid("The update would cause the row to exceed the maximum allowed size of " +
                   std::to_string(row_bytes_max) + " bytes");
  }
  if (!key.as_written.empty()) {
    CellWrite& cell = row.cells.emplace_back();
    cell.column = kClusteringAsWritten;
    cell.value = std::move(key.as_written);
  }
  row.clustering = std::move(key.ordered);
  mutation.rows.push_back(std::move(row));
  return {};
}

// How many rows are named.
Result<size_t> add_rows(const WritePlan& plan, EvalContext& context, const ExecuteOptions& options,
                        Mutation& mutation) {
  if (!plan.writes_row) return size_t{1};
  const size_t row_bytes_max = options.dialect->row_bytes_max;
  if (plan.clustering && plan.spells_clustering) {
    KEYZONE_TRY(key, plan.clustering->clustering_key_as_written(context));
    KEYZONE_CHECK(take_using(plan, context, options.refuses_reads, mutation));
    KEYZONE_CHECK(add_row(plan, context, std::move(key), row_bytes_max, mutation));
    return size_t{1};
  }
  if (plan.clustering) {
    KEYZONE_TRY(key, plan.clustering->clustering_key(context));
    KEYZONE_CHECK(take_using(plan, context, options.refuses_reads, mutation));
    KEYZONE_CHECK(add_row(plan, context, {std::move(key)}, row_bytes_max, mutation));
    return size_t{1};
  }
  KEYZONE_TRY(keys, plan.restrictions.clustering_keys_as_written(context));
  if (keys.empty()) return size_t{0};
  KEYZONE_CHECK(take_using(plan, context, options.refuses_reads, mutation));
  for (ClusteringKey& key : keys) {
    KEYZONE_CHECK(add_row(plan, context, std::move(key), row_bytes_max, mutation));
  }
  return keys.size();
}

// `c IN ()`: then nothing is written to statics either.
Result<bool> names_no_row(const WritePlan& plan, EvalContext& context) {
  if (plan.statics.empty() || !plan.writes_row || plan.clustering || !plan.restrictions.has_clustering())
    return false;
  KEYZONE_TRY(keys, plan.restrictions.clustering_keys(context));
  return keys.empty();
}

void add_deletion(RowAction action, Bytes from, Bytes to, Mutation& mutation) {
  RowWrite row;
  row.action = action;
  row.clustering = std::move(from);
  row.clustering_end = std::move(to);
  mutation.rows.push_back(std::move(row));
}

Result<void> delete_rows(const WritePlan& plan, EvalContext& context, Mutation& mutation) {
  const Restrictions& where = plan.restrictions;
  if (where.full_primary_key() && plan.table->clustering_size > 0) {
    KEYZONE_TRY(keys, where.clustering_keys(context));
    for (Bytes& key : keys) {
      KEYZONE_CHECK(check_clustering(plan, key));
      add_deletion(RowAction::kDeleteRow, std::move(key), {}, mutation);
    }
    return {};
  }
  if (where.clustering_in() && !where.clustering_slice()) {  // each is one of its own, also beside another
    KEYZONE_TRY(prefixes, where.clustering_keys(context));
    for (const Bytes& prefix : prefixes) {
      KeyRange range = range_of_prefix(prefix);
      add_deletion(RowAction::kDeleteRange, std::move(range.from), std::move(range.to), mutation);
    }
    return {};
  }
  KEYZONE_TRY(ranges, where.clustering_ranges(context));
  if (!ranges) {
    add_deletion(RowAction::kDeletePartition, {}, {}, mutation);
    return {};
  }
  for (KeyRange& range : *ranges) {
    add_deletion(RowAction::kDeleteRange, std::move(range.from), std::move(range.to), mutation);
  }
  return {};
}

// Columns are deleted of rows; of a range, only if nothing can lie in it.
Result<bool> names_empty_range(const WritePlan& plan, EvalContext& context) {
  if (plan.kind != StatementKind::kDelete || plan.regulars.empty() || plan.restrictions.full_primary_key())
    return false;
  KEYZONE_TRY(ranges, plan.restrictions.clustering_ranges(context));
  if (ranges && ranges->empty()) return true;
  return invalid("Range deletions are not supported for specific columns");
}

Result<void> add_changes(const WritePlan& plan, EvalContext& context, const ExecuteOptions& options,
                         Mutation& mutation) {
  if (plan.whole_rows_deleted()) {
    KEYZONE_CHECK(delete_rows(plan, context, mutation));
    return mutation.rows.empty() ? Result<void>()
                                 : take_using(plan, context, options.refuses_reads, mutation);
  }
  KEYZONE_TRY(nowhere, names_no_row(plan, context));
  KEYZONE_TRY(empty, names_empty_range(plan, context));
  if (nowhere || empty) return {};
  KEYZONE_TRY(rows, add_rows(plan, context, options, mutation));
  return add_static_row(plan, context, options, rows, mutation);  // of mistakes, those in statics come last
}

// `k IN ()`: what would be said of a partition's keys and attributes, but not of values.
Result<void> check_nowhere(const WritePlan& plan, EvalContext& context, const ExecuteOptions& options,
                           Mutation& mutation) {
  if (plan.restrictions.names_rows()) {
    KEYZONE_TRY(keys, plan.restrictions.clustering_keys(context));
    if (keys.empty()) return {};
  } else {
    const auto ranges = plan.restrictions.clustering_ranges(context);
    if (!ranges && !plan.restrictions.clustering_slice()) return ranges.error();
    if (!ranges || (*ranges && (*ranges)->empty())) return {};  // a bound that is null bounds nothing
  }
  return take_using(plan, context, options.refuses_reads, mutation);
}

bool is_existence(ConditionOperator op) {
  return op == ConditionOperator::kExists || op == ConditionOperator::kNotExists;
}

// Why conditions on one row can't both be, in Cassandra's words; nullptr if they can.
const char* exists_conflict(ConditionOperator before, ConditionOperator added) {
  if (is_existence(before) && is_existence(added) && before != added)
    return "Cannot mix IF EXISTS and IF NOT EXISTS conditions for the same row";
  if (is_existence(before) == is_existence(added)) return nullptr;
  return added == ConditionOperator::kExists ? "Cannot mix IF conditions and IF EXISTS for the same row"
                                             : "Cannot mix IF conditions and IF NOT EXISTS for the same row";
}

// Whether a condition like `op` can be on a row beside those that are on it already.
Result<void> check_beside(const std::vector<RowCondition>& conditions, const RowCondition& row,
                          ConditionOperator op) {
  for (const RowCondition& before : conditions) {
    if (before.is_static != row.is_static || before.clustering != row.clustering) continue;
    const char* conflict = exists_conflict(before.conditions[0].op, op);
    if (conflict) return invalid(conflict);
  }
  return {};
}

}  // namespace

Result<Timestamp> timestamp_of(const ExpressionPtr& term, EvalContext& context, Timestamp otherwise) {
  KEYZONE_TRY(said, said_timestamp(term, context));
  if (said == kNoTimestamp) return out_of_bound();
  return said.value_or(otherwise);
}

Result<void> read_json_of(const WritePlan& plan, EvalContext& context, std::vector<Value>& json) {
  if (!plan.json) return {};
  KEYZONE_TRY(text, plan.json->evaluate(context));
  if (text.is_null()) return invalid("Got null for INSERT JSON values");
  // To Cassandra, what is not set is no text: none that is JSON.
  const BytesView bytes = text.is_set() ? BytesView(text.bytes) : BytesView();
  KEYZONE_TRY(row, read_json_row(*plan.table, bytes, plan.json_default_unset, context));
  json = std::move(row);
  context.json = json;
  return {};
}

Result<void> WriteBuilder::add(const WritePlan& plan, std::span<const Value> values,
                               std::optional<Timestamp> batch_timestamp) {
  EvalContext context;
  context.values = values;
  context.functions = {options_.now, options_.random};
  std::vector<Value> json;
  KEYZONE_CHECK(read_json_of(plan, context, json));
  Mutation head;
  const bool stamped_here = !plan.table->counter && !plan.conditional();
  const Timestamp request = stamped_here && options_.dialect->client_timestamps
                                ? options_.timestamp.value_or(kNoTimestamp)
                                : kNoTimestamp;
  KEYZONE_TRY(said, said_timestamp(plan.timestamp, context));
  const Timestamp timestamp = said.value_or(batch_timestamp.value_or(request));
  if (plan.timestamp && alone_) {  // of statements in batches nobody asks
    const Timestamp now = options_.now - options_.now % kMicrosPerMilli;
    KEYZONE_CHECK(options_.dialect->guardrails.check_timestamp(plan.table->name, timestamp, now, warnings_));
  }
  KEYZONE_CHECK(check_in(plan, context));
  head.timestamp = timestamp;
  head.now = options_.now_in_seconds;
  if (plan.partition) {
    KEYZONE_TRY(key, plan.partition->partition_key(context));
    KEYZONE_CHECK(check_partition_key(key));
    return add_partition(plan, context, std::move(key), std::move(head));
  }
  KEYZONE_TRY(keys, plan.restrictions.partition_keys(context));
  for (const Bytes& key : keys) KEYZONE_CHECK(check_partition_key(key));
  if (keys.empty() && plan.conditional()) KEYZONE_CHECK(check_conditional_keys(plan));
  if (keys.empty()) KEYZONE_CHECK(check_nowhere(plan, context, options_, head));
  for (Bytes& key : keys) KEYZONE_CHECK(add_partition(plan, context, std::move(key), head));
  return {};
}

Result<void> WriteBuilder::add_partition(const WritePlan& plan, EvalContext& context, Bytes key,
                                         Mutation mutation) {
  mutation.token = token_of(key);
  mutation.partition_key = std::move(key);
  const bool another_key = mutation_count_ > 0 && first_key_ != mutation.partition_key;
  const bool another = another_key || (mutation_count_ > 0 && first_table_ != plan.table->id);
  if (conditional_ && another) return invalid("Batch with conditions cannot span multiple partitions");
  if (conditional_) KEYZONE_CHECK(check_conditional_keys(plan));
  if (plan.conditional()) {
    KEYZONE_CHECK(add_conditions(plan, context, mutation));
  } else if (conditional_ && plan.restrictions.names_rows()) {
    KEYZONE_CHECK(plan.restrictions.clustering_keys(context));
  }
  const auto changed = add_changes(plan, context, options_, mutation);
  if (!changed && !conditional_) return changed.error();
  if (!changed && !mistake_) mistake_ = changed.error();
  if (!changed) mutation.rows.clear();
  if (changed && mutation.rows.empty() && !plan.conditional()) return {};
  KEYZONE_CHECK(check_values(plan, mutation));
  if (mutation_count_++ == 0) {
    first_table_ = plan.table->id;
    first_keyspace_ = plan.table->keyspace;
    first_key_ = mutation.partition_key;
  }
  one_partition_ = one_partition_ && !another_key && first_keyspace_ == plan.table->keyspace;
  if (!mutation.rows.empty()) command_for(plan, mutation.token).mutations.push_back(std::move(mutation));
  return {};
}

Result<void> WriteBuilder::check_values(const WritePlan& plan, Mutation& mutation) {
  const Guardrails& guardrails = options_.dialect->guardrails;
  if (!guardrails.limits_writes()) return {};
  std::set<ColumnId> by_key;
  for (const auto* operations : {&plan.regulars, &plan.statics}) {
    for (const ColumnOperation& operation : *operations) {
      if (operation.kind == ColumnOperation::Kind::kSetElement) by_key.insert(operation.column->id);
    }
  }
  const auto kept = check_writes(guardrails, *plan.table, mutation, by_key,
                                 conditional_ ? warnings_if_applied_ : warnings_);
  if (kept || !conditional_) return kept;
  if (!mistake_) mistake_ = kept.error();
  mutation.rows.clear();
  return {};
}

Result<void> WriteBuilder::check_in(const WritePlan& plan, EvalContext& context) {
  const Guardrails& guardrails = options_.dialect->guardrails;
  if (plan.conditional() || !guardrails.of(Limit::kInSelectCartesianProduct).set()) return {};
  KEYZONE_TRY(keys, plan.restrictions.partition_products(context));
  KEYZONE_CHECK(guardrails.check_products("partition key", keys, warnings_));
  KEYZONE_TRY(rows, plan.restrictions.clustering_products(context));
  return guardrails.check_products("clustering key", rows, warnings_);
}

Result<void> WriteBuilder::add_conditions(const WritePlan& plan, EvalContext& context,
                                          const Mutation& mutation) {
  Bytes clustering;
  if (plan.restrictions.names_rows()) {
    KEYZONE_TRY(keys, plan.restrictions.clustering_keys(context));
    clustering = keys.empty() ? Bytes() : std::move(keys.front());
  }
  Command& command = command_for(plan, mutation.token);
  RowCondition statics, row;
  statics.now = row.now = options_.now_in_seconds;
  statics.partition_key = row.partition_key = mutation.partition_key;
  statics.is_static = true;
  row.clustering = clustering;
  if (plan.conditions.if_exists || plan.conditions.if_not_exists) {
    RowCondition& on = plan.writes_row || plan.whole_rows_deleted() ? row : statics;
    const auto op = plan.conditions.if_exists ? ConditionOperator::kExists : ConditionOperator::kNotExists;
    KEYZONE_CHECK(check_beside(command.conditions, on, op));
    on.conditions.emplace_back().op = op;
  }
  for (const PreparedCondition& prepared : plan.conditions.columns) {
    RowCondition& on = prepared.column->kind == ColumnKind::kStatic ? statics : row;
    KEYZONE_CHECK(check_beside(command.conditions, on, ConditionOperator::kEqual));
    auto condition = prepared.bind(context);
    if (!condition && prepared.in_list) return condition.error();
    if (!condition && !condition_mistake_) condition_mistake_ = condition.error();
    // One that is mistaken keeps its place, for those that may not be beside it.
    on.conditions.push_back(condition ? *std::move(condition) : Condition());
  }
  if (!statics.conditions.empty()) command.conditions.push_back(std::move(statics));
  if (!row.conditions.empty()) command.conditions.push_back(std::move(row));
  return {};
}

std::vector<TabletCommand> WriteBuilder::take() {
  for (TabletCommand& one : commands_) {
    if (mistake_) one.command.mutations.clear();
  }
  return std::move(commands_);
}

Token WriteBuilder::tablet_end(const Uuid& table, Token token) const {
  const auto map = catalog_.tablets.find(table);
  return map == catalog_.tablets.end() ? Token(INT64_MAX) : map->second->find(token).end;
}

// The only command of most writes is made without asking for its tablet's borders.
Command& WriteBuilder::command_for(const WritePlan& plan, Token token) {
  const Uuid& table = plan.table->id;
  std::optional<Token> end;
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (commands_[i].table != table) continue;
    if (!end) end = tablet_end(table, token);
    if (!tablet_ends_[i]) tablet_ends_[i] = tablet_end(table, commands_[i].token);
    if (tablet_ends_[i] == end) return commands_[i].command;
  }
  TabletCommand& made = commands_.emplace_back();
  made.table = table;
  made.token = token;
  made.command.table = table;
  made.command.schema_version = plan.table->version;
  tablet_ends_.push_back(end);
  return made.command;
}

UpdateSize WriteBuilder::size() const {
  UpdateSize size;
  for (const TabletCommand& one : commands_) {
    const TablePtr table = catalog_.table(one.table);
    KEYZONE_ASSERT(table);
    for (const Mutation& mutation : one.command.mutations) size.add(*table, mutation);
  }
  return size;
}

}  // namespace keyzone::cql
