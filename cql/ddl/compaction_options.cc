#include "cql/ddl/compaction_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string_view>

#include "cql/ddl/property_values.h"
#include "cql/ddl/table_options.h"
#include "schema/text.h"
#include "schema/types/big_number.h"
#include "schema/types/floating.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {
namespace {

constexpr double kBucketLowDefault = 0.5, kBucketHighDefault = 1.5;
constexpr double kTargetBytesMin = 1024 * 1024;
constexpr double kTargetBytesDefault = 1024 * kTargetBytesMin;
constexpr double kSstableOfTargetMax = 0.7;
constexpr double kLongEnd = 9223372036854775808.0;
constexpr int32_t kFanoutDefault = 10, kLeveledMebibytesDefault = 1;
constexpr int kLevelMax = 8;

using Check = Result<void> (*)(const std::string& name, const std::string& value);

Error no_number(const std::string& name, const std::string& value) {
  return config_error(value + " is not a parsable int (base10) for " + name);
}

Result<int32_t> whole_number(const std::string& name, const std::string& value) {
  int32_t number = 0;
  if (parse_int(value, number)) return number;
  return no_number(name, value);
}
Result<int64_t> long_number(const std::string& name, const std::string& value) {
  int64_t number = 0;
  if (parse_long(value, number)) return number;
  return no_number(name, value);
}
Result<double> real_number(const std::string& name, const std::string& value) {
  double number = 0;
  if (parse_double(value, number)) return number;
  return config_error(value + " is not a parsable float for " + name);
}

std::string six_digits(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%f", value);
  return text;
}

Result<void> threshold(const std::string& name, const std::string& value) {
  int32_t number = 0;
  if (parse_int(value, number) && all_digits(value)) return {};
  return config_error("Invalid value " + value + " for '" + name +
                      "' compaction sub-option - must be an integer");
}

Result<void> tombstone_threshold(const std::string& name, const std::string& value) {
  double number = 0;
  if (!parse_double(value, number)) return no_number(name, value);
  if (!(number < 0)) return {};  // what it says of 0 is not what it does
  return config_error(name + " must be greater than 0, but was " + six_digits(number));
}

Result<void> tombstone_interval(const std::string& name, const std::string& value) {
  KEYZONE_TRY(number, long_number(name, value));
  if (number >= 0) return {};
  return config_error(name + " must be greater than 0, but was " + std::to_string(number));
}

Result<void> larger_than_zero(const std::string& name, const std::string& value) {
  KEYZONE_TRY(number, whole_number(name, value));
  if (number > 0) return {};
  return config_error(name + " must be larger than 0, but was " + std::to_string(number));
}

Result<void> not_negative(const std::string& name, const std::string& value) {
  KEYZONE_TRY(number, long_number(name, value));
  if (number >= 0) return {};
  return config_error(name + " must not be negative, but was " + std::to_string(number));
}

Result<void> window_size(const std::string& name, const std::string& value) {
  KEYZONE_TRY(number, whole_number(name, value));
  if (number > 0) return {};
  return config_error(std::to_string(number) + " must be greater than 1 for " + name);
}

Result<void> one_of(const std::string& name, const std::string& value,
                    std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return {};
  return config_error(value + " is not valid for " + name);
}
Result<void> window_unit(const std::string& name, const std::string& value) {
  return one_of(name, value, {"MINUTES", "HOURS", "DAYS"});
}
Result<void> resolution(const std::string& name, const std::string& value) {
  return one_of(name, value, {"NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS"});
}

bool is_boolean(const std::string& value) {
  const std::string lower = lower_case(value);
  return lower == "true" || lower == "false";
}
Result<void> enabled(const std::string& name, const std::string& value) {
  if (is_boolean(value)) return {};
  return config_error(name + " should either be 'true' or 'false', not " + value);
}
Result<void> log_all(const std::string& name, const std::string& value) {
  if (is_boolean(value)) return {};
  return config_error("'" + name + "' should either be 'true' or 'false', not " + value);
}
Result<void> flag(const std::string& name, const std::string& value) {
  if (is_boolean(value)) return {};
  return config_error("'" + name + "' should be either 'true' or 'false', not '" + value + "'");
}
Result<void> expiration(const std::string& name, const std::string& value) {
  if (!is_boolean(value)) return config_error(name + " is not 'true' or 'false' (" + value + ")");
  if (lower_case(value) == "false") return {};
  return config_error(name + " is requested but not allowed, restart cassandra with -Dcassandra.allow_" +
                      name + "=true to allow it");
}

Result<void> sstable_size(const std::string& name, const std::string& value) {
  int64_t number = 0;
  if (!parse_long(value, number)) return no_number(name, value);
  if (number >= 0) return {};
  return config_error(name + " must be non negative: " + std::to_string(number));
}

Result<void> positive(const std::string& name, const std::string& value) {
  KEYZONE_TRY(number, whole_number(name, value));
  if (number > 0) return {};
  return config_error("Invalid configuration, " + name + " should be positive: " + std::to_string(number));
}

// N, T and L with a fan factor, or a number; several with commas between.
Result<void> scaling(const std::string&, const std::string& value) {
  for (size_t begin = 0; begin <= value.size();) {
    const size_t comma = std::min(value.find(',', begin), value.size());
    const std::string one(trim(std::string_view(value).substr(begin, comma - begin)));
    if (begin > 0 && value.find_first_not_of(", ", begin) == value.npos)
      break;  // nothing behind the last comma
    begin = comma + 1;
    if (one == "N") continue;
    int32_t number = 0;
    const bool fan = one.starts_with('T') || one.starts_with('L');
    const bool sign = one.starts_with('+') || one.starts_with('-');
    if (!all_digits(std::string_view(one).substr(fan || sign ? 1 : 0)))
      return config_error("Scaling parameter " + one + " must match N|L[0-9]+|T[0-9]+|[+-]?[0-9]+");
    const std::string written = fan ? one.substr(1) : one;
    if (!parse_int(std::string_view(written).substr(one.starts_with('+') ? 1 : 0), number)) {
      return config_error(
          "org.apache.cassandra.db.compaction.UnifiedCompactionStrategy.validateOptions() threw an error: "
          "java.lang.NumberFormatException For input string: \"" +
          written + "\"");
    }
    if (fan && number < 2) return config_error("Fan factor cannot be lower than 2 in " + one);
  }
  return {};
}

Result<void> number(const std::string& name, const std::string& value) {
  KEYZONE_CHECK(whole_number(name, value));
  return {};
}

// How much of the text is a number: NaN, -Infinity, 1.5e3.
size_t size_of_number(std::string_view text) {
  if (text.starts_with("NaN")) return 3;
  const size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  constexpr std::string_view kInfinity = "Infinity";
  if (text.substr(sign).starts_with(kInfinity)) return sign + kInfinity.size();
  const auto digits_end = [text](size_t from) {
    return std::min(text.find_first_not_of("0123456789", from), text.size());
  };
  size_t end = digits_end(sign);
  if (end == sign) return 0;
  if (end < text.size() && text[end] == '.' && digits_end(end + 1) > end + 1) end = digits_end(end + 1);
  if (end == text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
  const bool signed_exponent = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-');
  const size_t exponent = end + (signed_exponent ? 2 : 1);
  return digits_end(exponent) > exponent ? digits_end(exponent) : end;
}

// "1GiB", "1.5 GB"; errors are what Java's exception says.
Result<double> bytes_of(const std::string& value) {
  constexpr std::string_view kScales = "KMGTPE";
  std::string_view rest = value;
  const size_t digits = size_of_number(rest);
  if (digits == 0) return invalid("null");
  double bytes = 0;
  parse_double(rest.substr(0, digits), bytes);
  rest.remove_prefix(digits);
  rest.remove_suffix(1);  // B
  rest = trim(rest);
  const bool binary = rest.ends_with('i');
  const size_t scale = rest.empty() ? std::string_view::npos : kScales.find(rest[0]);
  if (rest.empty()) return bytes;
  if (scale == std::string_view::npos || rest.size() != (binary ? 2 : 1)) {
    return invalid("Unexpected characters between pos " + std::to_string(digits) + " and " +
                   std::to_string(value.size() - 1) + " in " + value);
  }
  return bytes * std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(scale + 1));
}

// As Java makes a long of a double.
double within_long(double bytes) {
  return std::isnan(bytes) ? 0 : std::clamp(bytes, static_cast<double>(INT64_MIN), kLongEnd);
}

std::string bytes_text(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  char text[64];
  std::snprintf(text, sizeof text, "%.3f", bytes);
  return text + std::string(kUnits[unit]);
}

Result<double> size_in_bytes(const std::string& name, const std::string& value) {
  const std::string wrong = name + " " + value + " is not a valid size in bytes: ";
  if (!value.ends_with('B')) return config_error(wrong + value + " does not end in unit B");
  const auto bytes = bytes_of(value);
  return bytes ? bytes : config_error(wrong + bytes.error().message);
}

Result<void> check_least_size(const std::string& name, const std::string& value, double bytes) {
  if (!(bytes < kTargetBytesMin)) return {};
  return config_error(name + " " + value + " is not acceptable, size must be at least " +
                      bytes_text(kTargetBytesMin));
}

Result<void> target_size(const std::string& name, const std::string& value) {
  KEYZONE_TRY(bytes, size_in_bytes(name, value));
  KEYZONE_CHECK(check_least_size(name, value, bytes));
  if (bytes < kLongEnd || std::isnan(bytes)) return {};
  return config_error(name + " " + value + " is out of range of Long.");
}

Result<void> flush_size(const std::string& name, const std::string& value) {
  KEYZONE_TRY(bytes, size_in_bytes(name, value));
  return check_least_size(name, value, within_long(bytes));
}

Result<void> growth(const std::string& name, const std::string& value) {
  const bool percent = value.ends_with('%');
  const std::string digits = value.substr(0, value.size() - (percent ? 1 : 0));
  double number = 0;
  if (!parse_double(digits, number)) {
    return config_error(name + " is not a valid number between 0 and 1: " +
                        (digits.empty() ? "empty String" : "For input string: \"" + digits + "\""));
  }
  if (!(number < 0 || number > (percent ? 100 : 1))) return {};
  return config_error(name + " " + value + " must be between 0 and 1");
}

Result<void> overlap(const std::string&, const std::string& value) {
  const std::string upper = upper_case(value);
  if (upper == "NONE" || upper == "SINGLE" || upper == "TRANSITIVE") return {};
  return config_error("Invalid overlap inclusion method " + value +
                      ". The valid options are [NONE, SINGLE, TRANSITIVE].");
}

// In the order in which Cassandra looks at them; no strategy has all.
constexpr std::pair<std::string_view, Check> kChecks[] = {
    {"tombstone_threshold", tombstone_threshold},
    {"tombstone_compaction_interval", tombstone_interval},
    {"unchecked_tombstone_compaction", flag},
    {"log_all", log_all},
    {"enabled", enabled},
    {"timestamp_resolution", resolution},
    {"compaction_window_unit", window_unit},
    {"compaction_window_size", window_size},
    {"scaling_parameters", scaling},
    {"base_shard_count", positive},
    {"target_sstable_size", target_size},
    {"flush_size_override", flush_size},
    {"max_sstables_to_compact", number},
    {"expired_sstable_check_frequency_seconds", not_negative},
    {"unsafe_aggressive_sstable_expiration", expiration},
    {"overlap_inclusion_method", overlap},
    {"sstable_size_in_mb", larger_than_zero},
    {"fanout_size", larger_than_zero},
};

Result<void> positive_long(const std::string& name, const std::string& value) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size())
    return config_error(value + " is not a parsable long (base10) for " + name);
  if (number > 0) return {};
  return config_error("Invalid configuration, " + name + " should be positive: " + std::to_string(number));
}

// UnifiedCompactionStrategy looks at what TimeWindowCompactionStrategy has, too, in words of its own.
Check unified_check(std::string_view name) {
  if (name == "expired_sstable_check_frequency_seconds") return positive_long;
  return name == "unsafe_aggressive_sstable_expiration" ? enabled : nullptr;
}

// Of UnifiedCompactionStrategy: a part of the target.
Result<void> check_least_of_target(const OptionMap& options, const std::string& value) {
  const auto given = value.ends_with('B') ? bytes_of(value) : Result<double>(invalid("no unit"));
  if (!given) return config_error(value + " is not a valid size in bytes for min_sstable_size");
  const double bytes = within_long(*given);
  if (bytes < 0) {
    return config_error(
        "Invalid configuration, min_sstable_size should be greater than or equal to 0 (zero)");
  }
  const auto target = options.find("target_sstable_size");
  const double whole = target == options.end() ? kTargetBytesDefault : *bytes_of(target->second);
  if (!(bytes >= kSstableOfTargetMax * whole)) return {};
  return config_error("Invalid configuration, min_sstable_size (" + bytes_text(bytes) +
                      ") should be less than 70% of the targetSSTableSize (" + bytes_text(whole) + ")");
}

// What the last level of LeveledCompactionStrategy may hold has to fit a long.
Result<void> check_levels(const OptionMap& options) {
  int32_t fanout = kFanoutDefault, mebibytes = kLeveledMebibytesDefault;
  if (const auto at = options.find("fanout_size"); at != options.end()) parse_int(at->second, fanout);
  if (const auto at = options.find("sstable_size_in_mb"); at != options.end())
    parse_int(at->second, mebibytes);
  BigInt bytes = int64_t{mebibytes} * 1024 * 1024;
  for (int level = 0; level < kLevelMax; ++level) bytes *= fanout;
  if (bytes <= INT64_MAX) return {};
  return config_error("At most " + std::to_string(INT64_MAX) +
                      " bytes may be in a compaction level; your maxSSTableSize must be absurdly high to "
                      "compute " +
                      bytes.str());
}

Result<double> real_or(const OptionMap& options, const std::string& name, double otherwise) {
  const auto given = options.find(name);
  return given == options.end() ? Result<double>(otherwise) : real_number(name, given->second);
}

Result<void> check_buckets(const OptionMap& options) {
  KEYZONE_TRY(low, real_or(options, "bucket_low", kBucketLowDefault));
  KEYZONE_TRY(high, real_or(options, "bucket_high", kBucketHighDefault));
  if (!(high <= low)) return {};
  return config_error("bucket_high value (" + java_text(high) +
                      ") is less than or equal to the bucket_low value (" + java_text(low) + ")");
}

}  // namespace

Result<void> check_compaction_thresholds(const OptionMap& options) {
  if (!options.contains("min_threshold")) return {};
  for (const std::string name : {"min_threshold", "max_threshold"})
    KEYZONE_CHECK(threshold(name, options.at(name)));
  int32_t low = 0, high = 0;
  parse_int(options.at("min_threshold"), low);
  parse_int(options.at("max_threshold"), high);
  if (low <= 0 || high <= 0) {
    return config_error(
        "Disabling compaction by setting compaction thresholds to 0 has been removed, set the compaction "
        "option "
        "'enabled' to false instead.");
  }
  if (low < 2)
    return config_error("Min compaction threshold cannot be less than 2 (got " + std::to_string(low) + ")");
  if (high >= low) return {};
  return config_error("Min compaction threshold (got " + std::to_string(low) +
                      ") cannot be greater than max compaction threshold (got " + std::to_string(high) + ")");
}

Result<void> check_overlapping_tombstones(const OptionMap& options) {
  const auto option = options.find("provide_overlapping_tombstones");
  if (option == options.end()) return {};
  const std::string upper = upper_case(option->second);
  if (upper == "NONE" || upper == "ROW" || upper == "CELL") return {};
  return config_error("Invalid value " + upper + " for '" + option->first +
                      "' compaction sub-option - must be one of the following [NONE, ROW, CELL].");
}

Result<void> check_compaction_values(const OptionMap& options) {
  const bool unified = options.at("class").ends_with(".UnifiedCompactionStrategy");
  for (const auto& [name, check] : kChecks) {
    const auto option = options.find(std::string(name));
    if (option == options.end()) continue;
    const Check own = unified ? unified_check(name) : nullptr;
    KEYZONE_CHECK((own ? own : check)(option->first, option->second));
  }
  if (options.at("class").ends_with(".LeveledCompactionStrategy")) KEYZONE_CHECK(check_levels(options));
  if (const auto least = options.find("min_sstable_size"); least != options.end()) {
    KEYZONE_CHECK(unified ? check_least_of_target(options, least->second)
                          : sstable_size(least->first, least->second));
  }
  if (const auto given = options.find("sstable_growth"); given != options.end())
    KEYZONE_CHECK(growth(given->first, given->second));
  return check_buckets(options);
}

}  // namespace keyzone::cql
