#include "storage/log_files.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <optional>

namespace keyzone::storage {

namespace {

constexpr char kListName[] = "segments";
constexpr char kPrefix[] = "segment-";
constexpr size_t kPrefixSize = sizeof kPrefix - 1;

uint32_t number_of(const std::string& name) {
  if (name.compare(0, kPrefixSize, kPrefix) != 0) return 0;
  uint64_t number = 0;
  for (size_t at = kPrefixSize; at < name.size(); ++at) {
    if (name[at] < '0' || name[at] > '9' || number > UINT32_MAX / 10) return 0;
    number = number * 10 + static_cast<uint64_t>(name[at] - '0');
  }
  return static_cast<uint32_t>(number);
}

// checksum u64, count u32, numbers u32 ...; the whole is written twice, one after the other.
Bytes encode_list(const std::set<uint32_t>& numbers) {
  Bytes body;
  append_le<uint32_t>(body, static_cast<uint32_t>(numbers.size()));
  for (const uint32_t number : numbers) append_le<uint32_t>(body, number);
  Bytes one;
  append_le<uint64_t>(one, XXH3_64bits(body.data(), body.size()));
  one += body;
  return one + one;
}

std::optional<std::set<uint32_t>> decode_list(BytesView half) {
  ByteReader reader(half);
  const uint64_t checksum = reader.le<uint64_t>();
  if (reader.failed() || checksum != XXH3_64bits(reader.rest().data(), reader.rest().size()))
    return std::nullopt;
  const uint32_t count = reader.le<uint32_t>();
  std::set<uint32_t> numbers;
  for (uint32_t i = 0; i < count && !reader.failed(); ++i) numbers.insert(reader.le<uint32_t>());
  if (reader.failed() || !reader.done()) return std::nullopt;
  return numbers;
}

}  // namespace

std::string SegmentFiles::path(uint32_t number) const {
  char name[32];
  std::snprintf(name, sizeof name, "%s%06u", kPrefix, number);
  return folder_ + "/" + name;
}

Result<SegmentFiles::Opened> SegmentFiles::open() {
  const std::lock_guard lock(mutex_);
  KEYZONE_CHECK(files_.create_folders(folder_));
  KEYZONE_TRY(names, files_.list(folder_));
  Opened opened;
  for (const std::string& name : names) {
    const uint32_t number = number_of(name);
    if (number == 0) continue;
    KEYZONE_TRY(file, files_.open(path(number)));
    KEYZONE_TRY(bytes, file->size());
    opened.files.push_back({number, bytes, std::shared_ptr<File>(std::move(file))});
    numbers_.insert(number);
    next_number_ = std::max(next_number_, number + 1);
  }
  std::optional<std::set<uint32_t>> listed;
  if (files_.exists(folder_ + "/" + kListName)) {
    KEYZONE_TRY(list, read_file(files_, folder_ + "/" + kListName));
    listed = decode_list(BytesView(list).substr(0, list.size() / 2));
    if (!listed) listed = decode_list(BytesView(list).substr(list.size() / 2));
    if (!listed) opened.lost = true;
  }
  if (listed) {
    for (const uint32_t number : *listed) {
      opened.lost |= numbers_.count(number) == 0;
      next_number_ = std::max(next_number_, number + 1);
    }
  }
  // One that was being made when the process ended is there, but perhaps only the operating system knows its
  // name.
  const auto is_unlisted = [&](uint32_t number) { return !listed || listed->count(number) == 0; };
  if (std::any_of(numbers_.begin(), numbers_.end(), is_unlisted)) {
    KEYZONE_CHECK(files_.sync_folder(folder_));
    if (!opened.lost) KEYZONE_CHECK(write_list());
  }
  return opened;
}

Result<SegmentFile> SegmentFiles::create(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const uint32_t number = next_number_;
  KEYZONE_TRY(file, files_.create(path(number), bytes));
  numbers_.insert(number);
  auto listed = files_.sync_folder(folder_);
  if (listed) listed = write_list();
  if (!listed) {
    numbers_.erase(number);
    (void)files_.remove(path(number)).ok();
    return listed.error();
  }
  ++next_number_;
  return SegmentFile{number, bytes, std::shared_ptr<File>(std::move(file))};
}

Result<void> SegmentFiles::remove(uint32_t number) {
  const std::lock_guard lock(mutex_);
  numbers_.erase(number);
  KEYZONE_CHECK(write_list());
  return files_.remove(path(number));
}

Result<void> SegmentFiles::relist() {
  const std::lock_guard lock(mutex_);
  return write_list();
}

Result<void> SegmentFiles::write_list() {
  return write_file(files_, folder_, kListName, encode_list(numbers_));
}

}  // namespace keyzone::storage
