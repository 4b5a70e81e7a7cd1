#include "cql/plan/json_row.h"

#include <algorithm>

#include "schema/types/java_hash.h"
#include "schema/types/json.h"

namespace keyzone::cql {

Result<std::vector<Value>> read_json_row(const Table& table, BytesView text, bool default_unset,
                                         EvalContext& context) {
  JsonValue row;
  if (const auto error = read_json(text, JsonRoot::kObject, row)) {
    return invalid("Could not decode JSON string as a map: " + error->to_string() +
                   ". (String was: " + std::string(text) + ")");
  }
  if (row.is_null()) return invalid("Got null for INSERT JSON values");
  std::vector<Value> values(table.columns.size(), default_unset ? Value::unset() : Value::null());
  JsonFields fields = json_fields(row);
  std::optional<std::pair<uint32_t, Error>> failed;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const auto at = std::find_if(fields.begin(), fields.end(),
                                 [&](const auto& field) { return field.first == column.name; });
    if (at == fields.end()) continue;
    auto value = column.type->from_json(*at->second);
    fields.erase(at);
    if (!value) {
      // Cassandra tells the first it meets
      const uint32_t place = java_bucket(column.name, table.columns.size());
      if (!failed || place < failed->first) {
        failed = {place, is_told_as_it_is(value.error())
                             ? value.error()
                             : invalid("Error decoding JSON value for " + column.name + ": " +
                                       value.error().message)};
      }
      continue;
    }
    values[i] = *value ? context.keep(*std::move(*value)) : Value::null();
  }
  if (failed) return failed->second;  // what is wrong with a column comes before unknown names
  if (fields.empty()) return values;
  return invalid("JSON values map contains unrecognized column: " + fields.front().first);
}

}  // namespace keyzone::cql
