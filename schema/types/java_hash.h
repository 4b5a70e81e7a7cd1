// The order in which Cassandra goes through things that it keeps by name in a hash table; messages show it.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keyzone {

// The places of a table that had so many, once it has grown for all names that were added to it.
inline size_t java_grown_size(size_t size, size_t names) {
  while (names * 4 > size * 3) size *= 2;
  return size;
}

// The places of a table that grew as names were added to it, and of one that was made as a copy of another.
inline size_t java_table_size(size_t names) { return java_grown_size(16, names); }
inline size_t java_copy_size(size_t names) { return std::bit_ceil(names * 4 / 3 + 1); }

inline uint32_t java_place(uint32_t hash, size_t size) {
  return (hash ^ hash >> 16) & static_cast<uint32_t>(size - 1);
}

// Of a column's name.
inline uint32_t java_name_hash(std::string_view name) {
  uint32_t hash = 1;
  for (auto c = name.rbegin(); c != name.rend(); ++c) {
    hash = hash * 31 + static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(*c)));
  }
  return hash;
}

// Where among others a column's name stands in a table of so many; names that share a place follow as they
// were added.
inline uint32_t java_bucket(std::string_view name, size_t names) {
  return java_place(java_name_hash(name), java_table_size(names));
}

// Things as they stand in such a table of theirs; `name_of` gives the name of each.
template <class Thing, class NameOf>
void java_bucket_sort(std::vector<Thing>& things, NameOf name_of) {
  std::stable_sort(things.begin(), things.end(), [&](const Thing& a, const Thing& b) {
    return java_bucket(name_of(a), things.size()) < java_bucket(name_of(b), things.size());
  });
}

// Of a string, of ASCII.
inline uint32_t java_text_hash(std::string_view text) {
  uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash;
}

// Strings of ASCII, as they stand in a table with so many places.
inline void java_sort(std::vector<std::string>& texts, size_t size) {
  const auto place = [size](const std::string& text) { return java_place(java_text_hash(text), size); };
  std::stable_sort(texts.begin(), texts.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
}

}  // namespace keyzone
