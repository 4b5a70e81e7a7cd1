// The batch log: logged batches that are not known to be applied everywhere yet, kept as rows of a table of
// its own that clients don't see, replicated like any other.
#pragma once
#include <vector>

#include "cql/execute/api.h"
#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/read.h"

namespace keyzone::actors {

inline constexpr char kBatchLogTable[] = "batches";
inline constexpr size_t kBatchLogTablets = 3;
// microseconds after which someone else finishes a batch
inline constexpr Timestamp kBatchOverdue = 10'000'000;

// What makes the batch log exist: its table, for a catalog that lacks it.
Table batch_log_table();
// The table in the catalog; nullptr while there is none.
TablePtr batch_log(const Catalog& catalog);

struct BatchCommand {
  Uuid table;
  Token token;
  Command command;
};
struct BatchEntry {
  Uuid id;
  Timestamp written_at = 0;
  std::vector<BatchCommand> commands;
};

// Gives all commands of a batch one stamp, where the client gave none, and its mark, and makes the entry of
// them: whoever applies them, and however often, ends in the same state.
BatchEntry make_entry(const Uuid& id, Timestamp stamp, const BatchMark& mark,
                      std::vector<cql::TabletCommand>& commands);
// The commands that put an entry into the log and take it out.
cql::TabletCommand put_entry(const Table& log, const BatchEntry& entry);
cql::TabletCommand delete_entry(const Table& log, const Uuid& id, Timestamp stamp);
// Everything in one tablet of the log.
ReadRequest read_entries(const Table& log, const Tablet& tablet);
Result<std::vector<BatchEntry>> parse_entries(const ReadResult& rows);

}  // namespace keyzone::actors
