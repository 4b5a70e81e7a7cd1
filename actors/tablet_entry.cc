#include "actors/tablet_entry.h"

namespace keyzone::actors {

Bytes encode_commands(Timestamp stamp, const std::vector<BytesView>& commands) {
  size_t size = 16;
  for (const auto command : commands) size += command.size() + 5;
  Bytes out;
  out.reserve(size);
  out.push_back(static_cast<char>(kCommandsEntry));
  append_zigzag(out, stamp);
  append_varint(out, commands.size());
  for (const auto command : commands) append_block(out, command);
  return out;
}

Command& CommandPool::next(size_t encoded_bytes) {
  if (encoded_bytes > kKeptBytesMax || used_ == kKept) return large_.emplace_back();
  return used_ < kept_.size() ? kept_[used_++] : (++used_, kept_.emplace_back());
}

void CommandPool::clear() {
  used_ = 0;
  large_.clear();
}

Result<void> decode_commands(BytesView payload, LogIndex index, CommandPool& pool,
                             std::vector<storage::StampedCommand>& out) {
  ByteReader in(payload);
  if (in.byte() != kCommandsEntry) return Error{ErrorKind::kCorrupt, "an entry holds no commands"};
  Timestamp stamp = in.zigzag();
  const uint64_t count = in.varint();
  if (in.failed() || count > in.left()) return Error{ErrorKind::kCorrupt, "an entry is cut short"};
  for (uint64_t i = 0; i < count; ++i) {
    const BytesView block = in.block();
    if (in.failed()) return Error{ErrorKind::kCorrupt, "an entry is cut short"};
    Command& command = pool.next(block.size());
    KEYZONE_CHECK(decode_command(block, command));
    out.push_back({index, stamp++, &command});
  }
  return {};
}

}  // namespace keyzone::actors
