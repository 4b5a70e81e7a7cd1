// A tablet's replica on a disk in memory, and words to write and read it with.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "schema/types/collections.h"
#include "schema/types/token.h"
#include "storage/memory_disk.h"
#include "storage/row_cache.h"
#include "storage/store.h"
#include "storage/table.h"

namespace keyzone::storage {

inline constexpr GroupId kGroup{100};
inline constexpr Timestamp kSecond = 1'000'000;
inline constexpr Timestamp kStart = 1'700'000'000 * kSecond;  // the first command's stamp

inline Bytes int_value(int32_t v) {
  Bytes out;
  append_be(out, v);
  return out;
}
inline Bytes long_value(int64_t v) {
  Bytes out;
  append_be(out, v);
  return out;
}
inline Bytes ordered_int(int32_t v) {
  Bytes out;
  native_type(TypeKind::kInt)->append_ordered(int_value(v), false, out);
  return out;
}
inline Bytes ordered_text(BytesView v) {
  Bytes out;
  native_type(TypeKind::kText)->append_ordered(v, false, out);
  return out;
}
inline Bytes list_value(std::vector<Bytes> values) {
  CollectionWriter out(1);
  for (const Bytes& v : values) out.add(v);
  return std::move(out).finish();
}
// All keys that begin with `prefix`.
inline KeyRange prefix_range(Bytes prefix) { return {prefix, prefix_successor(prefix)}; }

// pk int, ck int, s int static, then regulars: a int, b text, l list<int>, m map<text, int>, t set<int>.
inline constexpr ColumnId kPk{1}, kCk{2}, kS{3}, kA{4}, kB{5}, kL{6}, kM{7}, kT{8}, kU{9};
inline TablePtr sample_table(uint32_t version = 1) {
  auto table = std::make_shared<Table>();
  const TypePtr number = native_type(TypeKind::kInt), text = native_type(TypeKind::kText);
  table->id.bytes[0] = 7;
  table->keyspace = "ks";
  table->name = "sample";
  table->version = version;
  table->columns = {{kPk, "pk", number, ColumnKind::kPartitionKey, 0, false},
                    {kCk, "ck", number, ColumnKind::kClustering, 0, false},
                    {kS, "s", number, ColumnKind::kStatic, 0, false},
                    {kA, "a", number, ColumnKind::kRegular, 0, false},
                    {kB, "b", text, ColumnKind::kRegular, 0, false},
                    {kL, "l", list_type(number, false), ColumnKind::kRegular, 0, false},
                    {kM, "m", map_type(text, number, false), ColumnKind::kRegular, 0, false},
                    {kT, "t", set_type(number, false), ColumnKind::kRegular, 0, false}};
  table->partition_key_size = 1;
  table->clustering_size = 1;
  table->static_size = 1;
  return table;
}
inline TablePtr counter_table() {
  auto table = std::make_shared<Table>(*sample_table());
  table->counter = true;
  table->static_size = 0;
  table->columns.resize(2);
  table->columns.push_back({kA, "c", native_type(TypeKind::kCounter), ColumnKind::kRegular, 0, false});
  table->columns.push_back({kB, "d", native_type(TypeKind::kCounter), ColumnKind::kRegular, 0, false});
  return table;
}

// What a read gave, taken apart.
struct ResultRow {
  Bytes partition_key;
  std::optional<Bytes> clustering;  // none: a partition's own record
  bool has_static = false;
  std::vector<std::optional<Bytes>> cells;
  std::vector<std::vector<std::pair<Timestamp, int64_t>>> metadata;
  bool operator==(const ResultRow&) const = default;
};

inline void PrintTo(const ResultRow& row, std::ostream* out) {
  const auto hex = [&](BytesView bytes) {
    for (const char c : bytes) *out << "0123456789abcdef"[(c >> 4) & 15] << "0123456789abcdef"[c & 15];
  };
  *out << (row.has_static ? "*" : "");
  hex(row.partition_key);
  *out << '/';
  hex(row.clustering.value_or(""));
  for (size_t i = 0; i < row.cells.size(); ++i) {
    *out << ' ';
    row.cells[i] ? hex(*row.cells[i]) : void(*out << '-');
    for (const auto& [stamp, expiry] : row.metadata[i]) *out << '@' << stamp << '<' << expiry;
  }
  *out << '\n';
}

inline std::vector<ResultRow> parse_rows(const ReadResult& result, const Table& table,
                                         const ReadRequest& request) {
  std::vector<ResultRow> out;
  ByteReader in(result.rows);
  bool has_static = false;
  Bytes partition;
  while (!in.done()) {
    const uint8_t mark = in.byte();
    const ColumnKind kind = mark == kRowMark ? ColumnKind::kRegular : ColumnKind::kStatic;
    ResultRow row;
    if (mark != kRowMark) {
      has_static = mark == kPartitionHasStaticMark;
      partition = in.block();
    } else {
      row.clustering = Bytes(in.block());
    }
    row.partition_key = partition;
    row.has_static = has_static;
    for (const ColumnId id : request.columns) {
      for (const Column& column : table.columns) {
        if (column.id != id || column.kind != kind) continue;
        const uint64_t size = in.varint();
        row.cells.push_back(size ? std::optional<Bytes>(in.bytes(size - 1)) : std::nullopt);
        auto& metadata = row.metadata.emplace_back();
        if (!size || std::count(request.with_metadata.begin(), request.with_metadata.end(), id) == 0)
          continue;
        for (uint64_t n = in.varint(); n > 0; --n) {
          const Timestamp stamp = in.zigzag();
          metadata.emplace_back(stamp, in.zigzag());
        }
      }
    }
    EXPECT_FALSE(in.failed());
    if (in.failed()) break;
    out.push_back(std::move(row));
  }
  return out;
}

// One replica on a disk of its own.
class TestReplica {
 public:
  explicit TestReplica(TablePtr table, ReplicaOptions options = {}, size_t row_cache_bytes = 8 << 10)
      : table_(std::move(table)), row_cache_(row_cache_bytes), options_(options) {
    options_.row_cache = &row_cache_;
    open_store();
    leveldb::WriteBatch batch;
    TableReplica::create(*registry_, kGroup, *table_, {}, Epoch(1), batch);
    write(batch);
    open_replica();
    replica_->set_schema(table_);
  }
  ~TestReplica() { close(); }

  TableReplica& operator*() { return *replica_; }
  TableReplica* operator->() { return replica_.get(); }
  TabletRegistry& registry() { return *registry_; }
  Store& store() { return *store_; }
  const Table& table() const { return *table_; }
  void set_table(TablePtr table) { table_ = std::move(table); }

  void write(leveldb::WriteBatch& batch) {
    ASSERT_TRUE(store_->write(&batch).ok());
    executor_.drain();
  }

  // Flushes what was written, so that nothing is lost, and opens all anew.
  void restart() {
    auto mark = store_->start_flush();
    ASSERT_TRUE(mark);
    for (int i = 0; i < 1000 && store_->durable() < *mark; ++i) executor_.drain();
    ASSERT_GE(store_->durable(), *mark);
    close();
    open_store();
    open_replica();
  }
  void open_replica() {
    replica_.reset();
    auto opened = TableReplica::open(store_->db(), *registry_, kGroup, table_, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    replica_ = *std::move(opened);
  }

  std::vector<Outcome> apply(const std::vector<StampedCommand>& commands) {
    leveldb::WriteBatch batch;
    auto outcomes = replica_->apply(commands.back().index, commands, batch);
    EXPECT_TRUE(outcomes) << outcomes.error().message;
    write(batch);
    return outcomes ? *std::move(outcomes) : std::vector<Outcome>(commands.size());
  }
  // One command at the next index, stamped `stamp` or a millisecond after the last one.
  Outcome apply(Command command, Timestamp stamp = 0) {
    command.table = table_->id;
    command.schema_version = table_->version;
    command.epoch = replica_->meta().epoch;
    return apply_as_is(command, stamp);
  }
  Outcome apply_as_is(const Command& command, Timestamp stamp = 0) {
    now_ = stamp ? stamp : now_ + 1000;
    return apply(std::vector<StampedCommand>{{replica_->applied().next(), now_, &command}})[0];
  }
  Timestamp now() const { return now_; }

  ReadRequest request(std::vector<ColumnId> columns) const {
    ReadRequest out;
    out.table = table_->id;
    out.schema_version = table_->version;
    out.epoch = replica_->meta().epoch;
    out.columns = std::move(columns);
    return out;
  }
  ReadRequest request_partition(int pk, std::vector<ColumnId> columns) const {
    ReadRequest out = request(std::move(columns));
    out.token = token_of(int_value(pk));
    out.partition_key = int_value(pk);
    return out;
  }
  ReadResult read(const ReadRequest& request, Timestamp now = 0) {
    const ReadRequest* const next = &request;
    replica_->expect({&next, 1});
    auto result = replica_->read(request, now ? now : now_);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *std::move(result) : ReadResult{};
  }
  std::vector<ResultRow> rows(const ReadRequest& request, Timestamp now = 0) {
    return parse_rows(read(request, now), *table_, request);
  }
  // The cells of one row; empty if it does not show.
  std::vector<std::optional<Bytes>> row(int pk, int ck, std::vector<ColumnId> columns, Timestamp now = 0) {
    ReadRequest r = request_partition(pk, std::move(columns));
    r.ranges = {prefix_range(ordered_int(ck))};
    for (const ResultRow& row : rows(r, now)) {
      if (row.clustering) return row.cells;
    }
    return {};
  }

  // Every key and value of tablets and of request ids, store ids and the node's own records aside.
  std::map<Bytes, Bytes> dump() {
    std::map<Bytes, Bytes> out;
    const std::unique_ptr<leveldb::Iterator> it(store_->db()->NewIterator(store_->read_options()));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const Bytes key = it->key().ToString();
      const auto store = load_be<uint32_t>(key.data());
      if (store == 0 && key[4] != 'R') continue;
      out[store == 0 ? key : "rows" + key.substr(4)] = it->value().ToString();
    }
    return out;
  }

 private:
  void open_store() {
    StoreOptions options;
    options.env = disk_.env();
    options.files = &disk_;
    options.executor = &executor_;
    options.write_buffer_bytes = 1 << 20;
    auto store = Store::open(options, "/shard");
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    auto registry = TabletRegistry::open(store_->db());
    ASSERT_TRUE(registry) << registry.error().message;
    registry_ = *std::move(registry);
  }
  void close() {
    replica_.reset();
    registry_.reset();
    store_.reset();
  }

  MemoryDisk disk_{false};
  QueuedExecutor executor_;
  TablePtr table_;
  RowCache row_cache_;
  ReplicaOptions options_;
  std::unique_ptr<Store> store_;
  std::optional<TabletRegistry> registry_;
  std::unique_ptr<TableReplica> replica_;
  Timestamp now_ = kStart;
};

// ---- Commands

inline CellWrite set_cell(ColumnId column, Bytes value) {
  return {column, CellAction::kSet, false, 0, {}, value};
}
inline CellWrite delete_cell(ColumnId column) { return {column, CellAction::kDelete, false, 0, {}, {}}; }
inline CellWrite delete_all(ColumnId column, bool overwrite) {
  return {column, CellAction::kDeleteAll, overwrite, 0, {}, {}};
}
inline CellWrite put_element(ColumnId column, Bytes path, Bytes value) {
  return {column, CellAction::kPutElement, false, 0, path, value};
}
inline CellWrite delete_element(ColumnId column, Bytes path) {
  return {column, CellAction::kDeleteElement, false, 0, path, {}};
}

inline Mutation mutation(int pk) {
  Mutation m;
  m.partition_key = int_value(pk);
  m.token = token_of(m.partition_key);
  return m;
}
inline Command command(Mutation m) {
  Command c;
  c.mutations.push_back(std::move(m));
  return c;
}
inline RowWrite upsert(int ck, std::vector<CellWrite> cells, bool marker = true) {
  RowWrite r;
  r.marker = marker;
  r.clustering = ordered_int(ck);
  r.cells = std::move(cells);
  return r;
}
inline Command insert(int pk, int ck, std::vector<CellWrite> cells, Timestamp stamp = kNoTimestamp,
                      int32_t ttl = 0) {
  Mutation m = mutation(pk);
  m.timestamp = stamp;
  m.ttl = ttl;
  m.rows.push_back(upsert(ck, std::move(cells)));
  return command(m);
}
inline Command update(int pk, int ck, std::vector<CellWrite> cells, Timestamp stamp = kNoTimestamp,
                      int32_t ttl = 0) {
  Command c = insert(pk, ck, std::move(cells), stamp, ttl);
  c.mutations[0].rows[0].marker = false;
  return c;
}
inline Command set_static(int pk, std::vector<CellWrite> cells) {
  Command c = update(pk, 0, std::move(cells));
  c.mutations[0].rows[0].is_static = true;
  c.mutations[0].rows[0].clustering.clear();
  return c;
}
inline Command delete_row(int pk, int ck, Timestamp stamp = kNoTimestamp) {
  Command c = update(pk, ck, {}, stamp);
  c.mutations[0].rows[0].action = RowAction::kDeleteRow;
  return c;
}
inline Command delete_partition(int pk, Timestamp stamp = kNoTimestamp) {
  Command c = delete_row(pk, 0, stamp);
  c.mutations[0].rows[0].action = RowAction::kDeletePartition;
  c.mutations[0].rows[0].clustering.clear();
  return c;
}
// Rows from <= ck < to; no `to`: all behind.
inline Command delete_range(int pk, int from, std::optional<int> to, Timestamp stamp = kNoTimestamp) {
  Command c = delete_row(pk, from, stamp);
  c.mutations[0].rows[0].action = RowAction::kDeleteRange;
  c.mutations[0].rows[0].clustering_end = to ? ordered_int(*to) : Bytes();
  return c;
}
inline Command with_condition(Command c, Condition condition) {
  RowCondition row;
  row.partition_key = c.mutations[0].partition_key;
  row.is_static = c.mutations[0].rows[0].is_static;
  row.clustering = c.mutations[0].rows[0].clustering;
  row.conditions.push_back(std::move(condition));
  c.conditions.push_back(std::move(row));
  return c;
}

}  // namespace keyzone::storage
