// DESCRIBE: the schema as the statements that make it, in the words of Cassandra 5.0.8.
#pragma once
#include <string>
#include <string_view>

#include "cql/ast/statement.h"
#include "schema/catalog.h"
#include "schema/result.h"
#include "schema/result_set.h"

namespace keyzone::cql {

// Rows of (keyspace_name, type, name, create_statement), the last one missing for lists; DESCRIBE CLUSTER
// gives (cluster, partitioner, snitch). All rows at once. `keyspace` is the session's, empty if none. Errors:
// kInvalid, "'ks' not found in keyspaces".
Result<ResultSet> describe(const DescribeStatement& statement, const Catalog& catalog,
                           std::string_view keyspace);

// CREATE KEYSPACE …; as DESCRIBE prints it.
std::string describe_keyspace(const Keyspace& keyspace);
std::string describe_type(const Type& type);
// With `internals` also the id and what was dropped.
std::string describe_table(const Table& table, bool internals);

}  // namespace keyzone::cql
