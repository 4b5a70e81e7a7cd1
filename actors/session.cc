#include "actors/session.h"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>

#include "actors/errors.h"
#include "actors/node_facts.h"
#include "actors/session_actor.h"
#include "cql/system_tables/system_tables.h"
#include "schema/types/hex.h"

namespace keyzone::actors {

namespace {

// What a client may ask to be traced.
bool may_be_traced(net::Opcode opcode) {
  using enum net::Opcode;
  return opcode == kQuery || opcode == kPrepare || opcode == kExecute || opcode == kBatch;
}

}  // namespace

void accept_session(caf::actor_system& system, NodeContext& context, size_t shard, AcceptedStream stream) {
  system.spawn<Session>(context, shard, std::move(stream));
}

Session::Session(caf::actor_config& config, NodeContext& context, size_t shard, AcceptedStream stream)
    : ShardActor(config, shard),
      context_(context),
      stream_(std::move(stream)),
      dialect_(dialect_of(context.options)),
      reader_({.max_version = dialect_.protocol_version_max, .max_body = context.options.frame_bytes_max}),
      writer_(net::Role::kServer),
      meters_(context.meters),
      random_(context.environment.seed ^ (0x5e55107ull << 20) ^ id()) {
  draw_ = [this] { return random_.next(); };
}

caf::behavior Session::make_behavior() {
  self_ = caf::actor_cast<caf::actor>(this);
  number_ = context_.sessions.add(self_, record_);
  stream_.start(*this);
  return {
      [this](const RepliesPtr& replies) { handle_replies(*replies); },
      [this](const EstimateReplyPtr& reply) { take_estimate(*reply); },
      [this](tick_atom) { tick(); },
      [this](flush_atom) { flush(); },
      [this](done_atom, uint64_t version) { schema_agreed(CatalogVersion(version)); },
      [this](const CatalogChangedPtr& change) {
        if (registered_schema_) {
          for (const auto& event : change->events) send_event(event);
        }
      },
      [this](const NodeEventPtr& event) {
        net::Inet node;
        auto address = net::InetAddress::parse(event->address);
        if (!address || context_.options.one_node_view) return;
        node.address = *address;
        node.port = event->port;
        using Kind = NodeEvent::Kind;
        if (event->kind == Kind::kUp || event->kind == Kind::kDown) {
          const auto change =
              event->kind == Kind::kUp ? net::StatusChange::Change::kUp : net::StatusChange::Change::kDown;
          if (registered_status_) send_event(net::StatusChange{change, node});
        } else if (registered_topology_) {
          const auto change = event->kind == Kind::kNew ? net::TopologyChange::Change::kNewNode
                                                        : net::TopologyChange::Change::kRemovedNode;
          send_event(net::TopologyChange{change, node});
        }
      },
  };
}

void Session::on_exit() {
  context_.sessions.remove(number_);
  context_.meters.requests_under_way.fetch_sub(requests_.size(), std::memory_order_relaxed);
  requests_.clear();
  parts_.clear();
  self_ = nullptr;
}

// --- the stream

void Session::on_bytes(BytesView bytes) {
  if (closed_) return;
  in_turn_ = true;
  reader_.feed(bytes);
  net::Frame frame;
  while (!closed_) {
    const auto step = reader_.next(frame);
    if (step == net::FrameReader::Step::kMore) break;
    if (step == net::FrameReader::Step::kFailed) {
      net::append_failure(writer_, reader_.failure());
      flush();
      stream_.stream->close();
      break;
    }
    handle_frame(frame);
  }
  in_turn_ = false;
  flush();
  pause_if_full();
}

void Session::on_closed(const std::string&) {
  if (closed_) return;
  closed_ = true;
  caf::anon_send_exit(self_, caf::exit_reason::user_shutdown);
  stream_.stream = nullptr;
}

void Session::on_writable() { pause_if_full(); }

void Session::pause_if_full() {
  if (closed_) return;
  const bool full =
      requests_.size() >= kRequestsInFlightMax || stream_.stream->pending_bytes() > net::kOutputHighWater;
  if (full == paused_) return;
  paused_ = full;
  if (full) {
    stream_.stream->pause_reading();
  } else {
    stream_.stream->resume_reading();
  }
}

// Sends what this turn has gathered: requests to tablets, answers to the client.
void Session::flush() {
  std::shared_ptr<Outgoing> remote;
  const auto send_all = [&](auto& gathered) {
    for (auto& [key, requests] : gathered) {
      const auto& [group, node] = key;
      using T = typename std::decay_t<decltype(*requests)>;
      std::shared_ptr<const T> message = std::move(requests);
      if (node == context_.self) {
        if (auto* route = view().route(group); route && route->local) {
          caf::anon_send(route->local, std::move(message));
        }
        continue;  // gone meanwhile: the tick tries again
      }
      if (!remote) remote = std::make_shared<Outgoing>();
      remote->items.push_back({node, PeerItem{group, std::move(message)}});
    }
    gathered.clear();
  };
  send_all(writes_);
  send_all(reads_);
  if (remote) caf::anon_send(context_.hub, OutgoingPtr(std::move(remote)));
  if (!closed_ && !writer_.empty()) stream_.stream->write(writer_.take());
}

// --- frames

void Session::handle_frame(net::Frame frame) {
  net::RequestPrelude prelude;
  record_->count_request();
  ClientRequest request;
  request.version = frame.version;
  request.stream = frame.stream;
  if (frame.oversize > 0) {
    return answer_error(request, invalid(net::oversize_message(frame, context_.options.frame_bytes_max)));
  }
  if (auto cut = net::take_prelude(frame, prelude); !cut) return answer_error(request, cut.error());
  if (version_ == 0 && frame.opcode != net::Opcode::kStartup && frame.opcode != net::Opcode::kOptions) {
    return answer_error(request, Error{ErrorKind::kProtocol, "Unexpected message " +
                                                                 std::string(net::to_string(frame.opcode)) +
                                                                 ", expecting STARTUP or OPTIONS"});
  }
  switch (frame.opcode) {
    case net::Opcode::kOptions:
      return answer(request, net::Opcode::kSupported, [this](Bytes& body) {
        net::encode_supported(body, net::supported_options(dialect_.cql_version, dialect_.protocol_version_max));
      });
    case net::Opcode::kStartup:
      return handle_startup(frame);
    case net::Opcode::kRegister:
      return handle_register(frame);
    case net::Opcode::kQuery:
      return handle_query(frame);
    case net::Opcode::kPrepare:
      return handle_prepare(frame);
    case net::Opcode::kExecute:
      return handle_execute(frame);
    case net::Opcode::kBatch:
      return handle_batch(frame);
    default:
      return answer_error(request, Error{ErrorKind::kProtocol,
                                         "Unexpected message " + std::string(net::to_string(frame.opcode))});
  }
}

ClientRequest Session::new_request(const net::Frame& frame) {
  ClientRequest request;
  request.version = frame.version;
  request.stream = frame.stream;
  if ((frame.flags & net::kFlagTracing) && may_be_traced(frame.opcode)) {
    request.trace = std::make_shared<TraceFact>();
    request.trace->id = time_uuid();
    request.trace->started_at = context_.clock.wall();
    request.traced_at = now_us();
  }
  return request;
}

void Session::handle_startup(const net::Frame& frame) {
  ClientRequest request = new_request(frame);
  net::StartupRequest startup;
  auto refuse = [&](const Error& error) {
    answer_error(request, error);
    reader_.startup_refused();
  };
  if (version_ != 0)
    return answer_error(
        request, Error{ErrorKind::kProtocol, "Unexpected message STARTUP, the connection is already initialized"});
  if (auto decoded = net::decode_request(frame, startup); !decoded) return refuse(decoded.error());
  const auto codec = net::accept_startup(startup, frame.version);
  if (!codec) return refuse(codec.error());
  answer(request, net::Opcode::kReady, [](Bytes&) {});
  version_ = frame.version;
  writer_.startup_done(version_, *codec);
  reader_.startup_done(version_, *codec);
  reader_.lift_limit();
  cql::ClientFact client;
  const auto remote = stream_.stream->remote();
  client.address = remote.address.to_string();
  client.port = static_cast<uint16_t>(remote.port);
  client.driver_name = startup.option("DRIVER_NAME");
  client.driver_version = startup.option("DRIVER_VERSION");
  client.protocol_version = version_;
  for (const auto& [key, value] : startup.options) client.options[key] = value;
  record_->set(std::move(client));
}

void Session::handle_register(const net::Frame& frame) {
  ClientRequest request = new_request(frame);
  net::RegisterRequest wanted;
  if (auto decoded = net::decode_request(frame, wanted); !decoded)
    return answer_error(request, decoded.error());
  for (const auto& name : wanted.event_types) {
    std::string type(name);
    for (auto& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (type == "TOPOLOGY_CHANGE") {
      registered_topology_ = true;
    } else if (type == "STATUS_CHANGE") {
      registered_status_ = true;
    } else if (type == "SCHEMA_CHANGE") {
      registered_schema_ = true;
    } else {
      return answer_error(
          request, Error{ErrorKind::kProtocol, "Invalid value '" + std::string(name) + "' for Type"});
    }
  }
  answer(request, net::Opcode::kReady, [](Bytes&) {});
}

void Session::send_event(const net::Event& event) {
  if (closed_ || version_ == 0) return;
  {
    net::FrameBuilder frame(writer_, version_, net::kEventStream, net::Opcode::kEvent);
    net::encode_event(frame.body(), version_, event);
  }
  if (!in_turn_) flush();
}

// --- statements

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

// By id. Made anew if a table was altered since; but where that changes what the client knows of the statement, the
// client has to prepare it again: it would read rows, or write values, by the columns of before.
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
  if (info.qualified || warned_of_keyspace_ || info.keyspace == keyspace_ || info.table_name.empty() ||
      info.kind == cql::StatementKind::kBatch)
    return;
  warned_of_keyspace_ = true;
  const auto shown = [](const std::string& keyspace) { return keyspace.empty() ? "null" : keyspace; };
  request.warnings.push_back(
      "`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in "
      "non-qualified table names. Please consider removing instances of `Session#setKeyspace(<keyspace>)`, "
      "`Session#execute(\"USE <keyspace>\")` and `cluster.newSession(<keyspace>)` from your code, and always use "
      "fully qualified table names (e.g. <keyspace>.<table>). Keyspace used: " +
      shown(keyspace_) + ", statement keyspace: " + shown(info.keyspace) + ", statement id: " + to_hex(info.id));
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
  context_.statements.put(*cached);
  const auto& info = (*cached)->prepared->info();
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

cql::ExecuteOptions Session::options_of(const net::QueryParameters& parameters) {
  cql::ExecuteOptions options;
  options.values = parameters.values;
  options.names = parameters.names;
  options.page_size = parameters.page_size;
  if (parameters.paging_state) options.paging_state = check_signature(*parameters.paging_state);
  options.timestamp = parameters.timestamp;
  options.now_in_seconds = parameters.now_in_seconds;
  options.now = context_.clock.now();
  options.random = &draw_;
  options.dialect = &dialect_;
  return options;
}

void Session::handle_query(const net::Frame& frame) {
  query_.parameters.clear();
  ClientRequest request = new_request(frame);
  if (auto decoded = net::decode_request(frame, query_); !decoded)
    return answer_error(request, decoded.error());
  const auto& parameters = query_.parameters;
  request.consistency = parameters.consistency;
  request.serial_consistency = parameters.serial_consistency;
  request.skip_metadata = parameters.skip_metadata;
  if (parameters.paging_state && !check_signature(*parameters.paging_state)) {
    return answer_error(request, Error{ErrorKind::kProtocol, "Invalid value for the paging state"});
  }
  trace_request(request, "Execute CQL3 query", &parameters, query_.text);
  const auto named = keyspace_of(parameters.keyspace);
  if (!named) return answer_error(request, named.error());
  request.body = Bytes(frame.body);
  request.plan = [this, keyspace = *named](uint32_t number) {
    auto& request = requests_.at(number);
    net::Frame again;
    again.version = request.version;
    again.opcode = net::Opcode::kQuery;
    again.body = request.body;
    net::QueryRequest query;
    (void)net::decode_request(again, query);
    auto cached = prepare(query.text, keyspace);
    if (!cached) return fail(number, cached.error());
    request.statement = *cached;
    if (auto wrong = check_consistency((*cached)->prepared->info(), request)) return fail(number, *wrong);
    if (request.trace) trace(request, "Parsed and planned the statement");
    auto options = options_of(query.parameters);
    options.prepared = false;
    if (auto wrong = check_page_size((*cached)->prepared->info(), options, request)) return fail(number, *wrong);
    auto execution = cql::begin((*cached)->prepared, options, view().catalog);
    if (!execution) return fail(number, execution.error());
    start(number, *std::move(execution));
  };
  const auto plan = request.plan;  // a copy: the request may go while it runs
  context_.meters.others_executed.fetch_add(1, std::memory_order_relaxed);
  plan(add_request(std::move(request)));
}

void Session::handle_execute(const net::Frame& frame) {
  execute_.parameters.clear();
  ClientRequest request = new_request(frame);
  if (auto decoded = net::decode_request(frame, execute_); !decoded)
    return answer_error(request, decoded.error());
  const auto& parameters = execute_.parameters;
  request.consistency = parameters.consistency;
  request.serial_consistency = parameters.serial_consistency;
  request.skip_metadata = parameters.skip_metadata;
  request.prepared = true;
  request.known_metadata_id = Bytes(execute_.result_metadata_id);
  if (parameters.paging_state && !check_signature(*parameters.paging_state)) {
    return answer_error(request, Error{ErrorKind::kProtocol, "Invalid value for the paging state"});
  }
  auto cached = find_prepared(execute_.id);
  const auto* info = cached ? &(*cached)->prepared->info() : nullptr;
  trace_request(request, "Execute CQL3 prepared query", &parameters,
                info ? std::optional<BytesView>(info->text) : std::nullopt);
  if (!cached) return answer_error(request, cached.error());
  request.statement = *cached;
  if (request.trace) trace_values(request, parameters);
  warn_of_keyspace(*info, request);
  if (auto wrong = check_consistency(*info, request)) return answer_error(request, *wrong);
  const auto options = options_of(parameters);
  if (auto wrong = check_page_size(*info, options, request)) return answer_error(request, *wrong);
  auto execution = cql::begin((*cached)->prepared, options, view().catalog);
  if (!execution) return answer_error(request, execution.error());
  request.body = Bytes(frame.body);
  request.plan = [this](uint32_t number) {
    auto& request = requests_.at(number);
    net::Frame again;
    again.version = request.version;
    again.opcode = net::Opcode::kExecute;
    again.body = request.body;
    net::ExecuteRequest execute;
    (void)net::decode_request(again, execute);
    auto cached = find_prepared(execute.id);
    if (!cached) return fail(number, cached.error());
    request.statement = *cached;
    auto execution = cql::begin((*cached)->prepared, options_of(execute.parameters), view().catalog);
    if (!execution) return fail(number, execution.error());
    start(number, *std::move(execution));
  };
  context_.meters.prepared_executed.fetch_add(1, std::memory_order_relaxed);
  start(add_request(std::move(request)), *std::move(execution));
}

void Session::handle_batch(const net::Frame& frame) {
  ClientRequest request = new_request(frame);
  batch_.statements.clear();
  if (auto decoded = net::decode_request(frame, batch_); !decoded)
    return answer_error(request, decoded.error());
  request.consistency = batch_.consistency;
  request.serial_consistency = batch_.serial_consistency;
  trace_request(request, "Execute batch of CQL3 queries", nullptr, std::nullopt);
  const auto named = keyspace_of(batch_.keyspace);
  if (!named) return answer_error(request, named.error());
  request.body = Bytes(frame.body);
  request.plan = [this, keyspace = *named](uint32_t number) {
    auto& request = requests_.at(number);
    net::Frame again;
    again.version = request.version;
    again.opcode = net::Opcode::kBatch;
    again.body = request.body;
    net::BatchRequest batch;
    (void)net::decode_request(again, batch);
    std::vector<cql::BatchItem> items;
    for (const auto& statement : batch.statements) {
      auto cached =
          statement.prepared ? find_prepared(statement.text_or_id) : prepare(statement.text_or_id, keyspace);
      if (!cached) return fail(number, cached.error());
      items.push_back({(*cached)->prepared, statement.values});
    }
    net::QueryParameters parameters;
    parameters.timestamp = batch.timestamp;
    parameters.now_in_seconds = batch.now_in_seconds;
    const auto kind = batch.type == net::BatchType::kLogged     ? cql::BatchKind::kLogged
                      : batch.type == net::BatchType::kUnlogged ? cql::BatchKind::kUnlogged
                                                                : cql::BatchKind::kCounter;
    auto execution = cql::begin_batch(kind, items, options_of(parameters), view().catalog);
    if (!execution) return fail(number, execution.error());
    const auto* write = std::get_if<cql::WriteExecution>(&*execution);
    if (write && write->conditional) {
      if (auto wrong = check_conditional_consistency(request)) return fail(number, *wrong);
    }
    if (write && request.plans == 0) meter_batch(batch.type, *write);
    start(number, *std::move(execution));
  };
  const auto plan = request.plan;  // a copy: the request may go while it runs
  plan(add_request(std::move(request)));
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
  if (info.conditional) return check_conditional_consistency(request);
  if (info.kind == cql::StatementKind::kBatch) return std::nullopt;
  const bool serial = is_serial(request.consistency);
  if (info.counter && any) {
    return invalid("Consistency level ANY is not yet supported for counter table " + info.table_name);
  }
  if (info.counter && serial) return invalid("Counter operations are inherently non-serializable");
  if (serial) return invalid("You must use conditional updates for serializable writes");
  return std::nullopt;
}

std::optional<Error> Session::check_page_size(const cql::PreparedInfo& info, const cql::ExecuteOptions& options,
                                              ClientRequest& request) const {
  const auto& guardrails = dialect_.guardrails;
  if (!options.page_size || info.kind != cql::StatementKind::kSelect ||
      !guardrails.of(cql::Limit::kPageSize).set())
    return std::nullopt;
  auto checked = guardrails.check(cql::Limit::kPageSize, info.table_name, *options.page_size, request.warnings);
  return checked ? std::nullopt : std::optional<Error>(checked.error());
}

std::optional<Error> Session::check_conditional_consistency(const ClientRequest& request) const {
  if (request.serial_consistency && !is_serial(*request.serial_consistency)) {
    return invalid("Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL");
  }
  if (!is_serial(request.consistency)) return std::nullopt;
  return invalid(
      std::string(to_string(request.consistency)) +
      " is not supported as conditional update commit consistency. Use ANY if you mean \"make sure "
      "it is accepted but I don't care how many replicas commit it for non-SERIAL reads\"");
}

// --- answers

void Session::answer(const ClientRequest& request, net::Opcode opcode,
                     const std::function<void(Bytes&)>& body) {
  if (closed_ || request.silent) return;
  net::ResponsePrelude before;
  if (request.version >= 4) before.warnings = request.warnings;
  if (request.trace) {
    before.tracing_id = request.trace->id;
    finish_trace(request);
  }
  {
    net::FrameBuilder frame(writer_, request.version, request.stream, opcode,
                            net::prelude_flags(before, request.version));
    if (!before.warnings.empty() || before.tracing_id) net::encode_prelude(frame.body(), request.version, before);
    body(frame.body());
  }
}

void Session::answer_error(const ClientRequest& request, const Error& error) {
  answer_error(request, error_response(error, request.consistency));
}

void Session::answer_error(const ClientRequest& request, const net::ErrorResponse& error) {
  answer(request, net::Opcode::kError, [&](Bytes& body) { net::encode_error(body, request.version, error); });
}

void Session::answer_void(const ClientRequest& request) {
  answer(request, net::Opcode::kResult, [](Bytes& body) { net::encode_void(body); });
}

void Session::answer_rows(const ClientRequest& request, const ResultSet& rows) {
  std::optional<Bytes> page_state;
  if (rows.paging_state) page_state = sign(*rows.paging_state);
  net::EncodedColumns own;
  net::RowsHeader header;
  const cql::PreparedInfo* info = request.statement ? &request.statement->prepared->info() : nullptr;
  const bool known = info && info->result_columns && rows.columns == info->result_columns;
  if (known) {
    header.columns = &request.statement->results(request.version);
  } else {
    own = net::encode_columns(*rows.columns, request.version);
    header.columns = &own;
  }
  // Whoever prepared has the columns of PREPARE; those of a condition's answer are not among them. Who sends text
  // along says what it wants.
  header.skip_metadata = request.skip_metadata && (known || !request.prepared);
  if (known && request.prepared && request.version >= 5 && request.known_metadata_id != info->result_metadata_id) {
    header.new_metadata_id = info->result_metadata_id;
  }
  if (page_state) header.paging_state = *page_state;
  const auto encode = [&](Bytes& body) { net::encode_rows(body, request.version, header, rows.row_count, rows.rows); };
  answer(request, net::Opcode::kResult, std::cref(encode));  // a reference: the function has no room for three
}

}  // namespace keyzone::actors
