#include "storage/requests.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "storage/memory_disk.h"
#include "storage/store.h"
#include "storage/table.h"

namespace keyzone::storage {
namespace {

constexpr GroupId kRequestedGroup(3);
constexpr Timestamp kPatience = 2'000'000;

struct OnDisk {
  OnDisk() {
    StoreOptions options;
    options.env = disk.env();
    options.files = &disk;
    options.executor = &executor;
    auto opened = Store::open(options, "/shard");
    EXPECT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
    read_registry();
  }
  void read_registry() {
    auto read = TabletRegistry::open(store->db());
    EXPECT_TRUE(read) << read.error().message;
    registry.emplace(*std::move(read));
  }
  void flush(Requests& requests) {
    leveldb::WriteBatch batch;
    requests.flush(*registry, batch);
    EXPECT_TRUE(store->write(&batch));
  }
  std::map<Bytes, Bytes> windows() {
    std::map<Bytes, Bytes> out;
    const auto [first, last] = request_key_bounds(kRequestedGroup);
    const std::unique_ptr<leveldb::Iterator> it(store->db()->NewIterator(store->read_options()));
    for (it->Seek(first); it->Valid() && it->key().compare(last) < 0; it->Next())
      out[it->key().ToString()] = it->value().ToString();
    return out;
  }
  // As after a start.
  std::unique_ptr<Requests> load() {
    read_registry();
    auto requests = std::make_unique<Requests>(kRequestedGroup);
    EXPECT_TRUE(requests->load(*registry));
    return requests;
  }

  MemoryDisk disk{false};
  QueuedExecutor executor;
  std::unique_ptr<Store> store;
  std::optional<TabletRegistry> registry;
};

struct Asked {
  LogIndex index;
  RequestId id;
  Timestamp at = 0;
  Outcome outcome;
};

// Entries of one to sixty commands from a few sessions. Now and then one is asked again, or comes after its
// successor, or has a longer answer.
std::vector<Asked> draw(uint32_t seed, size_t entries) {
  std::mt19937 random(seed);
  std::vector<Asked> out;
  std::vector<RequestId> late;
  uint64_t number = 0;
  Timestamp at = 1'000'000'000;
  for (uint64_t index = 1; index <= entries; index += 1 + random() % 3) {
    for (uint64_t left = random() % 4 ? 1 + random() % 3 : 1 + random() % 60; left > 0; --left) {
      const uint64_t session = 1 + random() % 5;
      RequestId id{7, session << 32 | ++number};
      if (random() % 16 == 0) std::swap(id, late.emplace_back(RequestId{7, session << 32 | ++number}));
      if (random() % 16 == 0 && !late.empty()) {
        id = late.back();
        late.pop_back();
      }
      if (random() % 16 == 0 && !out.empty()) id = out[random() % out.size()].id;
      Outcome outcome;
      if (random() % 8 == 0) outcome = {OutcomeKind::kInvalid, "no", {}, {}};
      out.push_back({LogIndex(index), id, at, outcome});
      at += random() % 3000;
    }
    if (random() % 64 == 0) at += 5'000'000;
  }
  return out;
}

struct Played {
  std::map<Bytes, Bytes> windows;
  std::vector<bool> known;
  size_t size = 0;
  bool operator==(const Played&) const = default;
};

// A batch ends before an entry of which `cut` is a divisor; then `restart` reads everything from disk.
Played play(const std::vector<Asked>& all, uint64_t cut, bool restart) {
  OnDisk on_disk;
  auto requests = on_disk.load();
  Played out;
  LogIndex last;
  for (const Asked& asked : all) {
    if (asked.index != last && asked.index.value % cut == 0) {
      on_disk.flush(*requests);
      if (restart) requests = on_disk.load();
    }
    last = asked.index;
    requests->expire(asked.index, asked.at);
    const auto known = requests->find(asked.id, asked.at);
    out.known.push_back(known.has_value());
    if (!known) requests->add(asked.index, asked.id, asked.at + kPatience, asked.outcome);
  }
  on_disk.flush(*requests);
  out.windows = on_disk.windows();
  out.size = requests->size();
  EXPECT_EQ(on_disk.load()->size(), requests->size());
  return out;
}

TEST(Requests, LieOnDiskTheSameHoweverTheLogWasCut) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const auto all = draw(seed, 400);
    const Played whole = play(all, UINT64_MAX, false);
    EXPECT_FALSE(whole.windows.empty());
    for (const uint64_t cut : {1, 2, 7, 50}) {
      EXPECT_TRUE(play(all, cut, false) == whole) << "seed " << seed << " cut " << cut;
      EXPECT_TRUE(play(all, cut, true) == whole) << "seed " << seed << " cut " << cut << " with restarts";
    }
  }
}

TEST(Requests, GiveTheFirstAnswerAgainUntilItsTimeIsOver) {
  Requests requests(kRequestedGroup);
  const Outcome refused{OutcomeKind::kInvalid, "no such list index", {}, {}};
  const Timestamp deadline = 10'000'000;
  // The second of a session may come first, when the first is tried again.
  requests.add(LogIndex(1), {7, uint64_t{1} << 32 | 2}, deadline, Outcome());
  requests.add(LogIndex(1), {7, uint64_t{1} << 32 | 1}, deadline, refused);
  requests.add(LogIndex(2), {8, uint64_t{1} << 32 | 1}, deadline, Outcome());
  const auto again = requests.find({7, uint64_t{1} << 32 | 1}, deadline);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message, refused.message);
  EXPECT_EQ(requests.find({7, uint64_t{1} << 32 | 2}, deadline)->kind, OutcomeKind::kDone);
  EXPECT_FALSE(requests.find({7, uint64_t{1} << 32 | 3}, deadline));
  EXPECT_FALSE(requests.find({8, uint64_t{2} << 32 | 1}, deadline));
  EXPECT_TRUE(requests.find({7, uint64_t{1} << 32 | 1}, deadline + kRequestGraceMicros));
  EXPECT_FALSE(requests.find({7, uint64_t{1} << 32 | 1}, deadline + kRequestGraceMicros + 1));
  EXPECT_EQ(requests.size(), 3u);
  requests.expire(LogIndex(3), deadline + kRequestGraceMicros + 1);
  EXPECT_EQ(requests.size(), 3u);  // their window goes on
  requests.expire(LogIndex(40), deadline + kRequestGraceMicros + 1);
  EXPECT_EQ(requests.size(), 0u);
}

// An entry of many commands must not be written again with each entry that follows it.
TEST(Requests, AFullWindowIsNotWrittenAgain) {
  OnDisk on_disk;
  Requests requests(kRequestedGroup);
  uint64_t number = uint64_t{1} << 32;
  for (uint64_t index = 1; index <= 4; ++index) {
    for (int i = 0; i < 100; ++i) requests.add(LogIndex(index), {7, ++number}, 10'000'000, Outcome());
    leveldb::WriteBatch batch;
    requests.flush(*on_disk.registry, batch);
    EXPECT_LT(batch.ApproximateSize(), 100 * 30u);
    EXPECT_TRUE(on_disk.store->write(&batch));
  }
  EXPECT_EQ(on_disk.windows().size(), 4u);
  EXPECT_EQ(on_disk.load()->size(), 400u);
}

TEST(Requests, NothingIsLeftOfAGroupThatIsDropped) {
  for (const bool restarted : {false, true}) {
    OnDisk on_disk;
    Requests requests(kRequestedGroup), others(GroupId(kRequestedGroup.value + 1));
    for (uint64_t index = 1; index <= 100; ++index) {
      for (Requests* each : {&requests, &others}) {
        each->add(LogIndex(index), {7, uint64_t{1} << 32 | index}, 10'000'000, Outcome());
        on_disk.flush(*each);
      }
    }
    EXPECT_GT(on_disk.windows().size(), 3u);
    if (restarted) on_disk.read_registry();
    leveldb::WriteBatch batch;
    on_disk.registry->drop_windows(kRequestedGroup, batch);
    EXPECT_TRUE(on_disk.store->write(&batch));
    EXPECT_TRUE(on_disk.windows().empty());
    EXPECT_EQ(on_disk.load()->size(), 0u);
    EXPECT_EQ(on_disk.registry->windows(GroupId(kRequestedGroup.value + 1)).size(), 7u);
  }
}

}  // namespace
}  // namespace keyzone::storage
