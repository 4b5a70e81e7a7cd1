// A process that serves: one node (keyzone node) or all three zones in one (keyzone dev), with the real
// clock, network and disk, or a disk in memory.
#pragma once
#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/local_network.h"
#include "actors/node.h"
#include "actors/real_environment.h"
#include "net/http.h"

namespace keyzone::storage {
class MemoryDisk;
class PatientEnv;
class PosixFileSystem;
}  // namespace keyzone::storage

namespace keyzone::actors {

class Server {
 public:
  struct Options {
    std::vector<NodeOptions> nodes;  // more than one: their links are in memory, and clients see the first
    bool memory = false;             // nothing on disk
    size_t shards = 1;
    std::string http_address;
    uint16_t http_port = 0;  // 0: no health endpoint
  };
  // `on_fatal` is called on any thread when a node can't go on.
  static Result<std::unique_ptr<Server>> start(Options options,
                                               std::function<void(const std::string&)> on_fatal);
  ~Server();

  // The catalog is in force, and every tablet that the catalog has is led by someone.
  bool ready() const;
  // Hands leaderships over, closes everything, and waits for it, not longer than `patience` for the first
  // part.
  void stop(std::chrono::milliseconds patience);
  const NodeContext& first() const { return nodes_.front()->context(); }
  Node& node(size_t i) { return *nodes_[i]; }

 private:
  Server() = default;
  Result<void> open(Options options, std::function<void(const std::string&)> on_fatal);
  net::HttpResponse health() const;

  std::unique_ptr<storage::MemoryDisk> memory_;
  std::unique_ptr<storage::PosixFileSystem> files_;
  std::unique_ptr<storage::PatientEnv> disk_;
  std::atomic<bool> patient_{false};  // a store that finds no space waits for some
  std::unique_ptr<ThreadExecutor> executor_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  LocalSwitch switch_;
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<net::HttpServer> http_;
  bool stopped_ = false;
};

// Every tablet of the view's catalog has a leader, as far as this node knows.
bool all_led(const NodeView& view);

}  // namespace keyzone::actors
