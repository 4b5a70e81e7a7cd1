// duration: three signed vints. It has no order of its own (a month is no number of days): keys may not hold
// it, and its bytes are compared where some order is needed.
#include <array>
#include <charconv>
#include <limits>

#include "schema/text.h"
#include "schema/time_units.h"
#include "schema/types/duration.h"
#include "schema/types/native_types.h"
#include "schema/types/vint.h"

namespace keyzone {

namespace {

enum class Part { kMonths, kDays, kNanos };

struct Unit {
  std::string_view symbol;
  std::string_view plural;
  Part part;
  int64_t size;
};
// In the order in which they must be given.
constexpr Unit kUnits[] = {
    {"y", "years", Part::kMonths, 12},
    {"mo", "months", Part::kMonths, 1},
    {"w", "weeks", Part::kDays, 7},
    {"d", "days", Part::kDays, 1},
    {"h", "hours", Part::kNanos, 3600 * kNanosPerSecond},
    {"m", "minutes", Part::kNanos, 60 * kNanosPerSecond},
    {"s", "seconds", Part::kNanos, kNanosPerSecond},
    {"ms", "milliseconds", Part::kNanos, 1'000'000},
    {"us", "microseconds", Part::kNanos, 1'000},
    {"ns", "nanoseconds", Part::kNanos, 1},
};
enum UnitIndex { kYears, kMonths, kWeeks, kDays, kHours, kMinutes, kSeconds };

// Adds units up, in order, none twice.
class Builder {
 public:
  Result<void> add(std::string_view digits, size_t unit) {
    int64_t number;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc()) {
      return Error{ErrorKind::kServer,  // what Cassandra does not catch
                   "java.lang.NumberFormatException: For input string: \"" + std::string(digits) + "\""};
    }
    if (static_cast<int>(unit) == last_) {
      return invalid("Invalid duration. The " + std::string(kUnits[unit].plural) +
                     " are specified multiple times");
    }
    if (static_cast<int>(unit) < last_) {
      return invalid("Invalid duration. The " + std::string(kUnits[static_cast<size_t>(last_)].plural) +
                     " should be after " + std::string(kUnits[unit].plural));
    }
    last_ = static_cast<int>(unit);
    return sum(kUnits[unit], number);
  }
  Duration build(bool negative) const {
    const Duration d{static_cast<int32_t>(months_), static_cast<int32_t>(days_), nanos_};
    return negative ? Duration{-d.months, -d.days, -d.nanoseconds} : d;
  }

 private:
  Result<void> sum(const Unit& unit, int64_t number) {
    int64_t& total = unit.part == Part::kMonths ? months_ : unit.part == Part::kDays ? days_ : nanos_;
    const int64_t most = unit.part == Part::kNanos ? INT64_MAX : INT32_MAX;
    if (number > (most - total) / unit.size) {
      constexpr std::array<std::string_view, 3> kNames{"months", "days", "nanoseconds"};
      return invalid("Invalid duration. The total number of " +
                     std::string(kNames[static_cast<size_t>(unit.part)]) +
                     " must be less or equal to 2147483647");
    }
    total += number * unit.size;
    return {};
  }

  int64_t months_ = 0, days_ = 0, nanos_ = 0;
  int last_ = -1;
};

Error not_a_duration(std::string_view text) {
  return invalid("Unable to convert " + in_quotes(text) + " to a duration");
}

std::string_view take_digits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

// The longest symbol that `text` starts with; µs is a way to write us.
const Unit* take_unit(std::string_view& text) {
  static constexpr std::string_view kMicro = "\xc2\xb5";
  std::string head = lower_case(text.substr(0, 3));
  if (head.starts_with(kMicro) && head.ends_with('s') && head.size() == 3) {
    text.remove_prefix(3);
    return &kUnits[8];
  }
  const Unit* best = nullptr;
  for (const Unit& unit : kUnits) {
    if (head.starts_with(unit.symbol) && (!best || unit.symbol.size() > best->symbol.size())) best = &unit;
  }
  if (best) text.remove_prefix(best->symbol.size());
  return best;
}

Result<Builder> parse_units(std::string_view source) {
  Builder builder;
  std::string_view text = source;
  if (text.empty()) return not_a_duration(source);
  while (!text.empty()) {
    const std::string_view digits = take_digits(text);
    const Unit* unit = digits.empty() ? nullptr : take_unit(text);
    if (!unit) return not_a_duration(source);
    KEYZONE_CHECK(builder.add(digits, static_cast<size_t>(unit - kUnits)));
  }
  return builder;
}

// P[nY][nM][nD][T[nH][nM][nS]] and P[n]W, without the P.
Result<Builder> parse_iso(std::string_view source) {
  Builder builder;
  std::string_view text = source.substr(1);
  constexpr std::string_view kDateLetters = "YMD", kTimeLetters = "HMS";
  constexpr size_t kDateUnits[] = {kYears, kMonths, kDays}, kTimeUnits[] = {kHours, kMinutes, kSeconds};
  bool in_time = false;
  size_t next = 0;
  while (!text.empty()) {
    if (text[0] == 'T' && !in_time) {
      in_time = true;
      next = 0;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view digits = take_digits(text);
    if (digits.empty() || text.empty()) return not_a_duration(source);
    if (text == "W" && digits.size() + 2 == source.size()) {
      KEYZONE_CHECK(builder.add(digits, kWeeks));
      return builder;
    }
    const size_t letter = (in_time ? kTimeLetters : kDateLetters).find(text[0], next);
    if (letter == std::string_view::npos) return not_a_duration(source);
    KEYZONE_CHECK(builder.add(digits, (in_time ? kTimeUnits : kDateUnits)[letter]));
    next = letter + 1;
    text.remove_prefix(1);
  }
  return builder;
}

// PYYYY-MM-DDThh:mm:ss
Result<Builder> parse_iso_alternative(std::string_view source) {
  constexpr std::string_view kShape = "Pdddd-dd-ddTdd:dd:dd";
  bool fits = source.size() == kShape.size();
  for (size_t i = 0; fits && i < kShape.size(); ++i) {
    fits = kShape[i] == 'd' ? source[i] >= '0' && source[i] <= '9' : source[i] == kShape[i];
  }
  if (!fits) return not_a_duration(source);
  Builder builder;
  constexpr struct {
    size_t at, size, unit;
  } kFields[] = {{1, 4, kYears},  {6, 2, kMonths},   {9, 2, kDays},
                 {12, 2, kHours}, {15, 2, kMinutes}, {18, 2, kSeconds}};
  for (const auto& field : kFields)
    KEYZONE_CHECK(builder.add(source.substr(field.at, field.size), field.unit));
  return builder;
}

class DurationType final : public NativeType {
 public:
  DurationType() : NativeType(TypeKind::kDuration) {}

  Result<void> validate(BytesView wire) const override {
    if (wire.size() < 3) {
      return invalid("Expected at least 3 bytes for a duration (" + std::to_string(wire.size()) + ")");
    }
    if (auto duration = Duration::from_wire(wire); !duration) return duration.error();
    return {};
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    KEYZONE_TRY(duration, Duration::parse(text));
    return duration.to_wire();
  }
  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : text(wire); }
  std::string to_json(BytesView wire) const override { return "\"" + text(wire) + "\""; }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { append_escaped(wire, out); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.escaped(out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch("a string representation of a duration", json);
  }

 private:
  static std::string text(BytesView wire) {
    const auto duration = Duration::from_wire(wire);
    return duration ? duration->to_string() : std::string();
  }
};

}  // namespace

Result<Duration> Duration::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view source = negative ? text.substr(1) : text;
  const bool iso = source.starts_with('P');
  KEYZONE_TRY(builder, !iso                                         ? parse_units(source)
                       : source.find('-') != std::string_view::npos ? parse_iso_alternative(source)
                                                                    : parse_iso(source));
  return builder.build(negative);
}

Result<Duration> Duration::from_wire(BytesView wire) {
  ByteReader in(wire);
  const int64_t months = read_signed_vint(in), days = read_signed_vint(in), nanos = read_signed_vint(in);
  if (in.failed()) return invalid("Not enough bytes to read a duration");
  if (months != static_cast<int32_t>(months)) {
    return invalid("The duration months must be a 32 bits integer but was: " + std::to_string(months));
  }
  if (days != static_cast<int32_t>(days)) {
    return invalid("The duration days must be a 32 bits integer but was: " + std::to_string(days));
  }
  const bool all_up = months >= 0 && days >= 0 && nanos >= 0,
             all_down = months <= 0 && days <= 0 && nanos <= 0;
  if (!all_up && !all_down) {
    return invalid("The duration months, days and nanoseconds must be all of the same sign (" +
                   std::to_string(months) + ", " + std::to_string(days) + ", " + std::to_string(nanos) + ")");
  }
  return Duration{static_cast<int32_t>(months), static_cast<int32_t>(days), nanos};
}

Bytes Duration::to_wire() const {
  Bytes out;
  append_signed_vint(out, months);
  append_signed_vint(out, days);
  append_signed_vint(out, nanoseconds);
  return out;
}

std::string Duration::to_string() const {
  std::string out = negative() ? "-" : "";
  uint64_t left[3];  // unsigned, so that the least number has a magnitude
  left[0] = months < 0 ? 0 - static_cast<uint64_t>(months) : static_cast<uint64_t>(months);
  left[1] = days < 0 ? 0 - static_cast<uint64_t>(days) : static_cast<uint64_t>(days);
  left[2] = nanoseconds < 0 ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  for (const Unit& unit : kUnits) {
    if (unit.symbol == "w") continue;
    uint64_t& rest = left[static_cast<size_t>(unit.part)];
    const uint64_t count = rest / static_cast<uint64_t>(unit.size);
    if (count > 0) out += std::to_string(count) + std::string(unit.symbol);
    rest %= static_cast<uint64_t>(unit.size);
  }
  return out;
}

bool is_duration_error(const Error& error) {
  const std::string& text = error.message;
  return error.kind == ErrorKind::kServer || text.starts_with("Invalid duration. ") ||
         (text.starts_with("Unable to convert ") && text.ends_with(" to a duration"));
}

TypePtr make_duration_type() { return std::make_shared<DurationType>(); }

}  // namespace keyzone
