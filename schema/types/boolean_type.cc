// boolean: one byte, 0 is false and anything else true.
#include "schema/text.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

class BooleanType final : public NativeType {
 public:
  BooleanType() : NativeType(TypeKind::kBoolean) {}
  std::optional<size_t> fixed_length() const override { return 1; }
  bool ordered_is_exact() const override { return false; }

  Result<void> validate(BytesView wire) const override {
    if (wire.size() <= 1) return {};
    return invalid("Expected 1 or 0 byte value (" + std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    const std::string lower = lower_case(text);
    if (lower.empty() || lower == "false") return Bytes(1, '\0');
    if (lower == "true") return Bytes(1, '\1');
    return invalid("Unable to make boolean from " + in_quotes(text));
  }
  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : word(wire); }
  std::string to_json(BytesView wire) const override { return wire.empty() ? "\"\"" : word(wire); }

 protected:
  int compare_values(BytesView a, BytesView b) const override { return (a[0] != 0) - (b[0] != 0); }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    out.push_back(wire[0] ? '\1' : '\0');
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.bytes(1, out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    if (json.kind != JsonValue::Kind::kBoolean) return json_mismatch("a boolean value", json);
    return Bytes(1, json.boolean ? '\1' : '\0');
  }

 private:
  static std::string word(BytesView wire) { return wire[0] ? "true" : "false"; }
};

}  // namespace

TypePtr make_boolean_type() { return std::make_shared<BooleanType>(); }

}  // namespace keyzone
