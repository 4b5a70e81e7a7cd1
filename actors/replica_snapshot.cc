// Snapshots between replicas: the receiver pulls chunks, one at a time, so that a slow receiver is never
// flooded.

#include "actors/logging.h"
#include "actors/replica.h"

namespace keyzone::actors {

namespace {

constexpr uint32_t kIdleTicksMax = 40;
constexpr uint32_t kTicksBeforeAskingAgain = 10;

}  // namespace

// --- giving

void Replica::give_chunk(const SnapshotRequest& request) {
  if (!raft_) return;
  SnapshotChunk out;
  out.transfer = request.transfer;
  out.chunk = request.chunk;
  const auto key = std::pair(request.from, request.transfer);
  auto it = transfers_.find(key);
  if (it == transfers_.end() && request.chunk == 0) {
    auto source = open_snapshot();
    if (source) {
      Transfer transfer;
      transfer.info = raft_->snapshot_info((*source)->index());
      transfer.source = *std::move(source);
      it = transfers_.emplace(key, std::move(transfer)).first;
      schedule_tick();
    }
  }
  if (it == transfers_.end()) {
    out.failed = true;
  } else {
    auto& transfer = it->second;
    transfer.idle_ticks = 0;
    if (request.chunk == transfer.next_chunk && !transfer.done) {
      auto data = transfer.source->next();
      if (!data) return fatal("a snapshot can't be read", data.error());
      transfer.last_data = *std::move(data);
      transfer.done = transfer.last_data.empty();
      ++transfer.next_chunk;
    } else if (request.chunk + 1 != transfer.next_chunk) {
      out.failed = true;
    }
    out.info = transfer.info;
    if (!out.failed) {
      out.data = transfer.last_data;
      out.last = transfer.done;
    }
    if (out.failed) {
      raft_->report_snapshot_failed(request.from);
      transfers_.erase(it);
    }
  }
  send_to(request.from, {start_.group, std::move(out)});
}

// --- taking

void Replica::take_offer(const raft::SnapshotOffer& offer) {
  if (install_) return;                                       // under way
  if (context_.disk_full()) return raft_->snapshot_failed();  // it will be offered again
  if (auto begun = install_begin(); !begun) return fatal("a snapshot can't be taken", begun.error());
  install_.emplace();
  install_->from = offer.from;
  install_->transfer = next_transfer_++;
  log_info("group {}: taking a snapshot at {} from node {}", start_.group.value, offer.info.index.value,
           offer.from.value);
  ask_chunk();
  schedule_tick();
}

void Replica::ask_chunk() {
  send_to(install_->from,
          {start_.group, SnapshotRequest{context_.self, install_->transfer, install_->next_chunk}});
}

void Replica::take_chunk(const SnapshotChunk& chunk) {
  if (!raft_ || !install_ || install_->complete) return;
  if (chunk.transfer != install_->transfer || chunk.chunk != install_->next_chunk) return;
  if (chunk.failed) return abort_install();
  if (!may_apply()) return;  // asked for again by a tick
  install_->idle_ticks = 0;
  install_->info = chunk.info;
  ++install_->next_chunk;
  if (!chunk.data.empty()) {
    if (auto added = install_add(chunk.data); !added) {
      log_warn("group {}: a chunk of a snapshot is no good: {}", start_.group.value, added.error().message);
      return abort_install();
    }
  }
  if (!chunk.last) return ask_chunk();
  if (!install_complete()) return abort_install();
  // In full; now it must be safe before it may be used, and so must be the note that tells a restart what it
  // was.
  Bytes note;
  append_varint(note, install_->info.index.value);
  append_varint(note, install_->info.term.value);
  append_block(note, install_->info.configuration.encode());
  if (!shard_.log().put_metadata("install/" + std::to_string(start_.group.value), note))
    return abort_install();
  install_->log_mark = shard_.log().staged();
  shard_.flush_soon();
  auto mark = shard_.flush_store();
  if (!mark) return fatal("the store can't be flushed", mark.error());
  install_->store_mark = *mark;
  install_->complete = true;
  shard_.wait_for_room(self_);
  install_if_durable();
}

// A chunk, or what asked for it, may be lost on the way.
void Replica::watch_install() {
  if (!install_ || install_->complete) return;
  if (++install_->idle_ticks > kIdleTicksMax) return abort_install();
  if (install_->idle_ticks % kTicksBeforeAskingAgain == 0) ask_chunk();
}

void Replica::install_if_durable() {
  if (!install_ || !install_->complete) return;
  if (shard_.store().durable() < install_->store_mark || shard_.log().durable() < install_->log_mark) return;
  const auto info = install_->info;
  install_.reset();
  if (!raft_->install_snapshot(info)) install_abort();
  pump_soon();
}

void Replica::abort_install() {
  install_.reset();
  install_abort();
  raft_->snapshot_failed();
  pump_soon();
}

}  // namespace keyzone::actors
