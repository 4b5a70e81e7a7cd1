#include "cql/select/slots.h"

#include <algorithm>

#include "schema/clustering_as_written.h"

namespace keyzone::cql {

size_t SlotTable::add(const Column& column) {
  const size_t slot = add_in_parts(column);
  whole_[slot] = true;
  return slot;
}

size_t SlotTable::add_in_parts(const Column& column) {
  const auto found = std::find(columns_.begin(), columns_.end(), &column);
  if (found != columns_.end()) return static_cast<size_t>(found - columns_.begin());
  columns_.push_back(&column);
  stamps_.push_back(false);
  whole_.push_back(false);
  return columns_.size() - 1;
}

void SlotTable::add_part(const Column& column, ExpressionPtr from, ExpressionPtr to) {
  parts_.push_back({add_in_parts(column), std::move(from), std::move(to)});
}

size_t SlotTable::add_stamps(const Column& column) {
  const size_t slot = add_in_parts(column);
  stamps_[slot] = true;
  return slot;
}

std::vector<ElementRange> SlotTable::elements(EvalContext& context) const {
  std::vector<ElementRange> out;
  for (const Part& part : parts_) {
    const Column& column = *columns_[part.slot];
    if (whole_[part.slot] || !column.type->is_multi_cell()) continue;
    const Type& key_type = *column.type->parameters()[0];
    ElementRange range{column.id, {}, {}};
    for (const auto& [expression, path] :
         {std::pair(&part.from, &range.from), std::pair(&part.to, &range.to)}) {
      if (!*expression) continue;
      const auto key = (*expression)->evaluate(context);
      if (key && key->is_set()) key_type.append_ordered(key->bytes, false, *path);
    }
    if (!range.to.empty()) range.to = path_behind(std::move(range.to));  // the end is among them
    out.push_back(std::move(range));
  }
  return out;
}

void SlotTable::finish() {
  auto place = [](std::vector<std::optional<size_t>>& slots, uint32_t position, size_t slot) {
    if (slots.size() <= position) slots.resize(position + 1);
    slots[position] = slot;
  };
  for (size_t slot = 0; slot < columns_.size(); ++slot) {
    const Column& column = *columns_[slot];
    needs_rows_ =
        needs_rows_ || column.kind == ColumnKind::kClustering || column.kind == ColumnKind::kRegular;
    if (column.kind == ColumnKind::kPartitionKey) {
      place(partition_slots_, column.position, slot);
    } else if (column.kind == ColumnKind::kClustering) {
      place(clustering_slots_, column.position, slot);
    } else {
      fetched_.push_back(column.id);
      if (stamps_[slot]) with_stamps_.push_back(column.id);
      (column.kind == ColumnKind::kStatic ? static_cells_ : regular_cells_).push_back({slot, stamps_[slot]});
    }
  }
  fetches_clustering_as_written_ = !clustering_slots_.empty() && keeps_clustering_as_written(*table_);
  if (fetches_clustering_as_written_) fetched_.insert(fetched_.begin(), kClusteringAsWritten);
}

}  // namespace keyzone::cql
