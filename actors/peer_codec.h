// The wire form of what nodes say to each other: schema/peer.capnp. Pure functions.
#pragma once
#include <vector>

#include "actors/interfaces.h"
#include "net/peer_frame.h"
#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone::actors {

inline constexpr uint32_t kBatchChannel = 1;  // frames that hold a PeerBatch

struct PeerBatch {
  std::vector<PeerItem> items;
  Timestamp clock = 0;
  Timestamp wall_clock = 0;
};

// A message for PeerLink::send. Its size is a multiple of 8.
Bytes encode_batch(const std::vector<PeerItemPtr>& items, Timestamp clock, Timestamp wall_clock);
// A frame that came from node `from`: requests in it are that node's. kCorrupt: does not decode. Payloads are
// copied out of the frame.
Result<PeerBatch> decode_batch(const net::PeerFrame& frame, NodeId from);
// What an item adds to a frame, roughly; for limits.
size_t size_of(const PeerItem& item);
// The item in pieces that add up to it: requests and answers that gathered, a few at a time.
std::vector<PeerItemPtr> cut(PeerItemPtr item, size_t bytes_max);

}  // namespace keyzone::actors
