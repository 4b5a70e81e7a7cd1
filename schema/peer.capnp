@0xd3a1f6c04b7e5a21;
# What nodes say to each other after Hello (net/peer_frame.h): a frame on channel 1 is one PeerBatch, all that
# had gathered for the peer since the last frame. Nothing is promised about delivery: whoever sends waits for an
# answer and asks again. Fields are only ever added.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("keyzone::wire");

struct PeerBatch {
  items @0 :List(PeerItem);
  clock @1 :Int64;           # the sender's hybrid clock, microseconds
  wallClock @2 :Int64;       # the sender's wall clock, microseconds: skew is measured with it
}

struct PeerItem {
  group @0 :UInt64;          # the Raft group concerned; 0: the node
  union {
    heartbeat @1 :Heartbeat;
    raft @2 :RaftMessage;
    writes @3 :List(WriteItem);       # from a coordinator to a group's leader
    reads @4 :List(ReadItem);
    replies @5 :List(Reply);          # to a coordinator
    snapshotRequest @6 :SnapshotRequest;
    snapshotChunk @7 :SnapshotChunk;
    catalogChange @8 :CatalogRequest; # to the catalog's leader
    join @9 :Join;                    # an empty node asks a member for an identity
    welcome @10 :Welcome;             # the answer, or the founder's word to an initial member
    trace @11 :Data;                  # a traced request, for whoever asks for it (actors/trace.h): 16 bytes id, blocks
                                      # client, coordinator, request and thread, varint port, zigzag start (microseconds)
                                      # and duration, varint n, n times block name and value, varint n, n times 16 bytes
                                      # id, block activity, zigzag elapsed (microseconds)
  }
}

struct Heartbeat {
  catalogVersion @0 :UInt64;   # what the sender has applied
  catalogLeader @1 :UInt64;    # as far as it knows; 0: unknown
  stopping @2 :Bool;           # it is about to stop: take over its leaderships
  leaders @3 :UInt32;          # groups that it leads
  replicas @4 :UInt32;         # groups that it is a member of
  dataBytes @5 :UInt64;
  logBytes @6 :UInt64;
  cpuTime @7 :UInt64;          # microseconds, of the process
  uptime @8 :UInt64;           # milliseconds
  diskFull @9 :Bool;           # it can store no more entries
  led @10 :List(Led);           # groups that it came to lead after version ledFrom, up to ledVersion
  ledFrom @11 :UInt64;
  ledVersion @12 :UInt64;
  ledSeen @13 :UInt64;         # the receiver's version that the sender knows: what is later has to be said again
}

struct Led {
  group @0 :UInt64;
  term @1 :UInt64;
}

struct RaftMessage {
  kind @0 :UInt8;
  from @1 :UInt64;
  to @2 :UInt64;
  term @3 :UInt64;
  index @4 :UInt64;
  logTerm @5 :UInt64;
  commit @6 :UInt64;
  hint @7 :UInt64;
  context @8 :UInt64;
  reject @9 :Bool;
  forced @10 :Bool;
  quiesce @11 :Bool;
  faulty @12 :Bool;
  installing @13 :Bool;
  incarnation @14 :UInt64;
  clock @15 :Int64;
  entries @16 :List(Entry);
  snapshot @17 :SnapshotInfo;
}

struct Entry {
  index @0 :UInt64;
  term @1 :UInt64;
  kind @2 :UInt8;
  payload @3 :Data;
}

struct SnapshotInfo {
  index @0 :UInt64;
  term @1 :UInt64;
  configuration @2 :Data;  # raft::Configuration::encode
}

struct WriteItem {
  incarnation @0 :UInt64;
  sequence @1 :UInt64;
  command @2 :Data;   # encode_command
  all @3 :Bool;       # answer when every replica has it
}

struct ReadItem {
  incarnation @0 :UInt64;
  sequence @1 :UInt64;
  request @2 :Data;   # encode_read
  nearest @3 :Bool;   # any replica may answer from what it has
}

struct Reply {
  incarnation @0 :UInt64;
  sequence @1 :UInt64;
  union {
    outcome @2 :Data;  # encode_outcome
    done @3 :Void;     # the commonest outcome: OutcomeKind::kDone
    rows @4 :Data;     # encode_read_result
    refused @5 :Refusal;
  }
}

struct Refusal {
  kind @0 :UInt8;     # ErrorKind
  leader @1 :UInt64;  # who may know better; 0: unknown
  message @2 :Text;
}

struct SnapshotRequest {
  transfer @0 :UInt64;  # the receiver's number for this transfer
  chunk @1 :UInt64;     # the next chunk wanted, from 0
}

struct SnapshotChunk {
  transfer @0 :UInt64;
  chunk @1 :UInt64;
  data @2 :Data;
  last @3 :Bool;
  failed @4 :Bool;      # there is no such snapshot (any more): start over
  info @5 :SnapshotInfo;
}

struct CatalogRequest {
  incarnation @0 :UInt64;
  sequence @1 :UInt64;
  change @2 :Data;      # encode_change
}

struct Join {
  name @0 :Text;
  host @1 :Data;        # 16 bytes
  zone @2 :Text;
  dataCenter @3 :Text;
  listenAddress @4 :Text;
  storagePort @5 :UInt16;
  rpcAddress @6 :Text;
  nativePort @7 :UInt16;
}

struct Welcome {
  cluster @0 :Data;     # 16 bytes
  clusterName @1 :Text;
  host @2 :Data;        # for whom: anyone else ignores it
  node @3 :UInt64;      # the receiver's id
  members @4 :List(Member);  # founding: those that the catalog group begins with
  founding @5 :Bool;    # the group begins with these members and an empty log
  refused @6 :Text;     # not empty: why there is no identity for the receiver
}

struct Member {
  node @0 :UInt64;
  name @1 :Text;
  zone @2 :Text;
  listenAddress @3 :Text;
  storagePort @4 :UInt16;
  host @5 :Data;  # the id of its disk, 16 bytes
}
