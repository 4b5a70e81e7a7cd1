// tinyint, smallint, int, bigint and counter: two's complement, big-endian.
#include <charconv>
#include <limits>

#include "schema/types/native_types.h"

namespace keyzone {

namespace {

struct IntegerWords {
  std::string_view size_error;  // what validate() says before the size it found
  std::string_view java;        // in "Unable to make … from 'x'"
  std::string_view json;        // in "Expected … value"
  bool may_be_empty;
};

template <class Int>
class IntegerType final : public NativeType {
 public:
  IntegerType(TypeKind kind, const IntegerWords& words) : NativeType(kind), words_(words) {}

  std::optional<size_t> fixed_length() const override {
    if (sizeof(Int) < 4 || is_counter()) return std::nullopt;  // as Cassandra 5.0 has it
    return sizeof(Int);
  }

  Result<void> validate(BytesView wire) const override {
    if (wire.size() == sizeof(Int) || (wire.empty() && words_.may_be_empty)) return {};
    return invalid(std::string(words_.size_error) + " (" + std::to_string(wire.size()) + ")");
  }

  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    std::string_view digits = text;
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    Int value{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return invalid("Unable to make " + std::string(words_.java) + " from " + in_quotes(text));
    }
    return be_bytes(value);
  }

  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : decimal(wire); }
  std::string to_json(BytesView wire) const override { return wire.empty() ? "\"\"" : decimal(wire); }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    const Int x = load_be<Int>(a.data()), y = load_be<Int>(b.data());
    return x < y ? -1 : x > y;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    const size_t start = out.size();
    out.append(wire);
    out[start] = static_cast<char>(out[start] ^ 0x80);
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    const size_t start = out.size();
    if (!in.bytes(sizeof(Int), out)) return false;
    out[start] = static_cast<char>(out[start] ^ 0x80);
    return true;
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    if (sizeof(Int) < 4 && json.is_number()) return from_text(json.text);
    if (json.kind != JsonValue::Kind::kInteger) return json_mismatch(words_.json, json);
    if (auto value = from_text(json.text)) return value;
    return json_mismatch(words_.json, json);  // a number too large for the type is of another class in Java
  }

 private:
  static std::string decimal(BytesView wire) { return std::to_string(load_be<Int>(wire.data())); }
  const IntegerWords& words_;
};

constexpr IntegerWords kTinyintWords{"Expected 1 byte for a tinyint", "byte", "a byte value", false};
constexpr IntegerWords kSmallintWords{"Expected 2 bytes for a smallint", "short", "a short value", false};
constexpr IntegerWords kIntWords{"Expected 4 or 0 byte int", "int", "an int value", true};
constexpr IntegerWords kBigintWords{"Expected 8 or 0 byte long", "long", "a bigint value", true};

}  // namespace

TypePtr make_integer_type(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyint:
      return std::make_shared<IntegerType<int8_t>>(kind, kTinyintWords);
    case TypeKind::kSmallint:
      return std::make_shared<IntegerType<int16_t>>(kind, kSmallintWords);
    case TypeKind::kInt:
      return std::make_shared<IntegerType<int32_t>>(kind, kIntWords);
    default:
      return std::make_shared<IntegerType<int64_t>>(kind, kBigintWords);
  }
}

}  // namespace keyzone
