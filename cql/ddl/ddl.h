// Schema changes: a statement and the catalog become the change of the catalog that it asks for. Pure
// functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cql/ast/statement.h"
#include "schema/catalog.h"
#include "schema/result.h"
#include "schema/result_set.h"

namespace keyzone::cql {

inline constexpr size_t kNameLengthMax = 48;         // of a keyspace
inline constexpr size_t kTableNameLengthMax = 222;   // of a table, as Cassandra's files allow
inline constexpr int kDefaultReplicationFactor = 3;  // where a statement gives none

struct DdlContext {
  const Catalog& catalog;
  std::string_view keyspace;  // the session's; empty: none
  Uuid fresh_id;      // the id of a table that is made, unless the statement gives one; a version 1 UUID
  Timestamp now = 0;  // microseconds: the stamp of a dropped column
  bool masked_columns = false;  // may be asked for
};

// `change.expected` is the catalog's version; tablets of a new table (change.put_tables with an id that the
// catalog doesn't have) are the caller's to add. No `event`: nothing changes (IF NOT EXISTS and the like),
// answer void.
struct DdlPlan {
  CatalogChange change;
  std::optional<SchemaChangeEvent> event;
  std::vector<std::string> warnings;
};

// What Cassandra refuses of a schema change also when it is only prepared, before it looks at the schema or
// at who asks: no keyspace, columns and keys that don't fit, values that are none of their option's, masks
// unless there may be `masked_columns`. `keyspace` is the session's. Nothing is said of other statements.
Result<void> check_alone(const Statement& statement, std::string_view keyspace, bool masked_columns);

// REQUIRES: `statement` is a CREATE, ALTER or DROP. Errors are Cassandra's: kInvalid, kConfig, kSyntax for
// properties that don't exist, kAlreadyExists (with Error::keyspace and Error::table), kUnauthorized for
// system keyspaces.
Result<DdlPlan> plan_schema_change(const Statement& statement, const DdlContext& context);

}  // namespace keyzone::cql
