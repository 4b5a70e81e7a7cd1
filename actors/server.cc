#include "actors/server.h"

#include <thread>

#include "actors/asio_network.h"
#include "actors/logging.h"
#include "actors/shard_scheduler.h"
#include "storage/memory_disk.h"
#include "storage/patient_env.h"
#include "storage/posix_file_system.h"

namespace keyzone::actors {

namespace {

constexpr size_t kBlockingThreadsPerShard = 3;  // a flush of the log, its maintenance, a compaction
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::milliseconds kSpacePoll{100};
constexpr std::chrono::milliseconds kQuitPatience{1000};

}  // namespace

bool all_led(const NodeView& view) {
  if (view.catalog->version.value == 0) return false;
  for (const auto& [table, map] : view.catalog->tablets) {
    for (const auto& tablet : map->tablets) {
      auto* route = view.route(tablet.group);
      if (!route || (route->local && !route->leader_hint().value)) return false;
    }
  }
  auto* catalog = view.route(kCatalogGroup);
  return catalog && catalog->leader_hint().value;
}

Result<std::unique_ptr<Server>> Server::start(Options options,
                                              std::function<void(const std::string&)> on_fatal) {
  auto server = std::unique_ptr<Server>(new Server());
  if (auto opened = server->open(std::move(options), std::move(on_fatal)); !opened) return opened.error();
  return server;
}

Result<void> Server::open(Options options, std::function<void(const std::string&)> on_fatal) {
  const size_t count = options.nodes.size();
  executor_ = std::make_unique<ThreadExecutor>(kBlockingThreadsPerShard * options.shards * count);
  if (options.memory) {
    memory_ = std::make_unique<storage::MemoryDisk>(false);
  } else {
    files_ = std::make_unique<storage::PosixFileSystem>();
    disk_ = std::make_unique<storage::PatientEnv>(storage::PosixFileSystem::env(), files_.get(), [this] {
      if (patient_) std::this_thread::sleep_for(kSpacePoll);
      return patient_.load();
    });
  }
  config_ = std::make_unique<caf::actor_system_config>();
  config_->load<ShardScheduler>();
  config_->set("scheduler.max-threads", options.shards);
  config_->set("logger.verbosity", caf::atom("quiet"));
  system_ = std::make_unique<caf::actor_system>(*config_);
  system_->await_actors_before_shutdown(false);
  auto& scheduler = ShardScheduler::of(*system_);
  scheduler.pin_from_here();

  for (size_t i = 0; i < count; ++i) {
    Environment environment;
    environment.disk = memory_ ? memory_->env() : disk_.get();
    environment.files = memory_ ? static_cast<storage::FileSystem*>(memory_.get()) : files_.get();
    environment.executor = executor_.get();
    environment.log_executor = executor_.get();
    environment.wall_clock = system_clock_us;
    environment.cpu_time_us = [count] { return process_cpu_us() / count; };  // the nodes' sum is the process
    environment.secret_bytes = system_random;
    environment.fatal = on_fatal;
    const Bytes seed = system_random(sizeof environment.seed);
    environment.seed = load_le<uint64_t>(seed.data());
    auto asio = std::make_unique<AsioNetwork>(scheduler, environment.seed, options.nodes[i].connections_max);
    if (count == 1) {
      networks_.push_back(std::move(asio));
    } else {
      Network* clients = i == 0 ? asio.get() : nullptr;
      networks_.push_back(std::make_unique<LocalNetwork>(switch_, clients));
      if (clients) networks_.push_back(std::move(asio));
    }
    environment.network = count == 1 ? networks_.back().get() : networks_[i == 0 ? 0 : i + 1].get();
    KEYZONE_TRY(node, Node::open(options.nodes[i], std::move(environment)));
    nodes_.push_back(std::move(node));
  }
  patient_ = true;
  for (auto& node : nodes_) KEYZONE_CHECK(node->start(*system_));
  if (options.http_port) {
    KEYZONE_TRY(http, net::HttpServer::open(scheduler.io(0), options.http_address, options.http_port,
                                            [this](std::string_view) { return health(); }));
    http_ = std::move(http);
  }
  return {};
}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

bool Server::ready() const {
  for (const auto& node : nodes_) {
    if (!node->ready() || !all_led(*node->context().routing.view())) return false;
  }
  return true;
}

net::HttpResponse Server::health() const {
  net::HttpResponse response;
  const bool good = ready();
  response.status = good ? 200 : 503;
  response.content_type = "application/json";
  response.body = good ? "{\"status\":\"ready\"}\n" : "{\"status\":\"starting\"}\n";
  return response;
}

void Server::stop(std::chrono::milliseconds patience) {
  if (stopped_ || !system_) return;
  stopped_ = true;
  using Clock = std::chrono::steady_clock;
  const auto leading = [this] {
    size_t count = 0;
    for (const auto& node : nodes_) count += node->leading();
    return count;
  };
  if (nodes_.size() == 1 && patience.count() > 0) {
    nodes_[0]->begin_stop();
    for (const auto end = Clock::now() + patience; leading() > 0 && Clock::now() < end;)
      std::this_thread::sleep_for(kPoll);
  }
  patient_ = false;
  for (auto& node : nodes_) node->quit();
  for (const auto end = Clock::now() + kQuitPatience;
       system_->registry().running() > 0 && Clock::now() < end;) {
    std::this_thread::sleep_for(kPoll);
  }
  ShardScheduler::of(*system_).halt();
  http_ = nullptr;
  for (auto& network : networks_) network->stop();
  switch_.clear();
  for (auto& node : nodes_) node->release();
  nodes_.clear();  // stores wait here for their compactions
  networks_.clear();
  executor_ = nullptr;
  system_ = nullptr;
}

}  // namespace keyzone::actors
