// blob: any bytes, ordered as such; 0x… in text.
#include "schema/types/hex.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

class BlobType final : public NativeType {
 public:
  BlobType() : NativeType(TypeKind::kBlob) {}
  Result<void> validate(BytesView) const override { return {}; }
  // Without 0x, as Cassandra's; a constant of kind HEX has lost it on the way here.
  Result<Bytes> from_text(std::string_view text) const override {
    if (auto bytes = from_hex(text)) return std::move(*bytes);
    return invalid("cannot parse " + in_quotes(text) + " as hex bytes");
  }
  std::string to_cql_literal(BytesView wire) const override { return "0x" + to_hex(wire); }
  std::string to_json(BytesView wire) const override { return "\"0x" + to_hex(wire) + "\""; }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { append_escaped(wire, out); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.escaped(out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    const std::string shown = json.kind == JsonValue::Kind::kString ? json.text : json.to_string();
    const std::string prefix = "Value " + in_quotes(shown) + " is not a valid blob representation: ";
    if (json.kind != JsonValue::Kind::kString) {
      const std::string path = json.java_class_path();
      return invalid(prefix + "class " + path + " cannot be cast to class java.lang.String (" + path +
                     " and java.lang.String are in module java.base of loader 'bootstrap')");
    }
    if (!json.text.starts_with("0x")) {
      return invalid(prefix + "String representation of blob is missing 0x prefix: " + json.text);
    }
    auto bytes = from_text(std::string_view(json.text).substr(2));
    if (!bytes) return invalid(prefix + bytes.error().message);
    return bytes;
  }
};

}  // namespace

std::string to_hex(BytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

TypePtr make_blob_type() { return std::make_shared<BlobType>(); }

}  // namespace keyzone
