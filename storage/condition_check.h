// IF: whether a command's conditions hold on what is stored, and what it finds there.
#pragma once
#include <deque>

#include "storage/replica.h"

namespace keyzone::storage {

class ConditionCheck {
 public:
  // Both outlive it; the replica must not change while it lives. `now` decides what has expired.
  ConditionCheck(const Replica& replica, const Command& command, Seconds now)
      : replica_(replica), command_(command), now_(now) {}

  // True: all conditions hold. Errors: kInvalid (a comparison that makes no sense), kIo, kCorrupt.
  Result<bool> run();
  // The greatest stamp of all that run() looked at; at least kNoTimestamp.
  Timestamp newest_read() const { return newest_read_; }
  // The rows that run() looked at, showing Command::condition_columns. REQUIRES: run() succeeded.
  Result<ReadResult> current();

 private:
  struct Seen {
    StoredRow stored;
    Sight sight;
    bool live = false;
  };
  Result<void> look(const RowCondition& condition, bool is_static, Seen& out);
  Result<bool> holds(const Condition& condition, const Seen& seen) const;

  const Replica& replica_;
  const Command& command_;
  Seconds now_;
  Timestamp newest_read_ = kNoTimestamp;
  std::deque<Seen> rows_;  // never moved: views point into them
};

}  // namespace keyzone::storage
