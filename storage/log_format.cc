#include "storage/log_format.h"

#include <xxhash.h>

namespace keyzone::storage {

namespace {

uint64_t checksum_of(const char* from, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(from, size, seed);
}

uint64_t end_seed(uint64_t sequence, uint32_t base, FrameEnd end) {
  return place_seed(sequence, base) + (end == FrameEnd::kHeader ? 1 : 2);
}

size_t whole_sectors(size_t bytes) { return (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes; }

// What so many records take, each with a run of its own.
size_t at_most(size_t count, size_t payloads) {
  return count * (sizeof(RecordHeader) + 7 + sizeof(RecordRun)) + payloads;
}

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

uint64_t place_seed(uint64_t sequence, uint32_t offset) {
  return sequence * 0x9E3779B97F4A7C15ull + (static_cast<uint64_t>(offset) << 3);
}

std::optional<FrameHeader> load_frame_end(BytesView segment, size_t at, FrameEnd end) {
  if (at + sizeof(FrameHeader) > segment.size()) return std::nullopt;
  if (load_le<uint32_t>(segment.data() + at + offsetof(FrameHeader, magic)) != kFrameMagic)
    return std::nullopt;
  const auto header = load<FrameHeader>(segment.data() + at);
  if (header.length == 0 || header.length % kSectorBytes != 0 || header.length > segment.size())
    return std::nullopt;
  size_t base = at;
  if (end == FrameEnd::kTrailer) {
    if (header.length > at + sizeof(FrameHeader)) return std::nullopt;
    base = at + sizeof(FrameHeader) - header.length;
  }
  if (base % kSectorBytes != 0 || base + header.length > segment.size()) return std::nullopt;
  const uint64_t seed = end_seed(header.sequence, static_cast<uint32_t>(base), end);
  const char* rest = segment.data() + at + sizeof(header.checksum);
  if (checksum_of(rest, sizeof(FrameHeader) - sizeof(header.checksum), seed) != header.checksum)
    return std::nullopt;
  const uint64_t directory_end =
      uint64_t{header.directory} + sizeof(uint64_t) + uint64_t{header.runs} * sizeof(RecordRun);
  if (header.directory < sizeof(FrameHeader) || directory_end + sizeof(FrameHeader) > header.length)
    return std::nullopt;
  return header;
}

std::optional<RecordHeader> load_record(BytesView bytes, size_t offset, uint64_t sequence, uint32_t base,
                                        BytesView* payload) {
  if (offset + sizeof(RecordHeader) > bytes.size()) return std::nullopt;
  const auto header = load<RecordHeader>(bytes.data() + offset);
  if (header.size > bytes.size() - offset - sizeof(RecordHeader)) return std::nullopt;
  const uint64_t seed = place_seed(sequence, base + static_cast<uint32_t>(offset));
  const char* rest = bytes.data() + offset + sizeof(header.checksum);
  const size_t size = sizeof(RecordHeader) - sizeof(header.checksum) + header.size;
  if (checksum_of(rest, size, seed) != header.checksum) return std::nullopt;
  *payload = bytes.substr(offset + sizeof(RecordHeader), header.size);
  return header;
}

std::optional<std::vector<RecordRun>> load_directory(BytesView bytes, const FrameHeader& header,
                                                     uint32_t base) {
  const char* at = bytes.data() + header.directory;
  const size_t size = header.runs * sizeof(RecordRun);
  const uint64_t seed = place_seed(header.sequence, base + header.directory);
  if (checksum_of(at + sizeof(uint64_t), size, seed) != load_le<uint64_t>(at)) return std::nullopt;
  std::vector<RecordRun> runs(header.runs);
  if (size > 0) std::memcpy(runs.data(), at + sizeof(uint64_t), size);
  return runs;
}

void FrameBuilder::start(uint64_t sequence, uint32_t base) {
  sequence_ = sequence;
  base_ = base;
  records_ = 0;
  runs_.clear();
  bytes_.assign(sizeof(FrameHeader), '\0');
}

size_t FrameBuilder::size_with(size_t count, size_t payloads) const {
  return whole_sectors(bytes_.size() + runs_.size() * sizeof(RecordRun) + sizeof(uint64_t) +
                       sizeof(FrameHeader) + at_most(count, payloads));
}

size_t FrameBuilder::size_of(size_t count, size_t payloads) {
  return whole_sectors(kFrameOverhead + at_most(count, payloads));
}

uint32_t FrameBuilder::add(RecordHeader header, BytesView payload) {
  const size_t at = bytes_.size();
  header.size = static_cast<uint32_t>(payload.size());
  bytes_.resize(at + record_bytes(payload.size()));
  char* out = bytes_.data() + at;
  std::memcpy(out, &header, sizeof header);
  if (!payload.empty()) std::memcpy(out + sizeof header, payload.data(), payload.size());
  const uint32_t offset = base_ + static_cast<uint32_t>(at);
  const uint64_t checksum =
      checksum_of(out + sizeof(uint64_t), sizeof header - sizeof(uint64_t) + payload.size(),
                  place_seed(sequence_, offset));
  std::memcpy(out, &checksum, sizeof checksum);
  ++records_;
  if (!runs_.empty()) {
    RecordRun& run = runs_.back();
    if (run.kind == header.kind && run.group == header.group && run.term == header.term &&
        run.index + run.count == header.index) {
      ++run.count;
      return offset;
    }
  }
  RecordRun run;
  run.group = header.group;
  run.index = header.index;
  run.term = header.term;
  run.offset = static_cast<uint32_t>(at);
  run.count = 1;
  run.kind = header.kind;
  runs_.push_back(run);
  return offset;
}

Bytes FrameBuilder::finish(FrameHeader header) {
  header.sequence = sequence_;
  header.records = records_;
  header.runs = static_cast<uint32_t>(runs_.size());
  header.directory = static_cast<uint32_t>(bytes_.size());
  const size_t directory_bytes = runs_.size() * sizeof(RecordRun);
  const size_t length = size_with(0, 0);
  header.length = static_cast<uint32_t>(length);
  Bytes frame = std::move(bytes_);
  frame.resize(length);
  char* directory = frame.data() + header.directory;
  if (directory_bytes > 0) std::memcpy(directory + sizeof(uint64_t), runs_.data(), directory_bytes);
  const uint64_t checksum = checksum_of(directory + sizeof(uint64_t), directory_bytes,
                                        place_seed(sequence_, base_ + header.directory));
  std::memcpy(directory, &checksum, sizeof checksum);
  for (const FrameEnd end : {FrameEnd::kHeader, FrameEnd::kTrailer}) {
    const char* rest = reinterpret_cast<const char*>(&header) + sizeof header.checksum;
    header.checksum =
        checksum_of(rest, sizeof header - sizeof header.checksum, end_seed(sequence_, base_, end));
    char* at = frame.data() + (end == FrameEnd::kHeader ? 0 : length - sizeof header);
    std::memcpy(at, &header, sizeof header);
  }
  bytes_ = Bytes();
  return frame;
}

}  // namespace keyzone::storage
