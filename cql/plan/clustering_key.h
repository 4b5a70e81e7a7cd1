// Clustering keys of rows to be written, with what their order-preserving form doesn't tell.
#pragma once
#include "schema/bytes.h"
#include "schema/catalog.h"
#include "schema/types/ordered.h"

namespace keyzone::cql {

// In order-preserving form; and its values as blocks, if reading that form gives others, else empty. See
// schema/clustering_as_written.h
struct ClusteringKey {
  Bytes ordered;
  Bytes as_written = {};
};

// One in the making: more columns may follow.
class WrittenKey {
 public:
  void append(const Column& column, BytesView value) {
    const size_t begin = ordered_.size();
    column.type->append_ordered(value, column.descending, ordered_);
    append_block(written_, value);
    tells_all_ = tells_all_ &&
                 form_tells_all(*column.type, value, column.descending, BytesView(ordered_).substr(begin));
  }
  const Bytes& ordered() const { return ordered_; }
  ClusteringKey take() { return {std::move(ordered_), tells_all_ ? Bytes() : std::move(written_)}; }

 private:
  Bytes ordered_, written_;
  bool tells_all_ = true;
};

}  // namespace keyzone::cql
