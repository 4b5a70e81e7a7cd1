// The order in which Cassandra goes through things that it keeps by name in a hash table; messages show it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keyzone {

inline uint32_t java_place(uint32_t hash, size_t names) {
  size_t size = 16;
  while (names > size / 4 * 3) size *= 2;
  return (hash ^ hash >> 16) & static_cast<uint32_t>(size - 1);
}

// Where among others a column's name stands in a table of so many; names that share a place follow as they
// were added.
inline uint32_t java_bucket(std::string_view name, size_t names) {
  uint32_t hash = 1;
  for (auto c = name.rbegin(); c != name.rend(); ++c) {
    hash = hash * 31 + static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(*c)));
  }
  return java_place(hash, names);
}

// The same of a string, of ASCII.
inline uint32_t java_text_bucket(std::string_view text, size_t texts) {
  uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return java_place(hash, texts);
}

}  // namespace keyzone
