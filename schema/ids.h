// The words we share: what differs in meaning differs in type.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "schema/result.h"

namespace keyzone {

// An integer with a meaning of its own: comparable, hashable, never mixed up with another.
template <class Tag, class Int>
struct Id {
  Int value = 0;
  constexpr Id() = default;
  constexpr explicit Id(Int v) : value(v) {}
  constexpr auto operator<=>(const Id&) const = default;
  constexpr Id next() const { return Id(static_cast<Int>(value + 1)); }
};

using NodeId = Id<struct NodeIdTag, uint64_t>;  // minted by the catalog for one disk's life; 0: none
// a Raft group: a tablet, the catalog, a batch log; 0: none
using GroupId = Id<struct GroupIdTag, uint64_t>;
using Term = Id<struct TermTag, uint64_t>;          // a Raft term
using LogIndex = Id<struct LogIndexTag, uint64_t>;  // a place in a group's log; the first entry has index 1
// prefix of a table's keys in one node's LevelDB; local to the node
using StoreId = Id<struct StoreIdTag, uint32_t>;
using ColumnId =
    Id<struct ColumnIdTag, uint32_t>;         // within its table: one for each name, also when it comes back
using Epoch = Id<struct EpochTag, uint64_t>;  // grows when a tablet splits, merges or moves
using CatalogVersion = Id<struct CatalogVersionTag, uint64_t>;
using Token = Id<struct TokenTag, int64_t>;  // Murmur3 of the partition key, as Cassandra computes it

using Timestamp = int64_t;  // microseconds since 1970; what a cell is stamped with
inline constexpr Timestamp kNoTimestamp = INT64_MIN;

// 128-bit identifiers: table ids, host ids, schema versions. Bytes in network order, as CQL sends them.
struct Uuid {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }
  std::string to_string() const;  // 8-4-4-4-12 lower-case hex
  static Result<Uuid> parse(std::string_view text);
};

// Names one request of one life of a coordinator; a retry within the cluster carries it unchanged.
struct RequestId {
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  auto operator<=>(const RequestId&) const = default;
};

}  // namespace keyzone

template <class Tag, class Int>
struct std::hash<keyzone::Id<Tag, Int>> {
  size_t operator()(const keyzone::Id<Tag, Int>& id) const noexcept {
    return std::hash<uint64_t>()(static_cast<uint64_t>(id.value) * 0x9E3779B97F4A7C15ull);
  }
};
template <>
struct std::hash<keyzone::Uuid> {
  size_t operator()(const keyzone::Uuid& id) const noexcept {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};
template <>
struct std::hash<keyzone::RequestId> {
  size_t operator()(const keyzone::RequestId& id) const noexcept {
    return std::hash<uint64_t>()(id.incarnation ^ (id.sequence * 0x9E3779B97F4A7C15ull));
  }
};
