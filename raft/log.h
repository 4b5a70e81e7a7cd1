// The log as the core sees it: recent entries in memory, older ones through a LogReader.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "raft/types.h"

namespace keyzone::raft {

// Reads back what was persisted; given by the caller. Called only for indexes between the start of the log
// and the newest that persisted() reported.
class LogReader {
 public:
  virtual ~LogReader() = default;
  // None: not there or not readable; the peer that needs it gets a snapshot.
  virtual std::optional<Term> term_at(LogIndex index) = 0;
  // Entries first..last, or fewer from `first` on so that their size() stays within `bytes_max`; at least
  // one.
  virtual Result<std::vector<Entry>> entries(LogIndex first, LogIndex last, size_t bytes_max) = 0;
};

// Invariants: start <= persisted <= last; the cache is a suffix of the log and has all above persisted.
class Log {
 public:
  Log(LogReader& reader, LogIndex start, Term start_term, LogIndex last);

  LogIndex start_index() const { return start_; }  // the log begins after it
  Term start_term() const { return start_term_; }
  LogIndex last_index() const { return LogIndex(cache_first_.value + cache_.size() - 1); }
  Term last_term() const;
  LogIndex persisted() const { return persisted_; }
  // The term at start, or of an entry. None: outside the log, or not readable.
  std::optional<Term> term_at(LogIndex index) const;
  bool matches(LogIndex index, Term term) const { return term_at(index) == term; }
  // The candidate's log is at least as new as this one (Raft paper, 5.4.1).
  bool is_up_to_date(LogIndex last, Term last_term) const;
  // The highest index <= `index` whose term is <= `term`: where two logs may still agree.
  LogIndex agreement(LogIndex index, Term term) const;

  // REQUIRES: start < first <= last <= last_index()
  Result<std::vector<Entry>> entries(LogIndex first, LogIndex last, size_t bytes_max) const;

  // REQUIRES: entry.index is the next one
  void append(Entry entry);
  // Removes everything from `from` on. REQUIRES: start < from
  void truncate(LogIndex from);
  // Everything is replaced by a snapshot.
  void reset(LogIndex start, Term start_term);
  // The log now begins after `start`. REQUIRES: start_index() <= start <= persisted()
  void compact(LogIndex start, Term start_term);

  void set_persisted(LogIndex index);
  // Drops the oldest cached entries up to `until` while more than `bytes_max` are cached.
  void shrink(LogIndex until, size_t bytes_max);

 private:
  LogReader& reader_;
  LogIndex start_;
  Term start_term_;
  LogIndex persisted_;
  LogIndex cache_first_;  // index of cache_.front(), or of the next entry
  std::deque<Entry> cache_;
  size_t cache_bytes_ = 0;
};

}  // namespace keyzone::raft
