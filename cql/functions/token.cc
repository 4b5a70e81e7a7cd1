// token(): of the table's partition key columns, in their order; the key itself where there are no tokens.
#include "schema/types/token.h"

#include "cql/functions/registry.h"

namespace keyzone::cql {

void add_token_function(Registry& registry) {
  GenericFunction generic;
  generic.name = "token";
  generic.make = [](const GenericFunction& self, const std::vector<TypePtr>&,
                    const CallSite& call) -> Result<FunctionPtr> {
    if (call.partition_key.empty()) {
      return invalid("No receiver table has been specified for function system." + self.name);
    }
    Function function;
    function.name = self.name;
    function.result = call.token_type ? call.token_type : native_type(TypeKind::kBigint);
    const bool hashed = function.result->kind() == TypeKind::kBigint;
    function.parameters.assign(call.partition_key.begin(), call.partition_key.end());
    function.generic = true;
    function.call = [hashed](std::span<const FunctionArgument> arguments,
                             FunctionContext&) -> Result<FunctionValue> {
      std::vector<BytesView> parts;
      for (const FunctionArgument& argument : arguments) {
        if (!argument) return FunctionValue();
        parts.push_back(*argument);
      }
      Bytes key = join_components(parts);  // however long it is
      if (!hashed) return FunctionValue(std::move(key));
      Bytes token;
      append_be(token, token_of(key).value);
      return FunctionValue(std::move(token));
    };
    return FunctionPtr(std::make_shared<const Function>(std::move(function)));
  };
  registry.add(std::move(generic));
}

}  // namespace keyzone::cql
