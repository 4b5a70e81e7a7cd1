// Characters as Java counts and names them: strings there are UTF-16, ours are UTF-8.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace keyzone {

struct Utf8Character {
  char32_t code;
  size_t size;  // in bytes
};
// The first character; of bytes that are no UTF-8 one byte, as it is. REQUIRES: text is not empty.
Utf8Character first_character(std::string_view text);
void append_utf8(char32_t code, std::string& out);
// The number of UTF-16 units.
size_t utf16_length(std::string_view text);
// The first unit: itself, or the first half of a character beyond 16 bits.
char32_t first_utf16_unit(char32_t code);
// One unit more; a second half completes the first half that `out` ends with.
void append_utf16_unit(char32_t unit, std::string& out);
// Halves that have no other half become question marks.
void replace_half_characters(std::string& text);

// Character.isJavaIdentifierStart and isJavaIdentifierPart of one UTF-16 unit; beyond Latin letters by blocks
// of Unicode: those of symbols, punctuation and private use are no parts of identifiers, all others are.
bool is_java_identifier_start(char32_t unit);
bool is_java_identifier_part(char32_t unit);

}  // namespace keyzone
