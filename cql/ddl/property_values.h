// Values of WITH properties as numbers, truths and maps, with Cassandra's complaints.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "cql/ast/ddl.h"
#include "schema/result.h"

namespace keyzone::cql {

inline Error syntax_error(std::string message) { return {ErrorKind::kSyntax, std::move(message)}; }
inline Error config_error(std::string message) { return {ErrorKind::kConfig, std::move(message)}; }

Result<std::string> string_property(const Property& property);
Result<int32_t> int_property(const Property& property);
Result<double> double_property(const Property& property);
Result<bool> bool_property(const Property& property);
Result<std::map<std::string, std::string>> map_property(const Property& property);

// Errors: kSyntax for a property that is there twice.
Result<void> check_unique(const Properties& properties);

// Errors: kSyntax for a property that is none of `known`; of several, for the one that Cassandra names.
Result<void> check_known(const Properties& properties, std::span<const std::string_view> known);

bool parse_int(std::string_view text, int32_t& value);
bool parse_long(std::string_view text, int64_t& value);
bool parse_double(std::string_view text, double& value);

}  // namespace keyzone::cql
