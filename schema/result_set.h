// What a statement gives back to its client, before it becomes a protocol frame.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/bytes.h"
#include "schema/types/type.h"
#include "schema/value.h"

namespace keyzone {

// One column of a result, or one bind marker of a prepared statement.
struct ColumnSpec {
  std::string keyspace;
  std::string table;
  std::string name;
  TypePtr type;
};
using ColumnSpecsPtr = std::shared_ptr<const std::vector<ColumnSpec>>;

// A value of a row, or a null for whatever has none.
inline void append_row_value(Bytes& out, const Value& value) {
  append_be<int32_t>(out, value.is_set() ? static_cast<int32_t>(value.bytes.size()) : -1);
  out.append(value.bytes);
}

// Rows as the native protocol sends them: for each row, for each column, an int32 length (-1: null) and the
// value.
struct ResultSet {
  ColumnSpecsPtr columns;
  Bytes rows;
  uint32_t row_count = 0;
  std::optional<Bytes> paging_state;  // set: there are more pages; still without the coordinator's signature
};

// What a schema change did: the body of RESULT kind 5, and of the event that others get.
struct SchemaChangeEvent {
  std::string change;  // CREATED, UPDATED, DROPPED
  std::string target;  // KEYSPACE, TABLE, TYPE, FUNCTION, AGGREGATE
  std::string keyspace;
  std::string name;                    // of the table or type; empty for a keyspace
  std::vector<std::string> arguments;  // of a function or aggregate
};

}  // namespace keyzone
