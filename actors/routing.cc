#include "actors/routing.h"

namespace keyzone::actors {

Routing::Routing() { clear(); }

void Routing::clear() {
  auto view = std::make_shared<NodeView>();
  view->catalog = std::make_shared<Catalog>();
  view->routes = std::make_shared<RouteMap>();
  view->alive = std::make_shared<std::set<NodeId>>();
  set(std::move(view));
}

NodeViewPtr Routing::view() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

void Routing::set(NodeViewPtr view) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    view_ = std::move(view);
  }
  version_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace keyzone::actors
