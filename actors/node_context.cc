#include "actors/node_context.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/shard.h"

namespace keyzone::actors {

NodeContext::NodeContext(NodeOptions node_options, Environment node_environment)
    : options(std::move(node_options)),
      environment(std::move(node_environment)),
      clock(environment.wall_clock) {}

NodeContext::~NodeContext() = default;

bool NodeContext::disk_full() const {
  return space_short || std::any_of(shards.begin(), shards.end(), [](const auto& shard) { return shard->log_full.load(); });
}

uint32_t SessionDirectory::add(caf::actor session) {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint32_t number = next_++;
  sessions_.emplace(number, std::move(session));
  return number;
}

void SessionDirectory::remove(uint32_t number) {
  std::lock_guard<std::mutex> lock(mutex_);
  sessions_.erase(number);
}

caf::actor SessionDirectory::find(uint32_t number) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = sessions_.find(number);
  return it == sessions_.end() ? caf::actor() : it->second;
}

std::vector<caf::actor> SessionDirectory::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<caf::actor> out;
  out.reserve(sessions_.size());
  for (const auto& [number, session] : sessions_) out.push_back(session);
  return out;
}

size_t SessionDirectory::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return sessions_.size();
}

void SessionDirectory::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  sessions_.clear();
}

void StatusBoard::report(const ReplicaStatus& status) {
  if (watcher_) watcher_(status);
  std::lock_guard<std::mutex> lock(mutex_);
  statuses_[status.group] = status;
}

void StatusBoard::remove(GroupId group) {
  std::lock_guard<std::mutex> lock(mutex_);
  statuses_.erase(group);
}

std::vector<ReplicaStatus> StatusBoard::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<ReplicaStatus> out;
  for (const auto& [group, status] : statuses_) out.push_back(status);
  return out;
}

std::optional<ReplicaStatus> StatusBoard::of(GroupId group) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = statuses_.find(group);
  if (it == statuses_.end()) return std::nullopt;
  return it->second;
}

void LoadBoard::report(NodeId node, const NodeLoad& load) {
  std::lock_guard<std::mutex> lock(mutex_);
  loads_[node] = load;
  any_full_ = std::any_of(loads_.begin(), loads_.end(), [](const auto& known) { return known.second.disk_full; });
}

std::map<NodeId, NodeLoad> LoadBoard::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return loads_;
}

NodeLoad LoadBoard::of(NodeId node) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = loads_.find(node);
  return it == loads_.end() ? NodeLoad() : it->second;
}

void deliver_replies(NodeContext& context, Replies replies) {
  std::map<uint32_t, std::shared_ptr<Replies>> by_session;
  for (auto& reply : replies.items) {
    if (reply.id.incarnation != context.coordinator()) continue;  // asked in an earlier life
    auto& out = by_session[static_cast<uint32_t>(reply.id.sequence >> kSessionShift)];
    if (!out) out = std::make_shared<Replies>();
    out->items.push_back(std::move(reply));
  }
  for (auto& [number, out] : by_session) {
    if (auto session = context.sessions.find(number)) caf::anon_send(session, RepliesPtr(std::move(out)));
  }
}

}  // namespace keyzone::actors
