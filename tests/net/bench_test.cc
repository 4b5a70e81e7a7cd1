#include "net/bench/bench.h"

#include <nlohmann/json.hpp>
#include <set>

#include "net/bench/arguments.h"
#include "net/bench/load.h"
#include "tests/net/small_server.h"
#include "tests/net/support.h"

namespace keyzone::net {
namespace {

TEST(Histogram, PercentilesAreWithinOnePerCent) {
  auto histogram = std::make_unique<Histogram>();
  EXPECT_EQ(histogram->percentile(0.5), 0u);
  std::vector<uint64_t> values;
  TestRandom random{1};
  for (int i = 0; i < 100000; ++i) values.push_back(random.next() >> (30 + random.below(33)));
  for (const uint64_t v : values) histogram->add(v);
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(values[static_cast<size_t>(fraction * 100000)]);
    EXPECT_NEAR(static_cast<double>(histogram->percentile(fraction)), exact, exact * 0.01) << fraction;
  }
  EXPECT_EQ(histogram->percentile(1), values.back());
  EXPECT_EQ(histogram->max(), values.back());
  histogram->add(~uint64_t{0});
  EXPECT_EQ(histogram->max(), ~uint64_t{0});
}

TEST(Histogram, SmallValuesAreExact) {
  for (uint64_t v = 0; v < 256; ++v) {
    auto histogram = std::make_unique<Histogram>();
    histogram->add(v);
    histogram->add(1000);
    EXPECT_EQ(histogram->percentile(0.1), v);
  }
}

TEST(Bench, KeysDiffer) {
  std::set<Bytes> keys;
  for (uint64_t row = 0; row < 10000; ++row) {
    const auto key = bench_key(row);
    keys.insert(Bytes(key.data(), key.size()));
  }
  EXPECT_EQ(keys.size(), 10000u);
}

TEST(Bench, NamesOfOperations) {
  for (const char* name : {"load", "write", "read", "read-one", "lwt", "mixed"}) {
    const auto operation = parse_bench_operation(name);
    ASSERT_TRUE(operation);
    EXPECT_EQ(to_string(*operation), name);
  }
  EXPECT_EQ(parse_bench_operation("delete").error().message,
            "unknown operation 'delete'; there are load, write, read, read-one, lwt, mixed");
}

BenchOptions small_bench(const SmallServer& server, BenchOperation operation) {
  BenchOptions options;
  options.hosts = {"127.0.0.1:1",
                   "127.0.0.1:" + std::to_string(server.port())};  // nobody listens at the first
  options.operation = operation;
  options.rows = 500;
  options.connections = 3;
  options.in_flight = 8;
  options.seconds = 0.1;
  options.warm_up_seconds = 0.02;
  return options;
}

TEST(Bench, EveryOperation) {
  for (const uint8_t version : {uint8_t{4}, uint8_t{5}}) {
    SmallServer server;
    server.refuse_peers_v2 = version == 4;
    for (const char* name : {"load", "write", "read", "read-one", "lwt", "mixed"}) {
      BenchOptions options = small_bench(server, *parse_bench_operation(name));
      options.version = version;
      const auto report = bench(options);
      ASSERT_TRUE(report) << name << ": " << report.error().message;
      EXPECT_GT(report->operations, 0u) << name;
      EXPECT_EQ(report->errors, 0u) << report->first_error;
      EXPECT_EQ(report->missing, 0u) << name;
      EXPECT_EQ(report->latency.count(), report->operations);
      EXPECT_NEAR(report->server_cpu_us, 10, 5) << "the server claims 10 us for each";
      if (options.operation == BenchOperation::kLoad) {
        EXPECT_EQ(report->operations, options.rows);
      }
    }
  }
}

TEST(Bench, KeepsToItsRate) {
  SmallServer server;
  BenchOptions options = small_bench(server, BenchOperation::kRead);
  options.rate = 2000;
  options.seconds = 0.5;
  const auto report = bench(options);
  ASSERT_TRUE(report);
  EXPECT_NEAR(report->per_second(), 2000, 300);
  EXPECT_EQ(report->errors, 0u);
}

TEST(Bench, SaysThatNobodyAnswers) {
  BenchOptions options;
  options.hosts = {"127.0.0.1:1"};
  const auto report = bench(options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "can't connect to any node; 127.0.0.1:1: Connection refused");
}

TEST(Bench, CommandLine) {
  const auto options = parse_bench_arguments(
      {"lwt", "--hosts", "a:9043,b", "--rows=7", "--rate", "500", "--json", "--no-load"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->operation, BenchOperation::kLwt);
  EXPECT_EQ(options->hosts, (std::vector<std::string>{"a:9043", "b"}));
  EXPECT_EQ(options->rows, 7u);
  EXPECT_EQ(options->rate, 500u);
  EXPECT_TRUE(options->json);
  EXPECT_FALSE(options->load);
  EXPECT_EQ(options->connections, BenchOptions().connections);
  const auto refusal = [](std::vector<std::string> arguments) {
    const auto result = parse_bench_arguments(arguments);
    return result ? "" : result.error().message;
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({"--in-flight", "0"}), "--in-flight must be from 1 to 10000");
  EXPECT_EQ(refusal({"--protocol", "6"}), "--protocol must be from 3 to 5");
  EXPECT_EQ(refusal({"write", "--speed", "9"}), "unrecognised option '--speed'");
  EXPECT_NE(refusal({"--rows", "many"}), "");
  EXPECT_NE(refusal({"truncate"}).find("unknown operation 'truncate'"), std::string::npos);
  EXPECT_NE(bench_help().find("--value-bytes"), std::string::npos);
}

TEST(Bench, Reports) {
  BenchOptions options;
  BenchReport report;
  report.operations = 3;
  report.seconds = 1.5;
  report.nodes = 3;
  report.connections = 16;
  for (const uint64_t v : {100, 200, 300}) report.latency.add(v);
  report.server_cpu_us = 20.126;
  EXPECT_EQ(to_text(options, report),
            "write: 100000 rows of 100 bytes, 3 nodes, 16 connections, 1024 operations at a time\n"
            "  2 op/s  (3 in 1.50 s, 0 errors)\n"
            "  latency ms  p50 0.20  p90 0.30  p99 0.30  p99.9 0.30  max 0.30\n"
            "  CPU of all nodes 20.1 us/op, of this client 0.0 us/op\n");
  const auto json = nlohmann::json::parse(to_json(options, report));
  EXPECT_EQ(json["operations_per_second"], 2);
  EXPECT_EQ(json["latency_us"]["p50"], 200);
  EXPECT_EQ(json["server_cpu_us_per_operation"], 20.13);
  options.connections = options.in_flight = 1;  // one client, with a connection to every node
  EXPECT_EQ(nlohmann::json::parse(to_json(options, report))["at_a_time"], 1);
  report.server_cpu_us = -1;
  EXPECT_TRUE(nlohmann::json::parse(to_json(options, report))["server_cpu_us_per_operation"].is_null());
}

}  // namespace
}  // namespace keyzone::net
