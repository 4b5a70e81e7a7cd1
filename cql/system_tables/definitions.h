// The tables of the system keyspaces, as CREATE TABLE statements; parsed once, at first use.
#pragma once
#include <string_view>

namespace keyzone::cql {

struct SystemKeyspaceDefinition {
  std::string_view keyspace;
  std::string_view options;  // of all its tables, unless they say otherwise; may be empty
  std::string_view tables;
};

extern const SystemKeyspaceDefinition kSystemTables;
extern const SystemKeyspaceDefinition kSystemAuthTables;
extern const SystemKeyspaceDefinition kSystemDistributedTables;
extern const SystemKeyspaceDefinition kSystemSchemaTables;
extern const SystemKeyspaceDefinition kSystemTracesTables;
extern const SystemKeyspaceDefinition kSystemViewsTables;
extern const SystemKeyspaceDefinition kSystemVirtualSchemaTables;

}  // namespace keyzone::cql
