// date: an unsigned 32-bit count of days, with 1970-01-01 at 2^31.
#include <charconv>

#include "schema/types/calendar.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr int64_t kDateEpoch = int64_t{1} << 31;
constexpr int64_t kDateMax = (int64_t{1} << 32) - 1;

// ISO_LOCAL_DATE, strictly: four digits of the year, or a sign and more (a minus also before four).
std::optional<CivilDate> parse_strictly(std::string_view text) {
  const char sign = text.starts_with('-') || text.starts_with('+') ? text[0] : '\0';
  const std::string_view body = text.substr(sign ? 1 : 0);
  const size_t dash = body.find('-');
  if (dash == std::string_view::npos || body.size() != dash + 6 || body[dash + 3] != '-') return std::nullopt;
  const std::string_view year = body.substr(0, dash), month = body.substr(dash + 1, 2),
                         day = body.substr(dash + 4);
  if (!all_digits(year) || !all_digits(month) || !all_digits(day)) return std::nullopt;
  if (year.size() < 4 || year.size() > 9 ||
      (year.size() > 4) != (sign == '+' || (sign == '-' && year.size() > 4))) {
    return std::nullopt;
  }
  CivilDate date{digits_value(year), static_cast<int>(digits_value(month)),
                 static_cast<int>(digits_value(day))};
  if (sign == '-') date.year = -date.year;
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month)) {
    return std::nullopt;
  }
  return date;
}

class DateType final : public NativeType {
 public:
  DateType() : NativeType(TypeKind::kDate) {}

  Result<void> validate(BytesView wire) const override {
    if (wire.size() == 4) return {};
    return invalid("Expected 4 byte long for date (" + std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (is_integer_text(text)) {
      int64_t days = 0;
      const auto error = std::from_chars(text.data(), text.data() + text.size(), days).ec;
      if (error != std::errc() || days < 0 || days > kDateMax) {
        return invalid("Unable to make unsigned int (for date) from: " + in_quotes(text));
      }
      return be_bytes(static_cast<uint32_t>(days));
    }
    const auto date = parse_strictly(text);
    if (!date) return invalid("Unable to coerce " + in_quotes(text) + " to a formatted date (long)");
    const int64_t days = days_since_1970(*date) + kDateEpoch;
    if (days < 0) {
      return invalid("Input date " + std::string(text) +
                     " is less than min supported date -5877641-06-23T00:00Z");
    }
    if (days > kDateMax) {
      return invalid("Input date " + std::string(text) +
                     " is greater than max supported date +5881580-07-11T00:00Z");
    }
    return be_bytes(static_cast<uint32_t>(days));
  }
  std::string to_cql_literal(BytesView wire) const override { return in_quotes(text(wire)); }
  std::string to_json(BytesView wire) const override { return "\"" + text(wire) + "\""; }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { out.append(wire); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.bytes(4, out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch("a string representation of a date value", json);
  }

 private:
  static std::string text(BytesView wire) {
    return date_text(civil_date(int64_t{load_be<uint32_t>(wire.data())} - kDateEpoch));
  }
};

}  // namespace

TypePtr make_date_type() { return std::make_shared<DateType>(); }

}  // namespace keyzone
