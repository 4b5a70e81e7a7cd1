#include "cql/plan/key_ranges.h"

#include <algorithm>

#include "schema/types/type.h"

namespace keyzone::cql {
namespace {

bool ends_before(const Bytes& a, const Bytes& b) { return !a.empty() && (b.empty() || a < b); }

}  // namespace

KeyRange range_of_prefix(const Bytes& prefix) { return {prefix, prefix_successor(prefix)}; }

KeyRanges normalise(KeyRanges ranges) {
  std::erase_if(ranges, [](const KeyRange& r) { return !r.to.empty() && r.to <= r.from; });
  std::sort(ranges.begin(), ranges.end(),
            [](const KeyRange& a, const KeyRange& b) { return a.from < b.from; });
  KeyRanges out;
  for (KeyRange& range : ranges) {
    if (!out.empty() && (out.back().to.empty() || range.from <= out.back().to)) {
      if (ends_before(out.back().to, range.to)) out.back().to = std::move(range.to);
      continue;
    }
    out.push_back(std::move(range));
  }
  return out;
}

KeyRanges intersect(const KeyRanges& a, const KeyRanges& b) {
  KeyRanges out;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    KeyRange both{std::max(a[i].from, b[j].from), ends_before(a[i].to, b[j].to) ? a[i].to : b[j].to};
    if (both.to.empty() || both.from < both.to) out.push_back(std::move(both));
    ends_before(a[i].to, b[j].to) ? ++i : ++j;
  }
  return out;
}

}  // namespace keyzone::cql
