// What a tablet's log entries hold.
//   commands: 01, zigzag stamp of the first, varint count, then each command as a block; the i-th is stamped
//   stamp + i
//   schema:   02, encode_change() of a change that puts the table's new definition
// Example: two commands of 3 and 2 bytes, stamped 5 and 6: 01 0a 02 03 xx xx xx 02 yy yy
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "schema/command.h"
#include "storage/table.h"

namespace keyzone::actors {

inline constexpr uint8_t kCommandsEntry = 1;
inline constexpr uint8_t kSchemaEntry = 2;

Bytes encode_commands(Timestamp stamp, const std::vector<BytesView>& commands);

// Commands as decoded for one call of apply(). Those after clear() take the memory of those before, as far as
// it is little.
class CommandPool {
 public:
  Command& next(size_t encoded_bytes);  // of what it is for; stays where it is until clear()
  void clear();

 private:
  static constexpr size_t kKept = 1024;             // commands
  static constexpr size_t kKeptBytesMax = 4 << 10;  // encoded, of each
  std::deque<Command> kept_, large_;
  size_t used_ = 0;  // of kept_
};

// Appends what the entry at `index` carries to `out`. Errors: kCorrupt (some of it may be in `out`).
Result<void> decode_commands(BytesView payload, LogIndex index, CommandPool& pool,
                             std::vector<storage::StampedCommand>& out);

// What one call of a tablet's apply() works in. One for all tablets of a shard, on its thread: its memory is
// used again.
struct ApplyScratch {
  CommandPool pool;
  std::vector<storage::StampedCommand> commands;  // of `pool`
  leveldb::WriteBatch batch;

  void clear() {
    pool.clear();
    commands.clear();
    batch.Clear();
  }
};

}  // namespace keyzone::actors
