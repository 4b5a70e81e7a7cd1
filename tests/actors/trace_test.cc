// Traces: what is sent to peers arrives, and a node keeps no more than it may.
#include "actors/trace.h"

#include <gtest/gtest.h>

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
