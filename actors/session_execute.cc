// How a session asks tablets: which replica, again after how long, and what it makes of refusals.
#include <caf/send.hpp>

#include <chrono>

#include "actors/session_actor.h"

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kSessionTick{20};
constexpr int kTicksBetweenLooks = 5;  // at every request and part, if none is known to want one earlier
constexpr Timestamp kResendAfter = 1'000'000;  // microseconds without an answer
constexpr Timestamp kStaleWait = 5'000;        // before planning again on a catalog that may be on its way
constexpr int kPlansMax = 100;
constexpr size_t kMajority = 2;  // of three replicas
constexpr size_t kReplicasOfTablet = 3;

// How many have to answer: all that there are for THREE too, else a majority.
size_t replicas_needed(net::Consistency consistency) {
  const bool all = consistency == net::Consistency::kAll || consistency == net::Consistency::kThree;
  return all ? kReplicasOfTablet : kMajority;
}

bool looks_back(const cql::WriteExecution& write) {
  return std::any_of(write.commands.begin(), write.commands.end(),
                     [](const cql::TabletCommand& one) { return keyzone::looks_back(one.command); });
}

bool is_nearest(net::Consistency consistency) {
  return consistency == net::Consistency::kOne || consistency == net::Consistency::kLocalOne;
}

}  // namespace

const NodeView& Session::view() {
  if (!view_ || view_version_ != context_.routing.version()) {
    view_version_ = context_.routing.version();
    view_ = context_.routing.view();
  }
  return *view_;
}

RequestId Session::id_of(uint32_t part) const {
  return {context_.coordinator(), static_cast<uint64_t>(number_) << kSessionShift | part};
}

std::pair<uint32_t, RequestPart&> Session::add_part(uint32_t request, size_t index) {
  const auto added = parts_.add();
  added.second.request = request;
  added.second.index = index;
  return added;
}

void Session::admit(ClientRequest& request) {
  request.started = now_us();
  request.asked = request.started;
  request.deadline = request.asked + std::chrono::microseconds(context_.options.write_timeout).count();
  context_.meters.requests_under_way.fetch_add(1, std::memory_order_relaxed);
  schedule_tick();
}

void Session::refuse(uint32_t number, const Error& error) {
  answer_error(requests_.at(number), error);
  requests_.erase(number);
}

// How long a client waits for it.
std::chrono::milliseconds Session::patience_for(const cql::Execution& execution) const {
  const auto& options = context_.options;
  if (std::holds_alternative<cql::ReadExecution>(execution)) return options.read_timeout;
  if (std::holds_alternative<cql::TruncateExecution>(execution)) return options.truncate_timeout;
  if (std::holds_alternative<cql::SchemaExecution>(execution)) return options.schema_timeout;
  return options.write_timeout;
}

void Session::start(uint32_t number, cql::Execution execution) {
  auto& request = requests_.at(number);
  request.execution = std::move(execution);
  request.deadline = request.asked + std::chrono::microseconds(patience_for(*request.execution)).count();
  request.waiting = 0;
  request.replan = false;
  request.then = nullptr;
  ++request.plans;
  struct Starter {
    Session& session;
    uint32_t number;
    ClientRequest& request;
    void operator()(cql::WriteExecution& v) {
      request.warn(v.warnings);
      session.start_write(number);
    }
    void operator()(cql::ReadExecution& v) {
      if (is_serial(request.consistency) && v.several_partitions()) {
        return session.fail(number, invalid("SERIAL/LOCAL_SERIAL consistency may only be requested for one "
                                            "partition at a time"));
      }
      session.continue_read(number);
    }
    void operator()(cql::LocalRead&) { session.start_local_read(number); }
    void operator()(cql::LocalDelete&) { session.delete_traces(number); }
    void operator()(cql::SchemaExecution&) { session.start_schema(number); }
    void operator()(cql::DescribeExecution&) { session.start_describe(number); }
    void operator()(cql::UseExecution& v) { session.use_keyspace(number, v.keyspace); }
    void operator()(cql::TruncateExecution&) { session.start_truncate(number); }
  };
  std::visit(Starter{*this, number, request}, *request.execution);
}

// --- writes

void Session::start_write(uint32_t number) {
  auto& request = requests_.at(number);
  auto& write = std::get<cql::WriteExecution>(*request.execution);
  if (write.commands.empty()) return finish_write(number);
  const bool logged = write.kind == cql::WriteKind::kLoggedBatch;
  if (write.commands.size() > 1 && (logged || looks_back(write))) return start_batch(number);
  send_commands(number);
}

void Session::send_commands(uint32_t number) {
  auto& request = requests_.at(number);
  auto& write = std::get<cql::WriteExecution>(*request.execution);
  request.outcomes.assign(write.commands.size(), {});
  request.waiting = write.commands.size();
  const size_t count = write.commands.size();
  for (size_t i = 0; i < count; ++i) {
    add_write(number, i, std::move(write.commands[i]));
    if (!requests_.contains(number)) return;  // failed
  }
}

// False: the request was answered, since too few replicas are alive: nothing was proposed.
bool Session::replicas_suffice(uint32_t number, const Tablet& tablet) {
  const size_t needed = replicas_needed(requests_.at(number).consistency);
  return replicas_suffice(number, needed, view().alive_replicas(tablet));
}

bool Session::replicas_suffice(uint32_t number, size_t needed, size_t alive) {
  if (alive >= needed) return true;
  auto& request = requests_.at(number);
  net::ErrorResponse error;
  error.code = net::ErrorCode::kUnavailable;
  error.message = "Cannot achieve consistency level " + std::string(net::to_string(request.consistency));
  error.consistency = request.consistency;
  error.required = static_cast<int32_t>(needed);
  error.received = static_cast<int32_t>(alive);
  if (request.execution && std::holds_alternative<cql::TruncateExecution>(*request.execution)) {
    error.code = net::ErrorCode::kTruncateError;
    error.message = "Error during truncate: " + error.message;
  }
  answer_error(request, error);
  forget(number);
  return false;
}

void Session::add_write(uint32_t number, size_t index, cql::TabletCommand command) {
  const auto it = view().catalog->tablets.find(command.table);
  if (it == view().catalog->tablets.end())
    return fail(number, {ErrorKind::kServer, "the table has no tablets"});
  const Tablet& tablet = it->second->find(command.token);
  auto& request = requests_.at(number);
  // A batch that is logged will be applied, whatever happens here: it is no longer refused.
  if (!batch_is_logged(request) && !replicas_suffice(number, tablet)) return;
  auto [part_number, part] = add_part(number, index);
  part.table = command.table;
  part.token = command.token;
  part.group = tablet.group;
  command.command.request = id_of(part_number);
  command.command.deadline = context_.clock.now() + (request.deadline - now_us());
  command.command.epoch = tablet.epoch;
  part.traced = request.trace != nullptr;
  part.write = WriteItem{command.command.request, encode_command(command.command),
                         replicas_needed(request.consistency) == kReplicasOfTablet};
  dispatch(part_number, part);
}

// --- reads

void Session::continue_read(uint32_t number) {
  auto& request = requests_.at(number);
  auto& read = std::get<cql::ReadExecution>(*request.execution);
  if (read.done()) return finish_read(number);
  while (auto wanted = read.next()) {
    ++request.waiting;
    add_read(number, *std::move(wanted));
    if (!requests_.contains(number)) return;  // failed
  }
}

void Session::add_read(uint32_t number, cql::TabletRead read) {
  const auto it = view().catalog->tablets.find(read.table);
  if (it == view().catalog->tablets.end())
    return fail(number, {ErrorKind::kServer, "the table has no tablets"});
  const Tablet& tablet = it->second->find(read.token);
  auto& request = requests_.at(number);
  const bool for_client = std::holds_alternative<cql::ReadExecution>(*request.execution);
  const bool nearest = for_client && context_.options.nearest_reads && is_nearest(request.consistency);
  if (!nearest && !replicas_suffice(number, tablet)) return;
  auto [part_number, part] = add_part(number, read.index);
  part.table = read.table;
  part.token = read.token;
  part.group = tablet.group;
  part.nearest = nearest;
  part.traced = request.trace != nullptr;
  read.request->epoch = tablet.epoch;
  request.table = read.table;
  request.scans = request.scans || read.request->scan;
  part.read = std::move(read.request);
  dispatch(part_number, part);
}

// --- to whom

void Session::dispatch(uint32_t number, RequestPart& part) {
  Route* route = view().route(part.group);
  NodeId to;
  if (route) {
    // Any replica answers reads; only the leader takes writes.
    to = part.read && route->local && !part.local_refused ? context_.self : route->leader_hint();
    if (!to.value && route->local && !part.local_refused) to = context_.self;  // it may know, or will soon
  }
  if (!to.value) {
    const auto it = view().catalog->tablets.find(part.table);
    if (it == view().catalog->tablets.end()) {
      look_soon_ = true;
      return;
    }
    for (const auto node : it->second->find(part.token).replicas) {
      if (view().alive->contains(node)) to = node;
    }
  }
  send_part(number, part, to);
}

void Session::send_part(uint32_t number, RequestPart& part, NodeId to) {
  part.sent = now_us();
  part.sent_to = to;
  if (!to.value) {
    look_soon_ = true;
    return;
  }
  if (part.traced) trace_part(part, "to " + name_of(to));
  if (part.catalog) {
    if (to == context_.self) {
      if (auto* route = view().route(kCatalogGroup); route && route->local)
        send_message(route->local, part.catalog);
    } else {
      auto out = std::make_shared<Outgoing>();
      out->items.push_back({to, PeerItem{kCatalogGroup, *part.catalog}});
      send_message(context_.hub, OutgoingPtr(std::move(out)));
    }
    return;
  }
  const auto key = std::pair(part.group, to);
  if (part.write) {
    auto& writes = writes_[key];
    if (!writes) {
      writes = std::make_shared<WriteRequests>();
      writes->group = part.group;
      writes->origin = context_.self;
    }
    writes->items.push_back(*part.write);
  } else {
    auto& reads = reads_[key];
    if (!reads) {
      reads = std::make_shared<ReadRequests>();
      reads->group = part.group;
      reads->origin = context_.self;
    }
    reads->items.push_back({id_of(number), part.read, part.nearest});
  }
}

// --- answers of tablets

void Session::handle_replies(Replies& replies) {
  in_turn_ = true;
  for (auto& reply : replies.items) {
    if (context_.is_of(number_, reply.id)) handle_reply(reply);
  }
  in_turn_ = false;
  flush();
  pause_if_full();
}

void Session::handle_reply(Reply& reply) {
  const auto part_number = static_cast<uint32_t>(reply.id.sequence);
  RequestPart* found = parts_.find(part_number);
  if (!found) return;  // answered already, or given up
  auto& part = *found;
  if (part.traced) trace_reply(part, reply);
  if (auto* refusal = std::get_if<Refusal>(&reply.body)) return handle_refusal(part_number, part, *refusal);
  const uint32_t number = part.request;
  auto& request = requests_.at(number);
  if (auto* outcome = std::get_if<Outcome>(&reply.body)) {
    if (outcome->kind == OutcomeKind::kNoSpace)
      return fail_part(number, {ErrorKind::kNoSpace, outcome->message});
    if (outcome->kind == OutcomeKind::kExpired) return time_out(number);
    if (outcome->kind == OutcomeKind::kStale) {
      plan_at_look(request);
    } else if (part.index < request.outcomes.size()) {
      request.outcomes[part.index] = std::move(*outcome);
    }
    parts_.erase(part_number);
    return part_done(number);
  }
  const size_t index = part.index;
  parts_.erase(part_number);
  auto& result = std::get<ReadResult>(reply.body);
  auto* read = std::get_if<cql::ReadExecution>(&*request.execution);
  if (!read) {  // of a write: the tablet's clock, or what is looked up
    auto& looked_up = request.batch->looked_up;
    if (index < looked_up.size()) looked_up[index] = std::move(result.rows);
    return part_done(number);
  }
  if (auto fed = read->feed(index, std::move(result)); !fed) return fail(number, fed.error());
  part_done(number);
}

void Session::handle_refusal(uint32_t part_number, RequestPart& part, const Refusal& refusal) {
  const uint32_t number = part.request;
  switch (refusal.kind) {
    case ErrorKind::kNotLeader: {
      auto* route = view().route(part.group);
      if (route && refusal.leader.value) route->learn_leader(refusal.leader);
      if (part.read && part.sent_to == context_.self) part.local_refused = true;
      const bool elsewhere = refusal.leader.value && refusal.leader != part.sent_to;
      if (route && !refusal.leader.value && route->leader_hint() == part.sent_to)
        route->learn_leader(NodeId());
      if (elsewhere && view().alive->contains(refusal.leader))
        return send_part(part_number, part, refusal.leader);
      send_at_look(part);  // nobody leads just now
      return;
    }
    case ErrorKind::kStale:
      parts_.erase(part_number);
      plan_at_look(requests_.at(number));
      return part_done(number);
    case ErrorKind::kOverloaded:
      if (part.catalog) {
        send_at_look(part);
        return;
      }
      [[fallthrough]];
    default:
      return fail_part(number, {refusal.kind, refusal.message});
  }
}

void Session::part_done(uint32_t number) {
  auto& request = requests_.at(number);
  KEYZONE_ASSERT(request.waiting > 0);
  --request.waiting;
  if (request.waiting > 0 && !std::holds_alternative<cql::ReadExecution>(*request.execution)) return;
  if (request.replan) {
    if (request.waiting == 0) plan_again(number);
    return;
  }
  if (request.then) {
    const auto then = std::move(request.then);
    request.then = nullptr;
    return then(number);
  }
  if (std::holds_alternative<cql::ReadExecution>(*request.execution)) return continue_read(number);
  if (std::holds_alternative<cql::WriteExecution>(*request.execution)) return finish_write(number);
}

void Session::finish_write(uint32_t number) {
  auto& request = requests_.at(number);
  auto& write = std::get<cql::WriteExecution>(*request.execution);
  if (!write.warnings_if_applied.empty() && write.applied(request.outcomes))
    request.warn(write.warnings_if_applied);
  auto rows = write.finish(request.outcomes);
  if (!rows) return fail(number, rows.error());
  if (*rows) {
    answer_rows(request, **rows);
  } else {
    answer_void(request);
  }
  const uint64_t taken = microseconds_since(request.asked);
  for (size_t i = 0; i < write.commands.size(); ++i) {
    const Uuid& table = write.commands[i].table;
    if (i == 0 || table != write.commands[i - 1].table) meters_.of(table).coordinator_writes.add(taken);
  }
  const auto entry = request.batch ? request.batch->entry : std::nullopt;
  forget(number);
  if (entry) forget_batch(*entry);
}

void Session::finish_read(uint32_t number) {
  auto& request = requests_.at(number);
  auto& read = std::get<cql::ReadExecution>(*request.execution);
  auto rows = read.take();
  if (!rows) return fail(number, rows.error());
  request.warn(read.warnings());
  if (const auto overwhelmed = check_tombstones(read, request)) {
    answer_error(request, *overwhelmed);
    return forget(number);
  }
  answer_rows(request, *rows);
  if (request.table != Uuid()) {  // it has asked a tablet
    TableMeters& meters = meters_.of(request.table);
    (request.scans ? meters.coordinator_scans : meters.coordinator_reads)
        .add(microseconds_since(request.asked));
  }
  forget(number);
}

// Tombstones that a read had to step over, in Cassandra's words: many are warned of, too many fail it.
std::optional<net::ErrorResponse> Session::check_tombstones(const cql::ReadExecution& read,
                                                            ClientRequest& request) const {
  const auto& threshold = dialect_.guardrails.of(cql::Limit::kTombstones);
  const auto count = static_cast<int64_t>(read.tombstones());
  constexpr size_t kQueryShown = 512;
  if (threshold.fail >= 0 && count > threshold.fail) {
    net::ErrorResponse error;
    error.code = net::ErrorCode::kReadFailure;
    error.consistency = request.consistency;
    error.required = 1;
    constexpr uint16_t kReadTooManyTombstones = 1;
    const auto& self = view_->catalog->nodes.at(context_.self);
    const auto address = net::InetAddress::parse(self.listen_address);
    error.failures.push_back({address ? *address : net::InetAddress(), kReadTooManyTombstones});
    error.message =
        "Operation failed - received 0 responses and 1 failures: READ_TOO_MANY_TOMBSTONES from /" +
        self.listen_address + ":" + std::to_string(self.storage_port);
    return error;
  }
  if (threshold.warn < 0) return std::nullopt;
  for (const cql::CountedRead& one : read.reads_beyond(static_cast<uint64_t>(threshold.warn))) {
    request.warnings.push_back(live_and_dead_text(one.rows, one.tombstones) + " for query " +
                               one.query.substr(0, kQueryShown) + "; token " +
                               std::to_string(one.token.value) + " (see tombstone_warn_threshold)");
  }
  return std::nullopt;
}

// A tablet knows another schema than we planned on: whoever is behind catches up in a moment.
void Session::plan_again(uint32_t number) {
  auto& request = requests_.at(number);
  if (request.plans > kPlansMax || !request.plan) {
    return fail(number, {ErrorKind::kServer, "the schema keeps changing under this statement"});
  }
  if (request.batch && request.batch->entry) {  // the new plan gets one of its own
    request.batch->replaced_entries.push_back(*request.batch->entry);
    request.batch->entry.reset();
  }
  plan_soon(number);
}

void Session::plan_soon(uint32_t number) {
  auto& request = requests_.at(number);
  plan_at_look(request);
  request.started = now_us() + kStaleWait;  // the tick plans it again from then on
  schedule_tick();
}

bool Session::batch_is_logged(const ClientRequest& request) {
  return request.batch && request.batch->entry && !request.then;
}

// A part was refused, surely without effect; of a logged batch the rest may take effect, and the part later.
void Session::fail_part(uint32_t number, const Error& error) {
  if (batch_is_logged(requests_.at(number))) return time_out(number);
  fail(number, error);
}

void Session::fail(uint32_t number, const Error& error) {
  ClientRequest* request = requests_.find(number);
  if (!request) return;
  if (error.kind == ErrorKind::kStale && request->plans <= kPlansMax && request->plan) {
    request->waiting = 0;
    ++request->plans;
    return plan_again(number);
  }
  answer_error(*request, error);
  forget(number);
  if (!in_turn_) flush();
}

void Session::time_out(uint32_t number) {
  auto& request = requests_.at(number);
  // as far as it is known
  if (std::holds_alternative<cql::LocalRead>(*request.execution)) return finish_local_read(number);
  const bool read = std::holds_alternative<cql::ReadExecution>(*request.execution);
  auto* write = std::get_if<cql::WriteExecution>(&*request.execution);
  net::ErrorResponse error;
  error.consistency = request.consistency;
  error.required = static_cast<int32_t>(replicas_needed(request.consistency));
  error.received = static_cast<int32_t>(error.required) - 1;
  if (std::holds_alternative<cql::TruncateExecution>(*request.execution)) {
    const size_t answered = request.outcomes.size() - request.waiting;
    error.code = net::ErrorCode::kTruncateError;
    error.message = "Error during truncate: Truncate timed out - received only " + std::to_string(answered) +
                    " responses";
  } else if (read) {
    error.code = net::ErrorCode::kReadTimeout;
    error.message = "Operation timed out - received only " + std::to_string(error.received) + " responses.";
  } else {
    error.code = net::ErrorCode::kWriteTimeout;
    error.message = "Operation timed out - received only " + std::to_string(error.received) + " responses.";
    error.write_type = "SIMPLE";
    if (write) {
      switch (write->kind) {
        case cql::WriteKind::kConditional:
          error.write_type = "CAS";
          error.consistency = request.serial_consistency.value_or(net::Consistency::kSerial);
          break;
        case cql::WriteKind::kCounter:
          error.write_type = "COUNTER";
          break;
        case cql::WriteKind::kLoggedBatch:
          error.write_type = "BATCH";
          break;
        case cql::WriteKind::kUnloggedBatch:
          error.write_type = "UNLOGGED_BATCH";
          break;
        case cql::WriteKind::kPlain:
          break;
      }
    }
  }
  answer_error(request, error);
  forget(number);
}

void Session::forget(uint32_t number) {
  ClientRequest* request = requests_.find(number);
  if (!request) return;
  if (request->waiting > 0) {
    parts_.each([&](uint32_t part_number, const RequestPart& part) {
      if (part.request == number) parts_.erase(part_number);
    });
  }
  requests_.erase(number);
  context_.meters.requests_under_way.fetch_sub(1, std::memory_order_relaxed);
}

// --- time

void Session::schedule_tick() {
  if (ticking_) return;
  ticking_ = true;
  delayed_send(this, kSessionTick, tick_atom::value);
}

void Session::tick() {
  ticking_ = false;
  in_turn_ = true;
  if (look_soon_ || ++ticks_since_look_ == kTicksBetweenLooks || looked_at_alive_ != view().alive) look();
  in_turn_ = false;
  flush();
  pause_if_full();
  if (!requests_.empty()) schedule_tick();
}

void Session::plan_at_look(ClientRequest& request) {
  request.replan = true;
  look_soon_ = true;
}

void Session::send_at_look(RequestPart& part) {
  part.sent = 0;
  look_soon_ = true;
}

// At everything that may be late, refused or lost.
void Session::look() {
  const Timestamp now = now_us();
  look_soon_ = false;
  ticks_since_look_ = 0;
  looked_at_alive_ = view().alive;
  std::vector<uint32_t> late, stale;
  requests_.each([&](uint32_t number, const ClientRequest& request) {
    if (request.deadline <= now) {
      late.push_back(number);
    } else if (request.replan && request.waiting == 0 && request.started <= now) {
      stale.push_back(number);
    } else if (request.replan) {
      look_soon_ = true;
    }
  });
  for (const auto number : late) time_out(number);
  for (const auto number : stale) {
    auto& request = requests_.at(number);
    request.replan = false;
    (this->*request.plan)(number);
  }
  parts_.each([&](uint32_t number, RequestPart& part) {
    if (part.sent == 0 || now - part.sent > kResendAfter || !view().alive->contains(part.sent_to)) {
      dispatch(number, part);
    }
  });
}

}  // namespace keyzone::actors
