#include "actors/placement.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace keyzone::actors {

namespace {

// Nodes that count, by zone, in order of id.
std::map<std::string, std::vector<const keyzone::Node*>> zones_of(const Catalog& catalog) {
  std::map<std::string, std::vector<const keyzone::Node*>> zones;
  for (const auto& [id, node] : catalog.nodes) {
    if (!node.replaced) zones[node.zone].push_back(&node);
  }
  return zones;
}

struct Owner {
  NodeId node;
  Token token;  // the end of its range
};

// Who owns the range that `token` lies in: the holder of the first token at or after it, going round.
Owner owner(const std::vector<const keyzone::Node*>& zone, Token token) {
  std::optional<Owner> best, first;
  for (const auto* node : zone) {
    for (const auto at : node->tokens) {
      if (at >= token && (!best || at < best->token)) best = Owner{node->id, at};
      if (!first || at < first->token) first = Owner{node->id, at};
    }
  }
  if (best) return *best;
  return first.value_or(Owner());
}

// The ranges of a zone's ring with so many nodes: the same number for each of them.
size_t ring_ranges(size_t ranges, size_t nodes) { return (ranges + nodes - 1) / nodes * nodes; }

// How far below a border a zone's token may lie: drivers want every token once in the cluster, so zones that
// share a border publish it one key apart.
int64_t border_width(size_t zones) { return static_cast<int64_t>(zones) - 1; }

}  // namespace

Token range_end(size_t i, size_t n) {
  KEYZONE_ASSERT(i < n);
  if (i + 1 == n) return Token(INT64_MAX);
  const auto step = static_cast<unsigned __int128>(1) << 64;
  const auto offset = static_cast<uint64_t>(step * (i + 1) / n);
  return Token(static_cast<int64_t>(offset + 0x8000000000000000ull));
}

void draw_rings(std::vector<keyzone::Node>& nodes, size_t ranges) {
  std::map<std::string, std::vector<keyzone::Node*>> zones;
  for (auto& node : nodes) {
    node.tokens.clear();
    if (!node.replaced) zones[node.zone].push_back(&node);
  }
  std::map<Token, size_t> borders;  // of all rings, and the place of each
  for (const auto& [zone, members] : zones) {
    const size_t count = ring_ranges(ranges, members.size());
    for (size_t i = 0; i < count; ++i) borders.emplace(range_end(i, count), 0);
  }
  size_t place = 0;
  for (auto& [border, number] : borders) number = place++;
  size_t zone_number = 0;
  for (auto& [zone, members] : zones) {
    std::sort(members.begin(), members.end(),
              [](const keyzone::Node* a, const keyzone::Node* b) { return a->id < b->id; });
    const size_t count = ring_ranges(ranges, members.size());
    for (size_t i = 0; i < count; ++i) {
      const Token border = range_end(i, count);
      const size_t below = (zone_number + borders.at(border)) % zones.size();
      members[i % members.size()]->tokens.push_back(Token(border.value - static_cast<int64_t>(below)));
    }
    ++zone_number;
  }
}

Result<TabletMap> place_table(const Catalog& catalog, size_t count, uint64_t* next_id) {
  const auto zones = zones_of(catalog);
  if (zones.size() < kReplicas) {
    return Error{ErrorKind::kConfig, "a table needs nodes in " + std::to_string(kReplicas) +
                                         " zones, and there are " + std::to_string(zones.size())};
  }
  const int64_t width = border_width(zones.size());
  std::set<Token> ends;
  count = std::clamp<size_t>(count, 1, kTabletsPerTableMax);
  for (size_t i = 0; i < count; ++i) ends.insert(range_end(i, count));
  for (const auto& [zone, nodes] : zones) {  // borders of rings that are shared by several nodes
    if (nodes.size() == 1) continue;
    for (const auto* node : nodes) ends.insert(node->tokens.begin(), node->tokens.end());
  }
  for (auto it = ends.begin();
       it != ends.end();) {  // of a border that zones share, the highest token stands for all
    auto next = std::next(it);
    it = next != ends.end() && it->value >= next->value - width ? ends.erase(it) : next;
  }
  TabletMap map;
  Token begin(INT64_MIN);
  size_t turn = catalog.tables.size();
  for (const auto end : ends) {
    Tablet tablet;
    tablet.group = GroupId((*next_id)++);
    tablet.begin = begin;
    tablet.end = end;
    size_t first = 0;  // of the replicas, as drivers walk the ring: they ask it before the others
    Token first_token(INT64_MAX);
    for (const auto& [zone, nodes] : zones) {
      if (tablet.replicas.size() == kReplicas) break;
      const Owner found = owner(nodes, Token(end.value - width));
      if (found.token < first_token) {
        first = tablet.replicas.size();
        first_token = found.token;
      }
      tablet.replicas.push_back(found.node);
    }
    tablet.founders = tablet.replicas;
    tablet.preferred_leader = tablet.replicas[ends.size() < kReplicas ? turn++ % kReplicas : first];
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
