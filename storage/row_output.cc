#include "storage/row_output.h"

#include <algorithm>

#include "schema/compact_rows.h"

namespace keyzone::storage {
namespace {

constexpr int32_t kNullLength = -1;

// Values of user types come back as they were written last: with the fields that the type has got since.
bool has_user_type_in_clustering(const Table& table) {
  for (size_t i = 0; i < table.clustering_size; ++i) {
    if (table.clustering(i).type->references(TypeKind::kUser)) return true;
  }
  return false;
}

void append_value(Bytes& out, BytesView value) {
  append_be(out, static_cast<int32_t>(value.size()));
  out.append(value);
}

// All fields, as Cassandra sends a user type that is not frozen.
void append_fields(const Type& type, const std::vector<const Cell*>& cells, Bytes& out) {
  auto cell = cells.begin();
  for (size_t field = 0; field < type.parameters().size(); ++field) {
    while (cell != cells.end() && (*cell)->path.size() == 2 &&
           load_be<uint16_t>((*cell)->path.data()) < field)
      ++cell;
    if (cell != cells.end() && (*cell)->path.size() == 2 &&
        load_be<uint16_t>((*cell)->path.data()) == field) {
      append_value(out, (*cell)->value);
    } else {
      append_be(out, kNullLength);
    }
  }
}

// A set's element or a map's key. Rows of version 1 have an element that its path doesn't give in its cell's
// value.
void append_written(const Type& type, const Cell& c, Bytes& out) {
  if (!c.written.empty()) return append_value(out, c.written);
  const bool in_value = type.kind() == TypeKind::kSet && !c.value.empty();
  append_value(out, in_value ? c.value : path_value(*type.parameters()[0], c.path));
}

void append_elements(const Type& type, const std::vector<const Cell*>& cells, Bytes& out) {
  append_be(out, static_cast<int32_t>(cells.size()));
  for (const Cell* c : cells) {
    if (type.kind() != TypeKind::kList) append_written(type, *c, out);
    if (type.kind() != TypeKind::kSet) append_value(out, c->value);
  }
}

void append_metadata(const Row& row, const Column& column, const Sight& whole, Bytes& out) {
  const Sight sight = whole.of(column);
  const auto [first, last] = row.find(column.id);
  const auto count = std::count_if(first, last, [&](const Cell& c) { return sight.sees(c); });
  append_varint(out, static_cast<uint64_t>(count));
  for (const Cell* c = first; c != last; ++c) {
    if (!sight.sees(*c)) continue;
    append_zigzag(out, c->stamp);
    append_zigzag(out, c->ttl ? c->expiry : 0);
  }
}

}  // namespace

ColumnIndex::ColumnIndex(const Table& table)
    : rows_may_end_early_(keyzone::rows_may_end_early(table)),
      may_meet_clustering_as_written_(keyzone::may_meet_clustering_as_written(table) &&
                                      !has_user_type_in_clustering(table)) {
  static const Column kAsWritten{kClusteringAsWritten, "", native_type(TypeKind::kBlob)};
  if (keeps_clustering_as_written(table)) by_id_.push_back(&kAsWritten);
  for (const Column& column : table.columns) {
    if (column.id.value >= by_id_.size()) by_id_.resize(column.id.value + 1);
    by_id_[column.id.value] = &column;
    statics_ += column.kind == ColumnKind::kStatic;
    regulars_ += column.kind == ColumnKind::kRegular;
  }
  for (const DroppedColumn& column : table.dropped) {
    (column.kind == ColumnKind::kStatic ? statics_wait_ : regulars_wait_) |= column.as_of;
  }
}

bool is_live(const Row& row, const Sight& sight, const ColumnIndex& columns) {
  if (row.marker.live(sight.now) && row.marker.stamp > sight.deleted) return true;
  return std::any_of(row.cells.begin(), row.cells.end(), [&](const Cell& c) {
    if (!is_column(c) || !sight.sees(c)) return false;
    const Column* column = columns.find(c.column);
    return column && c.stamp > column->dropped_at;
  });
}

uint64_t count_tombstones(const Row& row, const Sight& sight, bool live) {
  const auto above = [&](Timestamp stamp) { return stamp > sight.deleted; };
  const auto dead = std::count_if(row.cells.begin(), row.cells.end(),
                                  [&](const Cell& c) { return above(c.stamp) && !c.live(sight.now); });
  if (dead > 0 || live) return static_cast<uint64_t>(dead);
  const bool collections = std::any_of(row.column_deletions.begin(), row.column_deletions.end(),
                                       [&](const auto& column) { return above(column.deletion.stamp); });
  const bool expired = row.marker.any() && above(row.marker.stamp);
  return collections || expired || (row.deletion.any() && above(row.deletion.stamp)) ? 1 : 0;
}

std::vector<const Cell*> live_elements(const Row& row, const Column& column, const Sight& whole) {
  const Sight sight = whole.of(column);
  std::vector<const Cell*> out;
  const auto [first, last] = row.find(column.id);
  for (const Cell* c = first; c != last; ++c) {
    if (sight.sees(*c)) out.push_back(c);
  }
  return out;
}

Bytes path_value(const Type& type, BytesView path) {
  ByteReader in(path);
  Bytes out;
  KEYZONE_ASSERT(type.read_ordered(in, false, out));
  return out;
}

std::optional<BytesView> column_value(const Row& row, const Column& column, const Sight& sight,
                                      Bytes& scratch) {
  if (!column.type->is_multi_cell()) {
    const auto [first, last] = row.find(column.id);
    if (first == last || !sight.of(column).sees(*first)) return std::nullopt;
    return first->value;
  }
  const auto cells = live_elements(row, column, sight);
  if (cells.empty()) return std::nullopt;
  scratch.clear();
  if (column.type->is_user_type()) {
    append_fields(*column.type, cells, scratch);
  } else {
    append_elements(*column.type, cells, scratch);
  }
  return scratch;
}

Projection::Projection(const ColumnIndex& index, std::span<const ColumnId> columns,
                       std::span<const ColumnId> with_metadata)
    : columns_(columns.begin(), columns.end()), with_metadata_(with_metadata.begin(), with_metadata.end()) {
  for (const ColumnId id : columns) {
    const Column* column = index.find(id);
    if (!column || (column->kind != ColumnKind::kStatic && column->kind != ColumnKind::kRegular)) {
      valid_ = false;
      return;
    }
    const bool metadata = std::find(with_metadata.begin(), with_metadata.end(), id) != with_metadata.end();
    (column->kind == ColumnKind::kStatic ? statics_ : regulars_).push_back({column, metadata});
  }
}

bool Projection::is_of(std::span<const ColumnId> columns, std::span<const ColumnId> with_metadata) const {
  return std::ranges::equal(columns, columns_) && std::ranges::equal(with_metadata, with_metadata_);
}

void Projection::append(const std::vector<Wanted>& wanted, const Row* row, const Sight& sight, Bytes& out) {
  for (const Wanted& w : wanted) {
    const auto value = row ? column_value(*row, *w.column, sight, scratch_) : std::nullopt;
    append_varint(out, value ? value->size() + 1 : 0);
    if (!value) continue;
    out.append(*value);
    if (w.metadata) append_metadata(*row, *w.column, sight, out);
  }
}

}  // namespace keyzone::storage
