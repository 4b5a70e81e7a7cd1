#include "cql/execute/update_size.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "schema/bytes.h"
#include "schema/clustering_as_written.h"

namespace keyzone::cql {
namespace {

// What Cassandra counts besides keys and values: PartitionUpdate.dataSize() and what it calls.
constexpr size_t kPartition = 8;  // when it was deleted
constexpr size_t kRow = 8 + 13;   // its liveness, when it was deleted; a partition has a row of statics, too
constexpr size_t kExpiringLiveness = 12;  // its TTL and expiry
constexpr size_t kRanges = 4;             // of a partition that has deleted ones
constexpr size_t kRange = 12;
constexpr size_t kCollection = 12;  // when it was deleted
constexpr size_t kCell = 16 + 4;    // stamp, TTL, expiry
constexpr size_t kListPath = 16;
constexpr size_t kCounterValue = 36;

// The values of the clustering columns that a key or a bound between keys begins with; nullopt: there is more
// in it that is none.
std::optional<size_t> whole_values(const Table& table, BytesView key) {
  ByteReader in(key);
  Bytes values;
  for (size_t i = 0; i < table.clustering_size && !in.done(); ++i) {
    const Column& column = table.clustering(i);
    if (!column.type->read_ordered(in, column.descending, values)) return std::nullopt;
  }
  return in.done() ? std::optional(values.size()) : std::nullopt;
}

// A bound behind a key is the key without its last bytes of 0xff, and one more (prefix_successor()).
size_t clustering_size(const Table& table, BytesView clustering) {
  constexpr size_t kLongestEnd = 16;
  if (const auto size = whole_values(table, clustering)) return *size;
  Bytes before(clustering);
  --before.back();
  for (size_t i = 0; i <= kLongestEnd; ++i) {
    if (const auto size = whole_values(table, before)) return *size;
    before += '\xff';
  }
  return 0;
}

// Of a row that is written: as they were written, if that is told.
size_t clustering_size(const Table& table, const RowWrite& row) {
  for (const CellWrite& cell : row.cells) {
    if (cell.column != kClusteringAsWritten) continue;
    size_t bytes = 0;
    for (ByteReader in(cell.value); !in.done();) bytes += in.block().size();
    return bytes;
  }
  return clustering_size(table, row.clustering);
}

// Of new list elements: the wire form of a list, each element behind its length.
size_t list_cells_size(BytesView list) {
  const size_t count = load_be<uint32_t>(list.data());
  return list.size() - sizeof(uint32_t) + count * (kCell + kListPath - sizeof(uint32_t));
}

// What comes without a stamp is of now, which is later than what says one.
Timestamp stamp_of(const Mutation& mutation) {
  return mutation.timestamp == kNoTimestamp ? std::numeric_limits<Timestamp>::max() : mutation.timestamp;
}

}  // namespace

size_t path_size(const Column& column, BytesView path) {
  if (column.type->is_user_type() || column.type->kind() == TypeKind::kList) return path.size();
  ByteReader in(path);
  Bytes value;
  KEYZONE_ASSERT(column.type->key_type().read_ordered(in, false, value));
  return value.size();
}

size_t cell_size(const Column& column, const CellWrite& cell) {
  const bool appends = cell.action == CellAction::kListAppend || cell.action == CellAction::kListPrepend;
  if (appends) return list_cells_size(cell.value);
  return kCell + cell.value.size() + (cell.path.empty() ? 0 : path_size(column, cell.path));
}

void UpdateSize::add(const Table& table, const Mutation& mutation) {
  Partition& partition = partitions_[{table.id, mutation.partition_key}];
  keys_.insert(mutation.partition_key);
  const Timestamp stamp = stamp_of(mutation);
  for (const RowWrite& write : mutation.rows) {
    if (write.action == RowAction::kDeletePartition) continue;
    if (write.action == RowAction::kDeleteRange) {
      add_range(table, stamp, write, partition);
      continue;
    }
    const auto [at, is_new] = partition.rows.try_emplace({write.is_static, write.clustering});
    Row& row = at->second;
    if (is_new && !write.is_static) row.clustering_bytes = clustering_size(table, write);
    if (write.action == RowAction::kDeleteRow) row.deleted = std::max(row.deleted, stamp);
    if (write.marker) row.liveness = std::max(row.liveness, {stamp, mutation.ttl > 0});
    for (const CellWrite& cell : write.cells) add_cell(table, mutation, cell, row);
  }
}

// A range within another of the same statement's time or a later one is not there.
void UpdateSize::add_range(const Table& table, Timestamp stamp, const RowWrite& row, Partition& partition) {
  const auto covers = [&](const Range& range) {
    const bool to_end = range.end.empty() || (!row.clustering_end.empty() && row.clustering_end <= range.end);
    return range.stamp >= stamp && range.begin <= BytesView(row.clustering) && to_end;
  };
  if (std::any_of(partition.ranges.begin(), partition.ranges.end(), covers)) return;
  const size_t bytes =
      kRange + clustering_size(table, row.clustering) + clustering_size(table, row.clustering_end);
  partition.ranges.push_back({row.clustering, row.clustering_end, stamp, bytes});
}

void UpdateSize::add_cell(const Table& table, const Mutation& mutation, const CellWrite& cell, Row& row) {
  const Column* column = table.find(cell.column);
  if (!column || cell.action == CellAction::kListTouchIndex) return;  // kClusteringAsWritten, or nothing
  Cells& cells = row.columns[cell.column];
  cells.is_multi_cell = column->type->is_multi_cell();
  const Timestamp stamp = stamp_of(mutation);
  switch (cell.action) {
    case CellAction::kDeleteAll:
      cells.deleted = std::max(cells.deleted, stamp - (cell.overwrite ? 1 : 0));
      return;
    case CellAction::kListDiscard:  // what it finds is not known here
    case CellAction::kListTouchIndex:
      return;
    case CellAction::kListAppend:
    case CellAction::kListPrepend:
      cells.list.emplace_back(stamp, cell_size(*column, cell));
      return;
    case CellAction::kListSetIndex:
    case CellAction::kListDeleteIndex:
    case CellAction::kListClearIndex:
      cells.list.emplace_back(stamp, kCell + kListPath + cell.value.size());
      return;
    case CellAction::kAddCounter:
      cells.by_path[BytesView()].bytes = kCell + kCounterValue;
      return;
    case CellAction::kSet:
    case CellAction::kDelete:
    case CellAction::kAddValue:
    case CellAction::kPutElement:
    case CellAction::kDeleteElement:
      break;
  }
  const bool is_gone = cell.action == CellAction::kDelete || cell.action == CellAction::kDeleteElement;
  const CellRank rank{stamp, is_gone || mutation.ttl > 0, is_gone, mutation.ttl, cell.value};
  const auto [at, is_new] = cells.by_path.try_emplace(cell.path);
  if (is_new || at->second.rank < rank) at->second = {rank, cell_size(*column, cell)};
}

size_t UpdateSize::bytes_of(const Cells& cells, Timestamp row_deleted) {
  const Timestamp deleted = std::max(row_deleted, cells.deleted);
  size_t bytes = 0;
  for (const auto& [path, cell] : cells.by_path) {
    if (std::get<Timestamp>(cell.rank) > deleted) bytes += cell.bytes;
  }
  for (const auto& [stamp, elements] : cells.list) {
    if (stamp > deleted) bytes += elements;
  }
  const bool is_there = bytes > 0 || cells.deleted > row_deleted || deleted == kNoTimestamp;
  return bytes + (cells.is_multi_cell && is_there ? kCollection : 0);
}

size_t UpdateSize::bytes_of(const Row& row, bool is_static) {
  size_t bytes = is_static ? 0 : kRow + row.clustering_bytes;
  const auto& [stamp, expires] = row.liveness;
  if (expires && stamp > row.deleted) bytes += kExpiringLiveness;
  for (const auto& [column, cells] : row.columns) bytes += bytes_of(cells, row.deleted);
  return bytes;
}

bool UpdateSize::touches(const Uuid& table) const {
  return std::any_of(partitions_.begin(), partitions_.end(),
                     [&table](const auto& partition) { return partition.first.first == table; });
}

size_t UpdateSize::bytes() const {
  size_t bytes = 0;
  for (const auto& [key, partition] : partitions_) {
    bytes += kPartition + kRow + (partition.ranges.empty() ? 0 : kRanges);
    for (const Range& range : partition.ranges) bytes += range.bytes;
    for (const auto& [place, row] : partition.rows) bytes += bytes_of(row, place.first);
  }
  return bytes;
}

}  // namespace keyzone::cql
