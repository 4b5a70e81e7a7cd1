// How a session makes plans of statements: QUERY, PREPARE, EXECUTE and BATCH, and what it refuses before
// anyone is asked.
#include <algorithm>
#include <set>

#include "actors/session_actor.h"
#include "cql/system_tables/system_tables.h"
#include "schema/types/hex.h"

namespace keyzone::actors {

namespace {

// What the client sent, decoded once more; its views live as long as `request.body`.
template <class Asked>
Asked decode_again(const ClientRequest& request) {
  net::Frame frame;
  frame.version = request.version;
  frame.body = request.body;
  Asked asked;
  KEYZONE_ASSERT(net::decode_request(frame, asked).ok());
  return asked;
}

std::string ambiguous_keyspace(const std::string& in_use, const std::string& of_statement, BytesView id) {
  const auto shown = [](const std::string& keyspace) { return keyspace.empty() ? "null" : keyspace; };
  return "`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in "
         "non-qualified table names. Please consider removing instances of "
         "`Session#setKeyspace(<keyspace>)`, "
         "`Session#execute(\"USE <keyspace>\")` and `cluster.newSession(<keyspace>)` from your code, and "
         "always use fully qualified table names (e.g. <keyspace>.<table>). Keyspace used: " +
         shown(in_use) + ", statement keyspace: " + shown(of_statement) + ", statement id: " + to_hex(id);
}

}  // namespace

Result<CachedStatementPtr> Session::prepare(BytesView text, const std::string& keyspace) {
  const auto& catalog = view().catalog;
  auto cached = context_.statements.find(cql::prepared_id(text, keyspace));
  if (!cached && !keyspace.empty()) {
    cached = context_.statements.find(cql::prepared_id(text, ""));
    if (cached && !cached->prepared->info().qualified) cached = nullptr;
  }
  if (cached && cql::is_current(*cached->prepared, *catalog)) return cached;
  KEYZONE_TRY(prepared, cql::prepare(text, keyspace, catalog, dialect_));
  return make_cached(std::move(prepared));
}

// By id. Made anew if a table was altered since; but where that changes what the client knows of the
// statement, the client has to prepare it again: it would read rows, or write values, by the columns of
// before.
Result<CachedStatementPtr> Session::find_prepared(BytesView id) {
  auto cached = context_.statements.find(id);
  if (!cached) return Error{ErrorKind::kUnprepared, Bytes(id)};
  if (cql::is_current(*cached->prepared, *view().catalog)) return cached;
  const auto& info = cached->prepared->info();
  auto fresh = prepare(info.text, info.keyspace);
  if (!fresh || !cql::same_metadata(info, (*fresh)->prepared->info())) {
    context_.statements.remove(id);
    return Error{ErrorKind::kUnprepared, Bytes(id)};
  }
  context_.statements.put(*fresh);
  return fresh;
}

Result<std::string> Session::keyspace_of(const std::optional<BytesView>& named) {
  if (!named) return keyspace_;
  std::string name(*named);
  const bool system = cql::is_system_keyspace(name) && !cql::is_hidden_keyspace(name);
  if (system || view().catalog->keyspaces.contains(name)) return name;
  return invalid("Keyspace '" + name + "' does not exist");
}

// Once a connection, as Cassandra does: the statement means another table than it would mean here.
void Session::warn_of_keyspace(const cql::PreparedInfo& info, ClientRequest& request) {
  if (info.qualified || warned_of_keyspace_ || info.kind == cql::StatementKind::kBatch) return;
  // What neither reads nor writes a table is of no keyspace, wherever it was prepared and whatever it names.
  const bool of_none = info.kind > cql::StatementKind::kTruncate;
  if (of_none ? keyspace_.empty() : info.keyspace == keyspace_) return;
  warned_of_keyspace_ = true;
  request.warnings.push_back(ambiguous_keyspace(keyspace_, of_none ? "" : info.keyspace, info.id));
}

// The same of what is prepared without saying where; not of what this node knows from another time. A
// keyspace that the request names makes it one on its own: it is warned of, whatever the connection was.
void Session::warn_of_unqualified(const cql::PreparedInfo& info, bool known,
                                  const std::optional<BytesView>& named, ClientRequest& request) {
  const std::string keyspace = named ? std::string(*named) : keyspace_;
  if (info.qualified || (known && !keyspace.empty()) || (!named && warned_of_keyspace_)) return;
  if (!named) warned_of_keyspace_ = true;
  request.warnings.push_back(ambiguous_keyspace(keyspace, keyspace, info.id));
}

void Session::handle_prepare(const net::Frame& frame) {
  ClientRequest request = new_request(frame);
  net::PrepareRequest wanted;
  if (auto decoded = net::decode_request(frame, wanted); !decoded)
    return answer_error(request, decoded.error());
  trace_request(request, "Preparing CQL3 query", nullptr, wanted.text);
  const auto keyspace = keyspace_of(wanted.keyspace);
  if (!keyspace) return answer_error(request, keyspace.error());
  auto cached = prepare(wanted.text, *keyspace);
  if (!cached) return answer_error(request, cached.error());
  const auto& info = (*cached)->prepared->info();
  warn_of_unqualified(info, context_.statements.find(info.id) == *cached, wanted.keyspace, request);
  context_.statements.put(*cached);
  answer(request, net::Opcode::kResult, [&](Bytes& body) {
    net::PreparedHeader header;
    header.id = info.id;
    header.result_metadata_id = info.result_metadata_id;
    header.bind_variables = &(*cached)->binds(request.version);
    header.partition_key_indexes = info.partition_key_indexes;
    header.result_columns = info.result_columns ? &(*cached)->results(request.version) : nullptr;
    net::encode_prepared(body, request.version, header);
  });
}

void Session::refuse_by_level(const std::string& keyspace, bool conditional, const ClientRequest& request,
                              cql::ExecuteOptions& options) const {
  if (conditional) {
    options.refuses_conditions = check_conditional_consistency(keyspace, request);
  } else {
    options.refuses_reads = request.consistency == net::Consistency::kAny;
  }
}

cql::ExecuteOptions Session::options_of(const net::QueryParameters& parameters) {
  cql::ExecuteOptions options;
  options.values = parameters.values;
  options.names = parameters.names;
  options.page_size = parameters.page_size;
  if (parameters.paging_state) options.paging_state = check_signature(*parameters.paging_state);
  options.timestamp = parameters.timestamp;
  // Cassandra reads it without a sign: what is negative lies behind all that expires.
  const auto second = parameters.now_in_seconds;
  options.now_in_seconds = second && *second < 0 ? INT32_MAX : second;
  options.now = context_.clock.now();
  options.random = &draw_;
  options.dialect = &dialect_;
  return options;
}

// By its text: the keyspace counts that was in use when it came.
Result<CachedStatementPtr> Session::find_statement(const net::QueryRequest& asked, ClientRequest& request) {
  if (request.plans == 0) {
    trace_request(request, "Execute CQL3 query", &asked.parameters, asked.text);
    KEYZONE_TRY(keyspace, keyspace_of(asked.parameters.keyspace));
    request.keyspace = std::move(keyspace);
  }
  auto cached = prepare(asked.text, request.keyspace);
  if (cached && request.trace) trace(request, "Preparing statement");
  return cached;
}

// By its id.
Result<CachedStatementPtr> Session::find_statement(const net::ExecuteRequest& asked, ClientRequest& request) {
  auto cached = find_prepared(asked.id);
  const auto* info = cached ? &(*cached)->prepared->info() : nullptr;
  if (info) request.knows_metadata = asked.result_metadata_id == info->result_metadata_id;
  if (request.plans > 0) return cached;
  trace_request(request, "Execute CQL3 prepared query", &asked.parameters,
                info ? std::optional<BytesView>(info->text) : std::nullopt);
  if (!cached) return cached;
  if (request.trace) trace_values(request, *info, asked.parameters);
  warn_of_keyspace(*info, request);
  return cached;
}

// What no change of the catalog alters is checked, and warned of, once.
template <class Asked>
Result<cql::Execution> Session::plan_statement(const Asked& asked, ClientRequest& request) {
  KEYZONE_TRY(cached, find_statement(asked, request));
  const auto& info = cached->prepared->info();
  request.statement = cached;
  auto options = options_of(asked.parameters);
  options.prepared = request.prepared;
  if (request.plans == 0) {
    if (info.is_read() || info.is_write()) {
      if (auto wrong = check_levels(info.is_write(), request)) return *wrong;
    }
    if (auto wrong = check_consistency(info, request)) return *wrong;
  }
  if (info.is_write()) refuse_by_level(info.table_keyspace, info.conditional, request, options);
  return cql::begin(cached->prepared, options, view().catalog);
}

template <class Asked>
void Session::plan_statement_again(uint32_t number) {
  auto& request = requests_.at(number);
  const Asked asked = decode_again<Asked>(request);
  auto execution = plan_statement(asked, request);
  if (!execution) return fail(number, execution.error());
  start(number, *std::move(execution));
}

template <class Asked>
void Session::handle_statement(const net::Frame& frame, Asked& asked, std::atomic<uint64_t>& executed) {
  asked.parameters.clear();
  auto [number, request] = requests_.add();
  begin(request, frame);
  if (auto decoded = net::decode_request(frame, asked); !decoded) return refuse(number, decoded.error());
  const auto& parameters = asked.parameters;
  request.consistency = parameters.consistency;
  request.serial_consistency = parameters.serial_consistency;
  request.skip_metadata = parameters.skip_metadata;
  if constexpr (std::is_same_v<Asked, net::ExecuteRequest>) {
    request.prepared = true;
  }
  if (parameters.paging_state && !check_signature(*parameters.paging_state)) {
    return refuse(number, {ErrorKind::kProtocol, "Invalid value for the paging state"});
  }
  auto execution = plan_statement(asked, request);
  if (!execution && execution.error().kind != ErrorKind::kStale) return refuse(number, execution.error());
  request.body = frame.body;
  request.plan = &Session::plan_statement_again<Asked>;
  executed.fetch_add(1, std::memory_order_relaxed);
  admit(request);
  // the catalog has changed meanwhile: it is planned again
  if (!execution) return fail(number, execution.error());
  start(number, *std::move(execution));
}

void Session::handle_query(const net::Frame& frame) {
  handle_statement(frame, query_, context_.meters.others_executed);
}

void Session::handle_execute(const net::Frame& frame) {
  handle_statement(frame, execute_, context_.meters.prepared_executed);
}

void Session::handle_batch(const net::Frame& frame) {
  auto [number, request] = requests_.add();
  begin(request, frame);
  batch_.statements.clear();
  if (auto decoded = net::decode_request(frame, batch_); !decoded) return refuse(number, decoded.error());
  request.consistency = batch_.consistency;
  request.serial_consistency = batch_.serial_consistency;
  trace_request(request, "Execute batch of CQL3 queries", nullptr, std::nullopt);
  const auto named = keyspace_of(batch_.keyspace);
  if (!named) return refuse(number, named.error());
  request.keyspace = *named;
  request.body = frame.body;
  request.plan = &Session::plan_batch_again;
  admit(request);
  plan_batch(batch_, number);
}

void Session::plan_batch_again(uint32_t number) {
  plan_batch(decode_again<net::BatchRequest>(requests_.at(number)), number);
}

void Session::plan_batch(const net::BatchRequest& batch, uint32_t number) {
  auto& request = requests_.at(number);
  std::vector<cql::BatchItem> items;
  // A text is read once however often it stands there: batches of ten thousands of one text are not rare.
  std::unordered_map<BytesView, cql::PreparedPtr> texts;
  for (const auto& statement : batch.statements) {
    if (const auto known = statement.prepared ? texts.end() : texts.find(statement.text_or_id);
        known != texts.end()) {
      items.push_back({known->second, statement.values});
      continue;
    }
    auto cached = statement.prepared ? find_prepared(statement.text_or_id)
                                     : prepare(statement.text_or_id, request.keyspace);
    if (!cached) return fail(number, cached.error());
    if (!statement.prepared) texts.emplace(statement.text_or_id, (*cached)->prepared);
    items.push_back({(*cached)->prepared, statement.values});
  }
  net::QueryParameters parameters;
  parameters.timestamp = batch.timestamp;
  parameters.now_in_seconds = batch.now_in_seconds;
  const auto kind = batch.type == net::BatchType::kLogged     ? cql::BatchKind::kLogged
                    : batch.type == net::BatchType::kUnlogged ? cql::BatchKind::kUnlogged
                                                              : cql::BatchKind::kCounter;
  if (auto wrong = check_levels(true, request)) return fail(number, *wrong);
  auto options = options_of(parameters);
  if (!items.empty()) {
    const bool conditional = std::any_of(items.begin(), items.end(), [](const cql::BatchItem& item) {
      return item.statement->info().conditional;
    });
    refuse_by_level(items.front().statement->info().table_keyspace, conditional, request, options);
  }
  auto execution = cql::begin_batch(kind, items, options, view().catalog);
  if (!execution) return fail(number, execution.error());
  const auto* write = std::get_if<cql::WriteExecution>(&*execution);
  if (write && request.plans == 0) meter_batch(batch.type, *write);
  start(number, *std::move(execution));
}

void Session::meter_batch(net::BatchType type, const cql::WriteExecution& write) {
  size_t partitions = 0;
  for (const auto& one : write.commands) partitions += one.command.mutations.size();
  MeterBoard& meters = context_.meters;
  (type == net::BatchType::kLogged     ? meters.partitions_per_logged_batch
   : type == net::BatchType::kUnlogged ? meters.partitions_per_unlogged_batch
                                       : meters.partitions_per_counter_batch)
      .add(partitions);
}

std::optional<Error> Session::check_consistency(const cql::PreparedInfo& info,
                                                const ClientRequest& request) const {
  if (request.consistency == net::Consistency::kNodeLocal && (info.is_read() || info.is_write())) {
    return invalid(
        "NODE_LOCAL consistency level is highly dangerous and should be used only for debugging purposes");
  }
  const bool any = request.consistency == net::Consistency::kAny;
  if (info.is_read() && any) return invalid("ANY ConsistencyLevel is only supported for writes");
  if (!info.is_write()) return std::nullopt;
  if (info.conditional) return std::nullopt;  // what is wrong with its keys comes first
  if (info.kind == cql::StatementKind::kBatch) return std::nullopt;
  const bool serial = is_serial(request.consistency);
  if (info.counter && any) {
    return invalid("Consistency level ANY is not yet supported for counter table " + info.table_name);
  }
  if (info.counter && serial) return invalid("Counter operations are inherently non-serializable");
  if (serial) return invalid("You must use conditional updates for serializable writes");
  return std::nullopt;
}

// The levels that an operator doesn't want: of a write the serial one, too, whether it is conditional or not.
std::optional<Error> Session::check_levels(bool is_write, ClientRequest& request) const {
  const auto& guardrails = dialect_.guardrails;
  const cql::Named named =
      is_write ? cql::Named::kWriteConsistencyLevels : cql::Named::kReadConsistencyLevels;
  if (!guardrails.of(named).set()) return std::nullopt;
  std::set<net::Consistency> levels = {request.consistency};
  if (is_write) levels.insert(request.serial_consistency.value_or(net::Consistency::kSerial));
  std::vector<std::string> names;
  for (const net::Consistency level : levels) names.emplace_back(to_string(level));
  auto checked = guardrails.check(named, names, request.warnings);
  return checked ? std::nullopt : std::optional<Error>(checked.error());
}

std::optional<Error> Session::check_conditional_consistency(const std::string& keyspace,
                                                            const ClientRequest& request) const {
  if (request.serial_consistency && !is_serial(*request.serial_consistency)) {
    return invalid("Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL");
  }
  if (request.consistency == net::Consistency::kEachQuorum) return check_each_quorum(keyspace);
  if (!is_serial(request.consistency)) return std::nullopt;
  return invalid(
      std::string(to_string(request.consistency)) +
      " is not supported as conditional update commit consistency. Use ANY if you mean \"make sure "
      "it is accepted but I don't care how many replicas commit it for non-SERIAL reads\"");
}

// It counts by data centres, and only one strategy knows of them.
std::optional<Error> Session::check_each_quorum(const std::string& keyspace) const {
  const auto view = context_.routing.view();
  const auto& keyspaces = view->catalog->keyspaces;
  const auto found = keyspaces.find(keyspace);
  if (found == keyspaces.end()) return std::nullopt;
  const auto strategy = found->second->replication.find("class");
  if (strategy == found->second->replication.end() || strategy->second.ends_with("NetworkTopologyStrategy"))
    return std::nullopt;
  return invalid("consistency level EACH_QUORUM not compatible with replication strategy (" +
                 strategy->second + ")");
}

}  // namespace keyzone::actors
