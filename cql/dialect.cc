#include "cql/dialect.h"

namespace keyzone::cql {

Dialect cassandra_dialect() { return {}; }

Dialect keyspaces_dialect() {
  Dialect dialect;
  dialect.name = "keyspaces";
  dialect.release_version = "3.11.2";
  dialect.cql_version = "3.4.4";
  dialect.protocol_version_max = 4;
  dialect.group_by = false;
  dialect.aggregates = false;
  dialect.per_partition_limit = false;
  dialect.client_timestamps = false;
  dialect.unlogged_conditional_batches = false;
  dialect.counter_batches = false;
  dialect.in_for_writes = false;
  dialect.truncate = false;
  dialect.logged_batch_statements_max = 100;
  dialect.unlogged_batch_statements_max = 30;
  dialect.batch_bytes_warn = 0;
  dialect.batch_bytes_max = 4 * 1024 * 1024;
  dialect.in_values_max = 100;
  dialect.row_bytes_max = 1024 * 1024;
  dialect.page_bytes_max = 1024 * 1024;
  return dialect;
}

}  // namespace keyzone::cql
