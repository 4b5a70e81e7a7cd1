#include "net/bench/load.h"

#include <algorithm>
#include <chrono>

#include "schema/types/token.h"

namespace keyzone::net {
namespace {

// Values are windows into random bytes, this many more than one value has.
constexpr size_t kSpareValues = 64 << 10;
// With a rate: the least time between two bursts, and how many operations may be under way; what would be
// more is not begun, but counted as failed.
constexpr std::chrono::microseconds kPace{100};
constexpr size_t kMaxWaiting = 200000;

}  // namespace

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

uint64_t BenchRandom::next() {  // splitmix64
  uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

std::array<char, 16> bench_key(uint64_t row) {
  std::array<char, 16> key;
  const uint64_t number = byte_swap(row), spread = BenchRandom(row).next();
  std::memcpy(key.data(), &spread, sizeof spread);
  std::memcpy(key.data() + sizeof spread, &number, sizeof number);
  return key;
}

LoadGenerator::LoadGenerator(BenchCluster& cluster, const BenchOptions& options, BenchOperation operation,
                             uint64_t rate)
    : cluster_(cluster),
      options_(options),
      operation_(operation),
      rate_(rate),
      window_(options.at_a_time()),
      random_(options.seed),
      timer_(cluster.io()) {
  while (values_.size() < options.value_bytes + kSpareValues) append_le(values_, random_.next());
}

void LoadGenerator::start() {
  started_ns_ = steady_ns();
  rate_ ? issue_due() : refill();
}

void LoadGenerator::stop() {
  stopped_ = true;
  timer_.cancel();
}

void LoadGenerator::refill() {
  if (rate_ || stopped_) return;
  const int64_t now = steady_ns();
  while (in_flight_ < window_) {
    if (operation_ == BenchOperation::kLoad && again_.empty() && next_load_row_ >= options_.rows) return;
    const uint64_t row = next_row();
    if (issue(now, row)) continue;
    if (operation_ == BenchOperation::kLoad) again_.push_back(row);
    return;  // no connection: the next refill() tries again
  }
}

// With a rate: everything whose time has come, then sleeps until the next is due.
void LoadGenerator::issue_due() {
  const int64_t now = steady_ns();
  const double per_ns = static_cast<double>(rate_) / 1e9;
  const auto due_at = [&](uint64_t n) {
    return started_ns_ + static_cast<int64_t>(static_cast<double>(n) / per_ns);
  };
  for (; due_at(issued_) <= now; ++issued_) {
    if (in_flight_ >= kMaxWaiting || !issue(due_at(issued_), next_row())) ++counts_.failed;
  }
  const auto wait =
      std::max<std::chrono::nanoseconds>(kPace, std::chrono::nanoseconds(due_at(issued_) - steady_ns()));
  timer_.expires_after(wait);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopped_) issue_due();
  });
}

uint64_t LoadGenerator::next_row() {
  if (operation_ != BenchOperation::kLoad) return random_.below(options_.rows);
  if (again_.empty()) return next_load_row_++;
  const uint64_t row = again_.back();
  again_.pop_back();
  return row;
}

BenchStatement LoadGenerator::statement_for(uint64_t row) {
  switch (operation_) {
    case BenchOperation::kLoad:
    case BenchOperation::kWrite:
      return BenchStatement::kInsert;
    case BenchOperation::kRead:
    case BenchOperation::kReadOne:
      return BenchStatement::kSelect;
    case BenchOperation::kLwt:
      return BenchStatement::kUpdateIfExists;
    case BenchOperation::kMixed:
      break;
  }
  return (row ^ random_.next()) & 1 ? BenchStatement::kInsert : BenchStatement::kSelect;
}

const ExecuteRequest& LoadGenerator::request_for(BenchLink& link, BenchStatement statement, BytesView key) {
  const BytesView value = BytesView(values_).substr(random_.below(kSpareValues), options_.value_bytes);
  const auto index = static_cast<size_t>(statement);
  request_.id = link.ids[index];
  request_.result_metadata_id = link.metadata_ids[index];
  QueryParameters& parameters = request_.parameters;
  parameters.clear();
  parameters.skip_metadata = true;
  parameters.consistency =
      operation_ == BenchOperation::kReadOne ? Consistency::kLocalOne : Consistency::kLocalQuorum;
  if (statement == BenchStatement::kSelect) {
    parameters.values.push_back(Value::of(key));
  } else if (statement == BenchStatement::kInsert) {
    parameters.values.push_back(Value::of(key));
    parameters.values.push_back(Value::of(value));
  } else {
    parameters.serial_consistency = Consistency::kLocalSerial;
    parameters.values.push_back(Value::of(value));
    parameters.values.push_back(Value::of(key));
  }
  return request_;
}

// Small enough for std::function to keep it without an allocation.
struct LoadGenerator::Done {
  LoadGenerator* generator;
  int64_t due_ns;
};

bool LoadGenerator::issue(int64_t due_ns, uint64_t row) {
  const auto key = bench_key(row);
  const BytesView key_view(key.data(), key.size());
  BenchLink* link = cluster_.pick(token_of(key_view));
  if (!link) return false;
  const BenchStatement statement = statement_for(row);
  const ExecuteRequest& request = request_for(*link, statement, key_view);
  ++in_flight_;
  if (operation_ == BenchOperation::kLoad) {  // a row that fails must be known again
    link->client->execute(request, [this, due_ns, row](ClientReply& r) { on_reply(r, due_ns, row, false); });
  } else if (statement == BenchStatement::kSelect) {
    link->client->execute(request, [done = Done{this, due_ns}](ClientReply& r) {
      done.generator->on_reply(r, done.due_ns, 0, true);
    });
  } else {
    link->client->execute(request, [done = Done{this, due_ns}](ClientReply& r) {
      done.generator->on_reply(r, done.due_ns, 0, false);
    });
  }
  cluster_.flush_later(*link);
  return true;
}

void LoadGenerator::on_reply(ClientReply& reply, int64_t due_ns, uint64_t row, bool reads) {
  --in_flight_;
  if (reply.ok()) {
    const auto microseconds = static_cast<uint64_t>(std::max<int64_t>(0, steady_ns() - due_ns)) / 1000;
    counts_.latency.add(microseconds);
    recent_.add(microseconds);
    ++counts_.succeeded;
    if (reads && reply.result.rows.row_count == 0) ++counts_.missing;
  } else {
    ++counts_.failed;
    if (counts_.first_error.empty()) counts_.first_error = reply.error.message;
    if (operation_ == BenchOperation::kLoad) again_.push_back(row);
    if (reply.outcome == ClientReply::Outcome::kClosed) return;  // refill() goes on, on other connections
  }
  refill();
}

}  // namespace keyzone::net
