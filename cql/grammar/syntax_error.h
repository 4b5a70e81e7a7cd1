// What is said of text that is no CQL, in the words of Cassandra's parser.
//
// That parser descends (ANTLR 3): where it chooses between rules it looks ahead, and complains of the word at
// which no rule is left ("no viable alternative at input"), showing where the choice began in brackets; where
// it has chosen, it complains of the one word that it wants ("mismatched input … expecting"). Ours works from
// tables and knows only which words could come next, so find_mistake() says which of the two theirs would
// have done.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cql/grammar/lexeme.h"

namespace keyzone::cql {

struct Mistake {
  size_t word = 0;          // the token that is complained of
  size_t choice = 0;        // the token at which the choice began that it ended; `word` itself if none did
  std::string wanted = {};  // the symbol that must stand there; empty: several could
  size_t further = 0;       // so many words behind it were looked at, too, and are shown
};

// `at` is the first token that can't stand where it does; `possible` are the names of the symbols that could,
// as the grammar has them: FROM, ';', <EOF>, identifier.
Mistake find_mistake(const std::vector<Lexeme>& tokens, size_t at, const std::vector<std::string>& possible);
// "line 1:7 no viable alternative at input 'x' (SELECT [x]...)"
std::string describe_mistake(std::string_view text, const std::vector<Lexeme>& tokens,
                             const Mistake& mistake);

}  // namespace keyzone::cql
