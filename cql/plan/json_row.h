// INSERT JSON: one text becomes a value for every column.
#pragma once
#include <vector>

#include "cql/plan/expression.h"
#include "schema/catalog.h"

namespace keyzone::cql {

// A column's value of the text bound to this execution (EvalContext::json).
class JsonColumnExpression : public Expression {
 public:
  JsonColumnExpression(TypePtr type, size_t column) : Expression(std::move(type)), column_(column) {}
  Result<Value> evaluate(EvalContext& context) const override { return context.json[column_]; }

 private:
  size_t column_;  // in Table::columns
};

// Values by position in Table::columns; columns that the text leaves out are null or unset. The values live
// in the context.
Result<std::vector<Value>> read_json_row(const Table& table, BytesView text, bool default_unset,
                                         EvalContext& context);

}  // namespace keyzone::cql
