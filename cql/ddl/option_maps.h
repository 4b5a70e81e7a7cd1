// The options whose values are maps: caching, compaction, compression; and those that are little languages.
#pragma once
#include <map>
#include <string>

#include "schema/result.h"

namespace keyzone::cql {

using OptionMap = std::map<std::string, std::string>;

// Each gives the map as it is shown: class names in full, defaults filled in. Errors: kConfig.
Result<OptionMap> check_caching(const OptionMap& given);
Result<OptionMap> read_compaction(const OptionMap& given);
Result<OptionMap> check_compression(const OptionMap& given);

// What the strategy says to its options. Errors: kConfig. REQUIRES: they come from read_compaction().
Result<void> check_compaction(const OptionMap& options);

// "99p", "10ms", "ALWAYS", "NEVER", "MIN(99p,10ms)". Errors: kConfig.
Result<std::string> check_speculative_retry(const std::string& given);

}  // namespace keyzone::cql
