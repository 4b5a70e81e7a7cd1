// varint: two's complement, big-endian; redundant leading bytes are legal and mean nothing.
//
// Ordered: a header h and then the n bytes of the shortest form. For numbers from 0 on, h is 80 + n, or ff
// and n as 32 bits where n >= 7f; for those below 0 it is the complement of that. 1 is 81 01, -1 is 7e ff.
#include "schema/types/big_number.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr size_t kLongLength = 0x7f;

bool is_negative(BytesView wire) { return !wire.empty() && static_cast<int8_t>(wire[0]) < 0; }

// Without leading bytes that only repeat the sign.
BytesView shortest(BytesView wire) {
  while (wire.size() > 1 && (wire[0] == 0 || wire[0] == '\xff') &&
         (static_cast<int8_t>(wire[0]) < 0) == (static_cast<int8_t>(wire[1]) < 0)) {
    wire.remove_prefix(1);
  }
  return wire;
}

class VarintType final : public NativeType {
 public:
  VarintType() : NativeType(TypeKind::kVarint) {}
  bool ordered_is_exact() const override { return false; }

  Result<void> validate(BytesView wire) const override {
    if (wire.size() <= kNumberBytesMax) return {};
    return invalid("A varint may have at most " + std::to_string(kNumberBytesMax) + " bytes (" +
                   std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    const auto value = parse_bigint(text);
    if (!value) return invalid("unable to make int from " + in_quotes(text));
    return bigint_to_wire(*value);
  }
  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : text(wire); }
  std::string to_json(BytesView wire) const override { return wire.empty() ? "\"\"" : text(wire); }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    a = shortest(a);
    b = shortest(b);
    if (is_negative(a) != is_negative(b)) return is_negative(a) ? -1 : 1;
    if (a.size() != b.size()) return (a.size() < b.size()) != is_negative(a) ? -1 : 1;
    return a.compare(b);
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    const BytesView bytes = shortest(wire);
    const size_t start = out.size();
    if (bytes.size() < kLongLength) {
      out.push_back(static_cast<char>(0x80 + bytes.size()));
    } else {
      out.push_back('\xff');
      append_be(out, static_cast<uint32_t>(bytes.size()));
    }
    if (is_negative(bytes)) OrderedReader::invert(out, start);
    out.append(bytes);
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    uint8_t header = in.byte();
    const bool negative = header < 0x80;
    if (negative) header = static_cast<uint8_t>(~header);
    size_t size = header - 0x80u;
    if (size == kLongLength) {
      const auto length = in.be<uint32_t>();
      size = negative ? static_cast<uint32_t>(~length) : length;
    }
    return !in.failed() && size > 0 && in.bytes(size, out);
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    const bool has_digits = json.kind == JsonValue::Kind::kString || json.kind == JsonValue::Kind::kInteger;
    const auto value = has_digits ? parse_bigint(json.text) : std::nullopt;
    if (value) return bigint_to_wire(*value);
    const std::string shown = json.kind == JsonValue::Kind::kString ? json.text : json.to_string();
    return invalid("Value " + in_quotes(shown) + " is not a valid representation of a varint value");
  }

 private:
  static std::string text(BytesView wire) { return bigint_from_wire(wire).str(); }
};

}  // namespace

BigInt bigint_from_wire(BytesView wire) {
  BigInt value;
  if (wire.empty()) return value;  // the digits of a decimal of 4 bytes, which Cassandra stores
  boost::multiprecision::import_bits(value, reinterpret_cast<const uint8_t*>(wire.data()),
                                     reinterpret_cast<const uint8_t*>(wire.data()) + wire.size());
  if (is_negative(wire)) value -= BigInt(1) << static_cast<unsigned>(wire.size() * 8);
  return value;
}

Bytes bigint_to_wire(const BigInt& value) {
  // -v-1 has the complement of v's bits.
  const bool negative = value < 0;
  const BigInt magnitude = negative ? BigInt(-value - 1) : value;
  Bytes bytes(1, '\0');  // room for the sign
  std::vector<uint8_t> bits;
  boost::multiprecision::export_bits(magnitude, std::back_inserter(bits), 8);
  bytes.append(reinterpret_cast<const char*>(bits.data()), bits.size());
  if (negative) OrderedReader::invert(bytes, 0);
  return Bytes(shortest(bytes));
}

std::optional<BigInt> parse_bigint(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!all_digits(text) || text.size() > kNumberDigitsMax) return std::nullopt;
  const size_t zeros = text.find_first_not_of('0');  // a leading zero would mean octal to Boost
  if (zeros == text.npos) return BigInt(0);
  BigInt value(text.substr(zeros));
  return negative ? BigInt(-value) : value;
}

BigInt power_of_ten(uint32_t exponent) { return boost::multiprecision::pow(BigInt(10), exponent); }

TypePtr make_varint_type() { return std::make_shared<VarintType>(); }

}  // namespace keyzone
