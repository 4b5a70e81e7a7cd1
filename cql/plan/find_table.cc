#include "cql/plan/prepare_context.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {

Result<TablePtr> find_table(const Catalog& catalog, const QualifiedName& name,
                            const std::string& session_keyspace) {
  const std::string& keyspace = name.keyspace.empty() ? session_keyspace : name.keyspace;
  if (keyspace.empty()) {
    return invalid(
        "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename");
  }
  if (is_system_keyspace(keyspace)) {
    if (TablePtr table = system_table(keyspace, name.name)) return table;
    return invalid("table " + name.name + " does not exist");
  }
  if (!catalog.keyspaces.contains(keyspace)) return invalid("keyspace " + keyspace + " does not exist");
  const auto found = catalog.tables.find({keyspace, name.name});
  if (found == catalog.tables.end()) return invalid("table " + name.name + " does not exist");
  return found->second;
}

}  // namespace keyzone::cql
