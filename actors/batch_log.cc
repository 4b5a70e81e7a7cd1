#include "actors/batch_log.h"

#include "cql/system_tables/system_tables.h"
#include "schema/types/token.h"

namespace keyzone::actors {

namespace {

constexpr ColumnId kId{1}, kBody{2};

BytesView bytes_of(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

// varint written at, varint count, then for each command: table id, zigzag token, the command as a block.
Bytes encode_body(const BatchEntry& entry) {
  Bytes out;
  append_varint(out, static_cast<uint64_t>(entry.written_at));
  append_varint(out, entry.commands.size());
  for (const auto& command : entry.commands) {
    out.append(bytes_of(command.table));
    append_zigzag(out, command.token.value);
    append_block(out, encode_command(command.command));
  }
  return out;
}

Result<BatchEntry> decode_body(BytesView body) {
  ByteReader in(body);
  BatchEntry entry;
  entry.written_at = static_cast<Timestamp>(in.varint());
  const uint64_t count = in.varint();
  for (uint64_t i = 0; i < count && !in.failed(); ++i) {
    BatchCommand command;
    const BytesView table = in.bytes(command.table.bytes.size());
    if (in.failed()) break;
    std::copy(table.begin(), table.end(), command.table.bytes.begin());
    command.token = Token(in.zigzag());
    const BytesView block = in.block();
    if (in.failed()) break;
    KEYZONE_TRY(decoded, decode_command(block));
    command.command = std::move(decoded);
    entry.commands.push_back(std::move(command));
  }
  if (in.failed()) return Error{ErrorKind::kCorrupt, "an entry of the batch log is cut short"};
  return entry;
}

cql::TabletCommand command_for(const Table& log, const Uuid& id, RowWrite row, Timestamp stamp) {
  cql::TabletCommand out;
  out.table = log.id;
  out.token = token_of(bytes_of(id));
  out.command.table = log.id;
  out.command.schema_version = log.version;
  Mutation mutation;
  mutation.partition_key = Bytes(bytes_of(id));
  mutation.token = out.token;
  mutation.timestamp = stamp;
  mutation.rows.push_back(std::move(row));
  out.command.mutations.push_back(std::move(mutation));
  return out;
}

}  // namespace

Table batch_log_table() {
  Table table;
  for (size_t i = 0; i < table.id.bytes.size(); ++i) table.id.bytes[i] = static_cast<uint8_t>(0xb0 + i);
  table.keyspace = cql::kInternalKeyspace;
  table.name = kBatchLogTable;
  table.columns.push_back({kId, "id", native_type(TypeKind::kUuid), ColumnKind::kPartitionKey, 0, false});
  table.columns.push_back({kBody, "body", native_type(TypeKind::kBlob), ColumnKind::kRegular, 0, false});
  table.next_column = kBody.value + 1;
  // entries come with the clock's stamps
  table.options["gc_grace_seconds"] = std::to_string(kBatchOverdue / 1'000'000);
  table.index();
  return table;
}

TablePtr batch_log(const Catalog& catalog) {
  auto it = catalog.tables.find({std::string(cql::kInternalKeyspace), kBatchLogTable});
  return it == catalog.tables.end() ? nullptr : it->second;
}

BatchEntry make_entry(const Uuid& id, Timestamp stamp, const BatchMark& mark,
                      std::vector<cql::TabletCommand>& commands) {
  BatchEntry entry{id, stamp, {}};
  for (auto& command : commands) {
    command.command.batch = mark;
    for (auto& mutation : command.command.mutations) {
      if (mutation.timestamp == kNoTimestamp) mutation.timestamp = stamp;
    }
    entry.commands.push_back({command.table, command.token, command.command});
  }
  return entry;
}

cql::TabletCommand put_entry(const Table& log, const BatchEntry& entry) {
  RowWrite row;
  row.marker = true;
  CellWrite cell;
  cell.column = kBody;
  cell.value = encode_body(entry);
  row.cells.push_back(std::move(cell));
  return command_for(log, entry.id, std::move(row), entry.written_at);
}

cql::TabletCommand delete_entry(const Table& log, const Uuid& id, Timestamp stamp) {
  RowWrite row;
  row.action = RowAction::kDeletePartition;
  return command_for(log, id, std::move(row), stamp);
}

ReadRequest read_entries(const Table& log, const Tablet& tablet) {
  ReadRequest request;
  request.table = log.id;
  request.schema_version = log.version;
  request.epoch = tablet.epoch;
  request.scan = true;
  request.begin = tablet.begin;
  request.end = tablet.end;
  request.columns = {kBody};
  request.bytes_limit = 4u << 20;
  return request;
}

Result<std::vector<BatchEntry>> parse_entries(const ReadResult& rows) {
  std::vector<BatchEntry> out;
  ByteReader in(rows.rows);
  Uuid id;
  while (!in.done()) {
    const uint8_t mark = in.byte();
    const BytesView key = in.block();
    if (mark == kPartitionMark || mark == kPartitionHasStaticMark) {
      if (key.size() == id.bytes.size()) std::copy(key.begin(), key.end(), id.bytes.begin());
      continue;
    }
    const uint64_t size = in.varint();
    if (size == 0) continue;
    const BytesView body = in.bytes(static_cast<size_t>(size - 1));
    if (in.failed()) break;
    KEYZONE_TRY(entry, decode_body(body));
    entry.id = id;
    out.push_back(std::move(entry));
  }
  if (in.failed()) return Error{ErrorKind::kCorrupt, "rows of the batch log don't decode"};
  return out;
}

}  // namespace keyzone::actors
