// The keeper of the batch log: finishes logged batches whose coordinator did not. One actor a node, which
// looks after the tablets of the batch log that the node leads. What it sends again carries the stamps that
// the coordinator chose, so that it does not matter who else sends it, or how often.
#pragma once
#include <caf/actor_system.hpp>

#include "actors/node_context.h"

namespace keyzone::actors {

caf::actor spawn_batch_keeper(caf::actor_system& system, NodeContext& context);

}  // namespace keyzone::actors
