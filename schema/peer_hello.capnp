@0xd3b1f0a6c5e94d27;
# The first message on every link between nodes, in both directions (net/peer_frame.h: channel 0).
# A node that doesn't like what it reads closes the link and says why in its log.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("keyzone::wire");

struct PeerHello {
  cluster @0 :Data;        # 16 bytes: the cluster's id; empty as long as the node knows none
  protocol @1 :UInt32;     # version of what follows on the link
  node @2 :UInt64;         # NodeId; 0 as long as the catalog minted none
  host @3 :Data;           # 16 bytes: names the node's disk, new when that was emptied
  name @4 :Text;           # as configured, unique in a cluster
  zone @5 :Text;           # availability zone
  incarnation @6 :UInt64;  # names this life of the process
  address @7 :Text;        # where other nodes reach it, numeric
}
