// One relation of a WHERE clause made ready: columns looked up, operands typed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/select.h"
#include "cql/plan/term.h"

namespace keyzone::cql {

// One value for each column of a relation: `parts`, or `whole`, a marker for a tuple of them.
struct Operand {
  std::vector<ExpressionPtr> parts;
  ExpressionPtr whole;
};

struct PreparedRelation {
  RelationKind kind = RelationKind::kColumn;
  std::vector<const Column*>
      columns;  // of the table that the statement holds; kToken: the whole partition key
  Operator op = Operator::kEqual;
  std::vector<Operand> operands;  // one, or any number for IN
  ExpressionPtr in_list;          // IN ?: gives a list of values or of tuples
  ExpressionPtr map_key;          // kMapEntry

  const Column& first() const { return *columns.front(); }
  bool is_equal() const { return op == Operator::kEqual && !map_key; }
  bool is_in() const { return op == Operator::kIn; }
  bool is_slice() const { return cql::is_slice(op); }
  bool is_lower() const { return op == Operator::kGreater || op == Operator::kGreaterOrEqual; }
  bool is_contains() const { return op == Operator::kContains || op == Operator::kContainsKey || map_key; }
  std::string column_names() const;  // "a" or "(a, b)"
};

// "collections", "tuples" or "UDTs": what a type made of others is one of.
std::string kinds_of(const Type& type);

// An element of a list that is bound as a whole is taken apart by its type, as in Cassandra: of no bytes, it
// is null but in types that have such a value.
bool is_null_in_list(const Type& type, const std::optional<BytesView>& element);

// `table` outlives what is made.
Result<PreparedRelation> prepare_relation(PrepareContext& context, const Table& table,
                                          const Relation& relation);

// The values of the relation's operands: for each operand, one value for each column; nulls and unset values
// are errors in words of the column ("Invalid null value in condition for column c").
using BoundTuple = std::vector<BytesView>;
Result<std::vector<BoundTuple>> bind_operands(const PreparedRelation& relation, EvalContext& context);
// c > null and the like.
Result<bool> is_null_slice(const PreparedRelation& relation, EvalContext& context);
// As above, for relations that filter ("Unsupported null value for column c").
Result<std::vector<BoundTuple>> bind_filter_operands(const PreparedRelation& relation, EvalContext& context);

}  // namespace keyzone::cql
