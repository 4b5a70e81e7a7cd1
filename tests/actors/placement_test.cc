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

// What a driver computes from the published tokens: the first node of each rack, walking the ring from the
// key's token.
std::vector<NodeId> replicas_by_ring(const Catalog& catalog, Token token) {
  std::vector<std::pair<Token, const Node*>> ring;
  for (const auto& [id, one] : catalog.nodes) {
    for (const auto at : one.tokens) ring.push_back({at, &one});
  }
  std::sort(ring.begin(), ring.end());
  size_t start = 0;
  while (start < ring.size() && ring[start].first < token) ++start;
  std::vector<NodeId> out;
  std::set<std::string> racks;
  for (size_t i = 0; i < ring.size() && racks.size() < 3; ++i) {
    const Node* one = ring[(start + i) % ring.size()].second;
    if (racks.insert(one->zone).second) out.push_back(one->id);
  }
  return out;
}

void expect_rings_that_drivers_understand(const Catalog& catalog, size_t tablets) {
  std::set<Token> seen;
  for (const auto& [id, one] : catalog.nodes) {
    for (const auto token : one.tokens) EXPECT_TRUE(seen.insert(token).second) << "a token stands twice";
  }
  uint64_t next = 100;
  auto placed = place_table(catalog, tablets, &next);
  ASSERT_TRUE(placed);
  for (size_t i = 1; i < placed->tablets.size(); ++i) {
    EXPECT_GT(placed->tablets[i].end.value - placed->tablets[i].begin.value, 3) << "a tablet of a few keys";
  }
  for (int i = 0; i < 2000; ++i) {
    const Token token = token_of("key" + std::to_string(i));
    const auto& tablet = placed->find(token);
    const auto replicas = replicas_by_ring(catalog, token);
    EXPECT_EQ(std::set<NodeId>(tablet.replicas.begin(), tablet.replicas.end()),
              std::set<NodeId>(replicas.begin(), replicas.end()));
  }
}

TEST(Placement, DriversFindOurReplicasByThemselves) {
  const std::vector<std::vector<Node>> clusters = {
      {node(1, "a"), node(2, "b"), node(3, "c")},
      {node(1, "a"), node(2, "b"), node(3, "c"), node(4, "a"), node(5, "b"), node(6, "c")},
      {node(1, "a"), node(2, "b"), node(3, "c"), node(4, "a"), node(5, "a"), node(6, "a"), node(7, "c")}};
  for (const auto& nodes : clusters) {
    for (size_t tablets : {1u, 2u, 3u, 6u, 7u, 12u, 48u}) {
      SCOPED_TRACE(std::to_string(nodes.size()) + " nodes, " + std::to_string(tablets) + " tablets");
      expect_rings_that_drivers_understand(catalog_of(nodes), tablets);
    }
  }
}

TEST(Placement, TheReplicaThatDriversAskFirstLeads) {
  const auto catalog =
      catalog_of({node(1, "a"), node(2, "b"), node(3, "c"), node(4, "a"), node(5, "b"), node(6, "c")});
  uint64_t next = 100;
  auto placed = place_table(catalog, 6, &next);
  ASSERT_TRUE(placed);
  std::map<NodeId, int> asked;
  for (int i = 0; i < 600; ++i) {
    const Token token = token_of("key" + std::to_string(i));
    const auto first = replicas_by_ring(catalog, token).front();
    EXPECT_EQ(placed->find(token).preferred_leader, first);
    ++asked[first];
  }
  ASSERT_EQ(asked.size(), 6u);
  for (const auto& [id, count] : asked) EXPECT_GT(count, 60);
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
