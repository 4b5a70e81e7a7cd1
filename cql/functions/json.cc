// to_json and from_json.
#include "schema/types/json.h"
#include "cql/functions/registry.h"

namespace keyzone::cql {

namespace {

Function to_json_function(const std::string& name, const TypePtr& type) {
  Function function;
  function.name = name;
  function.result = native_type(TypeKind::kText);
  function.parameters = {type};
  function.generic = true;
  function.call = [type](std::span<const FunctionArgument> arguments,
                         FunctionContext&) -> Result<FunctionValue> {
    return FunctionValue(is_null(*type, arguments[0]) ? "null" : type->to_json(*arguments[0]));
  };
  return function;
}

Function from_json_function(const std::string& name, const TypePtr& receiver) {
  const TypePtr text = native_type(TypeKind::kText);
  Function function = strict_function(
      name, receiver, {text}, [name, receiver](std::span<const BytesView> values) -> Result<FunctionValue> {
        const auto json = parse_json(values[0]);
        auto value = json ? receiver->from_json(*json) : Result<std::optional<Bytes>>(json.error());
        if (value) return value;
        return function_failure(name,
                                "execution of 'system." + name + "[text]' failed: " + value.error().message);
      });
  function.generic = true;
  return function;
}

}  // namespace

void add_json_functions(Registry& registry) {
  for (const char* name : {"to_json", "tojson"}) {
    GenericFunction generic;
    generic.name = name;
    generic.parameters = {Parameter{}};
    generic.make = [](const GenericFunction& self, const std::vector<TypePtr>& types, const CallSite&) {
      return Result<FunctionPtr>(std::make_shared<const Function>(to_json_function(self.name, types[0])));
    };
    registry.add(std::move(generic));
  }
  for (const char* name : {"from_json", "fromjson"}) {
    GenericFunction generic;
    generic.name = name;
    generic.parameters = {Parameter{.shape = Parameter::Shape::kFixed, .fixed = TypeKind::kText}};
    generic.make = [](const GenericFunction& self, const std::vector<TypePtr>&,
                      const CallSite& call) -> Result<FunctionPtr> {
      if (!call.receiver)
        return invalid(self.name + "() cannot be used in the selection clause of a SELECT statement");
      return FunctionPtr(std::make_shared<const Function>(from_json_function(self.name, call.receiver)));
    };
    registry.add(std::move(generic));
  }
}

}  // namespace keyzone::cql
