// Cap'n Proto messages as runs of bytes: one segment, built in place, and every way to fail turned into an
// Error.
#pragma once
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::envelope {

// segment count - 1, and the size of the one segment in words
inline constexpr size_t kHeaderBytes = 8;
inline constexpr size_t kAlignedBytesMax = 2048;  // messages up to this size are aligned on the stack

inline constexpr size_t words_for(size_t bytes) {
  return (bytes + sizeof(capnp::word) - 1) / sizeof(capnp::word);
}
inline capnp::Data::Reader data_of(BytesView v) {
  return {reinterpret_cast<const capnp::byte*>(v.data()), v.size()};
}
inline BytesView view_of(capnp::Data::Reader v) {
  return {reinterpret_cast<const char*>(v.begin()), v.size()};
}
inline Bytes bytes_of(capnp::Data::Reader v) { return Bytes(view_of(v)); }

// A count of things that take at least one byte each: never believed beyond what is left.
inline size_t read_count(ByteReader& in) {
  const uint64_t count = in.varint();
  if (count > in.left()) in.fail();
  return in.failed() ? 0 : static_cast<size_t>(count);
}

// A message of at most `words` words (root pointer included), filled by `fill(Root::Builder)`.
template <class Root, class Fill>
Bytes pack(size_t words, Fill&& fill) {
  Bytes out(kHeaderBytes + words * sizeof(capnp::word), '\0');
  // operator new aligns; short strings lie within the object, but no message is that short.
  auto* first = reinterpret_cast<capnp::word*>(out.data() + kHeaderBytes);
  capnp::FlatMessageBuilder message(kj::arrayPtr(first, words));
  fill(message.initRoot<Root>());
  const auto used = static_cast<uint32_t>(message.getSegmentsForOutput()[0].size());
  std::memcpy(out.data() + 4, &used, sizeof used);
  out.resize(kHeaderBytes + used * sizeof(capnp::word));
  return out;
}

// `read(Root::Reader)` gives a Result<T>; views of the message are gone when it returns.
template <class T, class Root, class Read>
Result<T> unpack(BytesView in, const char* what, Read&& read) {
  try {
    capnp::ReaderOptions limits;
    limits.traversalLimitInWords = 64 + 4 * words_for(in.size());
    alignas(8) char small[kAlignedBytesMax];
    std::unique_ptr<capnp::word[]> large;
    const size_t words = words_for(in.size());
    auto* first = reinterpret_cast<const capnp::word*>(in.data());
    if (in.size() % sizeof(capnp::word) != 0)
      return Error{ErrorKind::kCorrupt, std::string(what) + ": odd size"};
    if (reinterpret_cast<uintptr_t>(in.data()) % alignof(capnp::word) != 0) {
      if (in.size() > sizeof small) large.reset(new capnp::word[words]);
      char* to = large ? reinterpret_cast<char*>(large.get()) : small;
      std::memcpy(to, in.data(), in.size());
      first = reinterpret_cast<const capnp::word*>(to);
    }
    capnp::FlatArrayMessageReader message(kj::arrayPtr(first, words), limits);
    return read(message.getRoot<Root>());
  } catch (const kj::Exception& e) {
    return Error{ErrorKind::kCorrupt, std::string(what) + ": " + e.getDescription().cStr()};
  }
}

inline std::pair<uint64_t, uint64_t> halves(const Uuid& id) {
  const char* p = reinterpret_cast<const char*>(id.bytes.data());
  return {load_be<uint64_t>(p), load_be<uint64_t>(p + 8)};
}
inline Uuid uuid(uint64_t high, uint64_t low) {
  Uuid id;
  high = byte_swap(high);
  low = byte_swap(low);
  std::memcpy(id.bytes.data(), &high, 8);
  std::memcpy(id.bytes.data() + 8, &low, 8);
  return id;
}

}  // namespace keyzone::envelope
