#include "actors/replica.h"

#include "actors/logging.h"
#include "raft/quorum.h"

#include <caf/send.hpp>

#include <algorithm>

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kReplicaTick{50};
constexpr std::chrono::milliseconds kCampaignTick{4};
constexpr uint32_t kCampaigns = 100;  // of a new group's first leader, until the others are there to answer
constexpr uint32_t kHeartbeatTicks = 4;  // at most: half the election timeout if that is shorter
constexpr uint32_t kElectionTicksMin = 2;
constexpr uint32_t kQuietTicksBeforeSleep = 20;
constexpr uint32_t kFullTicksBeforeHandOver = 10;
constexpr uint32_t kWakeTicksMax = 6;     // a follower whose leader's node died campaigns within so many
constexpr size_t kApplyEntriesMax = 512;  // in one batch
constexpr size_t kApplyBytesMax = 1 << 20;

uint32_t election_ticks(const NodeOptions& options) {
  return std::max(kElectionTicksMin, static_cast<uint32_t>(options.election_timeout / kReplicaTick));
}

std::string install_name(GroupId group) { return "install/" + std::to_string(group.value); }

}  // namespace

Replica::Replica(caf::actor_config& config, NodeContext& context, Shard& shard, Start start)
    : ShardActor(config, shard.index()),
      context_(context),
      shard_(shard),
      start_(std::move(start)),
      random_(context.environment.seed ^ (start_.group.value * 0x9E3779B97F4A7C15ull) ^ context.self.value) {}

caf::behavior Replica::make_behavior() {
  self_ = caf::actor_cast<caf::actor>(this);
  if (auto booted = boot(); !booted) {
    fatal("a replica can't start", booted.error());
    return {};
  }
  caf::message_handler handler{
      [this](const RaftMessagesPtr& messages) { handle_raft(*messages); },
      [this](const DurablePtr& durable) {
        raft_->persisted(durable->sequence);
        pump_soon();
      },
      [this](const WriteRequestsPtr& requests) { handle_writes(requests); },
      [this](const ReadRequestsPtr& requests) { handle_reads(requests); },
      [this](flush_atom) { pump(); },
      [this](progress_atom) {
        waiting_for_room_ = false;
        pump();
      },
      [this](tick_atom) { tick(); },
      [this](const CatalogChangedPtr& change) {
        handle_catalog(change->catalog);
        pump_soon();
      },
      [this](const PeerChangePtr& change) { peer_changed(*change); },
      [this](const TrimmablePtr& trimmable) { handle_trimmable(trimmable->applied); },
      [this](const SnapshotRequestPtr& request) {
        give_chunk(*request);
        flush_outgoing();
      },
      [this](const SnapshotChunkPtr& chunk) {
        take_chunk(*chunk);
        pump();
      },
      [this](stop_atom) { hand_over(); },
      [this](drop_atom) { drop(); },
  };
  return handler.or_else(extra_behavior());
}

void Replica::on_exit() {
  // They look into the store, which may be closed before whoever knows this actor is gone.
  transfers_.clear();
  shard_.remove_replica(start_.group);
  context_.statuses.remove(start_.group);
  self_ = nullptr;
}

// --- start

Result<void> Replica::boot() {
  auto& log = shard_.log();
  const GroupId group = start_.group;
  KEYZONE_TRY(applied, open_state());
  applied_ = applied;
  bool damaged = false;
  raft::Restored restored;
  if (!log.has_group(group)) {
    KEYZONE_CHECK(log.create_group(group, {}));
    shard_.flush_soon();
    auto& configuration = restored.log_start.configuration;
    configuration.voters = start_.voters;
    configuration.learners = start_.learners;
    std::sort(configuration.voters.begin(), configuration.voters.end());
    std::sort(configuration.learners.begin(), configuration.learners.end());
    KEYZONE_CHECK(log.trim(group, {LogIndex(0), Term(0), configuration.encode()}));
    if (applied_.value > 0) {  // the log was lost and the store was not
      KEYZONE_CHECK(reset_state());
      applied_ = LogIndex(0);
      damaged = true;
    }
  } else {
    KEYZONE_TRY(found, restore(applied_, &damaged));
    restored = std::move(found);
  }
  restored.applied = applied_;
  raft::Config config;
  config.self = context_.self;
  config.incarnation = context_.incarnation;
  config.election_timeout_ticks = election_ticks(context_.options);
  config.heartbeat_ticks = std::min(kHeartbeatTicks, config.election_timeout_ticks / 2);
  config.may_vote = !damaged;
  raft_ = std::make_unique<raft::Raft>(config, restored, *this);
  shard_.add_replica(group, self_, applied_);
  draw_election_timeout(false);
  if (start_.campaign) campaigns_left_ = kCampaigns;
  schedule_tick();
  pump_soon();
  report_status();
  return {};
}

// What the log has, made to fit what the store has. `damaged`: something that was once promised is gone.
Result<raft::Restored> Replica::restore(LogIndex applied, bool* damaged) {
  auto& log = shard_.log();
  const GroupId group = start_.group;
  const std::string name = install_name(group);
  if (const Bytes pending = log.metadata(name); !pending.empty()) {  // a snapshot was about to be switched to
    ByteReader in(pending);
    const LogIndex index(in.varint());
    const Term term(in.varint());
    const Bytes configuration(in.block());
    if (!in.failed() && index == applied && log.state(group).trim.index < index) {
      KEYZONE_CHECK(log.restart_after(group, {index, term, configuration}));
    }
    KEYZONE_CHECK(log.put_metadata(name, {}));
    shard_.flush_soon();
  }
  auto state = log.state(group);
  *damaged = state.is_damaged();
  raft::Restored restored;
  restored.hard_state = {state.hard.term, state.hard.vote, state.hard.commit};
  KEYZONE_TRY(configuration, raft::Configuration::decode(state.trim.configuration));
  restored.log_start = {state.trim.index, state.trim.term, std::move(configuration)};
  restored.last_index = state.last;
  if (state.all_damaged) restored.last_index = state.trim.index;
  for (const auto& [first, last] : state.damaged) {
    restored.last_index = std::min(restored.last_index, LogIndex(first.value - 1));
  }
  if (applied > restored.last_index || applied < restored.log_start.index) {
    // The state has effects of entries that are no more, or lacks entries that are: begin again, as one who
    // has forgotten. A snapshot will come.
    log_warn("group {}: the state is at {}, the log holds {}..{}: starting over", group.value, applied.value,
             restored.log_start.index.value, restored.last_index.value);
    KEYZONE_CHECK(reset_state());
    applied_ = LogIndex(0);
    restored.log_start.configuration = {};  // unknown: a snapshot brings it
    KEYZONE_CHECK(
        log.restart_after(group, {LogIndex(0), Term(0), restored.log_start.configuration.encode()}));
    restored.log_start.index = LogIndex(0);
    restored.log_start.term = Term(0);
    restored.last_index = LogIndex(0);
    restored.hard_state.commit = LogIndex(0);
    *damaged = true;
  }
  restored.hard_state.commit = std::min(restored.hard_state.commit, restored.last_index);
  return restored;
}

std::optional<Term> Replica::term_at(LogIndex index) {
  auto term = shard_.log().term(start_.group, index);
  if (!term) return std::nullopt;
  return *term;
}

Result<std::vector<raft::Entry>> Replica::entries(LogIndex first, LogIndex last, size_t bytes_max) {
  KEYZONE_TRY(found, shard_.log().entries(start_.group, first, last, bytes_max));
  std::vector<raft::Entry> out;
  out.reserve(found.size());
  for (auto& entry : found) {
    raft::Payload payload;
    if (!entry.data.empty()) payload = std::make_shared<const Bytes>(std::move(entry.data));
    out.push_back({entry.index, entry.term, static_cast<raft::EntryKind>(entry.kind), std::move(payload)});
  }
  return out;
}

// --- the loop

void Replica::pump_soon() {
  if (pump_scheduled_) return;
  pump_scheduled_ = true;
  send(this, flush_atom::value);
}

void Replica::pump() {
  pump_scheduled_ = false;
  if (!raft_) return;
  do {
    while (raft_ && raft_->has_ready()) handle_ready(raft_->take_ready());
    if (!raft_) return;
    stage_held();
    if (!raft_) return;
    apply_committed();
    if (!raft_) return;
    raft_moved();
  } while (raft_->has_ready());
  finish_reads();
  flush_outgoing();
}

void Replica::handle_ready(raft::Ready ready) {
  if (ready.error) return fatal("the log can't be read", *ready.error);
  if (ready.wants_election_timeout) draw_election_timeout(std::exchange(soon_, false));
  if (ready.soft_state) {
    start_.route->learn_leader(ready.soft_state->leader);
    if (ready.soft_state->role == raft::Role::kLeader) leader_start_ = raft_->last_index();
    report_status();
    leadership_changed();
  }
  raft_->set_clock(context_.clock.now());
  for (auto& message : ready.messages) {
    const NodeId to = message.to;
    outgoing_.push_back({to, PeerItem{start_.group, std::move(message)}});
  }
  ready.messages.clear();
  for (auto& entry : ready.committed) committed_.push_back(std::move(entry));
  ready.committed.clear();
  for (const auto& read : ready.reads) reads_.push_back(read);
  for (const auto context : ready.reads_failed) fail_reads(context);
  if (ready.snapshot_offer) take_offer(*ready.snapshot_offer);
  if (ready.must_persist() || ready.repaired) held_.push_back(std::move(ready));
}

// Persists what Raft wants persisted, in order. A Ready with a snapshot first switches the state, and goes to
// the log only when that is safe in the store.
void Replica::stage_held() {
  while (!held_.empty()) {
    auto& ready = held_.front();
    if (ready.install && !switch_pending_) {
      committed_.clear();  // older than the snapshot
      auto applied = install_switch();
      if (!applied) return fatal("a snapshot can't be switched to", applied.error());
      KEYZONE_ASSERT(*applied == ready.install->index);
      applied_ = *applied;
      forget_proposals(applied_);
      auto mark = shard_.flush_store();
      if (!mark) return fatal("the store can't be flushed", mark.error());
      switch_pending_ = true;
      switch_mark_ = *mark;
    }
    if (switch_pending_) {
      if (shard_.store().durable() < switch_mark_) {
        shard_.wait_for_room(self_);
        return;
      }
      (void)shard_.log().put_metadata(install_name(start_.group), {});
    }
    if (ready.must_persist() || ready.repaired) {
      if (auto staged = shard_.stage(start_.group, ready, self_); !staged) {
        if (shard_.log().failed()) return fatal("the log has failed", staged.error());
        shard_.flush_soon();
        shard_.wait_for_log(self_);  // full: tried again then, and with the next tick
        return;
      }
    }
    if (switch_pending_) {
      switch_pending_ = false;
      raft_->applied(applied_);
    }
    held_.pop_front();
  }
}

void Replica::apply_committed() {
  while (!committed_.empty() && !switch_pending_) {
    if (!may_apply()) {
      if (!waiting_for_room_) {
        waiting_for_room_ = true;
        shard_.wait_for_room(self_);
      }
      return;
    }
    std::vector<raft::Entry> batch;
    size_t bytes = 0;
    while (!committed_.empty() && batch.size() < kApplyEntriesMax && bytes < kApplyBytesMax) {
      bytes += committed_.front().size();
      batch.push_back(std::move(committed_.front()));
      committed_.pop_front();
    }
    const LogIndex last = batch.back().index;
    if (auto done = apply(batch); !done) return fatal("committed entries can't be applied", done.error());
    applied_ = last;
    raft_->applied(last);
  }
}

void Replica::finish_reads() {
  size_t ready = 0;
  for (; ready < reads_.size() && reads_[ready].index <= applied_; ++ready) {
    serve_reads(reads_[ready].context, reads_[ready].clock);
  }
  reads_.erase(reads_.begin(), reads_.begin() + static_cast<ptrdiff_t>(ready));
}

void Replica::handle_raft(const RaftMessages& messages) {
  if (!raft_) return;
  raft_->set_clock(context_.clock.now());
  using raft::MessageKind;
  for (const auto& message : messages.items) {
    // Heartbeats and their answers are what goes on while nothing happens.
    if (message.kind != MessageKind::kHeartbeat && message.kind != MessageKind::kHeartbeatReply)
      quiet_ticks_ = 0;
    raft_->step(message);
  }
  if (raft_->clock_seen() != kNoTimestamp) context_.clock.observe(raft_->clock_seen());
  if (!raft_->asleep()) schedule_tick();
  pump_soon();
}

// --- requests

bool Replica::can_store(NodeId node) const {
  if (node == context_.self) return !context_.disk_full();
  return context_.routing.view()->alive->contains(node) && !context_.loads.of(node).disk_full;
}

Result<void> Replica::check_space() const {
  if (context_.disk_full()) {
    return Error{ErrorKind::kNoSpace, "the disk of node '" + context_.options.name +
                                          "' is full: no writes are taken until there is space"};
  }
  const auto stores = [this](NodeId node) { return can_store(node); };
  if (!context_.loads.any_full() || raft::has_quorum(raft_->configuration(), stores)) return {};
  std::string names;
  for (const auto node : raft_->configuration().members()) {
    if (!context_.loads.of(node).disk_full) continue;
    const auto& nodes = context_.routing.view()->catalog->nodes;
    const auto known = nodes.find(node);
    if (known != nodes.end()) names += (names.empty() ? "'" : ", '") + known->second.name + "'";
  }
  return Error{ErrorKind::kNoSpace,
               "the disks of the nodes " + names +
                   " are full, and no majority can store: no writes are taken until there is space"};
}

Result<LogIndex> Replica::propose(std::vector<raft::Payload> payloads) {
  if (!held_.empty()) KEYZONE_CHECK(check_space());
  wake();
  auto index = raft_->propose(std::move(payloads));
  pump_soon();
  return index;
}

Result<uint64_t> Replica::ask_to_read() {
  wake();
  const uint64_t context = next_context_++;
  KEYZONE_CHECK(raft_->read_index(context));
  pump_soon();
  return context;
}

bool Replica::leading() const {
  return raft_ && raft_->is_leader() && raft_->leader_ready() && applied_ >= leader_start_;
}

void Replica::answer(NodeId origin, Reply reply) {
  replies_[origin].items.push_back(std::move(reply));
  pump_soon();
}

void Replica::expect_answers(NodeId origin, size_t count) {
  auto& items = replies_[origin].items;
  if (items.capacity() - items.size() < count)
    items.reserve(std::max(items.size() + count, 2 * items.capacity()));
}

void Replica::refuse(NodeId origin, RequestId id, ErrorKind kind, std::string message) {
  answer(origin, {id, Refusal{kind, raft_ ? raft_->leader() : NodeId(), std::move(message)}});
}

void Replica::flush_outgoing() {
  for (auto& [origin, gathered] : replies_) {
    auto replies = std::make_shared<Replies>(std::move(gathered));
    if (origin == context_.self) {
      deliver_replies(context_, replies);
    } else {
      send_to(origin, {start_.group, std::move(replies)});
    }
  }
  replies_.clear();
  if (outgoing_.empty()) return;
  auto out = std::make_shared<Outgoing>();
  out->items.swap(outgoing_);
  send_message(context_.hub, OutgoingPtr(std::move(out)));
}

// --- time

void Replica::schedule_tick() {
  if (ticking_ || !raft_) return;
  ticking_ = true;
  delayed_send(this, campaigns_left_ > 0 ? kCampaignTick : kReplicaTick, tick_atom::value);
}

void Replica::tick() {
  ticking_ = false;
  if (campaigns_left_ > 0) {  // a new group: the other replicas are being made just now
    if (raft_->leader().value || raft_->role() == raft::Role::kCandidate) {
      campaigns_left_ = raft_->leader().value ? 0 : campaigns_left_ - 1;
    } else {
      --campaigns_left_;
      raft_->campaign();
    }
    pump();
    return schedule_tick();
  }
  on_tick();
  reconcile_members();
  leave_full_disk();
  watch_install();
  for (auto it = transfers_.begin(); it != transfers_.end();) {
    it = ++it->second.idle_ticks > 400 ? transfers_.erase(it) : std::next(it);
  }
  install_if_durable();
  raft_->tick();
  const bool busy = has_work() || members_differ() || install_ || !transfers_.empty() || !held_.empty() ||
                    !committed_.empty();
  if (!busy && raft_->can_sleep() && ++quiet_ticks_ > kQuietTicksBeforeSleep) raft_->sleep();
  pump();
  if (!raft_->asleep() || busy) schedule_tick();
  report_status();
}

// A leader goes on with heartbeats. A follower stays with its leader: to take it for lost is for
// peer_changed(), and what the follower asks of the leader wakes both.
void Replica::wake() {
  quiet_ticks_ = 0;
  if (raft_->asleep() && raft_->is_leader()) raft_->wake();
  schedule_tick();
}

void Replica::draw_election_timeout(bool soon) {
  const uint32_t base = election_ticks(context_.options);
  const uint32_t drawn = soon ? 1 + static_cast<uint32_t>(random_.below(kWakeTicksMax))
                              : base + static_cast<uint32_t>(random_.below(base));
  raft_->set_election_timeout(drawn);
}

void Replica::peer_changed(const PeerChange& change) {
  if (!raft_) return;
  if (!change.alive) {
    if (raft_->is_leader()) raft_->report_unreachable(change.node);
    if (raft_->leader() == change.node) {
      if (raft_->asleep()) {
        raft_->wake();
        soon_ = true;
      }
      schedule_tick();
    }
    if (install_ && install_->from == change.node) abort_install();
    for (auto it = transfers_.begin(); it != transfers_.end();) {
      it = it->first.first == change.node ? transfers_.erase(it) : std::next(it);
    }
  } else if (raft_->is_leader() && raft_->configuration().contains(change.node)) {
    wake();  // it may have missed something
  }
  pump_soon();
}

void Replica::report_status() {
  if (!raft_) return;
  ReplicaStatus status;
  status.group = start_.group;
  status.leader = raft_->leader();
  status.term = raft_->term();
  status.applied = applied_;
  status.is_leader = raft_->is_leader();
  status.asleep = raft_->asleep();
  status.last_term = raft_->last_term();
  status.last_index = raft_->last_index();
  status.members = raft_->configuration();
  status.members_settled = raft_->members_settled();
  if (status == reported_) return;
  reported_ = std::move(status);
  context_.statuses.report(reported_);
}

void Replica::hand_over() {
  stopping_ = true;
  if (!raft_ || !raft_->is_leader()) return;
  wake();
  (void)hand_over_to_best();
  pump_soon();
}

// To the voter that is there, has space, and has most of the log. False: there is none.
bool Replica::hand_over_to_best() {
  const auto status = raft_->status();
  const raft::PeerStatus* best = nullptr;
  for (const auto& peer : status.peers) {
    if (peer.learner || peer.faulty || peer.node == context_.self || !can_store(peer.node)) continue;
    if (!best || peer.match > best->match) best = &peer;
  }
  return best && raft_->transfer_leadership(best->node).ok();
}

// A leader with a full disk could take no writes; another one may.
void Replica::leave_full_disk() {
  if (!raft_->is_leader() || !context_.disk_full()) {
    full_ticks_ = 0;
    return;
  }
  if (++full_ticks_ % kFullTicksBeforeHandOver == 0) (void)hand_over_to_best();
}

void Replica::drop() {
  raft_.reset();
  auto dropped = drop_state();
  if (dropped) dropped = shard_.log().remove_group(start_.group);
  if (!dropped) return fatal("a group can't be dropped", dropped.error());
  shard_.flush_soon();
  quit();
}

// --- the log's start

void Replica::handle_trimmable(LogIndex applied) {
  if (!raft_ || switch_pending_) return;
  const auto status = raft_->status();
  LogIndex keep = status.last_index;
  for (const auto& peer : status.peers) {
    if (peer.active && !peer.learner) keep = std::min(keep, peer.match);
  }
  const uint64_t kept = context_.options.log_entries_kept;
  const uint64_t floor = status.last_index.value > kept ? status.last_index.value - kept : 0;
  LogIndex until = std::min(applied, std::max(keep, LogIndex(floor)));
  until = std::min(until, applied_);
  if (until < status.first_index || until > status.persisted) return;
  const auto start = raft_->compact(until);
  (void)shard_.trim(start_.group, start);
  shard_.flush_soon();
}

void Replica::fatal(const std::string& what, const Error& error) {
  log_critical("group {}: {}: {}", start_.group.value, what, error.message);
  context_.environment.fatal("group " + std::to_string(start_.group.value) + ": " + what + ": " +
                             error.message);
  raft_.reset();
  quit();
}

}  // namespace keyzone::actors
