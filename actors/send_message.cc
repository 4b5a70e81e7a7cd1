#include <caf/send.hpp>

#include "actors/interfaces.h"
#include "actors/session_actor.h"
#include "actors/shard.h"
#include "actors/supervisor.h"
#include "actors/tablet.h"

namespace keyzone::actors {

template <class Message>
void send_message(const caf::actor& to, std::shared_ptr<const Message> message) {
  caf::anon_send(to, std::move(message));
}

#define KEYZONE_SENT(name) \
  template void send_message(const caf::actor& to, std::shared_ptr<const name> message)
KEYZONE_SENT(AwaitVersion);
KEYZONE_SENT(CatalogChanged);
KEYZONE_SENT(CatalogRequest);
KEYZONE_SENT(DialList);
KEYZONE_SENT(DigestRequest);
KEYZONE_SENT(Durable);
KEYZONE_SENT(EstimateReply);
KEYZONE_SENT(EstimateRequest);
KEYZONE_SENT(FromStranger);
KEYZONE_SENT(IdentityChanged);
KEYZONE_SENT(LinkClosed);
KEYZONE_SENT(LinkFrame);
KEYZONE_SENT(LinkGone);
KEYZONE_SENT(LinkHello);
KEYZONE_SENT(LinkOpened);
KEYZONE_SENT(NodeEvent);
KEYZONE_SENT(Outgoing);
KEYZONE_SENT(PeerChange);
KEYZONE_SENT(PeerHeard);
KEYZONE_SENT(RaftMessages);
KEYZONE_SENT(ReadRequests);
KEYZONE_SENT(Replies);
KEYZONE_SENT(SendOnLink);
KEYZONE_SENT(SnapshotChunk);
KEYZONE_SENT(SnapshotRequest);
KEYZONE_SENT(Trimmable);
KEYZONE_SENT(WriteRequests);
#undef KEYZONE_SENT

}  // namespace keyzone::actors
