// Where a tablet's things lie in LevelDB; row_format.md has the layout with an example. Keys sort by area,
// token, partition key, then static row before rows, then clustering key; elements of collections also by
// column and path.
#pragma once
#include <optional>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "storage/tablet_meta.h"

namespace keyzone::storage {

inline constexpr size_t kStoreIdBytes = 4;
inline constexpr size_t kTokenBytes = 8;

enum class Area : uint8_t {
  // of partitions and of ranges: apart from the rows, so that they are found at once on opening
  kDeletions = 1,
  kRows = 2,
  // of collections too large for their rows: apart, so that who reads rows does not step over them
  kElements = 3,
};
inline constexpr Area kAreas[] = {Area::kDeletions, Area::kRows, Area::kElements};
enum class DeletionKind : uint8_t {
  kPartition = 1,
  kRange = 2,       // the key goes on with the range's end
  kRangeToEnd = 3,  // no end
};
enum class RowKind : uint8_t { kStatic = 1, kRow = 2 };

// store id, area, token, escaped partition key: what all keys of a partition in that area begin with.
void append_partition_prefix(Bytes& out, StoreId store, Area area, Token token, BytesView partition_key);
Bytes partition_prefix(StoreId store, Area area, Token token, BytesView partition_key);
// The key of a row; without `clustering` that of the partition's statics.
void append_row_key(Bytes& out, StoreId store, Token token, BytesView partition_key,
                    std::optional<BytesView> clustering);
// The least key of `area` behind all of token `token`, or at its beginning.
Bytes token_begin(StoreId store, Area area, Token token);
Bytes token_end(StoreId store, Area area, Token token);
// All keys of `tokens` in `area` are from first <= key < second.
std::pair<Bytes, Bytes> area_bounds(StoreId store, Area area, const TokenRange& tokens);

// What the keys of a row's elements begin with, all of them or those of one column. REQUIRES: a row's own
// key.
Bytes elements_prefix(BytesView row_key);
Bytes elements_prefix(BytesView row_key, ColumnId column);

struct ParsedKey {
  Area area;
  Token token;
  Bytes partition_key;
  uint8_t kind = 0;        // DeletionKind or RowKind
  BytesView rest;          // clustering key, or a range's end
  size_t prefix_size = 0;  // of the partition's prefix, without the kind
};
// nullopt: not a key of a tablet.
std::optional<ParsedKey> parse_key(BytesView key);
// Only how long the partition's prefix is; 0: not a key of a tablet.
size_t partition_prefix_size(BytesView key);

}  // namespace keyzone::storage
