// Keys of guardrails, as cassandra.yaml names them: limits on what clients do. cql/guardrails.h says what
// each does.
#include <algorithm>

#include "config/keys.h"
#include "config/parse_value.h"

namespace keyzone {
namespace {

constexpr std::int64_t kOff = -1;
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kMicrosPerMilli = 1000;

enum class Takes { kCount, kSize, kDuration };

struct Pair {  // NAME_warn_threshold and the one that refuses
  const char* name;
  const char* what;
  Takes takes = Takes::kCount;
  std::int64_t warn = kOff;
  std::int64_t fail = kOff;
  const char* failing = "_fail_threshold";
};
constexpr Pair kPairs[] = {
    {"keyspaces", "keyspaces"},
    {"tables", "tables of all keyspaces"},
    {"columns_per_table", "columns of a table"},
    {"fields_per_udt", "fields of a user type"},
    {"vector_dimensions", "dimensions of a vector"},
    {"page_size", "rows of a page that a client asks for"},
    {"partition_keys_in_select", "partitions that a SELECT names with IN"},
    {"in_select_cartesian_product", "keys that the INs of a SELECT name together"},
    {"items_per_collection", "elements that a statement writes into a collection"},
    {"collection_size", "bytes that a statement writes into a collection", Takes::kSize},
    {"column_value_size", "bytes of one value", Takes::kSize},
    {"maximum_timestamp", "how far USING TIMESTAMP may lie in the future", Takes::kDuration},
    {"minimum_timestamp", "how far USING TIMESTAMP may lie in the past", Takes::kDuration},
    {"tombstone", "tombstones that one read may step over", Takes::kCount, defaults::kTombstonesWarn,
     defaults::kTombstonesFail, "_failure_threshold"},
};
constexpr std::pair<const char*, const char*> kSwitches[] = {
    {"allow_filtering_enabled", "ALLOW FILTERING may be said"},
    {"group_by_enabled", "GROUP BY may be said"},
    {"user_timestamps_enabled", "USING TIMESTAMP may be said"},
    {"drop_truncate_table_enabled", "tables may be dropped and truncated"},
    {"drop_keyspace_enabled", "keyspaces may be dropped"},
    {"alter_table_enabled", "columns may be added, dropped and renamed"},
    {"read_before_write_list_operations_enabled", "lists may be written by index or value"},
};

std::optional<std::int64_t> parse(const std::string& text, Takes takes) {
  if (text == "-1" || text == "null") return kOff;
  if (takes == Takes::kCount) {
    const auto number = parse_integer(text, 0, kCountMax);
    return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
  }
  if (takes == Takes::kSize) {
    const auto size = parse_size(text);
    return size ? std::optional(static_cast<std::int64_t>(*size)) : std::nullopt;
  }
  const auto duration = parse_duration(text);
  return duration ? std::optional<std::int64_t>(duration->count() * kMicrosPerMilli) : std::nullopt;
}

std::string shown(std::int64_t value, Takes takes) {
  if (value == kOff) return takes == Takes::kCount ? "-1" : "null";
  if (takes == Takes::kSize) return std::to_string(value) + "B";
  if (takes == Takes::kDuration) return std::to_string(value / kMicrosPerMilli) + "ms";
  return std::to_string(value);
}

const char* expected(Takes takes) {
  switch (takes) {
    case Takes::kCount:
      return "a whole number; -1 for no limit";
    case Takes::kSize:
      return "a size with its unit (B, KiB, MiB, GiB); null for no limit";
    case Takes::kDuration:
      return "a duration up to 24h with its unit (ms, s, m, h); null for no limit";
  }
  return "";
}

std::int64_t value_of(const NodeConfig& config, const std::string& name, std::int64_t otherwise) {
  const auto found = config.guardrails.find(name);
  return found == config.guardrails.end() ? otherwise : found->second;
}

Key threshold_key(const std::string& name, const std::string& meaning, Takes takes, std::int64_t otherwise) {
  return {name,
          meaning,
          expected(takes),
          false,
          [=](const std::string& text, NodeConfig& config) {
            const auto value = parse(text, takes);
            if (value) config.guardrails[name] = *value;
            return value.has_value();
          },
          [=](const NodeConfig& config) { return shown(value_of(config, name, otherwise), takes); }};
}

Key enabled_key(const std::string& name, const std::string& meaning) {
  return {
      name,
      meaning,
      "true or false",
      true,
      [=](const std::string& text, NodeConfig& config) {
        const auto value = parse_boolean(text);
        if (value) config.guardrails[name] = *value;
        return value.has_value();
      },
      [=](const NodeConfig& config) { return std::string(value_of(config, name, 1) ? "true" : "false"); }};
}

}  // namespace

std::vector<Key> guardrail_keys() {
  std::vector<Key> keys;
  for (const Pair& pair : kPairs) {
    const std::string name = pair.name, what = pair.what;
    keys.push_back(
        threshold_key(name + "_warn_threshold", what + ": above, clients are warned", pair.takes, pair.warn));
    keys.push_back(
        threshold_key(name + pair.failing, what + ": above, requests are refused", pair.takes, pair.fail));
  }
  for (const auto& [name, meaning] : kSwitches) keys.push_back(enabled_key(name, meaning));
  return keys;
}

}  // namespace keyzone
