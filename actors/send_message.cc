#include <caf/send.hpp>

#include "actors/interfaces.h"
#include "actors/session_actor.h"
#include "actors/shard.h"
#include "actors/supervisor.h"
#include "actors/tablet.h"

namespace keyzone::actors {

template <class Message>
void send_message(const caf::actor& to, std::shared_ptr<Message> message) {
  caf::anon_send(to, std::move(message));
}

#define KEYZONE_SENT(name) \
  template void send_message(const caf::actor& to, std::shared_ptr<name> message)
KEYZONE_SENT(const AwaitVersion);
KEYZONE_SENT(const CatalogChanged);
KEYZONE_SENT(const CatalogRequest);
KEYZONE_SENT(const DialList);
KEYZONE_SENT(const DigestRequest);
KEYZONE_SENT(const Durable);
KEYZONE_SENT(const EstimateReply);
KEYZONE_SENT(const EstimateRequest);
KEYZONE_SENT(const FromStranger);
KEYZONE_SENT(const IdentityChanged);
KEYZONE_SENT(const LinkClosed);
KEYZONE_SENT(const LinkFrame);
KEYZONE_SENT(const LinkGone);
KEYZONE_SENT(const LinkHello);
KEYZONE_SENT(const LinkOpened);
KEYZONE_SENT(const NodeEvent);
KEYZONE_SENT(const Outgoing);
KEYZONE_SENT(const PeerChange);
KEYZONE_SENT(const PeerHeard);
KEYZONE_SENT(const RaftMessages);
KEYZONE_SENT(const ReadRequests);
KEYZONE_SENT(Replies);
KEYZONE_SENT(const SendOnLink);
KEYZONE_SENT(const SnapshotChunk);
KEYZONE_SENT(const SnapshotRequest);
KEYZONE_SENT(const Trimmable);
KEYZONE_SENT(const WriteRequests);
#undef KEYZONE_SENT

}  // namespace keyzone::actors
