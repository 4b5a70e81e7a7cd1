#include "sim/machine.h"

namespace keyzone::sim {

namespace {

constexpr Timestamp kWallClockStart = 1'700'000'000'000'000;  // microseconds since 1970
constexpr Time kStartAgain = 500 * kMillisecond;

}  // namespace

Machine::Machine(World& world, Fabric& fabric, size_t index, actors::NodeOptions options, Watcher watcher)
    : world_(world),
      fabric_(fabric),
      index_(index),
      options_(std::move(options)),
      watcher_(std::move(watcher)),
      random_(world.fork()) {
  disk_.set_clock([this] { return static_cast<uint64_t>(wall_clock()); });
}

Machine::~Machine() { stop(false); }

Timestamp Machine::wall_clock() const {
  const Time now = world_.now();
  return kWallClockStart + now + now / 1000 * clock_drift_ppm / 1000 + clock_offset;
}

// --- life and death

void Machine::start() {
  if (running()) return;
  auto opened = open();
  if (opened) {
    failed_starts_ = 0;
    return;
  }
  start_error_ = opened.error().message;
  world_.trace().tell(world_.now(), Trace::Kind::kNode, index_, 1,
                      [&] { return "node " + std::to_string(index_ + 1) + " can't start: " + start_error_; });
  if (!space_limited_) ++failed_starts_;  // without any space it may have to wait
  stop(false);
  world_.after(kStartAgain, [this] { start(); });
}

Result<void> Machine::open() {
  ++life_;
  config_ = std::make_unique<caf::actor_system_config>();
  config_->load<SimScheduler>();
  config_->set("logger.verbosity", caf::atom("quiet"));
  system_ = std::make_unique<caf::actor_system>(*config_);
  system_->await_actors_before_shutdown(false);
  scheduler_ = &SimScheduler::of(*system_);
  scheduler_->advance(timer_time());
  store_executor_ = std::make_unique<StoreExecutor>(*this);
  log_executor_ = std::make_unique<LogExecutor>(*this);
  network_ = fabric_.attach(index_, *this);
  KEYZONE_TRY(node, actors::Node::open(options_, environment()));
  node_ = std::move(node);
  node_->context().statuses.watch([this](const actors::ReplicaStatus& status) { watcher_(index_, status); });
  world_.trace().tell(world_.now(), Trace::Kind::kNode, index_, 0,
                      [this] { return "node " + std::to_string(index_ + 1) + " starts"; });
  return node_->start(*system_);
}

actors::Environment Machine::environment() {
  actors::Environment out;
  out.disk = disk_.env();
  out.files = &disk_;
  out.network = network_.get();
  out.executor = store_executor_.get();
  out.log_executor = log_executor_.get();
  out.wall_clock = [this] { return wall_clock(); };
  out.cpu_time_us = [] { return uint64_t{0}; };
  out.secret_bytes = [this](size_t size) {
    Bytes bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random_.below(256)));
    return bytes;
  };
  out.fatal = [this](const std::string& reason) {
    if (!fatal_) fatal_ = reason;
  };
  out.seed = random_.next();
  return out;
}

void Machine::stop(bool power_lost, uint64_t disk_calls_left) {
  if (!system_) return;
  disk_.freeze(disk_calls_left);
  if (disk_calls_left > 0) {
    const auto under_way = std::move(disk_work_);
    for (const auto& [number, work] : under_way) work();
    disk_.freeze();
  }
  disk_work_.clear();
  network_->stop();
  deferred_.clear();
  scheduler_->crash();
  if (node_) node_->release();
  system_.reset();
  node_.reset();
  network_.reset();
  disk_work_.clear();  // what the node has asked for while it ended
  log_executor_.reset();
  store_executor_.reset();
  config_.reset();
  scheduler_ = nullptr;
  fatal_.reset();
  paused_ = false;
  if (power_lost) {
    disk_.crash([this](uint64_t bound) { return random_.below(bound); });
  } else {
    disk_.kill();
  }
}

void Machine::run_timers_at(int64_t per_mille) {
  timer_base_ = timer_time();
  timer_since_ = world_.now();
  timer_rate_ = per_mille;
}

void Machine::limit_space(uint64_t bytes) {
  storage::DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + bytes;
  disk_.set_faults(faults, nullptr);
  space_limited_ = true;
}

void Machine::lift_limit() {
  disk_.set_faults({}, nullptr);
  space_limited_ = false;
}

void Machine::resume() {
  paused_ = false;
  if (!running()) return;
  auto deferred = std::move(deferred_);
  deferred_.clear();
  fire_timers();
  for (const auto& what : deferred) what();
}

std::optional<std::string> Machine::take_fatal() {
  auto taken = std::move(fatal_);
  fatal_.reset();
  return taken;
}

// --- running

void Machine::run(size_t i) { scheduler_->run(i); }

Time Machine::next_timer() const {
  if (!running() || paused_) return kNever;
  const auto due = scheduler_->next_timer();
  if (!due) return kNever;
  return timer_since_ + ((*due - timer_base_) * kFullRate + timer_rate_ - 1) / timer_rate_;
}

void Machine::fire_timers() {
  if (running() && !paused_) scheduler_->advance(timer_time());
}

void Machine::deliver(std::function<void()> what) {
  if (!running()) return;
  if (paused_) {
    deferred_.push_back(std::move(what));
  } else {
    what();
  }
}

void Machine::begin_disk_work(std::function<void()> work) {
  const uint64_t number = next_work_++;
  disk_work_.emplace(number, std::move(work));
  const Time pace_range = pace.most - pace.least + 1;
  const Time delay = pace.least + static_cast<Time>(random_.below(static_cast<uint64_t>(pace_range)));
  world_.after(delay, [this, life = life_, number] {
    if (life != life_) return;
    auto found = disk_work_.find(number);
    if (found == disk_work_.end()) return;
    const auto done = std::move(found->second);
    disk_work_.erase(found);
    world_.trace().add(Trace::Kind::kDisk, index_, number);
    deliver(done);
  });
}

}  // namespace keyzone::sim
