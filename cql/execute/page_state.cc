#include "cql/execute/page_state.h"

namespace keyzone::cql {
namespace {
constexpr uint8_t kVersion = 1;
}

Bytes encode_page_state(const PageState& state) {
  Bytes out(1, static_cast<char>(kVersion));
  append_varint(out, state.limit_left ? *state.limit_left + 1 : 0);
  append_block(out, encode_position(state.position));
  return out;
}

Result<PageState> decode_page_state(BytesView bytes) {
  const Error refused{ErrorKind::kProtocol, "Invalid value for the paging state"};
  ByteReader in(bytes);
  const uint8_t version = in.byte();
  const uint64_t limit = in.varint();
  const BytesView position = in.block();
  if (in.failed() || !in.done() || version != kVersion) return refused;
  auto decoded = decode_position(position);
  if (!decoded) return refused;
  PageState state;
  if (limit > 0) state.limit_left = limit - 1;
  state.position = *std::move(decoded);
  return state;
}

}  // namespace keyzone::cql
