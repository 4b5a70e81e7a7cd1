// What a tablet last found out about the sizes of its partitions, so that those who ask often cost little.
#pragma once
#include <optional>

#include "storage/table.h"

namespace keyzone::actors {

class KeptEstimate {
 public:
  // Looked at anew if something was applied since, but not sooner than kLasts after the last look. `now`:
  // microseconds of any clock that doesn't go back. Errors: kIo, kCorrupt.
  Result<storage::Estimate> of(storage::TableReplica& replica, Timestamp now) {
    if (looked_at_ && (looked_at_ == replica.applied() || now < again_)) return kept_;
    KEYZONE_TRY(estimate, replica.estimate());
    kept_ = estimate;
    looked_at_ = replica.applied();
    again_ = now + kLasts;
    return kept_;
  }

 private:
  static constexpr Timestamp kLasts = 10'000'000;

  storage::Estimate kept_;
  std::optional<LogIndex> looked_at_;  // what was applied then
  Timestamp again_ = 0;
};

}  // namespace keyzone::actors
