// The segment files of a log: made, listed, removed. A file outlives the segment it holds: it is used again
// for the next one, under the same name.
//
// The file `segments` lists them all, twice, so that the loss of one is noticed.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "storage/file_system.h"

namespace keyzone::storage {

struct SegmentFile {
  uint32_t number = 0;
  uint64_t bytes = 0;  // its size
  std::shared_ptr<File> file;
};

// Any thread may call.
class SegmentFiles {
 public:
  SegmentFiles(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  struct Opened {
    std::vector<SegmentFile> files;  // by number
    bool lost = false;               // a file that was listed is gone, or the list itself is
  };
  // Opens what is there; REQUIRES: called once, first.
  Result<Opened> open();

  // A new file of so many zeros, listed and durable. kNoSpace leaves everything as it was.
  Result<SegmentFile> create(uint64_t bytes);
  Result<void> remove(uint32_t number);
  Result<void> relist();  // lists what is there, and nothing that was lost
  std::string path(uint32_t number) const;

 private:
  Result<void> write_list();

  FileSystem& files_;
  const std::string folder_;
  std::mutex mutex_;
  std::set<uint32_t> numbers_;
  uint32_t next_number_ = 1;
};

}  // namespace keyzone::storage
