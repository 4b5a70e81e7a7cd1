// Constants of CQL text: which types each kind may be used for, and what it becomes.
#include <array>
#include <charconv>

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

bool fits_double(std::string_view text) {
  if (lower_case(text).find_first_of("in") != std::string::npos) return true;  // NaN, Infinity
  // As many significant digits as every double keeps; more of them need a decimal to be surely exact.
  size_t digits = 0;
  for (const char c : text.substr(0, text.find_first_of("eE"))) {
    if (c >= '0' && c <= '9' && (digits > 0 || c != '0')) ++digits;
  }
  return digits <= 15;
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
