#include "storage/row_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "storage/key_hash.h"

namespace keyzone::storage {
namespace {

bool find(RowCache& cache, BytesView key, Bytes& value) { return cache.find(key, key_hash(key), value); }

Bytes key_of(uint32_t number) { return "key " + std::to_string(number); }

TEST(RowCache, KnowsWhatWasRead) {
  RowCache cache(64 << 10);
  Bytes value;
  EXPECT_FALSE(find(cache, "a", value));
  cache.put("a", key_hash("a"), "one");
  ASSERT_TRUE(find(cache, "a", value));
  EXPECT_EQ(value, "one");
  cache.changed("a", key_hash("a"), "two");
  ASSERT_TRUE(find(cache, "a", value));
  EXPECT_EQ(value, "two");
  cache.changed("a", key_hash("a"), std::nullopt);
  EXPECT_FALSE(find(cache, "a", value));
  cache.changed("b", key_hash("b"), "never read");
  EXPECT_FALSE(find(cache, "b", value));
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(RowCache, ForgetsAllWhenAskedTo) {
  RowCache cache(64 << 10);
  cache.put("a", key_hash("a"), "one");
  cache.clear();
  Bytes value;
  EXPECT_FALSE(find(cache, "a", value));
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(RowCache, LeavesLongRowsToTheStore) {
  RowCache cache(64 << 10);
  Bytes value;
  cache.put("long", key_hash("long"), Bytes(5000, 'x'));
  EXPECT_FALSE(find(cache, "long", value));
  cache.put("grows", key_hash("grows"), "short");
  cache.changed("grows", key_hash("grows"), Bytes(5000, 'x'));
  EXPECT_FALSE(find(cache, "grows", value));
}

TEST(RowCache, WithoutRoomItKeepsNothing) {
  RowCache cache(0);
  cache.put("a", key_hash("a"), "one");
  Bytes value;
  EXPECT_FALSE(find(cache, "a", value));
}

// Whatever it finds is what the store holds, and it stays within its bounds.
TEST(RowCache, EqualsTheStoreAtRandom) {
  for (const size_t bytes_max : {size_t{300}, size_t{4} << 10, size_t{1} << 20}) {
    std::mt19937 random(7);
    RowCache cache(bytes_max);
    std::map<Bytes, Bytes> store;
    size_t found = 0;
    for (int step = 0; step < 50'000; ++step) {
      const Bytes key = key_of(random() % 500);
      const uint64_t hash = key_hash(key);
      cache.bring_set(hash);
      cache.bring_row(hash);
      const Bytes fresh(random() % 200, static_cast<char>('a' + step % 26));
      switch (random() % 4) {
        case 0:
          store[key] = fresh;
          cache.changed(key, key_hash(key), fresh);
          break;
        case 1:
          if (random() % 8) break;
          store.erase(key);
          cache.changed(key, key_hash(key), std::nullopt);
          break;
        default: {
          Bytes value;
          const auto stored = store.find(key);
          if (find(cache, key, value)) {
            ++found;
            ASSERT_NE(stored, store.end());
            ASSERT_EQ(value, stored->second);
          } else if (stored != store.end()) {
            cache.put(key, key_hash(key), stored->second);
          }
        }
      }
      ASSERT_LE(cache.bytes(), bytes_max);
    }
    EXPECT_GT(found, 0u) << bytes_max;
  }
}

}  // namespace
}  // namespace keyzone::storage
