#include "schema/types/token.h"

#include <bit>

namespace keyzone {

namespace {

constexpr uint64_t kC1 = 0x87c37b91114253d5, kC2 = 0x4cf5ad432745937f;

uint64_t mix1(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t mix2(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

uint64_t finish(uint64_t k) {
  k = (k ^ k >> 33) * 0xff51afd7ed558ccd;
  k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53;
  return k ^ k >> 33;
}

// Up to eight bytes, little-endian; Cassandra takes them as signed, so that a high one inverts all above it.
uint64_t signed_tail(BytesView bytes) {
  uint64_t k = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    k ^= static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(bytes[i]))) << (8 * i);
  }
  return k;
}

}  // namespace

Token token_of(BytesView key) {
  if (key.empty()) return kTokenMin;
  uint64_t h1 = 0, h2 = 0;
  BytesView rest = key;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    h1 = (std::rotl(h1 ^ mix1(load_le<uint64_t>(rest.data())), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mix2(load_le<uint64_t>(rest.data() + 8)), 31) + h1) * 5 + 0x38495ab5;
  }
  if (rest.size() > 8) h2 ^= mix2(signed_tail(rest.substr(8)));
  if (!rest.empty()) h1 ^= mix1(signed_tail(rest.substr(0, 8)));
  h1 ^= key.size();
  h2 ^= key.size();
  h1 += h2;
  h2 += h1;
  const auto token = static_cast<int64_t>(finish(h1) + finish(h2));
  return Token(token == INT64_MIN ? INT64_MAX : token);
}

Error key_too_long(size_t size) {
  return invalid("Key length of " + std::to_string(size) + " is longer than maximum of " +
                 std::to_string(kKeySizeMax));
}

// Cassandra counts the components first, and then what they make together.
Result<Bytes> encode_partition_key(std::span<const BytesView> components) {
  size_t size = 0;
  for (const BytesView part : components) size += part.size();
  if (size > kKeySizeMax) return key_too_long(size);
  Bytes key = join_components(components);
  if (key.size() > kKeySizeMax) return key_too_long(key.size());
  return key;
}

Bytes join_components(std::span<const BytesView> components) {
  if (components.size() == 1) return Bytes(components[0]);
  Bytes key;
  for (const BytesView part : components) {
    append_be(key, static_cast<uint16_t>(part.size()));
    key.append(part);
    key.push_back('\0');
  }
  return key;
}

Result<std::vector<BytesView>> split_partition_key(BytesView key, size_t components) {
  if (components == 1) return std::vector<BytesView>{key};
  std::vector<BytesView> parts;
  ByteReader in(key);
  for (size_t i = 0; i < components; ++i) {
    parts.push_back(in.bytes(in.be<uint16_t>()));
    if (in.byte() != 0) in.fail();
  }
  if (in.failed() || !in.done())
    return invalid("Malformed partition key of " + std::to_string(components) + " columns");
  return parts;
}

}  // namespace keyzone
