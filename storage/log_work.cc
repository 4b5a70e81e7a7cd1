// The blocking half of the log: flushes and maintenance, begun and finished on the shard, run elsewhere.
#include <algorithm>
#include <optional>
#include <set>

#include "storage/log_impl.h"

namespace keyzone::storage {

namespace {

constexpr size_t kCleanBytes = 1 << 20;  // rewritten at a time
constexpr uint32_t kCleanTriesMax = 3;   // before an entry that cannot be read counts as lost
constexpr size_t kSegmentsSlack = 2;     // in use beyond twice what is live, before cleaning begins

}  // namespace

// Writes the frames of one flush and syncs them.
class LogImpl::FlushWork : public LogWork {
 public:
  void run() override { result = write(); }

  std::shared_ptr<SegmentFiles> files;
  std::vector<LogFrame> frames;
  std::vector<SegmentFile> targets;  // one a frame; without a file: to be made, of the usual size
  uint64_t segment_bytes = 0;
  LogMark mark = 0;
  uint64_t oldest_sequence = 0;
  bool empty = false;
  bool postponed = false;  // no space for another file; nothing was written
  Result<void> result;

 private:
  Result<void> write() {
    for (SegmentFile& target : targets) {
      if (target.file) continue;
      auto made = files->create(segment_bytes);
      if (!made) {
        postponed = made.error().kind == ErrorKind::kNoSpace;
        return made.error();
      }
      target = *std::move(made);
    }
    for (size_t i = 0; i < frames.size(); ++i) {
      KEYZONE_CHECK(targets[i].file->write(frames[i].base, *frames[i].bytes));
    }
    for (size_t i = 0; i < frames.size(); ++i) {
      const bool same_as_next = i + 1 < frames.size() && targets[i].file == targets[i + 1].file;
      if (!same_as_next) KEYZONE_CHECK(targets[i].file->sync());
    }
    return {};
  }
};

class LogImpl::PrepareWork : public LogWork {
 public:
  PrepareWork(std::shared_ptr<SegmentFiles> segment_files, uint64_t file_bytes)
      : files(std::move(segment_files)), bytes(file_bytes) {}
  void run() override { made = files->create(bytes); }

  std::shared_ptr<SegmentFiles> files;
  uint64_t bytes;
  Result<SegmentFile> made = SegmentFile{};
};

class LogImpl::ShrinkWork : public LogWork {
 public:
  ShrinkWork(std::shared_ptr<SegmentFiles> segment_files, uint32_t file)
      : files(std::move(segment_files)), number(file) {}
  void run() override { result = files->remove(number); }

  std::shared_ptr<SegmentFiles> files;
  uint32_t number;
  Result<void> result;
};

// Reads live entries of the oldest segment, so that they can be staged again.
class LogImpl::CleanWork : public LogWork {
 public:
  struct Read {
    std::optional<LogEntry> entry;  // empty: damaged, or not readable
    bool io_error = false;
  };

  void run() override {
    for (const LiveEntry& live : wanted) reads.push_back(read(live));
  }

  std::shared_ptr<File> file;
  std::vector<LiveEntry> wanted;
  std::vector<Read> reads;

 private:
  Read read(const LiveEntry& live) const {
    if (live.place.lost()) return {};
    Bytes bytes(live.place.bytes(), '\0');
    const auto got = file->read(live.place.offset, bytes.size(), bytes.data());
    if (!got) return {std::nullopt, true};
    bytes.resize(*got);
    BytesView payload;
    const auto record = load_record(bytes, 0, live.place.sequence, live.place.offset, &payload);
    if (!record || record->group != live.group.value || record->index != live.index) return {};
    return {LogEntry{LogIndex(live.index), Term(record->term), record->entry_kind, Bytes(payload)}, false};
  }
};

// --- flushing

void LogImpl::close_frames() {
  if (!fits_here(0, 0)) roll();
  const bool empty = closed_.empty() && frame_.empty();
  if (empty || !frame_.empty()) closed_.push_back(std::move(frame_));
  FrameHeader header;
  header.flush = next_flush_++;
  header.previous_flush = last_flush_;
  header.oldest_flush = oldest_flush_;
  header.oldest_sequence = oldest_sequence_;
  for (size_t i = 0; i < closed_.size(); ++i) {
    FrameBuilder& part = closed_[i];
    header.part = static_cast<uint16_t>(i);
    header.last_part = i + 1 == closed_.size() ? 1 : 0;
    LogFrame frame{part.sequence(), part.base(), header.flush, nullptr};
    frame.bytes = std::make_shared<const Bytes>(part.finish(header));
    LogSegment& segment = segments_[frame.sequence];
    if (segment.first_flush == 0) segment.first_flush = header.flush;
    segment.last_flush = header.flush;
    cache_frame(frame);
    unwritten_.push_back(std::move(frame));
  }
  last_flush_ = header.flush;
  unwritten_mark_ = staged_;
  unwritten_empty_ = empty;
  const LogFrame& last = unwritten_.back();
  const size_t end = last.base + last.bytes->size();
  closed_.clear();
  if (frame_.sequence() == last.sequence) start_frame(last.sequence, static_cast<uint32_t>(end));
}

void LogImpl::cache_frame(LogFrame frame) {
  cached_bytes_ += frame.bytes->size();
  cache_.push_back(std::move(frame));
  evict();
}

void LogImpl::evict() {
  while (cached_bytes_ > options_.cache_bytes && !cache_.empty() && cache_.front().flush <= durable_flush_) {
    cached_bytes_ -= cache_.front().bytes->size();
    cache_.pop_front();
  }
}

std::unique_ptr<LogWork> LogImpl::begin_flush() {
  if (failed_ || flushing_) return nullptr;
  if (!unwritten_.empty() && ready_.empty()) return nullptr;  // until maintenance has found space
  if (unwritten_.empty()) {
    if (staged_ == durable_ && !empty_due_) return nullptr;
    close_frames();
    empty_due_ = false;
  }
  auto work = std::make_unique<FlushWork>();
  work->files = files_;
  work->segment_bytes = options_.segment_bytes;
  work->frames = std::move(unwritten_);
  unwritten_.clear();
  work->mark = unwritten_mark_;
  work->empty = unwritten_empty_;
  work->oldest_sequence = oldest_sequence_;
  for (const LogFrame& frame : work->frames) {
    LogSegment& segment = segments_[frame.sequence];
    if (!segment.file.file && !ready_.empty()) {
      segment.file = ready_.back();
      ready_.pop_back();
    }
    work->targets.push_back(segment.file);
  }
  flushing_ = true;
  return work;
}

Result<void> LogImpl::finish_flush(FlushWork& work) {
  flushing_ = false;
  for (size_t i = 0; i < work.frames.size(); ++i) segments_[work.frames[i].sequence].file = work.targets[i];
  if (work.postponed) {
    full_ = true;
    unwritten_ = std::move(work.frames);
    return {};
  }
  if (!work.result) {
    failed_ = true;
    return Error{ErrorKind::kIo, "the log has failed: " + work.result.error().message};
  }
  durable_ = work.mark;
  durable_flush_ = work.frames.back().flush;
  durable_oldest_ = std::max(durable_oldest_, work.oldest_sequence);
  confirmed_ = work.empty;
  ++stats_.flushes;
  for (const LogFrame& frame : work.frames) stats_.bytes_written += frame.bytes->size();
  evict();
  recycle();
  find_dead_segments();
  return {};
}

void LogImpl::stage_confirmation() {
  if (!confirmed_ && staged_ == durable_ && !flushing_) empty_due_ = true;
}

Result<void> LogImpl::flush() {
  while (auto work = begin_flush()) {
    work->run();
    KEYZONE_CHECK(finish(std::move(work)));
  }
  if (!unwritten_.empty()) return Error{ErrorKind::kNoSpace, "log: no space left on device"};
  return stageable();
}

// --- maintenance

bool LogImpl::is_needed(uint64_t sequence) const {
  if (segments_.at(sequence).live_entries > 0) return true;
  for (const auto& [id, log] : groups_) {
    if (log.needs(sequence)) return true;
  }
  for (const auto& [name, metadata] : metadata_) {
    if (metadata.sequence == sequence) return true;
  }
  return false;
}

// Segments are given up from the oldest on. A segment that is not needed as far as memory goes may be needed
// after a crash, until what made it so is synced.
void LogImpl::find_dead_segments() {
  const uint64_t before = oldest_sequence_;
  for (auto at = segments_.begin(); at != segments_.end(); ++at) {
    const auto next = std::next(at);
    if (next == segments_.end() || next->second.first_flush == 0 || next->second.first_flush > durable_flush_)
      break;
    if (is_needed(at->first)) break;
    const LogMark mark = dead_.try_emplace(at->first, staged_).first->second;
    if (durable_ < mark) break;
    oldest_sequence_ = std::max(oldest_sequence_, next->first);
    oldest_flush_ = std::max(oldest_flush_, next->second.first_flush);
  }
  if (oldest_sequence_ > before) empty_due_ = true;
}

void LogImpl::recycle() {
  while (!segments_.empty() && segments_.begin()->first < durable_oldest_) {
    const auto oldest = segments_.begin();
    if (oldest->second.file.file) keep(oldest->second.file);
    dead_.erase(oldest->first);
    segments_.erase(oldest);
    if (ready_.size() > options_.segments_reserved) full_ = false;
  }
}

// One longer file is kept for the next that is too long for the usual ones.
void LogImpl::keep(const SegmentFile& file) {
  if (file.bytes <= options_.segment_bytes) {
    ready_.push_back(file);
  } else if (!large_) {
    large_ = file;
  } else {
    surplus_.push_back(file);
  }
}

bool LogImpl::wants_cleaning() const {
  if (segments_.size() < 2 || !segments_.begin()->second.file.file) return false;
  if (dead_.count(segments_.begin()->first) > 0) return false;
  const size_t live = stats_.bytes_live / options_.segment_bytes + 1;
  return segments_.size() > (full_ ? live : 2 * live) + (full_ ? 1 : kSegmentsSlack);
}

std::vector<LogImpl::LiveEntry> LogImpl::live_entries(uint64_t sequence) const {
  std::vector<LiveEntry> found;
  size_t bytes = 0;
  uint64_t left = segments_.at(sequence).live_entries;
  for (const auto& [id, log] : groups_) {
    for (uint64_t i = 0; i < log.entries.size() && left > 0 && bytes < kCleanBytes; ++i) {
      if (log.entries[i].sequence != sequence) continue;
      found.push_back({id, log.first() + i, log.entries[i]});
      bytes += log.entries[i].bytes();
      --left;
    }
  }
  return found;
}

void LogImpl::rewrite_state(uint64_t sequence) {
  for (auto& [id, log] : groups_) {
    if (log.needs(sequence)) stage_group_state(id, log);
  }
  for (auto& [name, metadata] : metadata_) {
    if (metadata.sequence != sequence) continue;
    RecordHeader header;
    header.kind = RecordKind::kMetadata;
    header.index = ++twin_;
    metadata.sequence = stage_twice(header, encode_metadata(name, metadata.value));
  }
}

std::unique_ptr<LogWork> LogImpl::begin_cleaning() {
  const uint64_t sequence = segments_.begin()->first;
  auto work = std::make_unique<CleanWork>();
  work->wanted = live_entries(sequence);
  if (work->wanted.empty()) {
    rewrite_state(sequence);
    find_dead_segments();
    return nullptr;
  }
  std::erase_if(work->wanted, [this](const LiveEntry& live) {
    const size_t bytes = live.place.bytes();
    return !fits_segment(1, bytes) && !fits_here(1, bytes) && !fits_large(1, bytes);
  });
  if (work->wanted.empty()) return nullptr;
  work->file = segments_.begin()->second.file.file;
  return work;
}

Result<void> LogImpl::finish_cleaning(CleanWork& work) {
  for (size_t i = 0; i < work.wanted.size(); ++i) {
    const LiveEntry& live = work.wanted[i];
    const CleanWork::Read& read = work.reads[i];
    const auto found = groups_.find(live.group);
    if (found == groups_.end() || !found->second.has(live.index)) continue;
    Place& place = found->second.at(live.index);
    if (!(place == live.place)) continue;
    if (read.io_error && ++clean_failures_ < kCleanTriesMax) {
      return Error{ErrorKind::kIo, "log: an entry cannot be read"};
    }
    clean_failures_ = 0;
    const bool fits = fits_segment(1, place.bytes()) || fits_here(1, place.size);
    if (read.entry && !fits && !roll_to_large(1, place.bytes())) continue;  // the next time
    drop_live(place);
    if (read.entry) {
      const LogEntryView view{read.entry->index, read.entry->term, read.entry->kind, read.entry->data};
      place = stage_entry(RecordKind::kRewritten, live.group, view);
      stats_.bytes_rewritten += place.bytes();
    } else {
      if (!place.lost()) ++stats_.records_damaged;
      stage_lost(live.group, live.index, place.term);
    }
  }
  return {};
}

Result<void> LogImpl::finish_prepare(PrepareWork& work) {
  if (!work.made) {
    full_ = full_ || work.made.error().kind == ErrorKind::kNoSpace;
    return work.made.error();
  }
  keep(*work.made);
  full_ = false;
  return {};
}

std::unique_ptr<LogWork> LogImpl::begin_maintenance() {
  if (failed_ || maintaining_) return nullptr;
  find_dead_segments();
  std::unique_ptr<LogWork> work;
  if (wants_segment()) work = make_large();
  if (!work && wants_cleaning() && staged_bytes() < options_.staged_bytes_max) work = begin_cleaning();
  if (!work && ready_.size() < options_.segments_reserved + 1)
    work = std::make_unique<PrepareWork>(files_, options_.segment_bytes);
  if (!work && large_wanted_ > 0) work = make_large();
  if (!work) work = begin_shrinking();
  maintaining_ = work != nullptr;
  return work;
}

// For whoever wanted it and asks again.
std::unique_ptr<LogWork> LogImpl::make_large() {
  const uint64_t needed = std::exchange(large_wanted_, 0);
  if (large_ && large_->bytes >= needed) return nullptr;
  if (large_) surplus_.push_back(*std::exchange(large_, std::nullopt));
  return std::make_unique<PrepareWork>(files_, needed);
}

std::unique_ptr<LogWork> LogImpl::begin_shrinking() {
  if (ready_.size() > options_.segments_reserved + 1 + std::max(kSegmentsSlack, segments_.size())) {
    surplus_.push_back(ready_.back());
    ready_.pop_back();
  }
  if (surplus_.empty()) return nullptr;
  auto work = std::make_unique<ShrinkWork>(files_, surplus_.back().number);
  surplus_.pop_back();
  return work;
}

Result<void> LogImpl::finish(std::unique_ptr<LogWork> work) {
  if (auto* flush = dynamic_cast<FlushWork*>(work.get())) return finish_flush(*flush);
  maintaining_ = false;
  if (auto* prepare = dynamic_cast<PrepareWork*>(work.get())) return finish_prepare(*prepare);
  if (auto* clean = dynamic_cast<CleanWork*>(work.get())) return finish_cleaning(*clean);
  auto* shrink = dynamic_cast<ShrinkWork*>(work.get());
  KEYZONE_ASSERT(shrink != nullptr);
  return shrink->result;
}

}  // namespace keyzone::storage
