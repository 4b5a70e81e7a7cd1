#include "sim/client.h"

#include <algorithm>

#include "schema/types/collections.h"

namespace keyzone::sim {

namespace {

constexpr Time kReconnect = 200 * kMillisecond;
constexpr Time kPatienceLeast = 150 * kMillisecond;
constexpr Time kPatience = 15 * kSecond;
constexpr int32_t kPairRows = 3;
constexpr uint64_t kRemovedMost = 200;  // values back from now that a removal may reach
constexpr size_t kEntryBytes = 500;     // a handful of entries are too large for their row
constexpr uint64_t kReadersOneIn = 5;   // clients that only read: no write that waits keeps them from it

constexpr const char* kSchema[] = {
    "CREATE KEYSPACE IF NOT EXISTS sim WITH replication = {'class': 'NetworkTopologyStrategy', "
    "'datacenter1': 3}",
    "CREATE TABLE IF NOT EXISTS sim.registers (key int PRIMARY KEY, value bigint)",
    "CREATE TABLE IF NOT EXISTS sim.conditional (key int PRIMARY KEY, value bigint)",
    "CREATE TABLE IF NOT EXISTS sim.sets (key int, element bigint, PRIMARY KEY (key, element))",
    "CREATE TABLE IF NOT EXISTS sim.pairs (key int, part int, value bigint, PRIMARY KEY (key, part))",
    "CREATE TABLE IF NOT EXISTS sim.counters (key int PRIMARY KEY, value counter)",
    "CREATE TABLE IF NOT EXISTS sim.fleeting (key int, element bigint, PRIMARY KEY (key, element))"
    " WITH gc_grace_seconds = 1",
    "CREATE TABLE IF NOT EXISTS sim.maps (key int PRIMARY KEY, parts map<bigint, blob>) WITH "
    "gc_grace_seconds = 1",
};
constexpr const char* kTexts[kStatements] = {
    "INSERT INTO sim.registers (key, value) VALUES (?, ?)",
    "SELECT value FROM sim.registers WHERE key = ?",
    "INSERT INTO sim.conditional (key, value) VALUES (?, ?)",
    "UPDATE sim.conditional SET value = ? WHERE key = ? IF value = ?",
    "INSERT INTO sim.conditional (key, value) VALUES (?, ?) IF NOT EXISTS",
    "SELECT value FROM sim.conditional WHERE key = ?",
    "INSERT INTO sim.sets (key, element) VALUES (?, ?)",
    "SELECT element FROM sim.sets WHERE key = ?",
    "INSERT INTO sim.pairs (key, part, value) VALUES (?, ?, ?)",
    "SELECT value FROM sim.pairs WHERE key = ?",
    "UPDATE sim.counters SET value = value + 1 WHERE key = ?",
    "SELECT value FROM sim.counters WHERE key = ?",
    "INSERT INTO sim.fleeting (key, element) VALUES (?, ?)",
    "INSERT INTO sim.fleeting (key, element) VALUES (?, ?) USING TTL 2",
    "DELETE FROM sim.fleeting WHERE key = ? AND element >= ? AND element <= ?",
    "DELETE FROM sim.fleeting WHERE key = ?",
    "SELECT element FROM sim.fleeting WHERE key = ?",
    "UPDATE sim.maps SET parts[?] = ? WHERE key = ?",
    "UPDATE sim.maps USING TTL 2 SET parts[?] = ? WHERE key = ?",
    "INSERT INTO sim.maps (key, parts) VALUES (?, ?)",
    "DELETE parts[?] FROM sim.maps WHERE key = ?",
    "DELETE parts FROM sim.maps WHERE key = ?",
    "DELETE FROM sim.maps WHERE key = ?",
    "SELECT parts FROM sim.maps WHERE key = ?",
};

Bytes wire_int(int64_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}
Bytes wire_bigint(int64_t value) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}
int64_t read_bigint(BytesView bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return static_cast<int64_t>(value);
}

std::vector<int64_t> values_of(const net::ClientReply& reply, int32_t column) {
  std::vector<int64_t> out;
  const auto& rows = reply.result.rows;
  for (int32_t row = 0; row < rows.row_count; ++row) out.push_back(read_bigint(rows.cell(row, column).bytes));
  return out;
}

// A map with one entry, in wire form; and the keys of one.
Bytes wire_entry(int64_t key, const Bytes& value) {
  return wire_int(1) + wire_int(sizeof key) + wire_bigint(key) +
         wire_int(static_cast<int64_t>(value.size())) + value;
}
std::vector<int64_t> map_keys(BytesView map) {
  std::vector<int64_t> out;
  CollectionReader reader(map, 2);
  for (BytesView key, value; reader.next(key) && reader.next(value);) out.push_back(read_bigint(key));
  return out;
}

// Errors that promise that nothing was done.
bool surely_without_effect(const net::ClientReply& reply) {
  if (reply.outcome != net::ClientReply::Outcome::kError) return false;
  switch (reply.error.code) {
    case net::ErrorCode::kUnavailable:
    case net::ErrorCode::kOverloaded:
    case net::ErrorCode::kInvalid:
    case net::ErrorCode::kUnprepared:
      return true;
    default:
      return false;
  }
}

// A write that surely had no effect is taken for a read of nothing in particular: it is left out.
void leave_out(History& history, size_t place) {
  history[place].kind = Operation::Kind::kRead;
  history[place].answer = kOpen;
}

}  // namespace

Client::Client(Workload& workload, size_t number)
    : workload_(workload),
      world_(workload.world_),
      number_(number),
      random_(workload.random_.fork()),
      reads_only_(random_.below(kReadersOneIn) == 0),
      patience_(draw_log(random_, kPatienceLeast, kPatience)),
      last_seen_(workload.options_.keys, kNothing) {}

Client::~Client() { drop(); }

// --- the connection

void Client::connect() {
  auto connection = std::make_shared<Connection>();
  connection_ = connection;
  const size_t node = random_.below(workload_.nodes_);
  arm_patience();
  workload_.fabric_.connect(
      node, connection->client,
      [this, connection](std::shared_ptr<net::ByteStream> stream) { opened(connection, std::move(stream)); });
}

void Client::opened(const std::shared_ptr<Connection>& connection, std::shared_ptr<net::ByteStream> stream) {
  if (connection != connection_) {  // given up meanwhile
    if (stream) workload_.fabric_.forget(*stream);
    return;
  }
  if (!stream) {
    connection_ = nullptr;
    return go_on_after(kReconnect);
  }
  connection->stream = std::move(stream);
  connection->client.start(*connection->stream,
                           [this, weak = std::weak_ptr(connection)](net::ClientReply& reply) {
                             const auto at = weak.lock();
                             if (!at || at != connection_) return;
                             go_on_after(reply.ok() ? 1 : kReconnect);
                           });
}

// Not from within a callback of the connection: it may be destroyed here.
void Client::drop() {
  ++request_;
  waiting_ = false;
  if (connection_ && connection_->stream) workload_.fabric_.forget(*connection_->stream);
  connection_ = nullptr;
}

void Client::arm_patience() {
  world_.after(mode_ == Mode::kWork ? patience_ : kPatience, [this, request = request_] {
    if (request != request_) return;
    drop();
    go_on_after(1);
  });
}

// --- one thing after another

void Client::go_on_after(Time delay) {
  ++request_;
  waiting_ = false;
  world_.after(delay, [this, request = request_] {
    if (request == request_) go_on();
  });
}

void Client::go_on() {
  if (mode_ == Mode::kIdle || waiting_) return;
  if (connection_ && (!connection_->stream || !connection_->client.ready())) drop();
  if (!connection_) return connect();
  if (mode_ == Mode::kSchema) return send_schema();
  if (mode_ == Mode::kWork) {
    if (!workload_.running_) {
      mode_ = Mode::kIdle;
      return;
    }
    return perform_any();
  }
  const auto task = static_cast<Task>(last_step_ % kTasks);
  perform(task, last_step_ / kTasks);
}

bool Client::reads(Task task) {
  return task == Task::kReadRegister || task == Task::kReadConditional || task == Task::kReadSet ||
         task == Task::kReadPairs || task == Task::kReadCounter || task == Task::kReadFleeting ||
         task == Task::kReadEntries;
}

void Client::perform_any() {
  const size_t keys = workload_.options_.keys;
  TableTasks among{0, kTasks};
  size_t key = random_.below(keys);
  if (workload_.options_.focus > 0) {
    const uint64_t focus = workload_.focus();
    among = kTasksOfTable[focus % std::size(kTasksOfTable)];
    key = focus / std::size(kTasksOfTable) % keys;
  }
  Task task;
  do {
    task = static_cast<Task>(among.first + random_.below(among.count));
  } while (reads_only_ && !reads(task));
  perform(task, key);
}

void Client::begin() {
  mode_ = Mode::kWork;
  go_on_after(1 + static_cast<Time>(random_.below(100 * kMillisecond)));
}

void Client::create_schema() {
  mode_ = Mode::kSchema;
  go_on_after(1);
}

void Client::begin_last_round() {
  drop();
  mode_ = Mode::kLastRound;
  last_step_ = 0;
  go_on_after(1);
}

void Client::send_schema() {
  waiting_ = true;
  ++request_;
  arm_patience();
  connection_->client.query(kSchema[schema_step_], net::Consistency::kLocalQuorum,
                            [this, request = request_](net::ClientReply& reply) {
                              if (request != request_) return;
                              if (reply.ok() && ++schema_step_ == std::size(kSchema)) {
                                mode_ = Mode::kIdle;
                                workload_.prepared_ = true;
                              }
                              go_on_after(reply.ok() ? 1 : kReconnect);
                            });
  connection_->client.flush();
}

net::ReplyCallback Client::answer(std::function<void(net::ClientReply&)> then) {
  waiting_ = true;
  ++request_;
  ++workload_.begun_;
  arm_patience();
  return [this, request = request_, then = std::move(then)](net::ClientReply& reply) {
    if (request != request_) return;
    const bool closed = reply.outcome == net::ClientReply::Outcome::kClosed;
    if (closed && reply.error.message.find("waits for none") != std::string::npos && !workload_.violation_) {
      workload_.violation_ = Violation{"one-answer", reply.error.message};
    }
    if (!closed) ++workload_.answered_;
    if (!reply.ok() && reply.error.message.find("until there is space") != std::string::npos)
      ++workload_.refused_;
    world_.trace().tell(
        world_.now(), Trace::Kind::kClient, number_, static_cast<uint64_t>(reply.outcome), [&] {
          return "client " + std::to_string(number_) + ": " + (reply.ok() ? "answered" : reply.error.message);
        });
    then(reply);
    finish(reply.ok());
  };
}

void Client::finish(bool well) {
  if (mode_ == Mode::kLastRound) {
    if (well && ++last_step_ == kTasks * workload_.options_.keys) {
      mode_ = Mode::kIdle;
      return;
    }
    return go_on_after(well ? 1 : kReconnect);
  }
  const auto think = static_cast<uint64_t>(workload_.options_.think_time);
  if (!well && random_.below(4) == 0) connection_->stream->close();  // and elsewhere next
  go_on_after(1 + static_cast<Time>(random_.below(2 * think)));
}

// --- operations

void Client::with_prepared(Statement statement, net::ReplyCallback done,
                           std::function<void(const Bytes&)> go_on) {
  const auto number = static_cast<size_t>(statement);
  if (const auto& id = connection_->prepared[number]; !id.empty()) return go_on(id);
  connection_->client.prepare(kTexts[number],
                              [this, number, weak = std::weak_ptr(connection_), done = std::move(done),
                               go_on = std::move(go_on)](net::ClientReply& reply) {
                                if (!reply.ok()) return done(reply);
                                const auto at = weak.lock();
                                if (!at || at != connection_) return;  // given up meanwhile
                                at->prepared[number] = reply.result.prepared.id;
                                go_on(at->prepared[number]);
                              });
  connection_->client.flush();
}

void Client::execute(Statement statement, std::vector<Bytes> values, net::ReplyCallback done) {
  const bool reads = statement == Statement::kReadRegister || statement == Statement::kReadConditional ||
                     statement == Statement::kReadSet || statement == Statement::kReadPair ||
                     statement == Statement::kReadCounter || statement == Statement::kReadFleeting ||
                     statement == Statement::kReadEntries;
  const auto consistency = reads ? read_consistency() : net::Consistency::kLocalQuorum;
  with_prepared(statement, done, [this, consistency, values = std::move(values), done](const Bytes& id) {
    net::ExecuteRequest request;
    request.id = id;
    for (const auto& value : values) request.parameters.values.push_back(Value::of(value));
    request.parameters.consistency = consistency;
    connection_->client.execute(request, done);
    connection_->client.flush();
  });
}

net::Consistency Client::read_consistency() {
  switch (random_.below(3)) {
    case 0:
      return net::Consistency::kLocalOne;  // linearizable unless a node is told otherwise
    case 1:
      return net::Consistency::kQuorum;
    default:
      return net::Consistency::kLocalQuorum;
  }
}

void Client::perform(Task task, size_t key) {
  switch (task) {
    case Task::kWriteRegister:
    case Task::kReadRegister:
      return perform_on_register(task, workload_.registers_[key], key);
    case Task::kWriteConditional:
    case Task::kCompareAndSet:
    case Task::kReadConditional:
      return perform_on_register(task, workload_.conditional_[key], key);
    case Task::kInsertIntoSet:
    case Task::kReadSet:
      return perform_on_set(task, key);
    case Task::kWritePairs:
    case Task::kReadPairs:
      return perform_on_pairs(task, key);
    case Task::kAdd:
    case Task::kReadCounter:
      return perform_on_counter(task, key);
    case Task::kInsertFleeting:
    case Task::kRemoveFleeting:
    case Task::kReadFleeting:
      return perform_on_fleeting(task, key);
    case Task::kPutEntry:
    case Task::kRemoveEntries:
    case Task::kReadEntries:
      return perform_on_entries(task, key);
  }
}

void Client::perform_on_register(Task task, History& history, size_t key) {
  const size_t place = history.size();
  Operation operation;
  operation.call = workload_.moment();
  const Bytes wire_key = wire_int(static_cast<int64_t>(key));
  if (task == Task::kReadRegister || task == Task::kReadConditional) {
    history.push_back(operation);
    const bool conditional = task == Task::kReadConditional;
    const auto done = answer([this, &history, place, key, conditional](net::ClientReply& reply) {
      if (!reply.ok()) return;
      const auto values = values_of(reply, 0);
      history[place].value = values.empty() ? kNothing : values.front();
      history[place].answer = workload_.moment();
      if (conditional) last_seen_[key] = history[place].value;
    });
    return execute(conditional ? Statement::kReadConditional : Statement::kReadRegister, {wire_key}, done);
  }
  operation.value = workload_.unique_value();
  const bool compare = task == Task::kCompareAndSet;
  operation.kind = compare ? Operation::Kind::kCompareAndSet : Operation::Kind::kWrite;
  operation.expected = compare ? last_seen(key) : kNothing;
  history.push_back(operation);
  const auto done = answer([this, &history, place, key, compare](net::ClientReply& reply) {
    if (surely_without_effect(reply)) return leave_out(history, place);
    if (!reply.ok()) return;
    auto& done_operation = history[place];
    done_operation.answer = workload_.moment();
    if (!compare) return;
    const auto& rows = reply.result.rows;
    done_operation.applied = rows.row_count > 0 && rows.cell(0, 0).bytes == BytesView("\1", 1);
    if (done_operation.applied) {
      last_seen_[key] = done_operation.value;
    } else if (rows.row_count > 0 && rows.metadata.column_count > 1) {
      last_seen_[key] = read_bigint(rows.cell(0, rows.metadata.column_count - 1).bytes);
    } else {
      last_seen_[key] = kNothing;
    }
  });
  const Bytes value = wire_bigint(operation.value);
  if (!compare) {
    const auto statement =
        task == Task::kWriteRegister ? Statement::kWriteRegister : Statement::kWriteConditional;
    return execute(statement, {wire_key, value}, done);
  }
  if (operation.expected == kNothing) return execute(Statement::kInsertIfNotExists, {wire_key, value}, done);
  execute(Statement::kCompareAndSet, {value, wire_key, wire_bigint(operation.expected)}, done);
}

void Client::perform_on_set(Task task, size_t key) {
  auto& history = workload_.sets_[key];
  const size_t place = history.size();
  SetOperation operation;
  operation.is_read = task == Task::kReadSet;
  operation.call = workload_.moment();
  if (!operation.is_read) operation.element = workload_.unique_value();
  history.push_back(operation);
  const auto done = answer([this, &history, place](net::ClientReply& reply) {
    if (!reply.ok()) return;
    history[place].answer = workload_.moment();
    if (history[place].is_read) history[place].elements = values_of(reply, 0);
  });
  const Bytes wire_key = wire_int(static_cast<int64_t>(key));
  if (operation.is_read) return execute(Statement::kReadSet, {wire_key}, done);
  execute(Statement::kInsertIntoSet, {wire_key, wire_bigint(operation.element)}, done);
}

// A set whose elements expire and are removed, so that there is always something to sweep.
void Client::perform_on_fleeting(Task task, size_t key) {
  auto& history = workload_.fleeting_[key];
  const size_t place = history.size();
  SetOperation operation;
  operation.is_read = task == Task::kReadFleeting;
  operation.is_removal = task == Task::kRemoveFleeting;
  operation.call = workload_.moment();
  operation.element = operation.is_read ? 0 : workload_.unique_value();
  const bool all = operation.is_removal && random_.below(8) == 0;
  operation.mortal = random_.below(2) == 0;
  if (operation.is_removal) {
    operation.last = all ? INT64_MAX : operation.element;
    operation.element = all ? INT64_MIN : operation.last - static_cast<int64_t>(random_.below(kRemovedMost));
  }
  history.push_back(operation);
  const auto done = answer([this, &history, place](net::ClientReply& reply) {
    if (!reply.ok()) return;
    history[place].answer = workload_.moment();
    if (history[place].is_read) history[place].elements = values_of(reply, 0);
  });
  const Bytes wire_key = wire_int(static_cast<int64_t>(key)), element = wire_bigint(operation.element);
  if (operation.is_read) return execute(Statement::kReadFleeting, {wire_key}, done);
  if (all) return execute(Statement::kRemoveAll, {wire_key}, done);
  if (operation.is_removal) {
    return execute(Statement::kRemoveRange, {wire_key, element, wire_bigint(operation.last)}, done);
  }
  execute(operation.mortal ? Statement::kInsertMortal : Statement::kInsertFleeting, {wire_key, element},
          done);
}

void Client::perform_on_entries(Task task, size_t key) {
  auto& history = workload_.entries_[key];
  if (task == Task::kPutEntry) return put_entry(history, key);
  if (task == Task::kRemoveEntries) return remove_entries(history, key);
  const size_t place = history.size();
  SetOperation& operation = history.emplace_back();
  operation.is_read = true;
  operation.call = workload_.moment();
  const auto done = answer([this, &history, place](net::ClientReply& reply) {
    if (!reply.ok()) return;
    history[place].answer = workload_.moment();
    const auto& rows = reply.result.rows;
    if (rows.row_count > 0) history[place].elements = map_keys(rows.cell(0, 0).bytes);
  });
  execute(Statement::kReadEntries, {wire_int(static_cast<int64_t>(key))}, done);
}

void Client::put_entry(SetHistory& history, size_t key) {
  const size_t place = history.size();
  const bool whole = random_.below(16) == 0;  // instead of all that is there
  SetOperation operation;
  operation.call = workload_.moment();
  operation.element = workload_.unique_value();
  operation.mortal = !whole && random_.below(4) == 0;
  history.push_back(operation);
  if (whole) {
    SetOperation& removal = history.emplace_back();
    removal.is_removal = true;
    removal.element = INT64_MIN;
    removal.last = INT64_MAX;
    removal.call = operation.call;
  }
  const auto done = answer([this, &history, place, whole](net::ClientReply& reply) {
    if (!reply.ok()) return;
    history[place].answer = workload_.moment();
    if (whole) history[place + 1].answer = history[place].answer;
  });
  const Bytes wire_key = wire_int(static_cast<int64_t>(key)), value(kEntryBytes, 'v');
  if (whole) return execute(Statement::kWriteEntries, {wire_key, wire_entry(operation.element, value)}, done);
  execute(operation.mortal ? Statement::kPutMortalEntry : Statement::kPutEntry,
          {wire_bigint(operation.element), value, wire_key}, done);
}

// Mostly of one entry, which may be there or not; else of all, or of their row.
void Client::remove_entries(SetHistory& history, size_t key) {
  const size_t place = history.size();
  const uint64_t kind = random_.below(16);
  SetOperation operation;
  operation.is_removal = true;
  operation.call = workload_.moment();
  operation.last = workload_.unique_value();
  operation.last -= static_cast<int64_t>(random_.below(kRemovedMost));
  operation.element = operation.last;
  if (kind < 2) {
    operation.element = INT64_MIN;
    operation.last = INT64_MAX;
  }
  history.push_back(operation);
  const auto done = answer([this, &history, place](net::ClientReply& reply) {
    if (reply.ok()) history[place].answer = workload_.moment();
  });
  const Bytes wire_key = wire_int(static_cast<int64_t>(key));
  if (kind < 2)
    return execute(kind == 0 ? Statement::kRemoveEntries : Statement::kRemoveMap, {wire_key}, done);
  execute(Statement::kRemoveEntry, {wire_bigint(operation.element), wire_key}, done);
}

void Client::perform_on_pairs(Task task, size_t key) {
  auto& history = workload_.pairs_[key];
  const size_t place = history.size();
  Operation operation;
  operation.call = workload_.moment();
  if (task == Task::kWritePairs) {
    operation.kind = Operation::Kind::kWrite;
    operation.value = workload_.unique_value();
    history.push_back(operation);
    return write_pairs(key, operation.value, answer([this, &history, place](net::ClientReply& reply) {
                         if (surely_without_effect(reply)) return leave_out(history, place);
                         if (reply.ok()) history[place].answer = workload_.moment();
                       }));
  }
  history.push_back(operation);
  const auto done = answer([this, &history, place, key](net::ClientReply& reply) {
    if (!reply.ok()) return;
    const auto values = values_of(reply, 0);
    history[place].value = values.empty() ? kNothing : values.front();
    history[place].answer = workload_.moment();
    const bool whole = values.empty() || values == std::vector<int64_t>(kPairRows, values.front());
    if (whole || workload_.violation_) return;
    std::string text = "the rows of one batch on key " + std::to_string(key) + " were read in part:";
    for (const auto value : values) text += " " + std::to_string(value);
    workload_.violation_ = Violation{"isolation", text};
  });
  execute(Statement::kReadPair, {wire_int(static_cast<int64_t>(key))}, done);
}

void Client::perform_on_counter(Task task, size_t key) {
  auto& history = workload_.counters_[key];
  const size_t place = history.size();
  CounterOperation operation;
  operation.is_read = task == Task::kReadCounter;
  operation.call = workload_.moment();
  history.push_back(operation);
  const auto done = answer([this, &history, place](net::ClientReply& reply) {
    if (!reply.ok()) return;
    history[place].answer = workload_.moment();
    const auto values = history[place].is_read ? values_of(reply, 0) : std::vector<int64_t>();
    if (!values.empty()) history[place].value = values.front();
  });
  execute(operation.is_read ? Statement::kReadCounter : Statement::kAdd,
          {wire_int(static_cast<int64_t>(key))}, done);
}

void Client::write_pairs(size_t key, int64_t value, net::ReplyCallback done) {
  const auto type = random_.below(2) == 0 ? net::BatchType::kLogged : net::BatchType::kUnlogged;
  with_prepared(Statement::kWritePair, done, [this, key, value, type, done](const Bytes& id) {
    const Bytes wire_key = wire_int(static_cast<int64_t>(key)), wire_value = wire_bigint(value);
    std::vector<Bytes> parts;
    for (int32_t part = 0; part < kPairRows; ++part) parts.push_back(wire_int(part));
    net::BatchRequest batch;
    batch.type = type;
    batch.consistency = net::Consistency::kLocalQuorum;
    for (const auto& part : parts) {
      net::BatchStatement statement;
      statement.prepared = true;
      statement.text_or_id = id;
      statement.values = {Value::of(wire_key), Value::of(part), Value::of(wire_value)};
      batch.statements.push_back(std::move(statement));
    }
    connection_->client.batch(batch, done);
    connection_->client.flush();
  });
}

}  // namespace keyzone::sim
