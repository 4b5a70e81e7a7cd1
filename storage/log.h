// The log of one shard: entries and votes of all its Raft groups, one write and one fdatasync for all that
// has gathered. The bytes on disk are described in log_format.md.
//
// All methods are called by the shard's thread. What blocks is handed out as a LogWork, run elsewhere, and
// given back:
//
//   log.append(group, entries); log.set_hard_state(group, state);     // cheap: copies into a buffer
//   LogMark mark = log.staged();
//   if (auto work = log.begin_flush()) executor.run([w = work.get()] { w->run(); ...post back... });
//   ... log.finish(std::move(work)); when log.durable() >= mark, what was staged before it may be
//   acknowledged
//
// At most one flush and one maintenance are under way at a time; what is staged meanwhile goes with the next.
// Nothing is written unless the caller begins a flush.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "storage/file_system.h"

namespace keyzone::storage {

// A place in the order of staging. Grows with every staged record.
using LogMark = uint64_t;

struct LogEntry {
  LogIndex index;
  Term term;
  uint8_t kind = 0;  // the caller's; the log only keeps it
  Bytes data;
};

// The same, borrowed, for appending.
struct LogEntryView {
  LogIndex index;
  Term term;
  uint8_t kind = 0;
  BytesView data;
};

struct HardState {
  Term term;
  NodeId vote;      // 0: none in this term
  LogIndex commit;  // a hint; may lag
  bool operator==(const HardState&) const = default;
};

// Everything up to and with `index` is gone from the log; a snapshot or the store holds it.
struct TrimMark {
  LogIndex index;
  Term term;
  Bytes configuration;  // the group's membership as of `index`; the caller's
  bool operator==(const TrimMark&) const = default;
};

// How a group came out of recovery. A damaged group may neither vote nor acknowledge: something it once had
// synced is lost. What is known of the loss is in `damaged`; a group with `all_damaged` may have lost
// anything, votes included, and can only be rebuilt from its peers under a new identity.
struct GroupState {
  HardState hard;
  TrimMark trim;
  LogIndex first;                                      // trim.index + 1
  LogIndex last;                                       // first - 1 when there are no entries
  Bytes info;                                          // as given to create_group
  std::vector<std::pair<LogIndex, LogIndex>> damaged;  // runs of lost entries, both ends included
  bool vote_damaged = false;  // hard.term is known (or a later one), the vote in it is not: don't vote in it
  bool all_damaged = false;
  bool is_damaged() const { return all_damaged || vote_damaged || !damaged.empty(); }
};

struct LogOptions {
  uint64_t segment_bytes = 64u << 20;   // a multiple of 4 KiB; longer ones are made for what doesn't fit
  size_t entry_bytes_max = 48u << 20;   // of one entry; with what goes beside it, it fits a peer's frame
  size_t cache_bytes = 16u << 20;       // the newest bytes are kept in memory to be read back
  size_t staged_bytes_max = 16u << 20;  // past it append gives kOverloaded; at most a quarter of a segment
  uint32_t segments_reserved = 1;       // kept ready so that trimming goes on when the disk is full
};

struct LogStats {
  uint64_t segments_used = 0;    // holding live records
  uint64_t segments_ready = 0;   // zeroed or recycled, not in use
  uint64_t bytes_live = 0;       // of entries that are not trimmed
  uint64_t bytes_written = 0;    // since open, to disk
  uint64_t bytes_rewritten = 0;  // of these, by cleaning
  uint64_t flushes = 0;
  uint64_t records_damaged = 0;  // found since open
  bool anything_lost = false;    // open found damage that cannot be laid to groups by name
  bool full = false;             // no space for another segment: appends are refused until there is
};

// Blocking work of the log. run() may be called on any thread, once; then the log takes it back.
class LogWork {
 public:
  virtual ~LogWork() = default;
  virtual void run() = 0;
};

class Log {
 public:
  // Opens or creates the log in `folder` and recovers it: a torn tail is dropped silently, damage elsewhere
  // marks the groups concerned. Blocks. An error means the disk cannot be read at all.
  static Result<std::unique_ptr<Log>> open(FileSystem& files, const std::string& folder, LogOptions options);
  virtual ~Log() = default;

  // --- groups, as recovered and since changed (staged changes show at once)
  virtual std::vector<GroupId> groups() const = 0;  // in order
  virtual bool has_group(GroupId group) const = 0;
  virtual GroupState state(GroupId group) const = 0;  // REQUIRES: has_group(group)

  // --- staging. Each fails with kIo when the log has failed. REQUIRES: has_group(group), but for
  // create_group.
  virtual Result<void> create_group(GroupId group, BytesView info) = 0;
  virtual Result<void> remove_group(GroupId group) = 0;
  // Entries in order, without gaps; the first may lie anywhere in (trim.index, last + 1]: it and all after it
  // are replaced. Small ones are taken a little longer on a full disk. kNoSpace, kOverloaded, or kInvalid (an
  // entry over entry_bytes_max()): nothing was staged. kOverloaded passes with flushes, or, where all of
  // `entries` don't fit into one segment, with the maintenance that makes a longer one (wants_segment()).
  virtual Result<void> append(GroupId group, std::span<const LogEntryView> entries) = 0;
  // Puts back entries that were lost to damage (state().damaged), and leaves all others of `entries` as they
  // are.
  virtual Result<void> repair(GroupId group, std::span<const LogEntryView> entries) = 0;
  virtual Result<void> set_hard_state(GroupId group, const HardState& state) = 0;
  // Forgets entries up to `mark.index`. Entries after it stay. REQUIRES: mark.index >= trim.index
  virtual Result<void> trim(GroupId group, const TrimMark& mark) = 0;
  // Forgets all entries: a snapshot was installed, and the log goes on after it.
  virtual Result<void> restart_after(GroupId group, const TrimMark& mark) = 0;
  // The caller has made good what was lost other than by append, repair, trim or a vote in a later term.
  virtual Result<void> mark_repaired(GroupId group) = 0;
  // Small facts of the shard, by name; an empty value removes. Kept in memory: a few KiB in all.
  virtual Result<void> put_metadata(const std::string& name, BytesView value) = 0;
  virtual Bytes metadata(const std::string& name) const = 0;

  // --- reading what is staged or durable
  // Entries from..to (both included), as many as fit `bytes_max` but at least one. kCorrupt if one is damaged
  // (the group is marked), kInvalid outside [first, last]. Blocks on the disk unless is_cached().
  virtual Result<std::vector<LogEntry>> entries(GroupId group, LogIndex from, LogIndex to,
                                                size_t bytes_max) = 0;
  virtual bool is_cached(GroupId group, LogIndex from) const = 0;
  // Of the entry, or of the trim mark; kInvalid outside [trim.index, last].
  virtual Result<Term> term(GroupId group, LogIndex index) const = 0;

  // --- durability
  virtual LogMark staged() const = 0;   // everything staged so far has at most this mark
  virtual LogMark durable() const = 0;  // everything with at most this mark is synced
  virtual size_t staged_bytes() const = 0;
  // Null if nothing is staged, a flush is under way, or the last one found no space and maintenance hasn't
  // since.
  virtual std::unique_ptr<LogWork> begin_flush() = 0;
  // Segments made ready, old live entries rewritten, freed segments recycled. Null if there is nothing to do.
  // Call it after a flush and on a slow tick. What it stages goes with the next flush.
  virtual std::unique_ptr<LogWork> begin_maintenance() = 0;
  // An append has been refused for want of a longer segment, which maintenance can make now.
  virtual bool wants_segment() const = 0;
  // Takes back work that has run. An error of a flush is final: the log has failed, and the shard must stop.
  // An error of maintenance (a full disk, say) is only a report.
  virtual Result<void> finish(std::unique_ptr<LogWork> work) = 0;
  // Stages a record that proves the last flush was synced, so that damage to it can't pass for a torn tail.
  // Call it when the log has been idle for a while; does nothing if that is proven already.
  virtual void stage_confirmation() = 0;
  // begin_flush, run and finish in one, until nothing is staged. Blocks. For tests and tools, and at start.
  virtual Result<void> flush() = 0;

  virtual bool failed() const = 0;
  virtual size_t entry_bytes_max() const = 0;
  virtual LogStats stats() const = 0;
};

}  // namespace keyzone::storage
