#include "config/keys.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "config/parse_value.h"

namespace keyzone {
namespace {

using std::chrono::milliseconds;

// Other names under which people know a key: from cassandra-rackdc.properties, or short ones for `keyzone
// dev`.
constexpr std::pair<const char*, const char*> kOtherNames[] = {{"rack", "zone"},
                                                               {"dc", "data_center"},
                                                               {"port", "native_transport_port"},
                                                               {"data", "data_file_directories"},
                                                               {"init", "init_file"}};

Key text_key(const char* name, const char* meaning, std::string NodeConfig::*member) {
  return {name,
          meaning,
          "a text that is not empty",
          false,
          [member](const std::string& text, NodeConfig& config) {
            if (text.empty()) return false;
            config.*member = text;
            return true;
          },
          [member](const NodeConfig& config) { return config.*member; }};
}

template <class Integer>
Key integer_key(const char* name, const char* meaning, Integer NodeConfig::*member, Integer least,
                Integer most) {
  return {name,
          meaning,
          "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
          false,
          [=](const std::string& text, NodeConfig& config) {
            const auto number = parse_integer(text, least, most);
            if (number) config.*member = static_cast<Integer>(*number);
            return number.has_value();
          },
          [member](const NodeConfig& config) { return std::to_string(config.*member); }};
}

Key switch_key(const char* name, const char* meaning, bool NodeConfig::*member) {
  return {name,
          meaning,
          "true or false",
          true,
          [member](const std::string& text, NodeConfig& config) {
            const auto value = parse_boolean(text);
            if (value) config.*member = *value;
            return value.has_value();
          },
          [member](const NodeConfig& config) { return std::string(config.*member ? "true" : "false"); }};
}

Key duration_key(const char* name, const char* meaning, milliseconds NodeConfig::*member) {
  return {name,
          meaning,
          "a duration from 1ms to 24h with its unit (ms, s, m, h), such as 500ms or 2s",
          false,
          [member](const std::string& text, NodeConfig& config) {
            const auto value = parse_duration(text);
            if (!value || *value < milliseconds(1)) return false;
            config.*member = *value;
            return true;
          },
          [member](const NodeConfig& config) { return std::to_string((config.*member).count()) + "ms"; }};
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= defaults::kMiB && bytes % defaults::kMiB == 0)
    return std::to_string(bytes / defaults::kMiB) + "MiB";
  if (bytes >= defaults::kKiB && bytes % defaults::kKiB == 0)
    return std::to_string(bytes / defaults::kKiB) + "KiB";
  return std::to_string(bytes) + "B";
}

Key size_key(const char* name, const char* meaning, std::uint64_t NodeConfig::*member, std::uint64_t least,
             std::uint64_t most) {
  return {name,
          meaning,
          "a size from " + size_text(least) + " to " + size_text(most) + " with its unit (B, KiB, MiB, GiB)",
          false,
          [=](const std::string& text, NodeConfig& config) {
            const auto value = parse_size(text);
            if (!value || *value < least || *value > most) return false;
            config.*member = *value;
            return true;
          },
          [member](const NodeConfig& config) { return size_text(config.*member); }};
}

template <class Enum>
Key choice_key(const char* name, const char* meaning, Enum NodeConfig::*member,
               std::vector<std::pair<const char*, Enum>> choices) {
  std::string expected = "one of";
  for (const auto& [choice, value] : choices) expected += std::string(" ") + choice;
  return {name,
          meaning,
          expected,
          false,
          [=](const std::string& text, NodeConfig& config) {
            for (const auto& [choice, value] : choices) {
              if (text != choice) continue;
              config.*member = value;
              return true;
            }
            return false;
          },
          [=](const NodeConfig& config) {
            for (const auto& [choice, value] : choices) {
              if (config.*member == value) return std::string(choice);
            }
            return std::string();
          }};
}

Key directory_key() {
  Key key = text_key("data_file_directories", "the one directory with this node's data",
                     &NodeConfig::data_file_directories);
  key.expected = "one directory";
  key.set = [](const std::string& text, NodeConfig& config) {
    if (text.empty() || text.find(',') != std::string::npos) return false;
    config.data_file_directories = text;
    return true;
  };
  return key;
}

Key seeds_key() {
  return {"seeds",
          "peer addresses of the voters of the catalog, one a zone, the same on every node",
          "host:port, separated by commas, at most " + std::to_string(defaults::kSeedsMax),
          false,
          [](const std::string& text, NodeConfig& config) {
            auto seeds = parse_host_ports(text, defaults::kStoragePort);
            if (seeds) config.seeds = std::move(*seeds);
            return seeds.has_value();
          },
          [](const NodeConfig& config) {
            std::string text;
            for (const HostPort& seed : config.seeds) {
              text += (text.empty() ? "" : ",") + seed.host + ":" + std::to_string(seed.port);
            }
            return text;
          }};
}

constexpr std::uint16_t kPortMax = 65535;

std::vector<Key> identity_keys() {
  return {
      text_key("cluster_name", "name of the cluster; nodes of another name are refused",
               &NodeConfig::cluster_name),
      text_key("node_name", "name of this node in logs and status", &NodeConfig::node_name),
      text_key("zone", "availability zone of this node, the rack that drivers see", &NodeConfig::zone),
      text_key("data_center", "data centre that drivers see", &NodeConfig::data_center),
      text_key("listen_address", "address or name for the other nodes", &NodeConfig::listen_address),
      text_key("broadcast_address", "what the other nodes are told of it; empty for listen_address",
               &NodeConfig::broadcast_address),
      integer_key<std::uint16_t>("storage_port", "port for the other nodes", &NodeConfig::storage_port, 1,
                                 kPortMax),
      text_key("rpc_address", "address or name for clients", &NodeConfig::rpc_address),
      text_key("broadcast_rpc_address", "what clients are told of it; empty for rpc_address",
               &NodeConfig::broadcast_rpc_address),
      integer_key<std::uint16_t>("native_transport_port", "port for clients",
                                 &NodeConfig::native_transport_port, 1, kPortMax),
      seeds_key(),
      text_key("http_address", "address of the health endpoint", &NodeConfig::http_address),
      integer_key<std::uint16_t>("http_port", "port of the health endpoint; 0 for none",
                                 &NodeConfig::http_port, 0, kPortMax),
  };
}

std::vector<Key> storage_keys() {
  using namespace defaults;
  return {
      directory_key(),
      switch_key("memory", "keep nothing on disk", &NodeConfig::memory),
      integer_key<std::uint32_t>("shards", "threads that serve; 0 for one a core", &NodeConfig::shards, 0,
                                 kShardsMax),
      integer_key<std::uint32_t>("initial_tablets", "tablets that a new table starts with",
                                 &NodeConfig::initial_tablets, 1, kInitialTabletsMax),
      size_key("row_cache_size", "memory for rows read lately", &NodeConfig::row_cache_size, 0, kSizeMax),
      size_key("block_cache_size", "memory for blocks read from disk", &NodeConfig::block_cache_size, 0,
               kSizeMax),
      size_key("write_buffer_size", "memory for rows not yet in a sorted file",
               &NodeConfig::write_buffer_size, 64 * kKiB, kGiB / 4),
      size_key("commitlog_segment_size", "size of one file of the log, and twice that of the longest write",
               &NodeConfig::commitlog_segment_size, kMiB, kGiB),
      size_key("disk_space_reserve", "disk kept free, so that a full disk can be cleaned",
               &NodeConfig::disk_space_reserve, 0, kSizeMax),
      duration_key("sweep_interval",
                   "least time between two passes over a tablet that drop what expired or was deleted",
                   &NodeConfig::sweep_interval),
  };
}

std::vector<Key> client_keys() {
  using namespace defaults;
  return {
      choice_key<DialectName>(
          "dialect", "what is accepted, refused and reported", &NodeConfig::dialect,
          {{"cassandra", DialectName::kCassandra}, {"keyspaces", DialectName::kKeyspaces}}),
      choice_key<LocalOneReads>(
          "local_one_reads", "what reads at ONE and LOCAL_ONE get", &NodeConfig::local_one_reads,
          {{"linearizable", LocalOneReads::kLinearizable}, {"nearest", LocalOneReads::kNearest}}),
      duration_key("read_request_timeout", "until a read is answered with a timeout",
                   &NodeConfig::read_request_timeout),
      duration_key("write_request_timeout", "until a write is answered with a timeout",
                   &NodeConfig::write_request_timeout),
      duration_key("request_timeout", "until a schema change is answered with a timeout",
                   &NodeConfig::request_timeout),
      duration_key("truncate_request_timeout", "until TRUNCATE is answered with a timeout",
                   &NodeConfig::truncate_request_timeout),
      size_key("native_transport_max_frame_size", "longest request",
               &NodeConfig::native_transport_max_frame_size, 64 * kKiB, kGiB),
      integer_key<std::uint32_t>("native_transport_max_concurrent_connections", "connections of clients",
                                 &NodeConfig::native_transport_max_concurrent_connections, 1, 1'000'000),
      size_key("batch_size_warn_threshold", "batches above get a warning",
               &NodeConfig::batch_size_warn_threshold, 0, kGiB),
      size_key("batch_size_fail_threshold", "batches above are refused",
               &NodeConfig::batch_size_fail_threshold, 0, kGiB),
      switch_key("dynamic_data_masking_enabled", "columns may be MASKED WITH a function",
                 &NodeConfig::dynamic_data_masking_enabled),
  };
}

std::vector<Key> peer_and_log_keys() {
  return {
      duration_key("heartbeat_interval", "between two signs of life to another node",
                   &NodeConfig::heartbeat_interval),
      duration_key("election_timeout", "silence of a leader before others stand for election",
                   &NodeConfig::election_timeout),
      duration_key("clock_skew_max", "clocks further apart than this are refused",
                   &NodeConfig::clock_skew_max),
      choice_key<LogLevel>("log_level", "least important line that is logged", &NodeConfig::log_level,
                           {{"trace", LogLevel::kTrace},
                            {"debug", LogLevel::kDebug},
                            {"info", LogLevel::kInfo},
                            {"warn", LogLevel::kWarn},
                            {"error", LogLevel::kError}}),
      text_key("log_file", "file for the log; keyzone.log in the data directory if not given",
               &NodeConfig::log_file),
      text_key("init_file", "CQL that runs before `keyzone dev` says ready", &NodeConfig::init_file),
  };
}

}  // namespace

const std::vector<Key>& all_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all = identity_keys();
    for (auto part : {storage_keys(), client_keys(), guardrail_keys(), peer_and_log_keys()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return keys;
}

const Key* find_key(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  for (const auto& [other, real] : kOtherNames) {
    if (name == other) name = real;
  }
  for (const Key& key : all_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

}  // namespace keyzone
