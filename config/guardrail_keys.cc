// Keys of guardrails, as cassandra.yaml names them: limits on what clients do. cql/guardrails.h says what
// each does.
#include <algorithm>
#include <cctype>
#include <span>
#include <sstream>

#include "config/keys.h"
#include "config/parse_value.h"

namespace keyzone {
namespace {

constexpr std::int64_t kOff = -1;
constexpr std::int64_t kCountMax = 1'000'000'000;

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
    {"minimum_replication_factor", "least copies that a keyspace asks for"},
    {"maximum_replication_factor", "most copies that a keyspace asks for"},
    {"tombstone", "tombstones that one read may step over", Takes::kCount, defaults::kTombstonesWarn,
     defaults::kTombstonesFail, "_failure_threshold"},
};
struct Switch {
  const char* name;
  const char* meaning;
  bool otherwise = true;
};
constexpr Switch kSwitches[] = {
    {"allow_filtering_enabled", "ALLOW FILTERING may be said"},
    {"group_by_enabled", "GROUP BY may be said"},
    {"user_timestamps_enabled", "USING TIMESTAMP may be said"},
    {"drop_truncate_table_enabled", "tables may be dropped and truncated"},
    {"drop_keyspace_enabled", "keyspaces may be dropped"},
    {"alter_table_enabled", "columns may be added, dropped and renamed"},
    {"read_before_write_list_operations_enabled", "lists may be written by index or value"},
    {"uncompressed_tables_enabled", "tables may ask for no compression"},
    {"compact_tables_enabled", "tables may be made WITH COMPACT STORAGE"},
    {"simplestrategy_enabled", "keyspaces may ask for SimpleStrategy"},
    {"vector_type_enabled", "columns and fields may be vectors"},
    {"zero_ttl_on_twcs_enabled", "TimeWindowCompactionStrategy may go without default_time_to_live"},
    {"zero_ttl_on_twcs_warned", "who makes such a table is warned", false},
};

// In the order of the protocol's codes.
constexpr const char* kLevels[] = {"ANY",    "ONE",          "TWO",          "THREE",
                                   "QUORUM", "ALL",          "LOCAL_QUORUM", "EACH_QUORUM",
                                   "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE",    "NODE_LOCAL"};
constexpr const char* kTableProperties[] = {"additional_write_policy",
                                            "allow_auto_snapshot",
                                            "bloom_filter_fp_chance",
                                            "caching",
                                            "cdc",
                                            "comment",
                                            "compaction",
                                            "compression",
                                            "crc_check_chance",
                                            "default_time_to_live",
                                            "extensions",
                                            "gc_grace_seconds",
                                            "id",
                                            "incremental_backups",
                                            "max_index_interval",
                                            "memtable",
                                            "memtable_flush_period_in_ms",
                                            "min_index_interval",
                                            "read_repair",
                                            "speculative_retry"};
struct NameList {
  const char* name;
  const char* meaning;
  std::span<const char* const> known;
};
constexpr NameList kNameLists[] = {
    {"table_properties_warned", "properties of tables that clients are warned of", kTableProperties},
    {"table_properties_ignored", "properties of tables that are left out, with a warning", kTableProperties},
    {"table_properties_disallowed", "properties of tables that are refused", kTableProperties},
    {"read_consistency_levels_warned", "levels of reads that clients are warned of", kLevels},
    {"read_consistency_levels_disallowed", "levels of reads that are refused", kLevels},
    {"write_consistency_levels_warned", "levels of writes that clients are warned of", kLevels},
    {"write_consistency_levels_disallowed", "levels of writes that are refused", kLevels},
};

std::optional<std::int64_t> parse(const std::string& text, Takes takes) {
  if (text == "-1" || text == "null") return kOff;
  if (takes == Takes::kCount) {
    const auto number = parse_integer(text, 1, kCountMax);
    return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
  }
  if (takes == Takes::kSize) {
    const auto size = parse_size(text);
    return size ? std::optional(static_cast<std::int64_t>(*size)) : std::nullopt;
  }
  const auto duration = parse_long_duration(text);
  return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

std::string shown(std::int64_t value, Takes takes) {
  if (value == kOff) return takes == Takes::kCount ? "-1" : "null";
  if (takes == Takes::kSize) return std::to_string(value) + "B";
  if (takes == Takes::kDuration) return std::to_string(value) + "us";
  return std::to_string(value);
}

const char* expected(Takes takes) {
  switch (takes) {
    case Takes::kCount:
      return "a whole number above 0; -1 for no limit";
    case Takes::kSize:
      return "a size with its unit (B, KiB, MiB, GiB); null for no limit";
    case Takes::kDuration:
      return "a duration with its unit (us, ms, s, m, h, d); null for no limit";
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

Key enabled_key(const Switch& one) {
  const std::string name = one.name;
  return {name,
          one.meaning,
          "true or false",
          true,
          [=](const std::string& text, NodeConfig& config) {
            const auto value = parse_boolean(text);
            if (value) config.guardrails[name] = *value;
            return value.has_value();
          },
          [=](const NodeConfig& config) {
            return std::string(value_of(config, name, one.otherwise) ? "true" : "false");
          }};
}

bool same_but_for_case(const std::string& left, const std::string& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// "ALL, ONE", or as in cassandra.yaml "[ALL, ONE]": those named, in the order of `known`.
std::optional<std::vector<std::string>> parse_names(std::string text, std::span<const char* const> known) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    text = trimmed(text.substr(1, text.size() - 2));
  std::vector<bool> named(known.size());
  for (std::istringstream rest(text); std::getline(rest, text, ',');) {
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const char* one) { return same_but_for_case(one, trimmed(text)); });
    if (at == known.end()) return std::nullopt;
    named[at - known.begin()] = true;
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < known.size(); ++i) {
    if (named[i]) names.emplace_back(known[i]);
  }
  return names;
}

std::string joined(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Key names_key(const NameList& list) {
  const std::string name = list.name;
  const auto known = list.known;
  return {name,
          list.meaning,
          "some of " + joined(std::vector<std::string>(known.begin(), known.end())) + ", separated by commas",
          false,
          [=](const std::string& text, NodeConfig& config) {
            auto names = parse_names(text, known);
            if (names) config.guardrail_names[name] = *std::move(names);
            return names.has_value();
          },
          [=](const NodeConfig& config) {
            const auto found = config.guardrail_names.find(name);
            return "[" + (found == config.guardrail_names.end() ? "" : joined(found->second)) + "]";
          }};
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
  for (const Switch& one : kSwitches) keys.push_back(enabled_key(one));
  for (const NameList& list : kNameLists) keys.push_back(names_key(list));
  return keys;
}

}  // namespace keyzone
