// The replica of the catalog group: applies schema and placement changes in one order for the whole cluster,
// and publishes each new catalog on its node through the supervisor.
#pragma once
#include <caf/actor_system.hpp>

#include "actors/replica.h"

namespace keyzone::actors {

// A log entry of the catalog: varint incarnation, varint sequence (who asked), then encode_change().
caf::actor spawn_catalog(caf::actor_system& system, NodeContext& context, Shard& shard, Replica::Start start);

}  // namespace keyzone::actors
