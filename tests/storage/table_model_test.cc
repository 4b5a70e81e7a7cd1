// Random histories against a model that keeps every write for ever and finds the winners anew for each read.
// The same history also goes to a second replica, cut into other batches and with restarts: its bytes must be
// the same. Collections leave their rows early, or at once, or never; in some histories nothing comes late,
// and sweeps forget what is old.
#include <algorithm>
#include <tuple>

#include "tests/storage/log_model.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

constexpr int kPartitions = 3, kRows = 6;
constexpr int32_t kGrace = 5;  // seconds, where sweeps forget
constexpr ColumnId kStaticMap{10};

// As sample_table(), with a static map<text, int>.
TablePtr model_table() {
  auto table = std::make_shared<Table>(*sample_table());
  table->columns.push_back({kStaticMap, "sm",
                            map_type(native_type(TypeKind::kText), native_type(TypeKind::kInt), false),
                            ColumnKind::kStatic, 0, false});
  table->static_size = 2;
  return table;
}

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
  // `late`: clients set timestamps, so that what is written may be older than what is there.
  History(uint64_t seed, bool late) : draw_(seed), late_(late) {}

  StampedCommand next(const Table& table, std::vector<std::unique_ptr<Command>>& keep) {
    now_ += draw_(4) == 0 ? kSecond * static_cast<Timestamp>(draw_(20)) + 1
                          : 1 + static_cast<Timestamp>(draw_(5));
    auto c = std::make_unique<Command>();
    ordinal_ = 0;
    if (late_ && draw_(40) == 0) {
      c->sweep = Sweep{now_, 1'000'000'000, {}, 1000};  // empties what expired, and forgets nothing
    } else {
      const uint64_t count = draw_(5) == 0 ? 2 : 1;
      alone_ = count == 1;
      for (uint64_t n = count; n > 0; --n) {
        c->mutations.push_back(draw_mutation());
        ++ordinal_;
      }
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

  // A step of a sweep that forgets what is older than kGrace; `from` is where the step before ended.
  StampedCommand next_step(const Bytes& from, std::vector<std::unique_ptr<Command>>& keep) {
    now_ += 1;
    if (from.empty()) pass_now_ = now_;
    auto c = std::make_unique<Command>();
    c->sweep = Sweep{pass_now_, kGrace, from, static_cast<uint32_t>(1 + draw_(20))};
    keep.push_back(std::move(c));
    return {LogIndex(++index_), now_, keep.back().get()};
  }

  Timestamp now() const { return now_; }
  const Model& model() const { return model_; }

 private:
  Mutation draw_mutation() {
    pk_ = static_cast<int>(draw_(kPartitions));
    Mutation m = mutation(pk_);
    if (late_ && draw_(2) == 0) m.timestamp = kStart + static_cast<Timestamp>(draw_(30)) * 20 * kSecond / 10;
    if (late_ && draw_(6) == 0) m.timestamp = now_ - static_cast<Timestamp>(draw_(10));
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
        if (draw_(2)) r.cells.push_back(simple(kS, false));
        if (draw_(8) == 0) {
          model_.remove_column(pk_, ck_, kStaticMap, stamp_);
          r.cells.push_back(delete_all(kStaticMap, false));
        } else {
          add_elements(r, kStaticMap);
        }
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
    if (draw_(2)) add_elements(r, kT);
    if (draw_(2)) r.cells.push_back(append(draw_(2)));
    return r;
  }

  RowWrite partial() {
    RowWrite r = upsert(ck_, {}, draw_(3) == 0);
    if (r.marker) marker();
    if (draw_(2)) r.cells.push_back(simple(kA, draw_(4) == 0));
    if (draw_(2)) r.cells.push_back(simple(kB, draw_(4) == 0));
    if (draw_(8) == 0) {
      const ColumnId column = draw_(2) ? kM : kL;
      model_.remove_column(pk_, ck_, column, stamp_);
      r.cells.push_back(delete_all(column, false));
    } else if (draw_(8) == 0) {
      r.cells.push_back(overwrite(kM));
      add_elements(r, kM);
    } else {
      add_elements(r, draw_(2) ? kT : kM);
      if (draw_(2))
        r.cells.push_back(append(draw_(2)));
      else if (auto by_index = alone_ ? at_index() : std::nullopt)
        r.cells.push_back(*std::move(by_index));
    }
    return r;
  }

  void add_elements(RowWrite& r, ColumnId column) {
    for (uint64_t n = draw_(6); n > 0; --n) r.cells.push_back(element(column, draw_(4) == 0));
  }

  // One to three elements at the end or the beginning of the list.
  CellWrite append(bool prepend) {
    std::vector<Bytes> values;
    const auto count = static_cast<uint32_t>(1 + draw_(3));
    const uint32_t first = (uint32_t{1} << 31) - (prepend ? count : 0);
    while (values.size() < count) {
      Bytes path;
      const auto time = static_cast<uint64_t>(now_);
      append_be(path, (uint64_t{1} << 62) + (prepend ? -time : time));
      append_be(path, prepend ? ~ordinal_ : ordinal_);
      append_be(path, first + static_cast<uint32_t>(values.size()));
      values.push_back(int_value(static_cast<int32_t>(draw_(5))));
      write(kL, path, false, values.back());
    }
    return {
        kL, prepend ? CellAction::kListPrepend : CellAction::kListAppend, false, 0, {}, list_value(values)};
  }

  // Sets or deletes an element of the list, if it has any. What else the same command does is not on it.
  std::optional<CellWrite> at_index() {
    std::vector<Bytes> paths;
    for (const auto& [place, event] : model_.row(pk_, ck_, now_ / kSecond)) {
      if (place.first == kL) paths.push_back(place.second);
    }
    if (paths.empty()) return std::nullopt;
    const auto index = static_cast<size_t>(draw_(paths.size()));
    const bool tombstone = draw_(2);
    const Bytes value = tombstone ? Bytes() : int_value(static_cast<int32_t>(draw_(5)));
    write(kL, paths[index], tombstone, value);
    return CellWrite{kL,    tombstone ? CellAction::kListDeleteIndex : CellAction::kListSetIndex,
                     false, static_cast<int32_t>(index),
                     {},    value};
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
    const auto n = static_cast<int32_t>(draw_(12));
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
  const bool late_;
  Model model_;
  Timestamp now_ = kStart, pass_now_ = 0;
  uint64_t index_ = 0;
  uint32_t ordinal_ = 0;  // of the row write in its command
  bool alone_ = true;     // it has no other
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

const std::vector<ColumnId> kColumns{kS, kStaticMap, kA, kB, kL, kM, kT};

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
        if (column == kT || column == kM || column == kStaticMap) {
          const TypeKind kind = column == kT ? TypeKind::kInt : TypeKind::kText;
          values.push_back(event.written.empty() ? element_of(where.second, kind) : event.written);
        }
        if (column != kT) values.push_back(event.value);
        metadata.emplace_back(event.stamp, event.ttl ? event.expiry : 0);
      }
      if (values.empty()) {
        row.cells.push_back(std::nullopt);
      } else if (column == kT || column == kM || column == kL || column == kStaticMap) {
        Bytes wire = list_value(values);
        if (column == kM || column == kStaticMap)
          wire.replace(0, 4, int_value(static_cast<int32_t>(values.size() / 2)));
        row.cells.push_back(wire);
      } else {
        row.cells.push_back(values[0]);
      }
    };
    add(head, statics, kS);
    add(head, statics, kStaticMap);
    std::vector<ResultRow> rows;
    for (int ck = 0; ck < kRows; ++ck) {
      const auto live = model.row(pk, ck, now);
      if (live.empty()) continue;
      ResultRow row;
      row.partition_key = place.second;
      row.clustering = ordered_int(ck);
      row.has_static = head.has_static;
      for (const ColumnId c : {kA, kB, kL, kM, kT}) add(row, live, c);
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

// Each map entry alone: as the whole has it.
void expect_parts(TestReplica& t, const std::vector<ResultRow>& rows, Timestamp now) {
  for (const ResultRow& row : rows) {
    if (!row.clustering) continue;
    ReadRequest r = t.request({kM});
    r.token = token_of(row.partition_key);
    r.partition_key = row.partition_key;
    r.ranges = {prefix_range(*row.clustering)};
    for (char key = 'a'; key < 'a' + 12; ++key) {
      const Bytes path = ordered_text(Bytes(1, key));
      r.elements = {{kM, path, path + '\0'}};
      const auto found = t.rows(r, now);
      ASSERT_EQ(found.size(), 2u);
      const auto value_in = [&](const std::optional<Bytes>& map) {
        std::optional<Bytes> out;
        const Bytes bytes = map.value_or(list_value({}));
        CollectionReader reader(*t.table().columns[6].type, bytes);
        for (BytesView at, value; reader.next(at) && reader.next(value);) {
          if (at == Bytes(1, key)) out = value;
        }
        return out;
      };
      EXPECT_EQ(value_in(found[1].cells[0]), value_in(row.cells[3]));
    }
  }
}

TEST_P(TableModelTest, AgreesWithAllWritesKeptForEver) {
  Chance draw(GetParam() * 977 + 5);
  const bool late = GetParam() % 2 == 0;
  const size_t limits[] = {0, 60, kCollectionBytesMax};
  const size_t limit = limits[GetParam() / 2 % 3];
  History history(GetParam(), late);
  TestReplica one(model_table(), {.collection_bytes_max = limit});
  TestReplica two(model_table(), {.guard_entries_max = 32, .collection_bytes_max = limit}, 0);
  std::vector<std::unique_ptr<Command>> keep;
  std::vector<StampedCommand> for_one, for_two;
  const auto apply_all = [](TestReplica& t, std::vector<StampedCommand>& commands) {
    if (!commands.empty()) t.apply(commands);
    commands.clear();
  };
  Bytes sweep_from;
  for (int i = 0; i < 300; ++i) {
    if (!late && draw(4) == 0) {
      const StampedCommand step = history.next_step(sweep_from, keep);
      apply_all(one, for_one);
      apply_all(two, for_two);
      sweep_from = one.apply(std::vector{step})[0].resume;
      EXPECT_EQ(two.apply(std::vector{step})[0].resume, sweep_from);
    }
    const StampedCommand c = history.next(one.table(), keep);
    for_one.push_back(c);
    for_two.push_back(c);
    if (draw(3) == 0) {
      apply_all(one, for_one);
      const auto rows = expected(history.model(), history.now());
      ASSERT_EQ(one.rows(scan_of(one), history.now()), rows) << "after " << i;
      if (draw(5) == 0) expect_points(one, rows, history.now());
      if (draw(10) == 0) expect_parts(one, rows, history.now());
    }
    if (draw(40) == 0) {
      apply_all(two, for_two);
      if (draw(2) == 0) two.restart();
    }
  }
  apply_all(one, for_one);
  apply_all(two, for_two);
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

INSTANTIATE_TEST_SUITE_P(Seeds, TableModelTest, ::testing::Range<uint64_t>(0, 120));

}  // namespace
}  // namespace keyzone::storage
