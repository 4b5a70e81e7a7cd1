// The coordinator of one CQL connection: reads frames, plans statements, asks tablets, answers. One actor a
// connection; it asks nobody about the schema. Requests and answers are plain functions of net/ and cql/;
// what is here is who is asked, how often, and for how long.
#pragma once
#include <caf/actor_system.hpp>

#include "actors/node_context.h"

namespace keyzone::actors {

inline constexpr size_t kRequestsInFlightMax = 2048;  // of one connection; above it reading pauses

// Spawns the session that serves this stream, on this shard's thread.
void accept_session(caf::actor_system& system, NodeContext& context, size_t shard, AcceptedStream stream);

}  // namespace keyzone::actors
