#include "net/bench/arguments.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <sstream>

#include "net/protocol/constants.h"

namespace keyzone::net {
namespace {

namespace po = boost::program_options;

constexpr size_t kMaxValueBytes = 8 << 20;
constexpr size_t kMaxConnections = 10000;
constexpr size_t kMaxInFlight = 10000;  // per connection
static_assert(kMaxInFlight < kMaxStreams);

// Where the parser puts what BenchOptions keeps in another form.
struct Texts {
  std::string operation = "write";
  std::string hosts = "127.0.0.1";
  unsigned version = 4;
  bool no_load = false, any_node = false;
};

po::options_description describe(BenchOptions& o, Texts& t) {
  po::options_description all(
      "keyzone bench OPERATION [options]\n"
      "OPERATION: load, write, read, read-one, lwt or mixed");
  const auto with_default = [](auto& target) { return po::value(&target)->default_value(target); };
  auto add = all.add_options();
  add("help", "this text");
  add("operation", with_default(t.operation), "what to do; may stand alone");
  add("hosts", with_default(t.hosts), "nodes to ask for the others: host or host:port, separated by commas");
  add("port", with_default(o.port), "where none is given");
  add("rows", with_default(o.rows), "keys are drawn from so many");
  add("value-bytes", with_default(o.value_bytes), "size of each value");
  add("connections", with_default(o.connections),
      "in all, spread over the nodes; each node gets one at least");
  add("in-flight", with_default(o.in_flight), "times --connections: operations under way, without --rate");
  add("rate", with_default(o.rate), "operations a second; 0: as many as possible");
  add("seconds", with_default(o.seconds), "how long to measure");
  add("warm-up", with_default(o.warm_up_seconds), "seconds before that, not counted");
  add("no-load", po::bool_switch(&t.no_load), "the rows are there already");
  add("any-node", po::bool_switch(&t.any_node), "ask any node instead of a replica");
  add("json", po::bool_switch(&o.json), "the report as JSON");
  add("seed", with_default(o.seed), "which keys in which order");
  add("protocol", with_default(t.version), "version of the native protocol: 3, 4 or 5");
  add("user", with_default(o.user), "to log in as");
  add("password", with_default(o.password), "of that user");
  add("keyspace", with_default(o.keyspace), "made if it does not exist");
  add("table", with_default(o.table), "likewise");
  return all;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

Result<void> check(const BenchOptions& o) {
  const auto within = [](const char* name, auto value, auto least, auto most) -> Result<void> {
    if (value >= least && value <= most) return {};
    std::ostringstream text;
    text << "--" << name << " must be from " << least << " to " << most;
    return invalid(text.str());
  };
  KEYZONE_CHECK(within("rows", o.rows, uint64_t{1}, uint64_t{1} << 40));
  KEYZONE_CHECK(within("value-bytes", o.value_bytes, size_t{0}, kMaxValueBytes));
  KEYZONE_CHECK(within("connections", o.connections, size_t{1}, kMaxConnections));
  KEYZONE_CHECK(within("in-flight", o.in_flight, size_t{1}, kMaxInFlight));
  KEYZONE_CHECK(within("rate", o.rate, uint64_t{0}, uint64_t{100000000}));
  KEYZONE_CHECK(within("seconds", o.seconds, 0.01, 1e7));
  KEYZONE_CHECK(within("warm-up", o.warm_up_seconds, 0.0, 1e7));
  KEYZONE_CHECK(within("protocol", static_cast<int>(o.version), int{kMinVersion}, int{kMaxVersion}));
  if (o.hosts.empty()) return invalid("--hosts must name a host");
  return {};
}

}  // namespace

Result<BenchOptions> parse_bench_arguments(const std::vector<std::string>& arguments) {
  BenchOptions options;
  Texts texts;
  const auto description = describe(options, texts);
  po::positional_options_description positions;
  positions.add("operation", 1);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(description).positional(positions).run(), values);
    po::notify(values);
  } catch (const po::error& e) {  // the only way the library reports
    return invalid(e.what());
  }
  KEYZONE_TRY(operation, parse_bench_operation(texts.operation));
  options.operation = operation;
  options.hosts = split_at_commas(texts.hosts);
  options.version = static_cast<uint8_t>(std::min(texts.version, 255u));
  options.load = !texts.no_load;
  options.token_aware = !texts.any_node;
  KEYZONE_CHECK(check(options));
  return options;
}

std::string bench_help() {
  BenchOptions options;
  Texts texts;
  std::ostringstream out;
  out << describe(options, texts);
  return out.str();
}

int bench_main(const std::vector<std::string>& arguments) {
  if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
    std::fputs(bench_help().c_str(), stdout);
    return 0;
  }
  const auto options = parse_bench_arguments(arguments);
  if (options) return run_bench(*options);
  std::fprintf(stderr, "keyzone bench: %s\n(--help says what there is)\n", options.error().message.c_str());
  return 1;
}

}  // namespace keyzone::net
