// The bench's connections to all nodes of a cluster, and its statements prepared on each.
#pragma once
#include <utility>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/bench/bench.h"
#include "net/client.h"
#include "net/connection.h"

namespace keyzone::net {

enum class BenchStatement : uint8_t { kInsert, kSelect, kUpdateIfExists };
inline constexpr size_t kBenchStatements = 3;

struct BenchLink {
  std::string host;
  uint16_t port = 0;
  size_t node = 0;  // in the ring
  std::shared_ptr<Connection> connection;
  std::unique_ptr<ClientConnection> client;
  std::array<Bytes, kBenchStatements> ids;           // of prepared statements
  std::array<Bytes, kBenchStatements> metadata_ids;  // v5
  size_t prepared = 0;
  bool connecting = false;
  bool to_flush = false;
  bool usable() const { return prepared == kBenchStatements && client->can_send(); }
};

class BenchCluster {
 public:
  explicit BenchCluster(const BenchOptions& options) : options_(options) {}
  ~BenchCluster() { disconnect(); }

  // Finds the nodes, makes the table if it isn't there, connects to all nodes and prepares the statements.
  Result<void> connect();
  // Microseconds of CPU that all nodes have spent since they started; nothing if they don't tell.
  std::optional<uint64_t> server_cpu_us();
  // A connection for this token, or any that can send; null if none can.
  BenchLink* pick(Token token);
  void flush_later(BenchLink& link);
  // Connections that broke are made again.
  void reconnect_lost();
  // Closes everything; no callback of any request comes after it.
  void disconnect();

  boost::asio::io_context& io() { return io_; }
  size_t nodes() const { return ring_->nodes().size(); }
  size_t links() const { return links_.size(); }

  // Runs the loop until `done()` or for `seconds` at most; false if they have passed.
  template <class Done>
  bool run_until(Done done, double seconds);

 private:
  Result<std::unique_ptr<BenchLink>> open_link(const std::string& host, uint16_t port);
  void dial(BenchLink& link, std::function<void(const std::string& error)> done);
  void prepare_all(BenchLink& link);
  Result<void> make_table(BenchLink& link, const std::string& data_center);
  Result<void> run_statement(BenchLink& link, const std::string& text);
  Result<void> open_links();

  const BenchOptions& options_;
  boost::asio::io_context io_;
  std::optional<Ring> ring_;
  std::vector<std::unique_ptr<BenchLink>> links_;
  std::vector<std::vector<BenchLink*>> links_of_node_;
  std::vector<BenchLink*> to_flush_;
  size_t turn_ = 0;
};

template <class Done>
bool BenchCluster::run_until(Done done, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    io_.restart();
    io_.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace keyzone::net
