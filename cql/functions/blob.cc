// int_as_blob, blob_as_int and so on: the bytes stay, their type changes.
#include "cql/functions/registry.h"
#include "schema/types/hex.h"

namespace keyzone::cql {

namespace {

Function to_blob(std::string name, const TypePtr& from) {
  Function function;
  function.name = std::move(name);
  function.result = native_type(TypeKind::kBlob);
  function.parameters = {from};
  function.call = [](std::span<const FunctionArgument> arguments, FunctionContext&) -> Result<FunctionValue> {
    return arguments[0] ? FunctionValue(*arguments[0]) : FunctionValue();
  };
  return function;
}

Function from_blob(const std::string& name, const std::string& type_name, const TypePtr& to) {
  Function function;
  function.name = name;
  function.result = result_like(to);
  function.parameters = {native_type(TypeKind::kBlob)};
  function.call = [=](std::span<const FunctionArgument> arguments,
                      FunctionContext&) -> Result<FunctionValue> {
    if (!arguments[0]) return FunctionValue();
    if (to->validate(*arguments[0])) return FunctionValue(*arguments[0]);
    return invalid("In call to function system." + name + ", value 0x" + to_hex(*arguments[0]) +
                   " is not a valid binary representation for type " + type_name);
  };
  return function;
}

void add_pair(Registry& registry, const std::string& type_name, const TypePtr& type) {
  registry.add(to_blob(type_name + "_as_blob", type), type_name + "asblob");
  registry.add(from_blob("blob_as_" + type_name, type_name, type));
  registry.add(from_blob("blobas" + type_name, type_name, type));
}

}  // namespace

void add_blob_conversions(Registry& registry) {
  for (int i = 0; i <= static_cast<int>(TypeKind::kEmpty); ++i) {
    const auto kind = static_cast<TypeKind>(i);
    if (kind != TypeKind::kBlob) add_pair(registry, std::string(native_type_name(kind)), native_type(kind));
  }
  add_pair(registry, "varchar", native_type(TypeKind::kText));
}

}  // namespace keyzone::cql
