// vector<T, n>: exactly n elements, none null.
#include "schema/types/collections.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

class VectorType final : public Type {
 public:
  VectorType(TypePtr element, int dimension) : Type(TypeKind::kVector, false) {
    parameters_ = {std::move(element)};
    dimension_ = dimension;
  }

  std::optional<size_t> fixed_length() const override {
    const auto each = element().fixed_length();
    return each ? std::optional(*each * static_cast<size_t>(dimension_)) : std::nullopt;
  }
  bool ordered_is_exact() const override { return element().ordered_is_exact(); }

  Result<void> validate(BytesView wire) const override {
    return walk_vector(*this, wire, [this](BytesView value) { return element().validate(value); });
  }
  Result<Bytes> from_text(std::string_view text) const override { return from_json_text(text); }
  std::string to_cql_literal(BytesView wire) const override {
    return joined(wire, [&](BytesView value) { return element().to_cql_literal(value); });
  }
  std::string to_json(BytesView wire) const override {
    return joined(wire, [&](BytesView value) { return element().to_json(value); });
  }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    const auto x = elements_of(a), y = elements_of(b);
    for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
      if (const int order = element().compare(x[i], y[i])) return order;
    }
    return 0;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    for (const BytesView value : elements_of(wire)) element().append_ordered_part(value, out);
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    std::vector<Bytes> elements(static_cast<size_t>(dimension_));
    for (Bytes& value : elements) {
      if (!element().read_ordered_part(in, value)) return false;
    }
    out += build_vector(*this, elements);
    return true;
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_json_text(json.text);
    if (json.kind != JsonValue::Kind::kArray) {
      return invalid("Expected a list, but got a " + std::string(json.java_class()) + ": " +
                     json.to_string());
    }
    if (json.items.size() != static_cast<size_t>(dimension_)) {
      return invalid("List had incorrect size: expected " + std::to_string(dimension_) + " but given " +
                     std::to_string(json.items.size()) + "; " + json.to_string());
    }
    std::vector<Bytes> elements;
    for (const JsonValue& item : json.items) {
      KEYZONE_TRY(value, element().from_json(item));
      if (!value) return invalid("Invalid null element in list");
      if (is_null_in_vector(*this, *value)) return invalid(std::string(kNullInVector));
      elements.push_back(std::move(*value));
    }
    return build_vector(*this, elements);
  }

 private:
  std::vector<BytesView> elements_of(BytesView wire) const {
    auto elements = split_vector(*this, wire);
    return elements ? std::move(*elements) : std::vector<BytesView>();
  }
  template <class Show>
  std::string joined(BytesView wire, const Show& show) const {
    std::string out;
    for (const BytesView value : elements_of(wire)) out += (out.empty() ? "" : ", ") + show(value);
    return "[" + out + "]";
  }
};

}  // namespace

TypePtr vector_type(TypePtr element, int dimension) {
  KEYZONE_ASSERT(dimension > 0 && dimension <= kVectorElementsMax);
  return std::make_shared<VectorType>(std::move(element), dimension);
}

}  // namespace keyzone
