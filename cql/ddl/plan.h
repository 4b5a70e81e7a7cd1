// What the parts of plan_schema_change() share. Private to this folder.
#pragma once
#include <string>

#include "cql/ddl/ddl.h"
#include "cql/ddl/property_values.h"

namespace keyzone::cql::ddl {

inline constexpr std::string_view kCreated = "CREATED", kUpdated = "UPDATED", kDropped = "DROPPED";

// A plan that changes nothing.
DdlPlan nothing(const DdlContext& context);
DdlPlan changed(const DdlContext& context, std::string_view change, std::string_view target,
                std::string keyspace, std::string name);

// What a statement wants to do to what it names, in Cassandra's words for refusing it: "CREATE", "ALTER" or
// "DROP", and whether one table is meant, or all.
struct Permission {
  const char* name;
  bool one_table = false;
};
inline constexpr Permission kMayCreate = {"CREATE"}, kMayAlterTable = {"ALTER", true},
                            kMayDropTable = {"DROP", true}, kMayAlterType = {"ALTER"},
                            kMayDropType = {"DROP"};

Result<void> check_keyspace_name(const std::string& name);
Error no_keyspace();
// The keyspace that a name means. Errors: no name for a keyspace, none given, or one of the system's
// (kUnauthorized).
Result<std::string> keyspace_of(const QualifiedName& name, const DdlContext& context,
                                const Permission& wanted);
// nullptr: there is none.
const Keyspace* find_keyspace(const DdlContext& context, const std::string& name);
Result<const Keyspace*> existing_keyspace(const DdlContext& context, const std::string& name);
Error not_modifiable(const std::string& keyspace);
Error not_permitted(const std::string& permission, const std::string& resource);

// A type as it may stand in a column or field of `keyspace`.
Result<TypePtr> resolve_type(const TypeName& type, const DdlContext& context, const std::string& keyspace);

// A name of letters, digits and underscores.
bool is_word(std::string_view name);

Result<DdlPlan> create_keyspace(const CreateKeyspaceStatement& statement, const DdlContext& context);
Result<DdlPlan> alter_keyspace(const AlterKeyspaceStatement& statement, const DdlContext& context);
Result<DdlPlan> drop_keyspace(const DropKeyspaceStatement& statement, const DdlContext& context);
Result<DdlPlan> create_table(const CreateTableStatement& statement, const DdlContext& context);
Result<DdlPlan> alter_table(const AlterTableStatement& statement, const DdlContext& context);
Result<DdlPlan> drop_table(const DropTableStatement& statement, const DdlContext& context);
Result<DdlPlan> create_type(const CreateTypeStatement& statement, const DdlContext& context);
Result<DdlPlan> alter_type(const AlterTypeStatement& statement, const DdlContext& context);
Result<DdlPlan> drop_type(const DropTypeStatement& statement, const DdlContext& context);

}  // namespace keyzone::cql::ddl
