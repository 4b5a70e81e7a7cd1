// Bytes as hexadecimal text.
#pragma once
#include <optional>

#include "schema/bytes.h"

namespace keyzone {

// The value of a hexadecimal digit of any case; -1 if `c` is none.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string to_hex(BytesView bytes);                   // lower-case, no prefix
std::optional<Bytes> from_hex(std::string_view text);  // any case; no prefix, an even number of digits

}  // namespace keyzone
