// One node: opens its folder, finds or joins its cluster, runs its replicas and serves its clients, until it
// is stopped.
#pragma once
#include <caf/actor_system.hpp>
#include <memory>

#include "actors/node_context.h"
#include "storage/file_system.h"

namespace keyzone::actors {

class Node {
 public:
  // Opens the folder and everything in it. Blocks. Errors name the file or the setting: the folder is in use,
  // belongs to another cluster or zone, can't be written.
  static Result<std::unique_ptr<Node>> open(NodeOptions options, Environment environment);
  ~Node();

  // Spawns the actors, and begins to listen to peers. Once the catalog is in force clients are served.
  Result<void> start(caf::actor_system& system);

  NodeContext& context() { return *context_; }
  bool ready() const { return context_->ready; }

  // Hands leaderships over to other nodes; done when leading() is 0, or the caller's patience is at an end.
  void begin_stop();
  size_t leading() const;
  // Asks every actor to quit.
  void quit();
  // Drops every handle. REQUIRES: the system's scheduler runs no more actors, or the actors have quit.
  void release();

 private:
  Node() = default;
  std::unique_ptr<storage::FolderLock> lock_;
  std::unique_ptr<NodeContext> context_;
};

}  // namespace keyzone::actors
