// DESCRIBE: the schema as the statements that make it, in the words of Cassandra 5.0.8.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "cql/ast/statement.h"
#include "schema/catalog.h"
#include "schema/result.h"
#include "schema/result_set.h"

namespace keyzone::cql {

// Rows of (keyspace_name, type, name, create_statement), the last one missing for lists; DESCRIBE CLUSTER
// gives (cluster, partitioner, snitch), and in a keyspace range_ownership. `keyspace` is the session's, empty
// if none. Errors: kInvalid, "'ks' not found in keyspaces".
Result<ResultSet> describe(const DescribeStatement& statement, const Catalog& catalog,
                           std::string_view keyspace);

// The page of `all` that begins where `state` says; like Cassandra's, a page that is full says that more may
// follow. `state` and ResultSet::paging_state are unsigned: the schema's version as 16 bytes, the rows before
// as 4 bytes big-endian. Errors: kInvalid if the schema is another one by now, kProtocol for a state that is
// none.
Result<ResultSet> describe_page(ResultSet all, std::optional<int32_t> page_size,
                                std::optional<BytesView> state, const Uuid& schema_version);

// CREATE KEYSPACE …; as DESCRIBE prints it.
std::string describe_keyspace(const Keyspace& keyspace);
std::string describe_type(const Type& type);
// With `internals` also the id and what was dropped.
std::string describe_table(const Table& table, bool internals);

}  // namespace keyzone::cql
