// INSERT, UPDATE, DELETE, BATCH, TRUNCATE.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/ast/select.h"

namespace keyzone::cql {

// USING TIMESTAMP .. AND TTL ..; nullptr where not given.
struct Attributes {
  TermPtr timestamp;
  TermPtr ttl;
};

// IF EXISTS, IF NOT EXISTS, or IF with conditions.
struct ColumnCondition {
  std::string column;
  TermPtr element;                   // column[element]
  std::optional<std::string> field;  // column.field
  Operator op = Operator::kEqual;
  std::vector<TermPtr> operands;  // as in Relation
  TermPtr in_list;
};
struct Conditions {
  bool if_exists = false;
  bool if_not_exists = false;
  std::vector<ColumnCondition> columns;
  bool any() const { return if_exists || if_not_exists || !columns.empty(); }
};

struct InsertStatement {
  QualifiedName table;
  std::vector<std::string> columns;  // VALUES form; may differ in number from `values`: the planner says so
  std::vector<TermPtr> values;
  TermPtr json;                     // JSON form: a string Constant or a BindMarker
  bool json_default_unset = false;  // DEFAULT UNSET; else what the JSON leaves out is null
  Attributes attributes;
  Conditions conditions;  // if_not_exists only
};

enum class AssignmentKind : uint8_t {
  kSet,         // c = value
  kAdd,         // c = c + value, c += value: counters, numbers, collections (append)
  kSubtract,    // c = c - value, c -= value
  kPrepend,     // c = value + c: lists
  kSetElement,  // c[element] = value
  kSetField,    // c.field = value
};
struct Assignment {
  AssignmentKind kind = AssignmentKind::kSet;
  std::string column;
  TermPtr element;    // kSetElement
  std::string field;  // kSetField
  TermPtr value;
};
struct UpdateStatement {
  QualifiedName table;
  Attributes attributes;
  std::vector<Assignment> assignments;
  Where where;
  Conditions conditions;  // if_exists or columns
};

struct Deletion {  // column, column[element], column.field
  std::string column;
  TermPtr element;
  std::optional<std::string> field;
};
struct DeleteStatement {
  QualifiedName table;
  std::vector<Deletion> deletions;  // empty: whole rows
  Attributes attributes;            // timestamp only
  Where where;
  Conditions conditions;  // if_exists or columns
};

using ModificationStatement = std::variant<InsertStatement, UpdateStatement, DeleteStatement>;

enum class BatchKind : uint8_t { kLogged, kUnlogged, kCounter };
struct BatchStatement {
  BatchKind kind = BatchKind::kLogged;
  Attributes attributes;
  std::vector<ModificationStatement> statements;
};

struct TruncateStatement {
  QualifiedName table;
};

}  // namespace keyzone::cql
