// Restrictions with values: partition keys, token ranges, slices of clustering keys.
#include <algorithm>
#include <limits>

#include "cql/dialect.h"
#include "cql/plan/key_ranges.h"
#include "cql/plan/restrictions.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

bool less_or_equal(const Type& type, BytesView a, BytesView b) { return type.compare(a, b) <= 0; }

// Sorted by value, without duplicates.
void sort_values(const Type& type, std::vector<BoundTuple>& tuples) {
  std::stable_sort(tuples.begin(), tuples.end(),
                   [&](const BoundTuple& a, const BoundTuple& b) { return type.compare(a[0], b[0]) < 0; });
  tuples.erase(
      std::unique(tuples.begin(), tuples.end(),
                  [&](const BoundTuple& a, const BoundTuple& b) { return less_or_equal(type, b[0], a[0]); }),
      tuples.end());
}

// Keys with the prefix whose next column is beyond `value` in the direction of the operator.
KeyRange beyond(const Bytes& prefix, const Column& column, BytesView value, bool lower, bool inclusive) {
  Bytes at = prefix;
  column.type->append_ordered(value, column.descending, at);
  const bool starts = lower != column.descending;  // the value's form is where the range starts
  if (starts) return {inclusive ? at : prefix_successor(at), prefix_successor(prefix)};
  return {prefix, inclusive ? prefix_successor(at) : at};
}

// (a, b, c) > (x, y, z) is: a > x, or a = x and b > y, or a = x and b = y and c > z. Each is one range, in
// whatever directions the columns are sorted.
KeyRanges slice_ranges(const PreparedRelation& relation, const BoundTuple& values, const Bytes& prefix) {
  const bool lower = relation.is_lower();
  const bool inclusive = relation.op == Operator::kGreaterOrEqual || relation.op == Operator::kLessOrEqual;
  KeyRanges out;
  Bytes at = prefix;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool last = i + 1 == values.size();
    out.push_back(beyond(at, *relation.columns[i], values[i], lower, last && inclusive));
    relation.columns[i]->type->append_ordered(values[i], relation.columns[i]->descending, at);
  }
  // A successor that doesn't exist (a prefix of 0xff bytes only) leaves `from` empty: no key is there.
  std::erase_if(out, [&](const KeyRange& r) { return r.from.empty() && !prefix.empty(); });
  return normalise(std::move(out));
}

void append_value(const Column& column, BytesView value, Bytes& prefix) {
  column.type->append_ordered(value, column.descending, prefix);
}

void append_value(const Column& column, BytesView value, WrittenKey& prefix) { prefix.append(column, value); }

const Bytes& ordered(const Bytes& key) { return key; }
const Bytes& ordered(const WrittenKey& key) { return key.ordered(); }

// Each of the prefixes with each of the tuples behind it.
template <class Prefix>
Result<std::vector<Prefix>> extend(const std::vector<Prefix>& prefixes, const PreparedRelation& relation,
                                   const std::vector<BoundTuple>& tuples) {
  if (prefixes.size() * tuples.size() > kClusteringRangesMax) {
    return invalid("The IN restrictions of this query name more than " +
                   std::to_string(kClusteringRangesMax) + " clustering keys");
  }
  std::vector<Prefix> out;
  out.reserve(prefixes.size() * tuples.size());
  for (const Prefix& prefix : prefixes) {
    for (const BoundTuple& tuple : tuples) {
      Prefix& longer = out.emplace_back(prefix);
      for (size_t i = 0; i < tuple.size(); ++i) append_value(*relation.columns[i], tuple[i], longer);
    }
  }
  return out;
}

// The keys that = and IN name, in order; of equal ones the first.
template <class Key>
Result<std::vector<Key>> named_keys(const std::vector<PreparedRelation>& relations, EvalContext& context) {
  std::vector<Key> keys(1);
  for (const PreparedRelation& relation : relations) {
    if (relation.is_slice()) break;
    KEYZONE_TRY(tuples, bind_operands(relation, context));
    KEYZONE_TRY(longer, extend(keys, relation, tuples));
    keys = std::move(longer);
    if (keys.empty()) break;  // the same
  }
  if (keys.size() > 1) {
    std::stable_sort(keys.begin(), keys.end(),
                     [](const Key& a, const Key& b) { return ordered(a) < ordered(b); });
    const auto same = [](const Key& a, const Key& b) { return ordered(a) == ordered(b); };
    keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());
  }
  return keys;
}

Result<std::vector<int64_t>> products(const std::vector<PreparedRelation>& relations, EvalContext& context) {
  std::vector<int64_t> out;
  const auto is_in = [](const PreparedRelation& relation) { return relation.is_in(); };
  if (std::none_of(relations.begin(), relations.end(), is_in)) return out;
  int64_t keys = 1;
  for (const PreparedRelation& relation : relations) {
    KEYZONE_TRY(tuples, bind_operands(relation, context));
    keys *= static_cast<int64_t>(tuples.size());
    if (keys > int64_t{std::numeric_limits<int32_t>::max()}) break;  // beyond every limit
    out.push_back(keys);
  }
  return out;
}

}  // namespace

Result<void> check_partition_key(BytesView key) {
  return key.empty() ? Result<void>(invalid("Key may not be empty")) : Result<void>();
}

Result<std::vector<Bytes>> Restrictions::partition_keys(EvalContext& context) const {
  KEYZONE_ASSERT(all_keys_);
  std::vector<std::vector<BytesView>> keys(1);
  for (const PreparedRelation& relation : partition_) {
    KEYZONE_TRY(tuples, bind_operands(relation, context));
    if (relation.is_in()) sort_values(*relation.first().type, tuples);
    if (keys.size() * tuples.size() > kPartitionsPerReadMax) {
      return invalid("The IN restrictions of this query name more than " +
                     std::to_string(kPartitionsPerReadMax) + " partitions");
    }
    std::vector<std::vector<BytesView>> longer;
    longer.reserve(keys.size() * tuples.size());
    for (const auto& key : keys) {
      for (const BoundTuple& tuple : tuples) longer.emplace_back(key).push_back(tuple[0]);
    }
    keys = std::move(longer);
    if (keys.empty()) break;  // what else is asked is not looked at
  }
  std::vector<Bytes> out;
  out.reserve(keys.size());
  for (const auto& key : keys) {
    KEYZONE_TRY(bytes, encode_partition_key(key));
    out.push_back(std::move(bytes));
  }
  return out;
}

std::optional<TokenRange> TokenLimits::range() const {
  TokenRange out;
  if (lower) {
    const bool step = lower->inclusive && lower->token.value != INT64_MIN;
    out.begin = Token(lower->token.value - (step ? 1 : 0));
  }
  if (upper && upper->token.value != INT64_MIN) {
    out.end = Token(upper->token.value - (upper->inclusive ? 0 : 1));
  }
  if (out.begin >= out.end) return std::nullopt;
  return out;
}

bool TokenLimits::accept(Token token) const {
  const bool above = !lower || token > lower->token || (lower->inclusive && token == lower->token);
  const bool below = !upper || token < upper->token || (upper->inclusive && token == upper->token);
  const bool around = lower && upper && lower->token > upper->token;
  return around ? above || below : above && below;
}

Result<TokenLimits> Restrictions::token_limits(EvalContext& context) const {
  TokenLimits out;
  for (const PreparedRelation& relation : tokens_) {
    KEYZONE_TRY(tuples, bind_operands(relation, context));
    const BytesView bytes = tuples.at(0).at(0);
    if (bytes.size() != sizeof(int64_t)) return invalid("Invalid empty value for the partition key token");
    const bool open = relation.op == Operator::kGreater || relation.op == Operator::kLess;
    const TokenLimits::Limit limit{Token(load_be<int64_t>(bytes.data())), !open};
    if (relation.is_lower() || !relation.is_slice()) out.lower = limit;
    if (!relation.is_lower()) out.upper = limit;
  }
  return out;
}

Result<std::optional<std::vector<KeyRange>>> Restrictions::clustering_ranges(EvalContext& context) const {
  if (clustering_.empty()) return std::optional<KeyRanges>();
  std::vector<Bytes> prefixes(1);
  size_t at = 0;
  for (; at < clustering_.size() && !clustering_[at].is_slice(); ++at) {
    KEYZONE_TRY(tuples, bind_operands(clustering_[at], context));
    KEYZONE_TRY(longer, extend(prefixes, clustering_[at], tuples));
    prefixes = std::move(longer);
    if (prefixes.empty()) return std::optional(KeyRanges());  // IN (): nothing behind it is looked at
  }
  KeyRanges ranges;
  for (const Bytes& prefix : prefixes) ranges.push_back(range_of_prefix(prefix));
  ranges = normalise(std::move(ranges));
  for (; at < clustering_.size(); ++at) {
    if (null_slices_) {
      KEYZONE_TRY(no_bound, is_null_slice(clustering_[at], context));
      // Null comes first whichever way the column is sorted.
      if (no_bound && clustering_[at].is_lower() == clustering_[at].first().descending) ranges.clear();
      if (no_bound) continue;
    }
    KEYZONE_TRY(tuples, bind_operands(clustering_[at], context));
    KeyRanges slices;
    for (const Bytes& prefix : prefixes) {
      for (KeyRange& range : slice_ranges(clustering_[at], tuples.at(0), prefix))
        slices.push_back(std::move(range));
    }
    ranges = intersect(ranges, normalise(std::move(slices)));
  }
  return std::optional(std::move(ranges));
}

Result<std::vector<int64_t>> Restrictions::partition_products(EvalContext& context) const {
  return products(partition_, context);
}

Result<std::vector<int64_t>> Restrictions::clustering_products(EvalContext& context) const {
  if (slice_ || equal_prefix_ != table_->clustering_size) return std::vector<int64_t>();
  return products(clustering_, context);
}

Result<std::vector<Bytes>> Restrictions::clustering_keys(EvalContext& context) const {
  return named_keys<Bytes>(clustering_, context);
}

Result<std::vector<ClusteringKey>> Restrictions::clustering_keys_as_written(EvalContext& context) const {
  KEYZONE_TRY(keys, named_keys<WrittenKey>(clustering_, context));
  std::vector<ClusteringKey> out;
  out.reserve(keys.size());
  for (WrittenKey& key : keys) out.push_back(key.take());
  return out;
}

}  // namespace keyzone::cql
