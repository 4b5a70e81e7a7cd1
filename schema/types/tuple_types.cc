// tuple and user types: fields in order, each of which may be null; trailing ones may be missing, as they are
// in values written before a field was added.
#include "schema/types/collections.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

using Fields = std::vector<std::optional<BytesView>>;

class FieldsType : public Type {
 public:
  FieldsType(TypeKind kind, std::vector<TypePtr> fields, bool multi_cell) : Type(kind, multi_cell) {
    parameters_ = std::move(fields);
  }

  Result<void> validate(BytesView wire) const override {
    FieldReader reader(*this, wire);
    for (std::optional<BytesView> field;;) {
      KEYZONE_TRY(more, reader.next(field));
      if (!more) return {};
      const size_t i = reader.count() - 1;
      const auto valid = field ? parameters_[i]->validate(*field) : Result<void>();
      if (valid) continue;
      if (!is_user_type()) return valid;
      return invalid("Failure validating the " + std::to_string(i) + "th field " + field_names()[i] + "; " +
                     valid.error().message);
    }
  }
  // Missing and null trailing fields are equal.
  bool ordered_is_exact() const override { return false; }

  // Fields of a text that colons part: `1:a`. @ is null; both are themselves behind a backslash.
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    std::vector<std::string> parts(1);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == ':') {
        parts.emplace_back();
      } else {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ':' || text[i + 1] == '@')) {
          parts.back() += text[i++];  // what stands behind it is taken as it is
        }
        parts.back() += text[i];
      }
    }
    if (parts.size() > parameters_.size()) {
      return invalid("Invalid tuple literal: too many elements. Type " + to_string() + " expects " +
                     std::to_string(parameters_.size()) + " but got " + std::to_string(parts.size()));
    }
    std::vector<std::optional<Bytes>> fields;
    for (size_t i = 0; i < parts.size(); ++i) {
      fields.emplace_back();
      if (parts[i] == "@") continue;
      KEYZONE_TRY(value, parameters_[i]->from_text(without_escapes(parts[i])));
      fields.back() = std::move(value);
    }
    return build_fields(fields);
  }

 protected:
  static std::string without_escapes(const std::string& part) {
    std::string out;
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '\\' && i + 1 < part.size() && (part[i + 1] == ':' || part[i + 1] == '@')) ++i;
      out += part[i];
    }
    return out;
  }

  // Only the fields that the bytes hold, each as `show` gives it.
  template <class Show>
  std::string joined(BytesView wire, const Show& show) const {
    std::string out;
    FieldReader reader(*this, wire);
    std::optional<BytesView> field;
    for (auto more = reader.next(field); more && *more; more = reader.next(field)) {
      out += (reader.count() > 1 ? ", " : "") + show(reader.count() - 1, field);
    }
    return out;
  }
  std::string literal_of(size_t i, std::optional<BytesView> field) const {
    return field ? parameters_[i]->to_cql_literal(*field) : "null";
  }

  Fields fields_of(BytesView wire) const {
    auto fields = split_fields(*this, wire);
    return fields ? std::move(*fields) : Fields(parameters_.size());
  }

  int compare_values(BytesView a, BytesView b) const override {
    const Fields x = fields_of(a), y = fields_of(b);
    for (size_t i = 0; i < x.size(); ++i) {
      if (!x[i] || !y[i]) {
        if (x[i].has_value() != y[i].has_value()) return x[i] ? 1 : -1;
      } else if (const int order = parameters_[i]->compare(*x[i], *y[i])) {
        return order;
      }
    }
    return 0;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    const Fields fields = fields_of(wire);
    size_t count = fields.size();
    while (count > 0 && !fields[count - 1]) --count;
    for (size_t i = 0; i < count; ++i) {
      out.push_back(fields[i] ? '\2' : '\1');
      if (fields[i]) parameters_[i]->append_ordered_part(*fields[i], out);
    }
    out.push_back('\0');
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    Bytes value;
    size_t i = 0;
    for (uint8_t marker; (marker = in.byte()) != 0; ++i) {
      if (marker > 2 || i == parameters_.size()) return false;
      value.clear();
      if (marker == 2 && !parameters_[i]->read_ordered_part(in, value)) return false;
      append_field(marker == 2 ? std::optional<BytesView>(value) : std::nullopt, out);
    }
    for (; i < parameters_.size(); ++i) append_field(std::nullopt, out);
    return !in.failed();
  }
};

class TupleType final : public FieldsType {
 public:
  explicit TupleType(std::vector<TypePtr> fields) : FieldsType(TypeKind::kTuple, std::move(fields), false) {}

  std::string to_cql_literal(BytesView wire) const override {
    return wire.empty()
               ? "null"
               : "(" + joined(wire, [&](size_t i, auto field) { return literal_of(i, field); }) + ")";
  }
  std::string to_json(BytesView wire) const override {
    std::string out;
    const Fields fields = fields_of(wire);
    for (size_t i = 0; i < fields.size(); ++i) {
      out += (i ? ", " : "") + (fields[i] ? parameters_[i]->to_json(*fields[i]) : "null");
    }
    return "[" + out + "]";
  }

 protected:
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_json_text(json.text);
    if (json.kind != JsonValue::Kind::kArray) {
      return invalid("Expected a list representation of a tuple, but got a " +
                     std::string(json.java_class()) + ": " + json.to_string());
    }
    const size_t expected = parameters_.size();
    if (json.items.size() != expected) {
      return invalid(std::string(json.items.size() > expected ? "Tuple contains extra items"
                                                              : "Tuple is missing items") +
                     " (expected " + std::to_string(expected) + "): " + json.to_string());
    }
    std::vector<std::optional<Bytes>> fields;
    for (size_t i = 0; i < expected; ++i) {
      KEYZONE_TRY(field, parameters_[i]->from_json(json.items[i]));
      fields.push_back(std::move(field));
    }
    return build_fields(fields);
  }
};

class UserType final : public FieldsType {
 public:
  UserType(std::string keyspace, std::string name, std::vector<std::string> field_names,
           std::vector<TypePtr> field_types, bool frozen)
      : FieldsType(TypeKind::kUser, std::move(field_types), !frozen) {
    keyspace_ = std::move(keyspace);
    name_ = std::move(name);
    field_names_ = std::move(field_names);
    KEYZONE_ASSERT(field_names_.size() == parameters_.size());
  }

  std::string to_cql_literal(BytesView wire) const override {
    if (wire.empty()) return "null";
    return "{" +
           joined(wire,
                  [&](size_t i, auto field) {
                    return quote_identifier(field_names_[i]) + ": " + literal_of(i, field);
                  }) +
           "}";
  }
  std::string to_json(BytesView wire) const override {
    std::string out;
    const Fields fields = fields_of(wire);
    for (size_t i = 0; i < fields.size(); ++i) {
      out += (i ? ", " : "") + quote_json(json_member_name(field_names_[i])) + ": " +
             (fields[i] ? parameters_[i]->to_json(*fields[i]) : "null");
    }
    return "{" + out + "}";
  }

 protected:
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_json_text(json.text);
    if (json.kind != JsonValue::Kind::kObject) {
      return invalid("Expected a map, but got a " + std::string(json.java_class()) + ": " + json.to_string());
    }
    std::vector<std::optional<Bytes>> fields(parameters_.size());
    const JsonFields given = json_fields(json);
    for (const auto& [name, item] : given) {
      const auto at = find_field(name);
      if (!at) continue;
      KEYZONE_TRY(field, parameters_[*at]->from_json(*item));
      fields[*at] = std::move(field);
    }
    for (const auto& [name, item] : given) {  // Cassandra looks at the fields that it knows first
      if (!find_field(name)) {
        return invalid("Unknown field '" + name + "' in value of user defined type " + name_);
      }
    }
    return build_fields(fields);
  }
};

}  // namespace

TypePtr tuple_type(std::vector<TypePtr> fields) {
  for (TypePtr& field : fields) field = freeze(field);
  return std::make_shared<TupleType>(std::move(fields));
}

TypePtr user_type(std::string keyspace, std::string name, std::vector<std::string> field_names,
                  std::vector<TypePtr> field_types, bool frozen) {
  if (frozen) {
    for (TypePtr& field : field_types) field = freeze(field);
  }
  return std::make_shared<UserType>(std::move(keyspace), std::move(name), std::move(field_names),
                                    std::move(field_types), frozen);
}

}  // namespace keyzone
