#include "net/protocol/result.h"

namespace keyzone::net {
namespace {

enum RowsFlag : uint32_t {
  kGlobalTableSpec = 0x01,
  kHasMorePages = 0x02,
  kNoMetadata = 0x04,
  kMetadataChanged = 0x08,  // v5
};

enum TypeId : uint16_t {
  kCustom = 0x00,
  kDate = 0x11,
  kTinyint = 0x14,
  kDuration = 0x15,
  kList = 0x20,
  kMap = 0x21,
  kSet = 0x22,
  kUdt = 0x30,
  kTuple = 0x31,
};

// The protocol version in which a type got its id.
uint8_t known_since(uint16_t id) {
  if (id == kDuration) return 5;
  return id >= kDate && id <= kTinyint ? 4 : kMinVersion;
}

// The native types by their option id; null for a gap.
TypePtr native_type_of(uint16_t id) {
  static const auto types = [] {
    std::vector<TypePtr> by_id(kList);
    for (int kind = 0; kind < static_cast<int>(TypeKind::kList); ++kind) {
      const TypePtr& type = native_type(static_cast<TypeKind>(kind));
      if (type->protocol_id() != kCustom && type->protocol_id() < by_id.size())
        by_id[type->protocol_id()] = type;
    }
    constexpr size_t kVarchar = 0x0D, kTextOfOldServers = 0x0A;
    by_id[kTextOfOldServers] = by_id[kVarchar];
    return by_id;
  }();
  return id < types.size() ? types[id] : nullptr;
}

TypePtr fail(ByteReader& in) {
  in.fail();
  return nullptr;
}

TypePtr read_user_type(ByteReader& in, int depth) {
  std::string keyspace(read_string(in)), name(read_string(in));
  const size_t count = in.be<uint16_t>();
  constexpr size_t kLeastField = 4;
  if (count * kLeastField > in.left()) return fail(in);
  std::vector<std::string> names;
  std::vector<TypePtr> types;
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    names.emplace_back(read_string(in));
    types.push_back(read_type(in, depth + 1));
  }
  if (in.failed()) return nullptr;
  return user_type(std::move(keyspace), std::move(name), std::move(names), std::move(types), true);
}

TypePtr read_tuple(ByteReader& in, int depth) {
  const size_t count = in.be<uint16_t>();
  constexpr size_t kLeastField = 2;
  if (count * kLeastField > in.left()) return fail(in);
  std::vector<TypePtr> types;
  for (size_t i = 0; i < count && !in.failed(); ++i) types.push_back(read_type(in, depth + 1));
  return in.failed() ? nullptr : tuple_type(std::move(types));
}

TypePtr read_collection(ByteReader& in, uint16_t id, int depth) {
  TypePtr first = read_type(in, depth + 1);
  TypePtr second = id == kMap ? read_type(in, depth + 1) : nullptr;
  if (in.failed()) return nullptr;
  if (id == kList) return list_type(std::move(first), true);
  if (id == kSet) return set_type(std::move(first), true);
  return map_type(std::move(first), std::move(second), true);
}

bool same_table(const std::vector<ColumnSpec>& columns) {
  for (const auto& column : columns) {
    if (column.keyspace != columns[0].keyspace || column.table != columns[0].table) return false;
  }
  return !columns.empty();
}

void append_metadata(Bytes& body, const RowsHeader& header) {
  const bool whole = !header.skip_metadata || header.new_metadata_id;
  const EncodedColumns& columns = *header.columns;
  // The table's flag stays with no_metadata, as Cassandra sends it, though no table follows then.
  append_be(body, (columns.one_table ? kGlobalTableSpec : 0u) | (header.paging_state ? kHasMorePages : 0u) |
                      (whole ? 0u : kNoMetadata) | (header.new_metadata_id ? kMetadataChanged : 0u));
  append_be(body, columns.count);
  if (header.paging_state) append_bytes(body, *header.paging_state);
  if (header.new_metadata_id) append_short_bytes(body, *header.new_metadata_id);
  if (whole) body.append(columns.specs);
}

void read_column_specs(ByteReader& in, bool one_table, ResultMetadata& out) {
  std::string keyspace, table;
  if (one_table) {
    keyspace = read_string(in);
    table = read_string(in);
  }
  const size_t least = one_table ? 4 : 8;
  if (static_cast<size_t>(out.column_count) * least > in.left()) return in.fail();
  out.columns.reserve(static_cast<size_t>(out.column_count));
  for (int32_t i = 0; i < out.column_count && !in.failed(); ++i) {
    ColumnSpec column;
    column.keyspace = one_table ? keyspace : std::string(read_string(in));
    column.table = one_table ? table : std::string(read_string(in));
    column.name = read_string(in);
    column.type = read_type(in);
    out.columns.push_back(std::move(column));
  }
}

// Of rows, and of the results of a prepared statement; with `bound` of its bind variables.
ResultMetadata read_metadata(ByteReader& in, uint8_t version, bool bound) {
  ResultMetadata out;
  const auto flags = in.be<uint32_t>();
  out.column_count = in.be<int32_t>();
  if (out.column_count < 0) in.fail();
  if (bound && version >= 4) {
    const auto count = in.be<int32_t>();
    if (count < 0 || static_cast<size_t>(count) * 2 > in.left()) in.fail();
    for (int32_t i = 0; i < count && !in.failed(); ++i)
      out.partition_key_indexes.push_back(in.be<uint16_t>());
  }
  if (flags & kHasMorePages) out.paging_state = read_bytes(in);
  if (flags & kMetadataChanged) out.new_metadata_id = read_short_bytes(in);
  out.no_metadata = flags & kNoMetadata;
  if (!out.no_metadata && !in.failed()) read_column_specs(in, flags & kGlobalTableSpec, out);
  return out;
}

}  // namespace

void append_type(Bytes& out, uint8_t version, const Type& type) {
  const uint16_t id = known_since(type.protocol_id()) <= version ? type.protocol_id() : uint16_t{kCustom};
  append_be(out, id);
  switch (id) {
    case kCustom:
      return append_string(out, type.marshal_name());
    case kUdt:
      append_string(out, type.keyspace());
      append_string(out, type.name());
      append_be(out, static_cast<uint16_t>(type.parameters().size()));
      for (size_t i = 0; i < type.parameters().size(); ++i) {
        append_string(out, type.field_names()[i]);
        append_type(out, version, *type.parameters()[i]);
      }
      return;
    case kTuple:
      append_be(out, static_cast<uint16_t>(type.parameters().size()));
      [[fallthrough]];
    default:
      for (const TypePtr& parameter : type.parameters()) append_type(out, version, *parameter);
  }
}

TypePtr read_type(ByteReader& in, int depth) {
  const auto id = in.be<uint16_t>();
  if (in.failed() || depth > kTypeDepthMax) return fail(in);
  switch (id) {
    case kCustom: {
      auto type = parse_marshal_name(read_string(in));
      return type && !in.failed() ? *std::move(type) : fail(in);
    }
    case kList:
    case kSet:
    case kMap:
      return read_collection(in, id, depth);
    case kUdt:
      return read_user_type(in, depth);
    case kTuple:
      return read_tuple(in, depth);
    default:
      if (TypePtr type = native_type_of(id)) return type;
      return fail(in);
  }
}

EncodedColumns encode_columns(const std::vector<ColumnSpec>& columns, uint8_t version) {
  EncodedColumns encoded;
  encoded.count = static_cast<int32_t>(columns.size());
  encoded.one_table = same_table(columns);
  const auto append_table = [&](const ColumnSpec& column) {
    append_string(encoded.specs, column.keyspace);
    append_string(encoded.specs, column.table);
  };
  if (encoded.one_table) append_table(columns[0]);
  for (const auto& column : columns) {
    if (!encoded.one_table) append_table(column);
    append_clipped_string(encoded.specs, column.name);
    append_type(encoded.specs, version, *column.type);
  }
  return encoded;
}

void encode_rows(Bytes& body, uint8_t version, const RowsHeader& header, uint32_t row_count, BytesView rows) {
  KEYZONE_ASSERT(header.columns && (version >= 5 || !header.new_metadata_id));
  append_be(body, static_cast<int32_t>(ResultKind::kRows));
  append_metadata(body, header);
  append_be(body, row_count);
  body.append(rows);
}

void encode_void(Bytes& body) { append_be(body, static_cast<int32_t>(ResultKind::kVoid)); }

void encode_set_keyspace(Bytes& body, BytesView keyspace) {
  append_be(body, static_cast<int32_t>(ResultKind::kSetKeyspace));
  append_string(body, keyspace);
}

void encode_prepared(Bytes& body, uint8_t version, const PreparedHeader& header) {
  KEYZONE_ASSERT(header.bind_variables);
  append_be(body, static_cast<int32_t>(ResultKind::kPrepared));
  append_short_bytes(body, header.id);
  if (version >= 5) append_short_bytes(body, header.result_metadata_id);
  const EncodedColumns& variables = *header.bind_variables;
  append_be(body, variables.one_table ? kGlobalTableSpec : 0u);
  append_be(body, variables.count);
  if (version >= 4) {
    append_be(body, static_cast<int32_t>(header.partition_key_indexes.size()));
    for (const uint16_t index : header.partition_key_indexes) append_be(body, index);
  }
  body.append(variables.specs);
  if (header.result_columns) {
    RowsHeader rows;
    rows.columns = header.result_columns;
    return append_metadata(body, rows);
  }
  append_be(body, static_cast<uint32_t>(kNoMetadata));
  append_be(body, int32_t{0});
}

RowsResult read_rows(ByteReader& in, uint8_t version, bool cells) {
  RowsResult out;
  out.metadata = read_metadata(in, version, false);
  out.row_count = in.be<int32_t>();
  const auto columns = static_cast<uint64_t>(out.metadata.column_count);
  constexpr uint64_t kLeastCell = 4;
  if (out.row_count < 0 || (columns == 0 && out.row_count > 0)) in.fail();
  if (in.failed() ||
      (columns != 0 && static_cast<uint64_t>(out.row_count) > in.left() / (columns * kLeastCell))) {
    in.fail();
    out.row_count = 0;
    return out;
  }
  const size_t count = cells ? static_cast<size_t>(out.row_count) * columns : 0;
  out.cells.reserve(count);
  for (size_t i = 0; i < count && !in.failed(); ++i) out.cells.push_back(read_value(in, false));
  return out;
}

PreparedResult read_prepared(ByteReader& in, uint8_t version) {
  PreparedResult out;
  out.id = read_short_bytes(in);
  if (version >= 5) out.result_metadata_id = read_short_bytes(in);
  out.bind_variables = read_metadata(in, version, true);
  out.result_columns = read_metadata(in, version, false);
  return out;
}

}  // namespace keyzone::net
