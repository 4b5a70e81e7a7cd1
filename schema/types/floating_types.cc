// float and double: IEEE 754, big-endian. -0.0 sorts before 0.0, and all NaNs are equal and last, as in Java.
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "schema/types/floating.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

// [digits][.digits][e[±]digits], at least one digit before the exponent.
bool is_float_text(std::string_view text) {
  size_t at = 0, mantissa = 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  mantissa += digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    mantissa += digits();
  }
  if (mantissa == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// 0x1.8p3, as Java has it: with an exponent of two.
template <class Float>
std::optional<Float> parse_hexadecimal(std::string_view text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
  text.remove_prefix(2);
  if (text.find_first_of("pP") == text.npos) return std::nullopt;
  Float value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Float>
std::optional<Float> parse(std::string_view text) {
  text = trim(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const Float sign = negative ? Float(-1) : Float(1);
  if (text == "NaN") return std::numeric_limits<Float>::quiet_NaN();
  if (text == "Infinity") return sign * std::numeric_limits<Float>::infinity();
  if (!text.empty() && std::string_view("fFdD").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  if (const auto value = parse_hexadecimal<Float>(text)) return sign * *value;
  if (!is_float_text(text)) return std::nullopt;
  Float value{};
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc::result_out_of_range) {
    // from_chars does not say on which side; strtold has exponents enough to tell, or saturates the right
    // way.
    value = std::strtold(std::string(text).c_str(), nullptr) > 1 ? std::numeric_limits<Float>::infinity()
                                                                 : Float(0);
  }
  return sign * value;
}

template <class Float, class Bits>
class FloatingType final : public NativeType {
 public:
  explicit FloatingType(TypeKind kind) : NativeType(kind) {}
  std::optional<size_t> fixed_length() const override { return sizeof(Float); }

  Result<void> validate(BytesView wire) const override {
    if (wire.empty() || wire.size() == sizeof(Float)) return {};
    constexpr const char* kWords = sizeof(Float) == 4 ? "Expected 4 or 0 byte value for a float ("
                                                      : "Expected 8 or 0 byte value for a double (";
    return invalid(kWords + std::to_string(wire.size()) + ")");
  }
  bool ordered_is_exact() const override { return false; }

  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    const auto value = parse<Float>(text);
    if (!value) return invalid("Unable to make " + name() + " from " + in_quotes(text));
    return be_bytes(std::bit_cast<Bits>(*value));
  }
  std::string to_cql_literal(BytesView wire) const override {
    return wire.empty() ? "null" : java_text(value_of(wire));
  }
  std::string to_json(BytesView wire) const override {
    if (wire.empty()) return "\"\"";
    const Float value = value_of(wire);
    return std::isfinite(value) ? java_text(value) : "null";  // JSON has no NaN and no infinity
  }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    const Bits x = ordered_bits(a), y = ordered_bits(b);
    return x < y ? -1 : x > y;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override { append_be(out, ordered_bits(wire)); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    const Bits bits = in.be<Bits>();
    if (in.failed()) return false;
    append_be(out, static_cast<Bits>((bits & kSign) ? bits ^ kSign : ~bits));
    return true;
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kFloat) {  // Java has read a double
      return be_bytes(std::bit_cast<Bits>(static_cast<Float>(parse<double>(json.text).value_or(0))));
    }
    if (json.kind == JsonValue::Kind::kString || json.is_number()) return from_text(json.text);
    return json_mismatch("a " + name() + " value", json);
  }

 private:
  static constexpr Bits kSign = Bits(1) << (sizeof(Bits) * 8 - 1);
  static Float value_of(BytesView wire) { return std::bit_cast<Float>(load_be<Bits>(wire.data())); }
  static Bits ordered_bits(BytesView wire) {
    const Float value = value_of(wire);
    const Bits bits =
        std::bit_cast<Bits>(std::isnan(value) ? std::numeric_limits<Float>::quiet_NaN() : value);
    return (bits & kSign) ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | kSign);
  }
  static std::string name() { return sizeof(Float) == 4 ? "float" : "double"; }
};

}  // namespace

std::optional<double> parse_double(std::string_view text) { return parse<double>(text); }
std::optional<float> parse_float(std::string_view text) { return parse<float>(text); }

TypePtr make_floating_type(TypeKind kind) {
  if (kind == TypeKind::kFloat) return std::make_shared<FloatingType<float, uint32_t>>(kind);
  return std::make_shared<FloatingType<double, uint64_t>>(kind);
}

}  // namespace keyzone
