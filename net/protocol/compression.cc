#include "net/protocol/compression.h"

#include <lz4.h>
#include <snappy.h>

#include "net/protocol/primitives.h"

namespace keyzone::net {
namespace {

// The most that one compressed byte can stand for: a longer claim is a lie, and gets no memory.
constexpr size_t kLz4BestRatio = 255;
constexpr size_t kSnappyBestRatio = 64;
constexpr size_t kLz4SizePrefix = 4;

Result<Bytes> decompress_snappy(BytesView compressed, size_t max_size) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &size)) {
    return protocol_error("a snappy body without its length");
  }
  if (size > max_size || size > compressed.size() * kSnappyBestRatio) {
    return protocol_error("a snappy body claims " + std::to_string(size) + " bytes");
  }
  Bytes plain(size, '\0');
  if (!snappy::RawUncompress(compressed.data(), compressed.size(), plain.data())) {
    return protocol_error("a snappy body that does not decompress");
  }
  return plain;
}

}  // namespace

void append_lz4_block(Bytes& out, BytesView plain) {
  KEYZONE_ASSERT(plain.size() <= LZ4_MAX_INPUT_SIZE);
  const int bound = LZ4_compressBound(static_cast<int>(plain.size()));
  const size_t start = out.size();
  out.resize(start + static_cast<size_t>(bound));
  const int size =
      LZ4_compress_default(plain.data(), out.data() + start, static_cast<int>(plain.size()), bound);
  KEYZONE_ASSERT(size > 0);
  out.resize(start + static_cast<size_t>(size));
}

Result<Bytes> decompress_lz4_block(BytesView block, size_t size) {
  if (size > block.size() * kLz4BestRatio) {
    return protocol_error("an lz4 block of " + std::to_string(block.size()) + " bytes claims " +
                          std::to_string(size));
  }
  Bytes plain(size, '\0');
  const int got =
      LZ4_decompress_safe(block.data(), plain.data(), static_cast<int>(block.size()), static_cast<int>(size));
  if (got < 0 || static_cast<size_t>(got) != size)
    return protocol_error("an lz4 block that does not decompress");
  return plain;
}

void append_compressed_body(Bytes& out, Compression codec, BytesView body) {
  KEYZONE_ASSERT(codec != Compression::kNone);
  if (codec == Compression::kLz4) {
    append_be(out, static_cast<uint32_t>(body.size()));
    return append_lz4_block(out, body);
  }
  const size_t start = out.size();
  out.resize(start + snappy::MaxCompressedLength(body.size()));
  size_t size = 0;
  snappy::RawCompress(body.data(), body.size(), out.data() + start, &size);
  out.resize(start + size);
}

size_t decompressed_size(Compression codec, BytesView compressed) {
  KEYZONE_ASSERT(codec != Compression::kNone);
  const bool is_snappy = codec == Compression::kSnappy;
  size_t size = 0;
  if (is_snappy) {
    if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &size)) return 0;
  } else {
    if (compressed.size() < kLz4SizePrefix) return 0;
    size = load_be<uint32_t>(compressed.data());
  }
  return size <= compressed.size() * (is_snappy ? kSnappyBestRatio : kLz4BestRatio) ? size : 0;
}

Result<Bytes> decompress_body(Compression codec, BytesView compressed, size_t max_size) {
  KEYZONE_ASSERT(codec != Compression::kNone);
  if (codec == Compression::kSnappy) return decompress_snappy(compressed, max_size);
  if (compressed.size() < kLz4SizePrefix) return protocol_error("an lz4 body without its length");
  const size_t size = load_be<uint32_t>(compressed.data());
  if (size > max_size) return protocol_error("an lz4 body claims " + std::to_string(size) + " bytes");
  if (size == 0) return Bytes();  // drivers send no block, or an empty one
  return decompress_lz4_block(compressed.substr(kLz4SizePrefix), size);
}

}  // namespace keyzone::net
