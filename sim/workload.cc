#include "sim/workload.h"

#include "sim/checkers.h"
#include "sim/client.h"

namespace keyzone::sim {

namespace {

constexpr uint64_t kSearchSteps = 2'000'000;

// Reads that were never answered say nothing.
History without_open_reads(const History& history) {
  History out;
  for (const auto& operation : history) {
    if (!operation.is_open() || operation.kind != Operation::Kind::kRead) out.push_back(operation);
  }
  return out;
}

}  // namespace

Workload::Workload(World& world, Fabric& fabric, size_t nodes, WorkloadOptions options)
    : world_(world),
      fabric_(fabric),
      nodes_(nodes),
      options_(options),
      random_(world.fork()),
      registers_(options.keys),
      conditional_(options.keys),
      pairs_(options.keys),
      sets_(options.keys),
      fleeting_(options.keys),
      entries_(options.keys),
      counters_(options.keys) {
  for (size_t i = 0; i < options_.clients; ++i) clients_.push_back(std::make_unique<Client>(*this, i + 1));
  last_ = std::make_unique<Client>(*this, 0);
}

Workload::~Workload() = default;

uint64_t Workload::focus() const {
  const auto turn = static_cast<uint64_t>(world_.now() / options_.focus);
  return Random(focus_seed_ + turn * 0x9E3779B97F4A7C15ull).next();
}

void Workload::create_schema() { last_->create_schema(); }

void Workload::begin() {
  running_ = true;
  for (auto& client : clients_) client->begin();
}

void Workload::end() { running_ = false; }

void Workload::begin_last_round() { last_->begin_last_round(); }

bool Workload::last_round_done() const { return last_->idle(); }

std::optional<Violation> Workload::take_violation() {
  auto taken = std::move(violation_);
  violation_.reset();
  return taken;
}

std::vector<Violation> Workload::check() const {
  std::vector<Violation> out;
  const auto report = [&out](const char* checker, const char* table, size_t key, const Finding& finding) {
    if (finding)
      out.push_back({checker, std::string(table) + ", key " + std::to_string(key) + ": " + *finding});
  };
  for (size_t key = 0; key < options_.keys; ++key) {
    report("linearizability", "registers", key, check_unique_register(without_open_reads(registers_[key])));
    report("linearizability", "pairs", key, check_unique_register(without_open_reads(pairs_[key])));
    bool gave_up = false;
    report("linearizability", "conditional", key,
           check_register(without_open_reads(conditional_[key]), kSearchSteps, &gave_up));
    gave_up_ += gave_up;
    report("lost-write", "sets", key, check_set(sets_[key]));
    report("lost-write", "fleeting", key, check_set(fleeting_[key]));
    report("lost-write", "entries", key, check_set(entries_[key]));
    report("counter", "counters", key, check_counter(counters_[key]));
  }
  return out;
}

}  // namespace keyzone::sim
