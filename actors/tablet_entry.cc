#include "actors/tablet.h"

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

Result<CommandsEntry> decode_commands(BytesView payload) {
  ByteReader in(payload);
  CommandsEntry entry;
  if (in.byte() != kCommandsEntry) return Error{ErrorKind::kCorrupt, "an entry holds no commands"};
  entry.stamp = in.zigzag();
  const uint64_t count = in.varint();
  if (in.failed() || count > in.left()) return Error{ErrorKind::kCorrupt, "an entry is cut short"};
  entry.commands.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const BytesView block = in.block();
    if (in.failed()) return Error{ErrorKind::kCorrupt, "an entry is cut short"};
    KEYZONE_TRY(command, decode_command(block));
    entry.commands.push_back(std::move(command));
  }
  return entry;
}

}  // namespace keyzone::actors
