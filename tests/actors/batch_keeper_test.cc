// The batch keeper with tablets that apply what they are sent: whatever of a batch its coordinator left, once
// the batch is in the log, all of it is applied, once.
#include "actors/batch_keeper.h"

#include <gtest/gtest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <chrono>
#include <deque>

#include "actors/batch_log.h"
#include "actors/shard_actor.h"
#include "sim/scheduler.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::actors {
namespace {

using storage::kL;
using storage::TestReplica;

constexpr GroupId kLeft{100}, kRight{101}, kLog{102};
constexpr sim::Time kSecond = 1'000'000;
constexpr Timestamp kStart = storage::kStart;
constexpr BatchMark kMark{kStart, 77};

// What happens to the requests that reach a tablet.
struct TabletState {
  std::unique_ptr<TestReplica> replica;
  int answers_lost = 0;  // applied, but nobody hears of it
  int refusals = 0;      // it doesn't lead just now
  bool slow = false;     // answers writes after 3 s
  int writes = 0;        // that were applied or found done
};

class FakeTablet : public ShardActor {
 public:
  FakeTablet(caf::actor_config& config, NodeContext& context, TabletState& tablet)
      : ShardActor(config, 0), context_(context), tablet_(tablet) {}

  caf::behavior make_behavior() override {
    return {
        [this](const WriteRequestsPtr& requests) {
          for (const auto& item : requests->items) write(item);
        },
        [this](const ReadRequestsPtr& requests) {
          for (const auto& item : requests->items) {
            answer({item.id, tablet_.replica->read(*item.request, context_.clock.now())});
          }
        },
        [this](tick_atom) {
          answer(std::move(late_.front()));
          late_.pop_front();
        },
    };
  }

 private:
  void write(const WriteItem& item) {
    if (tablet_.refusals > 0) {
      --tablet_.refusals;
      return answer({item.id, Refusal{}});
    }
    auto command = decode_command(item.command);
    ASSERT_TRUE(command) << command.error().message;
    ++tablet_.writes;
    auto outcome = tablet_.replica->apply_as_is(*command, context_.clock.next());
    if (tablet_.answers_lost > 0) {
      --tablet_.answers_lost;
      return;
    }
    if (tablet_.slow) {
      late_.push_back({item.id, std::move(outcome)});
      delayed_send(this, std::chrono::seconds(3), tick_atom::value);
      return;
    }
    answer({item.id, std::move(outcome)});
  }
  void answer(Reply reply) {
    auto replies = std::make_shared<Replies>();
    replies->items.push_back(std::move(reply));
    deliver_replies(context_, replies);
  }

  NodeContext& context_;
  TabletState& tablet_;
  std::deque<Reply> late_;
};

class BatchKeeperTest : public testing::Test {
 protected:
  BatchKeeperTest() : context_(options(), environment()), table_(storage::sample_table()) {
    config_.load<sim::SimScheduler>();
    config_.set("logger.verbosity", caf::atom("quiet"));
    system_ = std::make_unique<caf::actor_system>(config_);
    system_->await_actors_before_shutdown(false);
    context_.self = NodeId(1);
    context_.ready = true;
    log_table_ = std::make_shared<Table>(batch_log_table());
    left_.replica = std::make_unique<TestReplica>(table_);
    right_.replica = std::make_unique<TestReplica>(table_);
    log_.replica = std::make_unique<TestReplica>(log_table_);
    left_key_ = key_with([](Token token) { return token.value <= 0; });
    right_key_ = key_with([](Token token) { return token.value > 0; });
    publish(true);
    spawn_batch_keeper(*system_, context_);
  }
  ~BatchKeeperTest() override {
    scheduler().crash();
    context_.routing.clear();
    context_.sessions.clear();
    routes_.clear();
    system_.reset();
  }

  sim::SimScheduler& scheduler() { return sim::SimScheduler::of(*system_); }

  // Who leads what, and the catalog; without the table if it was dropped.
  void publish(bool with_table) {
    auto catalog = std::make_shared<Catalog>();
    const auto add = [&](const TablePtr& table, TabletMap map) {
      catalog->tables[{table->keyspace, table->name}] = table;
      catalog->tables_by_id[table->id] = table;
      catalog->tablets[table->id] = std::make_shared<TabletMap>(std::move(map));
    };
    add(log_table_, {{tablet(kLog, INT64_MIN, INT64_MAX)}});
    if (with_table) add(table_, {{tablet(kLeft, INT64_MIN, 0), tablet(kRight, 0, INT64_MAX)}});
    if (routes_.empty()) {
      for (auto [group, to] :
           {std::pair(kLeft, &left_), std::pair(kRight, &right_), std::pair(kLog, &log_)}) {
        routes_[group] = std::make_shared<Route>();
        routes_[group]->local = system_->spawn<FakeTablet>(context_, *to);
        routes_[group]->learn_leader(context_.self);
      }
    }
    auto view = std::make_shared<NodeView>();
    view->catalog = catalog;
    view->routes = std::make_shared<RouteMap>(routes_);
    view->alive = std::make_shared<std::set<NodeId>>(std::set<NodeId>{context_.self});
    context_.routing.set(view);
  }

  // What a coordinator has before it does anything: an append to a list on each side, which expires in an
  // hour.
  BatchEntry batch() {
    std::vector<cql::TabletCommand> commands;
    for (const int key : {left_key_, right_key_}) {
      cql::TabletCommand command;
      const auto element = storage::list_value({storage::int_value(key)});
      command.command =
          storage::update(key, 1, {{kL, CellAction::kListAppend, false, 0, {}, element}}, kNoTimestamp, 3600);
      command.command.table = command.table = table_->id;
      command.command.schema_version = table_->version;
      command.command.epoch = Epoch(1);
      command.token = command.command.mutations[0].token;
      commands.push_back(std::move(command));
    }
    return make_entry(Uuid{{1, 2, 3}}, context_.clock.next(), kMark, commands);
  }
  void log(const BatchEntry& entry) {
    (void)log_.replica->apply(put_entry(*log_table_, entry).command, context_.clock.next());
    led();
  }
  void led() {
    ReplicaStatus status;
    status.group = kLog;
    status.is_leader = true;
    status.applied = (*log_.replica)->applied();
    context_.statuses.report(status);
  }

  void run(sim::Time duration) {
    for (const sim::Time end = now_ + duration; now_ < end;) {
      while (scheduler().runnable() > 0) scheduler().run(0);
      now_ = std::min(end, scheduler().next_timer().value_or(end));
      scheduler().advance(now_);
    }
    while (scheduler().runnable() > 0) scheduler().run(0);
    led();
  }

  std::vector<Bytes> list_of(TabletState& tablet, int key) {
    const auto cells = tablet.replica->row(key, 1, {kL}, context_.clock.now());
    std::vector<Bytes> out;
    if (cells.empty() || !cells[0]) return out;
    auto elements = split_collection(*table_->find(kL)->type, *cells[0]);
    EXPECT_TRUE(elements);
    for (const auto& element : *elements) out.emplace_back(element);
    return out;
  }
  void expect_whole() {
    EXPECT_EQ(list_of(left_, left_key_), std::vector<Bytes>{storage::int_value(left_key_)});
    EXPECT_EQ(list_of(right_, right_key_), std::vector<Bytes>{storage::int_value(right_key_)});
    EXPECT_EQ(logged(), 0u);
  }
  size_t logged() {
    auto rows = log_.replica->read(read_entries(*log_table_, tablet(kLog, INT64_MIN, INT64_MAX)),
                                   context_.clock.now());
    auto entries = parse_entries(rows);
    EXPECT_TRUE(entries);
    return entries ? entries->size() : SIZE_MAX;
  }

  NodeOptions options() { return {}; }
  Environment environment() {
    Environment out;
    out.wall_clock = [this] { return kStart + now_; };
    return out;
  }
  static Tablet tablet(GroupId group, int64_t begin, int64_t end) {
    Tablet out;
    out.group = group;
    out.begin = Token(begin);
    out.end = Token(end);
    return out;
  }
  template <class Condition>
  static int key_with(Condition condition) {
    int key = 0;
    while (!condition(token_of(storage::int_value(key)))) ++key;
    return key;
  }

  sim::Time now_ = 0;
  NodeContext context_;
  TablePtr table_, log_table_;
  TabletState left_, right_, log_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  RouteMap routes_;
  int left_key_ = 0, right_key_ = 0;
};

TEST_F(BatchKeeperTest, DoesNothingForABatchThatNeverCameToTheLog) {
  led();
  run(60 * kSecond);
  EXPECT_EQ(left_.writes + right_.writes, 0);
}

TEST_F(BatchKeeperTest, LeavesABatchToItsCoordinatorForAWhile) {
  log(batch());
  run(9 * kSecond);
  EXPECT_EQ(left_.writes + right_.writes, 0);
  EXPECT_EQ(logged(), 1u);
}

TEST_F(BatchKeeperTest, FinishesABatchOfWhichNothingWasDone) {
  log(batch());
  run(15 * kSecond);
  expect_whole();
  EXPECT_EQ(left_.writes, 1);
  run(60 * kSecond);
  EXPECT_EQ(left_.writes, 1) << "done once and for all";
}

TEST_F(BatchKeeperTest, FinishesABatchThatWasDoneByHalf) {
  const auto entry = batch();
  log(entry);
  (void)left_.replica->apply(entry.commands[0].command, context_.clock.next());
  const auto before = left_.replica->dump();  // the row
  run(15 * kSecond);
  expect_whole();
  EXPECT_EQ(left_.writes, 1);
  const auto after = left_.replica->dump();
  for (const auto& [key, value] : before) EXPECT_EQ(after.at(key), value) << "doing it again changes nothing";
}

TEST_F(BatchKeeperTest, FinishesABatchOfWhichOnlyTheEntryIsLeft) {
  const auto entry = batch();
  log(entry);
  (void)left_.replica->apply(entry.commands[0].command, context_.clock.next());
  (void)right_.replica->apply(entry.commands[1].command, context_.clock.next());
  run(15 * kSecond);
  expect_whole();
}

TEST_F(BatchKeeperTest, AsksAgainWhenAnAnswerIsLost) {
  log(batch());
  left_.answers_lost = 3;
  log_.refusals = 1;  // to forget the entry: it is found again, and its batch done again
  run(60 * kSecond);
  expect_whole();
  EXPECT_GE(left_.writes, 5);
}

TEST_F(BatchKeeperTest, WaitsForASlowAnswer) {
  log(batch());
  left_.slow = true;
  run(30 * kSecond);
  expect_whole();
  EXPECT_EQ(left_.writes, 1) << "asked once";
}

TEST_F(BatchKeeperTest, AsksAgainWhenNobodyLeads) {
  log(batch());
  right_.refusals = 3;
  run(15 * kSecond);
  EXPECT_EQ(logged(), 1u);
  EXPECT_TRUE(list_of(right_, right_key_).empty());
  run(15 * kSecond);
  expect_whole();
}

TEST_F(BatchKeeperTest, ForgetsABatchWhoseTableWasDropped) {
  log(batch());
  publish(false);
  run(15 * kSecond);
  EXPECT_EQ(logged(), 0u);
  EXPECT_EQ(left_.writes + right_.writes, 0);
}

TEST_F(BatchKeeperTest, KeepsNothingOfALogThatItDoesNotLead) {
  log(batch());
  ReplicaStatus status;
  status.group = kLog;
  context_.statuses.report(status);
  now_ += 20 * kSecond;
  scheduler().advance(now_);
  while (scheduler().runnable() > 0) scheduler().run(0);
  EXPECT_EQ(left_.writes + right_.writes, 0);
}

}  // namespace
}  // namespace keyzone::actors
