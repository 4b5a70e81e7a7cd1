// What a node does when nobody says otherwise, and the limits of what may be said. Names and values follow
// cassandra.yaml where it has them.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace keyzone::defaults {

using std::chrono::milliseconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

constexpr char kClusterName[] = "keyzone";
constexpr char kDataCenter[] = "datacenter1";
constexpr char kAddress[] = "127.0.0.1";
constexpr char kDataDirectory[] = "data";

constexpr std::uint16_t kStoragePort = 7000;
constexpr std::uint16_t kNativeTransportPort = 9042;
constexpr std::uint16_t kHttpPort = 0;  // no HTTP

constexpr std::uint32_t kInitialTablets = 6;
constexpr std::uint32_t kInitialTabletsMax = 4096;
constexpr std::uint32_t kShards = 0;  // one a core
constexpr std::uint32_t kShardsMax = 256;
constexpr std::uint32_t kConnectionsMax = 10'000;

constexpr milliseconds kReadRequestTimeout{5'000};
constexpr milliseconds kWriteRequestTimeout{2'000};
constexpr milliseconds kRequestTimeout{10'000};
constexpr milliseconds kTruncateRequestTimeout{60'000};
constexpr milliseconds kHeartbeatInterval{100};
constexpr milliseconds kElectionTimeout{1'000};
constexpr milliseconds kClockSkewMax{500};
constexpr milliseconds kSweepInterval{std::chrono::minutes{10}};
constexpr milliseconds kDurationMax{std::chrono::hours{24}};

constexpr std::uint64_t kBlockCacheSize = 64 * kMiB;
constexpr std::uint64_t kRowCacheSize = 16 * kMiB;
// Of a shard's memtable: a row that is written often goes to disk once in so many bytes of others.
constexpr std::uint64_t kWriteBufferSize = 16 * kMiB;
constexpr std::uint64_t kCommitlogSegmentSize = 32 * kMiB;
constexpr std::uint64_t kMutationSizeMax = 32 * kMiB;  // half a segment is less by default
constexpr std::uint64_t kDiskSpaceReserve = 64 * kMiB;
constexpr std::uint64_t kFrameSizeMax = 16 * kMiB;
constexpr std::uint64_t kBatchSizeWarn = 5 * kKiB;
constexpr std::uint64_t kBatchSizeFail = 50 * kKiB;
constexpr std::int64_t kTombstonesWarn = 1'000;
constexpr std::int64_t kTombstonesFail = 100'000;
constexpr std::uint64_t kSizeMax = 1024 * kGiB;

// The reader refuses files beyond these before it looks at them closely.
constexpr std::size_t kConfigFileSizeMax = 1 * kMiB;
constexpr std::size_t kSeedsMax = 15;

// A follower must hear several heartbeats before it may think that its leader is gone.
constexpr int kHeartbeatsPerElectionMin = 3;

static_assert(kElectionTimeout >= kHeartbeatsPerElectionMin * kHeartbeatInterval);
static_assert(kBatchSizeWarn < kBatchSizeFail && kBatchSizeFail < kFrameSizeMax);
static_assert(kFrameSizeMax <= kCommitlogSegmentSize, "a command has to fit into a segment of the log");

}  // namespace keyzone::defaults
