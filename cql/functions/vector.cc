// similarity_cosine, similarity_euclidean, similarity_dot_product: how alike two vectors of floats are,
// mostly from 0 (not at all) to 1.
#include <bit>
#include <cmath>

#include "cql/functions/registry.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

float float_at(BytesView vector, size_t i) {
  return std::bit_cast<float>(load_be<uint32_t>(vector.data() + 4 * i));
}

float dot(BytesView a, BytesView b) {
  float sum = 0;
  for (size_t i = 0; i < a.size() / 4; ++i) sum += float_at(a, i) * float_at(b, i);
  return sum;
}

float cosine(BytesView a, BytesView b) {
  const auto norms = static_cast<double>(dot(a, a)) * static_cast<double>(dot(b, b));
  return (1 + static_cast<float>(dot(a, b) / std::sqrt(norms))) / 2;
}

float euclidean(BytesView a, BytesView b) {
  float sum = 0;
  for (size_t i = 0; i < a.size() / 4; ++i) {
    const float difference = float_at(a, i) - float_at(b, i);
    sum += difference * difference;
  }
  return 1 / (1 + sum);
}

float dot_product(BytesView a, BytesView b) { return (1 + dot(a, b)) / 2; }

bool all_zero(BytesView vector) {
  for (size_t i = 0; i < vector.size() / 4; ++i) {
    if (float_at(vector, i) != 0) return false;
  }
  return true;
}

struct SimilarityEntry {
  const char* name;
  float (*compare)(BytesView, BytesView);
  bool takes_zero;
};
constexpr SimilarityEntry kSimilarities[] = {{"similarity_cosine", cosine, false},
                                             {"similarity_euclidean", euclidean, true},
                                             {"similarity_dot_product", dot_product, true}};

Result<FunctionPtr> make(const SimilarityEntry& entry, const std::vector<TypePtr>& types) {
  if (types[0]->dimension() != types[1]->dimension()) {
    return invalid("All arguments must have the same vector dimensions");
  }
  Function function = strict_function(
      entry.name, native_type(TypeKind::kFloat), types,
      [entry](std::span<const BytesView> values) -> Result<FunctionValue> {
        if (!entry.takes_zero && (all_zero(values[0]) || all_zero(values[1]))) {
          return invalid("Function system." + std::string(entry.name) + " doesn't support all-zero vectors.");
        }
        return FunctionValue(be_bytes(std::bit_cast<uint32_t>(entry.compare(values[0], values[1]))));
      });
  function.generic = true;
  return FunctionPtr(std::make_shared<const Function>(std::move(function)));
}

}  // namespace

void add_vector_functions(Registry& registry) {
  for (const SimilarityEntry& entry : kSimilarities) {
    GenericFunction generic;
    generic.name = entry.name;
    generic.parameters = {Parameter{.shape = Parameter::Shape::kFloatVector, .same_as = 1},
                          Parameter{.shape = Parameter::Shape::kFloatVector, .same_as = 0}};
    generic.make = [entry](const GenericFunction&, const std::vector<TypePtr>& types, const CallSite&) {
      return make(entry, types);
    };
    registry.add(std::move(generic));
  }
}

}  // namespace keyzone::cql
