#include "actors/batch_keeper.h"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include "actors/batch_log.h"
#include "actors/logging.h"
#include "actors/shard_actor.h"

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kKeeperTick{2000};
constexpr std::chrono::seconds kPatience{
    6};                              // with one command or scan; answers are slow where much is left to do
constexpr size_t kBatchesMax = 200;  // under way at a time

class BatchKeeper : public ShardActor {
 public:
  BatchKeeper(caf::actor_config& config, NodeContext& context) : ShardActor(config, 0), context_(context) {}

  caf::behavior make_behavior() override {
    number_ = context_.sessions.add(caf::actor_cast<caf::actor>(this));
    delayed_send(this, kKeeperTick, tick_atom::value);
    return {
        [this](tick_atom) { tick(); },
        [this](const RepliesPtr& replies) {
          for (const auto& reply : replies->items) {
            if (context_.is_of(number_, reply.id)) handle_reply(reply);
          }
        },
        [](const CatalogChangedPtr&) {},
        [](const NodeEventPtr&) {},
    };
  }

 private:
  struct Batch {
    std::vector<BatchCommand> commands;
    // Commands that are not known to be applied, and when each is sent again: while an answer may come, a
    // command is not sent twice, or a busy cluster would be kept busy with what it has yet to answer.
    std::map<size_t, Timestamp> open;
  };
  struct Scan {
    GroupId group;
    LogIndex applied;     // before the scan
    Timestamp until = 0;  // then its answer is waited for no longer
  };

  void tick() {
    delayed_send(this, kKeeperTick, tick_atom::value);
    if (!context_.ready || context_.stopping) return;
    view_ = context_.routing.view();
    log_ = batch_log(*view_->catalog);
    const Timestamp now = context_.clock.now();
    std::erase_if(scans_, [now](const auto& scan) { return scan.second.until <= now; });
    std::erase_if(asked_, [now](const auto& asked) { return asked.second.until <= now; });
    if (!log_) return;
    std::vector<Uuid> open;
    for (const auto& [id, batch] : batches_) open.push_back(id);
    for (const auto& id : open) send_open(id);
    scan();
  }

  RequestId next_id() {
    return {context_.coordinator(), static_cast<uint64_t>(number_) << kSessionShift | next_++};
  }

  // --- what is there

  // Tablets that we lead and that have changed since nothing was found in them.
  void scan() {
    const auto it = view_->catalog->tablets.find(log_->id);
    if (it == view_->catalog->tablets.end()) return;
    const auto is_scanned = [this](GroupId group) {
      return std::any_of(scans_.begin(), scans_.end(),
                         [&](const auto& scan) { return scan.second.group == group; });
    };
    for (const auto& tablet : it->second->tablets) {
      if (is_scanned(tablet.group)) continue;
      const auto status = context_.statuses.of(tablet.group);
      if (!status || !status->is_leader) {
        quiet_.erase(tablet.group);
        continue;
      }
      const auto quiet = quiet_.find(tablet.group);
      if (quiet != quiet_.end() && quiet->second == status->applied) continue;
      const RequestId id = next_id();
      scans_[id.sequence] = {tablet.group, status->applied, deadline_of_one()};
      auto reads = std::make_shared<ReadRequests>();
      reads->group = tablet.group;
      reads->origin = context_.self;
      reads->items.push_back({id, std::make_shared<const ReadRequest>(read_entries(*log_, tablet)), false});
      send_to(tablet.group, context_.self, ReadRequestsPtr(std::move(reads)));
    }
  }

  void handle_scan(const Scan& scan, const ReadResult& rows) {
    auto entries = parse_entries(rows);
    if (!entries) {
      log_error("the batch log can't be read: {}", entries.error().message);
      return;
    }
    if (entries->empty()) {
      quiet_[scan.group] = scan.applied;
      return;
    }
    quiet_.erase(scan.group);
    const Timestamp overdue = context_.clock.now() - kBatchOverdue;
    for (auto& entry : *entries) {
      if (entry.written_at > overdue || batches_.contains(entry.id) || batches_.size() >= kBatchesMax)
        continue;
      Batch batch;
      batch.commands = std::move(entry.commands);
      for (size_t i = 0; i < batch.commands.size(); ++i) batch.open.emplace(i, 0);
      batches_.emplace(entry.id, std::move(batch));
      send_open(entry.id);
    }
  }

  // --- what has to be done

  void send_open(const Uuid& id) {
    auto& batch = batches_.at(id);
    const Timestamp now = context_.clock.now();
    const Timestamp until = deadline_of_one();
    for (auto it = batch.open.begin(); it != batch.open.end();) {
      auto& [i, again] = *it;
      const bool due = again <= now;
      if (due) again = until;
      const bool has_table = !due || send_command(batch.commands[i], Asked{id, i, until});
      it = has_table ? std::next(it) : batch.open.erase(it);
    }
    if (batch.open.empty()) finish(id);
  }

  void finish(const Uuid& id) {
    log_info("a batch that its coordinator left half done is complete");
    batches_.erase(id);
    auto gone = delete_entry(*log_, id, context_.clock.next());
    // If this is lost, the entry will be found again, and doing it again does no harm.
    (void)send_command({gone.table, gone.token, std::move(gone.command)}, std::nullopt);
  }

  struct Asked {
    Uuid batch;
    size_t command = 0;
    Timestamp until = 0;  // then its answer is waited for no longer
  };

  // When a command or scan that is sent now is given up.
  Timestamp deadline_of_one() const {
    return context_.clock.now() + std::chrono::microseconds(kPatience).count();
  }

  // False: its table was dropped; there is nothing to do.
  bool send_command(const BatchCommand& what, std::optional<Asked> asked) {
    const auto table = view_->catalog->table(what.table);
    const auto it = view_->catalog->tablets.find(what.table);
    if (!table || it == view_->catalog->tablets.end()) return false;
    const Tablet& tablet = it->second->find(what.token);
    Command command = what.command;
    const RequestId id = next_id();
    command.request = id;
    command.schema_version = table->version;
    command.epoch = tablet.epoch;
    command.deadline = deadline_of_one();
    auto writes = std::make_shared<WriteRequests>();
    writes->group = tablet.group;
    writes->origin = context_.self;
    writes->items.push_back({id, encode_command(command), false});
    if (asked) asked_[id.sequence] = *asked;
    const auto* route = view_->route(tablet.group);
    const NodeId leader = route ? route->leader_hint() : NodeId();
    if (leader.value) send_to(tablet.group, leader, WriteRequestsPtr(std::move(writes)));
    return true;
  }

  template <class Requests>
  void send_to(GroupId group, NodeId node, Requests requests) {
    if (node == context_.self) {
      const auto* route = view_->route(group);
      if (route && route->local) send_message(route->local, std::move(requests));
      return;
    }
    auto out = std::make_shared<Outgoing>();
    out->items.push_back({node, PeerItem{group, std::move(requests)}});
    send_message(context_.hub, OutgoingPtr(std::move(out)));
  }

  // Refusals and stale plans are tried again with the next tick.
  void handle_reply(const Reply& reply) {
    const uint64_t sequence = reply.id.sequence;
    if (auto scan = scans_.find(sequence); scan != scans_.end()) {
      const Scan what = scan->second;
      scans_.erase(scan);
      if (auto* rows = std::get_if<ReadResult>(&reply.body)) handle_scan(what, *rows);
      return;
    }
    const auto found = asked_.find(sequence);
    if (found == asked_.end()) return;
    const Asked asked = found->second;
    asked_.erase(found);
    const auto* outcome = std::get_if<Outcome>(&reply.body);
    const auto batch = batches_.find(asked.batch);
    if (batch == batches_.end()) return;
    const auto open = batch->second.open.find(asked.command);
    if (open == batch->second.open.end()) return;
    open->second = 0;  // answered: a refusal is tried again with the next tick
    if (!outcome) return;
    // kInvalid is final, too: the schema has changed, and the command can't be applied any more.
    if (outcome->kind != OutcomeKind::kDone && outcome->kind != OutcomeKind::kInvalid) return;
    batch->second.open.erase(open);
    if (batch->second.open.empty()) finish(asked.batch);
  }

  NodeContext& context_;
  uint32_t number_ = 0;
  uint32_t next_ = 1;
  NodeViewPtr view_;
  TablePtr log_;
  std::map<Uuid, Batch> batches_;
  std::map<uint64_t, Asked> asked_;  // by sequence, as are the scans
  std::map<uint64_t, Scan> scans_;
  std::map<GroupId, LogIndex> quiet_;  // where nothing was found, and what was applied then
};

}  // namespace

caf::actor spawn_batch_keeper(caf::actor_system& system, NodeContext& context) {
  return system.spawn<BatchKeeper>(context);
}

}  // namespace keyzone::actors
