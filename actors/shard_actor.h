// What all our actors are: event-based and pinned to a shard.
#pragma once
#include <caf/event_based_actor.hpp>

namespace keyzone::actors {

// A scheduler that pins finds the shard here. Every actor of a node's system derives from this class.
class ShardActor : public caf::event_based_actor {
 public:
  // An actor never dies of a message that it doesn't know, nor of an answer that is an error: both are logged.
  ShardActor(caf::actor_config& config, size_t shard);
  size_t shard() const { return shard_; }

 private:
  size_t shard_;
};

}  // namespace keyzone::actors
