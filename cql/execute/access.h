// Roles and permissions: clients don't log in, and so nobody may say anything of them.
#pragma once
#include <optional>

#include "cql/ast/statement.h"
#include "schema/result.h"

namespace keyzone::cql {

// Why the statement is refused, as Cassandra without authentication puts it; nullopt: it is about something
// else.
std::optional<Error> refuse_access(const Statement& statement);

}  // namespace keyzone::cql
