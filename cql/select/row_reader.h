// Walks the rows of a ReadResult (schema/read.h has the layout) and puts the wanted columns in their slots.
#pragma once
#include "cql/plan/expression.h"
#include "cql/select/slots.h"

namespace keyzone::cql {

class RowReader {
 public:
  enum class Item : uint8_t {
    kRow,
    kPartition,  // a partition without rows in this answer; `has_static()` tells if it has statics
    kEnd,
    kFailed,  // the bytes don't decode
  };

  // Of one answer. `slots` and its bytes outlive the reader.
  RowReader(const SlotTable& slots, BytesView rows);

  // The next row. What is in values() is replaced.
  Item next();

  const RowValues& values() const { return values_; }
  BytesView partition_key() const { return partition_key_; }
  BytesView clustering() const { return clustering_; }  // order-preserving form; empty for kPartition
  bool has_static() const { return has_static_; }

 private:
  void read_partition(uint8_t mark);
  void read_row();
  void read_cells(const std::vector<SlotTable::Cell>& cells);
  void read_stamps(std::vector<CellStamp>& stamps);
  void place_clustering();
  void place_clustering_as_written(BytesView blocks);
  void clear_row();

  const SlotTable& slots_;
  ByteReader in_;
  RowValues values_;
  BytesView partition_key_;
  BytesView clustering_;
  Bytes clustering_values_;              // wire forms, one after another
  std::vector<size_t> clustering_ends_;  // of each in clustering_values_
  bool has_static_ = false;
  bool partition_pending_ = false;  // read, and no row of it yet
  bool failed_ = false;
};

}  // namespace keyzone::cql
