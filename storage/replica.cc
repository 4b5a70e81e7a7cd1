#include "storage/replica.h"

#include <algorithm>

#include "storage/condition_check.h"
#include "storage/row_cache.h"
#include "storage/store.h"

namespace keyzone::storage {

TabletMeta TableReplica::create(TabletRegistry& registry, GroupId group, const Table& table,
                                TokenRange tokens, Epoch epoch, leveldb::WriteBatch& batch) {
  TabletMeta meta;
  meta.group = group;
  meta.table = table.id;
  meta.store = registry.allocate_store(batch);
  meta.tokens = tokens;
  meta.epoch = epoch;
  registry.put(meta, batch);
  return meta;
}

Result<std::unique_ptr<TableReplica>> TableReplica::open(leveldb::DB* db, TabletRegistry& registry,
                                                         GroupId group, TablePtr table,
                                                         ReplicaOptions options) {
  const TabletMeta* meta = registry.find(group);
  if (!meta) return Error{ErrorKind::kServer, "no tablet of group " + std::to_string(group.value) + " here"};
  if (meta->table != table->id) {
    return Error{ErrorKind::kCorrupt, "group " + std::to_string(group.value) + " belongs to another table"};
  }
  KEYZONE_TRY(schema, registry.schema(group));
  if (!schema) {
    auto none_yet = std::make_shared<Table>(*table);
    none_yet->version = 0;
    schema = std::move(none_yet);
  }
  if (schema->version != meta->schema_version)
    return Error{ErrorKind::kCorrupt, "a tablet's schema and its record"};
  auto replica = std::make_unique<Replica>(db, registry, *meta, std::move(schema), options);
  KEYZONE_CHECK(replica->load());
  return std::unique_ptr<TableReplica>(std::move(replica));
}

Replica::Replica(leveldb::DB* db, TabletRegistry& registry, const TabletMeta& meta, TablePtr table,
                 ReplicaOptions options)
    : db_(db),
      registry_(registry),
      meta_(meta),
      table_(std::move(table)),
      options_(options),
      columns_(*table_),
      guard_(meta.max_stamp, options.guard_entries_max),
      requests_(meta.group) {}

Result<void> Replica::load() {
  if (options_.row_cache) options_.row_cache->clear();  // a batch of the replica before us may have failed
  KEYZONE_CHECK(requests_.load(registry_));
  return load_deleted_partitions();
}

void Replica::set_schema(TablePtr table) {
  KEYZONE_ASSERT(table->id == meta_.table);
  if (table->version < meta_.schema_version) return;
  schema_changed_ = true;
  for (const Column& column : table_->columns) {
    const auto same = [&](const Column& c) { return c.id == column.id; };
    const bool dropped = std::none_of(table->columns.begin(), table->columns.end(), same);
    if (dropped && meta_.schema_version != 0) note_garbage(seconds_of(meta_.clock));
  }
  table_ = std::move(table);
  columns_ = ColumnIndex(*table_);
  read_scratch_.projection.reset();
  meta_.schema_version = table_->version;
}

leveldb::ReadOptions Replica::read_options(bool fill_cache) const {
  leveldb::ReadOptions out;
  out.verify_checksums = options_.verify_checksums;
  out.fill_cache = fill_cache;
  return out;
}

Result<std::vector<Outcome>> Replica::apply(LogIndex applied, std::span<const StampedCommand> commands,
                                            leveldb::WriteBatch& batch) {
  KEYZONE_ASSERT(applied >= meta_.applied);
  std::vector<Outcome> outcomes;
  outcomes.reserve(commands.size());
  LogIndex previous = meta_.applied.next();
  for (const StampedCommand& command : commands) {
    KEYZONE_ASSERT(command.index >= previous && command.index <= applied);
    auto outcome = apply_one(command, batch);
    if (!outcome) return outcome.error();
    outcomes.push_back(*std::move(outcome));
    previous = command.index;
  }
  meta_.applied = applied;
  if (schema_changed_) registry_.put_schema(meta_.group, *table_, batch);
  schema_changed_ = false;
  overlay_.flush(batch, options_.row_cache);
  overlay_.clear();
  requests_.flush(registry_, batch);
  registry_.put(meta_, batch);
  return outcomes;
}

Result<Outcome> Replica::apply_one(const StampedCommand& stamped, leveldb::WriteBatch& batch) {
  const Command& command = *stamped.command;
  meta_.clock = std::max(meta_.clock, stamped.stamp);
  requests_.expire(stamped.index, meta_.clock);
  const bool remembered = command.deadline != 0;
  if (remembered) {
    if (auto known = requests_.find(command.request, meta_.clock)) return *std::move(known);
    if (command.deadline < stamped.stamp)
      return Outcome{OutcomeKind::kExpired, "came past its deadline", {}, {}};
  }
  overlay_.begin_command();
  arena_.clear();
  auto result = execute(stamped, batch);
  if (!result && result.error().kind != ErrorKind::kInvalid) return result.error();
  if (!result) overlay_.take_back_command();
  Outcome outcome =
      result ? *std::move(result) : Outcome{OutcomeKind::kInvalid, result.error().message, {}, {}};
  // A stale one is planned again, and comes back under the same id.
  if (remembered && outcome.kind != OutcomeKind::kStale) {
    requests_.add(stamped.index, command.request, command.deadline, outcome);
  }
  return outcome;
}

Result<Outcome> Replica::execute(const StampedCommand& stamped, leveldb::WriteBatch& batch) {
  const Command& command = *stamped.command;
  if (command.sweep) return sweep(*command.sweep, stamped.stamp);
  if (command.table != meta_.table || command.schema_version != table_->version ||
      command.epoch != meta_.epoch) {
    return Outcome{OutcomeKind::kStale, "planned on another version of the table", {}, {}};
  }
  for (const Mutation& mutation : command.mutations) {
    if (!meta_.tokens.contains(mutation.token))
      return Outcome{OutcomeKind::kStale, "not of this tablet", {}, {}};
  }
  UpdateContext context = context_of(command, stamped.stamp);
  if (!command.conditions.empty()) {
    ConditionCheck check(*this, command, seconds_of(stamped.stamp));
    KEYZONE_TRY(held, check.run());
    if (!held) {
      KEYZONE_TRY(current, check.current());
      return Outcome{OutcomeKind::kConditionFailed, {}, std::move(current), {}};
    }
    context.stamp = std::max(context.stamp, check.newest_read() + 1);
    context.conditional = true;
  }
  if (command.truncate) truncate(batch);
  looked_back_.clear();
  // A single row write finds the row as it was before the command.
  const bool single = command.mutations.size() == 1 && command.mutations[0].rows.size() == 1;
  if (!single) KEYZONE_CHECK(look_back(command, context));
  for (const Mutation& mutation : command.mutations) {
    KEYZONE_CHECK(write_mutation(mutation, context));
    context.ordinal += static_cast<uint32_t>(mutation.rows.size());
  }
  return Outcome{};
}

void Replica::truncate(leveldb::WriteBatch& batch) {
  overlay_.clear();
  registry_.leave_rows(meta_, batch);
  meta_.store = registry_.allocate_store(batch);
  partition_deletions_.clear();
  range_deletions_.clear();
  meta_.leftovers = meta_.since_pass = {};
  meta_.spilled = false;
  guard_ = Guard(kNoTimestamp, options_.guard_entries_max);
}

Result<std::optional<BytesView>> Replica::lookup(const Bytes& key, uint64_t hash, Bytes& scratch) const {
  if (const auto* changed = overlay_.find(key, hash)) return *changed;
  RowCache* cache = options_.row_cache;
  if (cache && cache->find(key, hash, scratch)) return std::optional<BytesView>(scratch);
  const leveldb::Status status = db_->Get(read_options(), key, &scratch);
  if (status.IsNotFound()) return std::optional<BytesView>();
  if (!status.ok()) return error_of(status);
  if (cache) cache->put(key, hash, scratch);
  return std::optional<BytesView>(scratch);
}

Result<void> Replica::load_row(const Bytes& key, uint64_t hash, StoredRow& out) const {
  KEYZONE_TRY(value, lookup(key, hash, out.bytes));
  out.exists = value.has_value();
  out.row.clear();
  out.arena.clear();
  if (!value) return {};
  if (!decode_row(*value, out.row))
    return Error{ErrorKind::kCorrupt, "a row of " + table_->name + " does not decode"};
  return {};
}

}  // namespace keyzone::storage
