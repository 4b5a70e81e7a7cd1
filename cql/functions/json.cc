// to_json and from_json.
#include "schema/types/json.h"
#include "cql/functions/registry.h"
#include "schema/types/hex.h"

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
    // Of an empty value Cassandra's smallint and duration don't say that it is none.
    const bool says_empty = type->kind() == TypeKind::kSmallint || type->kind() == TypeKind::kDuration;
    const bool null = !arguments[0] || (!says_empty && is_null(*type, arguments[0]));
    return FunctionValue(null ? "null" : type->to_json(*arguments[0]));
  };
  return function;
}

Function from_json_function(const std::string& name, const TypePtr& receiver) {
  const TypePtr text = native_type(TypeKind::kText);
  Function function = strict_function(
      name, receiver, {text}, [name, receiver](std::span<const BytesView> values) -> Result<FunctionValue> {
        JsonValue json;
        if (const auto error = read_json(values[0], JsonRoot::kAny, json)) {
          return function_failure(name, "execution of 'system." + name +
                                            "[text]' failed: Could not decode JSON "
                                            "string '" +
                                            std::string(values[0]) + "': " + error->to_string());
        }
        auto value = receiver->from_json(json);
        // Of no bytes where the type has no such value: INSERT JSON takes those, functions may not give them.
        if (value && *value && !receiver->validate(**value)) {
          return Error{ErrorKind::kServer,
                       "java.lang.RuntimeException: Return of function system." + name + " : (text) -> " +
                           receiver->to_string() + " (" + to_hex(**value) +
                           ") is not a valid value for its declared return type " + receiver->to_string()};
        }
        if (value || is_told_as_it_is(value.error())) return value;
        return function_failure(
            name, "org.apache.cassandra.serializers.MarshalException: " + value.error().message);
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
      if (!call.receiver || call.in_selection)
        return invalid(self.name + "() cannot be used in the selection clause of a SELECT statement");
      return FunctionPtr(std::make_shared<const Function>(from_json_function(self.name, call.receiver)));
    };
    registry.add(std::move(generic));
  }
}

}  // namespace keyzone::cql
