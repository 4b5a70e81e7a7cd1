// What a node is told when it starts. main.cc fills it from config/, the simulation from its plan.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cql/guardrails.h"

namespace keyzone::actors {

struct HostPort {
  std::string host;
  uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

struct NodeOptions {
  std::string cluster_name = "Keyzone";
  std::string name;  // unique in the cluster; a disk that was emptied comes back under the same name
  std::string zone = "az1";
  std::string data_center = "datacenter1";
  // Addresses are numeric; where they are told to others, they are none that means every address, but for
  // rpc_address: clients are told the one for the other nodes then.
  std::string listen_address = "127.0.0.1";
  std::string broadcast_address;  // what the other nodes are told; empty: listen_address
  uint16_t storage_port = 7000;
  std::string rpc_address = "127.0.0.1";
  std::string broadcast_rpc_address;  // what clients are told; empty: rpc_address
  uint16_t native_transport_port = 9042;
  bool serve_clients = true;
  std::string folder = "data";
  // the configured voters of the catalog: a cluster begins when all of them are empty
  std::vector<HostPort> seeds;
  size_t shards = 1;
  size_t initial_tablets = 6;  // a table starts with so many
  bool nearest_reads = false;  // ONE and LOCAL_ONE read the nearest replica, which may be stale
  bool one_node_view = false;  // drivers are shown this node alone (keyzone dev)
  std::string dialect = "cassandra";
  cql::Guardrails guardrails;
  bool masked_columns = false;
  std::map<std::string, std::string> settings;  // the configuration as text, for system_views.settings
  std::chrono::milliseconds read_timeout{5000};
  std::chrono::milliseconds write_timeout{2000};
  std::chrono::milliseconds schema_timeout{10000};
  std::chrono::milliseconds truncate_timeout{60000};
  std::chrono::milliseconds clock_skew_max{500};  // a peer whose clock is further ahead is not believed
  std::chrono::milliseconds heartbeat_interval{100};
  // Silence after which a peer counts as down; shorter, and nodes of a busy machine take each other for dead.
  std::chrono::milliseconds peer_timeout{1000};
  std::chrono::milliseconds election_timeout{800};  // the least; drawn up to twice as long
  size_t write_buffer_bytes = 16u << 20;
  size_t block_cache_bytes = 64u << 20;
  size_t row_cache_bytes = 16u << 20;
  uint64_t log_segment_bytes = 64u << 20;
  size_t mutation_bytes_max = 16u << 20;        // that one write brings to a tablet
  uint64_t log_bytes_before_flush = 96u << 20;  // live bytes of a log that make the store flush early
  uint64_t log_entries_kept = 5'000;            // of a group, behind the newest, for replicas that lag
  // With so many commands of a tablet on their way to the disks, more gather until these are there.
  size_t commands_under_way = 16;
  uint64_t disk_space_reserve = 0;  // bytes: with less free, writes are refused; 0: no limit
  // a tablet rests at least so long between two sweeps of all its rows
  std::chrono::milliseconds sweep_interval{600'000};
  size_t frame_bytes_max = 16u << 20;  // longer requests are refused
  // in the cassandra dialect: batches over several partitions that are longer
  size_t batch_bytes_warn = 5u << 10;
  size_t batch_bytes_max = 50u << 10;  // get a warning, or are refused
  size_t connections_max = 10000;

  const std::string& told_address() const {
    return broadcast_address.empty() ? listen_address : broadcast_address;
  }
  const std::string& told_rpc_address() const {
    return broadcast_rpc_address.empty() ? rpc_address : broadcast_rpc_address;
  }
};

}  // namespace keyzone::actors
