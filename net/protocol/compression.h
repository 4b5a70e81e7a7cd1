// Bodies of v3 and v4 frames and payloads of v5 segments, compressed. What a peer declares as the size is
// checked against the limit, and against what its bytes could give at best, before memory is taken.
#pragma once
#include "net/protocol/constants.h"
#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone::net {

// v3, v4: lz4 is a big-endian size and a block; snappy carries its own size.
// Appends to `out`. REQUIRES: codec is not kNone.
void append_compressed_body(Bytes& out, Compression codec, BytesView body);
Result<Bytes> decompress_body(Compression codec, BytesView compressed, size_t max_size);
// How long the body is that these bytes can stand for; 0 if they can't be one.
size_t decompressed_size(Compression codec, BytesView compressed);

// v5: a bare lz4 block whose size is in the segment's header. `size` is what it must be.
void append_lz4_block(Bytes& out, BytesView plain);
Result<Bytes> decompress_lz4_block(BytesView block, size_t size);

}  // namespace keyzone::net
