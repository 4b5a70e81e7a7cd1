#include "cql/plan/json_row.h"

#include "schema/types/json.h"

namespace keyzone::cql {
namespace {

// Names are case-insensitive unless they have quotes of their own within the JSON string.
std::string column_name(std::string_view key) {
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"')
    return std::string(key.substr(1, key.size() - 2));
  std::string name(key);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace

Result<std::vector<Value>> read_json_row(const Table& table, BytesView text, bool default_unset,
                                         EvalContext& context) {
  auto parsed = parse_json(text);
  if (!parsed) return invalid("Could not decode JSON string as a map: " + parsed.error().message);
  if (parsed->is_null()) return invalid("Got null for INSERT JSON values");
  if (parsed->kind != JsonValue::Kind::kObject) {
    return invalid("Could not decode JSON string as a map: a JSON object is expected. (String was: " +
                   std::string(text) + ")");
  }
  std::vector<Value> values(table.columns.size(), default_unset ? Value::unset() : Value::null());
  for (size_t i = 0; i < table.partition_key_size + table.clustering_size; ++i) values[i] = Value::null();
  for (const auto& [key, json] : parsed->members) {
    const Column* column = table.find(std::string_view(column_name(key)));
    if (!column) return invalid("JSON values map contains unrecognized column: " + column_name(key));
    const size_t at = static_cast<size_t>(column - table.columns.data());
    auto value = column->type->from_json(json);
    if (!value)
      return invalid("Error decoding JSON value for " + column->name + ": " + value.error().message);
    values[at] = *value ? context.keep(*std::move(*value)) : Value::null();
  }
  return values;
}

}  // namespace keyzone::cql
