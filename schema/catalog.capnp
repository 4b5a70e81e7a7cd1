@0xf3a9d06c2b7e4185;
# The catalog and its changes (schema/catalog.h). Types are kept as Cassandra's marshal names, which describe user types
# in full: a table can be read without the types of its keyspace. Fields are only ever added.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("keyzone::wire");

struct Id128 {
  high @0 :UInt64;
  low @1 :UInt64;
}

struct Option {
  name @0 :Text;
  value @1 :Text;
}

struct Column {
  id @0 :UInt32;
  name @1 :Text;
  type @2 :Text;
  kind @3 :UInt8;  # ColumnKind
  position @4 :UInt32;
  descending @5 :Bool;
  droppedAt @6 :Int64 = -9223372036854775808;
  mask @7 :MaskFunction;  # null: none
}

struct MaskArgument {
  type @0 :Text;
  isNull @1 :Bool;
  value @2 :Data;
}

struct MaskFunction {
  keyspace @0 :Text;
  name @1 :Text;
  arguments @2 :List(MaskArgument);
}

struct DroppedColumn {
  name @0 :Text;
  type @1 :Text;
  kind @2 :UInt8;
  droppedAt @3 :Int64;
  id @4 :UInt32;
  asOf @5 :Bool;
}

struct Table {
  id @0 :Id128;
  keyspace @1 :Text;
  name @2 :Text;
  version @3 :UInt32;
  nextColumn @4 :UInt32;
  columns @5 :List(Column);
  dropped @6 :List(DroppedColumn);
  counter @7 :Bool;
  options @8 :List(Option);
  meaningVersion @9 :UInt32 = 1;
}

struct UserType {
  name @0 :Text;
  type @1 :Text;
}

struct Keyspace {
  name @0 :Text;
  durableWrites @1 :Bool;
  replication @2 :List(Option);
  types @3 :List(UserType);
}

struct Tablet {
  group @0 :UInt64;
  begin @1 :Int64;
  end @2 :Int64;
  epoch @3 :UInt64;
  replicas @4 :List(UInt64);
  founders @5 :List(UInt64);
  preferredLeader @6 :UInt64;
}

struct Tablets {
  table @0 :Id128;
  tablets @1 :List(Tablet);
}

struct Node {
  id @0 :UInt64;
  hostId @1 :Id128;
  name @2 :Text;
  zone @3 :Text;
  dataCenter @4 :Text;
  listenAddress @5 :Text;
  storagePort @6 :UInt16;
  rpcAddress @7 :Text;
  nativeTransportPort @8 :UInt16;
  tokens @9 :List(Int64);
  replaced @10 :Bool;
}

struct CatalogMember {
  node @0 :UInt64;
  voter @1 :Bool;
}

struct Catalog {
  version @0 :UInt64;
  schema @1 :UInt64;
  clusterId @2 :Id128;
  clusterName @3 :Text;
  secret @4 :Data;
  nextId @5 :UInt64;
  keyspaces @6 :List(Keyspace);
  tables @7 :List(Table);
  tablets @8 :List(Tablets);
  nodes @9 :List(Node);
  members @10 :List(CatalogMember);
}

struct CatalogChange {
  expected @0 :UInt64;
  visible @1 :Bool;
  clusterId @2 :Id128;    # absent: the cluster's id and name stay
  clusterName @3 :Text;
  secret @4 :Data;        # absent: stays
  nextId @5 :UInt64;      # 0: stays
  putKeyspaces @6 :List(Keyspace);
  dropKeyspaces @7 :List(Text);
  putTables @8 :List(Table);
  dropTables @9 :List(Id128);
  putTablets @10 :List(Tablets);
  putNodes @11 :List(Node);
  dropNodes @12 :List(UInt64);
  members @13 :List(CatalogMember);  # absent: stay
}
