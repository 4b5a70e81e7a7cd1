// Writes that depend on what was there before: lists by index or value, and sums.
#include <algorithm>

#include "storage/replica.h"

namespace keyzone::storage {
namespace {

bool looks_into(const RowWrite& write, ColumnId column) {
  return std::any_of(write.cells.begin(), write.cells.end(),
                     [column](const CellWrite& c) { return c.column == column && looks_back(c.action); });
}

// What `write` does to columns that it looks into, said of elements by their paths, as `update` has it.
void name_elements(const Row& update, RowWrite& write) {
  std::vector<CellWrite> cells;
  for (const Cell& c : update.cells) {
    if (!looks_into(write, c.column)) continue;
    const CellAction action = c.tombstone ? CellAction::kDeleteElement : CellAction::kPutElement;
    cells.push_back({c.column, action, false, 0, Bytes(c.path), Bytes(c.value)});
  }
  for (CellWrite& c : write.cells) {
    if (c.action == CellAction::kDeleteAll || !looks_into(write, c.column)) cells.push_back(c);
  }
  write.cells = std::move(cells);
}

}  // namespace

Result<void> Replica::look_back(const Command& command, UpdateContext context) {
  looked_back_.clear();
  for (const Mutation& mutation : command.mutations) {
    context = context.of(mutation);
    for (const RowWrite& write : mutation.rows) {
      if (looks_back(write)) {
        KEYZONE_TRY(place, place_of(mutation, write));
        const Sight sight{context.seen_at(), place.above.stamp};
        KEYZONE_CHECK(load_for_update(place, write, sight));
        KEYZONE_CHECK(build_update(write, context, columns_, sight, seen_by_update(),
                                   looked_back_[context.ordinal], arena_));
      }
      ++context.ordinal;
    }
  }
  return {};
}

Result<Command> Replica::look_up(Command command, Timestamp now) {
  arena_.clear();
  KEYZONE_CHECK(look_back(command, context_of(command, now)));
  uint32_t ordinal = 0;
  for (Mutation& mutation : command.mutations) {
    for (RowWrite& write : mutation.rows) {
      const auto found = looked_back_.find(ordinal++);
      if (found != looked_back_.end()) name_elements(found->second, write);
    }
  }
  looked_back_.clear();
  return command;
}

}  // namespace keyzone::storage
