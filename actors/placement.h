// Where data lives: pure functions from the catalog to rings, tablets and replicas. Each zone is a token ring
// shared by all tables; a tablet has one replica in each of three zones, and never crosses a ring's border.
#pragma once
#include <cstdint>
#include <vector>

#include "schema/catalog.h"
#include "schema/result.h"

namespace keyzone::actors {

inline constexpr size_t kReplicas = 3;  // of every tablet, each in a zone of its own
inline constexpr size_t kTabletsPerTableMax = 4096;

// The end (inclusive) of the i-th of n equal ranges that cover the ring. REQUIRES: i < n
Token range_end(size_t i, size_t n);

// Gives every node that counts (not replaced) its tokens, zone by zone: the ends of its ranges. Rings may
// only be drawn anew while no table has rows in them. Zones take turns in coming first on the ring, so that
// drivers which ask a key's first replica ask all nodes alike.
void draw_rings(std::vector<Node>& nodes, size_t ranges);

// The tablets of a new table: at least `count` of them, replicas by the zones' rings. Leaders are what
// drivers ask first; in turn where there are fewer tablets than replicas. Takes group ids from *next_id.
// kConfig: there are no nodes in three zones.
Result<TabletMap> place_table(const Catalog& catalog, size_t count, uint64_t* next_id);

// The change by which `joined` takes the place of `lost` (same name, same zone) everywhere.
void replace_node(const Catalog& catalog, NodeId lost, NodeId joined, CatalogChange& change);

}  // namespace keyzone::actors
