// time: nanoseconds since midnight, 64-bit big-endian.
#include <charconv>

#include "schema/time_units.h"
#include "schema/types/calendar.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

std::optional<int64_t> part(std::string_view text, int64_t limit) {
  if (!all_digits(text) || text.size() > 9) return std::nullopt;
  const int64_t value = digits_value(text);
  return value < limit ? std::optional(value) : std::nullopt;
}

// hh:mm:ss[.fffffffff]
Result<int64_t> parse_clock(std::string_view text) {
  const Error error =
      invalid("(TimeType) Unable to coerce " + in_quotes(text) + " to a formatted time (long)");
  std::string_view clock = trim(text);
  const size_t first = clock.find(':');
  const size_t second = first == clock.npos ? clock.npos : clock.find(':', first + 1);
  if (second == clock.npos) return error;
  const size_t point = clock.find('.', second);
  const auto hours = part(clock.substr(0, first), 24);
  const auto minutes = part(clock.substr(first + 1, second - first - 1), 60);
  const auto seconds = part(clock.substr(second + 1, point == clock.npos ? point : point - second - 1), 60);
  int64_t nanos = 0;
  if (point != clock.npos) {
    std::string fraction(clock.substr(point + 1));
    if (!all_digits(fraction) || fraction.size() > 9) return error;
    fraction.resize(9, '0');
    nanos = digits_value(fraction);
  }
  if (!hours || !minutes || !seconds) return error;
  return ((*hours * 60 + *minutes) * 60 + *seconds) * kNanosPerSecond + nanos;
}

class TimeType final : public NativeType {
 public:
  TimeType() : NativeType(TypeKind::kTime) {}

  Result<void> validate(BytesView wire) const override {
    if (wire.size() == 8) return {};
    return invalid("Expected 8 byte long for time (" + std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (is_integer_text(text)) {
      int64_t nanos = 0;
      const auto error = std::from_chars(text.data(), text.data() + text.size(), nanos).ec;
      if (error != std::errc() || nanos < 0 || nanos >= kNanosPerDay) {
        return invalid("Unable to make long (for time) from: " + in_quotes(text));
      }
      return be_bytes(nanos);
    }
    KEYZONE_TRY(nanos, parse_clock(text));
    return be_bytes(nanos);
  }
  std::string to_cql_literal(BytesView wire) const override { return in_quotes(text(wire)); }
  std::string to_json(BytesView wire) const override { return "\"" + text(wire) + "\""; }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { out.append(wire); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.bytes(8, out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch("a string representation of a time value", json);
  }

 private:
  // Bytes from a client may name any number; what lies outside a day is shown within it.
  static std::string text(BytesView wire) {
    const int64_t nanos = floor_mod(load_be<int64_t>(wire.data()), kNanosPerDay);
    const int64_t seconds = nanos / kNanosPerSecond;
    return padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) +
           "." + padded(nanos % kNanosPerSecond, 9);
  }
};

}  // namespace

TypePtr make_time_type() { return std::make_shared<TimeType>(); }

}  // namespace keyzone
