#include "cql/execute/update_size.h"

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

// The values of clustering columns; of bounds between rows, those that can be told.
size_t clustering_size(const Table& table, BytesView clustering) {
  ByteReader in(clustering);
  Bytes values;
  for (size_t i = 0; i < table.clustering_size && !in.done(); ++i) {
    const Column& column = table.clustering(i);
    if (!column.type->read_ordered(in, column.descending, values)) break;
  }
  return values.size();
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
  const Partition partition{table.id, mutation.partition_key};
  keys_.insert(mutation.partition_key);
  if (partitions_.insert(partition).second) bytes_ += kPartition + kRow;
  for (const RowWrite& row : mutation.rows) add_row(table, partition, mutation, row);
}

void UpdateSize::add_row(const Table& table, const Partition& partition, const Mutation& mutation,
                         const RowWrite& row) {
  if (row.action == RowAction::kDeletePartition) return;
  if (row.action == RowAction::kDeleteRange) {
    const CellKey ranges{RowKey{partition, false, {}}, kClusteringAsWritten, std::nullopt};
    if (cells_.insert(ranges).second) bytes_ += kRanges;
    bytes_ += kRange + clustering_size(table, row.clustering) + clustering_size(table, row.clustering_end);
    return;
  }
  const RowKey key{partition, row.is_static, row.clustering};
  if (rows_.insert(key).second && !row.is_static) bytes_ += kRow + clustering_size(table, row);
  if (row.marker && mutation.ttl > 0 && expiring_.insert(key).second) bytes_ += kExpiringLiveness;
  for (const CellWrite& cell : row.cells) add_cell(table, mutation, key, cell);
}

void UpdateSize::add_cell(const Table& table, const Mutation& mutation, const RowKey& row,
                          const CellWrite& cell) {
  const Column* column = table.find(cell.column);
  if (!column || cell.action == CellAction::kListTouchIndex) return;  // kClusteringAsWritten, or nothing
  if (column->type->is_multi_cell() && cells_.emplace(row, cell.column, std::nullopt).second)
    bytes_ += kCollection;
  switch (cell.action) {
    case CellAction::kDeleteAll:
    case CellAction::kListDiscard:  // what it finds is not known here
    case CellAction::kListTouchIndex:
      return;
    case CellAction::kListAppend:
    case CellAction::kListPrepend:
      bytes_ += cell_size(*column, cell);
      return;
    case CellAction::kListSetIndex:
    case CellAction::kListDeleteIndex:
    case CellAction::kListClearIndex:
      bytes_ += kCell + kListPath + cell.value.size();
      return;
    case CellAction::kAddCounter:
      if (cells_.emplace(row, cell.column, BytesView()).second) bytes_ += kCell + kCounterValue;
      return;
    case CellAction::kSet:
    case CellAction::kDelete:
    case CellAction::kAddValue:
    case CellAction::kPutElement:
    case CellAction::kDeleteElement:
      break;
  }
  const bool is_gone = cell.action == CellAction::kDelete || cell.action == CellAction::kDeleteElement;
  const Timestamp stamp = mutation.timestamp == kNoTimestamp ? INT64_MAX : mutation.timestamp;
  const CellRank rank{stamp, is_gone || mutation.ttl > 0, is_gone, mutation.ttl, cell.value};
  const auto [at, is_new] = values_.emplace(CellKey(row, cell.column, BytesView(cell.path)), rank);
  if (is_new) {
    bytes_ += cell_size(*column, cell);
  } else if (at->second < rank) {
    bytes_ += cell.value.size();
    bytes_ -= std::get<BytesView>(at->second).size();
    at->second = rank;
  }
}

}  // namespace keyzone::cql
