#include "actors/meters.h"

#include <array>
#include <cmath>

namespace keyzone::actors {
namespace {

constexpr double kAverageSeconds = 300;
constexpr auto kRelaxed = std::memory_order_relaxed;

std::array<Meter*, 8> all_of(TableMeters& meters) {
  return {&meters.coordinator_reads, &meters.coordinator_scans,  &meters.coordinator_writes,
          &meters.local_reads,       &meters.local_scans,        &meters.local_writes,
          &meters.rows_per_read,     &meters.tombstones_per_read};
}

}  // namespace

uint64_t Meter::total() const {
  uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(kRelaxed);
  return total;
}

cql::MeterFact Meter::fact() const {
  std::array<uint64_t, Sizes::kCount> recent{};
  uint64_t recently = 0;
  cql::MeterFact fact;
  for (size_t i = 0; i < recent.size(); ++i) {
    const uint64_t count = counts_[i].load(kRelaxed);
    recent[i] = static_cast<uint32_t>(static_cast<uint32_t>(count) - before_last_[i].load(kRelaxed));
    fact.count += count;
    recently += recent[i];
    if (recent[i] > 0) fact.max = Sizes::end_of(i);
  }
  const auto percentile = [&](double fraction) {
    return Sizes::percentile([&](size_t bucket) { return recent[bucket]; }, recently, fraction);
  };
  fact.p50 = percentile(0.5);
  fact.p99 = percentile(0.99);
  fact.p999 = percentile(0.999);
  fact.per_second = rate_.per_second();
  return fact;
}

void MovingRate::tick(uint64_t total) {
  const double seconds = static_cast<double>(MeterBoard::kTick.count());
  const double rate = static_cast<double>(total - total_) / seconds;
  const double before = per_second_.load(kRelaxed);
  const double weight = ticked_ ? 1 - std::exp(-seconds / kAverageSeconds) : 1;
  per_second_.store(before + weight * (rate - before), kRelaxed);
  total_ = total;
  ticked_ = true;
}

void Meter::tick() { rate_.tick(total()); }

void Meter::age() {
  for (size_t i = 0; i < counts_.size(); ++i) {
    before_last_[i].store(last_[i].load(kRelaxed), kRelaxed);
    last_[i].store(static_cast<uint32_t>(counts_[i].load(kRelaxed)), kRelaxed);
  }
}

std::shared_ptr<TableMeters> MeterBoard::of(const Uuid& table) {
  std::lock_guard lock(mutex_);
  auto& meters = tables_[table];
  if (!meters) meters = std::make_shared<TableMeters>();
  return meters;
}

void MeterBoard::tick(const std::function<bool(const Uuid&)>& known) {
  std::lock_guard lock(mutex_);
  const bool age = ++ticks_ % kTicksOfAge == 0;
  std::erase_if(tables_, [&](const auto& entry) {
    if (known(entry.first)) return false;
    reads_of_gone_ += entry.second->local_reads.fact().count + entry.second->local_scans.fact().count;
    writes_of_gone_ += entry.second->local_writes.fact().count;
    return true;
  });
  const auto step = [age](Meter& meter) {
    meter.tick();
    if (age) meter.age();
  };
  for (auto& [table, meters] : tables_) {
    for (Meter* meter : all_of(*meters)) step(*meter);
  }
  for (Meter* meter :
       {&partitions_per_logged_batch, &partitions_per_unlogged_batch, &partitions_per_counter_batch})
    step(*meter);
}

cql::WorkFacts MeterBoard::facts() const {
  cql::WorkFacts facts;
  facts.prepared_executed = prepared_executed.load(kRelaxed);
  facts.others_executed = others_executed.load(kRelaxed);
  facts.partitions_per_logged_batch = partitions_per_logged_batch.fact();
  facts.partitions_per_unlogged_batch = partitions_per_unlogged_batch.fact();
  facts.partitions_per_counter_batch = partitions_per_counter_batch.fact();
  std::lock_guard lock(mutex_);
  uint64_t reads = reads_of_gone_, writes = writes_of_gone_;
  for (const auto& [table, meters] : tables_) {
    const auto& fact =
        facts.tables[table] = {meters->coordinator_reads.fact(),  meters->coordinator_scans.fact(),
                               meters->coordinator_writes.fact(), meters->local_reads.fact(),
                               meters->local_scans.fact(),        meters->local_writes.fact(),
                               meters->rows_per_read.fact(),      meters->tombstones_per_read.fact()};
    reads += fact.local_reads.count + fact.local_scans.count;
    writes += fact.local_writes.count;
  }
  facts.pools = {{"MutationStage", 0, 0, writes},
                 {"Native-Transport-Requests", requests_under_way.load(kRelaxed), 0,
                  facts.prepared_executed + facts.others_executed},
                 {"ReadStage", 0, 0, reads}};
  return facts;
}

}  // namespace keyzone::actors
