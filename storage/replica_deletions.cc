// Tombstones of partitions and of ranges of rows. A partition's ranges are disjoint and keyed by their ends,
// so that one seek finds the only one that may cover a row.
#include <algorithm>

#include "storage/replica.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

constexpr char kDeletionVersion = 1;

// Ends of ranges; empty is behind all others.
bool end_less(BytesView a, BytesView b) { return !a.empty() && (b.empty() || a < b); }
BytesView end_min(BytesView a, BytesView b) { return end_less(a, b) ? a : b; }
bool ends_after(BytesView end, BytesView clustering) { return end.empty() || end > clustering; }

Bytes deletion_key(StoreId store, Token token, BytesView partition_key, DeletionKind kind,
                   BytesView end = {}) {
  Bytes key = partition_prefix(store, Area::kDeletions, token, partition_key);
  key.push_back(static_cast<char>(kind));
  key.append(end);
  return key;
}

Bytes range_key(StoreId store, Token token, BytesView partition_key, BytesView end) {
  return deletion_key(store, token, partition_key,
                      end.empty() ? DeletionKind::kRangeToEnd : DeletionKind::kRange, end);
}

// `range` laid over the disjoint ranges that touch it: the stronger one wins wherever two meet.
std::vector<RangeDeletion> flatten(const std::vector<RangeDeletion>& old, const RangeDeletion& range) {
  std::vector<RangeDeletion> out;
  const auto add = [&](BytesView start, BytesView end, const Deletion& deletion) {
    if (!end.empty() && start >= end) return;
    if (!out.empty() && out.back().end == start && out.back().deletion == deletion) {
      out.back().end = end;
    } else {
      out.push_back({Bytes(start), Bytes(end), deletion});
    }
  };
  BytesView at = range.start;  // covered up to here
  for (const RangeDeletion& o : old) {
    if (o.start < range.start) add(o.start, range.start, o.deletion);
    if (at < o.start) {
      add(at, o.start, range.deletion);
      at = o.start;
    }
    const BytesView end = end_min(o.end, range.end);
    add(at, end, stronger(o.deletion, range.deletion));
    at = end;
    if (end_less(range.end, o.end)) add(range.end, o.end, o.deletion);
    if (end == BytesView(range.end)) return out;
  }
  add(at, range.end, range.deletion);
  return out;
}

}  // namespace

uint64_t partition_hash(Token token, BytesView partition_key) {
  return XXH3_64bits_withSeed(partition_key.data(), partition_key.size(), static_cast<uint64_t>(token.value));
}

Bytes encode_deletion(const Deletion& deletion, BytesView start) {
  Bytes out(1, kDeletionVersion);
  append_le(out, deletion.stamp);
  append_varint(out, static_cast<uint64_t>(deletion.local));
  out.append(start);
  return out;
}

bool decode_deletion(BytesView bytes, Deletion& deletion, Bytes& start) {
  ByteReader in(bytes);
  if (in.byte() != kDeletionVersion) return false;
  deletion.stamp = in.le<int64_t>();
  deletion.local = static_cast<Seconds>(in.varint());
  start = in.rest();
  return !in.failed();
}

Result<void> Replica::load_deleted_partitions() {
  if (meta_.max_stamp == kNoTimestamp) return {};
  const auto [first, last] = area_bounds(meta_.store, Area::kDeletions, meta_.tokens);
  MergedScan scan(db_, read_options(false), overlay_, first, last);
  for (; scan.valid(); scan.next()) {
    const auto key = parse_key(scan.key());
    if (!key) return Error{ErrorKind::kCorrupt, "a tombstone's key does not parse"};
    deletions_of(static_cast<DeletionKind>(key->kind)).add(partition_hash(key->token, key->partition_key));
  }
  return scan.status();
}

bool Replica::may_have_partition_deletion(Token token, BytesView partition_key) const {
  return partition_deletions_.may_contain(partition_hash(token, partition_key));
}
bool Replica::may_have_range_deletions(Token token, BytesView partition_key) const {
  return range_deletions_.may_contain(partition_hash(token, partition_key));
}

Result<void> Replica::delete_partition(const Mutation& mutation, const Deletion& deletion) {
  note_stamp(deletion.stamp);
  note_tombstone(deletion.local);
  note_garbage(deletion.local);
  KEYZONE_TRY(before, partition_deletion(mutation.token, mutation.partition_key));
  partition_deletions_.add(partition_hash(mutation.token, mutation.partition_key));
  overlay_.set(deletion_key(meta_.store, mutation.token, mutation.partition_key, DeletionKind::kPartition),
               encode_deletion(stronger(before, deletion), {}));
  return {};
}

Result<void> Replica::delete_range(const Mutation& mutation, const RangeDeletion& range) {
  if (!range.end.empty() && range.start >= range.end) return {};
  note_stamp(range.deletion.stamp);
  note_garbage(range.deletion.local);
  KEYZONE_TRY(old, range_deletions(mutation.token, mutation.partition_key, range.start, range.end, SIZE_MAX));
  range_deletions_.add(partition_hash(mutation.token, mutation.partition_key));
  const auto key = [&](const RangeDeletion& r) {
    return range_key(meta_.store, mutation.token, mutation.partition_key, r.end);
  };
  for (const RangeDeletion& r : old) overlay_.set(key(r), std::nullopt);
  for (const RangeDeletion& r : flatten(old, range)) {
    note_tombstone(r.deletion.local);
    overlay_.set(key(r), encode_deletion(r.deletion, r.start));
  }
  return {};
}

Result<Deletion> Replica::partition_deletion(Token token, BytesView partition_key) const {
  if (!may_have_partition_deletion(token, partition_key)) return Deletion{};
  Bytes scratch, start;
  KEYZONE_TRY(value,
              lookup(deletion_key(meta_.store, token, partition_key, DeletionKind::kPartition), scratch));
  Deletion out;
  if (value && !decode_deletion(*value, out, start))
    return Error{ErrorKind::kCorrupt, "a tombstone does not decode"};
  return out;
}

Result<std::vector<RangeDeletion>> Replica::range_deletions(Token token, BytesView partition_key,
                                                            BytesView from, BytesView to,
                                                            size_t limit) const {
  std::vector<RangeDeletion> out;
  if (!may_have_range_deletions(token, partition_key)) return out;
  // The first end behind `from`.
  Bytes first = deletion_key(meta_.store, token, partition_key, DeletionKind::kRange, from);
  first.push_back('\0');
  const size_t prefix = first.size() - from.size() - 1;
  Bytes last = first.substr(0, prefix);
  last.back() = static_cast<char>(static_cast<int>(DeletionKind::kRangeToEnd) + 1);
  MergedScan scan(db_, read_options(), overlay_, first, last);
  for (; scan.valid() && out.size() < limit; scan.next()) {
    RangeDeletion range;
    if (!decode_deletion(scan.value(), range.deletion, range.start)) {
      return Error{ErrorKind::kCorrupt, "a range tombstone does not decode"};
    }
    if (!to.empty() && range.start >= to) break;
    range.end = scan.key().substr(prefix);
    out.push_back(std::move(range));
  }
  KEYZONE_CHECK(scan.status());
  return out;
}

Result<Deletion> Replica::deletion_over(Token token, BytesView partition_key,
                                        std::optional<BytesView> clustering) const {
  KEYZONE_TRY(out, partition_deletion(token, partition_key));
  if (!clustering || !may_have_range_deletions(token, partition_key)) return out;
  KEYZONE_TRY(ranges, range_deletions(token, partition_key, *clustering, {}, 1));
  if (!ranges.empty() && ranges[0].start <= *clustering && ends_after(ranges[0].end, *clustering)) {
    out = stronger(out, ranges[0].deletion);
  }
  return out;
}

}  // namespace keyzone::storage
