// Prepared statements of a node, by id, shared by its sessions; the least recently used go first.
#pragma once
#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cql/execute/api.h"
#include "net/protocol/result.h"

namespace keyzone::actors {

inline constexpr size_t kVersions = net::kMaxVersion - net::kMinVersion + 1;

// A prepared statement with what is sent for it, encoded once.
struct CachedStatement {
  cql::PreparedPtr prepared;
  // By protocol version, from net::kMinVersion on; the draft's is that of net::kMaxVersion.
  std::array<net::EncodedColumns, kVersions> bind_variables;
  std::array<net::EncodedColumns, kVersions> result_columns;  // if prepared->info().result_columns
  const net::EncodedColumns& binds(uint8_t version) const { return bind_variables[index_of(version)]; }
  const net::EncodedColumns& results(uint8_t version) const { return result_columns[index_of(version)]; }

 private:
  static size_t index_of(uint8_t version) { return std::min(version, net::kMaxVersion) - net::kMinVersion; }
};
using CachedStatementPtr = std::shared_ptr<const CachedStatement>;

CachedStatementPtr make_cached(cql::PreparedPtr prepared);

// Any thread.
class StatementCache {
 public:
  static constexpr size_t kBytesMax = 64u << 20;  // of texts and metadata, roughly

  CachedStatementPtr find(BytesView id);
  void put(CachedStatementPtr statement);
  void remove(BytesView id);
  std::vector<CachedStatementPtr> all() const;  // most recently used first
  size_t size() const;
  uint64_t evicted() const;  // so far, for want of room

 private:
  struct Entry {
    CachedStatementPtr statement;
    std::list<Bytes>::iterator place;
    size_t bytes = 0;
  };
  mutable std::mutex mutex_;
  struct Hash {
    using is_transparent = void;
    size_t operator()(BytesView id) const noexcept { return std::hash<BytesView>()(id); }
  };
  std::unordered_map<Bytes, Entry, Hash, std::equal_to<>> entries_;
  std::list<Bytes> order_;  // most recently used first
  size_t bytes_ = 0;
  uint64_t evicted_ = 0;
};

}  // namespace keyzone::actors
