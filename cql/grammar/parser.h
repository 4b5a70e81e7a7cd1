// CQL text to abstract syntax. Pure functions; the grammar is cql.yy, the words are lexer.re.
#pragma once
#include <string_view>

#include "cql/ast/statement.h"
#include "schema/result.h"

namespace keyzone::cql {

inline constexpr int kMaxNesting = 200;                  // of terms, types and literals in each other
inline constexpr size_t kMaxStatementBytes = 16u << 20;  // longer text is refused unread

// One statement, with or without a `;` at its end. Errors are kSyntax: "line 1:7 no viable alternative at
// input 'FOO'".
Result<Statement> parse(std::string_view text);
// One term, one type: for tests, and for values kept as text (an aggregate's INITCOND).
Result<TermPtr> parse_term(std::string_view text);
Result<TypeName> parse_type_name(std::string_view text);

}  // namespace keyzone::cql
