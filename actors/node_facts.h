// What this node can tell about itself and its peers, for system and virtual tables.
#pragma once
#include "actors/node_context.h"
#include "cql/dialect.h"
#include "cql/system_tables/node_facts.h"
#include "storage/counting_cache.h"

namespace keyzone::actors {

// What this node allows and says about itself.
cql::Dialect dialect_of(const NodeOptions& options);

// Of all shards.
storage::CacheCounts block_cache_counts(const NodeContext& context);

// What `table` needs of it.
cql::NodeFacts node_facts(const NodeContext& context, const NodeView& view, const Table& table);

}  // namespace keyzone::actors
