#include "actors/node_context.h"

#include <algorithm>

#include "actors/shard.h"

namespace keyzone::actors {

NodeContext::NodeContext(NodeOptions node_options, Environment node_environment)
    : options(std::move(node_options)),
      environment(std::move(node_environment)),
      clock(environment.wall_clock, std::chrono::microseconds(options.clock_skew_max).count()) {}

NodeContext::~NodeContext() = default;

bool NodeContext::disk_full() const {
  return space_short ||
         std::any_of(shards.begin(), shards.end(), [](const auto& shard) { return shard->log_full.load(); });
}

void ClientRecord::set(cql::ClientFact fact) {
  std::lock_guard<std::mutex> lock(mutex_);
  fact_ = std::move(fact);
}

void ClientRecord::set_keyspace(const std::string& keyspace) {
  std::lock_guard<std::mutex> lock(mutex_);
  fact_.keyspace = keyspace;
}

cql::ClientFact ClientRecord::fact() const {
  std::lock_guard<std::mutex> lock(mutex_);
  cql::ClientFact out = fact_;
  out.request_count = requests_.load(std::memory_order_relaxed);
  return out;
}

uint32_t SessionDirectory::add(caf::actor session, std::shared_ptr<ClientRecord> client) {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint32_t number = next_++;
  sessions_.emplace(number, Entry{std::move(session), std::move(client)});
  return number;
}

void SessionDirectory::remove(uint32_t number) {
  std::lock_guard<std::mutex> lock(mutex_);
  sessions_.erase(number);
}

caf::actor SessionDirectory::find(uint32_t number) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = sessions_.find(number);
  return it == sessions_.end() ? caf::actor() : it->second.session;
}

std::vector<caf::actor> SessionDirectory::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<caf::actor> out;
  out.reserve(sessions_.size());
  for (const auto& [number, entry] : sessions_) out.push_back(entry.session);
  return out;
}

std::vector<cql::ClientFact> SessionDirectory::clients() const {
  std::vector<std::shared_ptr<ClientRecord>> records;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, entry] : sessions_) {
      if (entry.client) records.push_back(entry.client);
    }
  }
  std::vector<cql::ClientFact> out;
  for (const auto& record : records) {
    out.push_back(record->fact());
    if (out.back().address.empty()) out.pop_back();
  }
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
  note_led(status);
}

void StatusBoard::note_led(const ReplicaStatus& status) {
  const auto known = led_.find(status.group);
  if (status.is_leader && known != led_.end() && known->second.first == status.term) return;
  forget_led(status.group);
  if (!status.is_leader) return;
  led_[status.group] = {status.term, ++led_version_};
  led_order_[led_version_] = status.group;
}

void StatusBoard::forget_led(GroupId group) {
  const auto known = led_.find(group);
  if (known == led_.end()) return;
  led_order_.erase(known->second.second);
  led_.erase(known);
}

StatusBoard::LedChanges StatusBoard::led_since(uint64_t version, size_t most) const {
  std::lock_guard<std::mutex> lock(mutex_);
  LedChanges out{{}, led_version_};
  for (auto it = led_order_.upper_bound(version); it != led_order_.end(); ++it) {
    if (out.items.size() == most) {
      out.version = std::prev(it)->first;
      break;
    }
    out.items.push_back({it->second, led_.at(it->second).first});
  }
  return out;
}

void StatusBoard::remove(GroupId group) {
  std::lock_guard<std::mutex> lock(mutex_);
  statuses_.erase(group);
  forget_led(group);
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

void LeaderBoard::learn(GroupId group, NodeId node, Term term) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto& leader = leaders_[group];
  if (term >= leader.term) leader = {node, term};
}

std::map<GroupId, LeaderBoard::Leader> LeaderBoard::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return leaders_;
}

void LeaderBoard::keep(const std::function<bool(GroupId)>& known) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(leaders_, [&](const auto& leader) { return !known(leader.first); });
}

void LoadBoard::report(NodeId node, const NodeLoad& load) {
  std::lock_guard<std::mutex> lock(mutex_);
  loads_[node] = load;
  any_full_ =
      std::any_of(loads_.begin(), loads_.end(), [](const auto& known) { return known.second.disk_full; });
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

void deliver_replies(NodeContext& context, const RepliesPtr& replies) {
  std::vector<uint32_t> told;  // few
  for (const auto& reply : replies->items) {
    const auto number = static_cast<uint32_t>(reply.id.sequence >> kSessionShift);
    if (!context.is_of(number, reply.id)) continue;  // asked in an earlier life
    if (std::find(told.begin(), told.end(), number) != told.end()) continue;
    told.push_back(number);
    if (auto session = context.sessions.find(number)) send_message(session, replies);
  }
}

}  // namespace keyzone::actors
