@0xe9c4b6a85d1f7203;
# What a coordinator asks of a tablet, and the answer (schema/read.h). Runs of bytes are laid out as in command.capnp.
# Fields are only ever added; a change of a run's layout takes a new field.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("keyzone::wire");

struct ReadRequest {
  tableHigh @0 :UInt64;
  tableLow @1 :UInt64;
  epoch @2 :UInt64;
  schemaVersion @3 :UInt32;
  scan @4 :Bool;
  reversed @5 :Bool;
  staticsOnly @6 :Bool;
  begin @7 :Int64;
  end @8 :Int64;
  rowLimit @9 :UInt64;
  perPartitionLimit @10 :UInt64;
  bytesLimit @11 :UInt64;
  now @12 :Int64;
  selection @13 :Data;
  # varint count, partition*, of which there is one unless it is a scan; varint count, range*; varint count, column*; varint count, column with metadata*
  #   partition := 8 bytes le token, block key;   range := block from, block to;   column := varint
  resume @14 :ReadPosition;
  lookUp @15 :Data;        # a Command
  elements @16 :Data;      # varint count, range*;   range := varint column, block from, block to
}

struct ReadPosition {
  token @0 :Int64;
  rowsInPartition @1 :UInt64;
  partitionDone @2 :Bool;
  staticDone @3 :Bool;
  partitionKey @4 :Data;
  clustering @5 :Data;
}

struct ReadResult {
  rowCount @0 :UInt64;
  tombstones @1 :UInt64;
  rows @2 :Data;           # laid out in schema/read.h
  more @3 :ReadPosition;
}
