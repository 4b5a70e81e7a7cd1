// What a dialect of CQL allows, and its limits: a table that the planner consults.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "cql/guardrails.h"

namespace keyzone::cql {

// Defaults are Cassandra's; keyspaces_dialect() has what Amazon Keyspaces accepts.
struct Dialect {
  std::string name = "cassandra";
  std::string release_version = "5.0.8";
  std::string cql_version = "3.4.7";
  uint8_t protocol_version_max = 5;  // of the native protocol

  // What may be said at all.
  bool allow_filtering = true;
  bool group_by = true;
  bool distinct = true;
  bool aggregates = true;
  bool per_partition_limit = true;
  bool client_timestamps = true;  // USING TIMESTAMP, and the timestamp of a request's parameters
  bool logged_batches = true;
  bool unlogged_conditional_batches = true;
  bool counter_batches = true;
  bool truncate = true;
  bool range_deletes = true;
  bool in_for_writes = true;  // IN in UPDATE and DELETE
  bool user_types = true;
  bool secondary_indexes = false;  // nothing serves them yet
  bool materialized_views = false;
  bool user_functions = false;
  bool triggers = false;
  bool masked_columns = false;  // what the operator enables; values are shown as they are even so

  // Limits; 0: none.
  size_t in_values_max = 0;                    // of the cartesian product of a SELECT's INs
  size_t logged_batch_statements_max = 65535;  // the protocol's
  size_t unlogged_batch_statements_max = 65535;
  size_t batch_bytes_warn = 5 * 1024;  // Cassandra's batch_size_warn_threshold
  size_t batch_bytes_max = 50 * 1024;  // and batch_size_fail_threshold, of batches over several partitions
  size_t unlogged_batch_partitions_warn = 10;
  size_t row_bytes_max = 0;             // of one row's values in one write
  size_t page_rows_default = 5000;      // rows read at a time by statements that fold all rows into a few
  size_t read_bytes_max = 1024 * 1024;  // what is asked of a tablet at a time ends soon after
  size_t page_bytes_max = 128 * 1024 * 1024;  // a page ends soon after, and fits into a frame

  Guardrails guardrails;  // the operator's
};

inline constexpr int32_t kTimeToLiveMax = 630720000;    // 20 years, as Cassandra
inline constexpr size_t kClusteringRangesMax = 65536;   // disjoint slices of one read
inline constexpr size_t kMarkersMax = 65535;            // of a prepared statement: the protocol's
inline constexpr size_t kPartitionsPerReadMax = 65536;  // partitions named by one statement

Dialect cassandra_dialect();
Dialect keyspaces_dialect();

}  // namespace keyzone::cql
