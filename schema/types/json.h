// JSON as INSERT JSON and fromJson() read it. Integers keep their text; other numbers go through a double, as
// in Cassandra.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/result.h"

namespace keyzone {

inline constexpr int kJsonDepthMax = 128;

struct JsonValue {
  enum class Kind { kNull, kBoolean, kInteger, kFloat, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;                                        // string, or the number as it was written
  std::vector<JsonValue> items;                            // array
  std::vector<std::pair<std::string, JsonValue>> members;  // object; of equal names only the last

  bool is_null() const { return kind == Kind::kNull; }
  bool is_number() const { return kind == Kind::kInteger || kind == Kind::kFloat; }
  const JsonValue* find(std::string_view name) const;
  std::string to_string() const;        // for error messages
  std::string_view java_class() const;  // what Cassandra's errors call it: "Integer", "ArrayList"
  std::string java_class_path() const;  // "java.util.ArrayList"
};

// Errors: kInvalid, "parse error at line 1, column 5: …".
Result<JsonValue> parse_json(std::string_view text);
// The same for JSON that stands in a JSON string: "Error decoding JSON string: …".
Result<JsonValue> parse_json_string(std::string_view text);
// With quotes around it.
std::string quote_json(std::string_view utf8);
// The column or field that a member's name means: "\"Ab\"" is Ab, Ab is ab.
std::string json_field_name(std::string_view member);
// The member's name that means a column or field; the counterpart of json_field_name, not yet quoted for
// JSON.
std::string json_member_name(std::string_view field);

}  // namespace keyzone
