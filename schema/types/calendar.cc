#include "schema/types/calendar.h"

#include <algorithm>

namespace keyzone {

namespace {
constexpr int64_t kDaysPerEra = 146097;        // 400 years
constexpr int64_t kDaysTo1970 = 719468;        // from 0000-03-01
constexpr int64_t kGregorianFrom = -141427;    // 1582-10-15
constexpr int64_t kJulianDaysTo1970 = 719470;  // from 0000-03-01 in that calendar
constexpr int64_t kDaysPerJulianEra = 1461;    // 4 years
constexpr int64_t kYearOfReform = 1582;
bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Years begin in March, so that leap days come last.
int64_t year_from_march(const CivilDate& date) { return date.year - (date.month <= 2); }
int64_t day_of_year(const CivilDate& date) {
  return (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
}
CivilDate date_in_year(int64_t year, int64_t day) {
  const int64_t month = (5 * day + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year + (date.month <= 2);
  return date;
}

int64_t julian_days_since_1970(const CivilDate& date) {
  const int64_t year = year_from_march(date), era = floor_div(year, 4);
  return era * kDaysPerJulianEra + (year - era * 4) * 365 + day_of_year(date) - kJulianDaysTo1970;
}
CivilDate julian_date(int64_t days) {
  days += kJulianDaysTo1970;
  const int64_t era = floor_div(days, kDaysPerJulianEra);
  const int64_t day_of_era = days - era * kDaysPerJulianEra;
  const int64_t year_of_era = (day_of_era - day_of_era / (kDaysPerJulianEra - 1)) / 365;
  return date_in_year(year_of_era + era * 4, day_of_era - 365 * year_of_era);
}

void move_by_months(CivilDate& date, int64_t months) {
  const int64_t month = date.year * 12 + date.month - 1 + months;
  date.year = floor_div(month, 12);
  date.month = static_cast<int>(floor_mod(month, 12)) + 1;
}

}  // namespace

int64_t days_since_1970(const CivilDate& date) {
  const int64_t year = year_from_march(date);
  const int64_t era = floor_div(year, 400);
  const int64_t year_of_era = year - era * 400;
  return era * kDaysPerEra + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year(date) -
         kDaysTo1970;
}

CivilDate civil_date(int64_t days) {
  days += kDaysTo1970;
  const int64_t era = floor_div(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (kDaysPerEra - 1)) / 365;
  return date_in_year(year_of_era + era * 400,
                      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
}

int days_in_month(int64_t year, int month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

CivilDate date_since_julian(int64_t days) {
  return days < kGregorianFrom ? julian_date(days) : civil_date(days);
}

int64_t add_months_since_julian(int64_t millis, int64_t months) {
  int64_t day = floor_div(millis, kMillisPerDay);
  CivilDate date = date_since_julian(day);
  move_by_months(date, months);
  const bool julian_leap_day = date.year < kYearOfReform && date.month == 2 && floor_mod(date.year, 4) == 0;
  date.day = std::min(date.day, julian_leap_day ? 29 : days_in_month(date.year, date.month));
  day = days_since_1970(date);
  if (day < kGregorianFrom) day = julian_days_since_1970(date);
  return day * kMillisPerDay + floor_mod(millis, kMillisPerDay);
}

std::string padded(int64_t value, size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::string date_text(const CivilDate& date) {
  const std::string sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";
  return sign + padded(date.year < 0 ? -date.year : date.year, 4) + "-" + padded(date.month, 2) + "-" +
         padded(date.day, 2);
}

}  // namespace keyzone
