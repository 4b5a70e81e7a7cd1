// JSON as INSERT JSON and fromJson() read it. Integers keep their text; other numbers go through a double, as
// in Cassandra.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/result.h"

namespace keyzone {

inline constexpr size_t kJsonDepthMax = 1000;   // of arrays and objects within each other
inline constexpr size_t kJsonNumberMax = 1000;  // digits of a number

struct JsonMember;

struct JsonValue {
  enum class Kind { kNull, kBoolean, kInteger, kFloat, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;                 // string, or the number as it was written
  std::vector<JsonValue> items;     // array
  std::vector<JsonMember> members;  // object; of equal names only the last

  bool is_null() const { return kind == Kind::kNull; }
  bool is_number() const { return kind == Kind::kInteger || kind == Kind::kFloat; }
  const JsonValue* find(std::string_view name) const;
  std::string to_string() const;        // for error messages
  std::string_view java_class() const;  // what Cassandra's errors call it: "Integer", "ArrayList"
  std::string java_class_path() const;  // "java.util.ArrayList"
};
struct JsonMember {
  std::string name;
  JsonValue value;
};

// What is wrong with a text that is not JSON, in the words of the library that Cassandra reads JSON with.
struct JsonError {
  std::string exception;  // "com.fasterxml.jackson.core.JsonParseException"
  std::string message;    // "Unrecognized token 'x': …", with the line and column where it was found
  std::string to_string() const { return exception + ": " + message; }
};
enum class JsonRoot { kAny, kObject };  // kObject: an object or null

// What stands behind the value is not looked at, as in Cassandra.
std::optional<JsonError> read_json(std::string_view text, JsonRoot root, JsonValue& value);
// The same for JSON that stands in a JSON string. Errors: kInvalid, "Error decoding JSON string: …".
Result<JsonValue> parse_json_string(std::string_view text);
// An error of from_json() that Cassandra passes on as it is: it doesn't say which JSON value it was in.
bool is_told_as_it_is(const Error& error);
// With quotes around it.
std::string quote_json(std::string_view utf8);
// The members of an object by the columns or fields that their names mean: "\"Ab\"" is Ab, Ab is ab. One name
// after the other is folded in place, so that of "V" and v the one that is folded wins: as Cassandra does it.
using JsonFields = std::vector<std::pair<std::string, const JsonValue*>>;
JsonFields json_fields(const JsonValue& object);
// The member's name that means a column or field, not yet quoted for JSON.
std::string json_member_name(std::string_view field);

}  // namespace keyzone
