// Expressions over rows that are no functions: parts of collections and user types, timestamps, aggregates'
// results.
#pragma once
#include "cql/plan/expression.h"

namespace keyzone::cql {

class FieldExpression : public Expression {  // value.field
 public:
  FieldExpression(ExpressionPtr value, size_t field);
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  ExpressionPtr value_;
  size_t field_;
};

// value[key]: a map's value, a set's element if it is there. A slice gives what lies between, both ends
// included.
class ElementExpression : public Expression {
 public:
  ElementExpression(ExpressionPtr value, ExpressionPtr key);
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  ExpressionPtr value_, key_;
};
class SliceExpression : public Expression {
 public:
  SliceExpression(ExpressionPtr value, ExpressionPtr from, ExpressionPtr to);  // null: open
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  ExpressionPtr value_, from_, to_;
};

enum class StampKind : uint8_t { kWriteTime, kMaxWriteTime, kTimeToLive };
// Of a column in a slot with stamps; `element` as in ElementExpression, or `field`, may narrow it.
class StampExpression : public Expression {
 public:
  StampExpression(StampKind kind, const Type& column, size_t slot, ExpressionPtr element,
                  std::optional<size_t> field);
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  Result<std::optional<CellStamp>> part(EvalContext& context) const;
  Bytes of_cell(const CellStamp& stamp, EvalContext& context, bool& null) const;

  StampKind kind_;
  TypePtr column_;
  size_t slot_;
  ExpressionPtr element_;
  std::optional<size_t> field_;
};

class AggregateExpression : public Expression {
 public:
  AggregateExpression(TypePtr type, size_t number) : Expression(std::move(type)), number_(number) {}
  Result<Value> evaluate(EvalContext& context) const override { return context.aggregates[number_]; }

 private:
  size_t number_;
};

}  // namespace keyzone::cql
