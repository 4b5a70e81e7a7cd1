#include "actors/shard.h"

#include <caf/send.hpp>

namespace keyzone::actors {

Result<std::unique_ptr<Shard>> Shard::open(NodeContext& context, size_t index, const std::string& folder) {
  auto shard = std::unique_ptr<Shard>(new Shard(context, index));
  const auto& environment = context.environment;
  storage::LogOptions log_options;
  log_options.segment_bytes = context.options.log_segment_bytes;
  log_options.staged_bytes_max =
      std::min<size_t>(log_options.staged_bytes_max, log_options.segment_bytes / 4);
  KEYZONE_TRY(log, storage::Log::open(*environment.files, folder + "/log", log_options));
  shard->log_ = std::move(log);

  storage::StoreOptions store_options;
  store_options.env = environment.disk;
  store_options.files = environment.files;
  store_options.executor = environment.executor;
  store_options.write_buffer_bytes = context.options.write_buffer_bytes;
  store_options.block_cache_bytes = context.options.block_cache_bytes;
  store_options.free_bytes_needed =
      std::max<uint64_t>(2 * context.options.write_buffer_bytes, context.options.disk_space_reserve / 2);
  store_options.progress = [raw = shard.get()] {
    if (auto keeper = raw->keeper()) caf::anon_send(keeper, progress_atom::value);
  };
  KEYZONE_CHECK(environment.files->create_folders(folder + "/store"));
  KEYZONE_TRY(store, storage::Store::open(std::move(store_options), folder + "/store"));
  shard->store_ = std::move(store);
  KEYZONE_TRY(registry, storage::TabletRegistry::open(shard->store_->db()));
  shard->registry_ = std::make_unique<storage::TabletRegistry>(std::move(registry));
  return shard;
}

Result<void> Shard::stage(GroupId group, const raft::Ready& ready, const caf::actor& replica) {
  if (!ready.entries.empty()) {  // first: it may be refused, and then nothing is staged
    if (ready.install) KEYZONE_CHECK(trim(group, *ready.install));
    std::vector<storage::LogEntryView> entries;
    entries.reserve(ready.entries.size());
    for (const auto& entry : ready.entries) {
      entries.push_back({entry.index, entry.term, static_cast<uint8_t>(entry.kind),
                         entry.payload ? BytesView(*entry.payload) : BytesView()});
    }
    KEYZONE_CHECK(log_->append(group, entries));
  } else if (ready.install) {
    const auto& start = *ready.install;
    KEYZONE_CHECK(log_->restart_after(group, {start.index, start.term, start.configuration.encode()}));
  }
  if (ready.hard_state) {
    const auto& state = *ready.hard_state;
    KEYZONE_CHECK(log_->set_hard_state(group, {state.term, state.vote, state.commit}));
  }
  if (ready.repaired) KEYZONE_CHECK(log_->mark_repaired(group));
  waiting_.push_back({log_->staged(), replica, group, ready.sequence});
  flush_soon();
  return {};
}

Result<void> Shard::trim(GroupId group, const raft::SnapshotInfo& start) {
  return log_->trim(group, {start.index, start.term, start.configuration.encode()});
}

void Shard::flush_soon() {
  if (flush_asked_) return;
  flush_asked_ = true;
  caf::anon_send(keeper_, flush_atom::value);
}

Result<void> Shard::write(GroupId group, LogIndex applied, leveldb::WriteBatch& batch) {
  KEYZONE_CHECK(store_->write(&batch));
  auto it = groups_.find(group);
  if (it != groups_.end()) it->second.applied_in_store = applied;
  return {};
}

void Shard::add_replica(GroupId group, const caf::actor& replica, LogIndex applied_in_store) {
  groups_[group] = {replica, applied_in_store};
}

void Shard::remove_replica(GroupId group) {
  groups_.erase(group);
  sweeps_.forget(group);
}

void Shard::set_keeper(caf::actor keeper) {
  std::lock_guard<std::mutex> lock(keeper_mutex_);
  keeper_ = std::move(keeper);
}

caf::actor Shard::keeper() const {
  std::lock_guard<std::mutex> lock(keeper_mutex_);
  return keeper_;
}

void Shard::release() {
  set_keeper({});
  waiting_.clear();
  waiting_for_room_.clear();
  waiting_for_log_.clear();
  groups_.clear();
}

Result<storage::FlushMark> Shard::flush_store() { return store_->start_flush(); }

}  // namespace keyzone::actors
