#include "cql/functions/parameter.h"

#include "cql/functions/number.h"

namespace keyzone::cql {

namespace {

TypePtr infer_alone(const Parameter& parameter, const CallArgument& argument, const TypePtr& receiver) {
  switch (parameter.shape) {
    case Parameter::Shape::kFixed:
      return argument.type ? argument.type : native_type(parameter.fixed);
    case Parameter::Shape::kString:
      return argument.type ? argument.type : native_type(TypeKind::kText);
    case Parameter::Shape::kAny:
      return argument.type || !parameter.from_receiver ? argument.type : receiver;
    case Parameter::Shape::kFloatVector:
      if (argument.array_size > 0 && argument.array_size <= static_cast<size_t>(kVectorElementsMax)) {
        return vector_type(native_type(TypeKind::kFloat), static_cast<int>(argument.array_size));
      }
      return argument.type ? argument.type : receiver;
    default:
      return argument.type;
  }
}

bool fits_fixed(const Type& type, TypeKind wanted) {
  return CallArgument::typed(type.shared_from_this(), "").fit(*native_type(wanted)) != Match::kNo;
}

bool is_sequence(const Type& type) { return type.kind() == TypeKind::kSet || type.kind() == TypeKind::kList; }

bool accepts(const Parameter& parameter, const Type& type) {
  switch (parameter.shape) {
    case Parameter::Shape::kFixed:
      return fits_fixed(type, parameter.fixed);
    case Parameter::Shape::kString:
      return fits_fixed(type, TypeKind::kText) || fits_fixed(type, TypeKind::kAscii);
    case Parameter::Shape::kAny:
      return true;
    case Parameter::Shape::kCollection:
      return type.is_collection();
    case Parameter::Shape::kSetOrList:
      return is_sequence(type);
    case Parameter::Shape::kNumericSetOrList:
      return is_sequence(type) && is_numeric(type.element().kind());
    case Parameter::Shape::kMap:
      return type.kind() == TypeKind::kMap;
    case Parameter::Shape::kFloatVector:
      return type.is_vector() && type.element().kind() == TypeKind::kFloat;
  }
  return false;
}

// "a collection argument", "an argument of type text"
std::string wanted(const Parameter& parameter) {
  switch (parameter.shape) {
    case Parameter::Shape::kCollection:
      return "a collection argument";
    case Parameter::Shape::kSetOrList:
      return "a set or list argument";
    case Parameter::Shape::kNumericSetOrList:
      return "a numeric set/list argument";
    case Parameter::Shape::kMap:
      return "a map argument";
    case Parameter::Shape::kFloatVector:
      return "a float vector argument";
    default: {
      Parameter bare = parameter;
      bare.optional = false;
      return "an argument of type " + bare.to_string();
    }
  }
}

}  // namespace

TypePtr Parameter::infer(const CallArgument& argument, const TypePtr& receiver,
                         const std::vector<TypePtr>* inferred) const {
  const TypePtr other = same_as >= 0 && inferred && static_cast<size_t>(same_as) < inferred->size()
                            ? (*inferred)[static_cast<size_t>(same_as)]
                            : nullptr;
  if (prefers_other && other) return other;
  const TypePtr alone = infer_alone(*this, argument, receiver);
  return alone ? alone : other;
}

Result<void> Parameter::check(const std::string& function, const CallArgument& argument,
                              const TypePtr& type) const {
  if (accepts(*this, *type)) return {};
  return invalid("Function " + function + " requires " + wanted(*this) + ", but found argument " +
                 argument.text + " of type " + type->to_string());
}

std::string Parameter::to_string() const {
  std::string text;
  switch (shape) {
    case Shape::kFixed:
      text = native_type_name(fixed);
      break;
    case Shape::kString:
      text = "[text|varchar|ascii]";
      break;
    case Shape::kAny:
      text = "any";
      break;
    case Shape::kCollection:
      text = "collection";
      break;
    case Shape::kSetOrList:
    case Shape::kNumericSetOrList:
      text = "numeric_set_or_list";
      break;
    case Shape::kMap:
      text = "map";
      break;
    case Shape::kFloatVector:
      text = "vector<float, n>";
      break;
  }
  return optional ? "[" + text + "]" : text;
}

}  // namespace keyzone::cql
