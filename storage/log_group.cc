#include "storage/log_group.h"

namespace keyzone::storage {

namespace {

constexpr uint8_t kVoteDamaged = 1;
constexpr uint8_t kAllDamaged = 2;

}  // namespace

Bytes encode_hard_state(const HardState& state) {
  Bytes out;
  append_le<uint64_t>(out, state.vote.value);
  append_le<uint64_t>(out, state.commit.value);
  return out;
}

bool decode_hard_state(uint64_t term, BytesView payload, HardState* state) {
  ByteReader reader(payload);
  state->term = Term(term);
  state->vote = NodeId(reader.le<uint64_t>());
  state->commit = LogIndex(reader.le<uint64_t>());
  return !reader.failed() && reader.done();
}

Bytes encode_group_state(const GroupLog& group) {
  Bytes out;
  append_le<uint64_t>(out, group.hard.term.value);
  append_block(out, encode_hard_state(group.hard));
  out.push_back(
      static_cast<char>((group.vote_damaged ? kVoteDamaged : 0) | (group.all_damaged ? kAllDamaged : 0)));
  append_block(out, group.trim.configuration);
  append_block(out, group.info);
  return out;
}

bool decode_group_state(const RecordHeader& header, BytesView payload, GroupLog* group) {
  ByteReader reader(payload);
  const uint64_t term = reader.le<uint64_t>();
  if (!decode_hard_state(term, reader.block(), &group->hard)) return false;
  const uint8_t flags = reader.byte();
  group->vote_damaged = (flags & kVoteDamaged) != 0;
  group->all_damaged = group->all_damaged || (flags & kAllDamaged) != 0;
  group->trim = {LogIndex(header.index), Term(header.term), Bytes(reader.block())};
  group->info = Bytes(reader.block());
  return !reader.failed() && reader.done();
}

Bytes encode_metadata(BytesView name, BytesView value) {
  Bytes out;
  append_block(out, name);
  append_block(out, value);
  return out;
}

}  // namespace keyzone::storage
