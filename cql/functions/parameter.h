// A parameter of a generic function: which types it takes, and how one is found for an argument without a
// type.
#pragma once
#include <string>
#include <vector>

#include "cql/functions/functions.h"

namespace keyzone::cql {

struct Parameter {
  enum class Shape { kFixed, kString, kAny, kCollection, kSetOrList, kNumericSetOrList, kMap, kFloatVector };
  Shape shape = Shape::kAny;
  TypeKind fixed = TypeKind::kText;  // kFixed
  bool from_receiver = false;        // kAny: an unknown type is what the result is for
  int same_as = -1;            // the index of another parameter that lends its type to an unknown one…
  bool prefers_other = false;  // …or to this one in any case
  bool optional = false;

  // Null if unknown. `inferred` is null in a first round without regard to other arguments.
  TypePtr infer(const CallArgument& argument, const TypePtr& receiver,
                const std::vector<TypePtr>* inferred) const;
  Result<void> check(const std::string& function, const CallArgument& argument, const TypePtr& type) const;
  std::string to_string() const;
};

}  // namespace keyzone::cql
