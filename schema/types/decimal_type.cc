// decimal: an int32 scale, then the unscaled value as a varint has it. 1.0 and 1.00 compare as equal.
//
// Ordered: sign (00 below zero, 01 zero, 02 above), then for others the exponent e (int64, sign bit inverted)
// and the digits d1 d2 ... of 0.d1d2... * 10^e without trailing zeros, two to a byte plus 1, then 00; below
// zero all but the sign is inverted. 12.3 is 02, 8000000000000002, 0d 1f 00. Reading gives the form without
// trailing zeros after the point, and without an exponent where the number is an integer of at most
// kPlainZerosMax trailing zeros.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "schema/types/big_number.h"
#include "schema/types/floating.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr int64_t kPlainZerosMax = 64;
constexpr uint64_t kExponentBias = uint64_t{1} << 63;

// A decimal taken apart so that two can be compared piece by piece.
struct Parts {
  int sign = 0;          // -1, 0, 1
  int64_t exponent = 0;  // the value is 0.digits * 10^exponent
  std::string digits;    // neither starts nor ends with a zero; empty for zero
};

Parts parts_of(const Decimal& value) {
  Parts parts;
  parts.sign = value.unscaled.sign();
  if (parts.sign == 0) return parts;
  parts.digits = BigInt(abs(value.unscaled)).str();
  parts.exponent = static_cast<int64_t>(parts.digits.size()) - value.scale;
  parts.digits.erase(parts.digits.find_last_not_of('0') + 1);
  return parts;
}

Decimal decimal_of(const Parts& parts) {
  Decimal value;
  if (parts.sign == 0) return value;
  std::string digits = parts.digits;
  int64_t scale = static_cast<int64_t>(digits.size()) - parts.exponent;
  const int64_t zeros = scale < 0 && scale >= -kPlainZerosMax ? -scale
                        : scale < std::numeric_limits<int32_t>::min()
                            ? std::numeric_limits<int32_t>::min() - scale
                            : 0;
  digits.append(static_cast<size_t>(zeros), '0');
  value.unscaled = BigInt(digits);
  if (parts.sign < 0) value.unscaled = -value.unscaled;
  value.scale = static_cast<int32_t>(scale + zeros);
  return value;
}

void append_parts(const Parts& parts, Bytes& out) {
  out.push_back(static_cast<char>(parts.sign + 1));
  if (parts.sign == 0) return;
  const size_t start = out.size();
  append_be(out, static_cast<uint64_t>(parts.exponent) ^ kExponentBias);
  for (size_t i = 0; i < parts.digits.size(); i += 2) {
    const int low = i + 1 < parts.digits.size() ? parts.digits[i + 1] - '0' : 0;
    out.push_back(static_cast<char>((parts.digits[i] - '0') * 10 + low + 1));
  }
  out.push_back('\0');
  if (parts.sign < 0) OrderedReader::invert(out, start);
}

bool read_parts(OrderedReader& in, Parts& parts) {
  const uint8_t sign = in.byte();
  if (in.failed() || sign > 2) return false;
  parts.sign = sign - 1;
  if (parts.sign == 0) return true;
  const bool negative = parts.sign < 0;
  const auto exponent = in.be<uint64_t>();
  parts.exponent = static_cast<int64_t>((negative ? ~exponent : exponent) ^ kExponentBias);
  for (;;) {
    const uint8_t raw = in.byte(), pair = static_cast<uint8_t>(negative ? ~raw : raw);
    if (in.failed() || pair > 100 || parts.digits.size() > kNumberDigitsMax * 2) return false;
    if (pair == 0) break;
    parts.digits += static_cast<char>('0' + (pair - 1) / 10);
    parts.digits += static_cast<char>('0' + (pair - 1) % 10);
  }
  if (parts.digits.empty() || parts.digits[0] == '0') return false;
  parts.digits.erase(parts.digits.find_last_not_of('0') + 1);
  const int64_t scale = static_cast<int64_t>(parts.digits.size()) - parts.exponent;
  constexpr int64_t kLeast = std::numeric_limits<int32_t>::min() - static_cast<int64_t>(kNumberDigitsMax) * 2;
  return scale >= kLeast && scale <= std::numeric_limits<int32_t>::max();
}

class DecimalType final : public NativeType {
 public:
  DecimalType() : NativeType(TypeKind::kDecimal) {}
  bool ordered_is_exact() const override { return false; }

  Result<void> validate(BytesView wire) const override {
    if (!wire.empty() && wire.size() < 4) {
      return invalid("Expected 0 or at least 4 bytes (" + std::to_string(wire.size()) + ")");
    }
    if (wire.size() <= 4 + kNumberBytesMax) return {};
    return invalid("A decimal may have at most " + std::to_string(4 + kNumberBytesMax) + " bytes (" +
                   std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    const auto value = Decimal::parse(text);
    if (!value) return invalid("unable to make BigDecimal from " + in_quotes(text));
    return value->to_wire();
  }
  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : text(wire); }
  std::string to_json(BytesView wire) const override { return wire.empty() ? "\"\"" : text(wire); }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    return keyzone::compare(Decimal::from_wire(a), Decimal::from_wire(b));
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    append_parts(parts_of(Decimal::from_wire(wire)), out);
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    Parts parts;
    if (!read_parts(in, parts)) return false;
    out += decimal_of(parts).to_wire();
    return true;
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    const bool has_digits = json.kind == JsonValue::Kind::kString || json.is_number();
    if (has_digits) {
      if (auto value = from_text(json.text)) return value;
    }
    const std::string shown = json.kind == JsonValue::Kind::kString ? json.text : json.to_string();
    return invalid("Value " + in_quotes(shown) + " is not a valid representation of a decimal value");
  }

 private:
  static std::string text(BytesView wire) { return Decimal::from_wire(wire).to_string(); }
};

}  // namespace

int compare(const Decimal& a, const Decimal& b) {
  const Parts x = parts_of(a), y = parts_of(b);
  if (x.sign != y.sign) return x.sign < y.sign ? -1 : 1;
  if (x.exponent != y.exponent) return (x.exponent < y.exponent ? -1 : 1) * x.sign;
  return x.digits.compare(y.digits) * x.sign;
}

Decimal Decimal::from_wire(BytesView wire) {
  return {bigint_from_wire(wire.substr(4)), load_be<int32_t>(wire.data())};
}

Bytes Decimal::to_wire() const {
  Bytes out;
  append_be(out, scale);
  return out + bigint_to_wire(unscaled);
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  std::string digits;
  int64_t scale = 0;
  if (const size_t e = text.find_first_of("eE"); e != text.npos) {
    std::string_view exponent = text.substr(e + 1);
    const bool negative = exponent.starts_with('-');
    if (negative || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_digits(exponent) || exponent.size() > 10) return std::nullopt;
    const int64_t size = digits_value(exponent);
    if (size > std::numeric_limits<int32_t>::max()) return std::nullopt;
    scale = negative ? size : -size;
    text = text.substr(0, e);
  }
  if (text.starts_with('-')) digits = "-";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;
  const size_t point = text.find('.');
  digits += text.substr(0, point);
  if (point != text.npos) {
    digits += text.substr(point + 1);
    scale += static_cast<int64_t>(text.size() - point - 1);
  }
  const auto unscaled = parse_bigint(digits);
  if (!unscaled || scale != static_cast<int32_t>(scale)) return std::nullopt;
  return Decimal{*unscaled, static_cast<int32_t>(scale)};
}

Decimal Decimal::from_double(double value) { return parse(java_text(value)).value_or(Decimal{}); }

std::string Decimal::to_string() const {
  std::string digits = BigInt(abs(unscaled)).str();
  const std::string sign = unscaled < 0 ? "-" : "";
  if (scale == 0) return sign + digits;
  const int64_t adjusted = static_cast<int64_t>(digits.size()) - 1 - scale;
  if (scale > 0 && adjusted >= -6) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    return sign + digits.substr(0, digits.size() - places) + "." + digits.substr(digits.size() - places);
  }
  if (digits.size() > 1) digits.insert(1, ".");
  if (adjusted == 0) return sign + digits;
  return sign + digits + (adjusted > 0 ? "E+" : "E") + std::to_string(adjusted);
}

TypePtr make_decimal_type() { return std::make_shared<DecimalType>(); }

}  // namespace keyzone
