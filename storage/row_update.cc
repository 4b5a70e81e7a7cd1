#include "storage/row_update.h"

#include <algorithm>

#include "schema/types/collections.h"

namespace keyzone::storage {
namespace {

constexpr uint64_t kListMiddle = uint64_t{1} << 62;  // positions of what was prepended lie below

class Builder {
 public:
  Builder(const UpdateContext& context, const ColumnIndex& columns, const Sight& sight, Row& stored,
          Row& update, std::deque<Bytes>& arena)
      : context_(context),
        columns_(columns),
        sight_(sight),
        stored_(stored),
        update_(update),
        arena_(arena) {}

  Result<void> add(const CellWrite& write) {
    const Column* column = columns_.find(write.column);
    if (!column) return invalid("Undefined column " + std::to_string(write.column.value));
    switch (write.action) {
      case CellAction::kSet:
      case CellAction::kPutElement:
        put(write.column, write.path, write.value);
        return {};
      case CellAction::kDelete:
      case CellAction::kDeleteElement:
        remove(write.column, write.path);
        return {};
      case CellAction::kDeleteAll: {
        const Timestamp stamp = context_.stamp - (write.overwrite ? 1 : 0);
        update_.column_deletions.push_back({write.column, {stamp, context_.made()}});
        return {};
      }
      case CellAction::kAddCounter:
        return add_counter(write);
      case CellAction::kListAppend:
        return append_list(*column, write, kListMiddle + time(), context_.ordinal);
      case CellAction::kListPrepend:
        return append_list(*column, write, kListMiddle - time(), ~context_.ordinal);
      case CellAction::kListSetIndex: {
        KEYZONE_TRY(cell, at_index(*column, write.index, "set an element on"));
        put(write.column, cell->path, write.value);
        return {};
      }
      case CellAction::kListDeleteIndex: {
        KEYZONE_TRY(cell, at_index(*column, write.index, "delete an element from"));
        remove(write.column, cell->path);
        return {};
      }
      case CellAction::kListDiscard:
        return discard(*column, write);
    }
    return invalid("unknown action");
  }

 private:
  uint64_t time() const { return static_cast<uint64_t>(context_.made_stamp); }

  void put(ColumnId column, BytesView path, BytesView value) {
    Cell& c = update_.cells.emplace_back();
    c.column = column;
    c.stamp = context_.stamp;
    c.ttl = context_.ttl;
    c.expiry = context_.expiry();
    c.path = path;
    c.value = value;
  }

  void remove(ColumnId column, BytesView path) {
    Cell& c = update_.cells.emplace_back();
    c.column = column;
    c.stamp = context_.stamp;
    c.tombstone = true;
    c.expiry = context_.made();
    c.path = path;
  }

  Result<void> add_counter(const CellWrite& write) {
    if (write.value.size() != sizeof(int64_t)) return invalid("Expected 8 bytes for a counter");
    auto sum = load_be<uint64_t>(write.value.data());
    const auto earlier = std::find_if(update_.cells.begin(), update_.cells.end(), [&](const Cell& c) {
      return c.column == write.column && !c.tombstone;
    });
    if (earlier != update_.cells.end()) {
      sum += load_be<uint64_t>(earlier->value.data());
      update_.cells.erase(earlier);
    }
    Timestamp stamp = context_.stamp;
    const auto [first, last] = stored_.find(write.column);
    if (first != last && sight_.sees(*first) && first->value.size() == sizeof(int64_t)) {
      sum += load_be<uint64_t>(first->value.data());
      stamp = std::max(stamp, first->stamp);
      stored_.cells.erase(stored_.cells.begin() + (first - stored_.cells.data()));
    }
    append_be(arena_.emplace_back(), sum);
    put(write.column, {}, arena_.back());
    update_.cells.back().stamp = stamp;
    return {};
  }

  Result<void> append_list(const Column& column, const CellWrite& write, uint64_t major, uint32_t minor) {
    CollectionReader elements(*column.type, write.value);
    BytesView element;
    for (uint32_t i = 0; elements.next(element); ++i) {
      Bytes& path = arena_.emplace_back();
      append_be(path, major);
      append_be(path, minor);
      append_be(path, i);
      if (context_.nonce) append_be(path, *context_.nonce);
      put(column.id, path, element);
    }
    if (elements.failed()) return invalid("Invalid list value for column " + column.name);
    return {};
  }

  Result<const Cell*> at_index(const Column& column, int32_t index, const char* doing) {
    const auto cells = live_elements(stored_, column, sight_);
    if (cells.empty()) return invalid(std::string("Attempted to ") + doing + " a list which is null");
    if (index < 0 || static_cast<size_t>(index) >= cells.size()) {
      return invalid("List index " + std::to_string(index) + " out of bound, list has size " +
                     std::to_string(cells.size()));
    }
    return cells[static_cast<size_t>(index)];
  }

  Result<void> discard(const Column& column, const CellWrite& write) {
    KEYZONE_TRY(values, split_collection(*column.type, write.value));
    for (const Cell* c : live_elements(stored_, column, sight_)) {
      if (std::find(values.begin(), values.end(), c->value) != values.end()) remove(column.id, c->path);
    }
    return {};
  }

  const UpdateContext& context_;
  const ColumnIndex& columns_;
  const Sight& sight_;
  Row& stored_;
  Row& update_;
  std::deque<Bytes>& arena_;
};

}  // namespace

bool needs_stored(const RowWrite& write) {
  return std::any_of(write.cells.begin(), write.cells.end(), [](const CellWrite& c) {
    return c.action == CellAction::kAddCounter || c.action == CellAction::kListSetIndex ||
           c.action == CellAction::kListDeleteIndex || c.action == CellAction::kListDiscard;
  });
}

bool is_complete(const RowWrite& write, const Row& update, const ColumnIndex& columns) {
  if (write.action == RowAction::kDeleteRow) return true;
  if (write.is_static ? columns.statics() == 0 : !write.marker) return false;
  size_t simple = 0;
  for (const Cell& c : update.cells) simple += c.path.empty() && is_column(c);
  return simple + update.column_deletions.size() ==
         (write.is_static ? columns.statics() : columns.regulars());
}

Result<void> build_update(const RowWrite& write, const UpdateContext& context, const ColumnIndex& columns,
                          const Sight& sight, Row& stored, Row& update, std::deque<Bytes>& arena) {
  update.clear();
  if (write.action == RowAction::kDeleteRow) {
    update.deletion = {context.stamp, context.made()};
    return {};
  }
  if (write.marker && !write.is_static) {
    update.marker = {context.stamp, context.ttl, context.expiry()};
  }
  update.cells.reserve(write.cells.size());
  Builder builder(context, columns, sight, stored, update, arena);
  for (const CellWrite& cell : write.cells) KEYZONE_CHECK(builder.add(cell));
  normalize(update);
  return {};
}

}  // namespace keyzone::storage
