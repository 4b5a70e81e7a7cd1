// Prepared statements with values become Executions.
#include <algorithm>

#include "cql/execute/read_cursor.h"
#include "cql/execute/statements.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {
namespace {

// Values that came by name, in the order of the markers; those that are missing are missed later.
std::vector<Value> order_by_name(const PreparedInfo& info, const ExecuteOptions& options) {
  std::vector<Value> ordered;
  for (const ColumnSpec& spec : *info.bind_variables) {
    size_t at = 0;
    while (at < options.names.size() && options.names[at] != spec.name) ++at;
    if (at < options.names.size()) ordered.push_back(options.values[at]);
  }
  return ordered;
}

Result<void> check_count(const PreparedInfo& info, const ExecuteOptions& options) {
  const size_t wanted = info.bind_variables->size(), given = options.values.size();
  if (wanted == given) return {};
  if (!options.prepared) return invalid("Invalid amount of bind variables");
  return invalid("there were " + std::to_string(wanted) + " markers(?) in CQL but " + std::to_string(given) +
                 " bound variables");
}

bool same_columns(const ColumnSpecsPtr& a, const ColumnSpecsPtr& b) {
  if (!a || !b) return !a && !b;
  return std::equal(a->begin(), a->end(), b->begin(), b->end(), [](const ColumnSpec& x, const ColumnSpec& y) {
    return x.keyspace == y.keyspace && x.table == y.table && x.name == y.name &&
           x.type->marshal_name() == y.type->marshal_name();
  });
}

}  // namespace

bool same_metadata(const PreparedInfo& a, const PreparedInfo& b) {
  return same_columns(a.bind_variables, b.bind_variables) &&
         same_columns(a.result_columns, b.result_columns) &&
         a.partition_key_indexes == b.partition_key_indexes;
}

bool is_current(const Prepared& statement, const Catalog& catalog) {
  for (const auto& [id, version] : statement.info().tables) {
    const auto found = catalog.tables_by_id.find(id);
    if (found == catalog.tables_by_id.end() || found->second->version != version) return false;
  }
  return true;
}

bool is_still_known(const Prepared& statement, const Catalog& catalog) {
  const auto& tables = statement.info().tables;
  return std::all_of(tables.begin(), tables.end(), [&](const auto& was) {
    const auto found = catalog.tables_by_id.find(was.first);
    return found != catalog.tables_by_id.end() && found->second->meaning_version <= was.second;
  });
}

Result<Execution> begin(const PreparedPtr& statement, const ExecuteOptions& options,
                        const CatalogPtr& catalog) {
  KEYZONE_ASSERT(options.dialect != nullptr);
  if (!is_current(*statement, *catalog)) return Error{ErrorKind::kStale, "the schema has changed"};
  const PreparedInfo& info = statement->info();
  if (!options.names.empty()) {
    const std::vector<Value> ordered = order_by_name(info, options);
    ExecuteOptions positional = options;
    positional.names = {};
    positional.values = ordered;
    KEYZONE_CHECK(check_count(info, positional));
    return statement->begin(positional, catalog);
  }
  KEYZONE_CHECK(check_count(info, options));
  return statement->begin(options, catalog);
}

PreparedWrite::PreparedWrite(WritePlanPtr plan) : plan_(std::move(plan)) {
  const WritePlan* only = plan_.get();
  if (plan_->conditional()) conditional_ = plan_conditional_answer(std::span(&only, 1), false);
}

Result<Execution> PreparedWrite::begin(const ExecuteOptions& options, const CatalogPtr& catalog) const {
  WriteBuilder builder(options, catalog, plan_->conditional(), true);
  KEYZONE_CHECK(builder.add(*plan_, options.values));
  KEYZONE_CHECK(builder.check_conditions());
  if (plan_->conditional()) KEYZONE_CHECK(check_conditional_keys(*plan_));  // no key, of IN (), has met it
  WriteExecution out;
  out.commands = builder.take();
  out.warnings = builder.take_warnings();
  out.warnings_if_applied = builder.take_warnings_if_applied();
  out.kind = plan_->conditional()    ? WriteKind::kConditional
             : plan_->table->counter ? WriteKind::kCounter
                                     : WriteKind::kPlain;
  if (conditional_) {
    out.conditional = with_mistake(conditional_, builder.mistake());
    for (TabletCommand& one : out.commands) one.command.condition_columns = conditional_->slots.fetched();
  }
  return Execution(std::move(out));
}

Result<Execution> PreparedLocalDelete::begin(const ExecuteOptions& options, const CatalogPtr& catalog) const {
  WriteBuilder builder(options, catalog, false, true);
  KEYZONE_CHECK(builder.add(*plan_, options.values));
  LocalDelete out{plan_->table, {}};
  for (TabletCommand& one : builder.take()) out.commands.push_back(std::move(one.command));
  return Execution(std::move(out));
}

Result<Execution> PreparedSelect::begin(const ExecuteOptions& options, const CatalogPtr& catalog) const {
  KEYZONE_TRY(cursor, ReadCursor::open(plan_, options, *catalog));
  if (plan_->local) return Execution(LocalRead(plan_->table, std::move(cursor)));
  return Execution(ReadExecution(std::move(cursor)));
}

Result<Execution> PreparedOther::begin(const ExecuteOptions& options, const CatalogPtr& catalog) const {
  switch (info_.kind) {
    case StatementKind::kUse: {
      const std::string& name = statement_->as<UseStatement>()->keyspace;
      const bool system = is_system_keyspace(name) && !is_hidden_keyspace(name);
      if (!system && !catalog->keyspaces.contains(name))
        return invalid("Keyspace '" + name + "' does not exist");
      return Execution(UseExecution{name});
    }
    case StatementKind::kTruncate:
      if (may_be_cleared(table_->keyspace)) {
        LocalDelete all{table_, std::vector<Command>(1)};
        all.commands[0].truncate = true;
        return Execution(std::move(all));
      }
      return Execution(TruncateExecution{catalog->table(table_->id)});
    case StatementKind::kDescribe:
      return Execution(DescribeExecution{
          statement_, info_.keyspace, options.page_size,
          options.paging_state ? std::optional<Bytes>(*options.paging_state) : std::nullopt});
    default:
      return Execution(SchemaExecution{statement_, info_.keyspace});
  }
}

ReadExecution::ReadExecution(std::unique_ptr<ReadCursor> cursor) : cursor_(std::move(cursor)) {}
ReadExecution::ReadExecution(ReadExecution&&) noexcept = default;
ReadExecution& ReadExecution::operator=(ReadExecution&&) noexcept = default;
ReadExecution::~ReadExecution() = default;
std::optional<TabletRead> ReadExecution::next() { return cursor_->next(); }
Result<void> ReadExecution::feed(size_t index, ReadResult result) {
  return cursor_->feed(index, std::move(result));
}
bool ReadExecution::done() const { return cursor_->done(); }
Result<ResultSet> ReadExecution::take() { return cursor_->take(); }
bool ReadExecution::several_partitions() const { return cursor_->several_partitions(); }
uint64_t ReadExecution::tombstones() const { return cursor_->tombstones(); }
std::vector<CountedRead> ReadExecution::reads_beyond(uint64_t tombstones) const {
  return cursor_->reads_beyond(tombstones);
}
const std::vector<std::string>& ReadExecution::warnings() const { return cursor_->warnings(); }

LocalRead::LocalRead(TablePtr the_table, std::unique_ptr<ReadCursor> the_cursor)
    : table(std::move(the_table)), cursor(std::move(the_cursor)) {}
LocalRead::LocalRead(LocalRead&&) noexcept = default;
LocalRead& LocalRead::operator=(LocalRead&&) noexcept = default;
LocalRead::~LocalRead() = default;
Result<ResultSet> LocalRead::finish(std::span<const LocalRow> rows) { return cursor->run(rows); }

}  // namespace keyzone::cql
