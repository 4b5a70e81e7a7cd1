#include "net/bench/bench.h"

#include <sys/resource.h>

#include <cstdio>
#include <optional>

#include "net/bench/cluster.h"
#include "net/bench/load.h"

namespace keyzone::net {
namespace {

constexpr double kDrainSeconds = 10;      // for what is under way when the time is up
constexpr double kLoadStallSeconds = 60;  // without a row written, loading is given up
constexpr size_t kLoadInFlight = 64;      // per connection

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double milliseconds(uint64_t microseconds) { return static_cast<double>(microseconds) / 1000; }

// Runs until `done`, with a line a second on standard error.
template <class Done>
void run_with_progress(BenchCluster& cluster, LoadGenerator& load, const char* phase, Done done) {
  const int64_t start = steady_ns();
  for (int second = 1;; ++second) {
    const bool finished =
        cluster.run_until(done, static_cast<double>(start + second * 1000000000ll - steady_ns()) / 1e9);
    if (finished) return;
    std::fprintf(stderr, "%s %4d s %9llu op/s  p50 %7.2f  p99 %7.2f  max %8.2f ms  errors %llu\n", phase,
                 second, static_cast<unsigned long long>(load.recent().count()),
                 milliseconds(load.recent().percentile(0.5)), milliseconds(load.recent().percentile(0.99)),
                 milliseconds(load.recent().max()), static_cast<unsigned long long>(load.counts().failed));
    load.clear_recent();
    cluster.reconnect_lost();
    load.refill();
  }
}

bool needs_rows(BenchOperation operation) {
  return operation != BenchOperation::kLoad && operation != BenchOperation::kWrite;
}

Result<void> load_rows(BenchCluster& cluster, const BenchOptions& options) {
  BenchOptions loading = options;  // as fast with one client as with many: it isn't measured
  loading.connections = cluster.links();
  loading.in_flight = kLoadInFlight;
  LoadGenerator load(cluster, loading, BenchOperation::kLoad, 0);
  load.start();
  uint64_t seen = 0;
  int64_t progress_at = steady_ns();
  const auto stalled = [&] {
    if (load.counts().succeeded != seen) {
      seen = load.counts().succeeded;
      progress_at = steady_ns();
    }
    return static_cast<double>(steady_ns() - progress_at) / 1e9 > kLoadStallSeconds;
  };
  run_with_progress(cluster, load, "load", [&] { return load.finished() || stalled(); });
  load.stop();
  if (load.loaded()) return {};
  return Error{ErrorKind::kServer, "loading the rows stopped: " + load.counts().first_error};
}

// What client and servers have spent so far. Taken while operations are under way: what a stop and a start
// would cost must not be in the figure.
struct CpuSample {
  explicit CpuSample(BenchCluster& cluster)
      : client_seconds(cpu_seconds()), server_us(cluster.server_cpu_us()) {}
  double client_seconds;
  std::optional<uint64_t> server_us;
};

void add_cost(BenchReport& report, const CpuSample& before, const CpuSample& after) {
  if (report.operations == 0) return;
  const auto operations = static_cast<double>(report.operations);
  report.client_cpu_us = (after.client_seconds - before.client_seconds) * 1e6 / operations;
  const bool told = before.server_us && after.server_us && *after.server_us >= *before.server_us;
  if (told) report.server_cpu_us = static_cast<double>(*after.server_us - *before.server_us) / operations;
}

BenchReport measure(BenchCluster& cluster, LoadGenerator& load, const BenchOptions& options) {
  const auto passed = [](int64_t since) { return static_cast<double>(steady_ns() - since) / 1e9; };
  const bool loading = options.operation == BenchOperation::kLoad;
  const double warm_up = loading ? 0 : options.warm_up_seconds;
  int64_t start = steady_ns();
  if (warm_up > 0) {
    load.start();
    cluster.run_until([&] { return passed(start) >= warm_up; }, warm_up + 1);
  }
  const CpuSample before(cluster);
  load.clear_recent();
  load.clear_counts();
  start = steady_ns();
  if (warm_up <= 0) load.start();
  const auto done = [&] { return loading ? load.finished() : passed(start) >= options.seconds; };
  run_with_progress(cluster, load, to_string(options.operation).data(), done);
  BenchReport report;
  report.seconds = passed(start);
  const LoadCounts& counts = load.counts();
  report.operations = counts.succeeded;
  report.errors = counts.failed;
  report.missing = counts.missing;
  report.latency = counts.latency;
  report.first_error = counts.first_error;
  add_cost(report, before, CpuSample(cluster));
  return report;
}

}  // namespace

Result<BenchReport> bench(const BenchOptions& options) {
  if (options.rows == 0 || options.in_flight == 0) return invalid("rows and in-flight must be more than 0");
  BenchCluster cluster(options);
  KEYZONE_CHECK(cluster.connect());
  if (options.load && needs_rows(options.operation)) KEYZONE_CHECK(load_rows(cluster, options));
  LoadGenerator load(cluster, options, options.operation, options.rate);
  BenchReport report = measure(cluster, load, options);
  report.nodes = cluster.nodes();
  report.connections = cluster.links();
  load.stop();
  cluster.run_until([&] { return load.finished(); }, kDrainSeconds);
  cluster.disconnect();
  return report;
}

int run_bench(const BenchOptions& options) {
  const auto report = bench(options);
  if (!report) {
    std::fprintf(stderr, "keyzone bench: %s\n", report.error().message.c_str());
    return 1;
  }
  const std::string text = options.json ? to_json(options, *report) : to_text(options, *report);
  std::fputs(text.c_str(), stdout);
  return report->errors == 0 ? 0 : 2;
}

}  // namespace keyzone::net
