// Guardrails: limits that an operator may set on what clients do, named as cassandra.yaml names them. Beyond
// a warning threshold the client is warned, beyond the other one its request is refused, in the words of
// Cassandra 5.0.8. Without settings nothing is limited but tombstones read, as in Cassandra.
#pragma once
#include <cstdint>
#include <optional>
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
  kCollectionSize,    // bytes
  kColumnValueSize,   // bytes
  kMaximumTimestamp,  // microseconds after now
  kMinimumTimestamp,  // before now
  kTombstones,        // of one read
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
};
inline constexpr size_t kFeatures = static_cast<size_t>(Feature::kReadBeforeWriteListOperations) + 1;

class Guardrails {
 public:
  Guardrails();

  // `name` as in cassandra.yaml: "tables_warn_threshold", "allow_filtering_enabled" (0 or 1). False: there is
  // none.
  bool set(std::string_view name, int64_t value);
  // Every name with what it is set to.
  std::vector<std::pair<std::string, int64_t>> all() const;

  const Threshold& of(Limit limit) const { return thresholds_[static_cast<size_t>(limit)]; }
  bool allows(Feature feature) const { return !forbidden_[static_cast<size_t>(feature)]; }

  // `what` is what the message names. Errors: kInvalid.
  Result<void> check(Limit limit, std::string_view what, int64_t value,
                     std::vector<std::string>& warnings) const;
  Result<void> check(Feature feature) const;
  // A statement's own timestamp.
  Result<void> check_timestamp(std::string_view table, Timestamp stamp, Timestamp now,
                               std::vector<std::string>& warnings) const;
  // Whether check_writes() has anything to look at.
  bool limits_writes() const;

 private:
  Threshold thresholds_[kLimits];
  bool forbidden_[kFeatures] = {};
};

// A schema change: the statement, and the tables and types that it makes.
Result<void> check_schema_change(const Guardrails& guardrails, const Statement& statement,
                                 const CatalogChange& change, const Catalog& before,
                                 std::vector<std::string>& warnings);

// The values that are written into a table.
Result<void> check_writes(const Guardrails& guardrails, const Table& table, const Mutation& mutation,
                          std::vector<std::string>& warnings);

}  // namespace keyzone::cql
