// What a tablet's log holds: commands. A command carries everything that decides its effect, so that applying
// it is a pure function of the tablet's state and the command, equal on all replicas (DESIGN: tablets).
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/read.h"
#include "schema/result.h"

namespace keyzone {

enum class CellAction : uint8_t {
  kSet,            // a simple cell (scalar, frozen): `value`
  kDelete,         // a simple cell
  kPutElement,     // one cell of a non-frozen collection or user type: `path`, `value`
  kDeleteElement,  // `path`
  // every element of a non-frozen collection that is not newer. With `overwrite` it is stamped one
  kDeleteAll,
  // microsecond earlier, so that elements put by the same statement survive (as Cassandra does)
  kAddCounter,  // `value`: the delta, 8 bytes big-endian
  // `value`: wire form of a list; cells get paths above all earlier ones, derived from the stamp
  kListAppend,
  kListPrepend,
  kListSetIndex,  // `index`, `value`; reads the row when applied; out of range refuses the command
  kListDeleteIndex,
  kListDiscard,  // `value`: wire form of a list; removes every equal element
  kAddValue,     // a simple cell that has a value: `value` is added to it; nothing, if it has none
  // `index`; what setting it to null and to what is not set means: it is removed, or stays as it is, and out
  // of range refuses the command as kListSetIndex does
  kListClearIndex,
  kListTouchIndex,
};

// Paths are order-preserving: a set's element or a map's key in Type::append_ordered form, a user type's
// field number as 2 bytes big-endian, a list's position of 16 bytes, or 24 from a logged batch (made when
// applied).
struct CellWrite {
  ColumnId column;
  CellAction action = CellAction::kSet;
  bool overwrite = false;  // kDeleteAll only
  int32_t index = 0;       // kList…Index
  Bytes path;
  Bytes value;
  Bytes written{};  // kPutElement: a set's element or a map's key, where the path gives back other bytes
};

// Whether it is about an element of a list by its `index`.
bool has_index(CellAction action);

// Lists by index or value, and sums: what was there before the whole command decides what is written.
bool looks_back(CellAction action);

enum class RowAction : uint8_t {
  kUpsert,  // `clustering` or static, cells, and with `marker` the row's own liveness (INSERT)
  kDeleteRow,
  kDeleteRange,      // rows with `clustering` <= key < `clustering_end` (KeyRange semantics)
  kDeletePartition,  // rows and statics
};

struct RowWrite {
  RowAction action = RowAction::kUpsert;
  bool is_static = false;
  bool marker = false;
  Bytes clustering;      // all clustering columns in Type::append_ordered form, one after another
  Bytes clustering_end;  // kDeleteRange; empty: to the end of the partition
  std::vector<CellWrite> cells;
};

bool looks_back(const RowWrite& write);

// What one statement does to one partition.
struct Mutation {
  Bytes partition_key;  // as drivers hash it: the value, or u16 length + value + 0 for each of several
  Token token;
  Timestamp timestamp = kNoTimestamp;  // kNoTimestamp: the leader's stamp
  int32_t ttl = 0;                     // seconds; 0: none. The table's default is already in it
  // Seconds since 1970, where the writer says what time it is: `ttl` counts from then, and of what is looked
  // back at only that has expired which has by then. Else the leader's stamp.
  std::optional<int32_t> now;
  std::vector<RowWrite> rows;
};

enum class ConditionOperator : uint8_t {
  kExists,
  kNotExists,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kContains,
  kContainsKey
};

std::string_view to_string(ConditionOperator op);  // as in CQL

// One IF condition on one row. Operands are in wire form; nullopt is null.
struct Condition {
  ConditionOperator op = ConditionOperator::kEqual;
  ColumnId column;                             // not for kExists, kNotExists
  std::optional<Bytes> element;                // col[element] in wire form (list: 4-byte index), or
  std::optional<uint16_t> field;               // col.field of a user type
  std::vector<std::optional<Bytes>> operands;  // one, or several for kIn
};
struct RowCondition {
  Bytes partition_key;
  bool is_static = false;  // the statics of the partition alone
  Bytes clustering;
  std::vector<Condition> conditions;
  std::optional<int32_t> now{};  // as a mutation's: what has expired by then isn't there
};

// A step of the sweep through a tablet's rows: what expired or was deleted at least gc_grace_seconds before
// `now` goes. A pass begins with an empty `from` and keeps its `now`; each step's outcome says where the next
// one begins. Range and partition tombstones go last, so a pass that is given up midway forgets nothing too
// early.
struct Sweep {
  Timestamp now = 0;      // microseconds; not after the stamp of the pass's first command
  int32_t gc_grace = 0;   // seconds
  Bytes from;             // Outcome::resume of the step before
  uint32_t keys_max = 0;  // looked at in this step
};

// Of a command of a logged batch, which whoever finishes the batch may send again under another request id:
// list positions, expiries and the age of tombstones come from it instead of the leader's stamp, so that
// applying it twice, with every mutation's timestamp set, ends where applying it once does. (List elements
// named by index or value have been looked up before: ReadRequest::look_up.)
struct BatchMark {
  Timestamp stamp = 0;
  uint64_t nonce = 0;  // drawn: no other batch that appends to the same list in the same microsecond has it
  bool operator==(const BatchMark&) const = default;
};

struct Command {
  RequestId request;
  Timestamp deadline = 0;  // refused when the leader's stamp has passed it; 0: none
  Uuid table;
  uint32_t schema_version = 0;  // Table::version it was planned on
  Epoch epoch;
  std::vector<Mutation> mutations;
  std::vector<RowCondition> conditions;     // all must hold, else nothing is written
  std::vector<ColumnId> condition_columns;  // what a refused condition shows; empty: none asked
  bool truncate = false;                    // drop every row of the tablet
  std::optional<BatchMark> batch;
  std::optional<Sweep> sweep;  // alone in its command; planned on no schema version
};

bool looks_back(const Command& command);

enum class OutcomeKind : uint8_t {
  kDone,             // applied; a conditional one: conditions held
  kConditionFailed,  // nothing written; `current` has the rows as ReadResult
  kStale,            // planned on another schema version or epoch: plan again
  kExpired,          // came past its deadline: surely not applied
  kInvalid,          // `message`: e.g. a list index out of range; nothing written
  kNoSpace,
};
struct Outcome {
  OutcomeKind kind = OutcomeKind::kDone;
  std::string message;
  // rows that the conditions looked at, in their order; rows that don't exist are left out
  ReadResult current;
  Bytes resume;  // of a sweep: where the next step begins; empty: the pass is done
};

// Cap'n Proto (schema/command.capnp). Errors of decoding: kCorrupt.
Bytes encode_command(const Command& command);
Result<Command> decode_command(BytesView bytes);
// Takes the place of what `into` held, and uses its memory again. After an error nothing of it counts.
Result<void> decode_command(BytesView bytes, Command& into);
Bytes encode_outcome(const Outcome& outcome);
Result<Outcome> decode_outcome(BytesView bytes);

}  // namespace keyzone
