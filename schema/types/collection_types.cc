// list, set and map. Sets and maps are sorted by element and by key.
#include "schema/types/collections.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

class CollectionType : public Type {
 public:
  CollectionType(TypeKind kind, std::vector<TypePtr> parameters, bool frozen) : Type(kind, !frozen) {
    parameters_ = std::move(parameters);
  }

  Result<void> validate(BytesView wire) const override {
    const Error null = invalid("Null value read when not allowed");
    CollectionReader reader(*this, wire);
    bool has_null = false;
    size_t i = 0;
    for (std::optional<BytesView> value; reader.next(value); ++i) {
      if (value) KEYZONE_CHECK(part(i).validate(*value));
      if (!value && kind() != TypeKind::kList) return null;  // a list may have more that is wrong with it
      has_null = has_null || !value;
    }
    KEYZONE_CHECK(reader.check_end(*this));
    if (has_null) return null;
    return {};
  }
  bool ordered_is_exact() const override {
    for (const TypePtr& part : parameters_) {
      if (!part->ordered_is_exact()) return false;
    }
    return true;
  }
  // The bytes in hexadecimal digits, as Cassandra takes a text for a collection.
  Result<Bytes> from_text(std::string_view text) const override {
    KEYZONE_TRY(bytes, native_type(TypeKind::kBlob)->from_text(text));
    KEYZONE_CHECK(validate(bytes));
    return bytes;
  }

 protected:
  // The type of the i-th value: keys and values of a map alternate.
  const Type& part(size_t i) const { return *parameters_[i % parameters_.size()]; }

  int compare_values(BytesView a, BytesView b) const override {
    CollectionReader x(*this, a), y(*this, b);
    BytesView p, q;
    for (size_t i = 0; x.next(p) && y.next(q); ++i) {
      if (const int order = part(i).compare(p, q)) return order;
    }
    return x.count() < y.count() ? -1 : x.count() > y.count();
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    CollectionReader reader(*this, wire);
    BytesView value;
    for (size_t i = 0; reader.next(value); ++i) {
      out.push_back('\1');
      part(i).append_ordered_part(value, out);
    }
    out.push_back('\0');
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    CollectionWriter writer(*this);
    size_t i = 0;
    Bytes value;
    for (uint8_t more; (more = in.byte()) != 0; ++i) {
      value.clear();
      if (more != 1 || !part(i).read_ordered_part(in, value)) return false;
      writer.add(value);
    }
    if (in.failed() || i % parameters_.size()) return false;
    out += std::move(writer).finish();
    return true;
  }
};

// What list and set share.
class SequenceType final : public CollectionType {
 public:
  using CollectionType::CollectionType;

  std::string to_cql_literal(BytesView wire) const override {
    if (wire.empty()) return "null";
    const bool list = kind() == TypeKind::kList;
    return (list ? "[" : "{") +
           joined(wire, [&](BytesView value) { return element().to_cql_literal(value); }) +
           (list ? "]" : "}");
  }
  std::string to_json(BytesView wire) const override {
    return "[" + joined(wire, [&](BytesView value) { return element().to_json(value); }) + "]";
  }

 protected:
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_json_text(json.text);
    const bool list = kind() == TypeKind::kList;
    if (json.kind != JsonValue::Kind::kArray) {
      return invalid(std::string(list ? "Expected a list" : "Expected a list (representing a set)") +
                     ", but got a " + std::string(json.java_class()) + ": " + json.to_string());
    }
    std::vector<Bytes> values;
    for (const JsonValue& item : json.items) {
      KEYZONE_TRY(value, element().from_json(item));
      if (!value) return invalid(list ? "Invalid null element in list" : "Invalid null element in set");
      values.push_back(std::move(*value));
    }
    return build_collection(*this, std::move(values));
  }

 private:
  template <class Show>
  std::string joined(BytesView wire, const Show& show) const {
    std::string out;
    CollectionReader reader(*this, wire);
    BytesView value;
    for (size_t i = 0; reader.next(value); ++i) out += (i ? ", " : "") + show(value);
    return out;
  }
};

class MapType final : public CollectionType {
 public:
  using CollectionType::CollectionType;

  std::string to_cql_literal(BytesView wire) const override {
    if (wire.empty()) return "null";
    return joined(wire, [](const Type& type, BytesView value, bool) { return type.to_cql_literal(value); });
  }
  std::string to_json(BytesView wire) const override {
    return joined(wire, [](const Type& type, BytesView value, bool is_key) {
      std::string json = type.to_json(value);
      return is_key && !json.starts_with('"') ? quote_json(json) : json;  // JSON has only strings for names
    });
  }

 protected:
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_json_text(json.text);
    if (json.kind != JsonValue::Kind::kObject) {
      return invalid("Expected a map, but got a " + std::string(json.java_class()) + ": " + json.to_string());
    }
    std::vector<Bytes> values;
    for (const auto& [name, item] : json.members) {
      JsonValue key;
      key.kind = JsonValue::Kind::kString;
      key.text = name;
      if (item.is_null()) return invalid("Invalid null value in map");
      KEYZONE_TRY(key_bytes, key_type().from_json(key));
      KEYZONE_TRY(value_bytes, value_type().from_json(item));
      values.push_back(std::move(*key_bytes));
      values.push_back(std::move(*value_bytes));
    }
    return build_collection(*this, std::move(values));
  }

 private:
  template <class Show>
  std::string joined(BytesView wire, const Show& show) const {
    std::string out = "{";
    CollectionReader reader(*this, wire);
    BytesView key, value;
    for (size_t i = 0; reader.next(key) && reader.next(value); ++i) {
      out += (i ? ", " : "") + show(key_type(), key, true) + ": " + show(value_type(), value, false);
    }
    return out + "}";
  }
};

}  // namespace

TypePtr list_type(TypePtr element, bool frozen) {
  return std::make_shared<SequenceType>(TypeKind::kList, std::vector{freeze(element)}, frozen);
}

TypePtr set_type(TypePtr element, bool frozen) {
  return std::make_shared<SequenceType>(TypeKind::kSet, std::vector{freeze(element)}, frozen);
}

TypePtr map_type(TypePtr key, TypePtr value, bool frozen) {
  return std::make_shared<MapType>(TypeKind::kMap, std::vector{freeze(key), freeze(value)}, frozen);
}

}  // namespace keyzone
