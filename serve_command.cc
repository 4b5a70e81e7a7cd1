// `keyzone node` and `keyzone dev`: from a configuration to a process that serves until it is told to stop.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "actors/logging.h"
#include "actors/server.h"
#include "commands.h"
#include "cql/grammar/split.h"
#include "net/blocking_client.h"
#include "net/resolve.h"

namespace keyzone {

namespace {

constexpr std::chrono::milliseconds kStopPatience{2000};
constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::seconds kDevPatience{30};
constexpr size_t kDevWriteBuffer = 4u << 20;  // three nodes share a laptop's memory
constexpr size_t kDevBlockCache = 8u << 20;
constexpr size_t kDevRowCache = 2u << 20;
constexpr uint64_t kDevLogSegment = 4u << 20;  // at most; longer writes get longer ones

std::atomic<int> stop_signal{0};
std::atomic<bool> failed{false};

void on_signal(int signal) { stop_signal = signal; }

int fail(const std::string& message) {
  std::fprintf(stderr, "keyzone: %s\n", message.c_str());
  return 1;
}

Severity severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return Severity::kTrace;
    case LogLevel::kDebug:
      return Severity::kDebug;
    case LogLevel::kInfo:
      return Severity::kInfo;
    case LogLevel::kWarn:
      return Severity::kWarn;
    case LogLevel::kError:
      return Severity::kError;
  }
  return Severity::kInfo;
}

Result<void> open_log(const NodeConfig& config) {
  std::optional<std::string> file;
  if (!config.memory) {
    std::error_code error;
    std::filesystem::create_directories(config.data_file_directories, error);
    file = config.log_file.empty() ? config.data_file_directories + "/keyzone.log" : config.log_file;
  }
  return open_log(file, severity_of(config.log_level));
}

// The numeric address that a key names; empty if it is.
Result<std::string> address_of(const char* key, const std::string& host) {
  if (host.empty()) return host;
  auto address = net::resolve(host);
  if (!address) return Error{address.error().kind, std::string(key) + ": " + address.error().message};
  return address;
}

Result<actors::NodeOptions> options_of(const NodeConfig& config) {
  actors::NodeOptions options;
  KEYZONE_TRY(listen, address_of("listen_address", config.listen_address));
  KEYZONE_TRY(broadcast, address_of("broadcast_address", config.broadcast_address));
  KEYZONE_TRY(rpc, address_of("rpc_address", config.rpc_address));
  KEYZONE_TRY(broadcast_rpc, address_of("broadcast_rpc_address", config.broadcast_rpc_address));
  options.listen_address = listen;
  options.broadcast_address = broadcast;
  options.rpc_address = rpc;
  options.broadcast_rpc_address = broadcast_rpc;
  options.cluster_name = config.cluster_name;
  options.name = config.node_name.empty() ? config.listen_address + ":" + std::to_string(config.storage_port)
                                          : config.node_name;
  options.zone = config.zone;
  options.data_center = config.data_center;
  options.storage_port = config.storage_port;
  options.native_transport_port = config.native_transport_port;
  options.folder = config.data_file_directories;
  for (const auto& seed : config.seeds) options.seeds.push_back({seed.host, seed.port});
  options.shards = config.shards ? config.shards : std::max(1u, std::thread::hardware_concurrency());
  options.initial_tablets = config.initial_tablets;
  options.nearest_reads = config.local_one_reads == LocalOneReads::kNearest;
  options.dialect = config.dialect == DialectName::kKeyspaces ? "keyspaces" : "cassandra";
  options.read_timeout = config.read_request_timeout;
  options.write_timeout = config.write_request_timeout;
  options.schema_timeout = config.request_timeout;
  options.truncate_timeout = config.truncate_request_timeout;
  options.clock_skew_max = config.clock_skew_max;
  options.frame_bytes_max = config.native_transport_max_frame_size;
  options.batch_bytes_warn = config.batch_size_warn_threshold;
  options.batch_bytes_max = config.batch_size_fail_threshold;
  options.masked_columns = config.dynamic_data_masking_enabled;
  options.heartbeat_interval = config.heartbeat_interval;
  options.election_timeout = config.election_timeout;
  options.write_buffer_bytes = config.write_buffer_size;
  options.block_cache_bytes = config.block_cache_size;
  options.row_cache_bytes = config.row_cache_size;
  options.log_segment_bytes = config.commitlog_segment_size;
  options.mutation_bytes_max = std::min(config.commitlog_segment_size / 2, defaults::kMutationSizeMax);
  options.disk_space_reserve = config.memory ? 0 : config.disk_space_reserve;
  options.sweep_interval = config.sweep_interval;
  options.connections_max = config.native_transport_max_concurrent_connections;
  for (const auto& [name, value] : config.guardrails) KEYZONE_ASSERT(options.guardrails.set(name, value));
  for (const auto& [name, values] : config.guardrail_names)
    KEYZONE_ASSERT(options.guardrails.set_names(name, values));
  options.settings = node_config_values(config);
  return options;
}

Result<void> set_http(const NodeConfig& config, actors::Server::Options& options) {
  KEYZONE_TRY(address, address_of("http_address", config.http_address));
  options.http_address = address;
  options.http_port = config.http_port;
  return {};
}

void write_pid_file(const NodeConfig& config) {
  if (config.memory) return;
  std::ofstream(config.data_file_directories + "/keyzone.pid") << getpid() << "\n";
}

void catch_signals() {
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
}

void on_fatal(const std::string& reason) {
  if (failed.exchange(true)) return;
  log_critical("this node can't go on: {}", reason);
  std::fprintf(stderr, "keyzone: %s\n", reason.c_str());
}

bool asked_to_stop() { return stop_signal != 0 || failed; }

// Until told to stop.
int serve(actors::Server& server, const NodeConfig& config) {
  while (!asked_to_stop()) std::this_thread::sleep_for(kPoll * 10);
  if (failed) {
    close_log();
    std::_Exit(1);  // what has failed may hang a clean end; everything acknowledged is on disk
  }
  log_info("stopping");
  server.stop(kStopPatience);
  if (!config.memory) std::filesystem::remove(config.data_file_directories + "/keyzone.pid");
  log_info("stopped");
  return 0;
}

// Runs the statements of a file, one after the other.
Result<void> run_file(const std::string& file, const std::string& host, uint16_t port) {
  std::ifstream in(file);
  if (!in) return Error{ErrorKind::kIo, "the file " + file + " can't be read"};
  std::ostringstream text;
  text << in.rdbuf();
  KEYZONE_TRY(client, net::BlockingClient::connect(host, port, std::chrono::seconds(30)));
  for (const auto& statement : cql::split_statements(text.str())) {
    auto done = client->query(statement.text);
    if (!done) {
      return Error{ErrorKind::kInvalid,
                   file + ":" + std::to_string(statement.line) + ": " + done.error().message};
    }
  }
  return {};
}

}  // namespace

int run_node(const std::vector<std::string>& arguments, const Environment& environment) {
  if (asks_for_help(arguments)) {
    std::fputs(node_config_help().c_str(), stdout);
    return 0;
  }
  const auto read = read_node_config(arguments, environment);
  const std::string wrong = read.config ? check_node_config(*read.config) : read.error;
  if (!wrong.empty()) {
    std::fprintf(stderr, "keyzone: %s\n", wrong.c_str());
    return 2;
  }
  const NodeConfig& config = *read.config;
  if (auto opened = open_log(config); !opened) return fail(opened.error().message);
  catch_signals();
  auto node = options_of(config);
  if (!node) return fail(node.error().message);
  actors::Server::Options options;
  options.nodes.push_back(*std::move(node));
  options.shards = options.nodes.front().shards;
  options.memory = config.memory;
  if (auto set = set_http(config, options); !set) return fail(set.error().message);
  auto server = actors::Server::start(std::move(options), on_fatal);
  if (!server) return fail(server.error().message);
  write_pid_file(config);
  return serve(**server, config);
}

int run_dev(const std::vector<std::string>& arguments, const Environment& environment) {
  if (asks_for_help(arguments)) {
    std::puts(
        "keyzone dev [--data DIR | --memory] [--init FILE.cql] [--port N] [--http_port N] and the keys of a "
        "node:\n");
    std::fputs(node_config_help().c_str(), stdout);
    return 0;
  }
  NodeConfig base;
  base.zone = "az1";
  base.log_level = LogLevel::kWarn;
  base.write_buffer_size = kDevWriteBuffer;
  base.block_cache_size = kDevBlockCache;
  base.row_cache_size = kDevRowCache;
  const auto read = read_node_config(arguments, environment, base);
  const std::string wrong = read.config ? check_told_addresses(*read.config) : read.error;
  if (!wrong.empty()) {
    std::fprintf(stderr, "keyzone: %s\n", wrong.c_str());
    return 2;
  }
  const NodeConfig& config = *read.config;
  if (auto opened = open_log(config); !opened) return fail(opened.error().message);
  catch_signals();
  actors::Server::Options options;
  options.memory = config.memory;
  if (auto set = set_http(config, options); !set) return fail(set.error().message);
  auto configured = options_of(config);
  if (!configured) return fail(configured.error().message);
  actors::NodeOptions node = *std::move(configured);
  node.shards = options.shards;
  node.one_node_view = true;
  node.listen_address = node.told_address();  // nobody dials it from outside
  node.broadcast_address.clear();
  node.log_segment_bytes = std::min(kDevLogSegment, config.commitlog_segment_size);
  node.seeds.clear();
  const auto storage_port = [&config](uint16_t zone) {
    return static_cast<uint16_t>(config.storage_port + zone - 1);
  };
  for (uint16_t zone = 1; zone <= 3; ++zone) node.seeds.push_back({node.listen_address, storage_port(zone)});
  for (uint16_t zone = 1; zone <= 3; ++zone) {
    node.name = "dev" + std::to_string(zone);
    node.zone = "az" + std::to_string(zone);
    node.storage_port = storage_port(zone);
    node.folder = config.data_file_directories + "/az" + std::to_string(zone);
    node.serve_clients = zone == 1;
    options.nodes.push_back(node);
  }
  auto started = actors::Server::start(std::move(options), on_fatal);
  if (!started) return fail(started.error().message);
  auto& server = **started;
  const auto end = std::chrono::steady_clock::now() + kDevPatience;
  while (!server.ready() && !asked_to_stop() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(kPoll);
  if (!server.ready())
    return fail(asked_to_stop() ? "stopped" : "the three zones did not find each other in time");
  write_pid_file(config);
  if (!config.init_file.empty()) {
    if (auto done = run_file(config.init_file, config.rpc_address, config.native_transport_port); !done) {
      server.stop(kStopPatience);
      return fail(done.error().message);
    }
  }
  std::printf("ready: three zones on %s:%u; try: cqlsh %s %u\n", config.rpc_address.c_str(),
              config.native_transport_port, config.rpc_address.c_str(), config.native_transport_port);
  std::fflush(stdout);
  return serve(server, config);
}

}  // namespace keyzone
