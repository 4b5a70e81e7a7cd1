// Sets of clustering keys as sorted, disjoint byte ranges.
#pragma once
#include <vector>

#include "schema/bytes.h"
#include "schema/read.h"

namespace keyzone::cql {

using KeyRanges = std::vector<KeyRange>;  // ascending, disjoint, none empty

// All keys that begin with `prefix`.
KeyRange range_of_prefix(const Bytes& prefix);
// Sorts, joins what overlaps or touches, drops what is empty. `to` empty: no end.
KeyRanges normalise(KeyRanges ranges);
// REQUIRES: both are normalised.
KeyRanges intersect(const KeyRanges& a, const KeyRanges& b);

}  // namespace keyzone::cql
