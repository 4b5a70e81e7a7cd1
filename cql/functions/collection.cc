// map_keys, map_values, collection_count, collection_min, collection_max, collection_sum, collection_avg.
#include "cql/functions/aggregates.h"
#include "cql/functions/registry.h"
#include "schema/types/collections.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

using Shape = Parameter::Shape;

// A function of one collection; `result` and `body` are made from its type.
void add_function(Registry& registry, const char* name, Shape shape,
                  std::function<TypePtr(const Type&)> result,
                  std::function<Result<FunctionValue>(const Type&, BytesView)> body) {
  GenericFunction generic;
  generic.name = name;
  generic.parameters = {Parameter{.shape = shape}};
  generic.make = [=](const GenericFunction& self, const std::vector<TypePtr>& types, const CallSite&) {
    Function function = strict_function(
        self.name, result(*types[0]), types,
        [type = types[0], body](std::span<const BytesView> values) { return body(*type, values[0]); });
    function.generic = true;
    return Result<FunctionPtr>(std::make_shared<const Function>(std::move(function)));
  };
  registry.add(std::move(generic));
}

// Every second value of a map, from `first` on.
Result<FunctionValue> part_of_map(const Type& map, BytesView wire, size_t first) {
  KEYZONE_TRY(values, split_collection(map, wire));
  CollectionWriter writer(1);
  for (size_t i = first; i < values.size(); i += 2) writer.add(values[i]);
  return FunctionValue(std::move(writer).finish());
}

// Null elements, as lists of write times and TTLs have them, count for nothing.
Result<FunctionValue> aggregated(const Type& type, BytesView wire, const AggregateBody& start) {
  CollectionReader reader(type, wire);
  const auto aggregate = start();
  FunctionArgument argument;
  while (reader.next(argument)) KEYZONE_CHECK(aggregate->add({&argument, 1}));
  KEYZONE_CHECK(reader.check_end(type));
  return aggregate->result();
}

TypePtr element_of(const Type& type) { return type.parameters()[0]; }

}  // namespace

void add_collection_functions(Registry& registry) {
  add_function(
      registry, "map_keys", Shape::kMap, [](const Type& map) { return set_type(map.parameters()[0], true); },
      [](const Type& map, BytesView wire) { return part_of_map(map, wire, 0); });
  add_function(
      registry, "map_values", Shape::kMap,
      [](const Type& map) { return list_type(map.parameters()[1], true); },
      [](const Type& map, BytesView wire) { return part_of_map(map, wire, 1); });
  add_function(
      registry, "collection_count", Shape::kCollection,
      [](const Type&) { return native_type(TypeKind::kInt); },
      [](const Type& type, BytesView wire) -> Result<FunctionValue> {
        return FunctionValue(be_bytes(CollectionReader(type, wire).count()));
      });
  for (const auto& [name, sign] : {std::pair{"collection_min", -1}, std::pair{"collection_max", 1}}) {
    add_function(registry, name, Shape::kSetOrList, element_of,
                 [sign = sign](const Type& type, BytesView wire) {
                   return aggregated(type, wire, extreme_of(element_of(type), sign));
                 });
  }
  add_function(
      registry, "collection_sum", Shape::kNumericSetOrList, element_of,
      [](const Type& type, BytesView wire) { return aggregated(type, wire, sum_of(type.element().kind())); });
  add_function(registry, "collection_avg", Shape::kNumericSetOrList, element_of,
               [](const Type& type, BytesView wire) {
                 return aggregated(type, wire, average_of(type.element().kind()));
               });
}

}  // namespace keyzone::cql
