// Where the files of functions put theirs. Only cql/functions includes this.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cql/functions/functions.h"
#include "cql/functions/parameter.h"

namespace keyzone::cql {

// A function whose parameters take types of a certain shape; an overload is made for each call.
struct GenericFunction {
  std::string name;
  std::vector<Parameter> parameters;
  std::function<Result<FunctionPtr>(const GenericFunction&, const std::vector<TypePtr>& types,
                                    const CallSite&)>
      make;

  std::string to_string() const;  // system.map_keys(map)
};

class Registry {
 public:
  // `also` is a second name: those of before Cassandra 5.0.
  void add(Function function, std::string_view also = {});
  void add(GenericFunction function) { generic_[function.name].push_back(std::move(function)); }

  std::span<const FunctionPtr> fixed(std::string_view name) const;
  std::span<const GenericFunction> generic(std::string_view name) const;
  std::span<const FunctionPtr> all() const { return all_; }

 private:
  std::map<std::string, std::vector<FunctionPtr>, std::less<>> fixed_;
  std::map<std::string, std::vector<GenericFunction>, std::less<>> generic_;
  std::vector<FunctionPtr> all_;
};

const Registry& registry();

void add_aggregates(Registry& registry);            // aggregates.cc
void add_blob_conversions(Registry& registry);      // blob.cc
void add_casts(Registry& registry);                 // casts.cc
void add_collection_functions(Registry& registry);  // collection.cc
void add_json_functions(Registry& registry);        // json.cc
void add_mask_functions(Registry& registry);        // mask.cc
void add_math_functions(Registry& registry);        // math.cc
void add_operations(Registry& registry);            // operations.cc
void add_time_functions(Registry& registry);        // time.cc
void add_token_function(Registry& registry);        // token.cc
void add_vector_functions(Registry& registry);      // vector.cc

// ---- what bodies share ----

// Null, or an empty value of a type for which that means nothing (all but text, ascii and blob).
bool is_null(const Type& type, const FunctionArgument& argument);
// A scalar function that gives null as soon as one argument is null. `body` gets the values.
using StrictBody = std::function<Result<FunctionValue>(std::span<const BytesView>)>;
Function strict_function(std::string name, TypePtr result, std::vector<TypePtr> parameters, StrictBody body);

// The type of a result that is of its argument's type. Cassandra's generic functions take timeuuid for its
// LegacyTimeUUIDType, which no protocol id stands for.
TypePtr result_like(const TypePtr& type);

// What a native function could not do with its values.
Error function_failure(std::string_view function, std::string message);

// One value for all of a type: what mask_default shows.
Bytes masked_value(const Type& type);

}  // namespace keyzone::cql
