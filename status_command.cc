// `keyzone status`: what people expect of `nodetool status`, read from the virtual tables of any node. And
// the verbs that only hand over to a folder: bench, sim.
#include <arpa/inet.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "commands.h"
#include "net/bench/arguments.h"
#include "net/bench/bench.h"
#include "net/blocking_client.h"
#include "sim/command.h"

namespace keyzone {

namespace {

constexpr std::chrono::milliseconds kPatience{5000};
constexpr std::chrono::milliseconds kPoll{20};

struct StatusOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 9042;
  double wait_seconds = 0;
};

struct NodeRow {
  std::string status, zone, address, name, host_id;
  std::string peers;  // the address for other nodes, with the port
  int64_t port = 0, leaders = 0, replicas = 0, data_bytes = 0, log_bytes = 0;
};

int64_t integer(const std::optional<Bytes>& cell) {
  if (!cell) return 0;
  if (cell->size() == 4) return load_be<int32_t>(cell->data());
  return cell->size() == 8 ? load_be<int64_t>(cell->data()) : 0;
}

std::string address(const std::optional<Bytes>& cell) {
  if (!cell) return "?";
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(cell->size() == 4 ? AF_INET : AF_INET6, cell->data(), text, sizeof text);
  return text;
}

std::string uuid(const std::optional<Bytes>& cell) {
  Uuid out;
  if (!cell || cell->size() != out.bytes.size()) return "?";
  std::copy(cell->begin(), cell->end(), out.bytes.begin());
  return out.to_string();
}

std::string size_text(int64_t bytes) {
  static const char* const kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

Result<std::vector<NodeRow>> read_nodes(net::BlockingClient& client) {
  KEYZONE_TRY(rows, client.query("SELECT * FROM system_views.keyzone_nodes"));
  std::vector<NodeRow> out;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    NodeRow row;
    row.status = rows.cell(i, "status").value_or("??");
    row.zone = rows.cell(i, "zone").value_or("?");
    row.name = rows.cell(i, "name").value_or("?");
    row.address = address(rows.cell(i, "address"));
    row.host_id = uuid(rows.cell(i, "host_id"));
    row.port = integer(rows.cell(i, "native_port"));
    row.peers =
        address(rows.cell(i, "listen_address")) + ":" + std::to_string(integer(rows.cell(i, "storage_port")));
    row.leaders = integer(rows.cell(i, "leaders"));
    row.replicas = integer(rows.cell(i, "replicas"));
    row.data_bytes = integer(rows.cell(i, "data_bytes"));
    row.log_bytes = integer(rows.cell(i, "log_bytes"));
    out.push_back(std::move(row));
  }
  return out;
}

// Empty: every node is up and serves, and every tablet has a leader. Else what is missing.
std::string what_is_missing(const StatusOptions& options) {
  auto client = net::BlockingClient::connect(options.host, options.port, kPatience);
  if (!client) return client.error().message;
  auto nodes = read_nodes(**client);
  if (!nodes) return nodes.error().message;
  for (const auto& node : *nodes) {
    if (node.status != "UN") return "the node '" + node.name + "' is down";
    auto peer = net::BlockingClient::connect(node.address, static_cast<uint16_t>(node.port), kPatience);
    if (!peer) return peer.error().message;
  }
  auto tablets =
      (*client)->query("SELECT keyspace_name, table_name, leader FROM system_views.keyzone_tablets");
  if (!tablets) return tablets.error().message;
  for (size_t i = 0; i < tablets->rows.size(); ++i) {
    if (!tablets->cell(i, "leader").value_or("").empty()) continue;
    return "a tablet of " + tablets->cell(i, "keyspace_name").value_or("?") + "." +
           tablets->cell(i, "table_name").value_or("?") + " has no leader";
  }
  return {};
}

// How nodes are told apart: by the address that clients use, or, where several share one, by that of their
// peers' link.
std::map<std::string, std::string> shown_addresses(const std::vector<NodeRow>& nodes) {
  std::map<std::string, int> count;
  for (const auto& node : nodes) ++count[node.address];
  std::map<std::string, std::string> out;
  for (const auto& node : nodes) out[node.name] = count[node.address] > 1 ? node.peers : node.address;
  return out;
}

int print_status(const StatusOptions& options) {
  auto client = net::BlockingClient::connect(options.host, options.port, kPatience);
  auto nodes = client ? read_nodes(**client) : Result<std::vector<NodeRow>>(client.error());
  if (!nodes) {
    std::fprintf(stderr, "keyzone: %s\n", nodes.error().message.c_str());
    return 1;
  }
  auto addresses = shown_addresses(*nodes);
  std::puts("Status=Up/Down, State=Normal");
  std::printf("%-3s %-12s %-18s %-8s %-9s %-11s %-11s %-36s %s\n", "--", "Zone", "Address", "Leaders",
              "Replicas", "Data", "Log", "Host ID", "Name");
  for (const auto& node : *nodes) {
    std::printf("%-3s %-12s %-18s %-8lld %-9lld %-11s %-11s %-36s %s\n", node.status.c_str(),
                node.zone.c_str(), addresses[node.name].c_str(), static_cast<long long>(node.leaders),
                static_cast<long long>(node.replicas), size_text(node.data_bytes).c_str(),
                size_text(node.log_bytes).c_str(), node.host_id.c_str(), node.name.c_str());
  }
  return 0;
}

int help() {
  std::puts(
      "keyzone status [--host ADDRESS] [--port N] [--wait SECONDS]\n"
      "  a row for each node: UN (up) or DN (down), zone, address, tablets led and held, sizes\n"
      "  --host     the node to ask (default 127.0.0.1); any of them\n"
      "  --port     its CQL port (default 9042)\n"
      "  --wait     print nothing; exit 0 once all nodes are up and every tablet has a leader, 1 if that "
      "takes longer");
  return 0;
}

}  // namespace

int run_status(const std::vector<std::string>& arguments) {
  if (asks_for_help(arguments)) return help();
  StatusOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& key = arguments[i];
    if (i + 1 == arguments.size() || (key != "--host" && key != "--port" && key != "--wait")) {
      std::fprintf(stderr, "keyzone status: '%s' is no option, or has no value\n", key.c_str());
      return 2;
    }
    const std::string& value = arguments[++i];
    char* end = nullptr;
    if (key == "--host") {
      options.host = value;
      continue;
    }
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end || number < 0 || (key == "--port" && number > 65535)) {
      std::fprintf(stderr, "keyzone status: '%s' is no value for %s\n", value.c_str(), key.c_str());
      return 2;
    }
    if (key == "--port") {
      options.port = static_cast<uint16_t>(number);
    } else {
      options.wait_seconds = number;
    }
  }
  if (options.wait_seconds <= 0) return print_status(options);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.wait_seconds);
  std::string missing;
  do {
    missing = what_is_missing(options);
    if (missing.empty()) return 0;
    std::this_thread::sleep_for(kPoll);
  } while (std::chrono::steady_clock::now() < end);
  std::fprintf(stderr, "keyzone: %s\n", missing.c_str());
  return 1;
}

int run_bench_command(const std::vector<std::string>& arguments) {
  if (asks_for_help(arguments)) {
    std::fputs(net::bench_help().c_str(), stdout);
    return 0;
  }
  auto options = net::parse_bench_arguments(arguments);
  if (!options) {
    std::fprintf(stderr, "keyzone bench: %s\n", options.error().message.c_str());
    return 2;
  }
  return net::run_bench(*options);
}

int run_sim_command(const std::vector<std::string>& arguments) { return sim::run_command(arguments); }

}  // namespace keyzone
