// A term or selector made ready: typed, names looked up. Evaluated once a statement (terms) or once a row
// (selectors).
#pragma once
#include <forward_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cql/functions/functions.h"
#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/types/type.h"
#include "schema/value.h"

namespace keyzone::cql {

// When a cell was written and when it expires: one for a simple cell, one an element for collections.
struct CellStamp {
  Timestamp timestamp = 0;
  int64_t expiry = 0;  // seconds since 1970; 0: never
};

// The columns that a SELECT needs, for one row, by slot (see SlotTable).
struct RowValues {
  std::vector<Value> slots;                    // null where the row has none
  std::vector<std::vector<CellStamp>> stamps;  // by slot; empty where not asked for or null
};

// What evaluation may look at. Values that had to be computed live in the context until clear().
struct EvalContext {
  std::span<const Value> values;  // bound to the markers
  FunctionContext functions;
  const RowValues* row = nullptr;     // only for selectors
  std::span<const Value> aggregates;  // results of the aggregate calls, by their number
  std::span<const Value> json;        // of INSERT JSON, by column of the table

  Value keep(Bytes bytes) { return Value::of(computed_.emplace_front(std::move(bytes))); }
  void clear() { computed_.clear(); }

 private:
  std::forward_list<Bytes> computed_;
};

class Expression {
 public:
  explicit Expression(TypePtr type) : type_(std::move(type)) {}
  virtual ~Expression() = default;
  const TypePtr& type() const { return type_; }
  // The value, null or (markers only) unset. It lives as long as the context and what the context points to.
  virtual Result<Value> evaluate(EvalContext& context) const = 0;
  // The same for all rows and all values, so that it can be evaluated when preparing.
  virtual bool is_constant() const { return false; }
  // What is wrong with the values that were bound, whatever the rows are: of parts that are selected, and of
  // arguments of functions.
  virtual Result<void> check_given(EvalContext&) const { return {}; }

 protected:
  TypePtr type_;
};
using ExpressionPtr = std::shared_ptr<const Expression>;

class ConstantExpression : public Expression {
 public:
  ConstantExpression(TypePtr type, Bytes value) : Expression(std::move(type)), value_(std::move(value)) {}
  Result<Value> evaluate(EvalContext&) const override { return Value::of(value_); }
  bool is_constant() const override { return true; }

 private:
  Bytes value_;
};

class NullExpression : public Expression {
 public:
  using Expression::Expression;
  Result<Value> evaluate(EvalContext&) const override { return Value::null(); }
  bool is_constant() const override { return true; }
};

class MarkerExpression : public Expression {
 public:
  MarkerExpression(TypePtr type, size_t index) : Expression(std::move(type)), index_(index) {}
  size_t index() const { return index_; }
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  size_t index_;
};

// What was bound for an output of a selection, or for a part of a literal there: a marker itself is looked
// at, too.
Result<void> check_given_part(const Expression& part, EvalContext& context);

// list - ?: the nulls that the list holds stand for nothing.
class DiscardedListExpression : public MarkerExpression {
 public:
  using MarkerExpression::MarkerExpression;
  Result<Value> evaluate(EvalContext& context) const override;
};

// IN ?: a list that may hold nulls.
class InListExpression : public Expression {
 public:
  InListExpression(TypePtr type, size_t index) : Expression(std::move(type)), index_(index) {}
  Result<Value> evaluate(EvalContext& context) const override;

 private:
  size_t index_;
};

class ColumnExpression : public Expression {
 public:
  ColumnExpression(TypePtr type, size_t slot) : Expression(std::move(type)), slot_(slot) {}
  size_t slot() const { return slot_; }
  Result<Value> evaluate(EvalContext& context) const override { return context.row->slots[slot_]; }

 private:
  size_t slot_;
};

// The constant that a constant expression always gives.
Result<ExpressionPtr> fold(ExpressionPtr expression);

}  // namespace keyzone::cql
