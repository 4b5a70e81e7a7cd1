#include "cql/plan/json_row.h"

#include <map>

#include "schema/types/duration.h"
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

// The values by column name. One name after the other is folded in place, so that of "V" and V the first
// wins, under the second's name: as Cassandra does it.
std::map<std::string, const JsonValue*> by_column(const JsonValue& object) {
  std::map<std::string, const JsonValue*> out;
  for (const auto& [key, json] : object.members) out[key] = &json;
  for (const auto& [key, json] : object.members) {
    const std::string name = column_name(key);
    const auto at = out.find(key);
    if (name == key || at == out.end()) continue;
    const JsonValue* value = at->second;
    out.erase(at);
    out[name] = value;
  }
  return out;
}

}  // namespace

Result<std::vector<Value>> read_json_row(const Table& table, BytesView text, bool default_unset,
                                         EvalContext& context) {
  auto parsed = parse_json(text);
  const auto no_map = [text](const std::string& why) {
    return invalid("Could not decode JSON string as a map: " + why + ". (String was: " + std::string(text) +
                   ")");
  };
  if (!parsed) return no_map(parsed.error().message);
  if (parsed->is_null()) return invalid("Got null for INSERT JSON values");
  if (parsed->kind != JsonValue::Kind::kObject) {
    return no_map("a JSON object is expected");
  }
  std::vector<Value> values(table.columns.size(), default_unset ? Value::unset() : Value::null());
  for (const auto& [name, json] : by_column(*parsed)) {
    const Column* column = table.find(std::string_view(name));
    if (!column) return invalid("JSON values map contains unrecognized column: " + name);
    const size_t at = static_cast<size_t>(column - table.columns.data());
    auto value = column->type->from_json(*json);
    if (!value && is_duration_error(value.error())) return value.error();
    if (!value)
      return invalid("Error decoding JSON value for " + column->name + ": " + value.error().message);
    values[at] = *value ? context.keep(*std::move(*value)) : Value::null();
  }
  return values;
}

}  // namespace keyzone::cql
