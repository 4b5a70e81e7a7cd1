@0xb27d1c9a40e35f18;
# What a tablet's log holds and what applying it gave (schema/command.h). The header is here; what there may be many of
# is one compact run of bytes, since it is read at every replica of every write. Fields are only ever added; a change of a
# run's layout takes a new field. In the runs: varint is LEB128, zigzag a signed varint, block a varint size and the bytes.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("keyzone::wire");

struct Command {
  requestIncarnation @0 :UInt64;
  requestSequence @1 :UInt64;
  deadline @2 :Int64;
  tableHigh @3 :UInt64;
  tableLow @4 :UInt64;
  epoch @5 :UInt64;
  schemaVersion @6 :UInt32;
  truncate @7 :Bool;

  mutations @8 :Data;
  # One after another:
  #   mutation  := token as 8 bytes le, block partition key, byte flags (1: timestamp, 2: ttl, 4: now),
  #                [8 bytes le timestamp], [varint ttl], [zigzag now], varint count, row*
  #   row       := byte action | 0x40 marker | 0x80 static, [block clustering, unless static or action 3],
  #                [block clustering end, action 2], varint count, cell*
  #   cell      := varint column, byte action | 0x10 written | 0x20 overwrite | 0x40 path | 0x80 value,
  #                [zigzag index, actions 8, 9, 12 and 13], [block path], [block value], [block written]
  # Actions are numbered as RowAction and CellAction. A command `UPDATE t SET c7 = 1 WHERE pk = 'a'` has the mutation
  #   a5..8 bytes..  01 61  00  01   00 00  01   07 80 04 00000001

  conditions @9 :Data;
  # row condition := byte flags (1: static, 2: now), block partition key, block clustering, [zigzag now], varint count,
  #                  condition*
  # condition     := byte operator, varint column, byte flags (1: element, 2: field), [block element], [varint field],
  #                  varint count, operand*;   operand := 00 null | varint size + 1, bytes

  conditionColumns @10 :Data;  # varints

  sweep @11 :Sweep;
  batch @12 :BatchMark;
}

struct BatchMark {
  stamp @0 :Int64;
  nonce @1 :UInt64;
}

struct Sweep {
  now @0 :Int64;
  gcGrace @1 :Int32;
  keysMax @2 :UInt32;
  from @3 :Data;
}

struct Outcome {
  kind @0 :UInt8;          # OutcomeKind
  rowCount @1 :UInt64;     # of `rows`
  message @2 :Text;
  rows @3 :Data;           # ReadResult::rows of a refused condition
  resume @4 :Data;
}
