// Which overload a call means. The rules and the sentences are those of Cassandra's FunctionResolver: an
// exact match wins, else there must be one and only one that the arguments can be passed to.
#include <algorithm>
#include <vector>

#include "cql/functions/registry.h"

namespace keyzone::cql {

std::optional<char> operator_of(std::string_view function_name);

namespace {

constexpr std::string_view kSystem = "system";

Match fit_of_type(const TypePtr& type, const Type& wanted) {
  const TypePtr target = type->frozen() ? freeze(wanted.shared_from_this()) : wanted.shared_from_this();
  if (*type == *target) return Match::kExact;
  return target->is_value_compatible_with(*type) ? Match::kWeak : Match::kNo;
}

Match fit_of_result(const Function& function, const Type& wanted) {
  const TypePtr result = wanted.frozen() ? freeze(function.result) : function.result;
  if (*result == wanted) return Match::kExact;
  return wanted.is_value_compatible_with(*result) ? Match::kWeak : Match::kNo;
}

Result<FunctionPtr> instantiate(const GenericFunction& generic, const CallSite& call) {
  const std::string name = std::string(kSystem) + "." + generic.name;
  const auto& parameters = generic.parameters;
  const auto needed =
      std::count_if(parameters.begin(), parameters.end(), [](const auto& p) { return !p.optional; });
  if (call.arguments.size() < static_cast<size_t>(needed) || call.arguments.size() > parameters.size()) {
    return invalid("Invalid number of arguments for function " + generic.to_string());
  }
  std::vector<TypePtr> types;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    types.push_back(parameters[i].infer(call.arguments[i], call.receiver, nullptr));
  }
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const CallArgument& argument = call.arguments[i];
    TypePtr type = parameters[i].infer(argument, call.receiver, &types);
    if (!type) {
      return invalid("Cannot infer type of argument " + argument.text + " in call to function " +
                     generic.to_string() + ": use type casts to disambiguate");
    }
    KEYZONE_CHECK(parameters[i].check(name, argument, type));
    const bool fixed = parameters[i].shape == Parameter::Shape::kFixed;
    types[i] = fixed ? native_type(parameters[i].fixed) : std::move(type);
  }
  return generic.make(generic, types, call);
}

Result<std::vector<FunctionPtr>> candidates_of(const CallSite& call) {
  std::vector<FunctionPtr> candidates(call.user_functions.begin(), call.user_functions.end());
  if (!call.keyspace.empty() && call.keyspace != kSystem) return candidates;
  const auto fixed = registry().fixed(call.name);
  candidates.insert(candidates.end(), fixed.begin(), fixed.end());
  if (call.name == "token") {  // its parameters are the table's, so that no generic rule fits
    KEYZONE_TRY(token, registry().generic(call.name)[0].make(registry().generic(call.name)[0], {}, call));
    candidates.push_back(token);
    return candidates;
  }
  for (const GenericFunction& generic : registry().generic(call.name)) {
    KEYZONE_TRY(made, instantiate(generic, call));
    candidates.push_back(made);
  }
  return candidates;
}

std::string written_name(const CallSite& call) {
  return (call.keyspace.empty() ? "" : std::string(call.keyspace) + ".") + std::string(call.name);
}

std::string listed(const std::vector<FunctionPtr>& functions) {
  std::string text;
  for (const FunctionPtr& function : functions) text += (text.empty() ? "" : ", ") + function->to_string();
  return text;
}

// The one function of its name can say more exactly what is wrong.
Result<FunctionPtr> check_only_candidate(const FunctionPtr& function, const CallSite& call) {
  const size_t wanted = function->parameters.size();
  if (call.arguments.size() != wanted) {
    return invalid("Invalid number of arguments in call to function " + function->full_name() + ": " +
                   std::to_string(wanted) + " required but " + std::to_string(call.arguments.size()) +
                   " provided");
  }
  for (size_t i = 0; i < wanted; ++i) {
    if (call.arguments[i].fit(*function->parameters[i]) != Match::kNo) continue;
    return invalid("Type error: " + call.arguments[i].text + " cannot be passed as argument " +
                   std::to_string(i) + " of function " + function->full_name() + " of type " +
                   function->parameters[i]->to_string());
  }
  return function;
}

Match match(const Function& function, const CallSite& call) {
  if (function.parameters.size() != call.arguments.size()) return Match::kNo;
  Match worst = Match::kExact;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    worst = std::max(worst, call.arguments[i].fit(*function.parameters[i]));
  }
  return worst;
}

Error none_matches(const std::vector<FunctionPtr>& candidates, const CallSite& call) {
  if (const auto op = operator_of(call.name)) {
    return invalid(std::string("the '") + *op + "' operation is not supported between " +
                   call.arguments[0].text + " and " + call.arguments[1].text);
  }
  return invalid("Invalid call to function " + written_name(call) +
                 ", none of its type signatures match (known type signatures: " + listed(candidates) + ")");
}

bool has_markers(const CallSite& call) {
  return std::any_of(call.arguments.begin(), call.arguments.end(), [](const CallArgument& argument) {
    return argument.text.starts_with('?') || argument.text.starts_with(':');
  });
}

Result<FunctionPtr> only_one_of(const std::vector<FunctionPtr>& compatible, const CallSite& call) {
  if (compatible.size() == 1) return compatible[0];
  if (const auto op = operator_of(call.name)) {
    for (const FunctionPtr& function : compatible) {
      if (!call.receiver || has_markers(call)) break;
      if (*function->parameters[0] == *call.receiver && *function->parameters[1] == *call.receiver)
        return function;
    }
    return invalid(std::string("Ambiguous '") + *op + "' operation with args " + call.arguments[0].text +
                   " and " + call.arguments[1].text + ": use type hint to disambiguate, example '(int) ?'");
  }
  if (call.name == kNegationName) return invalid("Ambiguous negation: use type casts to disambiguate");
  return invalid("Ambiguous call to function " + written_name(call) +
                 " (can be matched by following signatures: " + listed(compatible) +
                 "): use type casts to disambiguate");
}

}  // namespace

CallArgument CallArgument::typed(TypePtr type, std::string text) {
  return {std::move(text), type, [type](const Type& wanted) { return fit_of_type(type, wanted); }};
}

CallArgument CallArgument::constant(ConstantKind kind, std::string_view text) {
  const TypePtr preferred = preferred_constant_type(kind, text);
  CallArgument argument;
  argument.text = kind == ConstantKind::kString ? "'" + std::string(text) + "'"
                  : kind == ConstantKind::kHex  ? "0x" + std::string(text)
                                                : std::string(text);
  argument.type = preferred;
  argument.fit = [kind, preferred](const Type& wanted) {
    if (*preferred == wanted) return Match::kExact;
    return wanted.accepts_constant(kind) ? Match::kWeak : Match::kNo;
  };
  return argument;
}

CallArgument CallArgument::marker(std::string text) {
  return {std::move(text), nullptr, [](const Type&) { return Match::kWeak; }};
}

CallArgument CallArgument::null() {
  return {"NULL", nullptr,
          [](const Type& wanted) { return wanted.is_counter() ? Match::kNo : Match::kWeak; }};
}

CallArgument CallArgument::result_of(const Function& function, std::string text) {
  return {std::move(text), function.result, [function](const Type& wanted) {
            const Match fit = fit_of_result(function, wanted);
            return function.generic ? std::max(fit, Match::kWeak) : fit;
          }};
}

std::string GenericFunction::to_string() const {
  std::string text = std::string(kSystem) + "." + name + "(";
  for (size_t i = 0; i < parameters.size(); ++i) text += (i ? ", " : "") + parameters[i].to_string();
  return text + ")";
}

Result<FunctionPtr> resolve_function(const CallSite& call) {
  KEYZONE_TRY(candidates, candidates_of(call));
  if (candidates.empty()) return FunctionPtr();
  if (candidates.size() == 1) return check_only_candidate(candidates[0], call);
  std::vector<FunctionPtr> compatible;
  for (const FunctionPtr& function : candidates) {
    if (call.receiver && fit_of_result(*function, *call.receiver) == Match::kNo) continue;
    const Match fit = match(*function, call);
    if (fit == Match::kExact) return function;
    if (fit == Match::kWeak) compatible.push_back(function);
  }
  if (compatible.empty()) return none_matches(candidates, call);
  return only_one_of(compatible, call);
}

Error unknown_function(std::string_view name, bool in_selection) {
  return invalid(in_selection ? "Unknown function '" + std::string(name) + "'"
                              : "Unknown function " + std::string(name) + " called");
}

Result<void> check_result(const Function& function, const std::string& receiver_name, const Type& receiver) {
  if (fit_of_result(function, receiver) != Match::kNo) return {};
  const auto op = operator_of(function.name);
  const std::string what = op ? std::string("operation ") + *op : "function " + function.full_name();
  return invalid("Type error: cannot assign result of " + what + " (type " + function.result->to_string() +
                 ") to " + receiver_name + " (type " + receiver.to_string() + ")");
}

}  // namespace keyzone::cql
