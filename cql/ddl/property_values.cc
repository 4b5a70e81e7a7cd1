#include "cql/ddl/property_values.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "schema/text.h"
#include "schema/types/floating.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

// A plus may stand before it, as in Java.
template <class T>
bool parse_number(std::string_view text, T& value) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool parse_int(std::string_view text, int32_t& value) { return parse_number(text, value); }
bool parse_long(std::string_view text, int64_t& value) { return parse_number(text, value); }
bool parse_double(std::string_view text, double& value) {
  const auto number = keyzone::parse_double(text);
  value = number.value_or(value);
  return number.has_value();
}

Result<std::string> string_property(const Property& property) {
  if (!property.value.map) return property.value.text;
  return syntax_error("Invalid value for property '" + property.name + "'. It should be a string");
}

Result<int32_t> int_property(const Property& property) {
  KEYZONE_TRY(text, string_property(property));
  int32_t value = 0;
  if (parse_int(text, value)) return value;
  return syntax_error("Invalid integer value " + text + " for '" + property.name + "'");
}

Result<double> double_property(const Property& property) {
  KEYZONE_TRY(text, string_property(property));
  double value = 0;
  if (parse_double(text, value)) return value;
  return syntax_error("Invalid double value " + text + " for '" + property.name + "'");
}

Result<bool> bool_property(const Property& property) {
  KEYZONE_TRY(text, string_property(property));
  const std::string lower = lower_case(text);
  if (lower == "1" || lower == "true" || lower == "yes") return true;
  if (lower == "0" || lower == "false" || lower == "no") return false;
  return syntax_error(
      "Invalid boolean value " + text + " for '" + property.name +
      "'. Positive values can be '1', 'true' or 'yes'. Negative values can be '0', 'false' or 'no'.");
}

Result<std::map<std::string, std::string>> map_property(const Property& property) {
  if (!property.value.map) {
    return syntax_error("Invalid value for property '" + property.name + "'. It should be a map.");
  }
  return std::map<std::string, std::string>(property.value.map->begin(), property.value.map->end());
}

Result<void> check_unique(const Properties& properties) {
  std::set<std::string_view> seen;
  for (const Property& property : properties) {
    if (!seen.insert(property.name).second)
      return syntax_error("Multiple definitions for property '" + property.name + "'");
  }
  return {};
}

Result<void> check_known(const Properties& properties, std::span<const std::string_view> known) {
  std::vector<std::string> unknown;
  for (const Property& property : properties) {
    if (std::find(known.begin(), known.end(), property.name) == known.end()) unknown.push_back(property.name);
  }
  if (unknown.empty()) return {};
  java_sort(unknown, java_table_size(properties.size()));
  return syntax_error("Unknown property '" + unknown[0] + "'");
}

}  // namespace keyzone::cql
