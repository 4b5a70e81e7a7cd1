#include "cql/functions/functions.h"

#include <algorithm>

#include "cql/functions/registry.h"

namespace keyzone::cql {

namespace {

struct OperatorName {
  char symbol;
  std::string_view name;
};
constexpr OperatorName kOperators[] = {
    {'+', "_add"}, {'-', "_substract"}, {'*', "_multiply"}, {'/', "_divide"}, {'%', "_modulo"}};
constexpr std::string_view kCastPrefix = "cast_as_";

std::string signature_type(const Type& type) {
  return type.is_tuple() ? type.to_string_bare() : type.to_string();
}

}  // namespace

std::string_view operator_function_name(char op) {
  const auto* found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                   [op](const OperatorName& o) { return o.symbol == op; });
  KEYZONE_ASSERT(found != std::end(kOperators));
  return found->name;
}

std::optional<char> operator_of(std::string_view function_name) {
  for (const OperatorName& o : kOperators) {
    if (o.name == function_name) return o.symbol;
  }
  return std::nullopt;
}

std::string cast_function_name(const Type& type) { return std::string(kCastPrefix) + type.to_string(); }

bool is_cast_target(const Type& type) { return !registry().fixed(cast_function_name(type)).empty(); }

std::string Function::to_string(const std::vector<bool>& constant) const {
  std::string text = keyspace + "." + quote_identifier(name) + " : (";
  for (size_t i = 0; i < parameters.size(); ++i) {
    text += (i ? ", " : "") + signature_type(*parameters[i]);
    if (i < constant.size() && constant[i]) text += "(constant)";
  }
  return text + ") -> " + signature_type(*result);
}

std::string result_column_name(const Function& function, std::span<const std::string> arguments) {
  if (const auto op = operator_of(function.name)) return arguments[0] + " " + *op + " " + arguments[1];
  if (function.name == kNegationName) return "-" + arguments[0];
  if (function.name == kCountRowsName) return "count";
  if (function.name.starts_with(kCastPrefix)) {
    return "cast(" + arguments[0] + " as " + function.name.substr(kCastPrefix.size()) + ")";
  }
  std::string text = function.full_name() + "(";
  for (size_t i = 0; i < arguments.size(); ++i) text += (i ? ", " : "") + arguments[i];
  return text + ")";
}

void Registry::add(Function function, std::string_view also) {
  auto shared = std::make_shared<const Function>(std::move(function));
  fixed_[shared->name].push_back(shared);
  all_.push_back(shared);
  if (also.empty()) return;
  Function second = *shared;
  second.name = also;
  add(std::move(second));
}

std::span<const FunctionPtr> Registry::fixed(std::string_view name) const {
  const auto found = fixed_.find(name);
  return found == fixed_.end() ? std::span<const FunctionPtr>() : found->second;
}

std::span<const GenericFunction> Registry::generic(std::string_view name) const {
  const auto found = generic_.find(name);
  return found == generic_.end() ? std::span<const GenericFunction>() : found->second;
}

const Registry& registry() {
  static const Registry* const kRegistry = [] {
    auto* made = new Registry();
    for (auto* add : {add_token_function, add_casts, add_time_functions, add_json_functions, add_operations,
                      add_aggregates, add_collection_functions, add_blob_conversions, add_math_functions,
                      add_mask_functions, add_vector_functions}) {
      add(*made);
    }
    return made;
  }();
  return *kRegistry;
}

std::span<const FunctionPtr> native_functions() { return registry().all(); }

TypePtr result_like(const TypePtr& type) {
  return type->kind() == TypeKind::kTimeuuid ? legacy_timeuuid_type() : type;
}

Error function_failure(std::string_view function, std::string message) {
  return {ErrorKind::kFunctionFailure, std::move(message), "system", std::string(function)};
}

bool is_null(const Type& type, const FunctionArgument& argument) {
  if (!argument) return true;
  const bool empty_means_something =
      type.kind() == TypeKind::kText || type.kind() == TypeKind::kAscii || type.kind() == TypeKind::kBlob;
  return argument->empty() && !empty_means_something;
}

Function strict_function(std::string name, TypePtr result, std::vector<TypePtr> parameters, StrictBody body) {
  Function function;
  function.name = std::move(name);
  function.result = std::move(result);
  function.parameters = std::move(parameters);
  function.call = [types = function.parameters, body = std::move(body)](
                      std::span<const FunctionArgument> arguments,
                      FunctionContext&) -> Result<FunctionValue> {
    std::vector<BytesView> values;
    values.reserve(arguments.size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (is_null(*types[i], arguments[i])) return FunctionValue();
      values.push_back(*arguments[i]);
    }
    return body(values);
  };
  return function;
}

}  // namespace keyzone::cql
