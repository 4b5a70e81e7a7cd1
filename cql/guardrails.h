// Guardrails: limits that an operator may set on what clients do, named as cassandra.yaml names them. Beyond
// a warning threshold the client is warned, beyond the other one its request is refused, in the words of
// Cassandra 5.0.8. Without settings nothing is limited but tombstones read: to Cassandra, who has not logged
// in is nobody that guardrails are for.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cql/ast/statement.h"
#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/result.h"

namespace keyzone::cql {

struct Threshold {
  int64_t warn = -1;  // -1: none
  int64_t fail = -1;
  bool set() const { return warn >= 0 || fail >= 0; }
};

enum class Limit : uint8_t {
  kKeyspaces,
  kTables,
  kColumnsPerTable,
  kFieldsPerUdt,
  kVectorDimensions,
  kPageSize,
  kPartitionKeysInSelect,
  kInSelectCartesianProduct,
  kItemsPerCollection,
  kCollectionSize,            // bytes
  kColumnValueSize,           // bytes
  kMaximumTimestamp,          // microseconds after now
  kMinimumTimestamp,          // before now
  kMinimumReplicationFactor,  // what is below goes too far
  kMaximumReplicationFactor,
  kTombstones,  // of one read
};
inline constexpr size_t kLimits = static_cast<size_t>(Limit::kTombstones) + 1;

enum class Feature : uint8_t {
  kAllowFiltering,
  kGroupBy,
  kUserTimestamps,
  kDropTruncateTable,
  kDropKeyspace,
  kAlterTable,
  kReadBeforeWriteListOperations,
  kUncompressedTables,
  kCompactTables,
  kSimpleStrategy,
  kVectorType,
  kZeroTtlOnTwcs,  // default_time_to_live of 0 beside TimeWindowCompactionStrategy
};
inline constexpr size_t kFeatures = static_cast<size_t>(Feature::kZeroTtlOnTwcs) + 1;

// What may be warned of, ignored or disallowed by name.
enum class Named : uint8_t { kTableProperties, kReadConsistencyLevels, kWriteConsistencyLevels };
inline constexpr size_t kNamedSets = static_cast<size_t>(Named::kWriteConsistencyLevels) + 1;

struct NamedSets {
  std::vector<std::string> warned, ignored, disallowed;
  bool set() const { return !warned.empty() || !ignored.empty() || !disallowed.empty(); }
};

class Guardrails {
 public:
  Guardrails();

  // `name` as in cassandra.yaml: "tables_warn_threshold", "allow_filtering_enabled" (0 or 1). False: there is
  // none.
  bool set(std::string_view name, int64_t value);
  // "table_properties_warned"; `values` in lower case, of consistency levels in upper case and in the order
  // in which messages list them. False: there is no such name.
  bool set_names(std::string_view name, std::vector<std::string> values);
  // Every name with what it is set to.
  std::vector<std::pair<std::string, int64_t>> all() const;

  const Threshold& of(Limit limit) const { return thresholds_[static_cast<size_t>(limit)]; }
  const NamedSets& of(Named named) const { return named_[static_cast<size_t>(named)]; }
  bool allows(Feature feature) const { return !forbidden_[static_cast<size_t>(feature)]; }

  // `what` is what the message names. Errors: kInvalid.
  Result<void> check(Limit limit, std::string_view what, int64_t value,
                     std::vector<std::string>& warnings) const;
  // Of IN: what Restrictions count, one after another. `what`: "partition key".
  Result<void> check_products(std::string_view what, const std::vector<int64_t>& products,
                              std::vector<std::string>& warnings) const;
  Result<void> check(Feature feature, std::string_view what = "") const;  // else what all call it
  Result<void> check(Feature feature, std::vector<std::string>& warnings) const;
  // Those of `values` that are to be ignored. `values` are in the order in which messages list them.
  Result<std::vector<std::string>> check(Named named, const std::vector<std::string>& values,
                                         std::vector<std::string>& warnings) const;
  // A statement's own timestamp.
  Result<void> check_timestamp(std::string_view table, Timestamp stamp, Timestamp now,
                               std::vector<std::string>& warnings) const;
  // Whether check_writes() has anything to look at.
  bool limits_writes() const;

 private:
  Threshold thresholds_[kLimits];
  NamedSets named_[kNamedSets];
  bool forbidden_[kFeatures] = {};
  bool warned_[kFeatures] = {};
};

// What a schema statement asks for, before anyone looks whether it can be done, and the same statement
// without the properties that are ignored. `keyspace` is the session's.
Result<std::shared_ptr<const Statement>> permit_statement(const Guardrails& guardrails,
                                                          const std::shared_ptr<const Statement>& statement,
                                                          const Catalog& before, const std::string& keyspace,
                                                          std::vector<std::string>& warnings);

// What comes of it: keyspaces, tables and types as they will be. REQUIRES: permit_statement().
Result<void> check_schema_change(const Guardrails& guardrails, const Statement& statement,
                                 const CatalogChange& change, const Catalog& before,
                                 std::vector<std::string>& warnings);

// The values that are written into a table. Of `by_key` it is not counted how many elements they get: they
// get them one by one, m['k'] = v.
Result<void> check_writes(const Guardrails& guardrails, const Table& table, const Mutation& mutation,
                          const std::set<ColumnId>& by_key, std::vector<std::string>& warnings);

}  // namespace keyzone::cql
