// A keyspace in memory: statements go through the planner to real replicas of tablets (storage/), and come
// back as text. No actors, no cluster: every tablet is one replica, and a read or command reaches it at once.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cql/execute/api.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::cql {

class World {
 public:
  // Every table gets that many tablets, of equal parts of the ring.
  explicit World(int tablets_per_table = 3);

  struct Request {
    std::string text = {};
    std::vector<std::string> values = {};  // CQL literals, `null`, `unset`
    std::vector<std::string> names = {};   // of the values; empty: positional
    std::optional<int32_t> page_size = {};
    std::optional<Timestamp> timestamp = {};
  };
  // The rows as text, one line each, pages apart; or the error.
  std::string run(const Request& request);
  // A BATCH message of these statements.
  std::string run_batch(BatchKind kind, const std::vector<Request>& requests);

  void advance(int64_t seconds) { now_ += seconds * storage::kSecond; }
  void set_keyspace(std::string name) { keyspace_ = std::move(name); }
  Dialect& dialect() { return dialect_; }
  const CatalogPtr& catalog() const { return catalog_; }

  struct Bound {
    std::vector<Bytes> bytes;
    std::vector<Value> values;
  };
  Result<Bound> bind(const Prepared& statement, const Request& request) const;
  ExecuteOptions options(const Bound& bound);
  Result<PreparedPtr> prepare_text(const std::string& text) const;

 private:
  struct Rows {
    Bytes paging_state;
    std::string text;
  };
  Result<std::string> try_run(const Request& request);
  Result<std::string> finish(Execution execution, std::optional<Bytes>& paging_state);
  Result<std::string> finish_read(ReadExecution& read, std::optional<Bytes>& paging_state);
  Result<std::string> finish_write(WriteExecution& write);
  Result<std::string> change_schema(const SchemaExecution& execution);
  Result<std::string> truncate(const TruncateExecution& execution);
  Outcome apply(const TabletCommand& command);
  size_t tablet_of(const Uuid& table, Token token) const;

  int tablets_per_table_;
  CatalogPtr catalog_;
  std::map<Uuid, std::vector<std::unique_ptr<storage::TestReplica>>> replicas_;
  std::string keyspace_;
  Dialect dialect_ = cassandra_dialect();
  Timestamp now_ = storage::kStart;
  std::mt19937_64 engine_{1};
  std::function<uint64_t()> random_ = [this] { return engine_(); };
  uint8_t next_id_ = 1;
};

// A header of names, a line a row with values as CQL literals, and the number of rows.
std::string to_text(const ResultSet& rows);

}  // namespace keyzone::cql
