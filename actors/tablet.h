// A tablet's replica: rows of one token range of one table. Writes are proposed in bursts, applied in log
// order, and answered then; linearizable reads wait for ReadIndex; `nearest` reads are served from what is
// applied.
#pragma once
#include <caf/actor_system.hpp>
#include <functional>
#include <memory>

#include "actors/replica.h"
#include "storage/table.h"

namespace keyzone::actors {

struct TabletStart {
  Replica::Start replica;
  TablePtr table;  // as of the catalog that asks for the tablet
  Tablet tablet;
  CatalogVersion version;  // of that catalog
};

// For checks: the tablet says what its state sums up to at the index that it has applied, and whether nothing
// is left to sweep. Reads all of it.
struct DigestRequest {
  std::function<void(GroupId, LogIndex, const storage::Digest&, bool swept)> tell;  // on the shard's thread
};
using DigestRequestPtr = std::shared_ptr<const DigestRequest>;

// For estimates of sizes: the tablet says how many partitions it has, and how big they are. An answer always
// comes, nothing in it if the rows can't be looked at just now.
struct EstimateRequest {
  std::function<void(GroupId, const storage::Estimate&)> tell;  // on the shard's thread
};
using EstimateRequestPtr = std::shared_ptr<const EstimateRequest>;

caf::actor spawn_tablet(caf::actor_system& system, NodeContext& context, Shard& shard, TabletStart start);

}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::DigestRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::EstimateRequestPtr)
