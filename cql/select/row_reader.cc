#include "cql/select/row_reader.h"

#include "schema/types/token.h"

namespace keyzone::cql {

RowReader::RowReader(const SlotTable& slots, BytesView rows) : slots_(slots), in_(rows) {
  values_.slots.resize(slots.size());
  if (!slots.with_stamps().empty()) values_.stamps.resize(slots.size());
}

RowReader::Item RowReader::next() {
  while (!failed_) {
    if (in_.done()) {
      if (in_.failed()) break;
      if (!partition_pending_) return Item::kEnd;
      partition_pending_ = false;
      clear_row();
      return Item::kPartition;
    }
    const auto mark = static_cast<uint8_t>(in_.rest()[0]);
    if (mark == kRowMark) {
      read_row();
      if (in_.failed() || failed_) break;
      partition_pending_ = false;
      return Item::kRow;
    }
    if (partition_pending_) {
      partition_pending_ = false;
      clear_row();
      return Item::kPartition;
    }
    if (mark != kPartitionMark && mark != kPartitionHasStaticMark) break;
    read_partition(mark);
  }
  failed_ = true;
  return Item::kFailed;
}

void RowReader::read_partition(uint8_t mark) {
  in_.byte();
  partition_key_ = in_.block();
  has_static_ = mark == kPartitionHasStaticMark;
  partition_pending_ = true;
  const auto& wanted = slots_.partition_slots();
  if (!wanted.empty()) {
    auto parts = split_partition_key(partition_key_, slots_.table().partition_key_size);
    if (!parts) {
      failed_ = true;
      return;
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i]) values_.slots[*wanted[i]] = Value::of((*parts)[i]);
    }
  }
  read_cells(slots_.static_cells());
}

void RowReader::read_row() {
  in_.byte();
  clustering_ = in_.block();
  BytesView as_written;
  if (slots_.fetches_clustering_as_written()) {
    const uint64_t size = in_.varint();
    if (size > in_.left() + 1) in_.fail();
    if (size > 0 && !in_.failed()) as_written = in_.bytes(static_cast<size_t>(size - 1));
  }
  if (!as_written.empty()) {
    place_clustering_as_written(as_written);
  } else if (!slots_.clustering_slots().empty()) {
    place_clustering();
  }
  read_cells(slots_.regular_cells());
}

void RowReader::place_clustering_as_written(BytesView blocks) {
  ByteReader in(blocks);
  for (const auto& slot : slots_.clustering_slots()) {
    const Value value = in.done() ? Value::null() : Value::of(in.block());  // a row may end early
    if (slot) values_.slots[*slot] = value;
  }
  failed_ = failed_ || in.failed();
}

void RowReader::place_clustering() {
  const auto& wanted = slots_.clustering_slots();
  clustering_values_.clear();
  clustering_ends_.clear();
  ByteReader forms(clustering_);
  for (size_t i = 0; i < wanted.size() && !forms.done(); ++i) {
    const Column& column = slots_.table().clustering(i);
    if (!column.type->read_ordered(forms, column.descending, clustering_values_)) failed_ = true;
    clustering_ends_.push_back(clustering_values_.size());
  }
  const BytesView values = clustering_values_;
  for (size_t i = 0, begin = 0; i < clustering_ends_.size(); begin = clustering_ends_[i++]) {
    if (wanted[i]) values_.slots[*wanted[i]] = Value::of(values.substr(begin, clustering_ends_[i] - begin));
  }
  for (size_t i = clustering_ends_.size(); i < wanted.size(); ++i) {  // the row ends early
    if (wanted[i]) values_.slots[*wanted[i]] = Value::null();
  }
}

void RowReader::read_cells(const std::vector<SlotTable::Cell>& cells) {
  for (const SlotTable::Cell& cell : cells) {
    const uint64_t size = in_.varint();
    Value& value = values_.slots[cell.slot];
    if (cell.stamps) values_.stamps[cell.slot].clear();
    if (size == 0) {
      value = Value::null();
      continue;
    }
    if (size - 1 > in_.left()) in_.fail();
    value = Value::of(in_.bytes(static_cast<size_t>(size - 1)));
    if (cell.stamps) read_stamps(values_.stamps[cell.slot]);
  }
}

void RowReader::read_stamps(std::vector<CellStamp>& stamps) {
  const uint64_t count = in_.varint();
  for (uint64_t i = 0; i < count && !in_.failed(); ++i) {
    const Timestamp timestamp = in_.zigzag();
    stamps.push_back({timestamp, in_.zigzag()});
  }
}

void RowReader::clear_row() {
  clustering_ = {};
  for (const auto& slot : slots_.clustering_slots()) {
    if (slot) values_.slots[*slot] = Value::null();
  }
  for (const SlotTable::Cell& cell : slots_.regular_cells()) {
    values_.slots[cell.slot] = Value::null();
    if (cell.stamps) values_.stamps[cell.slot].clear();
  }
}

}  // namespace keyzone::cql
