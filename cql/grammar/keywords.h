// Which bare words are keywords.
#pragma once
#include <string_view>

namespace keyzone::cql {

// The token kind of a keyword, 0 for any other word. REQUIRES: lower case.
int find_keyword(std::string_view word);

}  // namespace keyzone::cql
