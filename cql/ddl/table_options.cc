#include "cql/ddl/table_options.h"

#include <algorithm>
#include <limits>

#include "cql/ddl/option_maps.h"
#include "cql/ddl/property_values.h"
#include "cql/dialect.h"
#include "cql/grammar/parser.h"
#include "schema/text.h"
#include "schema/types/floating.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

constexpr double kBloomFilterMin = 6.71e-5;  // what Cassandra's filters can do
constexpr double kBloomFilterDefault = 0.01;
constexpr double kBloomFilterLeveled = 0.1;

Result<void> set(std::string& to, const Property& property) {
  KEYZONE_TRY(value, string_property(property));
  to = value;
  return {};
}
Result<void> set(bool& to, const Property& property) {
  KEYZONE_TRY(value, bool_property(property));
  to = value;
  return {};
}
Result<void> set(double& to, const Property& property) {
  KEYZONE_TRY(value, double_property(property));
  to = value;
  return {};
}
Result<void> set_bloom_filter(std::optional<double>& to, const Property& property) {
  constexpr double kAsCompactionHasIt = -1;
  KEYZONE_TRY(value, double_property(property));
  to = value == kAsCompactionHasIt ? std::nullopt : std::optional(value);
  return {};
}
Result<void> set(int32_t& to, const Property& property) {
  KEYZONE_TRY(value, int_property(property));
  to = value;
  return {};
}
Result<void> set_map(OptionMap& to, const Property& property, Result<OptionMap> (*check)(const OptionMap&)) {
  KEYZONE_TRY(given, map_property(property));
  KEYZONE_TRY(value, check(given));
  to = value;
  return {};
}
Result<void> set_retry(std::string& to, const Property& property) {
  KEYZONE_TRY(given, string_property(property));
  KEYZONE_TRY(value, check_speculative_retry(given));
  to = value;
  return {};
}
Result<void> set_read_repair(std::string& to, const Property& property) {
  KEYZONE_TRY(given, string_property(property));
  to = upper_case(given);
  if (to == "BLOCKING" || to == "NONE") return {};
  return config_error("Invalid value " + given + " for option 'read_repair'");
}
Result<void> set_memtable(std::string& to, const Property& property) {
  KEYZONE_TRY(given, string_property(property));
  if (given != "default") return config_error("Memtable configuration \"" + given + "\" not found.");
  to = given;
  return {};
}

// Its names are looked at, and then it is refused (apply_properties()).
Result<void> check_auto_repair(const Property& property) {
  KEYZONE_TRY(given, map_property(property));
  std::vector<std::string> unknown;
  for (const auto& [name, value] : given) {
    const std::string lower = lower_case(name);
    if (lower != "full_enabled" && lower != "incremental_enabled" && lower != "preview_repaired_enabled" &&
        lower != "priority")
      unknown.push_back(name);
  }
  if (unknown.empty()) return {};
  java_sort(unknown, java_table_size(given.size()));
  return config_error("Unknown property '" + unknown[0] + "'");
}
// Nothing repairs on its own here, as in a Cassandra that wasn't started with it.
Result<void> refuse_auto_repair(const Properties& properties) {
  for (const Property& property : properties) {
    if (property.name != "auto_repair") continue;
    return config_error(
        "auto_repair option is not supported unless auto-repair is enabled with "
        "-Dcassandra.autorepair.enable=true");
  }
  return {};
}

// In the order in which Cassandra reads them.
constexpr std::string_view kRead[] = {"allow_auto_snapshot",
                                      "bloom_filter_fp_chance",
                                      "caching",
                                      "comment",
                                      "compaction",
                                      "compression",
                                      "memtable",
                                      "default_time_to_live",
                                      "gc_grace_seconds",
                                      "incremental_backups",
                                      "max_index_interval",
                                      "memtable_flush_period_in_ms",
                                      "min_index_interval",
                                      "speculative_retry",
                                      "additional_write_policy",
                                      "crc_check_chance",
                                      "cdc",
                                      "read_repair",
                                      "auto_repair"};
// `extensions` are for other programs' use; id_property() reads the other.
constexpr std::string_view kNotRead[] = {"extensions", "id"};

// REQUIRES: it is one of kRead.
Result<void> apply_property(const Property& property, TableOptions& options) {
  const std::string& name = property.name;
  if (name == "additional_write_policy") return set_retry(options.additional_write_policy, property);
  if (name == "allow_auto_snapshot") return set(options.allow_auto_snapshot, property);
  if (name == "auto_repair") return check_auto_repair(property);
  if (name == "bloom_filter_fp_chance") return set_bloom_filter(options.bloom_filter_fp_chance, property);
  if (name == "caching") return set_map(options.caching, property, check_caching);
  if (name == "cdc") return set(options.cdc, property);
  if (name == "comment") return set(options.comment, property);
  if (name == "compaction") return set_map(options.compaction, property, read_compaction);
  if (name == "compression") return set_map(options.compression, property, check_compression);
  if (name == "crc_check_chance") return set(options.crc_check_chance, property);
  if (name == "default_time_to_live") return set(options.default_time_to_live, property);
  if (name == "gc_grace_seconds") return set(options.gc_grace_seconds, property);
  if (name == "incremental_backups") return set(options.incremental_backups, property);
  if (name == "max_index_interval") return set(options.max_index_interval, property);
  if (name == "memtable") return set_memtable(options.memtable, property);
  if (name == "memtable_flush_period_in_ms") return set(options.memtable_flush_period_in_ms, property);
  if (name == "min_index_interval") return set(options.min_index_interval, property);
  if (name == "read_repair") return set_read_repair(options.read_repair, property);
  KEYZONE_ASSERT(name == "speculative_retry");
  return set_retry(options.speculative_retry, property);
}

Result<void> at_least(const char* name, int32_t value, int32_t least, const std::string& least_text) {
  if (value >= least) return {};
  return config_error(std::string(name) + " must be greater than or equal to " + least_text + " (got " +
                      std::to_string(value) + ")");
}

Result<void> check_ranges(const TableOptions& options) {
  const double bloom = options.bloom_filter();
  if (bloom <= kBloomFilterMin || bloom > 1) {  // NaN is neither, there too
    return config_error(
        "bloom_filter_fp_chance must be larger than 6.71E-5 and less than or equal to 1.0 (got " +
        java_text(bloom) + ")");
  }
  if (options.crc_check_chance < 0 || options.crc_check_chance > 1) {
    return config_error(
        "crc_check_chance must be larger than or equal to 0 and smaller than or equal to 1.0 (got " +
        java_text(options.crc_check_chance) + ")");
  }
  KEYZONE_CHECK(at_least("default_time_to_live", options.default_time_to_live, 0, "0"));
  if (options.default_time_to_live > kTimeToLiveMax) {
    return config_error("default_time_to_live must be less than or equal to " +
                        std::to_string(kTimeToLiveMax) + " (got " +
                        std::to_string(options.default_time_to_live) + ")");
  }
  KEYZONE_CHECK(at_least("gc_grace_seconds", options.gc_grace_seconds, 0, "0"));
  KEYZONE_CHECK(at_least("min_index_interval", options.min_index_interval, 1, "1"));
  KEYZONE_CHECK(at_least("max_index_interval", options.max_index_interval, options.min_index_interval,
                         "min_index_interval (" + std::to_string(options.min_index_interval) + ")"));
  return at_least("memtable_flush_period_in_ms", options.memtable_flush_period_in_ms, 0, "0");
}

// A stored option as the property it came from. Maps are stored as literals, the rest bare.
Property stored_property(const std::string& name, const std::string& text) {
  Property property{name, {ConstantKind::kString, text, std::nullopt}};
  if (name != "caching" && name != "compaction" && name != "compression") return property;
  const auto term = parse_term(text);
  const auto* map = term ? (*term)->as<MapLiteral>() : nullptr;
  if (!map) return property;
  property.value.map.emplace();
  for (const auto& [key, value] : map->entries) {
    property.value.map->emplace_back(key->as<Constant>()->text, value->as<Constant>()->text);
  }
  return property;
}

std::string bool_text(bool value) { return value ? "true" : "false"; }

}  // namespace

double TableOptions::bloom_filter() const {
  if (bloom_filter_fp_chance) return *bloom_filter_fp_chance;
  const auto name = compaction.find("class");
  const bool leveled = name != compaction.end() && name->second.ends_with(".LeveledCompactionStrategy");
  return leveled ? kBloomFilterLeveled : kBloomFilterDefault;
}

std::string quote_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string map_literal(const OptionMap& map) {
  std::string out;
  for (const auto& [name, value] : map) {
    out += (out.empty() ? "" : ", ") + quote_string(name) + ": " + quote_string(value);
  }
  return "{" + out + "}";
}

TableOptions options_of(const Table& table) {
  TableOptions options;
  for (const auto& [name, text] : table.options) {
    if (std::find(std::begin(kRead), std::end(kRead), name) != std::end(kRead))
      (void)apply_property(stored_property(name, text), options);
  }
  options.compact_storage = table.compact();
  return options;
}

void set_options(Table& table, const TableOptions& options) {
  static const TableOptions kDefaults;
  table.options.clear();
  const auto keep = [&table](const char* name, bool differs, std::string text) {
    if (differs) table.options[name] = std::move(text);
  };
  const TableOptions& d = kDefaults;
  const TableOptions& o = options;
  keep("additional_write_policy", o.additional_write_policy != d.additional_write_policy,
       o.additional_write_policy);
  keep("allow_auto_snapshot", o.allow_auto_snapshot != d.allow_auto_snapshot,
       bool_text(o.allow_auto_snapshot));
  keep("bloom_filter_fp_chance", o.bloom_filter_fp_chance.has_value(), java_text(o.bloom_filter()));
  keep("caching", o.caching != d.caching, map_literal(o.caching));
  keep("cdc", o.cdc != d.cdc, bool_text(o.cdc));
  keep("comment", o.comment != d.comment, o.comment);
  keep("compaction", o.compaction != d.compaction, map_literal(o.compaction));
  keep("compact_storage", o.compact_storage, "true");
  keep("compression", o.compression != d.compression, map_literal(o.compression));
  keep("crc_check_chance", o.crc_check_chance != d.crc_check_chance, java_text(o.crc_check_chance));
  keep("default_time_to_live", o.default_time_to_live != d.default_time_to_live,
       std::to_string(o.default_time_to_live));
  keep("gc_grace_seconds", o.gc_grace_seconds != d.gc_grace_seconds, std::to_string(o.gc_grace_seconds));
  keep("incremental_backups", o.incremental_backups != d.incremental_backups,
       bool_text(o.incremental_backups));
  keep("max_index_interval", o.max_index_interval != d.max_index_interval,
       std::to_string(o.max_index_interval));
  keep("memtable_flush_period_in_ms", o.memtable_flush_period_in_ms != d.memtable_flush_period_in_ms,
       std::to_string(o.memtable_flush_period_in_ms));
  keep("min_index_interval", o.min_index_interval != d.min_index_interval,
       std::to_string(o.min_index_interval));
  keep("read_repair", o.read_repair != d.read_repair, o.read_repair);
  keep("speculative_retry", o.speculative_retry != d.speculative_retry, o.speculative_retry);
}

Result<void> read_properties(const Properties& properties, TableOptions& options) {
  for (const std::string_view name : kRead) {
    const auto property = std::find_if(properties.begin(), properties.end(),
                                       [&](const Property& property) { return property.name == name; });
    if (property != properties.end()) KEYZONE_CHECK(apply_property(*property, options));
  }
  return {};
}

Result<void> apply_properties(const Properties& properties, TableOptions& options) {
  std::vector<std::string_view> known(std::begin(kRead), std::end(kRead));
  known.insert(known.end(), std::begin(kNotRead), std::end(kNotRead));
  KEYZONE_CHECK(check_known(properties, known));
  TableOptions alone;
  KEYZONE_CHECK(read_properties(properties, alone));
  KEYZONE_CHECK(refuse_auto_repair(properties));
  KEYZONE_CHECK(check_compaction(alone.compaction));
  KEYZONE_CHECK(check_ranges(alone));
  return read_properties(properties, options);
}

Result<std::optional<Uuid>> id_property(const Properties& properties) {
  const auto found =
      std::find_if(properties.begin(), properties.end(), [](const Property& p) { return p.name == "id"; });
  if (found == properties.end()) return std::optional<Uuid>();
  KEYZONE_TRY(text, string_property(*found));
  const auto id = Uuid::parse(text);
  if (!id) return config_error("Invalid table id");
  return std::optional<Uuid>(*id);
}

std::vector<std::string> describe_options(const TableOptions& o) {
  return {"additional_write_policy = " + quote_string(o.additional_write_policy),
          "allow_auto_snapshot = " + bool_text(o.allow_auto_snapshot),
          "bloom_filter_fp_chance = " + java_text(o.bloom_filter()),
          "caching = " + map_literal(o.caching),
          "cdc = " + bool_text(o.cdc),
          "comment = " + quote_string(o.comment),
          "compaction = " + map_literal(o.compaction),
          "compression = " + map_literal(o.compression),
          "memtable = " + quote_string(o.memtable),
          "crc_check_chance = " + java_text(o.crc_check_chance),
          "default_time_to_live = " + std::to_string(o.default_time_to_live),
          "extensions = {}",
          "gc_grace_seconds = " + std::to_string(o.gc_grace_seconds),
          "incremental_backups = " + bool_text(o.incremental_backups),
          "max_index_interval = " + std::to_string(o.max_index_interval),
          "memtable_flush_period_in_ms = " + std::to_string(o.memtable_flush_period_in_ms),
          "min_index_interval = " + std::to_string(o.min_index_interval),
          "read_repair = " + quote_string(o.read_repair),
          "speculative_retry = " + quote_string(o.speculative_retry)};
}

}  // namespace keyzone::cql
