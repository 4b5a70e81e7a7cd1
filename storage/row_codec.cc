// The values of the keys of rows and of elements. The layout and an example are in row_format.md.
#include "storage/row.h"

namespace keyzone::storage {
namespace {

constexpr uint8_t kVersion = 0x10;
// of rows with kWritten or kGroupSpilled, so that nobody overlooks them
constexpr uint8_t kVersionMore = 0x20;
constexpr uint8_t kVersionMask = 0xf0;
constexpr uint8_t kHasMarker = 0x01, kHasDeletion = 0x02, kHasBaseTtl = 0x04;

constexpr uint8_t kOwnStamp = 0x01;        // zigzag: stamp - base stamp
constexpr uint8_t kTombstone = 0x02;       // varint: when it was made
constexpr uint8_t kBaseExpiry = 0x04;      // expires as the row's header says
constexpr uint8_t kOwnExpiry = 0x08;       // varint ttl, varint expiry
constexpr uint8_t kGroup = 0x10;           // a column of several cells
constexpr uint8_t kWritten = 0x10;         // of an element: as it was written, too
constexpr uint8_t kElementWritten = 0x01;  // the same in an element's own key
constexpr uint8_t kGroupDeletion = 0x20;
constexpr uint8_t kGroupSpilled = 0x40;  // the elements lie in keys of their own

// What most cells have in common, so that they need not say it.
struct Base {
  Timestamp stamp = 0;
  int32_t ttl = 0;
  Seconds expiry = 0;
};

Base choose_base(const Row& row) {
  Base base;
  if (row.marker.any()) {
    base.stamp = row.marker.stamp;
  } else if (!row.cells.empty()) {
    base.stamp = row.cells.front().stamp;
  } else if (row.deletion.any()) {
    base.stamp = row.deletion.stamp;
  } else if (!row.column_deletions.empty()) {
    base.stamp = row.column_deletions.front().deletion.stamp;
  }
  if (row.marker.any() && row.marker.ttl) {
    base.ttl = row.marker.ttl;
    base.expiry = row.marker.expiry;
    return base;
  }
  for (const Cell& c : row.cells) {
    if (c.ttl == 0) continue;
    base.ttl = c.ttl;
    base.expiry = c.expiry;
    break;
  }
  return base;
}

// Differences may wrap around: they are added back the same way.
int64_t difference(Timestamp a, Timestamp b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
Timestamp sum(Timestamp a, int64_t b) {
  return static_cast<Timestamp>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

void append_head(Bytes& out, const Base& base, Timestamp stamp, bool tombstone, int32_t ttl, Seconds expiry,
                 uint8_t head = 0) {
  if (stamp != base.stamp) head |= kOwnStamp;
  if (tombstone) head |= kTombstone;
  if (ttl) head |= ttl == base.ttl && expiry == base.expiry ? kBaseExpiry : kOwnExpiry;
  out.push_back(static_cast<char>(head));
  if (head & kOwnStamp) append_zigzag(out, difference(stamp, base.stamp));
  if (head & kTombstone) append_varint(out, static_cast<uint64_t>(expiry));
  if (head & kOwnExpiry) {
    append_varint(out, static_cast<uint32_t>(ttl));
    append_varint(out, static_cast<uint64_t>(expiry));
  }
}

void append_deletion(Bytes& out, const Base& base, const Deletion& deletion) {
  append_zigzag(out, difference(deletion.stamp, base.stamp));
  append_varint(out, static_cast<uint64_t>(deletion.local));
}

void append_cell(Bytes& out, const Base& base, const Cell& c) {
  append_head(out, base, c.stamp, c.tombstone, c.ttl, c.expiry, c.written.empty() ? 0 : kWritten);
}

// True: the row needs kVersionMore.
bool append_group(Bytes& out, const Base& base, const ColumnDeletion* deletion, bool spilled,
                  const Cell* first, const Cell* last) {
  out.push_back(static_cast<char>(kGroup | (deletion ? kGroupDeletion : 0) | (spilled ? kGroupSpilled : 0)));
  if (deletion) append_deletion(out, base, deletion->deletion);
  append_varint(out, static_cast<uint64_t>(last - first));
  bool more = spilled;
  for (; first != last; ++first) {
    append_cell(out, base, *first);
    append_block(out, first->path);
    if (!first->tombstone) append_block(out, first->value);
    if (first->written.empty()) continue;
    append_block(out, first->written);
    more = true;
  }
  return more;
}

Deletion read_deletion(ByteReader& in, const Base& base) {
  Deletion out;
  out.stamp = sum(base.stamp, in.zigzag());
  out.local = static_cast<Seconds>(in.varint());
  return out;
}

void read_head(ByteReader& in, const Base& base, uint8_t head, Cell& c) {
  c.stamp = head & kOwnStamp ? sum(base.stamp, in.zigzag()) : base.stamp;
  if (head & kTombstone) {
    c.tombstone = true;
    c.expiry = static_cast<Seconds>(in.varint());
  } else if (head & kBaseExpiry) {
    c.ttl = base.ttl;
    c.expiry = base.expiry;
  } else if (head & kOwnExpiry) {
    c.ttl = static_cast<int32_t>(in.varint());
    c.expiry = static_cast<Seconds>(in.varint());
  }
}

void read_group(ByteReader& in, const Base& base, uint8_t head, ColumnId column, Row& row) {
  if (head & kGroupDeletion) row.column_deletions.push_back({column, read_deletion(in, base)});
  if (head & kGroupSpilled) row.spilled.push_back(column);
  for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    Cell& c = row.cells.emplace_back();
    c.column = column;
    const uint8_t cell_head = in.byte();
    read_head(in, base, cell_head, c);
    c.path = in.block();
    if (!c.tombstone) c.value = in.block();
    if (cell_head & kWritten) c.written = in.block();
  }
}

}  // namespace

void encode_row(const Row& row, Bytes& out) {
  const Base base = choose_base(row);
  const size_t start = out.size();
  out.push_back(static_cast<char>(kVersion | (row.marker.any() ? kHasMarker : 0) |
                                  (row.deletion.any() ? kHasDeletion : 0) | (base.ttl ? kHasBaseTtl : 0)));
  append_le(out, base.stamp);
  if (base.ttl) {
    append_varint(out, static_cast<uint32_t>(base.ttl));
    append_varint(out, static_cast<uint64_t>(base.expiry));
  }
  if (row.marker.any()) append_head(out, base, row.marker.stamp, false, row.marker.ttl, row.marker.expiry);
  if (row.deletion.any()) append_deletion(out, base, row.deletion);

  const Cell* cell = row.cells.data();
  const Cell* const end = cell + row.cells.size();
  auto deletion = row.column_deletions.begin();
  auto spilled = row.spilled.begin();
  while (cell != end || deletion != row.column_deletions.end() || spilled != row.spilled.end()) {
    ColumnId column(UINT32_MAX);
    if (cell != end) column = cell->column;
    if (deletion != row.column_deletions.end()) column = std::min(column, deletion->column);
    if (spilled != row.spilled.end()) column = std::min(column, *spilled);
    const bool has_deletion = deletion != row.column_deletions.end() && deletion->column == column;
    const bool is_spilled = spilled != row.spilled.end() && *spilled == column;
    append_varint(out, column.value);
    if (!has_deletion && !is_spilled && cell->path.empty()) {
      append_cell(out, base, *cell);
      if (!cell->tombstone) append_block(out, cell->value);
      ++cell;
      continue;
    }
    const Cell* last = cell;
    while (last != end && last->column == column) ++last;
    if (append_group(out, base, has_deletion ? &*deletion : nullptr, is_spilled, cell, last)) {
      out[start] = static_cast<char>((out[start] & ~kVersionMask) | kVersionMore);
    }
    cell = last;
    if (has_deletion) ++deletion;
    if (is_spilled) ++spilled;
  }
}

bool decode_row(BytesView bytes, Row& row) {
  row.clear();
  ByteReader in(bytes);
  const uint8_t flags = in.byte();
  const uint8_t version = flags & kVersionMask;
  if (version != kVersion && version != kVersionMore) return false;
  Base base;
  base.stamp = in.le<int64_t>();
  if (flags & kHasBaseTtl) {
    base.ttl = static_cast<int32_t>(in.varint());
    base.expiry = static_cast<Seconds>(in.varint());
  }
  if (flags & kHasMarker) {
    Cell c;
    read_head(in, base, in.byte(), c);
    row.marker = {c.stamp, c.ttl, c.expiry};
  }
  if (flags & kHasDeletion) row.deletion = read_deletion(in, base);
  while (!in.done()) {
    const ColumnId column(static_cast<uint32_t>(in.varint()));
    const uint8_t head = in.byte();
    if (head & kGroup) {
      read_group(in, base, head, column, row);
      continue;
    }
    Cell& c = row.cells.emplace_back();
    c.column = column;
    read_head(in, base, head, c);
    if (!c.tombstone) c.value = in.block();
  }
  return !in.failed();
}

void encode_element(const Cell& element, Bytes& out) {
  const uint8_t head =
      static_cast<uint8_t>((element.written.empty() ? 0 : kElementWritten) |
                           (element.tombstone ? kTombstone : 0) | (element.ttl ? kOwnExpiry : 0));
  out.push_back(static_cast<char>(kVersion | head));
  append_le(out, element.stamp);
  if (head & kTombstone) append_varint(out, static_cast<uint64_t>(element.expiry));
  if (head & kOwnExpiry) {
    append_varint(out, static_cast<uint32_t>(element.ttl));
    append_varint(out, static_cast<uint64_t>(element.expiry));
  }
  if (head & kElementWritten) append_block(out, element.written);
  out.append(element.value);
}

bool decode_element(BytesView bytes, Cell& element) {
  ByteReader in(bytes);
  const uint8_t head = in.byte();
  if ((head & kVersionMask) != kVersion) return false;
  element.stamp = in.le<int64_t>();
  element.tombstone = head & kTombstone;
  if (head & kTombstone) element.expiry = static_cast<Seconds>(in.varint());
  if (head & kOwnExpiry) {
    element.ttl = static_cast<int32_t>(in.varint());
    element.expiry = static_cast<Seconds>(in.varint());
  }
  if (head & kElementWritten) element.written = in.block();
  element.value = in.rest();
  return !in.failed();
}

}  // namespace keyzone::storage
