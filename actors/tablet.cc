#include "actors/tablet.h"

#include <caf/send.hpp>

#include <algorithm>
#include <array>

#include "actors/kept_estimate.h"
#include "actors/logging.h"
#include "actors/proposals.h"
#include "actors/table_chunks.h"
#include "actors/tablet_entry.h"
#include "schema/time_units.h"

namespace keyzone::actors {

namespace {

constexpr size_t kCommandOverhead = 1 << 10;  // beside what it writes, which has Cassandra's limit
constexpr size_t kEntryBytesMax = 1 << 20;    // of the commands that one entry carries
// While so many entries are on their way to a majority's disks, commands gather for the next: one is being
// synced, and one waits for the next sync. Each costs syncs, messages and wakeups, whatever it carries: where
// many commands come (NodeOptions::commands_under_way), work is scarcer than time, and one is enough.
constexpr size_t kProposalsUnderWay = 2;
constexpr Timestamp kSweepAgain = 1'000'000;  // after a step that could not be proposed, or was lost

class TabletActor : public Replica {
 public:
  TabletActor(caf::actor_config& config, NodeContext& context, Shard& shard, TabletStart start)
      : Replica(config, context, shard, std::move(start.replica)),
        table_(std::move(start.table)),
        tablet_(std::move(start.tablet)),
        meters_(context.meters.of(table_->id)) {
    want_members(start.version, tablet_.replicas);
  }

 protected:
  // --- state

  Result<LogIndex> open_state() override {
    if (!shard_.registry().find(start_.group)) {
      leveldb::WriteBatch batch;
      storage::TableReplica::create(shard_.registry(), start_.group, *table_, {tablet_.begin, tablet_.end},
                                    tablet_.epoch, batch);
      KEYZONE_CHECK(shard_.store().write(&batch));
    }
    return reopen();
  }

  Result<void> reset_state() override {
    replica_.reset();
    leveldb::WriteBatch batch;
    shard_.registry().drop(start_.group, batch);
    storage::TableReplica::create(shard_.registry(), start_.group, *table_, {tablet_.begin, tablet_.end},
                                  tablet_.epoch, batch);
    KEYZONE_CHECK(shard_.store().write(&batch));
    KEYZONE_TRY(index, reopen());
    (void)index;
    return {};
  }

  Result<void> drop_state() override {
    replica_.reset();
    leveldb::WriteBatch batch;
    shard_.registry().drop(start_.group, batch);
    return shard_.store().write(&batch);
  }

  Result<LogIndex> reopen() {
    replica_.reset();
    storage::ReplicaOptions options;
    options.row_cache = &shard_.row_cache();
    KEYZONE_TRY(replica, storage::TableReplica::open(shard_.store().db(), shard_.registry(), start_.group,
                                                     table_, options));
    replica_ = std::move(replica);
    return replica_->applied();
  }

  bool may_apply() override { return shard_.store().may_write_now(); }

  // --- writes

  void handle_writes(const WriteRequestsPtr& requests) override {
    if (!raft_) return;
    if (!raft_->is_leader()) {
      for (const auto& item : requests->items) refuse(requests->origin, item.id, ErrorKind::kNotLeader);
      return;
    }
    if (auto space = check_space(); !space) {
      for (const auto& item : requests->items) {
        refuse(requests->origin, item.id, ErrorKind::kNoSpace, space.error().message);
      }
      return wake();  // another node may lead
    }
    if (waiting_.full()) {
      for (const auto& item : requests->items) {
        refuse(requests->origin, item.id, ErrorKind::kOverloaded, "too many writes wait for this tablet");
      }
      return;
    }
    const size_t most = context_.options.mutation_bytes_max;
    const auto fits = [most](const WriteItem& i) { return i.command.size() <= most + kCommandOverhead; };
    if (std::all_of(requests->items.begin(), requests->items.end(), fits)) {
      waiting_.add(requests);
    } else {
      auto rest = std::make_shared<WriteRequests>(*requests);
      for (const auto& item : rest->items) {
        if (fits(item)) continue;
        refuse(rest->origin, item.id, ErrorKind::kInvalid,
               "Rejected an oversized mutation (" + std::to_string(item.command.size()) + "/" +
                   std::to_string(most) + ") for keyspace: " + table_->keyspace + ".");
      }
      std::erase_if(rest->items, [&](const WriteItem& item) { return !fits(item); });
      if (rest->items.empty()) return;
      waiting_.add(std::move(rest));
    }
    if (leading()) {
      send_proposals_soon();
    } else {
      wake();  // proposed by a tick, once earlier terms are applied
    }
  }

  // All requests that the mailbox holds now become few entries.
  void send_proposals_soon() {
    if (proposing_) return;
    proposing_ = true;
    send(this, wake_atom::value);
  }

  caf::behavior extra_behavior() override {
    return {
        [this](wake_atom) {
          proposing_ = false;
          propose_waiting();
        },
        [this](done_atom) { begin_reads(); },
        [this](sweep_atom) { sweep(); },
        [this](const DigestRequestPtr& request) { tell_digest(*request); },
        [this](const EstimateRequestPtr& request) { tell_estimate(*request); },
    };
  }

  void propose_waiting() {
    if (!raft_ || waiting_.empty()) return;
    if (!raft_->is_leader()) return refuse_all(waiting_.take(), {ErrorKind::kNotLeader, {}});
    if (!leading() || enough_under_way()) return;
    propose_schema();
    const auto waiting = waiting_.take();
    std::vector<BytesView> commands;
    Proposal proposal;
    size_t bytes = 0;
    for (const auto& requests : waiting) {
      for (const auto& item : requests->items) {
        commands.push_back(item.command);
        proposal.requests.push_back({requests->origin, item.id, item.all});
        bytes += item.command.size();
        if (bytes >= kEntryBytesMax) {
          propose_commands(commands, std::move(proposal));
          commands.clear();
          proposal = {};
          bytes = 0;
        }
      }
    }
    if (!commands.empty()) propose_commands(commands, std::move(proposal));
  }

  // Those of earlier terms may never come back, if another leader's log has cut them off.
  bool enough_under_way() const {
    size_t proposals = 0, commands = 0;
    for (const auto& [index, proposal] : proposals_) {
      if (proposal.term != raft_->term()) continue;
      ++proposals;
      commands += proposal.requests.size();
    }
    return proposals >= kProposalsUnderWay || commands >= context_.options.commands_under_way;
  }

  // False: refused, as those who asked have been told.
  bool propose_commands(const std::vector<BytesView>& commands, Proposal proposal) {
    const auto count = static_cast<uint32_t>(commands.size());
    Timestamp stamp = context_.clock.next(count);
    if (stamp <= last_stamp_ || stamp <= replica_->clock()) {
      // Only after a clock was set back by more than the hybrid clock remembers: a restart.
      context_.clock.catch_up(std::max(last_stamp_, replica_->clock()));
      stamp = context_.clock.next(count);
    }
    last_stamp_ = stamp + count - 1;
    auto index = propose({std::make_shared<const Bytes>(encode_commands(stamp, commands))});
    if (!index) {
      for (const auto& r : proposal.requests)
        refuse(r.origin, r.id, index.error().kind, index.error().message);
      return false;
    }
    proposal.term = raft_->term();
    const auto [place, added] = proposals_.try_emplace(*index);
    if (!added) {  // of an earlier term of ours: another leader's log has cut it off
      for (const auto& r : place->second.requests) refuse(r.origin, r.id, ErrorKind::kNotLeader);
    }
    place->second = std::move(proposal);
    return true;
  }

  // --- sweeps: passes over all rows, a step a command, when the shard says that it is our turn

  // Says when our next turn is wanted.
  void plan_sweep() {
    if (pass_.asked) return;  // planned when that is applied
    Timestamp due = 0;        // at once, if a pass is under way
    if (pass_.from.empty()) {
      const int64_t second = replica_->sweep_due(table_->gc_grace_seconds());
      due = second > INT64_MAX / kMicrosPerSecond ? INT64_MAX : second * kMicrosPerSecond;
      due = std::max(due, rest_until_);
    }
    if (!raft_->is_leader()) due = INT64_MAX;
    if (due == sweep_due_) return;
    sweep_due_ = due;
    if (due == INT64_MAX)
      shard_.sweeps().forget(start_.group);
    else
      shard_.sweeps().want(start_.group, due == 0 ? context_.clock.now() : due);
  }

  void sweep() {
    sweep_due_ = INT64_MAX;
    if (!raft_ || !raft_->is_leader() || pass_.asked) return;
    const Timestamp now = context_.clock.now();
    if (!leading()) return give_up_pass(now);
    if (pass_.from.empty()) pass_ = {now, now, {}, 0};
    Command command;
    command.table = table_->id;
    command.sweep = Sweep{pass_.now, table_->gc_grace_seconds(), pass_.from, kSweepKeys};
    const Bytes bytes = encode_command(command);
    Proposal proposal;
    proposal.step = pass_.asked = ++last_step_;
    if (!propose_commands({bytes}, std::move(proposal))) give_up_pass(now);
  }

  void sweep_applied(Bytes resume) {
    pass_.asked = 0;
    pass_.from = std::move(resume);
    if (pass_.from.empty()) {
      const auto interval = context_.options.sweep_interval;
      rest_until_ = rest_after_pass(pass_.begun, context_.clock.now(), interval);
      pass_ = {};
    }
    plan_sweep();
  }

  // Another one will begin from the start.
  void give_up_pass(Timestamp now) {
    rest_until_ = now + kSweepAgain;
    pass_ = {};
    plan_sweep();
  }

  // The tablet learns a new schema through its own log, in order with the commands.
  void propose_schema() {
    if (table_->version <= proposed_version_ || table_->version <= replica_->schema()->version) return;
    CatalogChange change;
    change.put_tables.push_back(*table_);
    Bytes payload(1, static_cast<char>(kSchemaEntry));
    payload += encode_change(change);
    if (propose({std::make_shared<const Bytes>(std::move(payload))})) proposed_version_ = table_->version;
  }

  // --- apply

  Result<void> apply(const std::vector<raft::Entry>& entries) override {
    std::vector<Carrier> carriers;
    ApplyScratch& scratch = shard_.apply_scratch();
    scratch.clear();
    for (const auto& entry : entries) {
      if (entry.kind != raft::EntryKind::kNormal || !entry.payload || entry.payload->empty()) continue;
      if (static_cast<uint8_t>((*entry.payload)[0]) == kSchemaEntry) {
        KEYZONE_CHECK(apply_commands(LogIndex(entry.index.value - 1), carriers));
        carriers.clear();
        scratch.clear();
        KEYZONE_CHECK(apply_schema(*entry.payload));
        continue;
      }
      const size_t before = scratch.commands.size();
      KEYZONE_CHECK(decode_commands(*entry.payload, entry.index, scratch.pool, scratch.commands));
      carriers.push_back({&entry, scratch.commands.size() - before});
    }
    KEYZONE_CHECK(apply_commands(entries.back().index, carriers));
    forget_proposals(entries.back().index);  // what is left lost its place to another leader's entries
    if (!waiting_.empty()) send_proposals_soon();
    plan_sweep();
    return {};
  }

  Result<void> apply_schema(BytesView payload) {
    KEYZONE_TRY(change, decode_change(payload.substr(1)));
    if (change.put_tables.size() != 1) return Error{ErrorKind::kCorrupt, "a schema entry without its table"};
    auto table = std::make_shared<Table>(std::move(change.put_tables.front()));
    table->index();
    replica_->set_schema(std::move(table));
    return {};
  }

  struct Carrier {
    const raft::Entry* entry;
    size_t commands;
  };

  // The shard's scratch has the commands of `carriers`, in their order.
  Result<void> apply_commands(LogIndex applied, const std::vector<Carrier>& carriers) {
    if (applied <= replica_->applied()) return {};
    auto& [pool, commands, batch] = shard_.apply_scratch();
    size_t end = 0;
    for (const Carrier& carrier : carriers) {
      end += carrier.commands;
      if (carrier.commands != 0) context_.clock.observe(commands[end - 1].stamp + 1);
    }
    const Timestamp begun = now_us();
    KEYZONE_TRY(outcomes, replica_->apply(applied, commands, batch));
    KEYZONE_CHECK(shard_.write(start_.group, applied, batch));
    meters_->local_writes.add(microseconds_since(begun), commands.size());  // each has waited for all
    size_t next = 0;
    for (const Carrier& carrier : carriers) {
      answer_proposal(*carrier.entry, std::span(outcomes).subspan(next, carrier.commands));
      next += carrier.commands;
    }
    return {};
  }

  void answer_proposal(const raft::Entry& entry, std::span<Outcome> outcomes) {
    auto it = proposals_.find(entry.index);
    if (it == proposals_.end()) return;
    auto proposal = std::move(it->second);
    proposals_.erase(it);
    if (proposal.step != 0) {
      if (proposal.step != pass_.asked) return;  // given up since: we have lost the lead, and got it again
      if (proposal.term == entry.term && outcomes.size() == 1)
        return sweep_applied(std::move(outcomes[0].resume));
      return give_up_pass(context_.clock.now());
    }
    const bool ours = proposal.term == entry.term && proposal.requests.size() == outcomes.size();
    for (size_t i = 0; i < proposal.requests.size(); ++i) {
      const auto& [origin, id, all] = proposal.requests[i];
      if (!ours) {
        refuse(origin, id, ErrorKind::kNotLeader);  // another leader's entry took the place: not applied
      } else if (all && outcomes[i].kind == OutcomeKind::kDone) {
        unfinished_.push_back({entry.index, origin, {id, std::move(outcomes[i])}});
      } else {
        answer(origin, {id, std::move(outcomes[i])});
      }
    }
  }

  void forget_proposals(LogIndex index) override {
    while (!proposals_.empty() && proposals_.begin()->first <= index) {
      auto proposal = std::move(proposals_.begin()->second);
      proposals_.erase(proposals_.begin());
      // Nobody here knows whether a snapshot has them: asked again with the same id, the group knows.
      for (const auto& r : proposal.requests) refuse(r.origin, r.id, ErrorKind::kNotLeader);
      if (proposal.step != 0 && proposal.step == pass_.asked) give_up_pass(context_.clock.now());
    }
  }

  void leadership_changed() override {
    if (!raft_->is_leader()) {
      proposed_version_ = 0;
      refuse_all(waiting_.take(), {ErrorKind::kNotLeader, {}});
      // Those who wait time out: it is written, and who has it is not known here any more.
      unfinished_.clear();
      pass_ = {};
    }
    plan_sweep();
  }

  // --- reads

  void handle_reads(const ReadRequestsPtr& requests) override {
    if (!raft_) return;
    const auto nearest = [](const ReadItem& item) { return item.nearest; };
    const auto& items = requests->items;
    if (std::none_of(items.begin(), items.end(), nearest)) return ask_before(requests);
    if (std::all_of(items.begin(), items.end(), nearest)) return serve_all(*requests, context_.clock.now());
    ReadRequests now;
    auto linearizable = std::make_shared<ReadRequests>();
    now.group = linearizable->group = requests->group;
    now.origin = linearizable->origin = requests->origin;
    for (const auto& item : items) (nearest(item) ? now : *linearizable).items.push_back(item);
    serve_all(now, context_.clock.now());
    ask_before(std::move(linearizable));
  }

  // A follower asks the leader how far it must have applied, and answers by itself.
  void ask_before(ReadRequestsPtr reads) {
    waiting_reads_.push_back(std::move(reads));
    if (reads_.empty()) begin_reads_soon();
  }

  // All reads that the mailbox holds share one ReadIndex, and those that come while one is under way share
  // the next.
  void begin_reads_soon() {
    if (reading_) return;
    reading_ = true;
    send(this, done_atom::value);
  }

  void begin_reads() {
    reading_ = false;
    if (!raft_ || waiting_reads_.empty()) return;
    auto batch = std::exchange(waiting_reads_, {});
    const auto context = ask_to_read();
    if (!context) return refuse_all(batch, context.error());
    reads_[*context] = std::move(batch);
  }

  void serve_reads(uint64_t context, Timestamp clock) override {
    const Timestamp now = std::max(clock, context_.clock.now());
    for (const auto& reads : take_reads(context)) serve_all(*reads, now);
    if (!waiting_reads_.empty()) begin_reads_soon();
  }

  void fail_reads(uint64_t context) override {
    refuse_all(take_reads(context), {ErrorKind::kNotLeader, {}});
    if (!waiting_reads_.empty()) begin_reads_soon();
  }

  std::vector<ReadRequestsPtr> take_reads(uint64_t context) {
    auto found = reads_.extract(context);
    return found ? std::move(found.mapped()) : std::vector<ReadRequestsPtr>();
  }

  // Reads or writes.
  template <class Batches>
  void refuse_all(const Batches& batches, const Error& error) {
    for (const auto& requests : batches) {
      for (const auto& item : requests->items) refuse(requests->origin, item.id, error.kind, error.message);
    }
  }

  void serve_all(const ReadRequests& reads, Timestamp now) {
    Timestamp begun = now_us();
    expect_answers(reads.origin, reads.items.size());
    for (size_t i = 0; i < reads.items.size(); ++i) {
      if (i % storage::kReadsAheadMax == 0) expect_from(reads, i);
      begun = serve(reads.origin, reads.items[i], now, begun);
    }
  }

  void expect_from(const ReadRequests& reads, size_t first) {
    std::array<const ReadRequest*, storage::kReadsAheadMax> next;
    const size_t count = std::min(reads.items.size() - first, next.size());
    for (size_t i = 0; i < count; ++i) next[i] = reads.items[first + i].request.get();
    replica_->expect({next.data(), count});
  }

  // Gives when it was done, which is when the next one begins: a look at the clock has its price.
  Timestamp serve(NodeId origin, const ReadItem& item, Timestamp now, Timestamp begun) {
    // What a sweep has emptied as expired must not show, even if our own clock is behind those of the group.
    auto result = replica_->read(*item.request, std::max(now, replica_->clock()));
    const Timestamp done = now_us();
    if (result) {
      const auto taken = static_cast<uint64_t>(std::max<Timestamp>(done - begun, 0));
      meters_->count_read(item.request->scan, taken, *result);
      answer(origin, {item.id, *std::move(result)});
      return done;
    }
    const ErrorKind kind = result.error().kind;
    refuse(origin, item.id, kind, result.error().message);
    if (kind == ErrorKind::kCorrupt || kind == ErrorKind::kIo) fatal("rows can't be read", result.error());
    return done;
  }

  // --- the rest

  void handle_catalog(const CatalogPtr& catalog) override {
    if (!raft_) return;
    auto table = catalog->table(table_->id);
    if (!table) return;  // dropped: the supervisor stops us
    table_ = std::move(table);
    auto it = catalog->tablets.find(table_->id);
    if (it != catalog->tablets.end()) {
      for (const auto& tablet : it->second->tablets) {
        if (tablet.group == start_.group) tablet_ = tablet;
      }
    }
    want_members(catalog->version, tablet_.replicas);
    plan_sweep();  // the grace may be another one now
    if (leading()) propose_schema();
  }

  void raft_moved() override { answer_finished(); }

  void answer_finished() {
    if (unfinished_.empty()) return;
    LogIndex everywhere = raft_->last_index();
    for (const auto& peer : raft_->status().peers) {
      if (!peer.learner && peer.node != context_.self) everywhere = std::min(everywhere, peer.match);
    }
    while (!unfinished_.empty() && unfinished_.front().index <= everywhere) {
      answer(unfinished_.front().origin, std::move(unfinished_.front().reply));
      unfinished_.pop_front();
    }
  }

  void on_tick() override {
    propose_waiting();
    begin_reads();  // whatever has become of the ReadIndex before
    if (leading()) propose_schema();
    if (!raft_->is_leader() || tablet_.preferred_leader == context_.self || !leading()) {
      displaced_ticks_ = 0;
      return;
    }
    // Leaders go back to where placement wants them once that node has been there for a while.
    if (++displaced_ticks_ < kTicksBeforeMoveBack) return;
    displaced_ticks_ = 0;
    if (preferred_may_lead()) (void)raft_->transfer_leadership(tablet_.preferred_leader);
  }

  bool preferred_may_lead() const {
    return context_.routing.view()->alive->contains(tablet_.preferred_leader) &&
           !context_.loads.of(tablet_.preferred_leader).disk_full;
  }

  bool has_work() const override {
    const bool displaced =
        raft_->is_leader() && tablet_.preferred_leader != context_.self && preferred_may_lead();
    return !waiting_.empty() || !waiting_reads_.empty() || !reads_.empty() || !proposals_.empty() ||
           !unfinished_.empty() || displaced;
  }

  void tell_digest(const DigestRequest& request) {
    if (!raft_ || !replica_) return;
    auto digest = replica_->digest();
    if (!digest) return fatal("rows can't be read", digest.error());
    request.tell(start_.group, replica_->applied(), *digest,
                 replica_->meta().leftovers == storage::Leftovers());
  }

  void tell_estimate(const EstimateRequest& request) {
    const auto estimate = raft_ && replica_ ? estimate_.of(*replica_, now_us()) : storage::Estimate();
    request.tell(start_.group, estimate ? *estimate : storage::Estimate());
    if (!estimate) fatal("rows can't be read", estimate.error());
  }

  // --- snapshots

  Result<std::unique_ptr<ChunkSource>> open_snapshot() override {
    return std::unique_ptr<ChunkSource>(std::make_unique<TableChunks>(replica_->snapshot()));
  }
  Result<void> install_begin() override {
    leveldb::WriteBatch batch;
    installer_ = std::make_unique<storage::SnapshotInstaller>(shard_.registry(), start_.group, batch);
    return shard_.store().write(&batch);
  }
  Result<void> install_add(BytesView chunk) override {
    leveldb::WriteBatch batch;
    KEYZONE_CHECK(installer_->add(chunk, batch));
    return shard_.store().write(&batch);
  }
  bool install_complete() const override { return installer_ && installer_->complete(); }
  Result<LogIndex> install_switch() override {
    leveldb::WriteBatch batch;
    replica_.reset();
    const auto meta = installer_->finish(batch);
    installer_.reset();
    KEYZONE_CHECK(shard_.write(start_.group, meta.applied, batch));
    return reopen();
  }
  void install_abort() override { installer_.reset(); }

 private:
  static constexpr uint32_t kTicksBeforeMoveBack = 100;  // of 50 ms

  TablePtr table_;  // the newest that the catalog has shown
  Tablet tablet_;
  std::unique_ptr<storage::TableReplica> replica_;
  std::shared_ptr<TableMeters> meters_;
  KeptEstimate estimate_;
  std::unique_ptr<storage::SnapshotInstaller> installer_;
  WaitingWrites waiting_;  // to be proposed
  std::map<LogIndex, Proposal> proposals_;
  std::vector<ReadRequestsPtr> waiting_reads_;
  std::map<uint64_t, std::vector<ReadRequestsPtr>> reads_;  // by ReadIndex context
  std::deque<Unfinished> unfinished_;
  Pass pass_;
  uint64_t last_step_ = 0;
  Timestamp rest_until_ = 0;         // no pass begins before
  Timestamp sweep_due_ = INT64_MAX;  // as the shard was told; INT64_MAX: we don't want a turn
  Timestamp last_stamp_ = 0;
  uint32_t proposed_version_ = 0;
  uint32_t displaced_ticks_ = 0;
  bool proposing_ = false;
  bool reading_ = false;
};

}  // namespace

caf::actor spawn_tablet(caf::actor_system& system, NodeContext& context, Shard& shard, TabletStart start) {
  return system.spawn<TabletActor>(context, shard, std::move(start));
}

}  // namespace keyzone::actors
