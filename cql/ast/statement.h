// Any CQL statement, as parsed: names folded and unquoted, nothing looked up yet.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/ast/access.h"
#include "cql/ast/ddl.h"
#include "cql/ast/modify.h"
#include "cql/ast/select.h"

namespace keyzone::cql {

struct UseStatement {
  std::string keyspace;
};

struct DescribeStatement {
  enum class Kind {
    kKeyspaces,
    kTables,
    kTypes,
    kFunctions,
    kAggregates,  // lists
    kCluster,
    kSchema,    // kSchema: FULL SCHEMA with `full`
    kKeyspace,  // `only`: without its contents; name empty: the session's
    kTable,
    kType,
    kFunction,
    kAggregate,
    kIndex,
    kView,
    kAny,  // DESCRIBE name
  };
  Kind kind = Kind::kKeyspaces;
  QualifiedName name;
  bool full = false;
  bool only = false;
  bool with_internals = false;
};

struct Statement {
  std::variant<SelectStatement, InsertStatement, UpdateStatement, DeleteStatement, BatchStatement,
               TruncateStatement, UseStatement, DescribeStatement, CreateKeyspaceStatement,
               AlterKeyspaceStatement, DropKeyspaceStatement, CreateTableStatement, AlterTableStatement,
               DropTableStatement, CreateTypeStatement, AlterTypeStatement, DropTypeStatement,
               CreateIndexStatement, DropIndexStatement, CreateViewStatement, AlterViewStatement,
               DropViewStatement, CreateFunctionStatement, DropFunctionStatement, CreateAggregateStatement,
               DropAggregateStatement, CreateTriggerStatement, DropTriggerStatement, CreateRoleStatement,
               AlterRoleStatement, DropRoleStatement, GrantRoleStatement, ListRolesStatement,
               GrantPermissionsStatement, ListPermissionsStatement, IdentityStatement>
      kind;
  std::vector<std::optional<std::string>> markers;  // bind markers in order of appearance; `?` has no name.
                                                    // :name twice is two markers of one name

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

}  // namespace keyzone::cql
