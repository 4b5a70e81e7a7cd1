// Traces: what is sent to peers arrives, and a node keeps no more than it may.
#include "actors/trace.h"

#include <gtest/gtest.h>

#include "cql/system_tables/system_tables.h"

namespace keyzone::actors {
namespace {

std::shared_ptr<TraceFact> sample(uint8_t number, Timestamp started = 1'000'000) {
  auto trace = std::make_shared<TraceFact>();
  trace->id = Uuid{{number}};
  trace->client = "127.0.0.1";
  trace->coordinator = "10.0.0.1";
  trace->coordinator_port = 7000;
  trace->request = "Execute CQL3 query";
  trace->parameters = {{"query", "SELECT"}, {"page_size", "5000"}};
  trace->started_at = started;
  trace->duration_us = 12;
  trace->thread = "session-1";
  trace->events = {{Uuid{{9}}, "Parsing SELECT", 3}, {Uuid{{10}}, "Request complete", 12}};
  return trace;
}

TEST(Trace, WhatIsSentArrives) {
  const auto trace = sample(1);
  const Bytes bytes = encode_trace(*trace);
  const auto back = decode_trace(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ((*back)->id, trace->id);
  EXPECT_EQ((*back)->client, "127.0.0.1");
  EXPECT_EQ((*back)->coordinator_port, 7000);
  EXPECT_EQ((*back)->parameters, trace->parameters);
  EXPECT_EQ((*back)->started_at, 1'000'000);
  EXPECT_EQ((*back)->duration_us, 12);
  ASSERT_EQ((*back)->events.size(), 2u);
  EXPECT_EQ((*back)->events[1].activity, "Request complete");
  EXPECT_EQ((*back)->events[1].elapsed_us, 12);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_trace(BytesView(bytes).substr(0, size)));
}

TEST(Trace, WhatFewHaveArrivesToo) {
  const auto trace = sample(1);
  trace->events[1].source = "10.0.0.2";
  trace->session_deleted = true;
  trace->deleted_columns = {"client", "duration"};
  const auto back = decode_trace(encode_trace(*trace));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ((*back)->events[0].source, "");
  EXPECT_EQ((*back)->events[1].source, "10.0.0.2");
  EXPECT_TRUE((*back)->session_deleted);
  EXPECT_EQ((*back)->deleted_columns, trace->deleted_columns);
}

Bytes bytes_of(const Uuid& id) {
  return Bytes(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

Command delete_of(const Uuid& session, RowWrite row) {
  Command command;
  Mutation& mutation = command.mutations.emplace_back();
  mutation.partition_key = bytes_of(session);
  mutation.rows.push_back(std::move(row));
  return command;
}

TEST(Trace, ClientsTakeAwayWhatTheyNamed) {
  TraceBoard board;
  board.put(sample(1));
  board.put(sample(2));
  const Table& sessions = *cql::find_system_table("system_traces", "sessions");
  const Table& events = *cql::find_system_table("system_traces", "events");

  RowWrite no_duration;
  CellWrite& cell = no_duration.cells.emplace_back();
  cell.column = sessions.find("duration")->id;
  cell.action = CellAction::kDelete;
  auto less = board.without(sessions, delete_of(Uuid{{2}}, no_duration));
  ASSERT_EQ(less.size(), 1u);
  EXPECT_EQ(less[0]->id, (Uuid{{2}}));
  EXPECT_EQ(less[0]->deleted_columns, std::set<std::string>{"duration"});
  board.put(less[0]);
  EXPECT_EQ(board.all(0).size(), 2u) << "in place of what was there";

  RowWrite one_event;
  one_event.action = RowAction::kDeleteRow;
  events.clustering(0).type->append_ordered(bytes_of(Uuid{{9}}), false, one_event.clustering);
  less = board.without(events, delete_of(Uuid{{1}}, one_event));
  ASSERT_EQ(less.size(), 1u);
  ASSERT_EQ(less[0]->events.size(), 1u);
  EXPECT_EQ(less[0]->events[0].id, (Uuid{{10}}));

  Command everything;
  everything.truncate = true;
  less = board.without(sessions, everything);
  ASSERT_EQ(less.size(), 2u);
  EXPECT_TRUE(less[0]->session_deleted && less[1]->session_deleted);
  EXPECT_EQ(less[0]->events.size(), 2u) << "those are in another table";
  EXPECT_TRUE(board.without(sessions, delete_of(Uuid{{3}}, no_duration)).empty());

  auto elsewhere = sample(2);  // another node has deleted an event, and knows of no column yet
  elsewhere->events.pop_back();
  board.put(elsewhere);
  const auto both = board.all(0)[1];
  EXPECT_EQ(both->deleted_columns, std::set<std::string>{"duration"});
  EXPECT_EQ(both->events.size(), 1u);
}

TEST(Trace, OldOnesAreForgotten) {
  TraceBoard board;
  board.put(sample(2, 1));
  board.put(sample(1, 2));
  EXPECT_EQ(board.all(kTraceLife).size(), 2u);
  EXPECT_EQ(board.all(kTraceLife)[0]->id, (Uuid{{1}})) << "by id";
  EXPECT_EQ(board.all(kTraceLife + 2).size(), 1u);
  EXPECT_EQ(board.all(kTraceLife + 3).size(), 0u);
}

TEST(Trace, TheOldestGoWhenThereIsTooMuch) {
  TraceBoard board;
  constexpr size_t kTextBytes = 1 << 20, kMany = 3 * kTraceBytesMax / kTextBytes;
  for (size_t i = 0; i < kMany; ++i) {
    auto trace = sample(static_cast<uint8_t>(i));
    trace->events[0].activity = std::string(kTextBytes, 'x');
    board.put(trace);
  }
  const auto kept = board.all(0);
  EXPECT_LE(kept.size(), kTraceBytesMax / kTextBytes);
  EXPECT_EQ(kept.back()->id, (Uuid{{kMany - 1}}));
}

}  // namespace
}  // namespace keyzone::actors
