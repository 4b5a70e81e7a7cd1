// Words of CQL text, as the lexer cuts them and the parser takes them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cql/ast/term.h"
#include "schema/result.h"

namespace keyzone::cql {

struct Lexeme {
  int kind = 0;      // Parser::token::token_kind_type; 0 is the end of the text
  std::string text;  // keywords and bare identifiers in lower case, strings and quoted names without quotes
  Position position;
  size_t begin = 0;  // the bytes of the text it was cut from: [begin, end)
  size_t end = 0;
};

// The words of a text, and as the last one its end, of kind 0: or the place behind which there are no more
// words, for the reason in `error`, which is kSyntax: "line 1:7 no viable alternative at character '#'". It
// counts if the parser gets that far.
struct Words {
  std::vector<Lexeme> tokens;
  std::optional<Error> error;
};
Words tokenize(std::string_view text);

}  // namespace keyzone::cql
