// CREATE TABLE as a Table value; what is said there of columns is said again when some are added.
#pragma once
#include "cql/ddl/plan.h"
#include "schema/catalog.h"

namespace keyzone::cql::ddl {

using Keys = std::pair<std::vector<std::string>, std::vector<std::string>>;  // partition key, clustering key
// What can be said of columns and keys by their names alone.
Result<Keys> check_shape(const CreateTableStatement& statement);

// The table that the statement describes, without its id. `resolve` gives column types.
using TypeResolver = std::function<Result<TypePtr>(const TypeName&)>;
Result<Table> make_table(const CreateTableStatement& statement, const std::string& keyspace,
                         const TypeResolver& resolve);

Error masking_is_off();
// What the fields of a user type that is not frozen may not be. Errors: kInvalid.
Result<void> check_fields(const Type& column);
inline constexpr const char* kStaticNeedsClustering =
    "Static columns are only useful (and thus allowed) if the table has at least one clustering column";
inline constexpr const char* kNoTimeToLiveOnCounters =
    "Cannot set default_time_to_live on a table with counters";

}  // namespace keyzone::cql::ddl
