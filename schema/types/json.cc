#include "schema/types/json.h"

#include <algorithm>
#include <charconv>

#include "schema/text.h"
#include "schema/types/collections.h"
#include "schema/types/duration.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

void append_json(const JsonValue& value, std::string& out) {
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      out += "null";
      break;
    case JsonValue::Kind::kBoolean:
      out += value.boolean ? "true" : "false";
      break;
    case JsonValue::Kind::kInteger:
    case JsonValue::Kind::kFloat:
      out += value.text;
      break;
    case JsonValue::Kind::kString:
      out += value.text;
      break;
    case JsonValue::Kind::kArray:
      out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i) out += ", ";
        append_json(value.items[i], out);
      }
      out += ']';
      break;
    case JsonValue::Kind::kObject:
      out += '{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i) out += ", ";
        out += value.members[i].name + "=";
        append_json(value.members[i].value, out);
      }
      out += '}';
      break;
  }
}

}  // namespace

bool is_told_as_it_is(const Error& error) {
  return is_duration_error(error) || error.message == kNullInVector;
}

Result<JsonValue> parse_json_string(std::string_view text) {
  JsonValue json;
  const auto error = read_json(text, JsonRoot::kAny, json);
  if (error) return invalid("Error decoding JSON string: " + error->message);
  return json;
}

const JsonValue* JsonValue::find(std::string_view name) const {
  for (const auto& [member, value] : members) {
    if (member == name) return &value;
  }
  return nullptr;
}

// As Java prints the collections that it reads JSON into.
std::string JsonValue::to_string() const {
  std::string out;
  append_json(*this, out);
  return out;
}

std::string_view JsonValue::java_class() const {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return "Boolean";
    case Kind::kFloat:
      return "Double";
    case Kind::kString:
      return "String";
    case Kind::kArray:
      return "ArrayList";
    case Kind::kObject:
      return "LinkedHashMap";
    case Kind::kInteger:
      break;
  }
  int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return "BigInteger";
  return value == static_cast<int32_t>(value) ? "Integer" : "Long";
}

std::string JsonValue::java_class_path() const {
  const std::string name(java_class());
  const bool is_util = kind == Kind::kArray || kind == Kind::kObject;
  return (is_util ? "java.util." : name == "BigInteger" ? "java.math." : "java.lang.") + name;
}

std::string quote_json(std::string_view utf8) {
  std::string out = "\"";
  for (const char c : utf8) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          constexpr char kHex[] = "0123456789ABCDEF";
          out += std::string("\\u00") + kHex[c >> 4] + kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

namespace {

std::string field_name(std::string_view member) {
  if (member.size() >= 2 && member.starts_with('"') && member.ends_with('"')) {
    return std::string(member.substr(1, member.size() - 2));
  }
  return lower_case(member);
}

}  // namespace

JsonFields json_fields(const JsonValue& object) {
  JsonFields fields;
  const auto named = [&fields](const std::string& name) {
    return std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  };
  for (const auto& [member, value] : object.members) fields.emplace_back(member, &value);
  for (const auto& [member, original] : object.members) {
    const std::string name = field_name(member);
    const auto at = named(member);
    if (name == member || at == fields.end()) continue;
    const JsonValue* value = at->second;
    fields.erase(at);
    if (const auto other = named(name); other != fields.end()) {
      other->second = value;
    } else {
      fields.emplace_back(name, value);
    }
  }
  return fields;
}

std::string json_member_name(std::string_view field) {
  return lower_case(field) == field ? std::string(field) : "\"" + std::string(field) + "\"";
}

}  // namespace keyzone
