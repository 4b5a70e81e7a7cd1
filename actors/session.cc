#include "actors/session.h"

#include <caf/send.hpp>

#include "actors/errors.h"
#include "actors/logging.h"
#include "actors/node_facts.h"
#include "actors/session_actor.h"

namespace keyzone::actors {

namespace {

// What a client may ask to be traced.
bool may_be_traced(net::Opcode opcode) {
  using enum net::Opcode;
  return opcode == kQuery || opcode == kPrepare || opcode == kExecute || opcode == kBatch;
}

}  // namespace

void accept_session(caf::actor_system& system, NodeContext& context, size_t shard, AcceptedStream stream) {
  if (!context.quitting) system.spawn<Session>(context, shard, std::move(stream));
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
  if (stream_.stream) stream_.stream->detach();  // a node that stops: bytes still come
  stream_ = {};
  closed_ = true;
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
    if (step == net::FrameReader::Step::kRefused) {
      net::append_failure(writer_, reader_.failure());
      continue;
    }
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
          send_message(route->local, std::move(message));
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
  if (remote) send_message(context_.hub, OutgoingPtr(std::move(remote)));
  if (!closed_ && !writer_.empty()) stream_.stream->write(writer_.take());
}

// --- frames

void Session::handle_frame(net::Frame frame) {
  net::RequestPrelude prelude;
  record_->count_request();
  const auto untraced = [&frame] {
    ClientRequest request;
    request.version = frame.version;
    request.stream = frame.stream;
    return request;
  };
  const auto refuse = [&](const Error& error) { answer_error(untraced(), error); };
  if (frame.oversize > 0)
    return refuse(invalid(net::oversize_message(frame, context_.options.frame_bytes_max)));
  if (auto cut = net::take_prelude(frame, prelude); !cut) return refuse(cut.error());
  if (const auto turn = net::check_turn(version_, frame.opcode); !turn) return refuse(turn.error());
  switch (frame.opcode) {
    case net::Opcode::kOptions:
      return answer(untraced(), net::Opcode::kSupported, [this](Bytes& body) {
        net::encode_supported(body,
                              net::supported_options(dialect_.cql_version, dialect_.protocol_version_max));
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
      return refuse(
          {ErrorKind::kProtocol, "Unexpected message " + std::string(net::to_string(frame.opcode))});
  }
}

ClientRequest Session::new_request(const net::Frame& frame) {
  ClientRequest request;
  begin(request, frame);
  return request;
}

void Session::begin(ClientRequest& request, const net::Frame& frame) {
  request.version = frame.version;
  request.stream = frame.stream;
  if ((frame.flags & net::kFlagTracing) && may_be_traced(frame.opcode)) {
    request.trace = std::make_shared<TraceFact>();
    request.trace->id = time_uuid();
    request.trace->started_at = context_.clock.wall();
    request.traced_at = now_us();
  }
}

void Session::handle_startup(const net::Frame& frame) {
  ClientRequest request = new_request(frame);
  net::StartupRequest startup;
  auto refuse = [&](const Error& error) {
    answer_error(request, error);
    reader_.startup_refused();
  };
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
    } else if (type != "TRACE_COMPLETE") {  // which no server sends
      return answer_error(request,
                          Error{ErrorKind::kProtocol, "Invalid value '" + std::string(name) + "' for Type"});
    } else if (version_ < 4) {
      return answer_error(
          request, Error{ErrorKind::kProtocol, "Event TRACE_COMPLETE not valid for protocol version 3/v3"});
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
    if (!before.warnings.empty() || before.tracing_id)
      net::encode_prelude(frame.body(), request.version, before);
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
  // Whoever prepared has the columns of PREPARE; those of a condition's answer are not among them. Who sends
  // text along says what it wants.
  header.skip_metadata = request.skip_metadata && (known || !request.prepared);
  if (known && request.prepared && request.version >= 5 && !request.knows_metadata) {
    header.new_metadata_id = info->result_metadata_id;
  }
  if (page_state) header.paging_state = *page_state;
  const auto encode = [&](Bytes& body) {
    net::encode_rows(body, request.version, header, rows.row_count, rows.rows);
  };
  // a reference: the function has no room for three
  answer(request, net::Opcode::kResult, std::cref(encode));
}

}  // namespace keyzone::actors
