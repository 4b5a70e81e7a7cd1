// Writes to several tablets of which all or none shall happen. A logged batch: first the replicated batch
// log, then the tablets, then the log's entry goes. What a coordinator leaves half done, the batch log's
// keeper finishes (batch_keeper.h).
#include <caf/send.hpp>

#include "actors/batch_log.h"
#include "actors/session_actor.h"

namespace keyzone::actors {
namespace {

// A read of the command's tablet.
cql::TabletRead read_for(const cql::TabletCommand& command) {
  cql::TabletRead read;
  read.table = command.table;
  read.token = command.token;
  read.request = std::make_shared<ReadRequest>();
  read.request->table = command.table;
  read.request->schema_version = command.command.schema_version;
  return read;
}

}  // namespace

// What goes to several tablets, and is a logged batch or looks something up.
void Session::start_batch(uint32_t number) {
  auto& request = requests_.at(number);
  const auto& write = std::get<cql::WriteExecution>(*request.execution);
  if (write.kind == cql::WriteKind::kLoggedBatch && !batch_log(*view().catalog)) {
    --request.plans;  // a cluster that has just begun: the log is on its way, as tablets are there
    return plan_soon(number);
  }
  learn_clocks(number);
}

// First every tablet involved is read: with the answer comes its leader's clock, so that the one stamp that
// all commands get is above everything acknowledged there before.
void Session::learn_clocks(uint32_t number) {
  auto& request = requests_.at(number);
  const auto& commands = std::get<cql::WriteExecution>(*request.execution).commands;
  std::vector<cql::TabletRead> reads;
  for (const auto& command : commands) {
    auto read = read_for(command);
    read.request->token = command.token;
    read.request->partition_key = command.command.mutations.front().partition_key;
    read.request->statics_only = true;
    reads.push_back(std::move(read));
  }
  request.outcomes.assign(1, {});
  request.batch.made().looked_up.clear();
  request.then = [this](uint32_t known) { look_up(known); };
  read_first(number, std::move(reads));
}

// Elements that are named by index or value are looked up before anything is written: if one isn't there,
// nothing is; and a batch that is finished later, even twice, ends in the same state.
void Session::look_up(uint32_t number) {
  auto& request = requests_.at(number);
  auto& commands = std::get<cql::WriteExecution>(*request.execution).commands;
  BatchProgress& batch = *request.batch;
  std::vector<cql::TabletRead> reads;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!looks_back(commands[i].command)) continue;
    if (!batch.mark) batch.mark = BatchMark{context_.clock.next(), random_.next()};
    commands[i].command.batch = batch.mark;
    auto& read = reads.emplace_back(read_for(commands[i]));
    read.index = i;
    read.request->look_up = encode_command(commands[i].command);
  }
  if (reads.empty()) return log_or_send(number);
  batch.looked_up.assign(commands.size(), {});
  request.then = [this](uint32_t found) { take_looked_up(found); };
  read_first(number, std::move(reads));
}

void Session::take_looked_up(uint32_t number) {
  auto& request = requests_.at(number);
  auto& commands = std::get<cql::WriteExecution>(*request.execution).commands;
  for (size_t i = 0; i < commands.size(); ++i) {
    const Bytes found = std::exchange(request.batch->looked_up[i], {});
    if (found.empty()) continue;
    auto command = decode_command(found);
    if (!command) return fail(number, command.error());
    commands[i].command = *std::move(command);
  }
  log_or_send(number);
}

void Session::log_or_send(uint32_t number) {
  const auto& write = std::get<cql::WriteExecution>(*requests_.at(number).execution);
  write.kind == cql::WriteKind::kLoggedBatch ? log_batch(number) : send_commands(number);
}

void Session::read_first(uint32_t number, std::vector<cql::TabletRead> reads) {
  requests_.at(number).waiting = reads.size();
  for (auto& read : reads) {
    add_read(number, std::move(read));
    if (!requests_.contains(number)) return;  // failed
  }
}

// One stamp, so that finishing the batch later (even twice) ends in the same state.
void Session::log_batch(uint32_t number) {
  auto& request = requests_.at(number);
  auto& write = std::get<cql::WriteExecution>(*request.execution);
  const Timestamp stamp = context_.clock.next();
  BatchProgress& batch = *request.batch;
  if (!batch.mark) batch.mark = BatchMark{stamp, random_.next()};
  const BatchEntry entry = make_entry(time_uuid(), stamp, *batch.mark, write.commands);
  request.outcomes.assign(1, {});
  request.waiting = 1;
  batch.entry = entry.id;
  request.then = [this](uint32_t logged) {
    const auto replaced = std::exchange(requests_.at(logged).batch->replaced_entries, {});
    for (const auto& id : replaced) forget_batch(id);
    send_commands(logged);
  };
  add_write(number, 0, put_entry(*batch_log(*view().catalog), entry));
}

// Everything is where it belongs: nobody needs to finish it. Not waited for.
void Session::forget_batch(const Uuid& id) {
  const auto log = batch_log(*view().catalog);
  if (!log) return;
  auto [number, request] = requests_.add();
  request.silent = true;
  request.execution = cql::WriteExecution();
  request.outcomes.assign(1, {});
  request.waiting = 1;
  request.then = [this](uint32_t done) { forget(done); };
  admit(request);
  add_write(number, 0, delete_entry(*log, id, context_.clock.next()));
}

}  // namespace keyzone::actors
