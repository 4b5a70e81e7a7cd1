// What all our actors are: event-based and pinned to a shard.
#pragma once
#include <algorithm>
#include <caf/event_based_actor.hpp>

#include "schema/ids.h"

namespace keyzone::actors {

// A scheduler that pins finds the shard here. Every actor of a node's system derives from this class.
class ShardActor : public caf::event_based_actor {
 public:
  // An actor never dies of a message that it doesn't know, nor of an answer that is an error: both are
  // logged.
  ShardActor(caf::actor_config& config, size_t shard);
  size_t shard() const { return shard_; }

 protected:
  Timestamp now_us() const;  // by the shard's clock: for durations
  uint64_t microseconds_since(Timestamp begun) const {
    return static_cast<uint64_t>(std::max<Timestamp>(now_us() - begun, 0));
  }

 private:
  size_t shard_;
};

}  // namespace keyzone::actors
