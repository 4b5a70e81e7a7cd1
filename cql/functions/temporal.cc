#include "cql/functions/temporal.h"

#include <algorithm>

#include "schema/types/calendar.h"
#include "schema/types/native_types.h"
#include "schema/types/timeuuid.h"

namespace keyzone::cql {

namespace {

constexpr int64_t kDateEpoch = int64_t{1} << 31;
// Calendar arithmetic keeps to the times that have a year at all.
constexpr int64_t kCalendarMillisMax = INT64_MAX / 2;

int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t wrapping_subtract(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t wrapping_multiply(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

int64_t millis_below_months(const Duration& duration) {
  return duration.days * kMillisPerDay + duration.nanoseconds / kNanosPerMilli;
}

int64_t within_calendar(int64_t millis) {
  return std::clamp(millis, -kCalendarMillisMax, kCalendarMillisMax);
}

int64_t moved_by_months(int64_t millis, int64_t months) {
  return add_months_since_julian(within_calendar(millis), months);
}

int64_t month_number(int64_t millis) {
  const CivilDate date = date_since_julian(floor_div(millis, kMillisPerDay));
  return date.year * 12 + date.month;
}

}  // namespace

int64_t millis_of(TypeKind kind, BytesView wire) {
  if (kind == TypeKind::kDate) return (int64_t{load_be<uint32_t>(wire.data())} - kDateEpoch) * kMillisPerDay;
  if (kind == TypeKind::kTimeuuid) {  // cut off as Java does, counted from 1582
    const auto ticks =
        static_cast<int64_t>(static_cast<uint64_t>(timeuuid_ticks(wire)) + uint64_t{kTimeuuidEpochTicks});
    return ticks / kTimeuuidTicksPerMs - kTimeuuidEpochTicks / kTimeuuidTicksPerMs;
  }
  return load_be<int64_t>(wire.data());
}

Bytes date_of_millis(int64_t millis) {
  const int64_t days = floor_div(millis, 1000) / (kMillisPerDay / 1000);
  return be_bytes(static_cast<uint32_t>(days + kDateEpoch));
}

int64_t add_duration(int64_t millis, const Duration& duration) {
  if (duration.months != 0) millis = add_months_since_julian(within_calendar(millis), duration.months);
  return wrapping_add(millis, millis_below_months(duration));
}

int64_t subtract_duration(int64_t millis, const Duration& duration) {
  if (duration.months != 0)
    millis = add_months_since_julian(within_calendar(millis), -int64_t{duration.months});
  return wrapping_subtract(millis, millis_below_months(duration));
}

Result<int64_t> floor_millis(int64_t millis, const Duration& duration, int64_t start) {
  if (start > millis) return invalid("The floor function starting time is greater than the provided time");
  if (duration.negative()) return invalid("Negative durations are not supported by the floor function");
  const int64_t step = millis_below_months(duration);
  if (duration.months == 0) {
    if (step == 0) return millis;
    return wrapping_subtract(millis, wrapping_subtract(millis, start) % step);
  }
  const int64_t months = duration.months;
  int64_t count = (month_number(millis) - month_number(start)) / months;
  int64_t base = moved_by_months(start, count * months);
  if (step == 0) return base;
  const auto at = [&](int64_t n) {
    return wrapping_add(moved_by_months(base, (n - count) * months), wrapping_multiply(n, step));
  };
  // Months are taken back one by one, and a day that one of them doesn't have is lost for those before it. No
  // other lengths come after as many months as the calendar repeats itself in.
  constexpr int kMonthsUntilAllRepeats = 400 * 12;
  for (int i = 0; i < kMonthsUntilAllRepeats && at(count) > millis; ++i) {
    base = moved_by_months(base, -months);
    --count;
  }
  // Days and hours may have led too far still; the months alone do not, so that it is 0 at last.
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (at(middle) <= millis) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return std::max(start, at(std::min(low, count)));
}

}  // namespace keyzone::cql
