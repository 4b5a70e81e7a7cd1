// What this node has measured of its own work: how often, how long, how many. Any thread may count, and any
// may look. To count is one increment. What is looked at is of the last five to ten minutes, but for totals,
// which are of the node's life.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "cql/system_tables/node_facts.h"
#include "schema/buckets.h"
#include "schema/ids.h"
#include "schema/read.h"

namespace keyzone::actors {

// How fast a count grows: a moving average of five minutes, as Cassandra's meters have it.
class MovingRate {
 public:
  void tick(uint64_t total);  // five seconds have passed; one caller at a time
  double per_second() const { return per_second_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> per_second_{0};
  uint64_t total_ = 0;
  bool ticked_ = false;
};

// Values by size. Durations count in microseconds.
class Meter {
 public:
  void add(uint64_t value, uint64_t times = 1) {
    counts_[Sizes::of(value)].fetch_add(times, std::memory_order_relaxed);
  }
  cql::MeterFact fact() const;
  // Five seconds have passed. One caller at a time.
  void tick();
  // What was counted before the last call no longer counts as recent after the next.
  void age();

 private:
  using Sizes = Buckets<2, 32>;  // a quarter wide, up to 71 minutes

  uint64_t total() const;

  std::array<std::atomic<uint64_t>, Sizes::kCount> counts_{};
  // Counts of when age() was called last, and the time before: modulo 2^32, as only differences matter.
  std::array<std::atomic<uint32_t>, Sizes::kCount> last_{}, before_last_{};
  MovingRate rate_;
};

// Of one table.
struct TableMeters {
  Meter coordinator_reads, coordinator_scans, coordinator_writes;  // for clients: until the answer
  Meter local_reads, local_scans, local_writes;                    // by replicas of this node
  Meter rows_per_read, tombstones_per_read;

  void count_read(bool scan, uint64_t microseconds, const ReadResult& result) {
    (scan ? local_scans : local_reads).add(microseconds);
    rows_per_read.add(result.row_count);
    tombstones_per_read.add(result.tombstones);
  }
};

class MeterBoard {
 public:
  static constexpr std::chrono::seconds kTick{5};
  static constexpr int kTicksOfAge = 60;  // five minutes

  // Lives on for those who hold it, if the table is dropped.
  std::shared_ptr<TableMeters> of(const Uuid& table);
  // Every kTick. What was `known` no longer is forgotten.
  void tick(const std::function<bool(const Uuid&)>& known);
  // Without what others know: prepared statements, the cache of blocks.
  cql::WorkFacts facts() const;

  // Of all tables.
  std::atomic<uint64_t> prepared_executed{0}, others_executed{0};  // statements
  std::atomic<uint64_t> requests_under_way{0};                     // of clients
  MovingRate block_hits, block_requests;                           // of the caches of blocks
  Meter partitions_per_logged_batch, partitions_per_unlogged_batch, partitions_per_counter_batch;

 private:
  mutable std::mutex mutex_;
  std::map<Uuid, std::shared_ptr<TableMeters>> tables_;
  uint64_t reads_of_gone_ = 0, writes_of_gone_ = 0;  // local ones, of tables that were dropped
  int ticks_ = 0;
};

// The meters that somebody works with at the moment: most go on with the table they had.
class CurrentMeters {
 public:
  explicit CurrentMeters(MeterBoard& board) : board_(board) {}
  TableMeters& of(const Uuid& table) {
    if (!meters_ || table_ != table) {
      meters_ = board_.of(table);
      table_ = table;
    }
    return *meters_;
  }

 private:
  MeterBoard& board_;
  Uuid table_;
  std::shared_ptr<TableMeters> meters_;
};

}  // namespace keyzone::actors
