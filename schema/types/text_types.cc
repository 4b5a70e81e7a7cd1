// ascii and text: ordered by their bytes.
#include <algorithm>

#include "schema/types/native_types.h"

namespace keyzone {

namespace {

// UTF-8 without overlong forms; as in Cassandra surrogates pass, Java's two-byte zero, and what four bytes
// can say beyond U+10FFFF.
bool is_utf8(BytesView bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* end = p + bytes.size();
  while (p < end) {
    const unsigned char lead = *p++;
    if (lead < 0x80) continue;
    int more;
    unsigned char low = 0x80, high = 0xbf;
    if (lead == 0xc0) {
      more = 1, high = 0x80;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2, low = lead == 0xe0 ? 0xa0 : 0x80;
    } else if (lead >= 0xf0 && lead <= 0xf7) {
      more = 3, low = lead == 0xf0 ? 0x90 : 0x80;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xbf) {
      if (p == end || *p < low || *p > high) return false;
      ++p;
    }
  }
  return true;
}

class TextType final : public NativeType {
 public:
  explicit TextType(TypeKind kind) : NativeType(kind) {}

  Result<void> validate(BytesView wire) const override {
    if (kind() == TypeKind::kText) {
      if (!is_utf8(wire)) return invalid("String didn't validate.");
      return {};
    }
    for (const char c : wire) {
      if (static_cast<int8_t>(c) < 0) {
        return invalid("Invalid byte for ascii: " + std::to_string(static_cast<int8_t>(c)));
      }
    }
    return {};
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (validate(text)) return Bytes(text);
    if (kind() == TypeKind::kText) return invalid("String didn't validate.");
    const auto odd =
        std::find_if(text.begin(), text.end(), [](char c) { return static_cast<int8_t>(c) < 0; });
    const bool two_chars = static_cast<unsigned char>(*odd) >= 0xf0;  // in Java's text
    return invalid(
        std::string(
            "Invalid ASCII character in string literal: java.nio.charset.UnmappableCharacterException: "
            "Input length = ") +
        (two_chars ? "2" : "1"));
  }
  std::string to_cql_literal(BytesView wire) const override {
    std::string out = "'";
    for (const char c : wire) {
      if (c == '\'') out += '\'';
      out += c;
    }
    return out + "'";
  }
  std::string to_json(BytesView wire) const override { return quote_json(wire); }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { append_escaped(wire, out); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.escaped(out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch(kind() == TypeKind::kText ? "a UTF-8 string" : "an ascii string", json);
  }
};

}  // namespace

TypePtr make_text_type(TypeKind kind) { return std::make_shared<TextType>(kind); }

}  // namespace keyzone
