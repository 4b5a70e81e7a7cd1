#include "actors/placement.h"

#include <gtest/gtest.h>

#include <set>

#include "schema/types/token.h"

namespace keyzone::actors {
namespace {

Node node(uint64_t id, const std::string& zone) {
  Node out;
  out.id = NodeId(id);
  out.name = "n" + std::to_string(id);
  out.zone = zone;
  out.rpc_address = "127.0.0." + std::to_string(id);
  return out;
}

Catalog catalog_of(std::vector<Node> nodes, size_t ranges = 6) {
  draw_rings(nodes, ranges);
  Catalog catalog;
  for (auto& one : nodes) catalog.nodes[one.id] = one;
  return catalog;
}

TEST(Placement, RangesCoverTheRingInOrder) {
  for (size_t n : {1u, 2u, 3u, 6u, 7u, 4096u}) {
    int64_t before = INT64_MIN;
    for (size_t i = 0; i < n; ++i) {
      const Token end = range_end(i, n);
      EXPECT_GT(end.value, before);
      before = end.value;
    }
    EXPECT_EQ(before, INT64_MAX);
  }
}

TEST(Placement, ATableNeedsThreeZones) {
  uint64_t next = 100;
  auto placed = place_table(catalog_of({node(1, "a"), node(2, "b")}), 6, &next);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(next, 100u);
}

TEST(Placement, OneReplicaAZoneAndLeadersInTurn) {
  uint64_t next = 100;
  const auto catalog = catalog_of({node(1, "a"), node(2, "b"), node(3, "c")});
  auto placed = place_table(catalog, 6, &next);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->tablets.size(), 6u);
  EXPECT_EQ(next, 106u);
  std::map<NodeId, int> leaders;
  Token begin(INT64_MIN);
  for (const auto& tablet : placed->tablets) {
    EXPECT_EQ(tablet.begin, begin);
    begin = tablet.end;
    EXPECT_EQ(std::set<NodeId>(tablet.replicas.begin(), tablet.replicas.end()).size(), 3u);
    EXPECT_EQ(tablet.founders, tablet.replicas);
    ++leaders[tablet.preferred_leader];
  }
  EXPECT_EQ(begin.value, INT64_MAX);
  for (const auto& [id, count] : leaders) EXPECT_EQ(count, 2);
}

// What a driver computes from the published tokens: the first node of each rack, walking the ring from the key's token.
std::set<NodeId> replicas_by_ring(const Catalog& catalog, Token token) {
  std::vector<std::pair<Token, const Node*>> ring;
  for (const auto& [id, one] : catalog.nodes) {
    for (const auto at : one.tokens) ring.push_back({at, &one});
  }
  std::sort(ring.begin(), ring.end());
  size_t start = 0;
  while (start < ring.size() && ring[start].first < token) ++start;
  std::set<NodeId> out;
  std::set<std::string> racks;
  for (size_t i = 0; i < ring.size() && racks.size() < 3; ++i) {
    const Node* one = ring[(start + i) % ring.size()].second;
    if (racks.insert(one->zone).second) out.insert(one->id);
  }
  return out;
}

TEST(Placement, DriversFindOurReplicasByThemselves) {
  const auto catalog = catalog_of({node(1, "a"), node(2, "b"), node(3, "c"), node(4, "a"), node(5, "b"), node(6, "c")});
  std::set<Token> seen;
  for (const auto& [id, one] : catalog.nodes) {
    for (const auto token : one.tokens) EXPECT_TRUE(seen.insert(token).second) << "a token stands twice";
  }
  uint64_t next = 100;
  auto placed = place_table(catalog, 6, &next);
  ASSERT_TRUE(placed);
  for (int i = 0; i < 2000; ++i) {
    const Token token = token_of("key" + std::to_string(i));
    const auto& tablet = placed->find(token);
    EXPECT_EQ(std::set<NodeId>(tablet.replicas.begin(), tablet.replicas.end()), replicas_by_ring(catalog, token));
  }
}

TEST(Placement, AReplacementTakesEveryPlaceOfTheLostNode) {
  auto catalog = catalog_of({node(1, "a"), node(2, "b"), node(3, "c")});
  catalog.members = {{NodeId(1), true}, {NodeId(2), true}, {NodeId(3), true}};
  uint64_t next = 100;
  auto placed = place_table(catalog, 6, &next);
  ASSERT_TRUE(placed);
  const Uuid table{{1}};
  catalog.tablets[table] = std::make_shared<TabletMap>(*placed);
  CatalogChange change;
  replace_node(catalog, NodeId(2), NodeId(7), change);
  ASSERT_EQ(change.put_tablets.size(), 1u);
  for (const auto& tablet : change.put_tablets[0].second.tablets) {
    EXPECT_EQ(std::count(tablet.replicas.begin(), tablet.replicas.end(), NodeId(2)), 0);
    EXPECT_EQ(std::count(tablet.replicas.begin(), tablet.replicas.end(), NodeId(7)), 1);
    EXPECT_NE(tablet.preferred_leader, NodeId(2));
    EXPECT_EQ(std::count(tablet.founders.begin(), tablet.founders.end(), NodeId(2)), 1) << "history stays";
  }
  ASSERT_TRUE(change.members);
  EXPECT_EQ((*change.members)[1].node, NodeId(7));
}

}  // namespace
}  // namespace keyzone::actors
