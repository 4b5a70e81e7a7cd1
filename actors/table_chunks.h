// A tablet's snapshot as its replica sends it.
#pragma once
#include <memory>
#include <utility>

#include "actors/replica.h"
#include "storage/table.h"

namespace keyzone::actors {

class TableChunks : public ChunkSource {
 public:
  explicit TableChunks(std::unique_ptr<storage::SnapshotReader> reader) : reader_(std::move(reader)) {}
  LogIndex index() const override { return reader_->meta().applied; }
  Result<Bytes> next() override { return reader_->next_chunk(); }

 private:
  std::unique_ptr<storage::SnapshotReader> reader_;
};

}  // namespace keyzone::actors
