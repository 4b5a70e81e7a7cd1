#include "storage/row_update.h"

#include <algorithm>

#include "schema/types/collections.h"
#include "schema/types/sum.h"

namespace keyzone::storage {
namespace {

constexpr uint64_t kListMiddle = uint64_t{1} << 62;    // positions of what was prepended lie below
constexpr uint32_t kFirstElement = uint32_t{1} << 31;  // of a row write; what it prepends later lies below

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

  // A row that lives keeps the clustering values that it came with, whatever this write calls it.
  void keep_clustering_as_written(bool complete) {
    std::erase_if(update_.cells, [](const Cell& c) { return !is_column(c); });
    const auto [first, last] = stored_.find(kClusteringAsWritten);
    if (first == last || !sight_.sees(*first)) return;
    if (!complete && first->ttl == 0) return;  // it stays in the row
    const Cell kept = *first;
    put(kClusteringAsWritten, {}, arena_.emplace_back(kept.value));
    Cell& c = update_.cells.back();
    if (complete || c.ttl == 0 || c.expiry >= kept.expiry) return;
    c.ttl = kept.ttl;
    c.expiry = kept.expiry;
  }

  Result<void> add(const CellWrite& write) {
    const Column* column = columns_.find(write.column);
    if (!column) return invalid("Undefined column " + std::to_string(write.column.value));
    switch (write.action) {
      case CellAction::kSet:
      case CellAction::kPutElement:
        put(write.column, write.path, write.value);
        update_.cells.back().written = write.written;
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
        return append_list(*column, write);
      case CellAction::kListPrepend:
        return prepend_list(*column, write);
      case CellAction::kListSetIndex: {
        KEYZONE_TRY(path, path_at(*column, write.index, "set an element on"));
        put(write.column, path, write.value);
        return {};
      }
      case CellAction::kListDeleteIndex: {
        KEYZONE_TRY(path, path_at(*column, write.index, "delete an element from"));
        remove(write.column, path);
        return {};
      }
      case CellAction::kListClearIndex: {
        KEYZONE_TRY(path, path_at(*column, write.index, "set an element on"));
        remove(write.column, path);
        return {};
      }
      case CellAction::kListTouchIndex:
        KEYZONE_CHECK(path_at(*column, write.index, "set an element on"));
        return {};
      case CellAction::kListDiscard:
        return discard(*column, write);
      case CellAction::kAddValue:
        return add_value(*column, write);
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

  Result<void> append_list(const Column& column, const CellWrite& write) {
    KEYZONE_TRY(elements, split_collection(*column.type, write.value));
    put_list(column, elements, kListMiddle + time(), context_.ordinal, kFirstElement + appended_);
    appended_ += static_cast<uint32_t>(elements.size());
    return {};
  }

  Result<void> prepend_list(const Column& column, const CellWrite& write) {
    KEYZONE_TRY(elements, split_collection(*column.type, write.value));
    prepended_ += static_cast<uint32_t>(elements.size());
    put_list(column, elements, kListMiddle - time(), ~context_.ordinal, kFirstElement - prepended_);
    return {};
  }

  void put_list(const Column& column, const std::vector<BytesView>& elements, uint64_t major, uint32_t minor,
                uint32_t number) {
    for (const BytesView element : elements) {
      Bytes& path = arena_.emplace_back();
      append_be(path, major);
      append_be(path, minor);
      append_be(path, number++);
      if (context_.nonce) append_be(path, *context_.nonce);
      put(column.id, path, element);
    }
  }

  // The row as it would be if the write ended here: list indexes and sums count what the same write has done.
  const Row& row_so_far() {
    if (update_.cells.empty() && update_.column_deletions.empty()) return stored_;
    Row written = update_;
    normalize(written);
    merge(stored_, written, so_far_);
    return so_far_;
  }

  // The path stays, wherever the row goes.
  Result<BytesView> path_at(const Column& column, int32_t index, const char* doing) {
    const auto cells = live_elements(row_so_far(), column, sight_);
    if (cells.empty()) return invalid(std::string("Attempted to ") + doing + " a list which is null");
    if (index < 0 || static_cast<size_t>(index) >= cells.size()) {
      return invalid("List index " + std::to_string(index) + " out of bound, list has size " +
                     std::to_string(cells.size()));
    }
    return BytesView(arena_.emplace_back(cells[static_cast<size_t>(index)]->path));
  }

  Result<void> discard(const Column& column, const CellWrite& write) {
    KEYZONE_TRY(values, split_collection(*column.type, write.value));
    for (const Cell* c : live_elements(row_so_far(), column, sight_)) {
      if (std::find(values.begin(), values.end(), c->value) == values.end()) continue;
      remove(column.id, arena_.emplace_back(c->path));
    }
    return {};
  }

  Result<void> add_value(const Column& column, const CellWrite& write) {
    Bytes scratch;
    const auto present = column_value(row_so_far(), column, sight_, scratch);
    const TypeKind kind = column.type->kind();
    const bool text = kind == TypeKind::kText || kind == TypeKind::kAscii;
    if (!present || (present->empty() && !text)) return {};
    KEYZONE_TRY(sum, sum_of(kind, *present, write.value));
    put(write.column, {}, arena_.emplace_back(std::move(sum)));
    return {};
  }

  const UpdateContext& context_;
  const ColumnIndex& columns_;
  const Sight& sight_;
  Row& stored_;
  Row& update_;
  std::deque<Bytes>& arena_;
  Row so_far_;
  uint32_t appended_ = 0, prepended_ = 0;  // list elements so far
};

}  // namespace

UpdateContext context_of(const Command& command, Timestamp leader_stamp) {
  UpdateContext context;
  context.leader_stamp = context.made_stamp = context.stamp = leader_stamp;
  if (command.batch) {
    context.made_stamp = command.batch->stamp;
    context.nonce = command.batch->nonce;
  }
  return context;
}

bool needs_stored(const RowWrite& write, const ColumnIndex& columns) {
  if (write.action == RowAction::kUpsert && !write.is_static && columns.may_meet_clustering_as_written())
    return true;
  return std::any_of(write.cells.begin(), write.cells.end(), [](const CellWrite& c) {
    return c.action == CellAction::kAddCounter || looks_back(c.action);
  });
}

bool is_complete(const RowWrite& write, const Row& update, const ColumnIndex& columns) {
  if (write.action == RowAction::kDeleteRow) return true;
  if (columns.some_wait(write.is_static)) return false;
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
  const bool keeps =
      !write.is_static && columns.may_meet_clustering_as_written() && is_live(stored, sight, columns);
  for (const CellWrite& cell : write.cells) KEYZONE_CHECK(builder.add(cell));
  if (keeps) builder.keep_clustering_as_written(is_complete(write, update, columns));
  normalize(update);
  return {};
}

}  // namespace keyzone::storage
