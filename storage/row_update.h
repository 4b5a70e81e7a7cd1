// From what a statement does to a row to the row that is merged into the stored one.
#pragma once
#include <algorithm>
#include <deque>
#include <optional>

#include "schema/command.h"
#include "schema/time_units.h"
#include "storage/row.h"
#include "storage/row_output.h"

namespace keyzone::storage {

struct UpdateContext {
  Timestamp stamp = 0;            // what the cells are stamped with
  Timestamp leader_stamp = 0;     // unlike any other command's
  Timestamp made_stamp = 0;       // list positions, expiries and the age of tombstones are made from it
  std::optional<uint64_t> nonce;  // of a batch: part of its list positions
  int32_t ttl = 0;
  std::optional<int32_t> said_now;  // by the writer, in seconds since 1970
  uint32_t ordinal = 0;             // of the row write within its command
  // What a conditional command writes outlives the ranges and partitions that it deletes, as in Cassandra.
  bool conditional = false;
  // Of one mutation of the command.
  UpdateContext of(const Mutation& mutation) const {
    UpdateContext out = *this;
    if (mutation.timestamp != kNoTimestamp) out.stamp = mutation.timestamp;
    out.ttl = mutation.ttl;
    out.said_now = mutation.now;
    return out;
  }
  Seconds now() const { return seconds_of(leader_stamp); }
  Seconds made() const { return seconds_of(made_stamp); }
  // When it is for the writer: decides what of the stored row it sees.
  Seconds seen_at() const { return said_now ? Seconds{*said_now} : now(); }
  Seconds expiry() const {
    return ttl ? std::min<Seconds>((said_now ? Seconds{*said_now} : made()) + ttl, kExpiryMax) : 0;
  }
};

// Of a command that its leader stamped.
UpdateContext context_of(const Command& command, Timestamp leader_stamp);

// What looks back, counters, and clustering values that may have been written otherwise before: what is
// stored decides what is written.
bool needs_stored(const RowWrite& write, const ColumnIndex& columns);
// Sets every column that the table has or may have again, so that nothing older can show through.
bool is_complete(const RowWrite& write, const Row& update, const ColumnIndex& columns);

// Fills `update`, normal; its views point into `write` and `arena` alone. `stored` is what is there (empty if
// nothing is), of which `sight` says what lives; a counter's old cell is taken out of it, since the new one
// replaces it whatever the stamps. Errors: kInvalid, with Cassandra's sentences.
Result<void> build_update(const RowWrite& write, const UpdateContext& context, const ColumnIndex& columns,
                          const Sight& sight, Row& stored, Row& update, std::deque<Bytes>& arena);

}  // namespace keyzone::storage
