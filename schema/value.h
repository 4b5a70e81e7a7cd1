// A value that a client bound to a marker: bytes in CQL wire form, null, or unset (leave the column alone).
#pragma once
#include <cstdint>

#include "schema/bytes.h"

namespace keyzone {

// `bytes` is empty unless kind is kSet; the view lives as long as what it was cut from.
struct Value {
  enum class Kind : uint8_t { kSet, kNull, kUnset };
  BytesView bytes;
  Kind kind = Kind::kNull;
  static Value of(BytesView bytes) { return {bytes, Kind::kSet}; }
  static Value null() { return {}; }
  static Value unset() { return {{}, Kind::kUnset}; }
  bool is_set() const { return kind == Kind::kSet; }
  bool is_null() const { return kind == Kind::kNull; }
  bool is_unset() const { return kind == Kind::kUnset; }
  bool operator==(const Value&) const = default;
};

}  // namespace keyzone
