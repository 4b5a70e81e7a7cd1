// IF: whether a command's conditions hold on what is stored, and what it finds there.
#pragma once
#include <deque>

#include "storage/replica.h"

namespace keyzone::storage {

class ConditionCheck {
 public:
  // Both outlive it; the replica must not change while it lives. `now` decides what has expired, where the
  // command doesn't say what time it is. REQUIRES: the command has conditions, which all say the same time or
  // none.
  ConditionCheck(const Replica& replica, const Command& command, Seconds now)
      : replica_(replica), command_(command), now_(command.conditions.front().now.value_or(now)) {}

  // True: all conditions hold. Errors: kInvalid (a comparison that makes no sense), kIo, kCorrupt.
  Result<bool> run();
  // The greatest stamp of all that run() looked at; at least kNoTimestamp.
  Timestamp newest_read() const { return newest_read_; }
  // The rows that run() looked at, in its order, showing Command::condition_columns; where it looked at
  // statics alone, the first row of their partition, as Cassandra has it. A partition counts as having
  // statics if one of those columns has a value. REQUIRES: run() succeeded.
  Result<ReadResult> current();

 private:
  struct Seen {
    Bytes key;
    StoredRow stored;
    Sight sight;
    bool live = false;
  };
  Result<void> look(const RowCondition& condition, bool is_static, Seen& out);
  // What is to be shown of a row may be more than its conditions were about.
  Result<void> look_at_all_shown(Seen& seen) const;
  bool looks_into_column(const Condition& condition) const;
  Result<bool> holds(const Condition& condition, const Seen& seen) const;
  // Of the conditions from `begin` to `end`, which are about one partition.
  Result<void> show_partition(size_t begin, size_t end, Projection& projection, ReadResult& out);
  void show_row(BytesView clustering, const Seen& seen, Projection& projection, ReadResult& out) const;
  Result<void> show_first_row(BytesView partition_key, Projection& projection, ReadResult& out);
  bool writes_rows() const;
  bool shows_statics(const Seen& seen) const;

  const Replica& replica_;
  const Command& command_;
  Seconds now_;
  Timestamp newest_read_ = kNoTimestamp;
  std::deque<Seen> rows_;  // never moved: views point into them
};

}  // namespace keyzone::storage
