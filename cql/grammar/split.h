// Cuts a script of CQL into its statements, as cqlsh does: at semicolons that stand outside of strings,
// quoted names, comments and batches.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace keyzone::cql {

struct ScriptStatement {
  std::string text;  // without the semicolon; never blank
  size_t line = 1;   // where it begins
};
std::vector<ScriptStatement> split_statements(std::string_view script);

}  // namespace keyzone::cql
