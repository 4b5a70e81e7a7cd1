// What clients do in a simulation, and what they saw: registers, compare-and-set registers, sets, sets whose
// elements expire and are removed, maps that grow too large for their rows, counters, and batches that write
// several rows of a partition at once. Each client speaks CQL over a simulated connection to some node, one
// request at a time; what is never answered stays open.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client.h"
#include "sim/history.h"
#include "sim/network.h"
#include "sim/world.h"

namespace keyzone::sim {

struct WorkloadOptions {
  size_t clients = 5;
  size_t keys = 6;                      // of each table
  Time think_time = 90 * kMillisecond;  // on average, between two operations of a client
  // For so long all clients work on one key of one table, then on another: what one of them wrote is read by
  // others at once, wherever they are connected. 0: each draws its own.
  Time focus = 0;
};

// A checker's name and what it found.
struct Violation {
  std::string checker;
  std::string text;
};

class Client;

class Workload {
 public:
  Workload(World& world, Fabric& fabric, size_t nodes, WorkloadOptions options);
  ~Workload();

  // Creates keyspace and tables, asking again until that is done; then prepared() is true.
  void create_schema();
  bool prepared() const { return prepared_; }
  void begin();  // clients work from now on
  void end();    // no new operation
  // One write and one read of every key, each asked again until it is answered well.
  void begin_last_round();
  bool last_round_done() const;

  // What the histories show.
  std::vector<Violation> check() const;
  // Something that may never happen has happened to a client.
  std::optional<Violation> take_violation();
  uint64_t answered() const { return answered_; }
  uint64_t refused() const { return refused_; }  // for want of space
  uint64_t begun() const { return begun_; }
  uint64_t gave_up() const { return gave_up_; }  // searches, in check()

 private:
  friend class Client;
  Moment moment() { return next_moment_++; }
  int64_t unique_value() { return ++last_value_; }
  // A number that is the same for all clients while the focus lasts.
  uint64_t focus() const;

  World& world_;
  Fabric& fabric_;
  const size_t nodes_;
  const WorkloadOptions options_;
  Random random_;
  const uint64_t focus_seed_ = random_.next();
  bool prepared_ = false;
  bool running_ = false;
  Moment next_moment_ = 1;
  int64_t last_value_ = 0;
  uint64_t answered_ = 0;
  uint64_t begun_ = 0;
  uint64_t refused_ = 0;
  mutable uint64_t gave_up_ = 0;
  std::vector<History> registers_;  // by key
  std::vector<History> conditional_;
  std::vector<History> pairs_;
  std::vector<SetHistory> sets_;
  std::vector<SetHistory> fleeting_;
  std::vector<SetHistory> entries_;  // keys of a map
  std::vector<CounterHistory> counters_;
  std::optional<Violation> violation_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Client> last_;  // does the schema, and the last round
};

}  // namespace keyzone::sim
