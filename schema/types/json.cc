#include "schema/types/json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "schema/types/floating.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

// Builds a JsonValue from the parser's events. The parser keeps its own stack on the heap, so that depth is
// limited here and only here.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(JsonValue& root) : root_(root) {}
  const std::string& error() const { return error_; }

  bool null() override { return place(JsonValue()); }
  bool boolean(bool v) override {
    JsonValue value;
    value.kind = JsonValue::Kind::kBoolean;
    value.boolean = v;
    return place(std::move(value));
  }
  bool number_integer(number_integer_t v) override { return number(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(std::to_string(v)); }
  // Also integers that fit no machine word; the text is as it was written.
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& text) override {
    JsonValue value;
    value.kind = JsonValue::Kind::kString;
    value.text = std::move(text);
    return place(std::move(value));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(JsonValue::Kind::kObject); }
  bool start_array(size_t) override { return open(JsonValue::Kind::kArray); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& e) override {
    error_ = e.what();
    // "[json.exception.parse_error.101] parse error at …" speaks of its library first.
    if (const size_t end = error_.find("] "); end != std::string::npos) error_.erase(0, end + 2);
    return false;
  }

 private:
  bool number(const std::string& text) {
    JsonValue value;
    value.kind = is_integer_text(text) ? JsonValue::Kind::kInteger : JsonValue::Kind::kFloat;
    value.text = text;
    if (value.kind == JsonValue::Kind::kFloat) {  // as Java has it, which reads a double: 1e3 is 1000.0
      const double number = parse_double(text).value_or(0);
      if (std::isfinite(number)) value.text = java_text(number);
    }
    return place(std::move(value));
  }
  bool place(JsonValue value) {
    add(std::move(value));
    return true;
  }
  JsonValue& add(JsonValue value) {
    if (open_.empty()) return root_ = std::move(value);
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonValue::Kind::kArray) return parent.items.emplace_back(std::move(value));
    for (auto& [name, member] : parent.members) {
      if (name == key_) return member = std::move(value);
    }
    return parent.members.emplace_back(std::move(key_), std::move(value)).second;
  }
  bool open(JsonValue::Kind kind) {
    if (open_.size() == kJsonDepthMax) {
      error_ = "nested deeper than " + std::to_string(kJsonDepthMax);
      return false;
    }
    JsonValue value;
    value.kind = kind;
    open_.push_back(&add(std::move(value)));
    return true;
  }
  // Pointers into a vector stay valid: only the innermost open value grows.
  bool close() {
    open_.pop_back();
    return true;
  }

  JsonValue& root_;
  std::vector<JsonValue*> open_;
  std::string key_;
  std::string error_;
};

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
        out += value.members[i].first + "=";
        append_json(value.members[i].second, out);
      }
      out += '}';
      break;
  }
}

}  // namespace

Result<JsonValue> parse_json(std::string_view text) {
  JsonValue root;
  Builder builder(root);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return invalid(builder.error());
  }
  return root;
}

Result<JsonValue> parse_json_string(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return invalid("Error decoding JSON string: " + json.error().message);
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

std::string json_field_name(std::string_view member) {
  if (member.size() >= 2 && member.starts_with('"') && member.ends_with('"')) {
    return std::string(member.substr(1, member.size() - 2));
  }
  return lower_case(member);
}

std::string json_member_name(std::string_view field) {
  return lower_case(field) == field ? std::string(field) : "\"" + std::string(field) + "\"";
}

}  // namespace keyzone
