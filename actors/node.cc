#include "actors/node.h"

#include <caf/send.hpp>

#include "actors/batch_keeper.h"
#include "actors/hub.h"
#include "actors/logging.h"
#include "actors/shard.h"
#include "actors/spare_space.h"
#include "actors/supervisor.h"

namespace keyzone::actors {

namespace {

// The folder's identity, made if it is empty; refuses a folder that is someone else's.
Result<Identity> claim_folder(const NodeOptions& options, const Environment& environment) {
  KEYZONE_TRY(found, read_identity(*environment.files, options.folder));
  Identity identity;
  if (found) {
    identity = *std::move(found);
    const auto differs = [&](const char* what, const std::string& has, const std::string& wants) {
      return Error{ErrorKind::kConfig, "the folder " + options.folder + " belongs to the " + what + " '" +
                                           has + "', and this node is configured for '" + wants + "'"};
    };
    if (identity.zone != options.zone) return differs("zone", identity.zone, options.zone);
    if (identity.name != options.name) return differs("node", identity.name, options.name);
    if (!identity.cluster.is_nil() && identity.cluster_name != options.cluster_name) {
      return differs("cluster", identity.cluster_name, options.cluster_name);
    }
  } else {
    identity.host = mint_uuid(environment);
    identity.name = options.name;
    identity.zone = options.zone;
    identity.shards = options.shards;
  }
  ++identity.incarnation;
  KEYZONE_CHECK(write_identity(*environment.files, options.folder, identity));
  return identity;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::open(NodeOptions options, Environment environment) {
  auto node = std::unique_ptr<Node>(new Node());
  KEYZONE_CHECK(environment.files->create_folders(options.folder));
  KEYZONE_TRY(lock, environment.files->lock(options.folder));
  node->lock_ = std::move(lock);
  give_spare_space_back(*environment.files, options.folder);
  KEYZONE_TRY(identity, claim_folder(options, environment));
  options.shards = identity.shards;
  const std::string folder = options.folder;
  node->context_ = std::make_unique<NodeContext>(std::move(options), std::move(environment));
  auto& context = *node->context_;
  context.host = identity.host;
  context.incarnation = identity.incarnation;
  context.cluster = identity.cluster;
  context.self = identity.node;
  context.started_at = context.clock.wall();
  for (size_t i = 0; i < context.options.shards; ++i) {
    const std::string shard_folder = folder + "/shard-" + std::to_string(i);
    KEYZONE_CHECK(context.environment.files->create_folders(shard_folder));
    KEYZONE_TRY(shard, Shard::open(context, i, shard_folder));
    context.shards.push_back(std::move(shard));
  }
  set_spare_space_aside(*context.environment.files, folder);
  return node;
}

Node::~Node() = default;

Result<void> Node::start(caf::actor_system& system) {
  auto& context = *context_;
  KEYZONE_TRY(identity, read_identity(*context.environment.files, context.options.folder));
  KEYZONE_ASSERT(identity.has_value());
  context.hub = spawn_hub(system, context);
  for (auto& shard : context.shards) shard->set_keeper(spawn_disk_actor(system, context, *shard));
  context.supervisor = spawn_supervisor(system, context, *std::move(identity));
  spawn_batch_keeper(system, context);  // kept by context.sessions
  KEYZONE_CHECK(context.environment.network->listen_peers(context.options.listen_address,
                                                          context.options.storage_port, context.hub));
  caf::anon_send(context.supervisor, wake_atom::value);
  return {};
}

void Node::begin_stop() {
  context_->stopping = true;
  caf::anon_send(context_->supervisor, stop_atom::value);
}

size_t Node::leading() const {
  size_t count = 0;
  for (const auto& status : context_->statuses.all()) count += status.is_leader;
  return count;
}

void Node::quit() {
  auto& context = *context_;
  context.quitting = true;
  const auto exit = [](const caf::actor& actor) {
    if (actor) caf::anon_send_exit(actor, caf::exit_reason::kill);
  };
  for (const auto& session : context.sessions.all()) exit(session);
  for (const auto& [group, route] : *context.routing.view()->routes) {
    if (route) exit(route->local);
  }
  for (const auto& shard : context.shards) exit(shard->keeper());
  exit(context.supervisor);
  exit(context.hub);
}

void Node::release() {
  if (!context_) return;
  for (auto& shard : context_->shards) shard->release();
  for (const auto& [group, route] : *context_->routing.view()->routes) {
    if (route) route->local = nullptr;
  }
  context_->hub = nullptr;
  context_->supervisor = nullptr;
  context_->routing.clear();
  context_->sessions.clear();
}

}  // namespace keyzone::actors
