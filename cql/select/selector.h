// What a SELECT gives for each row: columns, parts of them, functions, aggregates, and plain terms.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cql/plan/function_call.h"
#include "cql/select/row_expressions.h"
#include "cql/select/slots.h"

namespace keyzone::cql {

// A call of an aggregate: its arguments are evaluated for each row, its result once for each group.
struct AggregateCall {
  FunctionPtr function;
  std::vector<ExpressionPtr> arguments;
};

struct Selector {
  ExpressionPtr value;
  std::string name;     // as Cassandra names the column: system.max(v), u.f, cast(v as int)
  bool unlike = false;  // a list or set whose elements have no type in common: no function takes it
};

class SelectorBuilder {
 public:
  // The context's table is set. All outlive the builder.
  SelectorBuilder(PrepareContext& context, const Table& table, SlotTable& slots)
      : context_(context), table_(table), slots_(slots) {}

  Result<Selector> build(const TermPtr& term) {
    misses_name_ = assigned_ = misfit_ = false;
    return build(term, nullptr);
  }
  // What build() failed for is a column, type or function that isn't there, or a call that fits no function.
  bool misses_name() const { return misses_name_; }
  // What a call of constants fails with, row or not.
  const std::optional<Error>& failure() const { return failure_; }
  std::vector<AggregateCall> take_aggregates() { return std::move(aggregates_); }

 private:
  Result<Selector> build(const TermPtr& term, const TypePtr& expected);
  std::string text(const Term& term) const { return to_string(term, Spelling::kWritten, table_.keyspace); }
  std::string selected_text(const Term& term) const;
  std::string key_text(const Term& term) const { return to_string(term, Spelling::kCalls, table_.keyspace); }
  // The result of looking up a name.
  template <class T>
  Result<T> looked_up(Result<T> found) {
    misses_name_ = misses_name_ || !found;
    return found;
  }
  Result<Selector> build_column(const ColumnRef& column);
  Result<Selector> build_in_brackets(const TermPtr& term);
  Result<void> check_names(const Term& term);
  // What parts are taken of: of a column, only the parts are read.
  struct Container {
    Selector value;
    const Column* column = nullptr;  // if it is one
  };
  Result<Container> build_container(const TermPtr& term);
  // Says what is read of a container that is a column: null is open.
  void read_part(const Column* column, const std::vector<TermPtr>& keys, ExpressionPtr from,
                 ExpressionPtr to);
  Result<Selector> build_field(const FieldOf& field);
  Result<Selector> build_element(const ElementOf& element);
  Result<Selector> build_slice(const SliceOf& slice);
  Result<Selector> build_call(const TermPtr& term);
  // Of what a function is called with, the first is a clustering column in descending order.
  bool is_reversed_column(const std::vector<TermPtr>& arguments) const;
  struct CallArguments {
    std::vector<Argument> arguments;
    std::vector<std::string> names;
    std::optional<Error> mistake;  // in one of them; that the call doesn't fit is said before it
  };
  // `first`: of them, if it is built already.
  Result<CallArguments> build_arguments(const std::vector<TermPtr>& terms, std::optional<Selector> first);
  // Whether or not it makes sense; null where nothing is said.
  TypePtr type_said_by(const Term& term) const;
  Result<Selector> build_stamp(const FunctionCall& call);
  bool is_map(const TypeHint& hint) const;
  Result<Selector> build_hint(const TermPtr& term);
  Result<Selector> build_part(const TermPtr& term, const TypePtr& wanted);
  Result<Selector> build_fields(const TermPtr& term, const TypePtr& expected);
  Result<Selector> build_composite(const TermPtr& term, const TypePtr& expected);
  struct Parts {
    std::vector<ExpressionPtr> parts;
    std::vector<std::string> names;
    TypePtr element;      // of a list or set
    bool unlike = false;  // see Selector
  };
  Result<Parts> build_parts(const Term& term, const TypePtr& expected);
  Error misfit(const Type& wanted);
  Result<Selector> build_term(const TermPtr& term, const TypePtr& expected);
  Result<ExpressionPtr> build_key(const TermPtr& term, const TypePtr& type, const std::string& name);

  PrepareContext& context_;
  const Table& table_;
  SlotTable& slots_;
  std::vector<AggregateCall> aggregates_;
  bool misses_name_ = false;
  bool assigned_ = false;  // what is built has to be assignable to the type of a hint
  bool misfit_ = false;    // it wasn't
  std::optional<Error> failure_;
  TypePtr refused_type_;  // of the literal that was refused last, though not for its type
  TypePtr call_type_;     // of the call that was found last, whether or not its arguments make sense
};

// A column, or a call with one inside, is somewhere in the term.
bool names_columns(const Term& term);
// What a part is taken of; null if the term is no part.
const Term* container_of(const Term& term);
// Of a call that tells when a column was written or how long it lives; nullopt: of another.
std::optional<StampKind> stamp_kind(const FunctionCall& call);

}  // namespace keyzone::cql
