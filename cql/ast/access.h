// Roles, users and permissions.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/ddl.h"

namespace keyzone::cql {

struct RoleOptions {
  std::optional<std::string> password;
  std::optional<std::string> hashed_password;
  bool generated_password = false;
  std::optional<bool> superuser;
  std::optional<bool> login;
  std::optional<std::vector<std::pair<std::string, std::string>>> options;  // OPTIONS = {...}
  std::optional<std::vector<std::string>> data_centers;  // ACCESS TO DATACENTERS; empty: ALL
  std::optional<std::vector<std::string>> cidr_groups;   // ACCESS FROM CIDRS; empty: ALL
};
struct CreateRoleStatement {  // CREATE USER too, which may log in
  std::string name;
  bool if_not_exists = false;
  bool user = false;
  RoleOptions options;
};
struct AlterRoleStatement {
  std::string name;
  bool if_exists = false;
  bool user = false;
  RoleOptions options;
};
struct DropRoleStatement {
  std::string name;
  bool if_exists = false;
  bool user = false;
};
struct GrantRoleStatement {  // REVOKE too
  bool revoke = false;
  std::string role;
  std::string grantee;
};
struct ListRolesStatement {
  std::optional<std::string> of;
  bool recursive = true;
  bool users = false;  // LIST USERS
};

struct Resource {
  enum class Kind {
    kAllKeyspaces,
    kKeyspace,
    kAllTables,
    kTable,
    kAllRoles,
    kRole,
    kAllFunctions,
    kKeyspaceFunctions,
    kFunction,
    kAllMBeans,
    kMBean,
    kMBeans
  };
  Kind kind = Kind::kAllKeyspaces;
  QualifiedName name;  // a keyspace's name is in `keyspace`, a role's or bean's in `name`
  std::vector<TypeName> arguments;
};
struct GrantPermissionsStatement {  // REVOKE too
  bool revoke = false;
  std::vector<std::string> permissions;  // upper case; empty: ALL
  Resource resource;
  std::string grantee;
};
struct ListPermissionsStatement {
  std::vector<std::string> permissions;  // empty: ALL
  std::optional<Resource> resource;
  std::optional<std::string> of;
  bool recursive = true;
};
struct IdentityStatement {  // ADD IDENTITY .. TO ROLE, DROP IDENTITY
  bool drop = false;
  bool if_clause = false;  // IF NOT EXISTS, IF EXISTS
  std::string identity;
  std::string role;
};

}  // namespace keyzone::cql
