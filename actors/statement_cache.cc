#include "actors/statement_cache.h"

namespace keyzone::actors {

namespace {
constexpr size_t kEntryOverhead = 2048;  // bytes of a plan, roughly
}

CachedStatementPtr make_cached(cql::PreparedPtr prepared) {
  auto cached = std::make_shared<CachedStatement>();
  const auto& info = prepared->info();
  for (uint8_t version = net::kMinVersion; version <= net::kMaxVersion; ++version) {
    const size_t at = version - net::kMinVersion;
    if (info.bind_variables) cached->bind_variables[at] = net::encode_columns(*info.bind_variables, version);
    if (info.result_columns) cached->result_columns[at] = net::encode_columns(*info.result_columns, version);
  }
  cached->prepared = std::move(prepared);
  return cached;
}

CachedStatementPtr StatementCache::find(BytesView id) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = entries_.find(id);
  if (it == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, it->second.place);
  return it->second.statement;
}

void StatementCache::put(CachedStatementPtr statement) {
  const Bytes id = statement->prepared->info().id;
  const size_t bytes = kEntryOverhead + 2 * statement->prepared->info().text.size() +
                       kVersions * (statement->binds(net::kMaxVersion).specs.size() +
                                    statement->results(net::kMaxVersion).specs.size());
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = entries_.find(id);
  if (it != entries_.end()) {
    bytes_ -= it->second.bytes;
    order_.erase(it->second.place);
    entries_.erase(it);
  }
  order_.push_front(id);
  entries_[id] = {std::move(statement), order_.begin(), bytes};
  bytes_ += bytes;
  while (bytes_ > kBytesMax && order_.size() > 1) {
    auto last = entries_.find(order_.back());
    bytes_ -= last->second.bytes;
    entries_.erase(last);
    order_.pop_back();
    ++evicted_;
  }
}

void StatementCache::remove(BytesView id) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = entries_.find(id);
  if (it == entries_.end()) return;
  bytes_ -= it->second.bytes;
  order_.erase(it->second.place);
  entries_.erase(it);
}

size_t StatementCache::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return entries_.size();
}

uint64_t StatementCache::evicted() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return evicted_;
}

std::vector<CachedStatementPtr> StatementCache::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<CachedStatementPtr> out;
  out.reserve(order_.size());
  for (const auto& id : order_) out.push_back(entries_.at(id).statement);
  return out;
}

}  // namespace keyzone::actors
