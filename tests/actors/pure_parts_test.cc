// The small pure pieces of actors/: clocks, log entries, the batch log's rows, identities, schema events.
#include <gtest/gtest.h>

#include "actors/batch_log.h"
#include "actors/clock.h"
#include "actors/identity.h"
#include "actors/node_context.h"
#include "actors/schema_events.h"
#include "actors/sweep_schedule.h"
#include "actors/tablet_entry.h"
#include "storage/memory_disk.h"

namespace keyzone::actors {
namespace {

constexpr Timestamp kSkewMax = 500'000;

TEST(HybridClock, NeverGoesBackAndLeavesRoom) {
  Timestamp wall = 1000;
  HybridClock clock([&wall] { return wall; }, kSkewMax);
  const Timestamp first = clock.next(10);
  EXPECT_GE(first, 1000);
  EXPECT_GT(clock.next(), first + 9);
  wall = 10;  // set back
  const Timestamp later = clock.next();
  EXPECT_GT(clock.next(), later);
  EXPECT_TRUE(clock.observe(later + 100));
  EXPECT_GT(clock.next(), later + 100);
  EXPECT_FALSE(clock.observe(wall + kSkewMax + 1)) << "too far ahead to be believed";
}

TEST(TabletEntry, CommandsComeBackWithTheirStamp) {
  Command a, b;
  a.request = {1, 2};
  b.request = {1, 3};
  b.truncate = true;
  const Bytes x = encode_command(a), y = encode_command(b);
  CommandPool pool;
  std::vector<storage::StampedCommand> out;
  ASSERT_TRUE(decode_commands(encode_commands(500, {x, y}), LogIndex(7), pool, out));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].index, LogIndex(7));
  EXPECT_EQ(out[0].stamp, 500);
  EXPECT_EQ(out[1].stamp, 501);
  EXPECT_EQ(out[0].command->request, a.request);
  EXPECT_TRUE(out[1].command->truncate);
}

TEST(TabletEntry, CutShortIsRefused) {
  const Bytes command = encode_command({});
  const Bytes whole = encode_commands(1, {command});
  for (size_t size = 0; size < whole.size(); ++size) {
    CommandPool pool;
    std::vector<storage::StampedCommand> out;
    EXPECT_FALSE(decode_commands(BytesView(whole).substr(0, size), LogIndex(1), pool, out)) << size;
  }
}

TEST(TabletEntry, APoolGivesPlacesThatStayAndAreUsedAgain) {
  CommandPool pool;
  std::vector<Command*> first, again;
  constexpr size_t kMany = 5000, kLarge = 1 << 20;
  for (size_t i = 0; i < kMany; ++i) first.push_back(&pool.next(i % 10 == 0 ? kLarge : 100));
  for (size_t i = 0; i < kMany; ++i) first[i]->deadline = static_cast<Timestamp>(i);
  for (size_t i = 0; i < kMany; ++i) EXPECT_EQ(first[i]->deadline, static_cast<Timestamp>(i));
  pool.clear();
  for (size_t i = 0; i < 10; ++i) again.push_back(&pool.next(100));
  EXPECT_EQ(again[0], first[1]) << "the first small one";
  EXPECT_EQ(again[9], first[11]);
}

TEST(BatchLog, AnEntryBecomesARowOfItsTable) {
  const Table log = batch_log_table();
  BatchEntry entry;
  entry.id = Uuid{{9, 8, 7}};
  entry.written_at = 12345;
  entry.commands.push_back({Uuid{{1}}, Token(-5), {}});
  const auto put = put_entry(log, entry);
  ASSERT_EQ(put.command.mutations.size(), 1u);
  const auto& mutation = put.command.mutations[0];
  EXPECT_EQ(mutation.timestamp, 12345);
  // As a tablet answers.
  ReadResult rows;
  rows.rows.push_back(static_cast<char>(kPartitionMark));
  append_block(rows.rows, mutation.partition_key);
  rows.rows.push_back(static_cast<char>(kRowMark));
  append_block(rows.rows, {});
  append_varint(rows.rows, mutation.rows[0].cells[0].value.size() + 1);
  rows.rows += mutation.rows[0].cells[0].value;
  auto parsed = parse_entries(rows);
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->size(), 1u);
  EXPECT_EQ((*parsed)[0].id, entry.id);
  EXPECT_EQ((*parsed)[0].written_at, 12345);
  EXPECT_EQ((*parsed)[0].commands[0].token, Token(-5));
}

TEST(Identity, ComesBackAsItWas) {
  storage::MemoryDisk disk;
  ASSERT_TRUE(disk.create_folders("node"));
  auto none = read_identity(disk, "node");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  Identity identity;
  identity.host = Uuid{{1}};
  identity.incarnation = 4;
  identity.name = "a name with spaces";
  identity.zone = "az1";
  identity.cluster = Uuid{{2}};
  identity.cluster_name = "Keyzone";
  identity.node = NodeId(3);
  identity.founders = {{NodeId(3), "a|b", "az1", "127.0.0.1", 7000, Uuid{{5}}},
                       {NodeId(4), "kept before hosts were", "az2", "127.0.0.2", 7000, Uuid()}};
  ASSERT_TRUE(write_identity(disk, "node", identity));
  auto back = read_identity(disk, "node");
  ASSERT_TRUE(back && back->has_value());
  EXPECT_EQ((*back)->name, identity.name);
  EXPECT_EQ((*back)->incarnation, 4u);
  EXPECT_EQ((*back)->node, NodeId(3));
  ASSERT_EQ((*back)->founders.size(), 2u);
  EXPECT_EQ((*back)->founders[0].name, "a|b");
  EXPECT_EQ((*back)->founders[0].host, Uuid{{5}});
  EXPECT_TRUE((*back)->founders[1].host.is_nil());
}

TEST(Identity, NonsenseIsNamed) {
  storage::MemoryDisk disk;
  ASSERT_TRUE(disk.create_folders("node"));
  ASSERT_TRUE(storage::write_file(disk, "node", "identity", "host = no uuid\n"));
  auto read = read_identity(disk, "node");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("no uuid"), std::string::npos);
  const std::string host = "host = " + Uuid{{1}}.to_string() + "\n";
  ASSERT_TRUE(storage::write_file(disk, "node", "identity",
                                  host + "founder_host = 2|" + Uuid{{5}}.to_string() + "\n"));
  read = read_identity(disk, "node");
  ASSERT_FALSE(read) << "a founder's host without the founder";
  EXPECT_NE(read.error().message.find("founder_host"), std::string::npos);
}

TEST(SchemaEvents, SayWhatClientsMustRead) {
  Catalog before, after;
  after.schema = CatalogVersion(1);
  auto keyspace = std::make_shared<Keyspace>();
  keyspace->name = "ks";
  after.keyspaces["ks"] = keyspace;
  auto table = std::make_shared<Table>();
  table->id = Uuid{{1}};
  table->keyspace = "ks";
  table->name = "t";
  after.tables[{"ks", "t"}] = table;
  auto events = schema_events(before, after);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].target, "KEYSPACE");
  EXPECT_EQ(events[1].target, "TABLE");
  EXPECT_EQ(events[1].change, "CREATED");
  Catalog later = after;
  later.schema = CatalogVersion(2);
  later.tables.clear();
  events = schema_events(after, later);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].change, "DROPPED");
  EXPECT_TRUE(schema_events(later, later).empty());
  Catalog without = before;
  without.schema = CatalogVersion(3);
  events = schema_events(after, without);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].target, "TABLE");
  EXPECT_EQ(events[1].target, "KEYSPACE");
  EXPECT_EQ(events[1].change, "DROPPED");
}

TEST(SchemaEvents, OfTypesOnlyThoseThatAreOthersNow) {
  const auto keyspace_of = [](const std::vector<std::string>& fields) {
    auto out = std::make_shared<Keyspace>();
    out->name = "ks";
    const std::vector<TypePtr> ints(fields.size(), native_type(TypeKind::kInt));
    out->types["a"] = user_type("ks", "a", fields, ints, false);
    out->types["b"] = user_type("ks", "b", {"f"}, {freeze(out->types["a"])}, false);
    out->types["c"] = user_type("ks", "c", {"f"}, {native_type(TypeKind::kInt)}, false);
    return out;
  };
  Catalog before, after;
  after.schema = CatalogVersion(1);
  before.keyspaces["ks"] = keyspace_of({"x"});
  after.keyspaces["ks"] = keyspace_of({"x"});
  EXPECT_TRUE(schema_events(before, after).empty()) << "read again, but the same";
  after.keyspaces["ks"] = keyspace_of({"x", "y"});
  const auto events = schema_events(before, after);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, "a");
  EXPECT_EQ(events[1].name, "b") << "has the other in it";
}

ReplicaStatus status_of(uint64_t group, uint64_t term, bool leads) {
  ReplicaStatus out;
  out.group = GroupId(group);
  out.term = Term(term);
  out.is_leader = leads;
  return out;
}

TEST(StatusBoard, SaysWhatIsNewlyLed) {
  StatusBoard board;
  board.report(status_of(1, 1, true));
  board.report(status_of(2, 1, false));
  board.report(status_of(3, 4, true));
  const auto all = board.led_since(0, 10);
  EXPECT_EQ(all.items, (std::vector<Led>{{GroupId(1), Term(1)}, {GroupId(3), Term(4)}}));
  EXPECT_TRUE(board.led_since(all.version, 10).items.empty());

  board.report(status_of(1, 1, true));  // nothing new
  EXPECT_TRUE(board.led_since(all.version, 10).items.empty());
  board.report(status_of(1, 2, true));
  board.report(status_of(3, 5, false));
  EXPECT_EQ(board.led_since(all.version, 10).items, (std::vector<Led>{{GroupId(1), Term(2)}}));
  EXPECT_EQ(board.led_since(0, 10).items, (std::vector<Led>{{GroupId(1), Term(2)}}));
  board.remove(GroupId(1));
  EXPECT_TRUE(board.led_since(0, 10).items.empty());
}

TEST(StatusBoard, GoesOnWhereAFullMessageEnded) {
  StatusBoard board;
  for (uint64_t group = 1; group <= 5; ++group) board.report(status_of(group, 1, true));
  std::vector<uint64_t> heard;
  uint64_t version = 0;
  for (int messages = 0; messages < 3; ++messages) {
    const auto part = board.led_since(version, 2);
    for (const auto& led : part.items) heard.push_back(led.group.value);
    version = part.version;
  }
  EXPECT_EQ(heard, (std::vector<uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(board.led_since(version, 2).items.empty());
}

TEST(LeaderBoard, BelievesTheNewestTerm) {
  LeaderBoard board;
  board.learn(GroupId(1), NodeId(1), Term(2));
  board.learn(GroupId(1), NodeId(2), Term(1));
  EXPECT_EQ(board.all().at(GroupId(1)).node, NodeId(1));
  board.learn(GroupId(1), NodeId(3), Term(3));
  EXPECT_EQ(board.all().at(GroupId(1)).node, NodeId(3));
  board.keep([](GroupId group) { return group == GroupId(2); });
  EXPECT_TRUE(board.all().empty());
}

TEST(SweepSchedule, GivesTheLongestDueItsTurnOnce) {
  SweepSchedule schedule;
  schedule.want(GroupId(1), 30);
  schedule.want(GroupId(2), 10);
  schedule.want(GroupId(3), 20);
  EXPECT_FALSE(schedule.any_due(9));
  EXPECT_FALSE(schedule.take(9));
  EXPECT_EQ(schedule.take(100), GroupId(2));
  schedule.want(GroupId(2), 100);  // its next step comes behind the others
  schedule.forget(GroupId(3));
  EXPECT_EQ(schedule.take(100), GroupId(1));
  EXPECT_EQ(schedule.take(100), GroupId(2));
  EXPECT_FALSE(schedule.any_due(INT64_MAX));
}

TEST(SweepSchedule, LongPassesRestLonger) {
  using std::chrono::seconds;
  EXPECT_EQ(rest_after_pass(0, 1'000'000, seconds(10)), 11'000'000);
  EXPECT_EQ(rest_after_pass(0, 100'000'000, seconds(10)), 400'000'000);
}

}  // namespace
}  // namespace keyzone::actors
