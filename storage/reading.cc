#include "storage/reading.h"

#include <algorithm>
#include <array>

#include "storage/row_cache.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

// Past a partition's rows: behind RowKind::kRow.
Bytes rows_end(const Bytes& prefix) {
  return prefix + static_cast<char>(static_cast<int>(RowKind::kRow) + 1);
}
void put_row_key(const Bytes& prefix, BytesView clustering, Bytes& key) {
  key.assign(prefix).push_back(static_cast<char>(RowKind::kRow));
  key.append(clustering);
}
Bytes row_key(const Bytes& prefix, BytesView clustering) {
  Bytes key;
  put_row_key(prefix, clustering, key);
  return key;
}
Bytes static_key(const Bytes& prefix) { return prefix + static_cast<char>(RowKind::kStatic); }

// What is kept for the next read.
constexpr size_t kScratchBytesMax = 64 << 10;
constexpr size_t kScratchCellsMax = 256;

Projection& projection_of(const ReadRequest& request, const ColumnIndex& columns, ReadScratch& scratch) {
  auto& projection = scratch.projection;
  if (!projection || !projection->is_of(request.columns, request.with_metadata))
    projection.emplace(columns, request.columns, request.with_metadata);
  return *projection;
}

bool is_whole_key(const Table& table, BytesView clustering) {
  ByteReader in(clustering);
  Bytes scratch;
  for (size_t i = 0; i < table.clustering_size; ++i) {
    const Column& column = table.clustering(i);
    if (!column.type->read_ordered(in, column.descending, scratch)) return false;
  }
  return in.left() == 0;
}

}  // namespace

// ---- RowCursor

void RowCursor::seek(const Bytes& key) {
  if (!it_) it_.reset(db_->NewIterator(options_));
  if (has_floor_ && floor_ <= key) {
    for (int i = 0; i < kStepsBeforeSeek && it_->Valid() && this->key() < key; ++i) it_->Next();
    if (!it_->Valid() || this->key() >= key) {
      floor_ = key;
      return;
    }
  }
  it_->Seek(key);
  floor_ = key;
  has_floor_ = true;
}

void RowCursor::seek_before(const Bytes& key) {
  if (!it_) it_.reset(db_->NewIterator(options_));
  has_floor_ = false;
  it_->Seek(key);
  it_->Valid() ? it_->Prev() : it_->SeekToLast();
}

void RowCursor::next() {
  // A key's immediate successor; later seeks see that the cursor stands at or behind it.
  floor_.assign(it_->key().data(), it_->key().size());
  floor_.push_back('\0');
  it_->Next();
}

void RowCursor::previous() {
  has_floor_ = false;
  it_->Prev();
}

Result<void> RowCursor::status() const {
  if (it_ && !it_->status().ok()) return error_of(it_->status());
  return {};
}

// ---- Reading

bool is_prefix_range(const KeyRange& range) {
  return !range.from.empty() && range.to == prefix_successor(range.from);
}

Reading::Reading(Replica& replica, const ReadRequest& request, Seconds now)
    : replica_(replica),
      request_(request),
      now_(now),
      projection_(projection_of(request, replica.columns_, replica.read_scratch_)),
      cursor_(replica.db_, replica.read_options(!request.scan)),
      position_(replica.read_scratch_.position),
      prefix_(replica.read_scratch_.prefix),
      key_(replica.read_scratch_.key),
      statics_(replica.read_scratch_.statics),
      row_(replica.read_scratch_.row) {}

Result<ReadResult> Reading::run() {
  if (!projection_.valid()) return invalid("A column that is read is neither static nor regular");
  KEYZONE_TRY(step, request_.scan ? read_scan() : read_named());
  if (step == Step::kStop) result_.more = position_;
  return std::move(result_);
}

Result<Reading::Step> Reading::read_named() {
  if (const auto& at = request_.resume) {
    if (at->token != request_.token || at->partition_key != request_.partition_key)
      return invalid("The page's position is not in the partition of the request");
    if (at->partition_done || at->static_done) return Step::kGoOn;
  }
  return read_partition(request_.token, request_.partition_key);
}

Result<Reading::Step> Reading::read_scan() {
  const TokenRange& own = replica_.meta_.tokens;
  const TokenRange tokens{std::max(request_.begin, own.begin), std::min(request_.end, own.end)};
  if (tokens.begin >= tokens.end) return Step::kGoOn;
  const auto [first, last] = area_bounds(replica_.meta_.store, Area::kRows, tokens);
  Bytes from = first;
  if (request_.resume) {
    const ReadPosition& resume = *request_.resume;
    Bytes prefix = partition_prefix(replica_.meta_.store, Area::kRows, resume.token, resume.partition_key);
    from = std::max(from, resume.partition_done || resume.static_done ? rows_end(prefix) : prefix);
  }
  for (cursor_.seek(from); cursor_.valid() && cursor_.key() < last; cursor_.seek(from)) {
    const auto key = parse_key(cursor_.key());
    if (!key) return Error{ErrorKind::kCorrupt, "a row's key does not parse"};
    if (full()) return Step::kStop;
    const Bytes end = rows_end(Bytes(cursor_.key().substr(0, key->prefix_size)));
    KEYZONE_TRY(step, read_partition(key->token, key->partition_key));
    if (step == Step::kStop) return step;
    from = end;
  }
  KEYZONE_CHECK(cursor_.status());
  return Step::kGoOn;
}

void Reading::begin_position(Token token, BytesView partition_key) {
  const bool same = request_.resume && request_.resume->token == token &&
                    request_.resume->partition_key == partition_key && !request_.resume->partition_done;
  if (same) {
    position_ = *request_.resume;
    return;
  }
  position_.token = token;
  position_.partition_key = partition_key;
  position_.partition_done = position_.static_done = false;
  position_.clustering.clear();
  position_.rows_in_partition = 0;
}

Result<Reading::Step> Reading::read_partition(Token token, BytesView partition_key) {
  begin_position(token, partition_key);
  prefix_.clear();
  append_partition_prefix(prefix_, replica_.meta_.store, Area::kRows, token, partition_key);
  opened_ = false;
  ranges_.clear();
  KEYZONE_TRY(deletion, replica_.partition_deletion(token, partition_key));
  partition_deletion_ = deletion;
  KEYZONE_CHECK(load_statics());
  if (request_.statics_only) {
    KEYZONE_TRY(step, statics_live_ ? Result<Step>(Step::kGoOn) : read_rows());
    const bool shows = statics_live_ || position_.rows_in_partition > 0;
    if (step == Step::kStop && !shows) return step;
    if (shows) {
      open_partition();
      count_row();
    }
  } else {
    KEYZONE_TRY(step, read_rows());
    if (step == Step::kStop) return step;
    // A partition with statics alone shows as one row, unless rows were asked for by their keys.
    if (position_.rows_in_partition == 0 && statics_live_ && request_.ranges.empty()) {
      open_partition();
      count_row();
    }
  }
  position_.partition_done = true;
  position_.clustering.clear();
  return Step::kGoOn;
}

Result<void> Reading::load_statics() {
  statics_.exists = false;
  statics_live_ = false;
  statics_.row.clear();
  if (replica_.columns_.statics() == 0) return {};
  const Bytes key = static_key(prefix_);
  if (request_.scan && !request_.reversed) {
    cursor_.seek(key);
    if (!cursor_.valid() || cursor_.key() != key) return cursor_.status();
    statics_.exists = true;
    statics_.bytes = cursor_.value();
    statics_.arena.clear();
    if (!decode_row(statics_.bytes, statics_.row))
      return Error{ErrorKind::kCorrupt, "a static row does not decode"};
  } else {
    KEYZONE_CHECK(replica_.load_row(key, statics_));
  }
  const Sight sight{now_, partition_deletion_.stamp};
  if (!statics_.row.spilled.empty()) {
    KEYZONE_CHECK(replica_.load_elements(key, request_.columns, request_.elements, sight, statics_));
  }
  statics_live_ = is_live(statics_.row, sight, replica_.columns_);
  result_.tombstones += count_tombstones(statics_.row, sight, statics_live_);
  return {};
}

Result<void> Reading::load_ranges(const KeyRange& range) {
  KEYZONE_TRY(found, replica_.range_deletions(position_.token, position_.partition_key, range.from, range.to,
                                              SIZE_MAX));
  ranges_ = std::move(found);
  const auto meets = [](const auto& range, const auto& next) { return range.end == next.start; };
  size_t bounds = 2 * ranges_.size();  // as Cassandra counts: of two that meet, one is both's
  for (size_t i = 0; i + 1 < ranges_.size(); ++i) bounds -= meets(ranges_[i], ranges_[i + 1]);
  result_.tombstones += bounds;
  return {};
}

Timestamp Reading::deleted_at(BytesView clustering) const {
  const auto range =
      std::upper_bound(ranges_.begin(), ranges_.end(), clustering,
                       [](BytesView c, const auto& r) { return r.end.empty() || c < BytesView(r.end); });
  if (range == ranges_.end() || BytesView(range->start) > clustering) return partition_deletion_.stamp;
  return std::max(partition_deletion_.stamp, range->deletion.stamp);
}

Result<Reading::Step> Reading::read_rows() {
  if (replica_.table_->clustering_size == 0) {
    if (!position_.clustering.empty() || position_.rows_in_partition > 0) return Step::kGoOn;
    KEYZONE_TRY(step, read_point({}, true));
    return step.value_or(Step::kGoOn);
  }
  static const std::vector<KeyRange> kAll(1);
  const std::vector<KeyRange>& ranges = request_.ranges.empty() ? kAll : request_.ranges;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const size_t limit = request_.per_partition_limit;
    if (limit && position_.rows_in_partition >= limit) break;
    KEYZONE_TRY(step, read_range(ranges[request_.reversed ? ranges.size() - 1 - i : i]));
    if (step == Step::kStop) return step;
  }
  return Step::kGoOn;
}

Result<Reading::Step> Reading::read_range(const KeyRange& range) {
  KeyRange left = range;
  if (!position_.clustering.empty()) {  // what is left of it behind the last row
    if (request_.reversed) {
      if (left.to.empty() || position_.clustering < left.to) left.to = position_.clustering;
    } else if (position_.clustering >= left.from) {
      left.from = position_.clustering;
      left.from.push_back('\0');
    }
    if (!left.to.empty() && left.from >= left.to) return Step::kGoOn;
  }
  if (full()) return Step::kStop;
  KEYZONE_CHECK(load_ranges(left));
  if (is_prefix_range(left) && !request_.scan) {
    KEYZONE_TRY(step, read_point(left.from, false));
    if (step) return *step;
  }
  const Bytes first = row_key(prefix_, left.from);
  return walk(first, left.to.empty() ? rows_end(prefix_) : row_key(prefix_, left.to));
}

// nullopt: there is no such row, and `clustering` may be a prefix of others.
Result<std::optional<Reading::Step>> Reading::read_point(BytesView clustering, bool whole_key) {
  // Others may begin with the key of a row.
  if (!whole_key && replica_.columns_.rows_may_end_early() && !is_whole_key(*replica_.table_, clustering))
    return std::optional<Step>();
  put_row_key(prefix_, clustering, key_);
  if (request_.scan && !request_.reversed) {
    cursor_.seek(key_);
    KEYZONE_CHECK(cursor_.status());
    if (!cursor_.valid() || cursor_.key() != key_) return std::optional<Step>(Step::kGoOn);
    KEYZONE_TRY(step, take_row(clustering, cursor_.value()));
    return std::optional<Step>(step);
  }
  KEYZONE_TRY(value, replica_.lookup(key_, row_.bytes));
  if (!value) {
    if (whole_key || is_whole_key(*replica_.table_, clustering)) return std::optional<Step>(Step::kGoOn);
    return std::optional<Step>();
  }
  KEYZONE_TRY(step, take_row(clustering, *value));
  return std::optional<Step>(step);
}

Result<Reading::Step> Reading::walk(const Bytes& first, const Bytes& last) {
  const size_t clustering_at = prefix_.size() + 1;
  request_.reversed ? cursor_.seek_before(last) : cursor_.seek(first);
  while (cursor_.valid() && cursor_.key() >= first && cursor_.key() < last) {
    if (full()) return Step::kStop;
    if (request_.per_partition_limit && position_.rows_in_partition >= request_.per_partition_limit) break;
    KEYZONE_TRY(step, take_row(cursor_.key().substr(clustering_at), cursor_.value()));
    if (step == Step::kStop) return step;
    request_.reversed ? cursor_.previous() : cursor_.next();
  }
  KEYZONE_CHECK(cursor_.status());
  return Step::kGoOn;
}

Result<Reading::Step> Reading::take_row(BytesView clustering, BytesView value) {
  if (!decode_row(value, row_.row)) return Error{ErrorKind::kCorrupt, "a row does not decode"};
  const Sight sight{now_, deleted_at(clustering)};
  if (!row_.row.spilled.empty()) {
    row_.arena.clear();
    const Bytes key = row_key(prefix_, clustering);
    KEYZONE_CHECK(replica_.load_elements(key, request_.columns, request_.elements, sight, row_));
  }
  const bool live = is_live(row_.row, sight, replica_.columns_);
  result_.tombstones += count_tombstones(row_.row, sight, live);
  position_.clustering = clustering;
  if (!live) {
    if (++dead_keys_ >= kDeadKeysPerReadMax) full_ = true;
    return Step::kGoOn;
  }
  if (request_.statics_only) {  // one is enough
    ++position_.rows_in_partition;
    return Step::kStop;
  }
  open_partition();
  result_.rows.push_back(static_cast<char>(kRowMark));
  append_block(result_.rows, clustering);
  projection_.append_regulars(&row_.row, sight, result_.rows);
  ++position_.rows_in_partition;
  count_row();
  return Step::kGoOn;
}

void Reading::open_partition() {
  if (opened_) return;
  opened_ = true;
  constexpr size_t kRowsTypical = 256;
  if (result_.rows.empty()) result_.rows.reserve(kRowsTypical);
  result_.rows.push_back(static_cast<char>(statics_live_ ? kPartitionHasStaticMark : kPartitionMark));
  append_block(result_.rows, position_.partition_key);
  const Sight sight{now_, partition_deletion_.stamp};
  projection_.append_statics(statics_.exists ? &statics_.row : nullptr, sight, result_.rows);
}

void Reading::count_row() {
  ++result_.row_count;
  dead_keys_ = 0;
  if (request_.row_limit && result_.row_count >= request_.row_limit) full_ = true;
  if (request_.bytes_limit && result_.rows.size() >= request_.bytes_limit) full_ = true;
}

Result<ReadResult> Replica::read(const ReadRequest& request, Timestamp now) {
  if (request.table != meta_.table || request.schema_version != table_->version ||
      request.epoch != meta_.epoch) {
    return Error{ErrorKind::kStale, "planned on another version of the table"};
  }
  if (!request.look_up.empty()) {
    KEYZONE_TRY(command, decode_command(request.look_up));
    KEYZONE_TRY(found, look_up(std::move(command), now));
    ReadResult out;
    out.rows = encode_command(found);
    return out;
  }
  auto result = Reading(*this, request, seconds_of(request.now ? request.now : now)).run();
  read_scratch_.trim();
  return result;
}

void ReadScratch::trim() {
  for (StoredRow* one : {&statics, &row}) {
    one->arena.clear();
    if (one->bytes.capacity() > kScratchBytesMax || one->row.cells.capacity() > kScratchCellsMax)
      *one = StoredRow();
  }
  if (projection && projection->scratch_bytes() > kScratchBytesMax) projection.reset();
}

// Single rows, whose keys the requests give, are looked for in the cache of rows.
void Replica::expect(std::span<const ReadRequest* const> requests) {
  if (!options_.row_cache) return;
  std::array<uint64_t, kReadsAheadMax> hashes;
  size_t count = 0;
  for (const ReadRequest* request : requests.first(std::min(requests.size(), kReadsAheadMax))) {
    const bool one_row = table_->clustering_size == 0 ? request->ranges.empty() : request->ranges.size() == 1;
    if (!one_row || request->scan || !request->look_up.empty()) continue;
    Bytes& key = read_scratch_.key;
    key.clear();
    append_row_key(key, meta_.store, request->token, request->partition_key,
                   request->ranges.empty() ? BytesView() : BytesView(request->ranges.front().from));
    hashes[count] = key_hash(key);
    options_.row_cache->bring_set(hashes[count++]);
  }
  for (size_t i = 0; i < count; ++i) options_.row_cache->bring_row(hashes[i]);
}

}  // namespace keyzone::storage
