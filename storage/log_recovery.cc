#include "storage/log_recovery.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

namespace keyzone::storage {

namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kRetryBytes = 4 << 10;
constexpr uint64_t kHoleMax = 1 << 20;  // entries

// All bytes of a file. What cannot be read counts as zeros: whether that is damage, the chain will tell.
Result<void> read_image(const File& file, Bytes& image) {
  KEYZONE_TRY(size, file.size());
  image.resize(size);
  for (uint64_t at = 0; at < size; at += kReadBytes) {
    const size_t part = std::min<uint64_t>(kReadBytes, size - at);
    if (file.read(at, part, image.data() + at)) continue;
    for (size_t done = 0; done < part; done += kRetryBytes) {
      const size_t piece = std::min(kRetryBytes, part - done);
      if (!file.read(at + done, piece, image.data() + at + done)) {
        std::fill_n(image.data() + at + done, piece, '\0');
      }
    }
  }
  return {};
}

bool all_zeros(BytesView bytes) {
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

struct Frame {
  size_t file = 0;  // in the list of files
  uint32_t base = 0;
  FrameHeader header;
  bool complete = false;
};

struct ValidRecord {
  RecordHeader header;
  BytesView payload;
  uint32_t offset = 0;  // in the segment
};

// The records of a frame that has all of them; empty if it hasn't.
std::optional<std::vector<ValidRecord>> walk(BytesView bytes, const Frame& frame) {
  const FrameHeader& header = frame.header;
  std::vector<ValidRecord> records;
  size_t at = sizeof(FrameHeader);
  for (uint32_t i = 0; i < header.records; ++i) {
    BytesView payload;
    const auto record =
        load_record(bytes.substr(0, header.directory), at, header.sequence, frame.base, &payload);
    if (!record) return std::nullopt;
    records.push_back({*record, payload, frame.base + static_cast<uint32_t>(at)});
    at += record_bytes(payload.size());
  }
  if (at != header.directory) return std::nullopt;
  return records;
}

// What is left of a damaged frame.
std::vector<ValidRecord> salvage(BytesView bytes, const Frame& frame) {
  std::vector<ValidRecord> records;
  for (size_t at = sizeof(FrameHeader); at + sizeof(RecordHeader) <= frame.header.directory;) {
    BytesView payload;
    const auto record =
        load_record(bytes.substr(0, frame.header.directory), at, frame.header.sequence, frame.base, &payload);
    if (record) records.push_back({*record, payload, frame.base + static_cast<uint32_t>(at)});
    at += record ? record_bytes(payload.size()) : 8;
  }
  return records;
}

// The entries of a group as replay meets them: rewritten ones come late, so there are holes for a while. A
// hole that stays is a lost entry.
class EntryList {
 public:
  uint64_t first() const { return first_; }
  std::deque<Place>& places() { return places_; }

  void clear() { places_.clear(); }
  void cut_from(uint64_t index) {
    if (index < first_) return clear();
    if (index - first_ < places_.size()) places_.resize(index - first_);
  }
  void forget_to(uint64_t index) {
    while (!places_.empty() && first_ <= index) {
      places_.pop_front();
      ++first_;
    }
  }
  // False if it lies too far from the others for any healthy log.
  bool set(uint64_t index, const Place& place) {
    if (places_.empty()) first_ = index;
    if (index + kHoleMax < first_ || index > first_ + places_.size() + kHoleMax) return false;
    while (index < first_) {
      places_.emplace_front();
      --first_;
    }
    while (index >= first_ + places_.size()) places_.emplace_back();
    places_[index - first_] = place;
    return true;
  }

 private:
  uint64_t first_ = 0;
  std::deque<Place> places_;
};

struct ReplayGroup {
  GroupLog log;
  EntryList entries;

  void set(uint64_t index, const Place& place) {
    if (!entries.set(index, place)) log.all_damaged = true;
  }
  void replace_from(uint64_t index, const Place& place) {
    entries.cut_from(index);
    set(index, place);
  }
};

using Identity = std::tuple<RecordKind, uint64_t, uint64_t, uint64_t>;

bool is_written_twice(RecordKind kind) {
  return kind == RecordKind::kTrim || kind == RecordKind::kRestart || kind == RecordKind::kCreate ||
         kind == RecordKind::kGroupState || kind == RecordKind::kMetadata;
}

class Recovery {
 public:
  Recovery(const std::vector<SegmentFile>& files, bool lost_file) : files_(files), lost_file_(lost_file) {}

  Result<RecoveredLog> run() {
    for (size_t file = 0; file < files_.size(); ++file) KEYZONE_CHECK(scan(file));
    choose_chain();
    out_.anything_lost = lost_file_;
    for (const uint64_t flush : chain_) KEYZONE_CHECK(replay_flush(flush));
    finish_groups();
    KEYZONE_CHECK(assign_files());
    return std::move(out_);
  }

 private:
  using Key = std::pair<uint64_t, uint16_t>;  // flush, part

  Result<void> load(size_t file) {
    if (loaded_ == file) return {};
    loaded_ = SIZE_MAX;
    KEYZONE_CHECK(read_image(*files_[file].file, image_));
    loaded_ = file;
    return {};
  }

  BytesView frame_bytes(const Frame& frame) const {
    return BytesView(image_).substr(frame.base, frame.header.length);
  }

  Result<void> scan(size_t file) {
    KEYZONE_CHECK(load(file));
    for (size_t at = 0; at + kSectorBytes <= image_.size();) {
      auto header = load_frame_end(image_, at, FrameEnd::kHeader);
      size_t base = at;
      if (!header) {
        const size_t trailer = at + kSectorBytes - sizeof(FrameHeader);
        header = load_frame_end(image_, trailer, FrameEnd::kTrailer);
        if (header) base = at + kSectorBytes - header->length;
      }
      if (!header) {
        at += kSectorBytes;
        continue;
      }
      Frame frame{file, static_cast<uint32_t>(base), *header, false};
      const BytesView bytes = frame_bytes(frame);
      frame.complete = base == at && load_directory(bytes, *header, frame.base) && walk(bytes, frame);
      // What lies inside a whole frame is its own, whatever it looks like.
      at += frame.complete ? header->length : kSectorBytes;
      note(frame);
    }
    return {};
  }

  void note(const Frame& frame) {
    out_.next_flush = std::max(out_.next_flush, frame.header.flush + 1);
    out_.next_sequence = std::max(out_.next_sequence, frame.header.sequence + 1);
    Frame& known = frames_[{frame.header.flush, frame.header.part}];
    if (known.header.flush == 0 || frame.complete) known = frame;
  }

  std::vector<const Frame*> parts(uint64_t flush) const {
    std::vector<const Frame*> found;
    for (auto at = frames_.lower_bound({flush, 0}); at != frames_.end() && at->first.first == flush; ++at) {
      if (at->second.header.sequence >= out_.oldest_sequence) found.push_back(&at->second);
    }
    return found;
  }

  // All parts are there. A first part in a segment that was given up is not needed.
  bool has_all_parts(const std::vector<const Frame*>& parts) const {
    if (parts.empty() || parts.back()->header.last_part == 0) return false;
    const FrameHeader& first = parts.front()->header;
    if (first.part != 0 && !(first.flush == out_.oldest_flush && first.sequence == out_.oldest_sequence))
      return false;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i]->header.part != first.part + i) return false;
    }
    return true;
  }

  bool is_complete(uint64_t flush) const {
    const auto found = parts(flush);
    return has_all_parts(found) &&
           std::all_of(found.begin(), found.end(), [](auto* f) { return f->complete; });
  }

  void choose_chain() {
    if (frames_.empty()) return;
    const FrameHeader& newest = frames_.rbegin()->second.header;
    out_.oldest_flush = newest.oldest_flush;
    out_.oldest_sequence = newest.oldest_sequence;
    out_.last_flush = newest.flush;
    out_.confirmed = false;
    if (!is_complete(newest.flush)) {  // torn
      out_.last_flush = newest.previous_flush;
      out_.confirmed = true;
    }
    for (uint64_t flush = out_.last_flush; flush >= out_.oldest_flush && flush > 0;) {
      chain_.push_back(flush);
      const auto found = parts(flush);
      if (!found.empty()) {
        flush = found.front()->header.previous_flush;
        continue;
      }
      // Nothing is left of this one, not even the name of its predecessor: take the next that is there.
      const auto next = frames_.lower_bound({flush, 0});
      if (next == frames_.begin()) break;
      flush = std::prev(next)->first.first;
    }
    std::reverse(chain_.begin(), chain_.end());
  }

  void everything_damaged() {
    out_.anything_lost = true;
    for (auto& [id, group] : groups_) group.log.all_damaged = true;
  }

  Result<void> replay_flush(uint64_t flush) {
    const auto found = parts(flush);
    if (!has_all_parts(found)) everything_damaged();
    for (const Frame* frame : found) {
      KEYZONE_CHECK(load(frame->file));
      RecoveredSegment& segment = out_.segments[frame->header.sequence];
      segment.file = files_[frame->file];
      if (segment.first_flush == 0) segment.first_flush = flush;
      segment.last_flush = flush;
      if (frame->complete) {
        const auto records = walk(frame_bytes(*frame), *frame);
        if (!records) return Error{ErrorKind::kIo, "a segment changes while it is being read"};
        for (const ValidRecord& record : *records) apply(record, frame->header.sequence);
      } else {
        replay_damaged(*frame);
      }
    }
    return {};
  }

  void replay_damaged(const Frame& frame) {
    const BytesView bytes = frame_bytes(frame);
    const auto records = salvage(bytes, frame);
    const auto runs = load_directory(bytes, frame.header, frame.base);
    if (!runs && records.size() != frame.header.records) {
      out_.damaged_records += frame.header.records - std::min<size_t>(records.size(), frame.header.records);
      everything_damaged();
    }
    if (!runs) {
      for (const ValidRecord& record : records) apply(record, frame.header.sequence);
      return;
    }
    std::set<Identity> valid;
    for (const ValidRecord& r : records)
      valid.insert({r.header.kind, r.header.group, r.header.index, r.header.term});
    size_t next = 0;
    for (const RecordRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) {
        const Identity wanted{run.kind, run.group, run.index + i, run.term};
        if (next < records.size() && identity(records[next].header) == wanted) {
          apply(records[next++], frame.header.sequence);
        } else {
          ++out_.damaged_records;
          if (!(is_written_twice(run.kind) && valid.count(wanted) > 0)) lose(run, run.index + i);
        }
      }
    }
  }

  static Identity identity(const RecordHeader& r) { return {r.kind, r.group, r.index, r.term}; }

  ReplayGroup& group_of(uint64_t id, bool begins) {
    const auto [at, added] = groups_.try_emplace(id);
    // A group first seen by other than its own beginning, after damage that could have been anything.
    if (added && !begins && out_.anything_lost) at->second.log.all_damaged = true;
    return at->second;
  }

  void apply(const ValidRecord& record, uint64_t sequence) {
    const RecordHeader& header = record.header;
    if (header.kind == RecordKind::kMetadata) return apply_metadata(record.payload, sequence);
    if (header.kind == RecordKind::kRemove) {
      groups_.erase(header.group);
      return;
    }
    const bool begins = header.kind == RecordKind::kCreate || header.kind == RecordKind::kGroupState;
    ReplayGroup& group = group_of(header.group, begins);
    GroupLog& log = group.log;
    const Place place{sequence, header.term, record.offset, static_cast<uint32_t>(record.payload.size())};
    switch (header.kind) {
      case RecordKind::kEntry:
        group.replace_from(header.index, place);
        break;
      case RecordKind::kRewritten:
        group.set(header.index, place);
        break;
      case RecordKind::kLost:
        group.set(header.index, Place{sequence, header.term, 0, 0});
        break;
      case RecordKind::kHardState:
        apply_hard_state(log, header, record.payload, sequence);
        break;
      case RecordKind::kRestart:
        group.entries.clear();
        [[fallthrough]];
      case RecordKind::kTrim:
        log.trim = {LogIndex(header.index), Term(header.term), Bytes(record.payload)};
        log.trim_sequence = sequence;
        group.entries.forget_to(header.index);
        break;
      case RecordKind::kCreate:
        log.info = Bytes(record.payload);
        log.info_sequence = sequence;
        break;
      case RecordKind::kGroupState:
        if (!decode_group_state(header, record.payload, &log)) log.all_damaged = true;
        log.state_written(sequence);
        group.entries.forget_to(header.index);
        break;
      case RecordKind::kRepaired:
        log.all_damaged = false;
        log.vote_damaged = false;
        break;
      default:
        log.all_damaged = true;  // a kind of a later version: never taken for known
    }
  }

  static void apply_hard_state(GroupLog& log, const RecordHeader& header, BytesView payload,
                               uint64_t sequence) {
    HardState state;
    if (!decode_hard_state(header.term, payload, &state)) {
      log.all_damaged = true;
      return;
    }
    log.set_hard(state);
    log.hard_sequence = sequence;
  }

  void apply_metadata(BytesView payload, uint64_t sequence) {
    ByteReader reader(payload);
    const std::string name(reader.block());
    const BytesView value = reader.block();
    if (reader.failed()) return everything_damaged();
    if (value.empty()) {
      out_.metadata.erase(name);
    } else {
      out_.metadata[name] = {Bytes(value), sequence};
    }
  }

  // The record at `index` of the run was synced and is gone.
  void lose(const RecordRun& run, uint64_t index) {
    if (run.kind == RecordKind::kMetadata) return everything_damaged();
    if (run.kind == RecordKind::kRemove) {
      groups_.erase(run.group);
      return;
    }
    ReplayGroup& group =
        group_of(run.group, run.kind == RecordKind::kCreate || run.kind == RecordKind::kGroupState);
    const Place lost{0, run.term, 0, 0};
    switch (run.kind) {
      case RecordKind::kEntry:
        group.replace_from(index, lost);
        break;
      case RecordKind::kRewritten:
      case RecordKind::kLost:
        group.set(index, lost);
        break;
      case RecordKind::kHardState:
        group.log.hard.term = std::max(group.log.hard.term, Term(run.term));
        group.log.hard.vote = NodeId();
        group.log.vote_damaged = true;
        break;
      case RecordKind::kRepaired:
        break;  // stays damaged, and is repaired again
      default:
        group.log.all_damaged = true;
    }
  }

  void finish_groups() {
    for (auto& [id, group] : groups_) {
      GroupLog& log = group.log;
      // A lost file may have held the newest flushes; a group without a beginning has lost it.
      if (lost_file_ || log.info_sequence == 0) log.all_damaged = true;
      group.entries.forget_to(log.trim.index.value);
      log.entries = std::move(group.entries.places());
      const uint64_t first = log.entries.empty() ? log.first() : group.entries.first();
      if (first - log.first() > kHoleMax) {  // the trim mark itself was lost
        log.all_damaged = true;
        log.trim = {LogIndex(first - 1), Term(), Bytes()};
      }
      for (uint64_t index = first; index > log.first(); --index) log.entries.emplace_front();
      out_.groups.emplace(GroupId(id), std::move(log));
    }
  }

  Result<void> assign_files() {
    std::set<uint32_t> used;
    for (const auto& [sequence, segment] : out_.segments) used.insert(segment.file.number);
    for (const SegmentFile& file : files_) {
      if (used.count(file.number) == 0) out_.free.push_back(file);
    }
    if (out_.last_flush == 0 || !is_complete(out_.last_flush)) return {};
    const auto newest = parts(out_.last_flush);
    for (const Frame* frame : newest) {
      if (!out_.confirmed) out_.newest.push_back({frame->header.sequence, frame->base, frame->header.length});
    }
    const Frame& last = *newest.back();
    KEYZONE_CHECK(load(last.file));
    const uint32_t end = last.base + last.header.length;
    if (all_zeros(BytesView(image_).substr(end))) {
      out_.end_sequence = last.header.sequence;
      out_.end_offset = end;
    }
    return {};
  }

  const std::vector<SegmentFile>& files_;
  const bool lost_file_;
  size_t loaded_ = SIZE_MAX;
  Bytes image_;
  std::map<Key, Frame> frames_;
  std::vector<uint64_t> chain_;
  std::map<uint64_t, ReplayGroup> groups_;
  RecoveredLog out_;
};

}  // namespace

Result<RecoveredLog> recover_log(const std::vector<SegmentFile>& files, bool lost_file) {
  return Recovery(files, lost_file).run();
}

}  // namespace keyzone::storage
