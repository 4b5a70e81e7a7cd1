// Time zones of timestamps: offsets and names, as Java's formatters for "X", "z" and "zzzz" read them.
#include <date/tz.h>

#include <algorithm>
#include <exception>

#include "schema/types/calendar.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

struct NamedZone {
  std::string_view name;
  const char* region;
};
// Abbreviations and long names. Summer and winter names mean the same place: what counts is its time of that
// day. Where an abbreviation has several meanings (IST, BST) ours is the one of most people.
constexpr NamedZone kNamedZones[] = {
    {"UTC", "UTC"},
    {"GMT", "UTC"},
    {"UT", "UTC"},
    {"UCT", "UTC"},
    {"Coordinated Universal Time", "UTC"},
    {"Greenwich Mean Time", "UTC"},
    {"WET", "Europe/Lisbon"},
    {"WEST", "Europe/Lisbon"},
    {"BST", "Europe/London"},
    {"British Summer Time", "Europe/London"},
    {"CET", "Europe/Paris"},
    {"CEST", "Europe/Paris"},
    {"Central European Time", "Europe/Paris"},
    {"Central European Standard Time", "Europe/Paris"},
    {"Central European Summer Time", "Europe/Paris"},
    {"EET", "Europe/Bucharest"},
    {"EEST", "Europe/Bucharest"},
    {"Eastern European Time", "Europe/Bucharest"},
    {"Eastern European Standard Time", "Europe/Bucharest"},
    {"Eastern European Summer Time", "Europe/Bucharest"},
    {"MSK", "Europe/Moscow"},
    {"Moscow Standard Time", "Europe/Moscow"},
    {"EST", "America/New_York"},
    {"EDT", "America/New_York"},
    {"Eastern Standard Time", "America/New_York"},
    {"Eastern Daylight Time", "America/New_York"},
    {"CST", "America/Chicago"},
    {"CDT", "America/Chicago"},
    {"Central Standard Time", "America/Chicago"},
    {"Central Daylight Time", "America/Chicago"},
    {"MST", "America/Denver"},
    {"MDT", "America/Denver"},
    {"Mountain Standard Time", "America/Denver"},
    {"Mountain Daylight Time", "America/Denver"},
    {"PST", "America/Los_Angeles"},
    {"PDT", "America/Los_Angeles"},
    {"Pacific Standard Time", "America/Los_Angeles"},
    {"Pacific Daylight Time", "America/Los_Angeles"},
    {"AKST", "America/Anchorage"},
    {"AKDT", "America/Anchorage"},
    {"HST", "Pacific/Honolulu"},
    {"Hawaii-Aleutian Standard Time", "Pacific/Honolulu"},
    {"IST", "Asia/Kolkata"},
    {"India Standard Time", "Asia/Kolkata"},
    {"SGT", "Asia/Singapore"},
    {"HKT", "Asia/Hong_Kong"},
    {"JST", "Asia/Tokyo"},
    {"Japan Standard Time", "Asia/Tokyo"},
    {"KST", "Asia/Seoul"},
    {"Korean Standard Time", "Asia/Seoul"},
    {"AEST", "Australia/Sydney"},
    {"AEDT", "Australia/Sydney"},
    {"Australian Eastern Standard Time", "Australia/Sydney"},
    {"Australian Eastern Daylight Time", "Australia/Sydney"},
    {"NZST", "Pacific/Auckland"},
    {"NZDT", "Pacific/Auckland"},
};

// What else lies in a directory of zones.
constexpr std::string_view kNoOffset = "Etc/GMT";  // Java reads no more of Etc/GMT+3 than this
constexpr std::string_view kNoZones[] = {"Factory", "localtime", "posixrules"};

constexpr int64_t kOffsetHoursMax = 18;  // as in Java

// +01, +0100, +01:00 and +01:00:00.
std::optional<int64_t> numeric_offset(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  std::string digits;
  const bool colons = text.find(':') != std::string_view::npos;
  for (size_t i = 1; i < text.size(); ++i) {
    if (colons && i % 3 == 0) {
      if (text[i] != ':') return std::nullopt;
    } else {
      digits += text[i];
    }
  }
  if (!all_digits(digits) || digits.size() % 2 || digits.size() > 6) return std::nullopt;
  digits.resize(6, '0');
  const int64_t hours = digits_value(digits.substr(0, 2)), minutes = digits_value(digits.substr(2, 2)),
                seconds = digits_value(digits.substr(4, 2));
  if (hours > kOffsetHoursMax || minutes > 59 || seconds > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60 + seconds);
}

std::optional<int64_t> region_offset(const char* region, int64_t local_seconds) {
  // Outside of what the rules of the zones cover the offset of the nearest year is as good as any.
  constexpr int64_t kLast = 64'060'588'800, kFirst = -62'135'596'800;  // 4000-01-01, 0001-01-01
  const int64_t seconds = std::min(std::max(local_seconds, kFirst), kLast);
  try {
    const auto* zone = date::locate_zone(region);
    const auto info = zone->get_info(date::local_seconds(std::chrono::seconds(seconds)));
    return info.first.offset.count();
  } catch (const std::exception&) {  // no such zone, or no time zone data on this machine
    return std::nullopt;
  }
}

}  // namespace

std::optional<int64_t> zone_offset_s(std::string_view zone, int64_t local_seconds) {
  if (zone == "Z") return 0;
  if (const auto offset = numeric_offset(zone)) return offset;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (zone.starts_with(prefix) && zone.size() > prefix.size()) {
      if (const auto offset = numeric_offset(zone.substr(prefix.size()))) return offset;
    }
  }
  for (const NamedZone& named : kNamedZones) {
    if (named.name == zone) {
      return std::string_view(named.region) == "UTC" ? 0 : region_offset(named.region, local_seconds);
    }
  }
  const bool is_none = std::find(std::begin(kNoZones), std::end(kNoZones), zone) != std::end(kNoZones);
  const bool has_offset = (zone.size() > kNoOffset.size() && zone.starts_with(kNoOffset)) || zone == "GMT-0";
  if (is_none || has_offset) return std::nullopt;
  return region_offset(std::string(zone).c_str(), local_seconds);
}

}  // namespace keyzone
