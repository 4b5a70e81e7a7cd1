// The options of compaction strategies: kept and shown, checked as Cassandra checks them, and otherwise
// without effect.
#pragma once
#include "cql/ddl/option_maps.h"

namespace keyzone::cql {

// What is read before the strategy is asked. Errors: kConfig.
Result<void> check_overlapping_tombstones(const OptionMap& options);

// What each option may say. Errors: kConfig with Cassandra's sentences. REQUIRES: the options are of one
// strategy.
Result<void> check_compaction_values(const OptionMap& options);
// Once all options are known to the strategy.
Result<void> check_compaction_thresholds(const OptionMap& options);

}  // namespace keyzone::cql
