#include "storage/row_key.h"

#include <algorithm>

#include "schema/types/type.h"

namespace keyzone::storage {
namespace {

constexpr char kEscape = '\xff';

uint64_t biased(Token token) { return static_cast<uint64_t>(token.value) ^ (uint64_t{1} << 63); }

// A byte 0 becomes 00 ff; 00 00 ends the run.
void append_escaped(Bytes& out, BytesView bytes) {
  if (bytes.find('\0') == BytesView::npos) {
    out.append(bytes).append(2, '\0');
    return;
  }
  const size_t start = out.size();
  const auto zeros = static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\0'));
  out.resize(start + bytes.size() + zeros + 2);  // all beyond what is written below is 0
  char* to = out.data() + start;
  for (const char c : bytes) {
    *to++ = c;
    if (c == '\0') *to++ = kEscape;
  }
}

// Where the 00 00 that ends an escaped run begins; npos: nowhere.
size_t find_end(BytesView key, size_t from) {
  while (true) {
    const size_t zero = key.find('\0', from);
    if (zero == BytesView::npos || zero + 1 >= key.size()) return BytesView::npos;
    if (key[zero + 1] == '\0') return zero;
    if (key[zero + 1] != kEscape) return BytesView::npos;
    from = zero + 2;
  }
}

constexpr size_t kPartitionKeyAt = kStoreIdBytes + 1 + kTokenBytes;

}  // namespace

void append_partition_prefix(Bytes& out, StoreId store, Area area, Token token, BytesView partition_key) {
  char head[kPartitionKeyAt];
  const uint32_t store_id = byte_swap(store.value);
  const uint64_t order = byte_swap(biased(token));
  std::memcpy(head, &store_id, kStoreIdBytes);
  head[kStoreIdBytes] = static_cast<char>(area);
  std::memcpy(head + kStoreIdBytes + 1, &order, kTokenBytes);
  out.append(head, sizeof head);
  append_escaped(out, partition_key);
}

Bytes partition_prefix(StoreId store, Area area, Token token, BytesView partition_key) {
  Bytes out;
  out.reserve(kPartitionKeyAt + partition_key.size() + 40);
  append_partition_prefix(out, store, area, token, partition_key);
  return out;
}

void append_row_key(Bytes& out, StoreId store, Token token, BytesView partition_key,
                    std::optional<BytesView> clustering) {
  append_partition_prefix(out, store, Area::kRows, token, partition_key);
  out.push_back(static_cast<char>(clustering ? RowKind::kRow : RowKind::kStatic));
  if (clustering) out.append(*clustering);
}

Bytes token_begin(StoreId store, Area area, Token token) {
  Bytes out;
  append_be(out, store.value);
  out.push_back(static_cast<char>(area));
  append_be(out, biased(token));
  return out;
}

Bytes token_end(StoreId store, Area area, Token token) {
  return prefix_successor(token_begin(store, area, token));
}

std::pair<Bytes, Bytes> area_bounds(StoreId store, Area area, const TokenRange& tokens) {
  // The least token belongs to no key, so an open begin never needs a successor that is not there.
  return {token_end(store, area, tokens.begin), token_end(store, area, tokens.end)};
}

Bytes elements_prefix(BytesView row_key) {
  Bytes out;
  out.reserve(row_key.size() + sizeof(ColumnId) + 40);
  out.append(row_key);
  out[kStoreIdBytes] = static_cast<char>(Area::kElements);
  return out;
}

Bytes elements_prefix(BytesView row_key, ColumnId column) {
  Bytes out = elements_prefix(row_key);
  append_be(out, column.value);
  return out;
}

std::optional<ParsedKey> parse_key(BytesView key) {
  if (key.size() < kPartitionKeyAt) return std::nullopt;
  const size_t end = find_end(key, kPartitionKeyAt);
  if (end == BytesView::npos || end + 2 >= key.size()) return std::nullopt;
  ParsedKey out;
  out.area = static_cast<Area>(key[kStoreIdBytes]);
  out.token =
      Token(static_cast<int64_t>(load_be<uint64_t>(key.data() + kStoreIdBytes + 1) ^ (uint64_t{1} << 63)));
  out.prefix_size = end + 2;
  for (size_t i = kPartitionKeyAt; i < end; ++i) {
    out.partition_key.push_back(key[i]);
    if (key[i] == '\0') ++i;
  }
  out.kind = static_cast<uint8_t>(key[end + 2]);
  out.rest = key.substr(end + 3);
  return out;
}

size_t partition_prefix_size(BytesView key) {
  if (key.size() < kPartitionKeyAt) return 0;
  const size_t end = find_end(key, kPartitionKeyAt);
  return end == BytesView::npos || end + 2 >= key.size() ? 0 : end + 2;
}

}  // namespace keyzone::storage
