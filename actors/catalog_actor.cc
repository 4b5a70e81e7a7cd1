#include "actors/catalog_actor.h"

#include <deque>

#include "actors/logging.h"

namespace keyzone::actors {

namespace {

// Where the catalog lies in the store: a prefix that no table's store id gets.
constexpr char kCatalogKey[] =
    "\xff\xff\xff\xff"
    "catalog";
constexpr uint64_t kChangesBeforeWrite = 64;  // the state goes to the store after so many
constexpr size_t kAnswersKept = 512;          // for requests that are sent again

class CatalogChunks : public ChunkSource {
 public:
  CatalogChunks(LogIndex index, Bytes bytes) : index_(index), bytes_(std::move(bytes)) {}
  LogIndex index() const override { return index_; }
  Result<Bytes> next() override { return std::exchange(bytes_, Bytes()); }

 private:
  LogIndex index_;
  Bytes bytes_;
};

struct Answered {
  RequestId id;
  OutcomeKind kind;
};

class CatalogActor : public Replica {
 public:
  using Replica::Replica;

 protected:
  // --- state

  Result<LogIndex> open_state() override {
    bool found = false;
    KEYZONE_TRY(bytes, shard_.store().get(BytesView(kCatalogKey, sizeof kCatalogKey - 1), &found));
    if (!found) return LogIndex(0);
    return load(bytes);
  }

  Result<void> reset_state() override {
    catalog_ = std::make_shared<Catalog>();
    answered_.clear();
    leveldb::WriteBatch batch;
    batch.Delete(leveldb::Slice(kCatalogKey, sizeof kCatalogKey - 1));
    return shard_.store().write(&batch);
  }

  Result<void> drop_state() override { return reset_state(); }

  // State: varint applied, varint answers, each varint incarnation, varint sequence, byte kind; then the
  // catalog.
  Bytes dump(LogIndex applied) const {
    Bytes out;
    append_varint(out, applied.value);
    append_varint(out, answered_.size());
    for (const auto& answer : answered_) {
      append_varint(out, answer.id.incarnation);
      append_varint(out, answer.id.sequence);
      out.push_back(static_cast<char>(answer.kind));
    }
    return out + encode_catalog(*catalog_);
  }

  Result<LogIndex> load(BytesView bytes) {
    ByteReader in(bytes);
    const LogIndex applied(in.varint());
    const uint64_t count = in.varint();
    std::deque<Answered> answered;
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      const uint64_t incarnation = in.varint(), sequence = in.varint();
      answered.push_back({{incarnation, sequence}, static_cast<OutcomeKind>(in.byte())});
    }
    if (in.failed()) return Error{ErrorKind::kCorrupt, "the catalog on disk is cut short"};
    KEYZONE_TRY(catalog, decode_catalog(in.rest()));
    catalog_ = std::move(catalog);
    answered_ = std::move(answered);
    written_ = applied;
    publish();
    return applied;
  }

  Result<void> write(LogIndex applied) {
    leveldb::WriteBatch batch;
    batch.Put(leveldb::Slice(kCatalogKey, sizeof kCatalogKey - 1), dump(applied));
    written_ = applied;
    return shard_.write(start_.group, applied, batch);
  }

  void publish() {
    send_message(context_.supervisor,
                 CatalogChangedPtr(std::make_shared<CatalogChanged>(CatalogChanged{catalog_, {}})));
  }

  bool may_apply() override { return shard_.store().may_write_now(); }

  // --- changes

  caf::behavior extra_behavior() override {
    return {[this](const CatalogRequestPtr& request) {
      handle_request(*request);
      pump_soon();
    }};
  }

  void handle_request(const CatalogRequest& request) {
    if (!raft_) return;
    if (!leading()) {
      wake();
      return refuse(request.origin, request.id, ErrorKind::kNotLeader);
    }
    Bytes payload;
    append_varint(payload, request.id.incarnation);
    append_varint(payload, request.id.sequence);
    payload += request.change;
    auto index = propose({std::make_shared<const Bytes>(std::move(payload))});
    if (!index) return refuse(request.origin, request.id, index.error().kind, index.error().message);
    proposals_[*index] = {raft_->term(), request.origin, request.id};
  }

  Result<void> apply(const std::vector<raft::Entry>& entries) override {
    const auto before = catalog_;
    for (const auto& entry : entries) {
      if (entry.kind != raft::EntryKind::kNormal || !entry.payload) continue;
      KEYZONE_CHECK(apply_entry(entry));
    }
    if (catalog_ != before) publish();
    const LogIndex applied = entries.back().index;
    forget_proposals(applied);
    changes_ += entries.size();
    if (changes_ >= kChangesBeforeWrite) {
      changes_ = 0;
      KEYZONE_CHECK(write(applied));
    }
    return {};
  }

  Result<void> apply_entry(const raft::Entry& entry) {
    ByteReader in(*entry.payload);
    const uint64_t incarnation = in.varint(), sequence = in.varint();
    const RequestId id{incarnation, sequence};
    OutcomeKind kind = OutcomeKind::kDone;
    auto known = std::find_if(answered_.begin(), answered_.end(), [&](const auto& a) { return a.id == id; });
    if (known != answered_.end()) {
      kind = known->kind;
    } else {
      KEYZONE_TRY(change, decode_change(in.rest()));
      auto next = apply_change(*catalog_, change);
      if (next) {
        catalog_ = *std::move(next);
      } else {
        kind = OutcomeKind::kStale;
      }
      answered_.push_back({id, kind});
      if (answered_.size() > kAnswersKept) answered_.pop_front();
    }
    auto it = proposals_.find(entry.index);
    if (it != proposals_.end() && it->second.term == entry.term) {
      Outcome outcome;
      outcome.kind = kind;
      answer(it->second.origin, {it->second.id, std::move(outcome)});
      proposals_.erase(it);
    }
    return {};
  }

  void raft_moved() override { raft_->announce_commit(); }  // every node waits for it

  void forget_proposals(LogIndex index) override {
    while (!proposals_.empty() && proposals_.begin()->first <= index) {
      const auto proposal = proposals_.begin()->second;
      proposals_.erase(proposals_.begin());
      refuse(proposal.origin, proposal.id, ErrorKind::kNotLeader);
    }
  }

  // --- what the catalog doesn't do: it has no rows

  void handle_writes(const WriteRequestsPtr& requests) override {
    for (const auto& item : requests->items)
      refuse(requests->origin, item.id, ErrorKind::kInvalid, "no rows here");
  }
  void handle_reads(const ReadRequestsPtr& requests) override {
    for (const auto& item : requests->items)
      refuse(requests->origin, item.id, ErrorKind::kInvalid, "no rows here");
  }
  void serve_reads(uint64_t, Timestamp) override {}
  void fail_reads(uint64_t) override {}

  void handle_catalog(const CatalogPtr& catalog) override {
    std::vector<NodeId> voters, learners;
    for (const auto& member : catalog->members) (member.voter ? voters : learners).push_back(member.node);
    want_members(catalog->version, std::move(voters), std::move(learners));
  }
  // Changes stay in the log until the state is in the store; when quiet for a while, it goes there.
  void on_tick() override {
    if (changes_ > 0 && ++quiet_ > kQuietTicks && may_apply()) {
      changes_ = 0;
      quiet_ = 0;
      if (auto written = write(applied_); !written) fatal("the catalog can't be written", written.error());
    }
  }
  bool has_work() const override { return !proposals_.empty() || changes_ > 0; }

  // --- snapshots

  Result<std::unique_ptr<ChunkSource>> open_snapshot() override {
    return std::unique_ptr<ChunkSource>(std::make_unique<CatalogChunks>(applied_, dump(applied_)));
  }
  Result<void> install_begin() override {
    incoming_.clear();
    return {};
  }
  Result<void> install_add(BytesView chunk) override {
    incoming_ += chunk;
    return {};
  }
  bool install_complete() const override { return !incoming_.empty(); }
  Result<LogIndex> install_switch() override {
    KEYZONE_TRY(applied, load(incoming_));
    incoming_.clear();
    KEYZONE_CHECK(write(applied));
    return applied;
  }
  void install_abort() override { incoming_.clear(); }

 private:
  static constexpr uint32_t kQuietTicks = 40;
  struct Proposal {
    Term term;
    NodeId origin;
    RequestId id;
  };

  CatalogPtr catalog_ = std::make_shared<Catalog>();
  std::deque<Answered> answered_;
  std::map<LogIndex, Proposal> proposals_;
  LogIndex written_;
  uint64_t changes_ = 0;
  uint32_t quiet_ = 0;
  Bytes incoming_;
};

}  // namespace

caf::actor spawn_catalog(caf::actor_system& system, NodeContext& context, Shard& shard,
                         Replica::Start start) {
  return system.spawn<CatalogActor>(context, shard, std::move(start));
}

}  // namespace keyzone::actors
