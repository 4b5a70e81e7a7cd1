// What this node can tell about itself and its peers, for system and virtual tables.
#pragma once
#include "actors/node_context.h"
#include "cql/system_tables/node_facts.h"

namespace keyzone::actors {

cql::NodeFacts node_facts(const NodeContext& context, const NodeView& view);

}  // namespace keyzone::actors
