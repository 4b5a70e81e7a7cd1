#include "sim/watch.h"

#include "actors/tablet.h"

namespace keyzone::sim {

namespace {

std::string node_name(size_t machine) { return "node " + std::to_string(machine + 1); }

}  // namespace

void Watch::report(const char* checker, std::string text) {
  if (!violation_) violation_ = Violation{checker, std::move(text)};
}

std::optional<Violation> Watch::take_violation() {
  auto taken = std::move(violation_);
  violation_.reset();
  return taken;
}

bool Watch::see(size_t machine, const actors::ReplicaStatus& status) {
  if (status.is_leader) {
    const auto [it, added] = leaders_.emplace(std::pair(status.group, status.term), machine);
    if (added) {
      world_.trace().tell(world_.now(), Trace::Kind::kNode, status.group.value, status.term.value, [&] {
        return node_name(machine) + " leads group " + std::to_string(status.group.value) + " in term " +
               std::to_string(status.term.value);
      });
    }
    if (it->second != machine) {
      report("one-leader", node_name(machine) + " and " + node_name(it->second) + " lead group " +
                               std::to_string(status.group.value) + " in term " +
                               std::to_string(status.term.value));
    }
  }
  auto& term = terms_[{machine, status.group}];
  const bool changed = term != status.term;
  term = status.term;
  return changed;
}

void Watch::ask_digests(std::vector<std::unique_ptr<Machine>>& machines) {
  applied_.clear();
  unswept_.clear();
  for (auto& machine : machines) {
    if (!machine->running()) continue;
    const auto view = machine->node()->context().routing.view();
    const std::map<GroupId, actors::RoutePtr> routes(view->routes->begin(), view->routes->end());
    auto request = std::make_shared<actors::DigestRequest>();
    request->tell = [this, number = machine->index()](GroupId group, LogIndex index,
                                                      const storage::Digest& digest, bool swept) {
      see_digest(number, group, index, digest);
      if (!swept) unswept_.insert(group);
    };
    for (const auto& [group, route] : routes) {
      if (group == kCatalogGroup || !route || !route->local) continue;
      applied_[group];
      send_message(route->local, actors::DigestRequestPtr(request));
    }
  }
}

void Watch::see_digest(size_t machine, GroupId group, LogIndex index, const storage::Digest& digest) {
  applied_[group][machine] = index;
  const auto [it, added] = digests_.emplace(std::pair(group, index), Seen{digest, machine});
  if (it->second.digest == digest) return;
  report("replicas-equal", "group " + std::to_string(group.value) + " at index " +
                               std::to_string(index.value) + " is not the same on " + node_name(machine) +
                               " as on " + node_name(it->second.machine));
}

void Watch::compare_catalogs(std::vector<std::unique_ptr<Machine>>& machines) {
  for (auto& machine : machines) {
    if (!machine->running()) continue;
    const auto catalog = machine->node()->context().routing.view()->catalog;
    if (!catalog || catalog->version.value == 0) continue;
    Bytes bytes = encode_catalog(*catalog);
    const auto [it, added] = catalogs_.emplace(catalog->version, std::pair(bytes, machine->index()));
    if (it->second.first == bytes) continue;
    report("replicas-equal", "the catalog of version " + std::to_string(catalog->version.value) +
                                 " is not the same on " + node_name(machine->index()) + " as on " +
                                 node_name(it->second.second));
  }
}

bool Watch::converged(size_t copies) const {
  return !applied_.empty() && unswept_.empty() && lagging(copies).empty();
}

std::string Watch::lagging(size_t copies) const {
  for (const auto& [group, replicas] : applied_) {
    std::set<LogIndex> indexes;
    for (const auto& [machine, index] : replicas) indexes.insert(index);
    if (replicas.size() == copies && indexes.size() == 1) continue;
    std::string text = "group " + std::to_string(group.value) + " has applied";
    for (const auto& [machine, index] : replicas) {
      text += " " + std::to_string(index.value) + " (" + node_name(machine) + ")";
    }
    return text;
  }
  if (!unswept_.empty())
    return "group " + std::to_string(unswept_.begin()->value) + " still has something to sweep";
  return "";
}

}  // namespace keyzone::sim
