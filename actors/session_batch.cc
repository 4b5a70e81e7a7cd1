// Logged batches over several tablets: first the replicated batch log, then the tablets, then the log's entry
// goes. What a coordinator leaves half done, the batch log's keeper finishes (batch_keeper.h).
#include <caf/send.hpp>

#include "actors/batch_log.h"
#include "actors/session_actor.h"

namespace keyzone::actors {

// First every tablet involved is read: with the answer comes its leader's clock, so that the one stamp that
// all commands get is above everything acknowledged there before.
void Session::start_logged_batch(uint32_t number) {
  auto& request = requests_.at(number);
  if (!batch_log(
          *view().catalog)) {  // a cluster that has just begun: the log is on its way, as tablets are there
    --request.plans;
    return plan_soon(number);
  }
  const auto& commands = std::get<cql::WriteExecution>(*request.execution).commands;
  request.outcomes.assign(1, {});
  request.waiting = commands.size();
  request.then = [this](uint32_t read) { log_batch(read); };
  std::vector<cql::TabletRead> reads;
  for (const auto& command : commands) {
    cql::TabletRead read;
    read.table = command.table;
    read.token = command.token;
    read.request.table = command.table;
    read.request.schema_version = command.command.schema_version;
    read.request.partitions.push_back({command.token, command.command.mutations.front().partition_key});
    read.request.statics_only = true;
    reads.push_back(std::move(read));
  }
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
  if (!request.mark) request.mark = BatchMark{stamp, random_.next()};
  const BatchEntry entry = make_entry(time_uuid(), stamp, *request.mark, write.commands);
  request.outcomes.assign(1, {});
  request.waiting = 1;
  request.batch = entry.id;
  request.then = [this](uint32_t logged) {
    for (const auto& id : std::exchange(requests_.at(logged).replaced_batches, {})) forget_batch(id);
    send_commands(logged);
  };
  add_write(number, 0, put_entry(*batch_log(*view().catalog), entry));
}

// Everything is where it belongs: nobody needs to finish it. Not waited for.
void Session::forget_batch(const Uuid& id) {
  const auto log = batch_log(*view().catalog);
  if (!log) return;
  ClientRequest request;
  request.silent = true;
  request.execution = cql::WriteExecution();
  request.outcomes.assign(1, {});
  request.waiting = 1;
  const uint32_t number = add_request(std::move(request));
  requests_.at(number).then = [this](uint32_t done) { forget(done); };
  add_write(number, 0, delete_entry(*log, id, context_.clock.next()));
}

}  // namespace keyzone::actors
