// The door to the language: text and a catalog become a Prepared statement; that and values become an
// Execution, which says what tablets are to be asked and what their answers mean. No I/O, clock or chance of
// its own.
//
//   prepare() or a cache  →  begin()  →  one of
//     WriteExecution     send `commands`, collect the outcomes in their order, then finish()
//     ReadExecution      loop: send next(), feed() every answer, until done(); then take()
//     LocalRead          a system table: give its rows to finish()
//     LocalDelete        rows of a system table that clients take away
//     SchemaExecution, DescribeExecution: the statement, for cql/ddl, cql/describe, ...
//     UseExecution, TruncateExecution
//
// A Prepared may be shared between threads; an Execution belongs to whoever began it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cql/ast/statement.h"
#include "cql/dialect.h"
#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/read.h"
#include "schema/result.h"
#include "schema/result_set.h"
#include "schema/value.h"

namespace keyzone::cql {

class Prepared;
class ReadCursor;
using PreparedPtr = std::shared_ptr<const Prepared>;
using StatementPtr = std::shared_ptr<const Statement>;

// What the caller knows and the statement doesn't. Views must live until begin() returns.
struct ExecuteOptions {
  std::span<const Value> values;
  std::span<const BytesView> names;       // of the values; empty: they are positional
  std::optional<int32_t> page_size;       // rows
  std::optional<BytesView> paging_state;  // as take() made it, its signature checked and cut off
  std::optional<Timestamp> timestamp;     // the request's; what USING TIMESTAMP says goes first
  std::optional<int32_t> now_in_seconds;  // v5
  Timestamp now = 0;  // microseconds: for now(), currentTimestamp() and the expiry of page states
  const std::function<uint64_t()>* random = nullptr;  // for uuid(), now(); REQUIRED where `now` matters
  const Dialect* dialect = nullptr;                   // REQUIRED
  // At the level of an unconditional request nothing can be read, as lists have to be that are written by
  // index or value.
  bool refuses_reads = false;
  // What is wrong with the levels of a conditional request: said before what is with its conditions' values.
  std::optional<Error> refuses_conditions;
  bool prepared = true;  // by the client; else its text came with the values: how their number is refused
};

// ---- writes ----

enum class WriteKind : uint8_t { kPlain, kConditional, kCounter, kLoggedBatch, kUnloggedBatch };

// One command for the tablet of `table` that holds `token`. `request`, `deadline` and `epoch` are the
// caller's to fill.
struct TabletCommand {
  Uuid table;
  Token token;
  Command command;
};

struct WriteExecution {
  WriteKind kind = WriteKind::kPlain;
  // At most one a tablet: what goes to the same tablet is merged, so that it happens as one. Empty: nothing
  // to do.
  std::vector<TabletCommand> commands;
  std::vector<std::string> warnings;
  std::vector<std::string> warnings_if_applied;  // where it is conditional
  // One of each plan whose condition was asked, in the order of Command::conditions. Empty for unconditional
  // writes.
  struct ConditionalPlan;
  std::shared_ptr<const ConditionalPlan> conditional;

  // REQUIRES: one outcome a command, in order, all of kind kDone, kConditionFailed or kInvalid (the rest mean
  // that the command was not decided: retry or fail). Gives the [applied] rows of a conditional write,
  // nullopt for others.
  Result<std::optional<ResultSet>> finish(std::span<const Outcome> outcomes) const;
  // REQUIRES: as above. Every condition held, or there was none.
  static bool applied(std::span<const Outcome> outcomes);
};

// ---- reads ----

// One read of the tablet of `table` that holds `token`. `epoch` is the caller's to fill.
struct TabletRead {
  size_t index = 0;  // feed() wants it back; of those under way no two have the same
  Uuid table;
  Token token;
  std::shared_ptr<ReadRequest> request;
};

// What Cassandra warns of: a read in its words, the token of the partition that it looked at last, and what
// it has found.
struct CountedRead {
  std::string query;
  Token token;
  uint64_t rows = 0, tombstones = 0;
};

class ReadExecution {
 public:
  explicit ReadExecution(std::unique_ptr<ReadCursor> cursor);
  ReadExecution(ReadExecution&&) noexcept;
  ReadExecution& operator=(ReadExecution&&) noexcept;
  ~ReadExecution();

  // A read to issue now; none while those under way must answer first, and once done. After begin() and after
  // each feed() call until there is none.
  std::optional<TabletRead> next();
  // The answer to the read of that index; answers may come in any order.
  Result<void> feed(size_t index, ReadResult result);
  bool done() const;
  // REQUIRES: done(). ResultSet::paging_state is unsigned: sign it before it leaves, check it before begin().
  Result<ResultSet> take();
  // What the tablets' answers so far came from, of several partitions in the one that has most.
  uint64_t tombstones() const;
  // Of each partition that is named, or of the whole scan, if there are more than `tombstones`.
  std::vector<CountedRead> reads_beyond(uint64_t tombstones) const;
  // Why the client should be warned ("Aggregation query used without partition key").
  const std::vector<std::string>& warnings() const;
  bool several_partitions() const;  // IN names more than one, and not a page at a time

 private:
  std::unique_ptr<ReadCursor> cursor_;
};

// One row of a table that lives in no tablet: a value or null for each of Table::columns, in their order.
using LocalRow = std::vector<std::optional<Bytes>>;

// SELECT on a system table. Restrictions, selection and limits are applied to `rows`; they come unfiltered, a
// partition's rows together and in order, the same for every page.
struct LocalRead {
  TablePtr table;
  std::unique_ptr<ReadCursor> cursor;

  LocalRead(TablePtr table, std::unique_ptr<ReadCursor> cursor);
  LocalRead(LocalRead&&) noexcept;
  LocalRead& operator=(LocalRead&&) noexcept;
  ~LocalRead();
  Result<ResultSet> finish(std::span<const LocalRow> rows);
};

// DELETE and TRUNCATE on a system table that clients may clear (may_be_cleared()): what goes is said as to a
// tablet.
struct LocalDelete {
  TablePtr table;
  std::vector<Command> commands;
};

// ---- the rest ----

struct SchemaExecution {  // CREATE, ALTER, DROP of what the schema holds
  StatementPtr statement;
  std::string keyspace;  // the session's
};
struct DescribeExecution {
  StatementPtr statement;
  std::string keyspace;
  std::optional<int32_t> page_size;
  std::optional<Bytes> paging_state;
};
struct UseExecution {
  std::string keyspace;  // exists
};
struct TruncateExecution {
  TablePtr table;
};

using Execution = std::variant<WriteExecution, ReadExecution, LocalRead, LocalDelete, SchemaExecution,
                               DescribeExecution, UseExecution, TruncateExecution>;

// ---- statements ----

enum class StatementKind : uint8_t {
  kSelect,
  kLocalSelect,
  kInsert,
  kUpdate,
  kDelete,
  kBatch,
  kTruncate,
  kUse,
  kDescribe,
  kSchema
};

// What is known of a statement before any value is.
struct PreparedInfo {
  StatementKind kind = StatementKind::kSelect;
  Bytes id;  // 16 bytes: MD5 of keyspace (none if qualified) and text, as Cassandra's: equal on all nodes
  std::string text;
  std::string keyspace;        // the session's when it was prepared
  std::string table_keyspace;  // of the (first) table it is about; empty if none
  std::string table_name;
  // Every table the plan was made for, with its version then.
  std::vector<std::pair<Uuid, uint32_t>> tables;
  ColumnSpecsPtr bind_variables;  // never null
  std::vector<uint16_t>
      partition_key_indexes;      // the marker of each partition key column; empty: not all are markers
  ColumnSpecsPtr result_columns;  // null: gives no rows (of a conditional write: they depend on the outcome)
  Bytes result_metadata_id;       // 16 bytes
  bool qualified = false;         // every table is named with its keyspace: the session's doesn't matter
  bool conditional = false;       // LWT
  bool counter = false;

  bool is_read() const { return kind == StatementKind::kSelect || kind == StatementKind::kLocalSelect; }
  bool is_write() const { return kind >= StatementKind::kInsert && kind <= StatementKind::kBatch; }
  bool is_schema() const { return kind == StatementKind::kSchema; }
};

class Prepared {
 public:
  virtual ~Prepared() = default;
  const PreparedInfo& info() const { return info_; }

 protected:
  friend Result<PreparedPtr> prepare(std::string_view, const std::string&, const CatalogPtr&, const Dialect&);
  friend Result<Execution> begin(const PreparedPtr&, const ExecuteOptions&, const CatalogPtr&);
  virtual Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const = 0;
  PreparedInfo info_;
};

// The id that prepare() will give, to look in a cache first; without the keyspace for what is qualified.
Bytes prepared_id(std::string_view text, std::string_view keyspace);

// Errors: kSyntax, kInvalid, kUnauthorized with Cassandra's sentences. `keyspace` is the session's, empty if
// none.
Result<PreparedPtr> prepare(std::string_view text, const std::string& keyspace, const CatalogPtr& catalog,
                            const Dialect& dialect);

// Whether a client that knows `a` can use `b` in its place: the same markers and result columns.
bool same_metadata(const PreparedInfo& a, const PreparedInfo& b);

// False once a table of the statement was altered, dropped or made anew: prepare it again.
bool is_current(const Prepared& statement, const Catalog& catalog);
// Whether Cassandra would still know it: what only gives a table other options changes nothing, but for those
// that say how long values and tombstones live.
bool is_still_known(const Prepared& statement, const Catalog& catalog);

// Errors: kInvalid for values that don't fit, kStale if !is_current(), kProtocol for a page state that isn't
// one.
Result<Execution> begin(const PreparedPtr& statement, const ExecuteOptions& options,
                        const CatalogPtr& catalog);

// A BATCH message. `values` of the options are not used: each statement has its own, positional.
struct BatchItem {
  PreparedPtr statement;
  std::span<const Value> values;
};
Result<Execution> begin_batch(BatchKind kind, std::span<const BatchItem> items, const ExecuteOptions& options,
                              const CatalogPtr& catalog);

}  // namespace keyzone::cql
