#include <algorithm>

#include "storage/log_impl.h"

namespace keyzone::storage {

namespace {

constexpr size_t kReadAheadBytes = 64 << 10;
constexpr size_t kSmallBytes = 256;  // staged at once: the entries that Raft writes of its own accord
constexpr uint64_t kSegmentBytesMin = 16 << 10;

RecordHeader header_of(RecordKind kind, GroupId group, uint64_t index = 0, uint64_t term = 0) {
  RecordHeader header;
  header.kind = kind;
  header.group = group.value;
  header.index = index;
  header.term = term;
  return header;
}

}  // namespace

struct LogImpl::Window {
  uint64_t sequence = 0;
  uint32_t base = 0;
  Bytes bytes;
  bool covers(const Place& place) const {
    return place.sequence == sequence && place.offset >= base &&
           place.offset - base + sizeof(RecordHeader) + place.size <= bytes.size();
  }
};

Result<std::unique_ptr<Log>> Log::open(FileSystem& files, const std::string& folder, LogOptions options) {
  KEYZONE_ASSERT(options.segment_bytes >= kSegmentBytesMin && options.segment_bytes % kSectorBytes == 0);
  KEYZONE_ASSERT(options.segment_bytes <= UINT32_MAX / 2);
  options.staged_bytes_max = std::min<size_t>(options.staged_bytes_max, options.segment_bytes / 4);
  auto log = std::make_unique<LogImpl>(files, folder, options);
  KEYZONE_CHECK(log->recover());
  return std::unique_ptr<Log>(std::move(log));
}

LogImpl::LogImpl(FileSystem& files, const std::string& folder, const LogOptions& options)
    : options_(options), files_(std::make_shared<SegmentFiles>(files, folder)) {}

Result<void> LogImpl::recover() {
  KEYZONE_TRY(opened, files_->open());
  KEYZONE_TRY(found, recover_log(opened.files, opened.lost));
  for (const auto& [sequence, segment] : found.segments) {
    const uint64_t bytes = std::max(options_.segment_bytes, segment.file.bytes);
    segments_[sequence] = {segment.file, bytes, segment.first_flush, segment.last_flush, 0, 0};
  }
  for (const RecoveredFrame& frame : found.newest) {
    // Perhaps only the operating system has it, perhaps after a sync that failed: written again, it is dirty
    // again.
    File& file = *segments_[frame.sequence].file.file;
    Bytes bytes(frame.length, '\0');
    KEYZONE_CHECK(file.read(frame.base, frame.length, bytes.data()));
    KEYZONE_CHECK(file.write(frame.base, bytes));
    KEYZONE_CHECK(file.sync());
  }
  groups_ = std::move(found.groups);
  metadata_ = std::move(found.metadata);
  for (const SegmentFile& file : found.free) keep(file);
  last_flush_ = durable_flush_ = found.last_flush;
  next_flush_ = found.next_flush;
  next_sequence_ = found.next_sequence;
  oldest_flush_ = found.oldest_flush;
  oldest_sequence_ = durable_oldest_ = found.oldest_sequence;
  confirmed_ = found.confirmed;
  stats_.records_damaged = found.damaged_records;
  stats_.anything_lost = found.anything_lost;
  if (segments_.empty() && ready_.empty()) {
    KEYZONE_TRY(file, files_->create(options_.segment_bytes));
    ready_.push_back(file);
  }
  if (found.end_sequence != 0 && found.end_offset < segments_.at(found.end_sequence).bytes) {
    start_frame(found.end_sequence, found.end_offset);
  } else {
    roll();
  }
  for (auto& [id, log] : groups_) {
    if (log.all_damaged) stage_group_state(id, log);
    for (uint64_t index = log.first(); index <= log.last(); ++index) {
      Place& place = log.at(index);
      if (place.lost() && place.sequence == 0) {
        stage_lost(id, index, place.term);
      } else {
        add_live(place);
      }
    }
  }
  KEYZONE_CHECK(flush());
  if (opened.lost) KEYZONE_CHECK(files_->relist());
  return {};
}

std::vector<GroupId> LogImpl::groups() const {
  std::vector<GroupId> ids;
  for (const auto& [id, log] : groups_) ids.push_back(id);
  return ids;
}

GroupLog& LogImpl::group(GroupId id) {
  const auto found = groups_.find(id);
  KEYZONE_ASSERT(found != groups_.end());
  return found->second;
}

const GroupLog& LogImpl::group(GroupId id) const { return const_cast<LogImpl*>(this)->group(id); }

GroupState LogImpl::state(GroupId id) const {
  const GroupLog& log = group(id);
  GroupState state{log.hard, log.trim, LogIndex(log.first()), LogIndex(log.last()), log.info, {},
                   false,    false};
  state.vote_damaged = log.vote_damaged;
  state.all_damaged = log.all_damaged;
  uint64_t index = log.first();
  for (const Place& place : log.entries) {
    if (place.lost()) {
      if (!state.damaged.empty() && state.damaged.back().second.value + 1 == index) {
        state.damaged.back().second = LogIndex(index);
      } else {
        state.damaged.push_back({LogIndex(index), LogIndex(index)});
      }
    }
    ++index;
  }
  return state;
}

// --- staging

Result<void> LogImpl::stageable() const {
  if (failed_) return Error{ErrorKind::kIo, "the log has failed"};
  return {};
}

Result<void> LogImpl::make_room(size_t count, size_t bytes) {
  KEYZONE_CHECK(stageable());
  const Error overloaded{ErrorKind::kOverloaded, "log: more is staged than the disk takes"};
  const Error no_space{ErrorKind::kNoSpace, "log: no space left on device"};
  const size_t staged = staged_bytes();
  // What would never fit beside anything else comes as soon as there is any room.
  const bool alone = bytes > options_.staged_bytes_max;
  if (staged > 0 && staged + (alone ? 1 : bytes) > options_.staged_bytes_max) return overloaded;
  if (!fits_here(count, bytes)) {
    if (alone && has_new_segment()) return overloaded;
    if (!fits_segment(count, bytes)) {
      if (roll_to_large(count, bytes)) return {};
      return full_ ? no_space : overloaded;
    }
  }
  if (!full_ || ready_.size() > options_.segments_reserved) return {};
  // Trims must still find room in this segment when the reserve is gone, and what a group needs to find a
  // leader.
  const size_t margin = options_.segment_bytes / (bytes <= kSmallBytes ? 16 : 8);
  if (frame_.size_with(count, bytes) + margin <= room()) return {};
  return no_space;
}

Result<void> LogImpl::make_room(std::span<const LogEntryView> entries) {
  size_t bytes = 0;
  for (const LogEntryView& entry : entries) {
    if (entry.data.size() > entry_bytes_max())
      return invalid("log: more than " + std::to_string(entry_bytes_max()) + " bytes in an entry");
    bytes += record_bytes(entry.data.size());
  }
  return make_room(entries.size(), bytes);
}

bool LogImpl::fits_here(size_t count, size_t bytes) const { return frame_.size_with(count, bytes) <= room(); }

bool LogImpl::fits_segment(size_t count, size_t bytes) const {
  return FrameBuilder::size_of(count, bytes) <= options_.segment_bytes;
}

bool LogImpl::fits_large(size_t count, size_t bytes) {
  const size_t needed = FrameBuilder::size_of(count, bytes);
  if (large_ && large_->bytes >= needed) return true;
  large_wanted_ = std::max<uint64_t>(large_wanted_, needed);
  return false;
}

// A flush needs no more than one file that isn't there yet: the reserve is one.
bool LogImpl::has_new_segment() const {
  return !frame_.empty() && !segments_.at(frame_.sequence()).file.file;
}

bool LogImpl::roll_to_large(size_t count, size_t bytes) {
  if (!fits_large(count, bytes) || has_new_segment()) return false;
  roll(*std::exchange(large_, std::nullopt));
  return true;
}

uint64_t LogImpl::room() const { return segments_.at(frame_.sequence()).bytes - frame_.base(); }

void LogImpl::start_frame(uint64_t sequence, uint32_t base) {
  LogSegment& segment = segments_[sequence];
  segment.bytes = std::max(segment.bytes, options_.segment_bytes);
  next_sequence_ = std::max(next_sequence_, sequence + 1);
  frame_.start(sequence, base);
}

void LogImpl::roll(const SegmentFile& large) {
  if (frame_.empty() && frame_.base() == 0) segments_.erase(frame_.sequence());  // nothing was ever in it
  if (!frame_.empty()) closed_.push_back(std::move(frame_));
  segments_[next_sequence_].file = large;
  segments_[next_sequence_].bytes = large.bytes;
  start_frame(next_sequence_, 0);
}

uint32_t LogImpl::stage(const RecordHeader& header, BytesView payload) {
  if (!fits_here(1, payload.size())) roll();
  ++staged_;
  return frame_.add(header, payload);
}

uint64_t LogImpl::stage_twice(const RecordHeader& header, BytesView payload) {
  stage(header, payload);
  const uint64_t sequence = frame_.sequence();
  stage(header, payload);
  return sequence;
}

Place LogImpl::stage_entry(RecordKind kind, GroupId id, const LogEntryView& entry) {
  RecordHeader header = header_of(kind, id, entry.index.value, entry.term.value);
  header.entry_kind = entry.kind;
  const uint32_t offset = stage(header, entry.data);
  const Place place{frame_.sequence(), entry.term.value, offset, static_cast<uint32_t>(entry.data.size())};
  add_live(place);
  return place;
}

void LogImpl::stage_group_state(GroupId id, GroupLog& log) {
  const RecordHeader header =
      header_of(RecordKind::kGroupState, id, log.trim.index.value, log.trim.term.value);
  log.state_written(stage_twice(header, encode_group_state(log)));
}

// REQUIRES: the place at `index` counts no more as live
void LogImpl::stage_lost(GroupId id, uint64_t index, uint64_t term) {
  stage(header_of(RecordKind::kLost, id, index, term), {});
  Place& place = group(id).at(index);
  place = Place{frame_.sequence(), term, 0, 0};
  add_live(place);
}

void LogImpl::add_live(const Place& place) {
  LogSegment& segment = segments_[place.sequence];
  segment.live_bytes += place.bytes();
  ++segment.live_entries;
  stats_.bytes_live += place.bytes();
}

void LogImpl::drop_live(const Place& place) {
  const auto segment = segments_.find(place.sequence);
  if (segment == segments_.end()) return;
  segment->second.live_bytes -= place.bytes();
  --segment->second.live_entries;
  stats_.bytes_live -= place.bytes();
}

void LogImpl::drop_front(GroupLog& log, uint64_t up_to) {
  for (uint64_t index = log.first(); index <= up_to && !log.entries.empty(); ++index) {
    drop_live(log.entries.front());
    log.entries.pop_front();
  }
}

void LogImpl::drop_back(GroupLog& log, uint64_t from) {
  while (!log.entries.empty() && log.last() >= from) {
    drop_live(log.entries.back());
    log.entries.pop_back();
  }
}

Result<void> LogImpl::create_group(GroupId id, BytesView info) {
  KEYZONE_CHECK(make_room(2, 2 * info.size()));
  KEYZONE_ASSERT(!has_group(id));
  GroupLog& log = groups_[id];
  log.info = Bytes(info);
  log.state_written(stage_twice(header_of(RecordKind::kCreate, id), info));
  return {};
}

Result<void> LogImpl::remove_group(GroupId id) {
  KEYZONE_CHECK(stageable());
  GroupLog& log = group(id);
  drop_back(log, log.first());
  stage(header_of(RecordKind::kRemove, id), {});
  groups_.erase(id);
  return {};
}

Result<void> LogImpl::append(GroupId id, std::span<const LogEntryView> entries) {
  KEYZONE_CHECK(make_room(entries));
  if (entries.empty()) return {};
  GroupLog& log = group(id);
  uint64_t next = entries.front().index.value;
  KEYZONE_ASSERT(next >= log.first() && next <= log.last() + 1);
  if (next <= log.last()) drop_back(log, next);
  for (const LogEntryView& entry : entries) {
    KEYZONE_ASSERT(entry.index.value == next++);
    log.entries.push_back(stage_entry(RecordKind::kEntry, id, entry));
  }
  return {};
}

Result<void> LogImpl::repair(GroupId id, std::span<const LogEntryView> entries) {
  KEYZONE_CHECK(make_room(entries));
  GroupLog& log = group(id);
  for (const LogEntryView& entry : entries) {
    if (!log.has(entry.index.value) || !log.at(entry.index.value).lost()) continue;
    drop_live(log.at(entry.index.value));
    log.at(entry.index.value) = stage_entry(RecordKind::kRewritten, id, entry);
  }
  return {};
}

Result<void> LogImpl::set_hard_state(GroupId id, const HardState& state) {
  KEYZONE_CHECK(stageable());
  GroupLog& log = group(id);
  log.set_hard(state);
  stage(header_of(RecordKind::kHardState, id, 0, state.term.value), encode_hard_state(state));
  log.hard_sequence = frame_.sequence();
  return {};
}

void LogImpl::apply_trim(GroupId id, GroupLog& log, const TrimMark& mark, RecordKind kind) {
  log.trim = mark;
  log.trim_sequence = stage_twice(header_of(kind, id, mark.index.value, mark.term.value), mark.configuration);
}

Result<void> LogImpl::trim(GroupId id, const TrimMark& mark) {
  KEYZONE_CHECK(stageable());
  GroupLog& log = group(id);
  KEYZONE_ASSERT(mark.index >= log.trim.index);
  drop_front(log, mark.index.value);
  apply_trim(id, log, mark, RecordKind::kTrim);
  return {};
}

Result<void> LogImpl::restart_after(GroupId id, const TrimMark& mark) {
  KEYZONE_CHECK(stageable());
  GroupLog& log = group(id);
  drop_back(log, log.first());
  apply_trim(id, log, mark, RecordKind::kRestart);
  return {};
}

Result<void> LogImpl::mark_repaired(GroupId id) {
  KEYZONE_CHECK(stageable());
  GroupLog& log = group(id);
  log.all_damaged = log.vote_damaged = false;
  stage(header_of(RecordKind::kRepaired, id), {});
  stage_group_state(id, log);
  return {};
}

Result<void> LogImpl::put_metadata(const std::string& name, BytesView value) {
  const Bytes payload = encode_metadata(name, value);
  KEYZONE_CHECK(make_room(2, 2 * payload.size()));
  const uint64_t sequence = stage_twice(header_of(RecordKind::kMetadata, GroupId(), ++twin_), payload);
  if (value.empty()) {
    metadata_.erase(name);
  } else {
    metadata_[name] = {Bytes(value), sequence};
  }
  return {};
}

Bytes LogImpl::metadata(const std::string& name) const {
  const auto found = metadata_.find(name);
  return found == metadata_.end() ? Bytes() : found->second.value;
}

// --- reading

BytesView LogImpl::in_memory(const Place& place) const {
  const auto covers = [&](uint64_t sequence, uint32_t base, BytesView bytes) {
    return place.sequence == sequence && place.offset >= base && place.offset < base + bytes.size();
  };
  if (covers(frame_.sequence(), frame_.base(), frame_.bytes())) {
    return frame_.bytes().substr(place.offset - frame_.base());
  }
  for (const FrameBuilder& part : closed_) {
    if (covers(part.sequence(), part.base(), part.bytes()))
      return part.bytes().substr(place.offset - part.base());
  }
  const auto after =
      std::upper_bound(cache_.begin(), cache_.end(), place, [](const Place& p, const LogFrame& frame) {
        return std::pair(p.sequence, p.offset) < std::pair(frame.sequence, frame.base);
      });
  if (after == cache_.begin()) return {};
  const LogFrame& frame = *std::prev(after);
  if (!covers(frame.sequence, frame.base, *frame.bytes)) return {};
  return BytesView(*frame.bytes).substr(place.offset - frame.base);
}

void LogImpl::mark_lost(GroupId id, uint64_t index) {
  Place& place = group(id).at(index);
  drop_live(place);
  ++stats_.records_damaged;
  stage_lost(id, index, place.term);
}

Result<LogEntry> LogImpl::read_entry(GroupId id, uint64_t index, Window& window) {
  const Place place = group(id).at(index);
  const auto damaged = [&] {
    return Error{ErrorKind::kCorrupt, "log: entry " + std::to_string(index) + " of group " +
                                          std::to_string(id.value) + " is damaged"};
  };
  if (place.lost()) return damaged();
  BytesView bytes = in_memory(place);
  if (bytes.empty()) {
    if (!window.covers(place)) {
      const size_t size = std::max(kReadAheadBytes, place.bytes());
      window = {place.sequence, place.offset, Bytes(size, '\0')};
      KEYZONE_TRY(got, segments_.at(place.sequence).file.file->read(place.offset, size, window.bytes.data()));
      window.bytes.resize(got);
    }
    BytesView payload;
    const auto record =
        load_record(window.bytes, place.offset - window.base, place.sequence, window.base, &payload);
    if (!record || record->group != id.value || record->index != index || record->term != place.term) {
      mark_lost(id, index);
      return damaged();
    }
    bytes = BytesView(window.bytes).substr(place.offset - window.base);
  }
  RecordHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return LogEntry{LogIndex(index), Term(header.term), header.entry_kind,
                  Bytes(bytes.substr(sizeof header, header.size))};
}

Result<std::vector<LogEntry>> LogImpl::entries(GroupId id, LogIndex from, LogIndex to, size_t bytes_max) {
  const GroupLog& log = group(id);
  if (from.value < log.first() || to.value > log.last() || from > to) {
    return invalid("log: entries " + std::to_string(from.value) + " to " + std::to_string(to.value) +
                   " of group " + std::to_string(id.value) + " are not in [" + std::to_string(log.first()) +
                   ", " + std::to_string(log.last()) + "]");
  }
  std::vector<LogEntry> out;
  Window window;
  size_t bytes = 0;
  for (uint64_t index = from.value; index <= to.value; ++index) {
    bytes += log.at(index).size;
    if (!out.empty() && bytes > bytes_max) break;
    KEYZONE_TRY(entry, read_entry(id, index, window));
    out.push_back(std::move(entry));
  }
  return out;
}

bool LogImpl::is_cached(GroupId id, LogIndex from) const {
  const GroupLog& log = group(id);
  return log.has(from.value) && !in_memory(log.at(from.value)).empty();
}

Result<Term> LogImpl::term(GroupId id, LogIndex index) const {
  const GroupLog& log = group(id);
  if (index == log.trim.index) return log.trim.term;
  if (log.has(index.value)) return Term(log.at(index.value).term);
  return invalid("log: no entry " + std::to_string(index.value) + " in group " + std::to_string(id.value));
}

// --- figures

size_t LogImpl::staged_bytes() const {
  size_t bytes = frame_.empty() ? 0 : frame_.bytes().size();
  for (const FrameBuilder& part : closed_) bytes += part.bytes().size();
  return bytes;
}

LogStats LogImpl::stats() const {
  LogStats stats = stats_;
  stats.segments_used = segments_.size();
  stats.segments_ready = ready_.size();
  stats.full = full_ && ready_.size() <= options_.segments_reserved;
  return stats;
}

}  // namespace keyzone::storage
