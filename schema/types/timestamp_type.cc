// timestamp: milliseconds since 1970, signed 64-bit big-endian. Text without a zone is UTC.
#include <algorithm>
#include <charconv>

#include "schema/types/calendar.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

// Takes a timestamp's text apart from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view digits(size_t most) {
    size_t size = 0;
    while (size < text_.size() && size < most && text_[size] >= '0' && text_[size] <= '9') ++size;
    const std::string_view taken = text_.substr(0, size);
    text_.remove_prefix(size);
    return taken;
  }
  bool number(int64_t low, int64_t high, int& value) {
    const std::string_view taken = digits(9);
    if (taken.empty()) return false;
    const int64_t v = digits_value(taken);
    value = static_cast<int>(v);
    return v >= low && v <= high;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

struct LocalTime {
  CivilDate date;
  int hour = 0, minute = 0, second = 0, milli = 0;

  int64_t millis() const {
    return days_since_1970(date) * kMillisPerDay + ((hour * 60LL + minute) * 60 + second) * 1000 + milli;
  }
};

// y-M-d. A day that its month lacks (31 at most) is the month's last, as in Java's "smart" resolving.
bool scan_date(Scanner& in, CivilDate& date) {
  const bool negative = in.take('-');
  if (!negative) in.take('+');
  const std::string_view year = in.digits(9);
  if (year.empty()) return false;
  date.year = negative ? -digits_value(year) : digits_value(year);
  if (date.year > kYearMax || date.year < -kYearMax) return false;
  if (!in.take('-') || !in.number(1, 12, date.month) || !in.take('-') || !in.number(1, 31, date.day))
    return false;
  date.day = std::min(date.day, days_in_month(date.year, date.month));
  return true;
}

// Without a time of day a date has two digits for month and day, four for the year, and more only with a
// sign; with one it has as many as it likes, no sign, and a year of our era.
bool is_well_written(std::string_view date, bool time_follows) {
  const bool has_sign = date[0] == '-' || date[0] == '+';
  if (time_follows) return !has_sign && date.find_first_not_of('0') < date.find('-');
  const size_t year = date.find('-', 1) - (has_sign ? 1 : 0);
  const size_t month = date.size() - date.rfind('-') - 1, rest = date.size() - date.find('-', 1);
  return month == 2 && rest == 6 && (year == 4 ? date[0] != '+' : year > 4 && has_sign);
}

// H:m[:s[.fraction]]
bool scan_time(Scanner& in, LocalTime& time) {
  if (!in.number(0, 24, time.hour) || !in.take(':') || !in.number(0, 59, time.minute)) return false;
  if (!in.take(':')) return time.hour < 24 || time.minute == 0;
  if (!in.number(0, 59, time.second)) return false;
  if (in.take('.')) {
    std::string fraction(in.digits(9));
    fraction.resize(3, '0');
    time.milli = static_cast<int>(digits_value(fraction));
  }
  return time.hour < 24 || (time.minute == 0 && time.second == 0 && time.milli == 0);
}

std::optional<int64_t> parse_timestamp(std::string_view text) {
  Scanner in(text);
  LocalTime local;
  if (!scan_date(in, local.date)) return std::nullopt;
  std::string_view zone = in.rest();
  const std::string_view date = text.substr(0, text.size() - zone.size());
  const bool time_follows =
      zone.size() > 1 && (zone[0] == 'T' || zone[0] == ' ') && zone[1] >= '0' && zone[1] <= '9';
  if (!is_well_written(date, time_follows)) return std::nullopt;
  if (time_follows) {
    in.take(zone[0]);
    if (!scan_time(in, local)) return std::nullopt;
    zone = in.rest();
  }
  const int64_t millis = local.millis();
  if (zone.empty()) return millis;
  if (zone == "z" && !time_follows) return millis;
  if (local.date.year < 1 && zone != "Z") return std::nullopt;
  const bool is_name = zone.size() > 1 && zone[0] != '+' && zone[0] != '-';
  if (is_name && zone[0] != ' ') return std::nullopt;
  if (zone[0] == ' ') zone.remove_prefix(1);
  const auto offset_s = zone_offset_s(zone, floor_div(millis, 1000));
  if (!offset_s) return std::nullopt;
  return millis - *offset_s * 1000;
}

class TimestampType final : public NativeType {
 public:
  TimestampType() : NativeType(TypeKind::kTimestamp) {}
  std::optional<size_t> fixed_length() const override { return 8; }

  Result<void> validate(BytesView wire) const override {
    if (wire.empty() || wire.size() == 8) return {};
    return invalid("Expected 8 or 0 byte long for date (" + std::to_string(wire.size()) + ")");
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    if (is_integer_text(text)) {
      int64_t millis = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), millis).ec != std::errc()) {
        return invalid("Unable to make long (for date) from: " + in_quotes(text));
      }
      return be_bytes(millis);
    }
    const auto millis = parse_timestamp(text);
    if (!millis) return invalid("Unable to parse a date/time from " + in_quotes(text));
    return be_bytes(*millis);
  }
  std::string to_cql_literal(BytesView wire) const override {
    return wire.empty() ? "null" : in_quotes(text(wire, 'T'));
  }
  std::string to_json(BytesView wire) const override {
    return "\"" + (wire.empty() ? "" : text(wire, ' ')) + "\"";
  }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    const auto x = load_be<int64_t>(a.data()), y = load_be<int64_t>(b.data());
    return x < y ? -1 : x > y;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    append_be(out, load_be<uint64_t>(wire.data()) ^ kSign);
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    const auto value = in.be<uint64_t>();
    append_be(out, value ^ kSign);
    return !in.failed();
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    // A number must be one that Java reads as a long: what fits an int is refused, as it is there.
    const bool is_long = json.kind == JsonValue::Kind::kInteger && json.java_class() == "Long";
    if (json.kind == JsonValue::Kind::kString || is_long) return from_text(json.text);
    return json_mismatch("a long or a datestring representation of a timestamp value", json);
  }

 private:
  static constexpr uint64_t kSign = uint64_t{1} << 63;

  // 2011-02-03T04:05:00.000Z. The year is that of its era: the one before 0001 is 0001 again.
  static std::string text(BytesView wire, char separator) {
    const auto millis = load_be<int64_t>(wire.data());
    const int64_t of_day = floor_mod(millis, kMillisPerDay), seconds = of_day / 1000;
    CivilDate date = civil_date(floor_div(millis, kMillisPerDay));
    if (date.year <= 0) date.year = 1 - date.year;
    return date_text(date) + separator + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) +
           ":" + padded(seconds % 60, 2) + "." + padded(of_day % 1000, 3) + "Z";
  }
};

}  // namespace

TypePtr make_timestamp_type() { return std::make_shared<TimestampType>(); }

}  // namespace keyzone
