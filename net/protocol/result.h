// Bodies of RESULT: metadata of columns and rows. Rows themselves are [bytes] cells in CQL wire form, which
// whoever makes them appends directly; this file writes what comes before them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/protocol/primitives.h"
#include "schema/bytes.h"
#include "schema/result.h"
#include "schema/result_set.h"
#include "schema/types/type.h"

namespace keyzone::net {

// The [option] of a type: its id, then what it is made of. A type that is newer than the client's version
// (date, time, smallint and tinyint came with v4, duration with v5) is sent as a custom one, by its
// marshal_name().
void append_type(Bytes& out, uint8_t version, const Type& type);
// Fails the reader on an unknown id or deeper nesting than kTypeDepthMax.
TypePtr read_type(ByteReader& in, int depth = 0);

// Column specifications in wire form, made once per statement and protocol version, copied into each answer.
struct EncodedColumns {
  bool one_table = false;  // keyspace and table are said once (global_tables_spec)
  int32_t count = 0;
  Bytes specs;
};
EncodedColumns encode_columns(const std::vector<ColumnSpec>& columns, uint8_t version);

// What precedes the rows.
struct RowsHeader {
  const EncodedColumns* columns = nullptr;   // REQUIRED, also with skip_metadata (for the count)
  bool skip_metadata = false;                // the client asked for it; ignored with new_metadata_id
  std::optional<BytesView> paging_state;     // set: there are more pages
  std::optional<BytesView> new_metadata_id;  // v5: the metadata changed since the client prepared
};
// `rows` are [bytes] cells, row by row, as in ResultSet.
void encode_rows(Bytes& body, uint8_t version, const RowsHeader& header, uint32_t row_count, BytesView rows);

void encode_void(Bytes& body);
void encode_set_keyspace(Bytes& body, BytesView keyspace);

struct PreparedHeader {
  BytesView id;
  BytesView result_metadata_id;                    // v5
  const EncodedColumns* bind_variables = nullptr;  // REQUIRED
  std::vector<uint16_t>
      partition_key_indexes;  // v4 and later: which variable gives each partition key column
  const EncodedColumns* result_columns = nullptr;  // null: no rows (not a SELECT)
};
void encode_prepared(Bytes& body, uint8_t version, const PreparedHeader& header);

// --- as a client reads them ---
struct ResultMetadata {
  std::vector<ColumnSpec> columns;  // empty with no_metadata
  int32_t column_count = 0;
  bool no_metadata = false;
  std::optional<Bytes> paging_state;
  std::optional<Bytes> new_metadata_id;
  std::vector<uint16_t> partition_key_indexes;  // of PREPARED's bind variables
};
struct RowsResult {
  ResultMetadata metadata;
  int32_t row_count = 0;
  std::vector<Value> cells;  // row by row: row_count * column_count views into the frame's body
  const Value& cell(int32_t row, int32_t column) const {
    return cells[static_cast<size_t>(row) * static_cast<size_t>(metadata.column_count) +
                 static_cast<size_t>(column)];
  }
};
struct PreparedResult {
  Bytes id;
  Bytes result_metadata_id;  // v5
  ResultMetadata bind_variables;
  ResultMetadata result_columns;
};
// Without `cells` the rows are counted only, and `in` stays before them.
RowsResult read_rows(ByteReader& in, uint8_t version, bool cells = true);
PreparedResult read_prepared(ByteReader& in, uint8_t version);

}  // namespace keyzone::net
