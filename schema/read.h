// What a coordinator asks of a tablet, and the answer. Values stay in CQL wire form from disk to socket.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "schema/boxed.h"
#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone {

// Clustering keys k with from <= k < to, compared as bytes of their order-preserving form; `to` empty: no
// end. A prefix p covers [p, prefix_end(p)).
struct KeyRange {
  Bytes from;
  Bytes to;
  bool operator==(const KeyRange&) const = default;
};

// Where a page ended. The next one begins behind (token, partition_key, clustering).
struct ReadPosition {
  Token token;
  Bytes partition_key;
  bool partition_done = false;     // go on with the next partition
  bool static_done = false;        // the row of a partition that has statics only was given
  Bytes clustering;                // last row given; empty with !partition_done: none yet
  uint64_t rows_in_partition = 0;  // given so far, for the per-partition limit
  bool operator==(const ReadPosition&) const = default;
};

// Elements of a collection that is not frozen, by their paths (schema/command.h): from <= path < to; `to`
// empty: no end.
struct ElementRange {
  ColumnId column;
  Bytes from;
  Bytes to;
  bool operator==(const ElementRange&) const = default;
};
// The first of all paths behind this one: a range up to there ends with it.
inline Bytes path_behind(Bytes path) {
  path.push_back('\0');
  return path;
}
// Whether only the path `from` is in the range.
inline bool is_one_element(const ElementRange& range) {
  return range.to.size() == range.from.size() + 1 && range.to.back() == '\0' &&
         range.to.starts_with(range.from);
}

// Which columns, in order. Made once, and shared by all that copy it.
class ColumnIds {
 public:
  ColumnIds() = default;
  ColumnIds(std::initializer_list<ColumnId> ids) : ColumnIds(std::vector<ColumnId>(ids)) {}
  ColumnIds(std::vector<ColumnId> ids) : ids_(std::make_shared<std::vector<ColumnId>>(std::move(ids))) {}
  // Those of somebody who lives as long as `owner` does.
  ColumnIds(std::shared_ptr<const void> owner, const std::vector<ColumnId>& ids)
      : ids_(std::move(owner), &ids) {}

  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  size_t size() const { return all().size(); }
  operator std::span<const ColumnId>() const { return all(); }
  bool operator==(const ColumnIds& other) const { return all() == other.all(); }

 private:
  const std::vector<ColumnId>& all() const {
    static const std::vector<ColumnId> kNone;
    return ids_ ? *ids_ : kNone;
  }
  std::shared_ptr<const std::vector<ColumnId>> ids_;
};

struct ReadRequest {
  Uuid table;
  uint32_t schema_version = 0;
  Epoch epoch;
  // Either one partition ...
  Token token;
  Bytes partition_key;
  // ... or, with `scan`, all partitions with begin < token <= end, in token order, within a token by key
  // bytes.
  bool scan = false;
  Token begin;
  Token end;
  std::vector<KeyRange> ranges;  // of clustering keys, ascending and disjoint; empty: all rows
  bool reversed = false;         // rows within a partition from last to first
  bool statics_only = false;     // no rows (SELECT DISTINCT; conditions on statics)
  ColumnIds columns;             // statics and regulars wanted, in the order of the answer's cells
  ColumnIds with_metadata;       // those of `columns` whose timestamps and expiries are wanted too
  // Of a column that is named here, only these elements matter: others may be there, or not.
  std::vector<ElementRange> elements;
  uint64_t row_limit = 0;            // 0: none
  uint64_t per_partition_limit = 0;  // 0: none
  uint64_t bytes_limit = 0;          // stop soon after; 0: none
  Boxed<ReadPosition> resume;
  // An encoded command, and nothing else: what it looks up is looked up (storage::TableReplica::look_up), and
  // the answer's `rows` is the command that comes of it.
  Bytes look_up;
  Timestamp now = 0;  // what has expired by then is not there; 0: the leader's clock
};

// The answer's rows, one after another in `rows`:
//   partition: 0x01, block partition key, cells of the wanted statics; 0x11 if the partition has any live
//   static row:       0x02, block clustering key (order-preserving form), cells of the wanted regulars
// where a cell is varint 0 for null, else varint size + 1 and the wire value (a collection in its wire form).
// For a column of with_metadata there follow, unless null: varint count n (1 for a simple cell, else one per
// element in order), and n times zigzag timestamp, zigzag expiry (seconds since 1970; 0: never). A partition
// precedes its rows; it is given again at the head of each page that goes on with it.
struct ReadResult {
  Bytes rows;
  uint64_t row_count = 0;
  Boxed<ReadPosition> more;  // set: there may be more from here
  uint64_t tombstones = 0;   // looked at; for the guardrails
};
inline constexpr uint8_t kPartitionMark = 0x01;
inline constexpr uint8_t kPartitionHasStaticMark = 0x11;
inline constexpr uint8_t kRowMark = 0x02;

Bytes encode_read(const ReadRequest& request);
Result<ReadRequest> decode_read(BytesView bytes);
Bytes encode_read_result(const ReadResult& result);
Result<ReadResult> decode_read_result(BytesView bytes);
Bytes encode_position(const ReadPosition& position);
Result<ReadPosition> decode_position(BytesView bytes);

}  // namespace keyzone
