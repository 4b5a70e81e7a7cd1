// The order-preserving form of values, in which rows lie in the store: memcmp of two forms is the order of
// the values, and no form is a prefix of another.
//
//   form   := 00                  null; only in bounds and in tuples, never a key of its own
//           | 01                  the empty value
//           | 02 body             any other
// and the body, by type:
//   tinyint … bigint, timestamp   big-endian, sign bit inverted
//   date, time                    the wire bytes (date is biased already, time is never negative)
//   float, double                 big-endian; sign bit inverted if positive, all bits if negative; one NaN,
//   last boolean                       00 or 01 ascii text blob inet duration the bytes, 00 written as 00 ff,
//   then 00 00 uuid                          version nibble first; version 1: its time from high to low, then
//   the rest timeuuid                      its time from high to low, then the rest with the sign bit of each
//   byte inverted varint                        length header, then two's complement; see varint_type.cc
//   decimal                       sign, exponent, digits; see decimal_type.cc
//   list set map                  each element 01 form (keys and values in turn), then 00
//   tuple, user type              each field up to the last that is not null: 01 (null) or 02 form; then 00
//   vector                        the forms of its elements
//   composites                    see composite_type.cc
//
// For DESC every byte of the form is inverted. Examples, ascending: int 1 is 02 80 00 00 01, text 'a' is
// 02 61 00 00, frozen<list<int>> [] is 02 00, and [1] is 02 01 02 80 00 00 01 00.
#pragma once
#include "schema/bytes.h"

namespace keyzone {

inline constexpr uint8_t kOrderedNull = 0x00;
inline constexpr uint8_t kOrderedEmpty = 0x01;
inline constexpr uint8_t kOrderedValue = 0x02;

// Reads a form, inverting the bytes of a descending one.
class OrderedReader {
 public:
  OrderedReader(ByteReader& in, bool descending) : in_(in), mask_(descending ? 0xff : 0x00) {}

  bool failed() const { return in_.failed(); }
  uint8_t byte() { return static_cast<uint8_t>(in_.byte() ^ mask_); }
  // Appends `size` bytes to `out`; false if there are not so many.
  bool bytes(size_t size, Bytes& out) {
    const BytesView taken = in_.bytes(size);
    if (in_.failed()) return false;
    const size_t start = out.size();
    out.append(taken);
    if (mask_) invert(out, start);
    return true;
  }
  template <class Int>
  Int be() {
    const Int v = in_.be<Int>();
    return mask_ ? static_cast<Int>(~v) : v;
  }
  // The counterpart of append_escaped.
  bool escaped(Bytes& out);

  static void invert(Bytes& bytes, size_t from) {
    for (size_t i = from; i < bytes.size(); ++i) bytes[i] = static_cast<char>(~bytes[i]);
  }

 private:
  ByteReader& in_;
  uint8_t mask_;
};

class Type;
// Whether reading `form`, which append_ordered made of `wire`, gives these bytes again: of 1.50 it would
// make 1.5. User types may grow by ALTER TYPE, and their forms would then be read with more fields than were
// written: no for all of them.
bool form_tells_all(const Type& type, BytesView wire, bool descending, BytesView form);

// Any bytes: 00 becomes 00 ff, the end is 00 00.
void append_escaped(BytesView bytes, Bytes& out);

}  // namespace keyzone
