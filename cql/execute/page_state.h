// Where the next page begins. Bytes: version 1, varint rows left of LIMIT + 1 (0: no limit), block
// ReadPosition. Not authenticated here: the session signs what goes out and checks what comes back.
#pragma once
#include <optional>

#include "schema/read.h"

namespace keyzone::cql {

struct PageState {
  std::optional<uint64_t> limit_left;
  ReadPosition position;
};
Bytes encode_page_state(const PageState& state);
Result<PageState> decode_page_state(BytesView bytes);  // kProtocol: "Invalid value for the paging state"

}  // namespace keyzone::cql
