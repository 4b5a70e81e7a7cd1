#include "storage/counting_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace keyzone::storage {
namespace {

int dropped = 0;
void drop(const leveldb::Slice&, void* value) {
  ++dropped;
  delete static_cast<std::string*>(value);
}

TEST(CountingCache, CountsWhatIsLookedForAndFound) {
  dropped = 0;
  {
    CountingCache cache(1 << 20);
    EXPECT_EQ(cache.Lookup("a"), nullptr);
    cache.Release(cache.Insert("a", new std::string("value"), 5, drop));
    auto* handle = cache.Lookup("a");
    ASSERT_NE(handle, nullptr);
    EXPECT_EQ(*static_cast<std::string*>(cache.Value(handle)), "value");
    cache.Release(handle);
    const CacheCounts counts = cache.counts();
    EXPECT_EQ(counts.capacity_bytes, 1u << 20);
    EXPECT_EQ(counts.size_bytes, 5u);
    EXPECT_EQ(counts.entries, 1u);
    EXPECT_EQ(counts.hits, 1u);
    EXPECT_EQ(counts.requests, 2u);
    cache.Erase("a");
    EXPECT_EQ(cache.counts().entries, 0u);
    EXPECT_EQ(dropped, 1);
    cache.Release(cache.Insert("b", new std::string("left"), 4, drop));
  }
  EXPECT_EQ(dropped, 2);
}

}  // namespace
}  // namespace keyzone::storage
