// Random histories against a model that keeps every write for ever and finds the winners anew for each read.
// The same history also goes to a second replica, cut into other batches and with restarts: its bytes must be
// the same.
#include <algorithm>
#include <tuple>

#include "tests/storage/log_model.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

constexpr int kPartitions = 3, kRows = 6;

// One write to one place: a cell, an element, or a row's marker.
struct Event {
  Timestamp stamp;
  bool tombstone;
  int32_t ttl;
  int64_t expiry;  // seconds
  Bytes value;
  Bytes written{};  // of an element; the winner's shows

  bool live(int64_t now) const { return !tombstone && (ttl == 0 || now < expiry); }
  // Greater wins. Cassandra's order: stamp; then what ends; then tombstones; then the later end, the shorter
  // life and the greater value.
  auto rank() const { return std::tuple(stamp, tombstone || ttl != 0, tombstone, expiry, -ttl, value); }
};
struct Span {  // a deletion of rows from <= ck < to; of the statics too if `all`
  Timestamp stamp;
  int from, to;
  bool all;
};
constexpr int kStaticRow = -1;

class Model {
 public:
  void write(int pk, int ck, ColumnId column, const Bytes& path, Event event) {
    cells_[{pk, ck}][{column, path}].push_back(std::move(event));
  }
  void remove(int pk, Span span) { spans_[pk].push_back(span); }
  void remove_column(int pk, int ck, ColumnId column, Timestamp stamp) {
    auto& old = columns_[{pk, ck, column}];
    old = std::max(old, stamp);
  }

  // Live cells of a row by column and path, the marker as column 0; nothing: the row does not show.
  std::map<std::pair<ColumnId, Bytes>, Event> row(int pk, int ck, int64_t now) const {
    std::map<std::pair<ColumnId, Bytes>, Event> out;
    const auto found = cells_.find({pk, ck});
    if (found == cells_.end()) return out;
    Timestamp deleted = kNoTimestamp;
    if (const auto spans = spans_.find(pk); spans != spans_.end()) {
      for (const Span& s : spans->second) {
        const bool covers = ck == kStaticRow ? s.all : s.from <= ck && ck < s.to;
        if (covers) deleted = std::max(deleted, s.stamp);
      }
    }
    for (const auto& [place, events] : found->second) {
      Timestamp below = deleted;
      if (const auto c = columns_.find({pk, ck, place.first}); c != columns_.end())
        below = std::max(below, c->second);
      const Event* best = nullptr;
      for (const Event& e : events) {
        if (e.stamp > below && (!best || e.rank() > best->rank())) best = &e;
      }
      if (best && best->live(now)) out.emplace(place, *best);
    }
    return out;
  }

 private:
  std::map<std::pair<int, int>, std::map<std::pair<ColumnId, Bytes>, std::vector<Event>>> cells_;
  std::map<int, std::vector<Span>> spans_;
  std::map<std::tuple<int, int, ColumnId>, Timestamp> columns_;
};

constexpr ColumnId kMarkerColumn{0};

// Draws commands and tells the model what they mean.
class History {
 public:
  explicit History(uint64_t seed) : draw_(seed) {}

  StampedCommand next(const Table& table, std::vector<std::unique_ptr<Command>>& keep) {
    now_ += draw_(4) == 0 ? kSecond * static_cast<Timestamp>(draw_(20)) + 1
                          : 1 + static_cast<Timestamp>(draw_(5));
    auto c = std::make_unique<Command>();
    if (draw_(40) == 0) {
      c->sweep = Sweep{now_, 1'000'000'000, {}, 1000};  // empties what expired, and forgets nothing
    } else {
      for (uint64_t n = draw_(5) == 0 ? 2 : 1; n > 0; --n) c->mutations.push_back(draw_mutation());
    }
    if (draw_(2) == 0) {
      c->request = {1, index_};
      c->deadline = now_ + kSecond;
    }
    c->table = table.id;
    c->schema_version = table.version;
    c->epoch = Epoch(1);
    keep.push_back(std::move(c));
    return {LogIndex(++index_), now_, keep.back().get()};
  }

  Timestamp now() const { return now_; }
  const Model& model() const { return model_; }

 private:
  Mutation draw_mutation() {
    pk_ = static_cast<int>(draw_(kPartitions));
    Mutation m = mutation(pk_);
    if (draw_(2) == 0) m.timestamp = kStart + static_cast<Timestamp>(draw_(30)) * 20 * kSecond / 10;
    if (draw_(6) == 0) m.timestamp = now_ - static_cast<Timestamp>(draw_(10));
    if (draw_(4) == 0) m.ttl = static_cast<int32_t>(1 + draw_(30));
    stamp_ = m.timestamp == kNoTimestamp ? now_ : m.timestamp;
    ttl_ = m.ttl;
    m.rows.push_back(draw_row());
    return m;
  }

  RowWrite draw_row() {
    ck_ = static_cast<int>(draw_(kRows));
    switch (draw_(16)) {
      case 0: {
        model_.remove(pk_, {stamp_, INT32_MIN, INT32_MAX, true});
        return delete_partition(pk_).mutations[0].rows[0];
      }
      case 1:
      case 2: {
        const int to = ck_ + static_cast<int>(draw_(4));
        const bool open = draw_(4) == 0;
        model_.remove(pk_, {stamp_, ck_, open ? INT32_MAX : to, false});
        return delete_range(pk_, ck_, open ? std::nullopt : std::optional(to)).mutations[0].rows[0];
      }
      case 3:
      case 4: {
        model_.remove(pk_, {stamp_, ck_, ck_ + 1, false});
        return delete_row(pk_, ck_).mutations[0].rows[0];
      }
      case 5:
      case 6: {
        ck_ = kStaticRow;
        RowWrite r;
        r.is_static = true;
        r.cells.push_back(simple(kS, false));
        return r;
      }
      case 7:
      case 8:
      case 9:
        return complete();
      default:
        return partial();
    }
  }

  RowWrite complete() {
    RowWrite r = upsert(ck_, {});
    marker();
    r.cells = {simple(kA, false), simple(kB, false), overwrite(kL), overwrite(kM), overwrite(kT)};
    if (draw_(2)) r.cells.push_back(element(kT, false));
    return r;
  }

  RowWrite partial() {
    RowWrite r = upsert(ck_, {}, draw_(3) == 0);
    if (r.marker) marker();
    if (draw_(2)) r.cells.push_back(simple(kA, draw_(4) == 0));
    if (draw_(2)) r.cells.push_back(simple(kB, draw_(4) == 0));
    if (draw_(4) == 0) {
      model_.remove_column(pk_, ck_, kM, stamp_);
      r.cells.push_back(delete_all(kM, false));
    } else {
      for (uint64_t n = draw_(3); n > 0; --n) r.cells.push_back(element(draw_(2) ? kT : kM, draw_(4) == 0));
    }
    return r;
  }

  void marker() { write(kMarkerColumn, {}, false, {}); }

  void write(ColumnId column, const Bytes& path, bool tombstone, const Bytes& value,
             const Bytes& written = {}) {
    const int64_t now = now_ / kSecond;
    const int32_t ttl = tombstone ? 0 : ttl_;
    const int64_t expiry = tombstone ? now : ttl ? now + ttl : 0;
    model_.write(pk_, ck_, column, path, {stamp_, tombstone, ttl, expiry, value, written});
  }
  CellWrite simple(ColumnId column, bool tombstone) {
    const Bytes value = tombstone ? Bytes() : int_value(static_cast<int32_t>(draw_(3)));
    write(column, {}, tombstone, value);
    return tombstone ? delete_cell(column) : set_cell(column, value);
  }
  CellWrite element(ColumnId column, bool tombstone) {
    const auto n = static_cast<int32_t>(draw_(3));
    const Bytes path = column == kT ? ordered_int(n) : ordered_text(Bytes(1, static_cast<char>('a' + n)));
    const Bytes value = tombstone || column == kT ? Bytes() : int_value(static_cast<int32_t>(draw_(3)));
    const Bytes written = tombstone || draw_(2) ? Bytes() : "written " + std::to_string(draw_(3));
    write(column, path, tombstone, value, written);
    CellWrite out = put_element(column, path, value);
    out.written = written;
    if (tombstone) out.action = CellAction::kDeleteElement;
    return out;
  }
  CellWrite overwrite(ColumnId column) {
    model_.remove_column(pk_, ck_, column, stamp_ - 1);
    return delete_all(column, true);
  }

  Chance draw_;
  Model model_;
  Timestamp now_ = kStart;
  uint64_t index_ = 0;
  int pk_ = 0, ck_ = 0;
  Timestamp stamp_ = 0;
  int32_t ttl_ = 0;
};

Bytes element_of(BytesView path, TypeKind kind) {
  ByteReader in(path);
  Bytes out;
  EXPECT_TRUE(native_type(kind)->read_ordered(in, false, out));
  return out;
}

const std::vector<ColumnId> kColumns{kS, kA, kB, kM, kT};

// What a read of the whole should give by the model, sorted by (partition, static first, clustering).
std::vector<ResultRow> expected(const Model& model, Timestamp at) {
  const int64_t now = at / kSecond;
  std::vector<ResultRow> out;
  std::map<std::pair<Token, Bytes>, int> partitions;
  for (int pk = 0; pk < kPartitions; ++pk) partitions[{token_of(int_value(pk)), int_value(pk)}] = pk;
  for (const auto& [place, pk] : partitions) {
    const auto statics = model.row(pk, kStaticRow, now);
    ResultRow head;
    head.partition_key = place.second;
    head.has_static = !statics.empty();
    const auto add = [&](ResultRow& row, const auto& live, ColumnId column) {
      std::vector<Bytes> values;
      auto& metadata = row.metadata.emplace_back();
      for (const auto& [where, event] : live) {
        if (where.first != column) continue;
        if (column == kT || column == kM) {
          const TypeKind kind = column == kT ? TypeKind::kInt : TypeKind::kText;
          values.push_back(event.written.empty() ? element_of(where.second, kind) : event.written);
        }
        if (column != kT) values.push_back(event.value);
        metadata.emplace_back(event.stamp, event.ttl ? event.expiry : 0);
      }
      if (values.empty()) {
        row.cells.push_back(std::nullopt);
      } else if (column == kT || column == kM) {
        Bytes wire = list_value(values);
        if (column == kM) wire.replace(0, 4, int_value(static_cast<int32_t>(values.size() / 2)));
        row.cells.push_back(wire);
      } else {
        row.cells.push_back(values[0]);
      }
    };
    add(head, statics, kS);
    std::vector<ResultRow> rows;
    for (int ck = 0; ck < kRows; ++ck) {
      const auto live = model.row(pk, ck, now);
      if (live.empty()) continue;
      ResultRow row;
      row.partition_key = place.second;
      row.clustering = ordered_int(ck);
      row.has_static = head.has_static;
      for (const ColumnId c : {kA, kB, kM, kT}) add(row, live, c);
      rows.push_back(std::move(row));
    }
    if (!rows.empty() || head.has_static) out.push_back(head);
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

class TableModelTest : public ::testing::TestWithParam<uint64_t> {};

ReadRequest scan_of(const TestReplica& t) {
  ReadRequest r = t.request(kColumns);
  r.with_metadata = kColumns;
  r.scan = true;
  r.begin = Token(INT64_MIN);
  r.end = Token(INT64_MAX);
  return r;
}

// The same rows by single reads, each found by its whole key.
void expect_points(TestReplica& t, const std::vector<ResultRow>& rows, Timestamp now) {
  std::map<std::pair<Bytes, Bytes>, std::vector<std::optional<Bytes>>> by_key;
  for (const ResultRow& row : rows) {
    if (row.clustering) by_key[{row.partition_key, *row.clustering}] = row.cells;
  }
  for (int pk = 0; pk < kPartitions; ++pk) {
    for (int ck = 0; ck < kRows; ++ck) {
      const auto found = by_key.find({int_value(pk), ordered_int(ck)});
      const auto cells = found == by_key.end() ? std::vector<std::optional<Bytes>>() : found->second;
      EXPECT_EQ(t.row(pk, ck, kColumns, now), cells) << pk << ' ' << ck;
    }
  }
}

TEST_P(TableModelTest, AgreesWithAllWritesKeptForEver) {
  Chance draw(GetParam() * 977 + 5);
  History history(GetParam());
  TestReplica one(sample_table()), two(sample_table(), {.outright_deletes = false, .guard_entries_max = 32}, 0);
  std::vector<std::unique_ptr<Command>> keep;
  std::vector<StampedCommand> for_one, for_two;
  for (int i = 0; i < 300; ++i) {
    const StampedCommand c = history.next(one.table(), keep);
    for_one.push_back(c);
    for_two.push_back(c);
    if (draw(3) == 0) {
      one.apply(for_one);
      for_one.clear();
      const auto rows = expected(history.model(), history.now());
      ASSERT_EQ(one.rows(scan_of(one), history.now()), rows) << "after " << i;
      if (draw(5) == 0) expect_points(one, rows, history.now());
    }
    if (draw(40) == 0) {
      two.apply(for_two);
      for_two.clear();
      if (draw(2) == 0) two.restart();
    }
  }
  if (!for_one.empty()) one.apply(for_one);
  if (!for_two.empty()) two.apply(for_two);
  EXPECT_EQ(one.dump(), two.dump());
  EXPECT_EQ(*one->digest(), *two->digest());
  TabletMeta meta = two->meta();
  meta.store = one->meta().store;
  EXPECT_EQ(one->meta(), meta);
  for (const Timestamp later : {10 * kSecond, 1000 * kSecond}) {
    EXPECT_EQ(two.rows(scan_of(two), history.now() + later),
              expected(history.model(), history.now() + later));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableModelTest, ::testing::Range<uint64_t>(0, 60));

}  // namespace
}  // namespace keyzone::storage
