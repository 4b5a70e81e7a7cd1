// Where a partition lives: the token of its key, and how several columns make one key.
#pragma once
#include <span>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone {

inline constexpr Token kTokenMin{INT64_MIN};  // no key has it; the ring's starting point
inline constexpr size_t kKeySizeMax = 65535;  // of a partition key, or of the values of a clustering key
Error key_too_long(size_t size);              // "Key length of %d is longer than maximum of 65535"

// Cassandra's Murmur3Partitioner: the first half of Murmur3 x64 128 with Cassandra's signed tail bytes; the
// minimum is given as the maximum. An empty key has the minimum token.
Token token_of(BytesView partition_key);

// One component is its bytes; several are each [u16 length][bytes][0x00].
// Errors: key_too_long().
Result<Bytes> encode_partition_key(std::span<const BytesView> components);
Bytes join_components(std::span<const BytesView> components);  // the same, however long
Result<std::vector<BytesView>> split_partition_key(BytesView key, size_t components);

}  // namespace keyzone
