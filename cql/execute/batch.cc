// BATCH, as a statement and as a message of the protocol.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "cql/execute/statements.h"
#include "schema/text.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

// Conditions of several statements on one row become one list; rows come in order, statics before them.
void merge_conditions(Command& command) {
  std::vector<RowCondition> merged;
  for (RowCondition& condition : command.conditions) {
    auto same = std::find_if(merged.begin(), merged.end(), [&](const RowCondition& one) {
      return one.is_static == condition.is_static && one.clustering == condition.clustering;
    });
    if (same == merged.end()) {
      merged.push_back(std::move(condition));
      continue;
    }
    for (Condition& one : condition.conditions) same->conditions.push_back(std::move(one));
  }
  std::stable_sort(merged.begin(), merged.end(), [](const RowCondition& a, const RowCondition& b) {
    return std::tie(b.is_static, a.clustering) < std::tie(a.is_static, b.clustering);
  });
  command.conditions = std::move(merged);
}

// In a batch with conditions Cassandra reads only what these are about: of rows those on which conditions
// are, if there are such; of statics those that are named, but all if a statement with conditions writes any.
class ReadForConditions {
 public:
  ReadForConditions(std::span<const WritePlan* const> plans, const Command& command) : command_(command) {
    for (const WritePlan* plan : plans) {
      all_statics_ = all_statics_ || (plan->conditional() && !plan->statics.empty());
      for (const PreparedCondition& condition : plan->conditions.columns) {
        if (condition.column->kind == ColumnKind::kStatic) statics_.insert(condition.column->id);
      }
    }
  }

  bool has(const RowWrite& row, ColumnId column) const {
    if (row.is_static) return all_statics_ || statics_.contains(column);
    bool of_rows = false;
    for (const RowCondition& condition : command_.conditions) {
      if (condition.is_static) continue;
      if (condition.clustering == row.clustering) return true;
      of_rows = true;
    }
    return !of_rows;
  }

 private:
  const Command& command_;
  bool all_statics_ = false;
  std::set<ColumnId> statics_;
};

// What is not read is not there: nothing is taken from it or added to it, and a list without elements has
// none to set.
Result<void> forget_unread(const ReadForConditions& read, RowWrite& row) {
  std::vector<CellWrite> kept;
  for (CellWrite& cell : row.cells) {
    const auto same = [&cell](const CellWrite& before) { return before.column == cell.column; };
    const bool written = std::any_of(kept.begin(), kept.end(), same);
    const bool unread = looks_back(cell.action) && !written && !read.has(row, cell.column);
    if (unread && has_index(cell.action)) {
      const bool removes = cell.action == CellAction::kListDeleteIndex;
      return invalid(std::string("Attempted to ") +
                     (removes ? "delete an element from" : "set an element on") + " a list which is null");
    }
    if (!unread) kept.push_back(std::move(cell));
  }
  row.cells = std::move(kept);
  return {};
}

Result<void> forget_unread(std::span<const WritePlan* const> plans, Command& command) {
  if (!looks_back(command)) return {};
  const ReadForConditions read(plans, command);
  for (Mutation& mutation : command.mutations) {
    for (RowWrite& row : mutation.rows) KEYZONE_CHECK(forget_unread(read, row));
    std::erase_if(mutation.rows, [](const RowWrite& row) {
      return row.action == RowAction::kUpsert && !row.marker && row.cells.empty();
    });
  }
  return {};
}

// The names of those that are wanted, each once, in Cassandra's order.
template <class IsWanted, class NameOf>
std::vector<std::string> tables_of(std::span<const BatchPart> parts, const IsWanted& is_wanted,
                                   const NameOf& name_of) {
  std::vector<std::string> names;
  const Table* before = nullptr;
  for (const BatchPart& part : parts) {
    const Table& table = *part.plan->table;
    if (std::exchange(before, &table) == &table || !is_wanted(table)) continue;
    std::string name = name_of(table);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  java_sort(names, java_table_size(names.size()));
  return names;
}

// Those of which something is changed.
std::vector<std::string> touched_tables(std::span<const BatchPart> parts, const UpdateSize& size) {
  return tables_of(
      parts, [&](const Table& table) { return size.touches(table.id); },
      [](const Table& table) { return table.keyspace + "." + table.name; });
}

// Cassandra keeps a logged batch for so long until it is applied everywhere; nothing is kept for less here.
void warn_of_no_grace(std::span<const BatchPart> parts, std::vector<std::string>& warnings) {
  const std::vector<std::string> names = tables_of(
      parts, [](const Table& table) { return table.gc_grace_seconds() == 0; },
      [](const Table& table) {
        return quote_identifier(table.keyspace) + "." + quote_identifier(table.name);
      });
  if (names.empty()) return;
  warnings.push_back("Executing a LOGGED BATCH on table" + std::string(names.size() > 1 ? "s" : "") + " [" +
                     joined(names) +
                     "], configured with a gc_grace_seconds of 0. The gc_grace_seconds is used to TTL "
                     "batchlog entries, so setting gc_grace_seconds too low on tables involved in an atomic "
                     "batch might cause batchlog entries to expire before being replayed.");
}

Result<void> check_size(BatchKind kind, std::span<const BatchPart> parts, const WriteBuilder& builder,
                        const Dialect& dialect, std::vector<std::string>& warnings) {
  if (builder.one_partition()) return {};
  const UpdateSize size = builder.size();
  const size_t bytes = size.bytes();
  if (dialect.batch_bytes_max > 0 && bytes > dialect.batch_bytes_max) return invalid("Batch too large");
  if (dialect.batch_bytes_warn > 0 && bytes > dialect.batch_bytes_warn) {
    warnings.push_back("Batch for [" + joined(touched_tables(parts, size)) + "] is of size " +
                       std::to_string(bytes) + ", exceeding specified threshold of " +
                       std::to_string(dialect.batch_bytes_warn) + " by " +
                       std::to_string(bytes - dialect.batch_bytes_warn) + ".");
  }
  const size_t partitions = kind == BatchKind::kLogged ? 0 : size.partitions();
  if (partitions > dialect.unlogged_batch_partitions_warn) {
    const std::vector<std::string> tables = touched_tables(parts, size);
    warnings.push_back(
        "Unlogged batch covering " + std::to_string(partitions) + " partitions detected against table" +
        (tables.size() > 1 ? "s" : "") + " [" + joined(tables) +
        "]. You should use a logged batch for atomicity, or asynchronous writes for performance.");
  }
  return {};
}

Result<void> check_items(std::span<const BatchItem> items, const CatalogPtr& catalog,
                         std::vector<BatchPart>& parts) {
  for (const BatchItem& item : items) {
    const auto* write = dynamic_cast<const PreparedWrite*>(item.statement.get());
    if (!write) {
      return invalid("Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.");
    }
    if (!is_current(*write, *catalog)) return Error{ErrorKind::kStale, "the schema has changed"};
    const size_t markers = write->info().bind_variables->size();
    if (markers != item.values.size()) {
      return invalid("There were " + std::to_string(markers) + " markers(?) in CQL but " +
                     std::to_string(item.values.size()) + " bound variables");
    }
    parts.push_back({&write->plan(), item.values});
  }
  return {};
}

Result<void> check_permitted(BatchKind kind, std::span<const WritePlan* const> plans,
                             const Dialect& dialect) {
  const bool logged = kind == BatchKind::kLogged;
  if (logged && !dialect.logged_batches) return invalid("Logged batches are not supported");
  if (kind == BatchKind::kCounter && !dialect.counter_batches)
    return invalid("Counter batches are not supported");
  const size_t most = logged ? dialect.logged_batch_statements_max : dialect.unlogged_batch_statements_max;
  if (plans.size() > most) {
    return invalid("Batches with more than " + std::to_string(most) + " statements are not supported.");
  }
  for (const WritePlan* plan : plans) {
    if (!logged && plan->conditional() && !dialect.unlogged_conditional_batches) {
      return invalid("Conditional statements are not supported in unlogged batches");
    }
  }
  return {};
}

// Cassandra makes all partition keys of a batch before anything else of it: a mistake in one is complained of
// first.
Error mistake_in_keys(std::span<const BatchPart> parts, const ExecuteOptions& options,
                      const Error& otherwise) {
  for (const BatchPart& part : parts) {
    EvalContext context;
    context.values = part.values;
    context.functions = {options.now, options.random};
    std::vector<Value> json;
    if (const auto read = read_json_of(*part.plan, context, json); !read) return read.error();
    const auto keys = part.plan->restrictions.partition_keys(context);
    if (!keys) return keys.error();
    for (const Bytes& key : *keys) {
      if (const auto allowed = check_partition_key(key); !allowed) return allowed.error();
    }
  }
  return otherwise;
}

// Of a statement in a batch with conditions.
Result<void> check_key(const WritePlan& plan) {
  if (!plan.restrictions.partition_in()) return {};
  return invalid(
      "Batch with conditions cannot span multiple partitions (you cannot use IN on the partition key)");
}

}  // namespace

Result<void> check_batch(BatchKind kind, std::span<const WritePlan* const> plans, bool batch_timestamp,
                         const Dialect& dialect) {
  KEYZONE_CHECK(check_permitted(kind, plans, dialect));
  bool counters = false, others = false, conditional = false;
  bool stamped = false;
  for (const WritePlan* plan : plans) {
    (plan->table->counter ? counters : others) = true;
    conditional = conditional || plan->conditional();
    stamped = stamped || plan->timestamp;
  }
  if (batch_timestamp) {
    if (conditional) return invalid("Cannot provide custom timestamp for conditional BATCH");
    if (kind == BatchKind::kCounter) return invalid("Cannot provide custom timestamp for counter BATCH");
    if (stamped) return invalid("Timestamp must be set either on BATCH or individual statements");
    if (counters) return invalid("Cannot provide custom timestamp for a BATCH containing counters");
  }
  if (kind == BatchKind::kCounter && others)
    return invalid("Cannot include non-counter statement in a counter batch");
  if (counters && others) return invalid("Counter and non-counter mutations cannot exist in the same batch");
  if (kind == BatchKind::kLogged && counters)
    return invalid("Cannot include a counter statement in a logged batch");
  for (const WritePlan* plan : plans) {
    if (!conditional) break;
    if (plan->table->id != plans[0]->table->id) {
      return invalid("Batch with conditions cannot span multiple tables");
    }
  }
  for (const WritePlan* plan : plans) KEYZONE_CHECK(check_counter_attributes(*plan));
  return {};
}

Result<Execution> begin_parts(BatchKind kind, std::span<const BatchPart> parts,
                              std::optional<Timestamp> batch_timestamp, const ExecuteOptions& options,
                              const CatalogPtr& catalog) {
  std::vector<const WritePlan*> plans;
  bool conditional = false, counter = false;
  for (const BatchPart& part : parts) {
    plans.push_back(part.plan);
    conditional = conditional || part.plan->conditional();
    counter = counter || part.plan->table->counter;
  }
  WriteBuilder builder(options, catalog, conditional, false);
  for (const BatchPart& part : parts) {
    if (conditional) KEYZONE_CHECK(check_key(*part.plan));
    const auto added = builder.add(*part.plan, part.values, batch_timestamp);
    if (!added && conditional) return added.error();
    if (!added) return mistake_in_keys(parts, options, added.error());
  }
  KEYZONE_CHECK(builder.check_conditions());
  WriteExecution out;
  out.warnings = builder.take_warnings();
  out.warnings_if_applied = builder.take_warnings_if_applied();
  if (kind == BatchKind::kLogged && !conditional) warn_of_no_grace(parts, out.warnings);
  KEYZONE_CHECK(check_size(kind, parts, builder, *options.dialect, out.warnings));
  out.commands = builder.take();
  out.kind = conditional                    ? WriteKind::kConditional
             : counter                      ? WriteKind::kCounter
             : kind == BatchKind::kUnlogged ? WriteKind::kUnloggedBatch
                                            : WriteKind::kLoggedBatch;
  if (conditional) {
    std::optional<Error> mistake = builder.mistake();
    out.conditional = plan_conditional_answer(plans, true);
    for (TabletCommand& one : out.commands) {
      merge_conditions(one.command);
      one.command.condition_columns = out.conditional->slots.fetched();
      const auto changed = forget_unread(plans, one.command);
      if (changed) continue;
      mistake = mistake ? mistake : changed.error();
      one.command.mutations.clear();
    }
    out.conditional = with_mistake(std::move(out.conditional), mistake);
  }
  return Execution(std::move(out));
}

Result<Execution> PreparedBatch::begin(const ExecuteOptions& options, const CatalogPtr& catalog) const {
  EvalContext context;
  context.values = options.values;
  context.functions = {options.now, options.random};
  std::vector<BatchPart> parts;
  for (const WritePlanPtr& plan : plans_) parts.push_back({plan.get(), options.values});
  std::optional<Timestamp> stamp;
  if (timestamp_) {
    const auto given = timestamp_of(timestamp_, context, options.timestamp.value_or(kNoTimestamp));
    if (!given) return mistake_in_keys(parts, options, given.error());
    stamp = *given;
  }
  return begin_parts(kind_, parts, stamp, options, catalog);
}

Result<Execution> begin_batch(BatchKind kind, std::span<const BatchItem> items, const ExecuteOptions& options,
                              const CatalogPtr& catalog) {
  std::vector<BatchPart> parts;
  KEYZONE_CHECK(check_items(items, catalog, parts));
  std::vector<const WritePlan*> plans;
  for (const BatchPart& part : parts) plans.push_back(part.plan);
  KEYZONE_CHECK(check_batch(kind, plans, false, *options.dialect));
  return begin_parts(kind, parts, std::nullopt, options, catalog);
}

}  // namespace keyzone::cql
