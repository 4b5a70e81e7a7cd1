// Statements that change the schema.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/ast/select.h"

namespace keyzone::cql {

// A property of WITH: a constant's text, or a map of them. `id` of a table is a string.
struct PropertyValue {
  ConstantKind kind = ConstantKind::kString;
  std::string text;
  std::optional<std::vector<std::pair<std::string, std::string>>> map;
};
struct Property {
  std::string name;  // lower case
  PropertyValue value;
};
using Properties = std::vector<Property>;

struct CreateKeyspaceStatement {
  std::string name;
  bool if_not_exists = false;
  Properties properties;
};
struct AlterKeyspaceStatement {
  std::string name;
  bool if_exists = false;
  Properties properties;
};
struct DropKeyspaceStatement {
  std::string name;
  bool if_exists = false;
};

// MASKED WITH DEFAULT | ks.function(arguments)
struct ColumnMask {
  QualifiedName function;
  std::vector<TermPtr> arguments;
};
struct ColumnDefinition {
  std::string name;
  TypeName type;
  bool is_static = false;
  bool primary_key = false;  // PRIMARY KEY beside the column
  std::optional<ColumnMask> mask;
};
struct ClusteringOrder {
  std::string column;
  bool descending = false;
};
struct CreateTableStatement {
  QualifiedName table;
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns;
  std::vector<std::vector<std::string>>
      partition_keys;  // one for each PRIMARY KEY clause; more than one is refused
  std::vector<std::vector<std::string>> clustering_keys;
  std::vector<ClusteringOrder> clustering_order;
  bool compact_storage = false;
  Properties properties;
};
struct AddColumns {
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns;
};
struct DropColumns {
  bool if_exists = false;
  std::vector<std::string> columns;
  TermPtr timestamp;  // USING TIMESTAMP
};
struct RenameColumns {
  bool if_exists = false;
  std::vector<std::pair<std::string, std::string>> names;
};
struct AlterColumnType {  // always refused
  std::string column;
  TypeName type;
};
struct MaskColumn {  // nullopt: DROP MASKED
  bool if_exists = false;
  std::string column;
  std::optional<ColumnMask> mask;
};
struct SetOptions {
  Properties properties;
};
struct DropCompactStorage {};
struct AlterTableStatement {
  QualifiedName table;
  bool if_exists = false;
  std::variant<AddColumns, DropColumns, RenameColumns, AlterColumnType, MaskColumn, SetOptions,
               DropCompactStorage>
      change;
};
struct DropTableStatement {
  QualifiedName table;
  bool if_exists = false;
};

struct CreateTypeStatement {
  QualifiedName type;
  bool if_not_exists = false;
  std::vector<std::pair<std::string, TypeName>> fields;
};
struct AddField {
  bool if_not_exists = false;
  std::string name;
  TypeName type;
};
struct RenameFields {
  bool if_exists = false;
  std::vector<std::pair<std::string, std::string>> names;
};
struct AlterFieldType {  // always refused
  std::string name;
  TypeName type;
};
struct AlterTypeStatement {
  QualifiedName type;
  bool if_exists = false;
  std::variant<AddField, RenameFields, AlterFieldType> change;
};
struct DropTypeStatement {
  QualifiedName type;
  bool if_exists = false;
};

struct IndexTarget {
  enum class Kind { kSimple, kValues, kKeys, kEntries, kFull };
  Kind kind = Kind::kSimple;
  std::string column;
};
struct CreateIndexStatement {
  bool custom = false;
  bool if_not_exists = false;
  std::string name;  // empty: made up
  QualifiedName table;
  std::vector<IndexTarget> targets;
  std::string using_class;
  Properties properties;
};
struct DropIndexStatement {
  QualifiedName index;
  bool if_exists = false;
};

struct CreateViewStatement {
  QualifiedName view;
  bool if_not_exists = false;
  QualifiedName table;
  std::vector<SelectItem> items;  // empty: *
  Where where;
  std::vector<std::string> partition_key;
  std::vector<std::string> clustering_key;
  std::vector<ClusteringOrder> clustering_order;
  Properties properties;
};
struct AlterViewStatement {
  QualifiedName view;
  bool if_exists = false;
  Properties properties;
};
struct DropViewStatement {
  QualifiedName view;
  bool if_exists = false;
};

struct CreateFunctionStatement {
  QualifiedName function;
  bool or_replace = false;
  bool if_not_exists = false;
  std::vector<std::pair<std::string, TypeName>> arguments;
  bool called_on_null_input = false;
  TypeName return_type;
  std::string language;
  std::string body;
};
struct DropFunctionStatement {
  QualifiedName function;
  bool if_exists = false;
  std::optional<std::vector<TypeName>> arguments;
};
struct CreateAggregateStatement {
  QualifiedName aggregate;
  bool or_replace = false;
  bool if_not_exists = false;
  std::vector<TypeName> arguments;
  std::string state_function;
  TypeName state_type;
  std::optional<std::string> final_function;
  TermPtr initial_value;  // nullptr: none
};
struct DropAggregateStatement {
  QualifiedName aggregate;
  bool if_exists = false;
  std::optional<std::vector<TypeName>> arguments;
};

struct CreateTriggerStatement {
  std::string name;
  bool if_not_exists = false;
  QualifiedName table;
  std::string using_class;
};
struct DropTriggerStatement {
  std::string name;
  bool if_exists = false;
  QualifiedName table;
};

}  // namespace keyzone::cql
