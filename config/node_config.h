// NodeConfig: all that an operator can say about one node, as a plain struct, and the reader that fills it.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/defaults.h"

namespace keyzone {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

// What consistency levels ONE and LOCAL_ONE get: the newest acknowledged row, or what the nearest replica
// has.
enum class LocalOneReads { kLinearizable, kNearest };
// What the node accepts and reports: all of CQL, or what Amazon Keyspaces does.
enum class DialectName { kCassandra, kKeyspaces };
enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

// Each member is the key of the same name; see config/keys.cc for the meaning of each in a line.
struct NodeConfig {
  // Who and where.
  std::string cluster_name = defaults::kClusterName;
  std::string node_name;  // empty: listen_address:storage_port
  std::string zone;       // also called rack
  std::string data_center = defaults::kDataCenter;
  // Addresses are numeric, or names that the host's resolver knows.
  std::string listen_address = defaults::kAddress;
  std::string broadcast_address;  // what the other nodes are told; empty: listen_address
  std::uint16_t storage_port = defaults::kStoragePort;
  std::string rpc_address = defaults::kAddress;
  // What clients are told; empty: rpc_address, or if that is every address what the other nodes are told.
  std::string broadcast_rpc_address;
  std::uint16_t native_transport_port = defaults::kNativeTransportPort;
  std::vector<HostPort> seeds;  // peer addresses of the catalog's voters, one a zone
  std::string http_address = defaults::kAddress;
  std::uint16_t http_port = defaults::kHttpPort;  // health and metrics; 0: none

  // What it keeps, and how much memory and disk that may take (bytes).
  std::string data_file_directories = defaults::kDataDirectory;  // one directory
  bool memory = false;                                           // nothing on disk: gone when the node stops
  std::uint32_t shards = defaults::kShards;                      // 0: one a core
  std::uint32_t initial_tablets = defaults::kInitialTablets;     // of each new table
  std::uint64_t block_cache_size = defaults::kBlockCacheSize;
  std::uint64_t row_cache_size = defaults::kRowCacheSize;
  std::uint64_t write_buffer_size = defaults::kWriteBufferSize;
  std::uint64_t commitlog_segment_size = defaults::kCommitlogSegmentSize;
  std::uint64_t disk_space_reserve = defaults::kDiskSpaceReserve;
  std::chrono::milliseconds sweep_interval = defaults::kSweepInterval;  // between two sweeps of a tablet

  // How it treats clients.
  DialectName dialect = DialectName::kCassandra;
  LocalOneReads local_one_reads = LocalOneReads::kLinearizable;
  std::chrono::milliseconds read_request_timeout = defaults::kReadRequestTimeout;
  std::chrono::milliseconds write_request_timeout = defaults::kWriteRequestTimeout;
  std::chrono::milliseconds request_timeout = defaults::kRequestTimeout;  // schema changes and the rest
  std::chrono::milliseconds truncate_request_timeout = defaults::kTruncateRequestTimeout;
  std::uint64_t native_transport_max_frame_size = defaults::kFrameSizeMax;
  std::uint32_t native_transport_max_concurrent_connections = defaults::kConnectionsMax;
  std::uint64_t batch_size_warn_threshold = defaults::kBatchSizeWarn;
  std::uint64_t batch_size_fail_threshold = defaults::kBatchSizeFail;
  bool dynamic_data_masking_enabled = false;

  // by key, those that are set; -1: no limit; bytes, microseconds
  std::map<std::string, std::int64_t> guardrails;
  std::map<std::string, std::vector<std::string>>
      guardrail_names;  // of properties, and of consistency levels

  // How it treats peers.
  std::chrono::milliseconds heartbeat_interval = defaults::kHeartbeatInterval;
  std::chrono::milliseconds election_timeout = defaults::kElectionTimeout;  // the shortest that is drawn
  std::chrono::milliseconds clock_skew_max = defaults::kClockSkewMax;

  // What it says about itself.
  LogLevel log_level = LogLevel::kInfo;
  std::string log_file;   // empty: keyzone.log in the data directory
  std::string init_file;  // CQL to run before `keyzone dev` says that it is ready
};

using Environment = std::map<std::string, std::string>;

// The environment as main() gets it: a null-terminated array of NAME=VALUE.
Environment environment_of(const char* const* variables);

// Exactly one of the two is set.
struct NodeConfigResult {
  std::optional<NodeConfig> config;
  std::string error;  // one sentence that names file and line, variable or flag, and the key
};

// Puts a node's configuration together: flags win over the environment, that over the file named by --config
// (or KEYZONE_CONFIG), that over `base`.
//   file:         native_transport_port = 9042     # one key a line; # starts a comment
//   environment:  KEYZONE_NATIVE_TRANSPORT_PORT=9042
//   flag:         --native_transport_port 9042     (also --native-transport-port=9042)
// `arguments` are those after the verb (argv without `keyzone node`). Durations carry a unit (ms, s, m, h),
// and so do sizes (B, KiB, MiB, GiB). Variables that are no key are left alone: others also use the prefix.
NodeConfigResult read_node_config(const std::vector<std::string>& arguments, const Environment& environment,
                                  const NodeConfig& base = {});

// The same for the text of one file; `file` is only named in errors. Keys absent from the text keep their
// value.
NodeConfigResult read_node_config_text(const std::string& file, const std::string& text,
                                       const NodeConfig& base = {});

// Whether a node can start from it: a zone, seeds, limits that agree. Empty: it can; else a sentence with the
// key.
std::string check_node_config(const NodeConfig& config);

// The part of that about addresses that others are told: nobody can dial every address.
std::string check_told_addresses(const NodeConfig& config);

// Every key with its value as text, by name.
std::map<std::string, std::string> node_config_values(const NodeConfig& config);

// Every key with its meaning and default, for --help.
std::string node_config_help();

// Whether --help or -h is among the arguments.
bool asks_for_help(const std::vector<std::string>& arguments);

}  // namespace keyzone
