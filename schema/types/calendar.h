// The proleptic Gregorian calendar over all days that CQL can name (its years have seven digits, more than
// std::chrono and date.h hold). Algorithms: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyzone {

inline constexpr int64_t kMillisPerDay = 86'400'000;
inline constexpr int64_t kNanosPerDay = 86'400'000'000'000;
inline constexpr int64_t kYearMax = 290'000'000;  // either side; beyond it milliseconds since 1970 overflow

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
};

int64_t days_since_1970(const CivilDate& date);
CivilDate civil_date(int64_t days_since_1970);
int days_in_month(int64_t year, int month);

inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }
inline int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

// In the calendar as it was: Julian until the day before 1582-10-15, as Java's calendar has it.
CivilDate date_since_julian(int64_t days_since_1970);
// Milliseconds since 1970 moved by whole months of that calendar; a day past the end of a month becomes its
// last.
int64_t add_months_since_julian(int64_t millis, int64_t months);

// "2011-02-03": at least four digits of the year, more with a sign.
std::string date_text(const CivilDate& date);
std::string padded(int64_t value, size_t width);  // REQUIRES: value >= 0

// A time zone of a timestamp's text at the local time it is given for, as the offset in seconds; `zone` is
// Z, +01, +0100, +01:00, UTC+1:00, PST, Europe/Berlin, "Pacific Standard Time"; nullopt if unknown.
std::optional<int64_t> zone_offset_s(std::string_view zone, int64_t local_seconds_since_1970);

}  // namespace keyzone
