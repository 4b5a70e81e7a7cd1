#include "actors/placement.h"

#include <algorithm>
#include <map>
#include <set>

namespace keyzone::actors {

namespace {

// Nodes that count, by zone, in order of id.
std::map<std::string, std::vector<const Node*>> zones_of(const Catalog& catalog) {
  std::map<std::string, std::vector<const Node*>> zones;
  for (const auto& [id, node] : catalog.nodes) {
    if (!node.replaced) zones[node.zone].push_back(&node);
  }
  return zones;
}

// Who owns the range that `token` lies in: the holder of the first token at or after it, going round.
NodeId owner(const std::vector<const Node*>& zone, Token token) {
  const Node* best = nullptr;
  const Node* first = nullptr;
  Token best_token, first_token;
  for (const auto* node : zone) {
    for (const auto at : node->tokens) {
      if (at >= token && (!best || at < best_token)) {
        best = node;
        best_token = at;
      }
      if (!first || at < first_token) {
        first = node;
        first_token = at;
      }
    }
  }
  if (best) return best->id;
  return first ? first->id : NodeId();
}

}  // namespace

Token range_end(size_t i, size_t n) {
  KEYZONE_ASSERT(i < n);
  if (i + 1 == n) return Token(INT64_MAX);
  const auto step = static_cast<unsigned __int128>(1) << 64;
  const auto offset = static_cast<uint64_t>(step * (i + 1) / n);
  return Token(static_cast<int64_t>(offset + 0x8000000000000000ull));
}

void draw_rings(std::vector<Node>& nodes, size_t ranges) {
  std::map<std::string, std::vector<Node*>> zones;
  for (auto& node : nodes) {
    node.tokens.clear();
    if (!node.replaced) zones[node.zone].push_back(&node);
  }
  int64_t zone_number = 0;
  for (auto& [zone, members] : zones) {
    std::sort(members.begin(), members.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
    const size_t per_node = members.size() == 1 ? 1 : (ranges + members.size() - 1) / members.size();
    const size_t count = per_node * members.size();
    for (size_t i = 0; i < count; ++i) {
      // Drivers want every token once in the cluster: zones differ by one, which moves a border by one key.
      members[i % members.size()]->tokens.push_back(Token(range_end(i, count).value - zone_number));
    }
    ++zone_number;
  }
}

Result<TabletMap> place_table(const Catalog& catalog, size_t count, uint64_t* next_id) {
  const auto zones = zones_of(catalog);
  if (zones.size() < kReplicas) {
    return Error{ErrorKind::kConfig, "a table needs nodes in " + std::to_string(kReplicas) + " zones, and there are " +
                                         std::to_string(zones.size())};
  }
  std::set<Token> ends;
  count = std::clamp<size_t>(count, 1, kTabletsPerTableMax);
  for (size_t i = 0; i < count; ++i) ends.insert(range_end(i, count));
  int64_t zone_number = 0;
  for (const auto& [zone, nodes] : zones) {  // borders of rings that are shared by several nodes
    if (nodes.size() > 1) {
      for (const auto* node : nodes) {
        for (const auto token : node->tokens) ends.insert(Token(token.value + zone_number));
      }
    }
    ++zone_number;
  }
  TabletMap map;
  Token begin(INT64_MIN);
  size_t turn = catalog.tables.size();
  for (const auto end : ends) {
    Tablet tablet;
    tablet.group = GroupId((*next_id)++);
    tablet.begin = begin;
    tablet.end = end;
    size_t number = 0;
    for (const auto& [zone, nodes] : zones) {
      if (tablet.replicas.size() == kReplicas) break;
      tablet.replicas.push_back(owner(nodes, Token(end.value - static_cast<int64_t>(number++))));
    }
    tablet.founders = tablet.replicas;
    tablet.preferred_leader = tablet.replicas[turn++ % kReplicas];
    map.tablets.push_back(std::move(tablet));
    begin = end;
  }
  return map;
}

void replace_node(const Catalog& catalog, NodeId lost, NodeId joined, CatalogChange& change) {
  for (const auto& [table, map] : catalog.tablets) {
    TabletMap next = *map;
    bool touched = false;
    for (auto& tablet : next.tablets) {
      for (auto& replica : tablet.replicas) {
        if (replica != lost) continue;
        replica = joined;
        touched = true;
      }
      if (tablet.preferred_leader == lost) tablet.preferred_leader = joined;
    }
    if (touched) change.put_tablets.push_back({table, std::move(next)});
  }
  auto members = catalog.members;
  for (auto& member : members) {
    if (member.node == lost) member.node = joined;
  }
  change.members = std::move(members);
}

}  // namespace keyzone::actors
