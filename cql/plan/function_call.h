// Function calls, arithmetic and casts: which overload is meant, and its evaluation. Terms and selectors
// share this; selectors bring arguments that are ready because columns are in them.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "cql/functions/functions.h"
#include "cql/plan/term.h"

namespace keyzone::cql {

// `ready`, or a term that is prepared once the type of its parameter is known.
struct Argument {
  ExpressionPtr ready;
  TermPtr term;
  std::string name = {};  // in errors; empty: as the term is written
  // (v), or a list of unlike elements: it may fit, but doesn't say its type by itself.
  bool says_no_type = false;
  // It makes no sense, of which Cassandra complains once all calls fit: till then it is of the type that it
  // says, or of none.
  bool mistaken = false;
  TypePtr said = nullptr;
};

class CallExpression : public Expression {
 public:
  CallExpression(FunctionPtr function, std::vector<ExpressionPtr> arguments);
  const Function& function() const { return *function_; }
  const std::vector<ExpressionPtr>& arguments() const { return arguments_; }
  Result<Value> evaluate(EvalContext& context) const override;
  bool is_constant() const override { return constant_; }
  void evaluate_later() { constant_ = false; }
  Result<void> check_given(EvalContext& context) const override;

 private:
  FunctionPtr function_;
  std::vector<ExpressionPtr> arguments_;
  bool constant_;
};

// Its value, if that is constant. What fails stays a call, since only executing the statement fails; the
// first such goes to `failure`, unless that is null.
ExpressionPtr fold_call(std::shared_ptr<CallExpression> call, std::optional<Error>* failure = nullptr);

// The function that is meant. `receiver` may be null. find_call(): null if no function has that name.
Result<FunctionPtr> find_call(const PrepareContext& context, const QualifiedName& name,
                              const std::vector<Argument>& arguments, const TypePtr& receiver,
                              bool in_selection);
Result<FunctionPtr> resolve_call(const PrepareContext& context, const QualifiedName& name,
                                 const std::vector<Argument>& arguments, const TypePtr& receiver,
                                 bool in_selection);
// The same of a call, operation or cast outside a selection.
Result<FunctionPtr> resolve_term(const PrepareContext& context, const Term& term, const TypePtr& receiver);
// Arguments that are terms are prepared for their parameters ("arg0(system.abs)", "[selection]" in a
// selection).
Result<std::vector<ExpressionPtr>> prepare_arguments(PrepareContext& context, const Function& function,
                                                     std::vector<Argument> arguments, bool in_selection);
// The values of the arguments; unset ones are errors.
Result<std::vector<FunctionArgument>> evaluate_arguments(const Function& function,
                                                         const std::vector<ExpressionPtr>& arguments,
                                                         EvalContext& context);

// Whether it is a FunctionCall, Arithmetic, Negation or Cast.
bool is_call(const Term& term);

// The function's name and arguments of a call. REQUIRES: is_call().
struct CallShape {
  QualifiedName name;
  std::vector<TermPtr> arguments;
};
// That something can be cast to its type. Cassandra blames the `first_column` of the selection; empty: there
// is none.
Result<void> check_cast_target(const PrepareContext& context, const Cast& cast,
                               const std::string& first_column);
Result<CallShape> shape_of(const PrepareContext& context, const Term& term);

// A call, operation or cast in a place where a `receiver` is wanted; its arguments are terms.
Result<ExpressionPtr> prepare_call(PrepareContext& context, const Term& term, const Receiver& receiver);
// The type that it gives; null if it isn't known without the receiver.
TypePtr result_type(const PrepareContext& context, const Term& term);

}  // namespace keyzone::cql
