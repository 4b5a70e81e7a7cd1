// The actor that makes a node part of its cluster: founds or joins it, starts and stops replicas as the
// catalog says, keeps the node's view of the cluster, and lets clients in.
#pragma once
#include <caf/actor_system.hpp>

#include "actors/identity.h"
#include "actors/node_context.h"

namespace keyzone::actors {

// To the supervisor: tell `session` with a done_atom once every live node has the catalog of that version.
struct AwaitVersion {
  CatalogVersion version;
  caf::actor session;
};
using AwaitVersionPtr = std::shared_ptr<const AwaitVersion>;

// It begins with a wake_atom, to be sent when the rest of the node is there and listens: it dials at once,
// and what its peers say comes back through NodeContext::supervisor.
caf::actor spawn_supervisor(caf::actor_system& system, NodeContext& context, Identity identity);

}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::AwaitVersionPtr)
