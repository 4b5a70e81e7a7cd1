#include "cql/plan/function_call.h"

#include <algorithm>

namespace keyzone::cql {
namespace {

// Outside of selections: a list may be a vector, and constants in brackets a tuple or a user type.
bool hides_type(const Term& term) {
  const auto hides = [](const TermPtr& one) { return hides_type(*one); };
  if (const auto* tuple = term.as<TupleLiteral>())
    return rests_on_constants(term) || std::any_of(tuple->elements.begin(), tuple->elements.end(), hides);
  if (const auto* set = term.as<SetLiteral>())
    return std::any_of(set->elements.begin(), set->elements.end(), hides);
  const auto* map = term.as<MapLiteral>();
  if (!map) return term.as<ListLiteral>();
  return std::any_of(map->entries.begin(), map->entries.end(),
                     [&](const auto& entry) { return hides(entry.first) || hides(entry.second); });
}

// Whether Cassandra sees no type in the literal: in a selection a map may be a user type.
bool says_no_type(const Term& term, bool in_selection) {
  if (!in_selection) return hides_type(term);
  const auto* tuple = term.as<TupleLiteral>();
  return term.as<MapLiteral>() || (tuple && tuple->elements.size() == 1);
}

// (1 + 2) in a selection is of the type that it has by itself, whatever is wanted; null where it has none.
TypePtr bracketed_result(const PrepareContext& context, const Term& term) {
  const Term* inner = &term;
  for (const auto* tuple = inner->as<TupleLiteral>(); tuple && tuple->elements.size() == 1;
       tuple = inner->as<TupleLiteral>())
    inner = tuple->elements[0].get();
  return inner != &term && is_call(*inner) ? result_type(context, *inner) : nullptr;
}

CallArgument describe_term(const PrepareContext& context, const TermPtr& term, bool in_selection) {
  if (const auto* constant = term->as<Constant>())
    return CallArgument::constant(constant->kind, constant->text);
  if (term->as<BindMarker>()) return CallArgument::marker(to_string(*term));
  if (term->as<Null>()) return CallArgument::null();
  CallArgument out;
  out.text = to_string(*term, Spelling::kCalls, context.keyspace);
  if (!says_no_type(*term, in_selection)) out.type = exact_type(context, *term);
  if (const auto* list = term->as<ListLiteral>()) out.array_size = list->elements.size();
  if (const TypePtr result = in_selection ? bracketed_result(context, *term) : nullptr) {
    out.fit = CallArgument::typed(result, "").fit;
    return out;
  }
  out.fit = [&context, term](const Type& type) {
    const Receiver receiver{"", "", "argument", type.shared_from_this()};
    return assignability(context, *term, receiver);
  };
  return out;
}

CallArgument describe_mistaken(const PrepareContext& context, const Argument& argument) {
  std::string text =
      !argument.name.empty() ? argument.name : to_string(*argument.term, Spelling::kCalls, context.keyspace);
  if (argument.said) return CallArgument::typed(argument.said, std::move(text));
  return {std::move(text), nullptr, [](const Type&) { return Match::kNo; }};
}

CallArgument describe(const PrepareContext& context, const Argument& argument, bool in_selection) {
  if (argument.mistaken) return describe_mistaken(context, argument);
  if (!argument.ready) {
    const auto* hint = argument.term->as<TypeHint>();
    const TypePtr hinted = hint && in_selection ? exact_type(context, *argument.term) : nullptr;
    if (!hinted || hinted->frozen()) return describe_term(context, argument.term, in_selection);
    const std::string text = to_string(*argument.term, Spelling::kWritten, context.keyspace);
    return CallArgument::typed(freeze(hinted), text);  // a selection has no other collections
  }
  const std::string text = !argument.name.empty() ? argument.name
                           : argument.term ? to_string(*argument.term, Spelling::kCalls, context.keyspace)
                                           : "";
  CallArgument out = CallArgument::typed(argument.ready->type(), text);
  if (argument.says_no_type) out.type = nullptr;
  return out;
}

std::vector<TypePtr> partition_key_types(const Table* table) {
  std::vector<TypePtr> types;
  for (size_t i = 0; table && i < table->partition_key_size; ++i)
    types.push_back(table->partition_key(i).type);
  return types;
}

// Nothing can be cast to text by its other name.
bool can_be_cast_to(const Cast& cast, const Type& type) {
  return cast.type.text != "varchar" && is_cast_target(type);
}

std::string lower(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace

CallExpression::CallExpression(FunctionPtr function, std::vector<ExpressionPtr> arguments)
    : Expression(function->result), function_(std::move(function)), arguments_(std::move(arguments)) {
  constant_ = function_->pure && std::all_of(arguments_.begin(), arguments_.end(),
                                             [](const ExpressionPtr& a) { return a->is_constant(); });
}

Result<Value> CallExpression::evaluate(EvalContext& context) const {
  KEYZONE_TRY(arguments, evaluate_arguments(*function_, arguments_, context));
  KEYZONE_TRY(result, function_->call(arguments, context.functions));
  return result ? context.keep(*std::move(result)) : Value::null();
}

ExpressionPtr fold_call(std::shared_ptr<CallExpression> call, std::optional<Error>* failure) {
  auto folded = fold(call);
  if (folded) return *std::move(folded);
  if (failure && !*failure) *failure = folded.error();
  call->evaluate_later();
  return call;
}

Result<void> CallExpression::check_given(EvalContext& context) const {
  for (size_t i = 0; i < arguments_.size(); ++i) {
    const ExpressionPtr& argument = arguments_[i];
    KEYZONE_CHECK(argument->check_given(context));
    const bool is_marker = dynamic_cast<const MarkerExpression*>(argument.get());
    if (!is_marker && !(function_->check && argument->is_constant())) continue;
    KEYZONE_TRY(given, evaluate_arguments(*function_, {argument}, context));
    if (function_->check) KEYZONE_CHECK(function_->check(i, given[0]));
  }
  return {};
}

Result<std::vector<FunctionArgument>> evaluate_arguments(const Function& function,
                                                         const std::vector<ExpressionPtr>& arguments,
                                                         EvalContext& context) {
  std::vector<FunctionArgument> out;
  out.reserve(arguments.size());
  for (const ExpressionPtr& argument : arguments) {
    KEYZONE_TRY(value, argument->evaluate(context));
    if (value.is_unset()) {
      return invalid("Invalid unset value for argument in call to function " + function.name);
    }
    out.push_back(value.is_set() ? FunctionArgument(value.bytes) : std::nullopt);
  }
  return out;
}

Result<FunctionPtr> find_call(const PrepareContext& context, const QualifiedName& name,
                              const std::vector<Argument>& arguments, const TypePtr& receiver,
                              bool in_selection) {
  for (const Argument& argument : arguments) {
    const auto* hint = argument.term ? argument.term->as<TypeHint>() : nullptr;
    if (hint) KEYZONE_CHECK(context.resolve(hint->type));
  }
  std::vector<CallArgument> described;
  described.reserve(arguments.size());
  for (const Argument& argument : arguments) described.push_back(describe(context, argument, in_selection));
  const std::vector<TypePtr> key = partition_key_types(context.table);
  CallSite site;
  site.keyspace = name.keyspace;
  site.name = name.name;
  site.arguments = described;
  site.receiver = receiver;
  site.partition_key = key;
  if (context.table) site.token_type = token_type(*context.table);
  site.in_selection = in_selection;
  return resolve_function(site);
}

Result<FunctionPtr> resolve_call(const PrepareContext& context, const QualifiedName& name,
                                 const std::vector<Argument>& arguments, const TypePtr& receiver,
                                 bool in_selection) {
  KEYZONE_TRY(function, find_call(context, name, arguments, receiver, in_selection));
  if (!function) return unknown_function(name.to_string(), in_selection);
  return function;
}

Result<std::vector<ExpressionPtr>> prepare_arguments(PrepareContext& context, const Function& function,
                                                     std::vector<Argument> arguments, bool in_selection) {
  std::vector<ExpressionPtr> out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].ready) {
      out.push_back(std::move(arguments[i].ready));
      continue;
    }
    const Receiver parameter{
        context.keyspace, context.table ? context.table->name : "",
        in_selection ? kSelectionName : "arg" + std::to_string(i) + "(" + lower(function.full_name()) + ")",
        function.parameters.at(i)};
    KEYZONE_TRY(prepared, prepare_term(context, arguments[i].term, parameter));
    out.push_back(std::move(prepared));
  }
  return out;
}

Result<void> check_cast_target(const PrepareContext& context, const Cast& cast,
                               const std::string& first_column) {
  KEYZONE_TRY(type, context.resolve(cast.type));
  if (can_be_cast_to(cast, *type)) return {};
  return invalid((first_column.empty() ? to_string(*cast.term) : first_column) + " cannot be cast to " +
                 (is_cast_target(*type) ? cast.type.text : type->to_string_bare()));
}

bool is_call(const Term& term) {
  return term.as<FunctionCall>() || term.as<Arithmetic>() || term.as<Negation>() || term.as<Cast>();
}

Result<CallShape> shape_of(const PrepareContext& context, const Term& term) {
  if (const auto* call = term.as<FunctionCall>()) {
    if (call->star) return CallShape{{"", std::string(kCountRowsName)}, {}};
    return CallShape{call->function, call->arguments};
  }
  if (const auto* operation = term.as<Arithmetic>()) {
    return CallShape{{"", std::string(operator_function_name(operation->op))},
                     {operation->left, operation->right}};
  }
  if (const auto* negation = term.as<Negation>())
    return CallShape{{"system", std::string(kNegationName)}, {negation->term}};
  const auto* cast = term.as<Cast>();
  KEYZONE_ASSERT(cast != nullptr);
  KEYZONE_TRY(type, context.resolve(cast->type));
  if (!can_be_cast_to(*cast, *type)) return unknown_function("system.cast_as_" + cast->type.text, false);
  return CallShape{{"system", cast_function_name(*type)}, {cast->term}};
}

namespace {

std::vector<Argument> arguments_of(const CallShape& shape) {
  std::vector<Argument> arguments;
  for (const TermPtr& argument : shape.arguments) arguments.push_back({nullptr, argument, {}});
  return arguments;
}

}  // namespace

Result<FunctionPtr> resolve_term(const PrepareContext& context, const Term& term, const TypePtr& receiver) {
  KEYZONE_TRY(shape, shape_of(context, term));
  return resolve_call(context, shape.name, arguments_of(shape), receiver, false);
}

Result<ExpressionPtr> prepare_call(PrepareContext& context, const Term& term, const Receiver& receiver) {
  KEYZONE_TRY(shape, shape_of(context, term));
  std::vector<Argument> arguments = arguments_of(shape);
  KEYZONE_TRY(function, resolve_call(context, shape.name, arguments, receiver.type, false));
  if (function->is_aggregate()) return invalid("Aggregation function are not supported in the where clause");
  KEYZONE_CHECK(check_result(*function, receiver.name, *receiver.type));
  KEYZONE_TRY(prepared, prepare_arguments(context, *function, std::move(arguments), false));
  return fold_call(std::make_shared<CallExpression>(std::move(function), std::move(prepared)));
}

TypePtr result_type(const PrepareContext& context, const Term& term) {
  const auto known = context.result_types.find(&term);
  if (known != context.result_types.end()) return known->second;
  TypePtr type;
  if (const auto function = resolve_term(context, term, nullptr)) type = (*function)->result;
  context.result_types.emplace(&term, type);
  return type;
}

}  // namespace keyzone::cql
