// What the leader of a tablet has under way. Clients' writes, from one to the next: commands that wait for an
// entry, entries on their way to a majority, and answers that wait for the third replica. And its pass of
// sweeps.
#pragma once
#include <utility>
#include <vector>

#include "actors/interfaces.h"

namespace keyzone::actors {

class WaitingWrites {
 public:
  void add(WriteRequestsPtr requests) {
    for (const auto& item : requests->items) bytes_ += item.command.size();
    requests_.push_back(std::move(requests));
  }
  std::vector<WriteRequestsPtr> take() {
    bytes_ = 0;
    return std::exchange(requests_, {});
  }
  bool empty() const { return requests_.empty(); }
  bool full() const { return requests_.size() >= kRequestsMax || bytes_ >= kBytesMax; }  // refuse what comes

 private:
  static constexpr size_t kRequestsMax = 10'000;
  static constexpr size_t kBytesMax = 32 << 20;

  std::vector<WriteRequestsPtr> requests_;
  size_t bytes_ = 0;  // of their commands
};

// Commands in the log that wait for their outcome.
struct Proposal {
  struct Request {
    NodeId origin;
    RequestId id;
    bool all = false;
  };
  Term term;
  std::vector<Request> requests;
  uint64_t step = 0;  // of a sweep, instead of requests
};

// Applied here, and not yet known to be at every replica (consistency ALL).
struct Unfinished {
  LogIndex index;
  NodeId origin;
  Reply reply;
};

struct Pass {
  Timestamp now = 0;  // what is gone by then is dropped
  Timestamp begun = 0;
  Bytes from;          // where the next step begins
  uint64_t asked = 0;  // the step that is in the log; 0: none
};

}  // namespace keyzone::actors
