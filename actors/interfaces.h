// Every message of every actor: who may say what to whom. A message is a plain struct, sent as a shared
// pointer, so that sending copies nothing; nobody changes what was sent.
//
//   client bytes → session → (hub → link → hub of another node →) tablet → session → client
//   tablet ⇄ hub ⇄ links ⇄ the same group's replicas elsewhere      tablet → shard log → tablet
#pragma once
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/environment.h"
#include "actors/node_options.h"
#include "actors/trace.h"
#include "raft/types.h"
#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/ids.h"
#include "schema/read.h"
#include "schema/result_set.h"

namespace keyzone::actors {

// --- requests of a coordinator to a group, and their answers

// RequestId::sequence is (session number << 32 | request number), so that an answer finds its session.
inline constexpr int kSessionShift = 32;

struct WriteItem {
  RequestId id;
  Bytes command;     // encode_command
  bool all = false;  // answered only when every replica has it (consistency ALL)
};
// To the group's leader. A replica that is not the leader refuses with kNotLeader.
struct WriteRequests {
  GroupId group;
  NodeId origin;  // whose coordinator asks; not sent: the receiving node knows from whom it comes
  std::vector<WriteItem> items;
};

struct ReadItem {
  RequestId id;
  std::shared_ptr<const ReadRequest> request;
  bool nearest = false;  // any replica, from what it has applied; may be stale
};
struct ReadRequests {
  GroupId group;
  NodeId origin;
  std::vector<ReadItem> items;
};

// Surely without effect, unless kind is kWriteTimeout.
struct Refusal {
  ErrorKind kind = ErrorKind::kNotLeader;
  NodeId leader;  // who may know better
  std::string message;
};
struct Reply {
  RequestId id;
  std::variant<Outcome, ReadResult, Refusal> body;
};
// Several sessions, on several threads, may get the same ones: each looks at all ids, and takes the bodies of
// those that are its own.
struct Replies {
  std::vector<Reply> items;
};

// A schema change, to the catalog's leader; answered with an Outcome (kStale: plan again on a newer catalog).
struct CatalogRequest {
  RequestId id;
  NodeId origin;
  Bytes change;  // encode_change
};

// --- between replicas of a group

struct RaftMessages {
  std::vector<raft::Message> items;
};
// The receiver of a snapshot pulls it chunk by chunk.
struct SnapshotRequest {
  NodeId from;  // the receiver
  uint64_t transfer = 0;
  uint64_t chunk = 0;
};
struct SnapshotChunk {
  uint64_t transfer = 0;
  uint64_t chunk = 0;
  Bytes data;
  bool last = false;
  bool failed = false;
  raft::SnapshotInfo info;
};

// --- between nodes

struct NodeLoad {
  uint32_t leaders = 0;
  uint32_t replicas = 0;
  uint64_t data_bytes = 0;
  uint64_t log_bytes = 0;
  uint64_t cpu_time_us = 0;
  uint64_t uptime_ms = 0;
  bool disk_full = false;  // it takes no writes: leaders count on others
};
struct Led {
  GroupId group;
  Term term;
  bool operator==(const Led&) const = default;
};
struct Heartbeat {
  CatalogVersion catalog;  // what the sender has applied
  NodeId catalog_leader;
  bool stopping = false;
  NodeLoad load;
  // Groups that the sender has come to lead since the receiver last said that it knows
  // (StatusBoard::led_since).
  std::vector<Led> led;
  uint64_t led_from = 0;     // they are those after this version,
  uint64_t led_version = 0;  // up to this one
  uint64_t led_seen = 0;     // the version that the sender knows of the receiver's
};
struct Join {
  Node node;  // without id
};
struct Member {
  NodeId node;
  std::string name;
  std::string zone;
  std::string listen_address;
  uint16_t storage_port = 0;
  Uuid host;  // of its disk when it became a member; nil in an identity kept by an older node
};
struct Welcome {
  Uuid cluster;
  std::string cluster_name;
  Uuid host;  // for whom
  NodeId node;
  std::vector<Member> members;
  bool founding = false;
  std::string refused;
};

// One thing for one peer; the hub packs what has gathered into one frame.
struct PeerItem {
  GroupId group;
  std::variant<Heartbeat, raft::Message, std::shared_ptr<const WriteRequests>,
               std::shared_ptr<const ReadRequests>, std::shared_ptr<Replies>, SnapshotRequest, SnapshotChunk,
               CatalogRequest, Join, Welcome, TraceFactPtr>
      body;
};
using PeerItemPtr = std::shared_ptr<const PeerItem>;
// To the hub.
struct Outgoing {
  std::vector<std::pair<NodeId, PeerItem>> items;
};
// From the hub to the supervisor: a join or a welcome, with the link to answer on.
struct FromStranger {
  uint64_t link = 0;
  net::PeerHello hello;
  PeerItem item;
};
// From the hub to the supervisor: a link's other end has said who it is, or the link has gone.
struct LinkHello {
  uint64_t link = 0;
  std::optional<HostPort> dialled;  // the address, if it was we who dialled
  net::PeerHello hello;
};
struct LinkGone {
  uint64_t link = 0;
};
// From the supervisor to the hub.
struct DialList {
  std::vector<HostPort> addresses;  // keep a link to each; let go of others
};
struct SendOnLink {
  uint64_t link = 0;
  PeerItem item;
};
// We have become someone: links begin anew with a new Hello.
struct IdentityChanged {};
// A peer's liveness has changed, to the supervisor and to all replicas.
struct PeerChange {
  NodeId node;
  bool alive = false;
};
struct PeerHeard {
  NodeId node;
  Heartbeat heartbeat;
};

// --- within a node

// From a shard's log: everything staged up to `sequence` (of raft::Ready) is durable; or the log has failed.
struct Durable {
  uint64_t sequence = 0;
  bool failed = false;
};
// A new catalog is in force on this node. To the supervisor, replicas and sessions.
struct CatalogChanged {
  CatalogPtr catalog;
  std::vector<SchemaChangeEvent> events;  // what clients are told of it
};
// To the sessions that have registered for events.
struct NodeEvent {
  enum class Kind { kUp, kDown, kNew, kRemoved };
  Kind kind = Kind::kUp;
  std::string address;
  uint16_t port = 0;
};

#define KEYZONE_MESSAGE(name) using name##Ptr = std::shared_ptr<const name>
KEYZONE_MESSAGE(LinkOpened);
KEYZONE_MESSAGE(LinkFrame);
KEYZONE_MESSAGE(LinkClosed);
KEYZONE_MESSAGE(WriteRequests);
KEYZONE_MESSAGE(ReadRequests);
using RepliesPtr = std::shared_ptr<Replies>;
KEYZONE_MESSAGE(CatalogRequest);
KEYZONE_MESSAGE(RaftMessages);
KEYZONE_MESSAGE(SnapshotRequest);
KEYZONE_MESSAGE(SnapshotChunk);
KEYZONE_MESSAGE(Outgoing);
KEYZONE_MESSAGE(FromStranger);
KEYZONE_MESSAGE(PeerChange);
KEYZONE_MESSAGE(PeerHeard);
KEYZONE_MESSAGE(CatalogChanged);
KEYZONE_MESSAGE(NodeEvent);
KEYZONE_MESSAGE(Durable);
KEYZONE_MESSAGE(LinkHello);
KEYZONE_MESSAGE(LinkGone);
KEYZONE_MESSAGE(DialList);
KEYZONE_MESSAGE(SendOnLink);
KEYZONE_MESSAGE(IdentityChanged);
#undef KEYZONE_MESSAGE

// Sends `message` to an actor, from any thread. Compiled once for each message (send_message.cc), also for
// those of other headers: what CAF makes of a message takes longer to compile than what we do with it.
template <class Message>
void send_message(const caf::actor& to, std::shared_ptr<Message> message);

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;        // hub, log: what has gathered goes out now
using progress_atom = caf::atom_constant<caf::atom("progress")>;  // a store flushed or compacted
using wake_atom = caf::atom_constant<caf::atom("wake")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;    // replica: hand over, then quit
using drop_atom = caf::atom_constant<caf::atom("drop")>;    // replica: forget everything, then quit
using sweep_atom = caf::atom_constant<caf::atom("sweep")>;  // tablet: your turn to sweep a little
using done_atom = caf::atom_constant<caf::atom("done")>;

}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::LinkOpenedPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::LinkFramePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::LinkClosedPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::WriteRequestsPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::ReadRequestsPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::RepliesPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::CatalogRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::RaftMessagesPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::SnapshotRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::SnapshotChunkPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::OutgoingPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::FromStrangerPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::PeerChangePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::PeerHeardPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::CatalogChangedPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::NodeEventPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::DurablePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::LinkHelloPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::LinkGonePtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::DialListPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::SendOnLinkPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::IdentityChangedPtr)
