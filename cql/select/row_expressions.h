// Expressions over rows that are no functions: parts of collections and user types, timestamps, aggregates'
// results.
#pragma once
#include "cql/plan/expression.h"

namespace keyzone::cql {

class FieldExpression : public Expression {  // value.field
 public:
  FieldExpression(ExpressionPtr value, size_t field);
  Result<Value> evaluate(EvalContext& context) const override;
  Result<void> check_given(EvalContext& context) const override { return value_->check_given(context); }

 private:
  ExpressionPtr value_;
  size_t field_;
};

// value[key]: a map's value, a set's element if it is there. A slice gives what lies between, both ends
// included.
class ElementExpression : public Expression {
 public:
  ElementExpression(ExpressionPtr value, ExpressionPtr key, std::string name);  // the value's, for errors
  Result<Value> evaluate(EvalContext& context) const override;
  Result<void> check_given(EvalContext& context) const override;

 private:
  Result<Value> key(EvalContext& context) const;

  ExpressionPtr value_, key_;
  std::string name_;
};
class SliceExpression : public Expression {
 public:
  SliceExpression(ExpressionPtr value, ExpressionPtr from, ExpressionPtr to, std::string name);  // null: open
  Result<Value> evaluate(EvalContext& context) const override;
  Result<void> check_given(EvalContext& context) const override;

 private:
  Result<Value> bound(const ExpressionPtr& term, EvalContext& context) const;

  ExpressionPtr value_, from_, to_;
  std::string name_;
};

enum class StampKind : uint8_t { kWriteTime, kMaxWriteTime, kTimeToLive };
// What of a column stamps are asked of: all of it, an element, a slice of elements, or a field; or something
// inside such a part.
struct StampedPart {
  enum class Kind : uint8_t { kWhole, kElement, kSlice, kField };
  Kind kind = Kind::kWhole;
  ExpressionPtr from, to;  // kElement: `from`; kSlice: null is open
  size_t field = 0;
  ExpressionPtr deeper;  // what is asked of inside that part, which is frozen; null: all of it
  ExpressionPtr value;   // of the part: to look at what is given for its keys
};
// Of a column in a slot with stamps. A frozen column has one stamp for all its parts that are there.
class StampExpression : public Expression {
 public:
  StampExpression(StampKind kind, const Type& column, size_t slot, StampedPart part);
  Result<Value> evaluate(EvalContext& context) const override;
  Result<void> check_given(EvalContext& context) const override { return part_.value->check_given(context); }

 private:
  // The stamps of the part, in order of the elements; none if it isn't there.
  Result<std::vector<CellStamp>> stamps(EvalContext& context) const;
  Result<std::vector<CellStamp>> of_elements(EvalContext& context) const;
  Bytes of_cell(const CellStamp& stamp, EvalContext& context, bool& null) const;

  StampKind kind_;
  TypePtr column_;
  size_t slot_;
  StampedPart part_;
};

// The same bytes as a value of another type.
class RetypedExpression : public Expression {
 public:
  RetypedExpression(TypePtr type, ExpressionPtr value)
      : Expression(std::move(type)), value_(std::move(value)) {}
  Result<Value> evaluate(EvalContext& context) const override { return value_->evaluate(context); }
  bool is_constant() const override { return value_->is_constant(); }
  Result<void> check_given(EvalContext& context) const override { return value_->check_given(context); }

 private:
  ExpressionPtr value_;
};

class AggregateExpression : public Expression {
 public:
  AggregateExpression(TypePtr type, size_t number) : Expression(std::move(type)), number_(number) {}
  Result<Value> evaluate(EvalContext& context) const override { return context.aggregates[number_]; }

 private:
  size_t number_;
};

}  // namespace keyzone::cql
