// The load generator behind `keyzone bench`: writes and reads rows of one table, as fast as the cluster lets
// it or at a given rate, and reports throughput, latency and what the nodes spent on it. It speaks the native
// protocol like any driver, so it measures other databases of the kind as well.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/bench/histogram.h"
#include "schema/result.h"

namespace keyzone::net {

enum class BenchOperation { kLoad, kWrite, kRead, kReadOne, kLwt, kMixed };
// load, write, read, read-one, lwt, mixed
Result<BenchOperation> parse_bench_operation(std::string_view name);
std::string_view to_string(BenchOperation operation);

struct BenchOptions {
  // "host" or "host:port"; the first that answers tells of the others.
  std::vector<std::string> hosts = {"127.0.0.1"};
  uint16_t port = 9042;  // where none is given
  // kLoad: each row once. kWrite: INSERT of a whole row, LOCAL_QUORUM. kRead: SELECT by key, LOCAL_QUORUM.
  // kReadOne: the same, LOCAL_ONE. kLwt: UPDATE .. IF EXISTS. kMixed: half kWrite, half kRead.
  BenchOperation operation = BenchOperation::kWrite;
  uint64_t rows = 100000;  // keys are drawn from so many, all equally likely
  size_t value_bytes = 100;
  size_t connections = 16;  // in all, spread over the nodes; at least one a node
  size_t in_flight = 64;    // per connection, without a rate; see at_a_time()
  uint64_t rate = 0;  // operations a second; 0: as many as in_flight allows. With a rate, latency counts from
                      // the moment an operation was due, not from when it could be sent.
  double seconds = 10;
  double warm_up_seconds = 1;  // before them, not counted
  bool load = true;            // operations that need the rows: write them all first
  bool token_aware = true;     // ask a replica; else any node in turn
  bool json = false;           // the report
  uint64_t seed = 1;           // which keys in which order
  uint8_t version = 4;         // of the native protocol
  std::string user, password;
  std::string keyspace = "bench", table = "kv";

  // Operations under way at any moment, without a rate. One client alone (one connection, one in flight) has
  // one, though it is connected to every node, as drivers are.
  size_t at_a_time() const { return connections * in_flight; }
};

struct BenchReport {
  uint64_t operations = 0;  // that succeeded, in `seconds`
  uint64_t errors = 0;
  uint64_t missing = 0;  // reads that found no row
  double seconds = 0;
  Histogram latency;          // of those that succeeded
  double server_cpu_us = -1;  // per operation, all nodes; negative: the nodes don't tell
  double client_cpu_us = 0;   // per operation
  size_t nodes = 0, connections = 0;
  std::string first_error;
  double per_second() const { return seconds > 0 ? static_cast<double>(operations) / seconds : 0; }
};

// Runs it, with a line of progress a second on standard error. Fails if the cluster can't be reached or
// prepared.
Result<BenchReport> bench(const BenchOptions& options);
std::string to_text(const BenchOptions& options, const BenchReport& report);
std::string to_json(const BenchOptions& options, const BenchReport& report);

// The same with the report on standard output. Exit status: 0; 1 if it could not run; 2 if operations failed.
int run_bench(const BenchOptions& options);

}  // namespace keyzone::net
