#include "schema/types/utf.h"

#include <algorithm>
#include <iterator>

namespace keyzone {

namespace {

constexpr char32_t kFirstHalf = 0xd800, kSecondHalf = 0xdc00, kHalfEnd = 0xe000;

bool is_first_half(char32_t unit) { return unit >= kFirstHalf && unit < kSecondHalf; }
bool is_second_half(char32_t unit) { return unit >= kSecondHalf && unit < kHalfEnd; }

struct Block {
  char32_t first, last;
};
// From the first letters behind Latin-1 on; in order.
constexpr Block kNoIdentifiers[] = {
    {0x2000, 0x203e},            // spaces, dashes, quotation marks
    {0x2041, 0x2053},            // more punctuation, but for the undertie
    {0x2055, 0x2070},            // invisible signs
    {0x2074, 0x207e},            // superscript digits
    {0x2080, 0x208e},            // subscript digits
    {0x2100, 0x2101},            // letterlike symbols, up to where they are letters
    {0x2190, 0x2bff},            // arrows, mathematics, boxes, shapes, dingbats
    {0x3000, 0x3004},            // ideographic space, comma, full stop
    {0x3008, 0x3020},            // brackets
    {kFirstHalf, kHalfEnd - 1},  // halves of characters beyond 16 bits
    {0xe000, 0xf8ff},            // private use
    {0xff00, 0xff03},            // full-width punctuation
    {0xff05, 0xff0f},
};

bool is_letter_beyond_latin(char32_t unit) {
  return std::none_of(std::begin(kNoIdentifiers), std::end(kNoIdentifiers),
                      [unit](const Block& block) { return unit >= block.first && unit <= block.last; });
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size == 1 || text.size() < size) return {lead, 1};
  char32_t code = lead & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) code = code << 6 | (byte(i) & 0x3fu);
  return {code, size};
}

void append_utf8(char32_t code, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

size_t utf16_length(std::string_view text) {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;  // four bytes are two units
  }
  return units;
}

char32_t first_utf16_unit(char32_t code) {
  return code > 0xffff ? kFirstHalf + ((code - 0x10000) >> 10) : code;
}

void append_utf16_unit(char32_t unit, std::string& out) {
  constexpr size_t kHalfBytes = 3;
  if (is_second_half(unit) && out.size() >= kHalfBytes) {
    const auto [before, size] = first_character(std::string_view(out).substr(out.size() - kHalfBytes));
    if (size == kHalfBytes && is_first_half(before)) {
      out.resize(out.size() - kHalfBytes);
      unit = 0x10000 + ((before - kFirstHalf) << 10) + (unit - kSecondHalf);
    }
  }
  append_utf8(unit, out);
}

void replace_half_characters(std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto [code, size] = first_character(std::string_view(text).substr(at));
    if (code >= kFirstHalf && code < kHalfEnd) {
      out += '?';
    } else {
      out.append(text, at, size);
    }
    at += size;
  }
  text = std::move(out);
}

bool is_java_identifier_start(char32_t unit) {
  if (unit < 0x80) {
    return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit == '_' || unit == '$';
  }
  if (unit > 0xff) return is_letter_beyond_latin(unit);
  return unit >= 0xc0 ? unit != 0xd7 && unit != 0xf7  // letters, but for multiplication and division signs
                      : (unit >= 0xa2 && unit <= 0xa5) || unit == 0xaa || unit == 0xb5 || unit == 0xba;
}

bool is_java_identifier_part(char32_t unit) {
  if (unit >= '0' && unit <= '9') return true;
  const bool ignorable =
      unit <= 0x08 || (unit >= 0x0e && unit <= 0x1b) || (unit >= 0x7f && unit <= 0x9f) || unit == 0xad;
  return ignorable || is_java_identifier_start(unit);
}

}  // namespace keyzone
