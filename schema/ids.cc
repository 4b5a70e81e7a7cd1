#include "schema/ids.h"

#include "schema/types/hex.h"

namespace keyzone {

namespace {
constexpr char kHex[] = "0123456789abcdef";
bool dash_before(size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }
}  // namespace

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (dash_before(i)) text.push_back('-');
    text.push_back(kHex[bytes[i] >> 4]);
    text.push_back(kHex[bytes[i] & 15]);
  }
  return text;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  const Error error = invalid("'" + std::string(text) + "' is not a UUID");
  if (text.size() != 36) return error;
  Uuid uuid;
  size_t at = 0;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return error;
    const int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return error;
    uuid.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  return uuid;
}

}  // namespace keyzone
