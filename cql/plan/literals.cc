#include "cql/plan/literals.h"

#include <map>

#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

bool all_constant(const std::vector<ExpressionPtr>& parts) {
  for (const ExpressionPtr& part : parts) {
    if (!part->is_constant()) return false;
  }
  return true;
}

// What was bound for parts of a literal that is selected.
Result<void> check_parts(const std::vector<ExpressionPtr>& parts, EvalContext& context) {
  for (const ExpressionPtr& part : parts) KEYZONE_CHECK(check_given_part(*part, context));
  return {};
}

class CollectionExpression : public Expression {
 public:
  CollectionExpression(TypePtr type, std::vector<ExpressionPtr> parts)
      : Expression(std::move(type)), parts_(std::move(parts)), constant_(all_constant(parts_)) {}
  bool is_constant() const override { return constant_; }

  Result<void> check_given(EvalContext& context) const override { return check_parts(parts_, context); }
  Result<Value> evaluate(EvalContext& context) const override {
    std::vector<Bytes> values;
    values.reserve(parts_.size());
    for (const ExpressionPtr& part : parts_) {
      KEYZONE_TRY(value, part->evaluate(context));
      if (type_->is_vector() && (!value.is_set() || is_null_in_vector(*type_, value.bytes)))
        return invalid(std::string(kNullInVector));
      if (value.is_null()) return invalid("null is not supported inside collections");
      if (value.is_unset()) return invalid("unset value is not supported inside collections");
      values.emplace_back(value.bytes);
    }
    if (type_->is_vector()) return context.keep(build_vector(*type_, values));
    return context.keep(build_collection(*type_, std::move(values)));
  }

 private:
  std::vector<ExpressionPtr> parts_;
  bool constant_;
};

class SelectedListExpression : public Expression {
 public:
  SelectedListExpression(TypePtr type, std::vector<ExpressionPtr> parts)
      : Expression(std::move(type)), parts_(std::move(parts)) {}

  Result<void> check_given(EvalContext& context) const override { return check_parts(parts_, context); }
  Result<Value> evaluate(EvalContext& context) const override {
    Bytes out;
    append_be(out, static_cast<int32_t>(parts_.size()));
    for (const ExpressionPtr& part : parts_) {
      KEYZONE_TRY(value, part->evaluate(context));
      append_field(value.is_set() ? std::optional(value.bytes) : std::nullopt, out);
    }
    return context.keep(std::move(out));
  }

 private:
  std::vector<ExpressionPtr> parts_;
};

// Only values may be null. Of equal keys the last counts.
class SelectedMapExpression : public Expression {
 public:
  SelectedMapExpression(TypePtr type, std::vector<ExpressionPtr> parts)
      : Expression(std::move(type)), parts_(std::move(parts)) {}

  Result<void> check_given(EvalContext& context) const override { return check_parts(parts_, context); }
  Result<Value> evaluate(EvalContext& context) const override {
    const Type& key_type = *type_->parameters()[0];
    const auto before = [&key_type](const Bytes& a, const Bytes& b) { return key_type.compare(a, b) < 0; };
    std::map<Bytes, Value, decltype(before)> entries(before);
    for (size_t i = 0; i < parts_.size(); i += 2) {
      KEYZONE_TRY(key, parts_[i]->evaluate(context));
      KEYZONE_TRY(value, parts_[i + 1]->evaluate(context));
      if (!key.is_set()) return invalid("null is not supported inside collections");
      entries.insert_or_assign(Bytes(key.bytes), value);
    }
    Bytes out;
    append_be(out, static_cast<int32_t>(entries.size()));
    for (const auto& [key, value] : entries) {
      append_field(BytesView(key), out);
      append_field(value.is_set() ? std::optional(value.bytes) : std::nullopt, out);
    }
    return context.keep(std::move(out));
  }

 private:
  std::vector<ExpressionPtr> parts_;
};

class FieldsExpression : public Expression {
 public:
  FieldsExpression(TypePtr type, std::vector<ExpressionPtr> fields)
      : Expression(std::move(type)), fields_(std::move(fields)), constant_(all_constant(fields_)) {}
  bool is_constant() const override { return constant_; }

  Result<void> check_given(EvalContext& context) const override { return check_parts(fields_, context); }
  Result<Value> evaluate(EvalContext& context) const override {
    Bytes out;
    for (size_t i = 0; i < fields_.size(); ++i) {
      KEYZONE_TRY(value, fields_[i]->evaluate(context));
      // A user type that is not frozen is written field by field.
      if (value.is_unset() && !type_->is_multi_cell()) return unset_field(i);
      append_field(value.is_set() ? std::optional(value.bytes) : std::nullopt, out);
    }
    return context.keep(std::move(out));
  }

 private:
  Error unset_field(size_t field) const {
    if (type_->is_user_type()) {
      return invalid("Invalid unset value for field '" + type_->field_names()[field] +
                     "' of user defined type " + type_->name());
    }
    return invalid("Invalid unset value for tuple field number " + std::to_string(field));
  }

  std::vector<ExpressionPtr> fields_;
  bool constant_;
};

Error bad_literal(const char* what, const Receiver& receiver) {
  return invalid(std::string("Invalid ") + what + " literal for " + receiver.name + " of type " +
                 receiver.type->to_string());
}

// All parts are looked at before any is prepared, but for those of vectors.
Result<void> check_part(PrepareContext& context, const Term& term, const Receiver& part, const char* what,
                        const Receiver& whole, const char* part_name) {
  KEYZONE_TRY(fits, is_assignable(context, term, part));
  if (fits) return {};
  return invalid(std::string("Invalid ") + what + " literal for " + whole.name + ": " + part_name + " " +
                 to_string(term, Spelling::kCalls) + " is not of type " + part.type->to_string());
}

Result<ExpressionPtr> prepare_part(PrepareContext& context, const TermPtr& term, const Receiver& part,
                                   const char* what, const Receiver& whole) {
  const bool outside = whole.name == kSelectionName || whole.type->is_vector();
  if (!outside && has_markers(*term)) {
    return invalid(std::string("Invalid ") + what + " literal for " + whole.name +
                   ": bind variables are not supported inside collection literals");
  }
  return prepare_term(context, term, part);
}

Result<ExpressionPtr> prepare_elements(PrepareContext& context, const std::vector<TermPtr>& terms,
                                       const char* what, const Receiver& receiver) {
  const Receiver element = element_receiver(receiver);
  const bool one_by_one = receiver.type->is_vector();
  for (const TermPtr& term : terms) {
    if (!one_by_one) KEYZONE_CHECK(check_part(context, *term, element, what, receiver, "value"));
  }
  std::vector<ExpressionPtr> parts;
  for (const TermPtr& term : terms) {
    if (one_by_one) KEYZONE_CHECK(check_part(context, *term, element, what, receiver, "value"));
    KEYZONE_TRY(part, prepare_part(context, term, element, what, receiver));
    parts.push_back(std::move(part));
  }
  return make_collection(receiver.type, std::move(parts));
}

}  // namespace

ExpressionPtr make_collection(TypePtr type, std::vector<ExpressionPtr> parts) {
  return std::make_shared<CollectionExpression>(std::move(type), std::move(parts));
}
ExpressionPtr make_selected_collection(TypePtr type, std::vector<ExpressionPtr> parts) {
  if (type->kind() == TypeKind::kMap)
    return std::make_shared<SelectedMapExpression>(std::move(type), std::move(parts));
  if (type->kind() != TypeKind::kList) return make_collection(std::move(type), std::move(parts));
  return std::make_shared<SelectedListExpression>(std::move(type), std::move(parts));
}
ExpressionPtr make_fields(TypePtr type, std::vector<ExpressionPtr> fields) {
  return std::make_shared<FieldsExpression>(std::move(type), std::move(fields));
}

Result<ExpressionPtr> prepare_list(PrepareContext& context, const ListLiteral& literal,
                                   const Receiver& receiver) {
  const Type& type = *receiver.type;
  if (type.is_vector() && literal.elements.size() != static_cast<size_t>(type.dimension())) {
    return invalid("Invalid vector literal for " + receiver.name + " of type " + type.to_string() +
                   "; expected " + std::to_string(type.dimension()) + " elements, but given " +
                   std::to_string(literal.elements.size()));
  }
  if (!type.is_vector() && type.kind() != TypeKind::kList) {
    return unexpected_receiver(type);
  }
  return prepare_elements(context, literal.elements, type.is_vector() ? "vector" : "list", receiver);
}

Result<ExpressionPtr> prepare_set(PrepareContext& context, const SetLiteral& literal,
                                  const Receiver& receiver) {
  const bool empty_map = receiver.type->kind() == TypeKind::kMap && literal.elements.empty();
  if (receiver.type->kind() != TypeKind::kSet && !empty_map) return bad_literal("set", receiver);
  if (empty_map) return make_collection(receiver.type, {});
  return prepare_elements(context, literal.elements, "set", receiver);
}

Result<ExpressionPtr> prepare_map(PrepareContext& context, const MapLiteral& literal,
                                  const Receiver& receiver) {
  if (receiver.type->kind() != TypeKind::kMap) return bad_literal("map", receiver);
  const Receiver of_key = key_receiver(receiver), of_value = value_receiver(receiver);
  for (const auto& [key, value] : literal.entries) {
    KEYZONE_CHECK(check_part(context, *key, of_key, "map", receiver, "key"));
    KEYZONE_CHECK(check_part(context, *value, of_value, "map", receiver, "value"));
  }
  std::vector<ExpressionPtr> parts;
  for (const auto& [key, value] : literal.entries) {
    KEYZONE_TRY(key_part, prepare_part(context, key, of_key, "map", receiver));
    KEYZONE_TRY(value_part, prepare_part(context, value, of_value, "map", receiver));
    parts.push_back(std::move(key_part));
    parts.push_back(std::move(value_part));
  }
  return make_collection(receiver.type, std::move(parts));
}

Result<ExpressionPtr> prepare_tuple(PrepareContext& context, const TupleLiteral& literal,
                                    const Receiver& receiver) {
  const size_t expected = receiver.type->parameters().size();
  const bool too_many = receiver.type->is_user_type() && literal.elements.size() > expected;
  if (!takes_positions(*receiver.type) && !too_many) {
    if (literal.elements.size() == 1) return prepare_term(context, literal.elements[0], receiver);
    return invalid("Invalid tuple type literal for " + receiver.name + " of type " +
                   receiver.type->to_string());
  }
  for (size_t i = 0; i < literal.elements.size(); ++i) {
    if (i >= expected) {
      return invalid("Invalid tuple literal for " + receiver.name + ": too many elements. Type " +
                     receiver.type->to_string() + " expects " + std::to_string(expected) + " but got " +
                     std::to_string(literal.elements.size()));
    }
    const Receiver field = position_receiver(receiver, i);
    KEYZONE_TRY(fits, is_assignable(context, *literal.elements[i], field));
    if (!fits) {
      return invalid("Invalid tuple literal for " + receiver.name + ": component " + std::to_string(i) +
                     " is not of type " + field.type->to_string());
    }
  }
  std::vector<ExpressionPtr> fields;
  for (size_t i = 0; i < literal.elements.size(); ++i) {
    KEYZONE_TRY(part, prepare_term(context, literal.elements[i], position_receiver(receiver, i)));
    fields.push_back(std::move(part));
  }
  return make_fields(receiver.type, std::move(fields));
}

Result<ExpressionPtr> prepare_user_type(PrepareContext& context, const UserTypeLiteral& literal,
                                        const Receiver& receiver) {
  const Type& type = *receiver.type;
  if (!type.is_user_type()) return bad_literal("user type", receiver);
  // The order of things tells which mistake is complained of: each field's type, each field, unknown ones.
  std::vector<TermPtr> terms(type.parameters().size());
  const std::string* unknown = nullptr;
  for (const auto& [name, term] : literal.fields) {
    const std::optional<size_t> at = type.find_field(name);
    if (at) terms[*at] = term;
    if (!at && !unknown) unknown = &name;
  }
  for (size_t i = 0; i < terms.size(); ++i) {
    if (!terms[i]) continue;
    const Receiver field = field_receiver(receiver, i);
    KEYZONE_TRY(fits, is_assignable(context, *terms[i], field));
    if (!fits) {
      return invalid("Invalid user type literal for " + receiver.name + ": field " + type.field_names()[i] +
                     " is not of type " + field.type->to_string());
    }
  }
  std::vector<ExpressionPtr> fields;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (!terms[i]) {
      fields.push_back(std::make_shared<NullExpression>(type.parameters()[i]));
      continue;
    }
    KEYZONE_TRY(part, prepare_term(context, terms[i], field_receiver(receiver, i)));
    fields.push_back(std::move(part));
  }
  if (unknown)
    return invalid("Unknown field '" + *unknown + "' in value of user defined type " + type.name());
  return make_fields(receiver.type, std::move(fields));
}

}  // namespace keyzone::cql
