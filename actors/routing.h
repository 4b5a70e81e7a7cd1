// Where a request goes: the newest catalog with, for each group, who leads it and which of our actors is its
// replica.
#pragma once
#include <atomic>
#include <caf/actor.hpp>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "schema/catalog.h"
#include "schema/ids.h"

namespace keyzone::actors {

// One group. The leader is a hint: whoever is asked and does not lead says who does.
struct Route {
  caf::actor local;  // our replica; invalid if we have none
  std::atomic<uint64_t> leader{0};

  NodeId leader_hint() const { return NodeId(leader.load(std::memory_order_relaxed)); }
  void learn_leader(NodeId node) { leader.store(node.value, std::memory_order_relaxed); }
};
using RoutePtr = std::shared_ptr<Route>;
using RouteMap = std::unordered_map<GroupId, RoutePtr>;

// An immutable view of the cluster as this node knows it.
struct NodeView {
  CatalogPtr catalog;
  std::shared_ptr<const RouteMap> routes;
  std::shared_ptr<const std::set<NodeId>> alive;  // nodes heard of lately, ourselves included

  Route* route(GroupId group) const {
    auto it = routes->find(group);
    return it == routes->end() ? nullptr : it->second.get();
  }
  size_t alive_replicas(const Tablet& tablet) const {
    size_t count = 0;
    for (const auto node : tablet.replicas) count += alive->contains(node);
    return count;
  }
};
using NodeViewPtr = std::shared_ptr<const NodeView>;

// The newest view behind one pointer. The supervisor sets it; anyone on any thread reads it.
class Routing {
 public:
  Routing();
  // A reader keeps its pointer and asks for a new one when the version has changed.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  NodeViewPtr view() const;
  void set(NodeViewPtr view);
  void clear();  // an empty view: no handles to actors

 private:
  mutable std::mutex mutex_;
  NodeViewPtr view_;
  std::atomic<uint64_t> version_{0};
};

}  // namespace keyzone::actors
