// Keeps operations going against a BenchCluster and counts what comes of them.
#pragma once
#include <utility>

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "net/bench/cluster.h"

namespace keyzone::net {

// Chance of the bench: the same seed, the same keys in the same order.
class BenchRandom {
 public:
  explicit BenchRandom(uint64_t seed) : state_(seed) {}
  uint64_t next();
  uint64_t below(uint64_t n) { return next() % n; }

 private:
  uint64_t state_;
};

// One row's key: 16 bytes that no two rows share and that lie anywhere on the ring.
std::array<char, 16> bench_key(uint64_t row);

struct LoadCounts {
  uint64_t succeeded = 0, failed = 0, missing = 0;
  Histogram latency;
  std::string first_error;
};

class LoadGenerator {
 public:
  // For kLoad each row is written once, until it succeeded; others draw rows for ever.
  LoadGenerator(BenchCluster& cluster, const BenchOptions& options, BenchOperation operation, uint64_t rate);

  void start();
  void stop();  // begins no more; what is under way still counts
  bool finished() const { return (stopped_ || loaded()) && in_flight_ == 0; }
  bool loaded() const { return operation_ == BenchOperation::kLoad && counts_.succeeded >= options_.rows; }
  // Fills up the window again after connections were lost and made again.
  void refill();

  uint64_t in_flight() const { return in_flight_; }
  const LoadCounts& counts() const { return counts_; }
  const Histogram& recent() const { return recent_; }  // since the last clear_recent()
  void clear_recent() { recent_.clear(); }
  void clear_counts() { counts_ = {}; }

 private:
  struct Done;
  bool issue(int64_t due_ns, uint64_t row);
  void on_reply(ClientReply& reply, int64_t due_ns, uint64_t row, bool reads);
  void issue_due();
  uint64_t next_row();
  const ExecuteRequest& request_for(BenchLink& link, BenchStatement statement, BytesView key);
  BenchStatement statement_for(uint64_t row);

  BenchCluster& cluster_;
  const BenchOptions& options_;
  BenchOperation operation_;
  uint64_t rate_;
  size_t window_;
  BenchRandom random_;
  Bytes values_;  // where values are cut from
  ExecuteRequest request_;
  boost::asio::steady_timer timer_;
  int64_t started_ns_ = 0;
  uint64_t issued_ = 0;  // with a rate
  uint64_t next_load_row_ = 0;
  std::vector<uint64_t> again_;  // rows whose write has failed (kLoad)
  uint64_t in_flight_ = 0;
  bool stopped_ = false;
  LoadCounts counts_;
  Histogram recent_;
};

int64_t steady_ns();

}  // namespace keyzone::net
