#include "cql/grammar/parser.h"

#include "cql/grammar/build.h"
#include "cql/grammar/cql.tab.hh"
#include "cql/grammar/lexeme.h"

namespace keyzone::cql {
namespace {

// Runs the parser over `text` into `take` of the builder.
template <class T>
Result<T> run(std::string_view text, int first_kind, T (Builder::*take)()) {
  if (text.size() > kMaxStatementBytes) {
    return Error{ErrorKind::kSyntax,
                 "the statement is longer than " + std::to_string(kMaxStatementBytes) + " bytes"};
  }
  Builder builder(text, tokenize(text), first_kind);
  Parser parser(builder);
  const bool parsed = parser.parse() == 0;
  if (builder.error()) return *builder.error();
  KEYZONE_ASSERT(parsed);
  return (builder.*take)();
}

}  // namespace

Result<Statement> parse(std::string_view text) { return run<Statement>(text, 0, &Builder::take_statement); }

Result<TermPtr> parse_term(std::string_view text) {
  return run<TermPtr>(text, Parser::token::FOR_TERM, &Builder::take_term);
}

Result<TypeName> parse_type_name(std::string_view text) {
  return run<TypeName>(text, Parser::token::FOR_TYPE, &Builder::take_type);
}

}  // namespace keyzone::cql
