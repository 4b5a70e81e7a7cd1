#include "cql/ddl/option_maps.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

#include "cql/ddl/compaction_options.h"
#include "cql/ddl/property_values.h"
#include "cql/ddl/table_options.h"
#include "schema/text.h"
#include "schema/types/floating.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

constexpr std::string_view kCompactionPackage = "org.apache.cassandra.db.compaction.";
constexpr std::string_view kCompressionPackage = "org.apache.cassandra.io.compress.";

using Names = std::set<std::string_view>;

struct Strategy {
  std::string_view name;
  bool thresholds;  // min_threshold and max_threshold are shown
  Names options;
};
const Names kCompactionOptions = {"class",
                                  "enabled",
                                  "log_all",
                                  "only_purge_repaired_tombstones",
                                  "provide_overlapping_tombstones",
                                  "tombstone_compaction_interval",
                                  "tombstone_threshold",
                                  "unchecked_tombstone_compaction"};
const Names kSizeTiered = {"bucket_high", "bucket_low", "max_threshold", "min_sstable_size", "min_threshold"};
const Strategy kStrategies[] = {
    {"SizeTieredCompactionStrategy", true, kSizeTiered},
    {"LeveledCompactionStrategy",
     true,
     {"bucket_high", "bucket_low", "fanout_size", "max_threshold", "min_sstable_size", "min_threshold",
      "single_sstable_uplevel", "sstable_size_in_mb"}},
    {"TimeWindowCompactionStrategy",
     true,
     {"bucket_high", "bucket_low", "compaction_window_size", "compaction_window_unit",
      "expired_sstable_check_frequency_seconds", "max_threshold", "min_sstable_size", "min_threshold",
      "timestamp_resolution", "unsafe_aggressive_sstable_expiration"}},
    {"UnifiedCompactionStrategy",
     false,
     {"base_shard_count", "expired_sstable_check_frequency_seconds", "flush_size_override",
      "max_sstables_to_compact", "min_sstable_size", "overlap_inclusion_method", "scaling_parameters",
      "sstable_growth", "target_sstable_size", "unsafe_aggressive_sstable_expiration"}},
};
struct Compressor {
  std::string_view name;
  Names options;
};
const Compressor kCompressors[] = {
    {"LZ4Compressor", {"lz4_compressor_type", "lz4_high_compressor_level"}},
    {"SnappyCompressor", {}},
    {"DeflateCompressor", {}},
    {"ZstdCompressor", {"compression_level"}},
    {"NoopCompressor", {}},
};
constexpr int32_t kChunkLengthDefault = 16;
constexpr int32_t kChunkLengthMax = INT32_MAX / 1024;
constexpr int32_t kLz4LevelMax = 17;
constexpr int32_t kZstdLevelMin = -131072, kZstdLevelMax = 22;

std::string bare_class(const std::string& name, std::string_view package) {
  return name.starts_with(package) ? name.substr(package.size()) : name;
}
std::string full_class(const std::string& name, std::string_view package) {
  return name.find('.') == name.npos ? std::string(package) + name : name;
}

const Strategy* find_strategy(const std::string& name) {
  const std::string bare = bare_class(name, kCompactionPackage);
  const auto found = std::find_if(std::begin(kStrategies), std::end(kStrategies),
                                  [&](const Strategy& strategy) { return strategy.name == bare; });
  return found == std::end(kStrategies) ? nullptr : found;
}

// 99 as "99", 50.5 as "50.5".
std::string short_number(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "0";
}

Result<void> check_chunk(const std::string& text) {
  int32_t chunk = 0;
  if (!parse_int(text, chunk)) return config_error("Invalid value for chunk_length_in_kb");
  if (chunk > kChunkLengthMax) return config_error("Value of chunk_length_in_kb is too large (" + text + ")");
  return {};
}

// What is looked at once the compressor has taken its options. REQUIRES: check_chunk().
Result<void> check_sizes(const OptionMap& options) {
  int32_t chunk = 0;
  KEYZONE_ASSERT(parse_int(options.at("chunk_length_in_kb"), chunk));
  if (chunk <= 0) return config_error("Invalid negative or null chunk_length_in_kb");
  if ((chunk & (chunk - 1)) != 0) return config_error("chunk_length_in_kb must be a power of 2");
  const auto ratio = options.find("min_compress_ratio");
  double least = 0;
  if (ratio == options.end()) return {};
  const bool number = parse_double(ratio->second, least);
  if (number && least < 0) return config_error("Invalid negative min_compress_ratio");
  if (!number || (least != 0 && !(least >= 1)))
    return config_error("min_compress_ratio can either be 0 or greater than or equal to 1");
  return {};
}

Result<void> check_level(const OptionMap& options) {
  const auto level = options.find("compression_level");
  if (level == options.end()) return {};
  const std::string thrown = "ZstdCompressor.create() threw an error: java.lang.";
  int32_t number = 0;
  if (!parse_int(level->second, number)) {
    return config_error(thrown + "NumberFormatException For input string: \"" + level->second + "\"");
  }
  if (number >= kZstdLevelMin && number <= kZstdLevelMax) return {};
  return config_error(thrown + "IllegalArgumentException compression_level=" + level->second + " is invalid");
}

// REQUIRES: no option is another compressor's.
Result<void> check_compressor(const OptionMap& options) {
  KEYZONE_CHECK(check_level(options));
  const auto type = options.find("lz4_compressor_type");
  if (type != options.end() && type->second != "high" && type->second != "fast") {
    return config_error(
        "Invalid compressor type '" + type->second +
        "' specified for LZ4 parameter 'lz4_compressor_type'. Valid options are [high, fast].");
  }
  const auto high = options.find("lz4_high_compressor_level");
  int32_t level = 0;
  if (high != options.end() && (!parse_int(high->second, level) || level < 1 || level > kLz4LevelMax)) {
    return config_error("Invalid value [" + high->second +
                        "] for parameter 'lz4_high_compressor_level'. Value must be between 1 and " +
                        std::to_string(kLz4LevelMax) + ".");
  }
  return {};
}

Error bad_retry(const std::string& given) {
  return config_error("Invalid value " + given + " for option 'speculative_retry'");
}

// MIN(…,…) and MAX(…,…): spaces may stand around the comma, nowhere else.
Result<std::string> check_either(const std::string& given, const std::string& upper) {
  const size_t comma = given.find(',');
  if (comma == given.npos || given.back() != ')') return bad_retry(given);
  const size_t end = given.find_last_not_of(' ', comma - 1) + 1;
  const size_t begin = given.find_first_not_of(' ', comma + 1);
  const std::string first = end > 4 ? given.substr(4, end - 4) : "";
  const std::string second = given.substr(begin, given.size() - 1 - begin);
  for (const std::string& part : {first, second}) {
    const bool has_space = part.find(' ') != part.npos;
    if (part.empty() || part[0] < '0' || part[0] > '9' || has_space) return bad_retry(given);
  }
  auto a = check_speculative_retry(first), b = check_speculative_retry(second);
  if (!a || !b) return bad_retry(given);
  const bool percentiles[] = {a->ends_with("p"), b->ends_with("p")};
  if (percentiles[0] == percentiles[1]) {
    return config_error(
        "Invalid value " + given +
        " for option 'speculative_retry': MIN()/MAX() arguments should be of different types, but "
        "both are of type " +
        (percentiles[0] ? "PERCENTILE" : "FIXED"));
  }
  return upper.substr(0, 4) + (percentiles[0] ? *a + "," + *b : *b + "," + *a) + ")";
}

}  // namespace

Result<OptionMap> check_caching(const OptionMap& given) {
  OptionMap out = {{"keys", "ALL"}, {"rows_per_partition", "NONE"}};
  std::vector<std::string> unknown;
  for (const auto& [name, value] : given) {
    if (!out.contains(name)) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    java_sort(unknown, java_copy_size(given.size()));
    return config_error("Invalid caching sub-options [" + joined(unknown) +
                        "]: only 'keys' and 'rows_per_partition' are allowed");
  }
  out["keys"] = "NONE";  // unless it is said
  for (const auto& [name, value] : given) {
    const std::string upper = upper_case(value);
    int32_t rows = 0;
    const bool number = name == "rows_per_partition" && parse_int(value, rows) && rows >= 0;
    if (upper != "ALL" && upper != "NONE" && !number) {
      return config_error(
          "Invalid value '" + value + "' for caching sub-option '" + name + "': only 'ALL'" +
          (name == "keys" ? " and 'NONE' are allowed" : ", 'NONE', and integer values are allowed"));
    }
    out[name] = !number ? upper : rows > 0 ? value : "NONE";
  }
  return out;
}

Result<OptionMap> read_compaction(const OptionMap& given) {
  const auto name = given.find("class");
  if (name == given.end()) return config_error("Missing sub-option 'class' for the 'compaction' option");
  const Strategy* strategy = find_strategy(name->second);
  if (!strategy) {
    return config_error("Unable to find compaction strategy class '" +
                        full_class(name->second, kCompactionPackage) + "'");
  }
  OptionMap out = given;
  out["class"] = std::string(kCompactionPackage) + std::string(strategy->name);
  if (strategy->thresholds) {
    out.emplace("max_threshold", "32");
    out.emplace("min_threshold", "4");
  }
  KEYZONE_CHECK(check_overlapping_tombstones(out));
  return out;
}

Result<void> check_compaction(const OptionMap& options) {
  const Strategy* strategy = find_strategy(options.at("class"));
  KEYZONE_ASSERT(strategy != nullptr);
  std::vector<std::string> unknown;
  OptionMap known;
  for (const auto& [option, value] : options) {
    if (kCompactionOptions.contains(option) || strategy->options.contains(option)) {
      known.emplace(option, value);
    } else {
      unknown.push_back(option);
    }
  }
  KEYZONE_CHECK(check_compaction_values(known));
  if (unknown.empty()) return check_compaction_thresholds(options);
  java_sort(unknown, java_copy_size(options.size() - 1));  // there without the class
  return config_error("Properties specified [" + joined(unknown) + "] are not understood by " +
                      std::string(strategy->name));
}

Result<OptionMap> check_compression(const OptionMap& given) {
  OptionMap out = given;
  const auto enabled = out.find("enabled");
  const bool off = given.empty() || (enabled != out.end() && lower_case(enabled->second) != "true");
  if (off && given.size() > 1) {
    return config_error("If the 'enabled' option is set to false no other options must be specified");
  }
  if (off) return OptionMap{{"enabled", "false"}};
  out.erase("enabled");
  const auto name = out.find("class");
  if (name == out.end()) return config_error("Missing sub-option 'class' for the 'compression' option.");
  if (name->second.empty()) {
    return config_error("The 'class' option must not be empty. To disable compression use 'enabled' : false");
  }
  out.emplace("chunk_length_in_kb", std::to_string(kChunkLengthDefault));
  KEYZONE_CHECK(check_chunk(out["chunk_length_in_kb"]));
  const std::string bare = bare_class(name->second, kCompressionPackage);
  const auto compressor = std::find_if(std::begin(kCompressors), std::end(kCompressors),
                                       [&](const Compressor& c) { return c.name == bare; });
  if (compressor == std::end(kCompressors)) {
    return config_error("Could not create Compression for type " +
                        full_class(name->second, kCompressionPackage));
  }
  out["class"] = std::string(kCompressionPackage) + bare;
  OptionMap known;
  std::vector<std::string> unknown;
  for (const auto& [option, value] : out) {
    const bool common = option == "class" || option == "chunk_length_in_kb" || option == "min_compress_ratio";
    if (common || compressor->options.contains(option)) {
      known.emplace(option, value);
    } else {
      unknown.push_back(option);
    }
  }
  KEYZONE_CHECK(check_compressor(known));
  if (!unknown.empty()) {
    java_sort(unknown, java_table_size(given.size()));
    return config_error("Unknown compression options " + unknown[0]);
  }
  KEYZONE_CHECK(check_sizes(out));
  const auto at = out.find("min_compress_ratio");
  if (at == out.end()) return out;
  double ratio = 0;
  KEYZONE_ASSERT(parse_double(at->second, ratio));
  if (ratio == 0) {
    out.erase(at);  // the default
  } else {
    at->second = java_text(ratio);
  }
  return out;
}

Result<std::string> check_speculative_retry(const std::string& given) {
  const std::string upper = upper_case(given);
  if (upper == "ALWAYS") return upper;
  if (upper == "NEVER" || upper == "NONE") return std::string("NEVER");
  if (upper.starts_with("MIN(") || upper.starts_with("MAX(")) return check_either(given, upper);
  double value = 0;
  const auto is_number = [&](size_t suffix_size) {
    const std::string_view digits = std::string_view(given).substr(0, given.size() - suffix_size);
    return digits.find_first_not_of("0123456789.") == digits.npos && parse_double(digits, value);
  };
  for (const std::string_view suffix : {"PERCENTILE", "P"}) {
    if (!upper.ends_with(suffix)) continue;
    if (!is_number(suffix.size())) return bad_retry(given);
    if (value <= 0 || value >= 100) {
      return config_error("Invalid value " + given +
                          " for PERCENTILE option 'speculative_retry': must be between (0.0 and 100.0)");
    }
    return short_number(value) + "p";
  }
  if (!upper.ends_with("MS") || !is_number(std::string_view("MS").size())) return bad_retry(given);
  return std::to_string(static_cast<int64_t>(value)) + "ms";
}

}  // namespace keyzone::cql
