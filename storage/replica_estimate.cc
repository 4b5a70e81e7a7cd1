// How many partitions a tablet has, and how big they are: what its first ones say about all.
#include <algorithm>
#include <cmath>

#include "storage/replica.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

constexpr size_t kPartitionsLookedAt = 128;      // of a hash's even spread: right to about a tenth
constexpr size_t kRowsLookedAtInPartition = 64;  // what lies behind them is sized without a look

double width(Token from, Token to) {
  const uint64_t tokens = static_cast<uint64_t>(to.value) - static_cast<uint64_t>(from.value);
  return tokens == 0 ? std::exp2(64) : static_cast<double>(tokens);
}

}  // namespace

uint64_t Replica::approximate_bytes_between(const KeyRange& range) const {
  const leveldb::Range one(range.first, range.second);
  uint64_t out = 0;
  db_->GetApproximateSizes(&one, 1, &out);
  return out;
}

uint64_t Replica::approximate_bytes_of(const Bytes& prefix) const {
  return approximate_bytes_between({prefix, prefix_successor(prefix)});
}

Result<Estimate> Replica::estimate() {
  const auto [first, last] = area_bounds(meta_.store, Area::kRows, meta_.tokens);
  const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(read_options(false)));
  const auto before_last = [&at, &end = last] { return at->Valid() && at->key().compare(end) < 0; };
  uint64_t partitions = 0, bytes = 0;
  Token reached = meta_.tokens.begin;
  for (at->Seek(first); before_last() && partitions < kPartitionsLookedAt; ++partitions) {
    const Bytes key = at->key().ToString();
    const size_t prefix_size = partition_prefix_size(key);
    const auto parsed = parse_key(key);
    if (!parsed || prefix_size == 0) return Error{ErrorKind::kCorrupt, "a row's key does not parse"};
    const leveldb::Slice prefix(key.data(), prefix_size);
    uint64_t partition_bytes = 0;
    size_t rows = 0;
    for (; before_last() && at->key().starts_with(prefix) && rows < kRowsLookedAtInPartition;
         at->Next(), ++rows)
      partition_bytes += at->key().size() + at->value().size();
    if (before_last() && at->key().starts_with(prefix)) {
      partition_bytes = std::max(partition_bytes, approximate_bytes_of(prefix.ToString()));
      at->Seek(prefix_successor(prefix.ToString()));
    }
    if (meta_.spilled) partition_bytes += approximate_bytes_of(elements_prefix(prefix.ToString()));
    bytes += partition_bytes;
    reached = parsed->token;
  }
  if (!at->status().ok()) return error_of(at->status());
  if (partitions == 0) return Estimate{};
  Estimate estimate{partitions, bytes / partitions};
  if (!before_last()) return estimate;  // those were all
  const double seen = width(meta_.tokens.begin, reached) / width(meta_.tokens.begin, meta_.tokens.end);
  estimate.partitions = static_cast<uint64_t>(static_cast<double>(partitions) / seen);
  return estimate;
}

}  // namespace keyzone::storage
