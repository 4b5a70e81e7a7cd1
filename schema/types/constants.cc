// Constants of CQL text: which types each kind may be used for, and what it becomes.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "schema/text.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr uint32_t bit(TypeKind kind) { return 1u << static_cast<int>(kind); }
template <class... Kinds>
constexpr uint32_t bits(Kinds... kinds) {
  return (bit(kinds) | ...);
}

struct ConstantRule {
  std::string_view name;
  uint32_t accepted_by;
};
using enum TypeKind;
constexpr ConstantRule kRules[] = {
    {"STRING", bits(kAscii, kText, kInet, kDate, kTime, kTimestamp)},
    {"INTEGER", bits(kBigint, kCounter, kDate, kDecimal, kDouble, kDuration, kFloat, kInt, kSmallint, kTime,
                     kTimestamp, kTinyint, kVarint)},
    {"FLOAT", bits(kDecimal, kDouble, kFloat)},
    {"UUID", bits(kUuid, kTimeuuid)},
    {"BOOLEAN", bits(kBoolean)},
    {"HEX", bits(kBlob)},
    {"DURATION", bits(kDuration)},
};

// A number's significant digits, and the power of ten of the last of them: equal for equal numbers.
std::pair<std::string, int64_t> scientific(std::string_view text) {
  std::string digits;
  int64_t exponent = 0;
  const size_t mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, mark);
  for (const char c : mantissa) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (const size_t point = mantissa.find('.'); point != std::string_view::npos)
    exponent -= static_cast<int64_t>(mantissa.size() - point - 1);
  if (mark != std::string_view::npos) {
    std::string_view power = text.substr(mark + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int64_t value = 0;
    std::from_chars(power.data(), power.data() + power.size(), value);
    exponent += value;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return {};
  const size_t last = digits.find_last_not_of('0');
  exponent += static_cast<int64_t>(digits.size() - last - 1);
  digits.resize(last + 1);
  return {digits, exponent};
}

// Whether the number is a double as this is written: 1.1 is one, 1.12345678901234567 has a digit too many.
bool fits_double(std::string_view text) {
  if (lower_case(text).find_first_of("in") != std::string::npos) return true;  // NaN, Infinity
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  if (!std::isfinite(value)) return true;
  std::array<char, 32> shortest;
  const auto end = std::to_chars(shortest.data(), shortest.data() + shortest.size(), value).ptr;
  return scientific({shortest.data(), end}) == scientific(text);
}

TypeKind preferred_integer(std::string_view text) {
  int64_t value;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) return kVarint;
  return value == static_cast<int32_t>(value) ? kInt : kBigint;
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<signed char>(c) < 0) return false;
  }
  return true;
}

}  // namespace

std::string_view constant_kind_name(ConstantKind kind) { return kRules[static_cast<int>(kind)].name; }

// Cassandra takes bytes for a tinyint too, and any constant for a tuple, whose text is that of TupleType, and
// for a type that it knows by its class only.
bool Type::accepts_constant(ConstantKind kind) const {
  if (is_tuple() || other_class_ == OtherClass::kLexicalUuid || is_composite(*this)) return true;
  if (kind_ == kTinyint && kind == ConstantKind::kHex) return true;
  return is_native() && (kRules[static_cast<int>(kind)].accepted_by & bit(kind_)) != 0;
}

Result<Bytes> Type::from_constant(ConstantKind kind, std::string_view text) const {
  if (!accepts_constant(kind)) {
    return invalid("Invalid " + std::string(constant_kind_name(kind)) + " constant (" + std::string(text) +
                   ") for type " + to_string());
  }
  if (kind == ConstantKind::kHex && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  if (kind == ConstantKind::kHex && (kind_ != kBlob || is_composite(*this))) {
    KEYZONE_TRY(bytes, native_type(kBlob)->from_text(text));
    KEYZONE_CHECK(validate(bytes));
    return bytes;
  }
  return from_text(text);
}

TypePtr preferred_constant_type(ConstantKind kind, std::string_view text) {
  switch (kind) {
    case ConstantKind::kString:
      return native_type(is_ascii(text) ? kAscii : kText);
    case ConstantKind::kInteger:
      return native_type(preferred_integer(text));
    case ConstantKind::kFloat:
      return native_type(fits_double(text) ? kDouble : kDecimal);
    case ConstantKind::kUuid:
      return native_type(text.size() > 14 && text[14] == '1' ? kTimeuuid : kUuid);
    case ConstantKind::kBoolean:
      return native_type(kBoolean);
    case ConstantKind::kHex:
      return native_type(kTinyint);  // as Cassandra has it: a function of anything takes it for that
    case ConstantKind::kDuration:
      return native_type(kDuration);
  }
  return native_type(kText);
}

}  // namespace keyzone
