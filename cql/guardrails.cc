#include "cql/guardrails.h"

#include <algorithm>
#include <map>
#include <utility>

#include "schema/text.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

constexpr int64_t kTombstonesWarn = 1000, kTombstonesFail = 100'000;

// {what}, {value}, {limit} and {kind} (warning or failure) are filled in.
struct LimitText {
  std::string_view name;    // of the guardrail in messages
  std::string_view prefix;  // of its keys, before _warn_threshold and _fail_threshold
  std::string_view warning;
  std::string_view failure;
  std::string_view reason = "";
};

constexpr std::string_view kColumnValue =
    "Value of column '{what}' has size {value}, this exceeds the {kind} threshold of {limit}.";
constexpr std::string_view kItems =
    "Detected collection {what} with {value} items, this exceeds the {kind} threshold of {limit}.";
constexpr std::string_view kSize =
    "Detected collection {what} of size {value}, this exceeds the {kind} threshold of {limit}.";
constexpr std::string_view kFewCopies =
    "The keyspace {what} has a replication factor of {value}, below the {kind} threshold of {limit}.";
constexpr std::string_view kManyCopies =
    "The keyspace {what} has a replication factor of {value}, above the {kind} threshold of {limit}.";
constexpr std::string_view kDimensions =
    "{what} has a vector of {value} dimensions, this exceeds the {kind} threshold of {limit}.";
constexpr std::string_view kTooLate =
    "The modification to table {what} has a timestamp {value} after the maximum allowable {kind} threshold "
    "{limit}";
constexpr std::string_view kTooEarly =
    "The modification to table {what} has a timestamp {value} before the minimum allowable {kind} threshold "
    "{limit}";

constexpr LimitText kTexts[kLimits] = {
    {"keyspaces", "keyspaces",
     "Creating keyspace {what}, current number of keyspaces {value} exceeds warning threshold of {limit}.",
     "Cannot have more than {limit} keyspaces, aborting the creation of keyspace {what}"},
    {"tables", "tables",
     "Creating table {what}, current number of tables {value} exceeds warning threshold of {limit}.",
     "Cannot have more than {limit} tables, aborting the creation of table {what}"},
    {"columns_per_table", "columns_per_table",
     "The table {what} has {value} columns, this exceeds the warning threshold of {limit}.",
     "Tables cannot have more than {limit} columns, but {value} provided for table {what}"},
    {"fields_per_udt", "fields_per_udt",
     "The user type {what} has {value} columns, this exceeds the warning threshold of {limit}.",
     "User types cannot have more than {limit} columns, but {value} provided for user type {what}."},
    {"vector_dimensions", "vector_dimensions", kDimensions, kDimensions},
    {"page_size", "page_size",
     "Query for table {what} with page size {value} exceeds warning threshold of {limit}.",
     "Aborting query for table {what}, page size {value} exceeds fail threshold of {limit}."},
    {"partition_keys_in_select", "partition_keys_in_select",
     "Query with partition keys in IN clause on table {what}, with number of partition keys {value} exceeds "
     "warning "
     "threshold of {limit}.",
     "Aborting query with partition keys in IN clause on table {what}, number of partition keys {value} "
     "exceeds fail "
     "threshold of {limit}."},
    {"in_select_cartesian_product", "in_select_cartesian_product",
     "The cartesian product of the IN restrictions on {what} produces {value} values, this exceeds warning "
     "threshold "
     "of {limit}.",
     "Aborting query because the cartesian product of the IN restrictions on {what} produces {value} values, "
     "this "
     "exceeds fail threshold of {limit}."},
    {"items_per_collection", "items_per_collection", kItems, kItems},
    {"collection_size", "collection_size", kSize, kSize},
    {"column_value_size", "column_value_size", kColumnValue, kColumnValue},
    {"maximum_timestamp", "maximum_timestamp", kTooLate, kTooLate,
     "Timestamps too far in the future can lead to data that can't be easily overwritten"},
    {"minimum_timestamp", "minimum_timestamp", kTooEarly, kTooEarly,
     "Timestamps too far in the past can cause writes can be unexpectedly lost"},
    {"minimum_replication_factor", "minimum_replication_factor", kFewCopies, kFewCopies},
    {"maximum_replication_factor", "maximum_replication_factor", kManyCopies, kManyCopies},
    {"tombstones", "tombstone", "", ""},  // worded by who counts them
};

struct FeatureText {
  std::string_view name;
  std::string_view key;
  std::string_view what;
  std::string_view reason = "";
  std::string_view warned_key = "";
};
constexpr FeatureText kFeatureTexts[kFeatures] = {
    {"allow_filtering", "allow_filtering_enabled", "Querying with ALLOW FILTERING",
     "ALLOW FILTERING can potentially visit all the data in the table and have unpredictable performance."},
    {"group_by", "group_by_enabled", "GROUP BY functionality"},
    {"user_timestamps", "user_timestamps_enabled", "User provided timestamps (USING TIMESTAMP)"},
    {"drop_truncate_table_enabled", "drop_truncate_table_enabled", "DROP and TRUNCATE TABLE functionality"},
    {"drop_keyspace_enabled", "drop_keyspace_enabled", "DROP KEYSPACE functionality"},
    {"alter_table", "alter_table_enabled", "ALTER TABLE changing columns"},
    {"read_before_write_list_operations", "read_before_write_list_operations_enabled",
     "List operation requiring read before write"},
    {"uncompressed_tables_enabled", "uncompressed_tables_enabled", "Uncompressed table"},
    {"compact_tables", "compact_tables_enabled", "Creation of new COMPACT STORAGE tables"},
    {"simplestrategy", "simplestrategy_enabled", "SimpleStrategy"},
    {"vector_type_enabled", "vector_type_enabled", "Vector type"},
    {"zero_ttl_on_twcs", "zero_ttl_on_twcs_enabled",
     "0 default_time_to_live on a table with TimeWindowCompactionStrategy compaction strategy",
     "It is suspicious to use default_time_to_live set to 0 with such compaction strategy. Please keep in "
     "mind "
     "that data will not start to automatically expire after they are older than a respective compaction "
     "window unit of a certain size. Please set TTL for your INSERT or UPDATE statements if you expect data "
     "to be expired as table settings will not do it. ",
     "zero_ttl_on_twcs_warned"},
};

struct NamedText {
  std::string_view name;  // of the guardrail, and the beginning of its keys
  std::string_view what;
};
constexpr NamedText kNamedTexts[kNamedSets] = {
    {"table_properties", "Table Properties"},
    {"read_consistency_levels", "read consistency levels"},
    {"write_consistency_levels", "write consistency levels"},
};
struct Treatment {
  std::string_view suffix;  // of the key
  std::vector<std::string> NamedSets::*names;
};
constexpr Treatment kTreatments[] = {{"_warned", &NamedSets::warned},
                                     {"_ignored", &NamedSets::ignored},
                                     {"_disallowed", &NamedSets::disallowed}};

std::string warn_key(const LimitText& text) { return std::string(text.prefix) + "_warn_threshold"; }
std::string fail_key(const LimitText& text) {
  return std::string(text.prefix) + (text.prefix == "tombstone" ? "_failure_threshold" : "_fail_threshold");
}

std::string filled(std::string_view form, const std::map<std::string_view, std::string>& values) {
  std::string out;
  for (size_t at = 0; at < form.size();) {
    const size_t end = form[at] == '{' ? form.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += form[at++];
      continue;
    }
    out += values.at(form.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}

std::string decorated(std::string_view name, const std::string& message, std::string_view reason) {
  std::string out = "Guardrail " + std::string(name) + " violated: " + message;
  if (reason.empty()) return out;
  return out + (message.ends_with('.') ? " " : ". ") + std::string(reason);
}

std::string sentence(const LimitText& text, std::string_view form, std::string_view what, int64_t value,
                     int64_t limit, const char* kind) {
  return decorated(text.name,
                   filled(form, {{"what", std::string(what)},
                                 {"value", std::to_string(value)},
                                 {"limit", std::to_string(limit)},
                                 {"kind", kind}}),
                   text.reason);
}

// "[a, b]"
std::string listed(const std::vector<std::string>& names) { return "[" + joined(names) + "]"; }

std::vector<std::string> common(const std::vector<std::string>& values,
                                const std::vector<std::string>& names) {
  std::vector<std::string> out;
  std::copy_if(values.begin(), values.end(), std::back_inserter(out), [&](const std::string& value) {
    return std::find(names.begin(), names.end(), value) != names.end();
  });
  return out;
}

void add_once(std::vector<std::string>& warnings, std::string warning) {
  if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
    warnings.push_back(std::move(warning));
}

}  // namespace

Guardrails::Guardrails() {
  thresholds_[static_cast<size_t>(Limit::kTombstones)] = {kTombstonesWarn, kTombstonesFail};
}

bool Guardrails::set(std::string_view name, int64_t value) {
  for (size_t i = 0; i < kLimits; ++i) {
    if (name == warn_key(kTexts[i])) return thresholds_[i].warn = value, true;
    if (name == fail_key(kTexts[i])) return thresholds_[i].fail = value, true;
  }
  for (size_t i = 0; i < kFeatures; ++i) {
    if (name == kFeatureTexts[i].key) return forbidden_[i] = value == 0, true;
    if (!name.empty() && name == kFeatureTexts[i].warned_key) return warned_[i] = value != 0, true;
  }
  return false;
}

bool Guardrails::set_names(std::string_view name, std::vector<std::string> values) {
  for (size_t i = 0; i < kNamedSets; ++i) {
    for (const Treatment& treatment : kTreatments) {
      if (name != std::string(kNamedTexts[i].name) + std::string(treatment.suffix)) continue;
      if (static_cast<Named>(i) == Named::kTableProperties) java_sort(values, java_table_size(values.size()));
      named_[i].*treatment.names = std::move(values);
      return true;
    }
  }
  return false;
}

std::vector<std::pair<std::string, int64_t>> Guardrails::all() const {
  std::vector<std::pair<std::string, int64_t>> out;
  for (size_t i = 0; i < kLimits; ++i) {
    out.emplace_back(warn_key(kTexts[i]), thresholds_[i].warn);
    out.emplace_back(fail_key(kTexts[i]), thresholds_[i].fail);
  }
  for (size_t i = 0; i < kFeatures; ++i) {
    out.emplace_back(kFeatureTexts[i].key, forbidden_[i] ? 0 : 1);
    if (!kFeatureTexts[i].warned_key.empty()) out.emplace_back(kFeatureTexts[i].warned_key, warned_[i]);
  }
  return out;
}

Result<void> Guardrails::check(Limit limit, std::string_view what, int64_t value,
                               std::vector<std::string>& warnings) const {
  const Threshold& threshold = of(limit);
  const LimitText& text = kTexts[static_cast<size_t>(limit)];
  const auto beyond = [&](int64_t border) {
    return border >= 0 && (limit == Limit::kMinimumReplicationFactor ? value < border : value > border);
  };
  if (beyond(threshold.fail))
    return invalid(sentence(text, text.failure, what, value, threshold.fail, "failure"));
  if (beyond(threshold.warn))
    warnings.push_back(sentence(text, text.warning, what, value, threshold.warn, "warning"));
  return {};
}

Result<void> Guardrails::check_products(std::string_view what, const std::vector<int64_t>& products,
                                        std::vector<std::string>& warnings) const {
  for (const int64_t product : products)
    KEYZONE_CHECK(check(Limit::kInSelectCartesianProduct, what, product, warnings));
  return {};
}

Result<void> Guardrails::check_timestamp(std::string_view table, Timestamp stamp, Timestamp now,
                                         std::vector<std::string>& warnings) const {
  for (const Limit limit : {Limit::kMaximumTimestamp, Limit::kMinimumTimestamp}) {
    const LimitText& text = kTexts[static_cast<size_t>(limit)];
    const bool late = limit == Limit::kMaximumTimestamp;
    const auto beyond = [&](int64_t far) {
      return far >= 0 && (late ? stamp > now + far : stamp < now - far);
    };
    const auto border = [&](int64_t far) { return late ? now + far : now - far; };
    const Threshold& threshold = of(limit);
    if (beyond(threshold.fail))
      return invalid(sentence(text, text.failure, table, stamp, border(threshold.fail), "failure"));
    if (beyond(threshold.warn))
      warnings.push_back(sentence(text, text.warning, table, stamp, border(threshold.warn), "warning"));
  }
  return {};
}

Result<void> Guardrails::check(Feature feature, std::string_view what) const {
  if (allows(feature)) return {};
  const FeatureText& text = kFeatureTexts[static_cast<size_t>(feature)];
  return invalid(
      decorated(text.name, std::string(what.empty() ? text.what : what) + " is not allowed", text.reason));
}

Result<void> Guardrails::check(Feature feature, std::vector<std::string>& warnings) const {
  KEYZONE_CHECK(check(feature));
  const FeatureText& text = kFeatureTexts[static_cast<size_t>(feature)];
  if (warned_[static_cast<size_t>(feature)])
    add_once(warnings, decorated(text.name, std::string(text.what) + " is not recommended", text.reason));
  return {};
}

Result<std::vector<std::string>> Guardrails::check(Named named, const std::vector<std::string>& values,
                                                   std::vector<std::string>& warnings) const {
  const NamedText& text = kNamedTexts[static_cast<size_t>(named)];
  const NamedSets& sets = of(named);
  const std::string what(text.what);
  if (const auto found = common(values, sets.disallowed); !found.empty()) {
    return invalid(decorated(text.name,
                             "Provided values " + listed(found) + " are not allowed for " + what +
                                 " (disallowed values are: " + listed(sets.disallowed) + ")",
                             ""));
  }
  auto ignored = common(values, sets.ignored);
  if (!ignored.empty()) {
    add_once(warnings,
             decorated(text.name,
                       "Ignoring provided values " + listed(ignored) + " as they are not supported for " +
                           what + " (ignored values are: " + listed(sets.ignored) + ")",
                       ""));
  }
  if (const auto found = common(values, sets.warned); !found.empty()) {
    add_once(warnings, decorated(text.name,
                                 "Provided values " + listed(found) + " are not recommended for " + what +
                                     " (warned values are: " + listed(sets.warned) + ")",
                                 ""));
  }
  return ignored;
}

bool Guardrails::limits_writes() const {
  return of(Limit::kItemsPerCollection).set() || of(Limit::kCollectionSize).set() ||
         of(Limit::kColumnValueSize).set() || !allows(Feature::kReadBeforeWriteListOperations);
}

}  // namespace keyzone::cql
