// The actor that holds a node's links to its peers: packs what the node's actors have for a peer into one
// frame a turn, hands what comes in to whom it concerns, sends heartbeats, and says which peers are alive.
#pragma once
#include <caf/actor_system.hpp>

#include "actors/node_context.h"

namespace keyzone::actors {

// bytes for one peer; above it messages are dropped: senders retry
inline constexpr size_t kPeerQueueMax = 64u << 20;

caf::actor spawn_hub(caf::actor_system& system, NodeContext& context);

}  // namespace keyzone::actors
