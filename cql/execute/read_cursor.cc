#include "cql/execute/read_cursor.h"

#include <algorithm>

#include "cql/execute/page_state.h"
#include "cql/system_tables/system_tables.h"
#include "schema/types/token.h"

namespace keyzone::cql {

bool ReadCursor::passes(const RowValues& row) const {
  if (!evaluation_) return true;
  for (const BoundFilter& filter : evaluation_->filters) {
    if (!filter.accepts(row)) return false;
  }
  return true;
}

std::optional<TabletRead> ReadCursor::next() {
  if (done_) return std::nullopt;
  const size_t end = std::min(sources_.size(), front_ + window_);
  for (size_t i = front_; i < end; ++i) {
    Source& source = sources_[i];
    if (source.asked || source.exhausted || source.answer) continue;
    source.asked = true;
    return read_of(source, i);
  }
  return std::nullopt;
}

TabletRead ReadCursor::read_of(Source& source, size_t index) {
  const bool only = sources_.size() == 1;
  const bool takes_base = only && !std::exchange(base_taken_, only);
  auto request = takes_base ? base_ : std::make_shared<ReadRequest>(*base_);
  if (source.scan) {
    request->scan = true;
    request->begin = source.begin;
    request->end = source.end;
  } else {
    request->token = source.token;
    if (takes_base) request->partition_key = std::move(source.key);
    if (!only) request->partition_key = source.key;
  }
  request->row_limit = rows_per_read();
  request->resume = std::move(source.resume);
  return {index, request->table, source.scan ? source.end : source.token, std::move(request)};
}

// Rows that are filtered, folded or sorted here are read in pages of our own.
uint64_t ReadCursor::rows_per_read() const {
  if (plan_->grouped || !plan_->filters.empty() || !plan_->sort.empty()) return base_->row_limit;
  const uint64_t wanted = std::min(limit_left_, page_left_);
  return wanted == kUnlimited ? 0 : wanted;
}

Result<void> ReadCursor::feed(size_t index, ReadResult result) {
  KEYZONE_ASSERT(index < sources_.size());
  Source& source = sources_[index];
  KEYZONE_ASSERT(source.asked);
  source.asked = false;
  source.exhausted = !result.more.has_value();
  source.resume = std::move(result.more);
  count(source, result);
  if (index != front_) {
    source.answer = std::move(result);
    return {};
  }
  KEYZONE_CHECK(take_answer(source, result));
  return drain();
}

// To Cassandra each partition is a read of its own, and a scan is one.
void ReadCursor::count(Source& source, const ReadResult& result) {
  source.tombstones += result.tombstones;
  source.rows += result.row_count;
  tombstones_ = source.scan ? tombstones_ + result.tombstones : std::max(tombstones_, source.tombstones);
}

Result<void> ReadCursor::drain() {
  while (!done_ && front_ < sources_.size()) {
    Source& source = sources_[front_];
    if (const Boxed<ReadResult> answer = std::move(source.answer)) {
      KEYZONE_CHECK(take_answer(source, *answer));
    } else if (source.exhausted) {
      ++front_;
    } else {
      return {};
    }
  }
  if (done_) return {};
  return finish_rows();
}

Result<void> ReadCursor::take_answer(Source& source, const ReadResult& answer) {
  KEYZONE_CHECK(consume(answer));
  done_ = full_ || limit_left_ == 0;
  if (!done_) leave_answer(source);
  return {};
}

Result<void> ReadCursor::finish_rows() {
  done_ = true;
  if (rows_.has_group()) return close_group();
  if (plan_->grouped && plan_->group_by.empty()) return rows_.close_empty();
  return {};
}

Result<void> ReadCursor::consume(const ReadResult& answer) {
  RowReader reader(plan_->slots, answer.rows);
  while (!full_ && limit_left_ > 0) {
    const RowReader::Item item = reader.next();
    if (item == RowReader::Item::kEnd) return {};
    if (item == RowReader::Item::kFailed)
      return Error{ErrorKind::kCorrupt, "the rows of a read don't decode"};
    if (!wants(reader, item) || !passes(reader.values())) continue;
    KEYZONE_CHECK(plan_->grouped ? take_grouped(reader, item) : take_row(reader, item));
  }
  return {};
}

// Partitions count for themselves with DISTINCT, and if they have statics and nothing else.
bool ReadCursor::wants(const RowReader& reader, RowReader::Item item) {
  enter_partition(reader.partition_key());
  if (item == RowReader::Item::kRow) {
    partition_had_rows_ = true;
    return true;
  }
  if (plan_->distinct) return true;
  const bool alone = reader.has_static() && plan_->statics_only_rows && !partition_had_rows_;
  partition_had_rows_ = true;
  return alone;
}

// A partition may go on in the next answer of its source, and in no other's.
void ReadCursor::leave_answer(Source& source) {
  if (source.scan && in_partition_) places_.made().last_token = token_of(partition_);
  if (source.exhausted) in_partition_ = false;
  keep_partition();
}

void ReadCursor::keep_partition() {
  if (!in_partition_) return;
  kept_partition_.made() = partition_;
  partition_ = *kept_partition_;
}

void ReadCursor::enter_partition(BytesView key) {
  const bool same = in_partition_ && key == partition_;
  partition_ = key;
  if (same) return;
  in_partition_ = true;
  taken_in_partition_ = 0;
  partition_had_rows_ = false;
}

ReadPosition ReadCursor::position(const RowReader& reader, RowReader::Item item) const {
  ReadPosition at;
  at.token = token_of(reader.partition_key());
  at.partition_key = reader.partition_key();
  at.clustering = reader.clustering();
  at.partition_done = item == RowReader::Item::kPartition || plan_->table->clustering_size == 0;
  at.rows_in_partition = taken_in_partition_;
  return at;
}

Result<void> ReadCursor::take_row(const RowReader& reader, RowReader::Item item) {
  if (per_partition_ > 0 && taken_in_partition_ >= per_partition_) return {};
  KEYZONE_CHECK(rows_.add(reader.values()));
  count_row();
  if (full_) places_.made().last = position(reader, item);
  return {};
}

void ReadCursor::count_row() {
  ++taken_in_partition_;
  if (plan_->sort.empty() && limit_left_ != kUnlimited) --limit_left_;
  if (page_left_ != kUnlimited) --page_left_;
  full_ = page_left_ == 0 || (paged_ && rows_.bytes() >= page_bytes_);
}

Result<void> ReadCursor::take_grouped(const RowReader& reader, RowReader::Item item) {
  const RowValues& row = reader.values();
  ReadPosition& last_folded = places_.made().last_folded;
  KEYZONE_TRY(key, rows_.group_key(row));
  if (rows_.has_group() && !rows_.in_group(key)) {
    const bool same_partition = last_folded.partition_key == reader.partition_key();
    KEYZONE_CHECK(close_group());
    if (!same_partition) taken_in_partition_ = 0;
    if (limit_left_ == 0 || full_) return {};
  }
  if (!rows_.has_group()) {
    if (per_partition_ > 0 && taken_in_partition_ >= per_partition_) return {};
    rows_.open(std::move(key), row);
  }
  if (paged_)
    last_folded = position(reader, item);
  else
    last_folded.partition_key = reader.partition_key();
  return rows_.fold(row);
}

Result<void> ReadCursor::close_group() {
  KEYZONE_CHECK(rows_.close());
  count_row();
  Places& places = places_.made();
  places.last = places.last_folded;
  places.last.rows_in_partition += 1;
  return {};
}

// As in Cassandra, a page that is exactly full promises another one, which may turn out to be empty; unless
// it ended in the only or last partition asked for, and that can have no more.
bool ReadCursor::promises_more() const {
  if (!full_ || limit_left_ == 0) return false;
  const Bytes& key = places_->last.partition_key;
  if (sources_.empty()) return key != places_->last_local_key || !ends_its_partition();
  const Source& last = sources_.back();
  if (last.scan || front_ + 1 < sources_.size() || key != key_of(last)) return true;
  return !ends_its_partition();
}

bool ReadCursor::ends_its_partition() const {
  const ReadPosition& last = places_->last;
  return last.partition_done || (per_partition_ > 0 && last.rows_in_partition >= per_partition_);
}

Result<ResultSet> ReadCursor::take() {
  KEYZONE_ASSERT(done_);
  ResultSet out = rows_.take(plan_->sort.empty() || limit_left_ == kUnlimited ? 0 : limit_left_);
  if (promises_more()) {
    PageState state;
    if (limit_left_ != kUnlimited) state.limit_left = limit_left_;
    state.position = std::move(places_->last);
    out.paging_state = encode_page_state(state);
  }
  return out;
}

// Where a row of a system table is: its key, and its number among all rows for when it is gone by the next
// page.
ReadPosition ReadCursor::local_position(const LocalRow& row, size_t number) const {
  ReadPosition at;
  at.token = Token(static_cast<int64_t>(number));
  const Table& table = *plan_->table;
  for (size_t i = 0; i < table.partition_key_size; ++i) append_block(at.partition_key, row[i].value_or(""));
  for (size_t i = 0; i < table.clustering_size; ++i)
    append_block(at.clustering, row[table.partition_key_size + i].value_or(""));
  at.partition_done = table.clustering_size == 0 || plan_->distinct;
  at.rows_in_partition = taken_in_partition_;
  return at;
}

// The first row of this page.
size_t ReadCursor::local_start(std::span<const LocalRow> rows) {
  if (!resumed_) return 0;
  const ReadPosition& last = places_->last;
  const auto same = [&last](const ReadPosition& at) {
    return at.partition_key == last.partition_key && at.clustering == last.clustering;
  };
  size_t start = std::min(static_cast<size_t>(last.token.value), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (same(local_position(rows[i], i))) start = i + 1;
  }
  enter_partition(last.partition_key);
  keep_partition();
  taken_in_partition_ = last.rows_in_partition;
  return start;
}

// What is a view was written, to Cassandra, in the millisecond in which it is read.
void ReadCursor::read_local(const LocalRow& local, RowValues& row) const {
  const bool is_view = is_virtual_keyspace(plan_->table->keyspace);
  for (size_t slot = 0; slot < row.slots.size(); ++slot) {
    const auto at = static_cast<size_t>(&plan_->slots.column(slot) - plan_->table->columns.data());
    row.slots[slot] = local[at] ? Value::of(*local[at]) : Value::null();
    row.stamps[slot].clear();
    if (is_view && local[at] && !plan_->slots.column(slot).type->is_multi_cell())
      row.stamps[slot].push_back({evaluation_->rows.functions.now_us / 1000, 0});
  }
}

Result<ResultSet> ReadCursor::run(std::span<const LocalRow> rows) {
  RowValues row;
  row.slots.resize(plan_->slots.size());
  row.stamps.resize(plan_->slots.size());
  ReadPosition& last = places_.made().last;
  std::optional<Bytes> last_partition;
  if (resumed_) last_partition = last.partition_key;
  for (size_t i = local_start(rows); i < rows.size() && limit_left_ > 0 && !full_; ++i) {
    read_local(rows[i], row);
    ReadPosition at = local_position(rows[i], i);
    if (plan_->distinct && last_partition == at.partition_key) continue;
    enter_partition(at.partition_key);
    keep_partition();
    if (!passes(row)) continue;
    last_partition = at.partition_key;
    if (plan_->grouped) {
      KEYZONE_CHECK(fold_local(row, std::move(at)));
    } else if (per_partition_ > 0 && taken_in_partition_ >= per_partition_) {
      continue;
    } else {
      KEYZONE_CHECK(rows_.add(row));
      count_row();
      last = std::move(at);
      last.rows_in_partition = taken_in_partition_;
    }
  }
  if (plan_->grouped && !full_) KEYZONE_CHECK(finish_rows());
  done_ = true;
  return take();
}

Result<void> ReadCursor::fold_local(const RowValues& row, ReadPosition at) {
  ReadPosition& last_folded = places_.made().last_folded;
  KEYZONE_TRY(key, rows_.group_key(row));
  if (rows_.has_group() && !rows_.in_group(key)) {
    const bool same_partition = last_folded.partition_key == at.partition_key;
    KEYZONE_CHECK(close_group());
    if (!same_partition) taken_in_partition_ = 0;
    if (full_ || limit_left_ == 0) return {};
  }
  if (!rows_.has_group()) {
    if (per_partition_ > 0 && taken_in_partition_ >= per_partition_) return {};
    rows_.open(std::move(key), row);
  }
  last_folded = std::move(at);
  return rows_.fold(row);
}

}  // namespace keyzone::cql
