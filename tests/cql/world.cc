#include "tests/cql/world.h"

#include "cql/ddl/ddl.h"
#include "cql/grammar/parser.h"
#include "cql/plan/term.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " | ") + part;
  return out;
}

std::string kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kSyntax:
      return "SyntaxError";
    case ErrorKind::kInvalid:
      return "Invalid";
    case ErrorKind::kUnauthorized:
      return "Unauthorized";
    case ErrorKind::kConfig:
      return "ConfigError";
    case ErrorKind::kAlreadyExists:
      return "AlreadyExists";
    case ErrorKind::kProtocol:
      return "ProtocolError";
    default:
      return "Error " + std::to_string(static_cast<int>(kind));
  }
}
std::string to_text(const Error& error) { return kind_name(error.kind) + ": " + error.message + "\n"; }

}  // namespace

std::string to_text(const ResultSet& rows) {
  std::vector<std::string> names;
  for (const ColumnSpec& column : *rows.columns) names.push_back(column.name);
  std::string out = join(names) + "\n";
  ByteReader in(rows.rows);
  for (uint32_t i = 0; i < rows.row_count; ++i) {
    std::vector<std::string> cells;
    for (const ColumnSpec& column : *rows.columns) {
      const auto size = in.be<int32_t>();
      cells.push_back(size < 0 ? "null" : column.type->to_cql_literal(in.bytes(static_cast<size_t>(size))));
    }
    out += join(cells) + "\n";
  }
  EXPECT_TRUE(in.done() && !in.failed());
  return out + "(" + std::to_string(rows.row_count) + " rows)\n";
}

World::World(int tablets_per_table) : tablets_per_table_(tablets_per_table) {
  auto catalog = std::make_shared<Catalog>();
  catalog->cluster_name = "test";
  catalog_ = catalog;
  run({"CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
       {},
       {},
       {},
       {}});
  keyspace_ = "ks";
}

std::string World::run(const Request& request) {
  auto text = try_run(request);
  return text ? *text : to_text(text.error());
}

Result<PreparedPtr> World::prepare_text(const std::string& text) const {
  return prepare(text, keyspace_, catalog_, dialect_);
}

Result<World::Bound> World::bind(const Prepared& statement, const Request& request) const {
  Bound bound;
  bound.bytes.reserve(request.values.size());
  const auto& specs = *statement.info().bind_variables;
  for (size_t i = 0; i < request.values.size(); ++i) {
    const std::string& text = request.values[i];
    if (text == "null" || text == "unset") {
      bound.values.push_back(text == "null" ? Value::null() : Value::unset());
      continue;
    }
    size_t at = i;
    for (size_t j = 0; !request.names.empty() && j < specs.size(); ++j) {
      if (specs[j].name == request.names[i]) at = j;
    }
    KEYZONE_TRY(term, parse_term(text));
    Markers markers({});
    PrepareContext context{*catalog_, dialect_, keyspace_, markers};
    // A blob is taken as it is, so that values of wrong types can be bound.
    const auto* constant = term->as<Constant>();
    const bool raw = constant && constant->kind == ConstantKind::kHex;
    const TypePtr type = raw || at >= specs.size() ? native_type(TypeKind::kBlob) : specs[at].type;
    KEYZONE_TRY(value, prepare_term(context, term, {"", "", "value", type}));
    EvalContext evaluation;
    KEYZONE_TRY(made, value->evaluate(evaluation));
    bound.bytes.emplace_back(made.bytes);
    bound.values.push_back(Value::of(bound.bytes.back()));
  }
  return bound;
}

ExecuteOptions World::options(const Bound& bound) {
  ExecuteOptions out;
  out.values = bound.values;
  out.now = now_;
  out.random = &random_;
  out.dialect = &dialect_;
  return out;
}

Result<std::string> World::try_run(const Request& request) {
  now_ += 1000;
  KEYZONE_TRY(statement, prepare_text(request.text));
  KEYZONE_TRY(bound, bind(*statement, request));
  std::string text;
  std::optional<Bytes> state;
  for (int pages = 0; pages < 100; ++pages) {
    ExecuteOptions one = options(bound);
    const std::vector<BytesView> names(request.names.begin(), request.names.end());
    one.names = names;
    one.page_size = request.page_size;
    one.timestamp = request.timestamp;
    const std::optional<Bytes> before = state;
    if (before) one.paging_state = *before;
    KEYZONE_TRY(execution, begin(statement, one, catalog_));
    state.reset();
    KEYZONE_TRY(page, finish(std::move(execution), state));
    text += page;
    if (!state) return text;
    text += "-- more\n";
  }
  return text + "endless pages\n";
}

std::string World::run_batch(BatchKind kind, const std::vector<Request>& requests) {
  now_ += 1000;
  std::vector<Bound> bounds;
  std::vector<BatchItem> items;
  bounds.reserve(requests.size());
  for (const Request& request : requests) {
    auto statement = prepare_text(request.text);
    if (!statement) return to_text(statement.error());
    auto bound = bind(**statement, request);
    if (!bound) return to_text(bound.error());
    bounds.push_back(*std::move(bound));
    items.push_back({*statement, bounds.back().values});
  }
  auto execution = begin_batch(kind, items, options({}), catalog_);
  if (!execution) return to_text(execution.error());
  std::optional<Bytes> state;
  auto text = finish(*std::move(execution), state);
  return text ? *text : to_text(text.error());
}

Result<std::string> World::finish(Execution execution, std::optional<Bytes>& paging_state) {
  if (auto* write = std::get_if<WriteExecution>(&execution)) return finish_write(*write);
  if (auto* read = std::get_if<ReadExecution>(&execution)) return finish_read(*read, paging_state);
  if (auto* schema = std::get_if<SchemaExecution>(&execution)) return change_schema(*schema);
  if (auto* gone = std::get_if<TruncateExecution>(&execution)) return truncate(*gone);
  if (auto* use = std::get_if<UseExecution>(&execution)) {
    keyspace_ = use->keyspace;
    return std::string("ok\n");
  }
  if (auto* local = std::get_if<LocalRead>(&execution)) {
    NodeFacts facts;
    KEYZONE_TRY(rows, local->finish(system_rows(*local->table, *catalog_, facts)));
    return to_text(rows);
  }
  return std::string("not run here\n");
}

Result<std::string> World::finish_read(ReadExecution& read, std::optional<Bytes>& paging_state) {
  while (!read.done()) {
    std::vector<TabletRead> reads;
    while (auto one = read.next()) reads.push_back(*std::move(one));
    EXPECT_FALSE(reads.empty());
    if (reads.empty()) return std::string("stuck\n");
    // Answers arrive in another order than they were asked.
    for (auto one = reads.rbegin(); one != reads.rend() && !read.done(); ++one) {
      const size_t at = tablet_of(one->table, one->token);
      one->request->epoch = Epoch(1);
      KEYZONE_TRY(answer, (*replicas_.at(one->table)[at])->read(*one->request, now_));
      KEYZONE_CHECK(read.feed(one->index, std::move(answer)));
    }
  }
  KEYZONE_TRY(rows, read.take());
  paging_state = rows.paging_state;
  std::string text = to_text(rows);
  for (const std::string& warning : read.warnings()) text += "warning: " + warning + "\n";
  return text;
}

Outcome World::apply(const TabletCommand& command) {
  now_ += 1000;
  return replicas_.at(command.table)[tablet_of(command.table, command.token)]->apply(command.command, now_);
}

Result<std::string> World::finish_write(WriteExecution& write) {
  std::vector<Outcome> outcomes;
  for (const TabletCommand& command : write.commands) outcomes.push_back(apply(command));
  KEYZONE_TRY(rows, write.finish(outcomes));
  std::string text = rows ? to_text(*rows) : "ok\n";
  for (const std::string& warning : write.warnings) text += "warning: " + warning + "\n";
  return text;
}

Result<std::string> World::truncate(const TruncateExecution& execution) {
  for (auto& replica : replicas_.at(execution.table->id)) {
    Command command;
    command.truncate = true;
    replica->apply(std::move(command), now_ += 1000);
  }
  return std::string("ok\n");
}

Result<std::string> World::change_schema(const SchemaExecution& execution) {
  DdlContext context{*catalog_, execution.keyspace, {}, now_, dialect_.masked_columns};
  context.fresh_id.bytes = {next_id_++, 0, 0, 0, 0, 0, 0x10};
  KEYZONE_TRY(plan, plan_schema_change(*execution.statement, context));
  if (!plan.event) return std::string("ok\n");
  for (const Table& table : plan.change.put_tables) {
    if (catalog_->table(table.id)) {
      auto altered = std::make_shared<Table>(table);
      for (auto& replica : replicas_.at(table.id)) {
        replica->set_table(altered);
        (*replica)->set_schema(altered);
      }
      continue;
    }
    TabletMap map;
    const uint64_t part = UINT64_MAX / static_cast<uint64_t>(tablets_per_table_);
    for (int i = 0; i < tablets_per_table_; ++i) {
      const auto end = static_cast<int64_t>(part * static_cast<uint64_t>(i + 1) + (1ull << 63));
      Tablet& tablet = map.tablets.emplace_back();
      tablet.begin = i == 0 ? kTokenMin : map.tablets[static_cast<size_t>(i) - 1].end;
      tablet.end = Token(i + 1 == tablets_per_table_ ? INT64_MAX : end);
      replicas_[table.id].push_back(std::make_unique<storage::TestReplica>(std::make_shared<Table>(table)));
    }
    plan.change.put_tablets.emplace_back(table.id, std::move(map));
  }
  KEYZONE_TRY(changed, apply_change(*catalog_, plan.change));
  catalog_ = changed;
  return std::string("ok\n");
}

size_t World::tablet_of(const Uuid& table, Token token) const {
  const TabletMap& map = *catalog_->tablets.at(table);
  return static_cast<size_t>(&map.find(token) - map.tablets.data());
}

}  // namespace keyzone::cql
