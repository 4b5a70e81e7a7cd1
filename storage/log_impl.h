// Log on segments: see log.h for the contract and log_format.h for the bytes.
//
// What must hold:
// - Flushes are numbered; flush n is begun only after the flush before it was synced.
// - A segment's file is used again only when a synced frame says that the segment is not needed, and that is
// said
//   only when everything that made it so (trims, rewritten entries) is synced itself.
// - `durable_ <= staged_`; places in segments_ without a file are in memory.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "storage/log.h"
#include "storage/log_files.h"
#include "storage/log_group.h"
#include "storage/log_recovery.h"

namespace keyzone::storage {

struct LogSegment {
  SegmentFile file;          // none before its first flush, but for longer ones
  uint64_t bytes = 0;        // that it takes
  uint64_t first_flush = 0;  // the oldest and the newest with a frame in it; 0: none yet
  uint64_t last_flush = 0;
  uint64_t live_bytes = 0;  // of records of entries that are still needed
  uint64_t live_entries = 0;
};

// A frame as it goes, or went, to disk.
struct LogFrame {
  uint64_t sequence = 0;
  uint32_t base = 0;
  uint64_t flush = 0;
  std::shared_ptr<const Bytes> bytes;
};

class LogImpl : public Log {
 public:
  LogImpl(FileSystem& files, const std::string& folder, const LogOptions& options);
  Result<void> recover();

  std::vector<GroupId> groups() const override;
  bool has_group(GroupId group) const override { return groups_.count(group) > 0; }
  GroupState state(GroupId group) const override;

  Result<void> create_group(GroupId group, BytesView info) override;
  Result<void> remove_group(GroupId group) override;
  Result<void> append(GroupId group, std::span<const LogEntryView> entries) override;
  Result<void> repair(GroupId group, std::span<const LogEntryView> entries) override;
  Result<void> set_hard_state(GroupId group, const HardState& state) override;
  Result<void> trim(GroupId group, const TrimMark& mark) override;
  Result<void> restart_after(GroupId group, const TrimMark& mark) override;
  Result<void> mark_repaired(GroupId group) override;
  Result<void> put_metadata(const std::string& name, BytesView value) override;
  Bytes metadata(const std::string& name) const override;

  Result<std::vector<LogEntry>> entries(GroupId group, LogIndex from, LogIndex to, size_t bytes_max) override;
  bool is_cached(GroupId group, LogIndex from) const override;
  Result<Term> term(GroupId group, LogIndex index) const override;

  LogMark staged() const override { return staged_; }
  LogMark durable() const override { return durable_; }
  size_t staged_bytes() const override;
  std::unique_ptr<LogWork> begin_flush() override;
  std::unique_ptr<LogWork> begin_maintenance() override;
  bool wants_segment() const override { return large_wanted_ > 0 && !full_; }
  Result<void> finish(std::unique_ptr<LogWork> work) override;
  void stage_confirmation() override;
  Result<void> flush() override;

  bool failed() const override { return failed_; }
  size_t entry_bytes_max() const override { return options_.entry_bytes_max; }
  LogStats stats() const override;

 private:
  class FlushWork;
  class PrepareWork;
  class ShrinkWork;
  class CleanWork;
  struct LiveEntry {
    GroupId group;
    uint64_t index;
    Place place;
  };

  Result<void> stageable() const;
  // Makes sure that so much can be staged, and that the next flush finds files for it.
  Result<void> make_room(size_t count, size_t bytes);
  Result<void> make_room(std::span<const LogEntryView> entries);
  bool fits_here(size_t count, size_t bytes) const;     // behind what is staged
  bool fits_segment(size_t count, size_t bytes) const;  // a new one, of the usual size
  bool fits_large(size_t count, size_t bytes);          // notes what is wanted if it doesn't
  bool has_new_segment() const;
  bool roll_to_large(size_t count, size_t bytes);  // false: not yet
  GroupLog& group(GroupId id);
  const GroupLog& group(GroupId id) const;

  // Staging of records; each gives where the record lies.
  uint32_t stage(const RecordHeader& header, BytesView payload);
  uint64_t stage_twice(const RecordHeader& header, BytesView payload);  // gives the first one's segment
  void roll(const SegmentFile& large = {});  // to a new segment: a usual one, or in that file
  uint64_t room() const;                     // left in the segment for the frame being staged
  void start_frame(uint64_t sequence, uint32_t base);
  Place stage_entry(RecordKind kind, GroupId id, const LogEntryView& entry);
  void stage_group_state(GroupId id, GroupLog& log);
  void stage_lost(GroupId id, uint64_t index, uint64_t term);
  void apply_trim(GroupId id, GroupLog& log, const TrimMark& mark, RecordKind kind);

  // Which segment holds how much that is needed.
  void add_live(const Place& place);
  void drop_live(const Place& place);
  void drop_front(GroupLog& log, uint64_t up_to);
  void drop_back(GroupLog& log, uint64_t from);

  // Reading.
  struct Window;                                  // bytes of a segment read ahead
  BytesView in_memory(const Place& place) const;  // from the record's first byte on; empty if not in memory
  Result<LogEntry> read_entry(GroupId id, uint64_t index, Window& window);
  void mark_lost(GroupId id, uint64_t index);

  // Flushing.
  void close_frames();
  Result<void> finish_flush(FlushWork& work);
  void cache_frame(LogFrame frame);
  void evict();

  // Maintenance.
  void find_dead_segments();
  void recycle();
  void keep(const SegmentFile& file);  // that no segment needs any more
  bool is_needed(uint64_t sequence) const;
  bool wants_cleaning() const;
  std::unique_ptr<LogWork> begin_cleaning();
  std::unique_ptr<LogWork> make_large();
  std::unique_ptr<LogWork> begin_shrinking();
  Result<void> finish_prepare(PrepareWork& work);
  Result<void> finish_cleaning(CleanWork& work);
  void rewrite_state(uint64_t sequence);
  std::vector<LiveEntry> live_entries(uint64_t sequence) const;

  LogOptions options_;
  std::shared_ptr<SegmentFiles> files_;
  std::map<GroupId, GroupLog> groups_;
  std::map<std::string, Metadata> metadata_;
  std::map<uint64_t, LogSegment> segments_;  // in use, by sequence; the last one is being written
  std::vector<SegmentFile> ready_;           // zeroed or recycled, of the usual size
  std::optional<SegmentFile> large_;         // the same, for what is too long for those
  uint64_t large_wanted_ = 0;                // how long that was
  std::vector<SegmentFile> surplus_;         // to be removed

  FrameBuilder frame_;                // being staged
  std::vector<FrameBuilder> closed_;  // earlier parts of the same flush
  std::vector<LogFrame> unwritten_;   // of the flush to come; kept for another try if the disk is full
  LogMark unwritten_mark_ = 0;
  bool unwritten_empty_ = false;
  uint64_t next_sequence_ = 1;
  uint64_t next_flush_ = 1;
  uint64_t last_flush_ = 0;    // on the chain: the next frame's previous_flush
  uint64_t oldest_flush_ = 1;  // as the next frame will say
  uint64_t oldest_sequence_ = 1;
  uint64_t durable_oldest_ = 1;       // as synced frames say
  std::map<uint64_t, LogMark> dead_;  // segments not needed, and what must be durable before that is said

  std::deque<LogFrame> cache_;  // the newest frames, in the order of their places
  size_t cached_bytes_ = 0;

  LogMark staged_ = 0;
  LogMark durable_ = 0;
  uint64_t twin_ = 0;  // numbers metadata records, so that each is told from others
  uint64_t durable_flush_ = 0;
  bool flushing_ = false;
  bool maintaining_ = false;
  bool failed_ = false;
  bool full_ = false;
  bool confirmed_ = true;
  bool empty_due_ = false;  // a frame is due even if nothing is staged, for what its header says
  uint32_t clean_failures_ = 0;
  LogStats stats_;
};

}  // namespace keyzone::storage
