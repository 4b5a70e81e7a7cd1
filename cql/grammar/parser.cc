#include "cql/grammar/parser.h"

#include "cql/grammar/build.h"
#include "cql/grammar/cql.tab.hh"
#include "cql/grammar/lexeme.h"

namespace keyzone::cql {
namespace {

// What a thread reads texts with. A parser's stack begins with two hundred symbols, and to make them took a
// good part of what a short statement takes.
struct Reader {
  Builder builder{{}, {}, 0};
  Parser parser{builder};
};
Reader& reader() {
  thread_local Reader reader;
  return reader;
}

// Runs the parser over `text` into `take` of the builder.
template <class T>
Result<T> run(std::string_view text, int first_kind, T (Builder::*take)()) {
  if (text.size() > kMaxStatementBytes) {
    return Error{ErrorKind::kSyntax,
                 "the statement is longer than " + std::to_string(kMaxStatementBytes) + " bytes"};
  }
  auto& [builder, parser] = reader();
  builder = Builder(text, tokenize(text), first_kind);
  const bool parsed = parser.parse() == 0;
  Builder made = std::exchange(builder, Builder({}, {}, 0));  // what it holds goes with the text
  if (made.error()) return *made.error();
  KEYZONE_ASSERT(parsed);
  return (made.*take)();
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
