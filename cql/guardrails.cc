#include "cql/guardrails.h"

#include <algorithm>
#include <map>

#include "cql/system_tables/system_tables.h"

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
    {"tombstones", "tombstone", "", ""},  // worded by who counts them
};

struct FeatureText {
  std::string_view name;
  std::string_view key;
  std::string_view what;
  std::string_view reason = "";
};
constexpr FeatureText kFeatureTexts[kFeatures] = {
    {"allow_filtering", "allow_filtering_enabled", "Querying with ALLOW FILTERING",
     "ALLOW FILTERING can potentially visit all the data in the table and have unpredictable performance."},
    {"group_by", "group_by_enabled", "GROUP BY functionality"},
    {"user_timestamps", "user_timestamps_enabled", "User provided timestamps (USING TIMESTAMP)"},
    {"drop_truncate_table_enabled", "drop_truncate_table_enabled", "DROP and TRUNCATE TABLE functionality"},
    {"drop_keyspace_enabled", "drop_keyspace_enabled", "DROP KEYSPACE functionality"},
    {"alter_table", "alter_table_enabled", "User access to ALTER TABLE statement for column mutation"},
    {"read_before_write_list_operations", "read_before_write_list_operations_enabled",
     "List operation requiring read before write"},
};

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
  }
  return false;
}

std::vector<std::pair<std::string, int64_t>> Guardrails::all() const {
  std::vector<std::pair<std::string, int64_t>> out;
  for (size_t i = 0; i < kLimits; ++i) {
    out.emplace_back(warn_key(kTexts[i]), thresholds_[i].warn);
    out.emplace_back(fail_key(kTexts[i]), thresholds_[i].fail);
  }
  for (size_t i = 0; i < kFeatures; ++i) out.emplace_back(kFeatureTexts[i].key, forbidden_[i] ? 0 : 1);
  return out;
}

Result<void> Guardrails::check(Limit limit, std::string_view what, int64_t value,
                               std::vector<std::string>& warnings) const {
  const Threshold& threshold = of(limit);
  const LimitText& text = kTexts[static_cast<size_t>(limit)];
  if (threshold.fail >= 0 && value > threshold.fail)
    return invalid(sentence(text, text.failure, what, value, threshold.fail, "failure"));
  if (threshold.warn >= 0 && value > threshold.warn) {
    std::string warning = sentence(text, text.warning, what, value, threshold.warn, "warning");
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
      warnings.push_back(std::move(warning));
  }
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

Result<void> Guardrails::check(Feature feature) const {
  if (allows(feature)) return {};
  const FeatureText& text = kFeatureTexts[static_cast<size_t>(feature)];
  return invalid(decorated(text.name, std::string(text.what) + " is not allowed", text.reason));
}

bool Guardrails::limits_writes() const {
  return of(Limit::kItemsPerCollection).set() || of(Limit::kCollectionSize).set() ||
         of(Limit::kColumnValueSize).set() || !allows(Feature::kReadBeforeWriteListOperations);
}

// --- schema changes

namespace {

Result<void> check_statement(const Guardrails& guardrails, const Statement& statement) {
  if (statement.as<DropTableStatement>()) return guardrails.check(Feature::kDropTruncateTable);
  if (statement.as<DropKeyspaceStatement>()) return guardrails.check(Feature::kDropKeyspace);
  const auto* alter = statement.as<AlterTableStatement>();
  if (alter && !std::holds_alternative<SetOptions>(alter->change))
    return guardrails.check(Feature::kAlterTable);
  return {};
}

Result<void> check_table(const Guardrails& guardrails, const Table& table, const Table* old,
                         std::vector<std::string>& warnings) {
  if (!old || old->columns.size() < table.columns.size()) {
    KEYZONE_CHECK(guardrails.check(Limit::kColumnsPerTable, table.name,
                                   static_cast<int64_t>(table.columns.size()), warnings));
  }
  for (const Column& column : table.columns) {
    if (column.type->dimension() == 0 || (old && old->find(column.id))) continue;
    KEYZONE_CHECK(
        guardrails.check(Limit::kVectorDimensions, column.name, column.type->dimension(), warnings));
  }
  return {};
}

int64_t user_tables(const Catalog& catalog) {
  return std::count_if(catalog.tables.begin(), catalog.tables.end(),
                       [](const auto& table) { return !is_system_keyspace(table.second->keyspace); });
}
int64_t user_keyspaces(const Catalog& catalog) {
  return std::count_if(catalog.keyspaces.begin(), catalog.keyspaces.end(),
                       [](const auto& keyspace) { return !is_system_keyspace(keyspace.first); });
}

}  // namespace

Result<void> check_schema_change(const Guardrails& guardrails, const Statement& statement,
                                 const CatalogChange& change, const Catalog& before,
                                 std::vector<std::string>& warnings) {
  KEYZONE_CHECK(check_statement(guardrails, statement));
  if (const auto* create = statement.as<CreateKeyspaceStatement>()) {
    KEYZONE_CHECK(guardrails.check(Limit::kKeyspaces, create->name, user_keyspaces(before) + 1, warnings));
  }
  for (const Table& table : change.put_tables) {
    const auto old = before.tables_by_id.find(table.id);
    const bool made = old == before.tables_by_id.end();
    if (made) KEYZONE_CHECK(guardrails.check(Limit::kTables, table.name, user_tables(before) + 1, warnings));
    KEYZONE_CHECK(check_table(guardrails, table, made ? nullptr : old->second.get(), warnings));
  }
  for (const Keyspace& keyspace : change.put_keyspaces) {
    const auto old = before.keyspaces.find(keyspace.name);
    for (const auto& [name, type] : keyspace.types) {
      if (old != before.keyspaces.end()) {
        const auto was = old->second->types.find(name);
        if (was != old->second->types.end() && was->second->parameters().size() == type->parameters().size())
          continue;
      }
      KEYZONE_CHECK(guardrails.check(Limit::kFieldsPerUdt, name,
                                     static_cast<int64_t>(type->parameters().size()), warnings));
    }
  }
  return {};
}

// --- values

namespace {

struct Collected {
  int64_t items = 0;
  int64_t bytes = 0;
};

int64_t count_of(BytesView collection) {
  return collection.size() >= sizeof(int32_t) ? load_be<int32_t>(collection.data()) : 0;
}

Result<void> check_row(const Guardrails& guardrails, const Table& table, const RowWrite& row,
                       std::vector<std::string>& warnings) {
  std::map<ColumnId, Collected> collections;
  for (const CellWrite& cell : row.cells) {
    const Column* column = table.find(cell.column);
    if (!column) continue;
    const bool reads_list = looks_back(cell.action) && column->type->is_collection();
    if (reads_list) KEYZONE_CHECK(guardrails.check(Feature::kReadBeforeWriteListOperations));
    const auto size = static_cast<int64_t>(cell.value.size());
    if (size > 0) KEYZONE_CHECK(guardrails.check(Limit::kColumnValueSize, column->name, size, warnings));
    if (cell.action == CellAction::kPutElement) {
      Collected& collected = collections[cell.column];
      ++collected.items;
      collected.bytes += size + static_cast<int64_t>(cell.path.size());
    } else if (size > 0 && column->type->is_collection()) {
      collections[cell.column] = {count_of(cell.value), size};
    }
  }
  for (const auto& [id, collected] : collections) {
    const Column& column = *table.find(id);
    if (!column.type->is_collection()) continue;  // a user type's fields
    KEYZONE_CHECK(guardrails.check(Limit::kItemsPerCollection, column.name, collected.items, warnings));
    KEYZONE_CHECK(guardrails.check(Limit::kCollectionSize, column.name, collected.bytes, warnings));
  }
  return {};
}

}  // namespace

Result<void> check_writes(const Guardrails& guardrails, const Table& table, const Mutation& mutation,
                          std::vector<std::string>& warnings) {
  for (const RowWrite& row : mutation.rows) KEYZONE_CHECK(check_row(guardrails, table, row, warnings));
  return {};
}

}  // namespace keyzone::cql
