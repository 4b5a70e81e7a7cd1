#include "schema/types/ordered.h"

#include "schema/types/type.h"

namespace keyzone {

bool form_tells_all(const Type& type, BytesView wire, bool descending, BytesView form) {
  if (type.ordered_is_exact() || wire.empty()) return true;
  if (type.references(TypeKind::kUser)) return false;
  ByteReader in(form);
  Bytes read;
  return type.read_ordered(in, descending, read) && read == wire;
}

void append_escaped(BytesView bytes, Bytes& out) {
  size_t from = 0;
  for (size_t zero; (zero = bytes.find('\0', from)) != BytesView::npos; from = zero + 1) {
    out.append(bytes, from, zero - from);
    out.append("\x00\xff", 2);
  }
  out.append(bytes, from);
  out.append("\x00\x00", 2);
}

bool OrderedReader::escaped(Bytes& out) {
  const char zero = static_cast<char>(mask_);
  for (;;) {
    const BytesView rest = in_.rest();
    const size_t end = rest.find(zero);
    if (end == BytesView::npos || end + 1 >= rest.size()) {
      in_.fail();
      return false;
    }
    const size_t start = out.size();
    out.append(rest, 0, end);
    if (mask_) invert(out, start);
    const uint8_t next = static_cast<uint8_t>(rest[end + 1]) ^ mask_;
    in_.bytes(end + 2);
    if (next == 0x00) return true;
    if (next != 0xff) {
      in_.fail();
      return false;
    }
    out.push_back('\0');
  }
}

}  // namespace keyzone
