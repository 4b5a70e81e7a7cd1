#include "storage/memtable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

using Model = std::map<Bytes, std::optional<Bytes>>;

Bytes random_bytes(Chance& chance, size_t most) {
  Bytes out(chance(most + 1), '\0');
  // Few letters: keys that begin alike, and that are the beginning of others.
  for (char& c : out) c = "\x00\x01\x7f\x80\xff"[chance(5)];
  return out;
}

void write(Memtable& table, Model& model, Chance& chance, size_t changes) {
  leveldb::WriteBatch batch;
  for (size_t i = 0; i < changes; ++i) {
    const Bytes key = random_bytes(chance, 12);
    if (chance.one_in(4)) {
      batch.Delete(key);
      model[key] = std::nullopt;
    } else {
      const Bytes value = random_bytes(chance, 1 + chance(200));
      batch.Put(key, value);
      model[key] = value;
    }
  }
  table.apply(batch);
}

void expect_equal(const Memtable::Run& run, const Model& model) {
  ASSERT_EQ(run.size(), model.size());
  auto expected = model.begin();
  for (const auto& item : run) {
    EXPECT_EQ(item.entry->key(), BytesView(expected->first));
    EXPECT_EQ(item.entry->is_deleted(), !expected->second.has_value());
    EXPECT_EQ(item.entry->value(), BytesView(expected->second.value_or("")));
    ++expected;
  }
}

TEST(MemtableTest, RanksNeverContradictTheOrderOfKeys) {
  Chance chance(1);
  for (int i = 0; i < 20000; ++i) {
    const Bytes a = random_bytes(chance, 12), b = random_bytes(chance, 12);
    EXPECT_TRUE(Memtable::rank_of(a) >= Memtable::rank_of(b) || a < b);
  }
}

TEST(MemtableTest, KnowsTheNewestOfEachKeyAndTheirOrder) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Chance chance(seed);
    Memtable table(chance(1 << 20));
    Model model;
    EXPECT_TRUE(table.empty());
    for (int batch = 0; batch < 100; ++batch) {
      write(table, model, chance, chance(chance.one_in(10) ? 2000 : 20));
      const Bytes key = random_bytes(chance, 12);
      const auto* found = table.find(key);
      const auto expected = model.find(key);
      ASSERT_EQ(found != nullptr, expected != model.end());
      if (found) {
        EXPECT_EQ(found->value(), BytesView(expected->second.value_or("")));
      }
      if (!chance.one_in(10)) continue;
      table.sort();
      expect_equal(table.in_order(), model);
    }
    table.sort();
    expect_equal(table.in_order(), model);
    size_t items = 0;
    for (const auto& run : table.runs()) items += run->size();
    EXPECT_EQ(items, model.size());  // each key is in one run
    EXPECT_LE(table.runs().size(), 6u);
  }
}

TEST(MemtableTest, RunsStayAsTheyAreForWhoeverHoldsThem) {
  Memtable table(1 << 10);
  leveldb::WriteBatch batch;
  batch.Put("b", "1");
  table.apply(batch);
  table.sort();
  const auto held = table.runs();
  batch.Clear();
  batch.Put("a", "2");
  table.apply(batch);
  table.sort();
  ASSERT_EQ(held.size(), 1u);
  ASSERT_EQ(held[0]->size(), 1u);
  EXPECT_EQ(held[0]->front().entry->key(), "b");
  EXPECT_EQ(table.in_order().size(), 2u);
}

TEST(MemtableTest, AKeyThatIsWrittenAgainCostsNoMemoryUntilItsValueGrows) {
  Memtable table(1 << 10);
  const auto put = [&table](const Bytes& value) {
    leveldb::WriteBatch batch;
    batch.Put("key", value);
    table.apply(batch);
    return table.bytes();
  };
  const size_t bytes = put(Bytes(100, 'a'));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(put(Bytes(100 - i % 50, 'b')), bytes);
  EXPECT_GT(put(Bytes(1000, 'c')), bytes);
  EXPECT_EQ(table.find("key")->value(), BytesView(Bytes(1000, 'c')));
}

}  // namespace
}  // namespace keyzone::storage
