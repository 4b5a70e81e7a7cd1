// Bytes as hexadecimal text.
#pragma once
#include <optional>

#include "schema/bytes.h"

namespace keyzone {

std::string to_hex(BytesView bytes);                   // lower-case, no prefix
std::optional<Bytes> from_hex(std::string_view text);  // any case; no prefix, an even number of digits

}  // namespace keyzone
