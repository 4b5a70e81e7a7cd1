// Traces of requests whose clients asked for one (system_traces). The coordinator keeps what it did, and
// tells the other nodes, so that any of them can be asked; they are kept in memory, for a day at most.
// Nothing here costs anything while nobody traces.
#pragma once
#include <deque>
#include <mutex>
#include <vector>

#include "cql/system_tables/node_facts.h"
#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/result.h"

namespace keyzone::actors {

using cql::TraceFact;
using cql::TraceFactPtr;

inline constexpr size_t kTraceEventsMax = 500;       // of one request; the rest is not kept
inline constexpr size_t kTraceTextMax = 4096;        // bytes of a statement's text
inline constexpr size_t kTraceValueMax = 1000;       // characters of a value, as in Cassandra
inline constexpr size_t kTraceBytesMax = 16u << 20;  // of a node; the oldest go first
// microseconds: a day, Cassandra's trace_type_query_ttl
inline constexpr Timestamp kTraceLife = 86'400'000'000;

// What a read has looked at, in Cassandra's words: clients' tests search traces for them.
// "Read 2 live rows and 1 tombstone cells"
std::string live_and_dead_text(uint64_t rows, uint64_t tombstones);

// Bytes of a peer message (schema/peer.capnp, Trace).
Bytes encode_trace(const TraceFact& trace);
Result<TraceFactPtr> decode_trace(BytesView bytes);

// The traces that a node knows. Any thread.
class TraceBoard {
 public:
  // What was deleted of it before stays so.
  void put(TraceFactPtr trace);
  // The traces that `command` takes something away from, as they are then: `table` is one of system_traces,
  // and the command deletes rows of it, or columns of sessions. They are still to be put.
  std::vector<TraceFactPtr> without(const Table& table, const Command& command) const;
  // Those not older than kTraceLife, by id.
  std::vector<TraceFactPtr> all(Timestamp now) const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<TraceFactPtr, size_t>> traces_;  // with their bytes, oldest first
  size_t bytes_ = 0;
};

}  // namespace keyzone::actors
