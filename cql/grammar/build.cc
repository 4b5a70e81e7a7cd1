// The words in turn, and what is wrong with them.
#include "cql/grammar/build.h"

#include <algorithm>

#include "cql/grammar/cql.tab.hh"
#include "cql/grammar/syntax_error.h"

namespace keyzone::cql {
namespace {

using Kind = Parser::token;

// Whether there is a `..` in the brackets that open at word `at`: those of no list.
bool is_slice(const std::vector<Lexeme>& tokens, size_t at) {
  for (int depth = 0; at < tokens.size(); ++at) {
    const int kind = tokens[at].kind;
    depth += (kind == '[') - (kind == ']');
    if (depth == 0) return false;
    if (depth == 1 && kind == Kind::RANGE) return true;
  }
  return false;
}

size_t index_at(const std::vector<Lexeme>& tokens, Position position) {
  const auto same = [position](const Lexeme& token) {
    return token.position.line == position.line && token.position.column == position.column;
  };
  const auto found = std::find_if(tokens.begin(), tokens.end(), same);
  return found == tokens.end() ? tokens.size() - 1 : static_cast<size_t>(found - tokens.begin());
}

// CONTAINS KEY as the two words that Cassandra's parser sees.
std::vector<Lexeme> apart(const std::vector<Lexeme>& tokens) {
  std::vector<Lexeme> words;
  for (const Lexeme& token : tokens) {
    words.push_back(token);
    if (token.kind != Kind::CONTAINS_KEY) continue;
    words.back().kind = Kind::CONTAINS;
    words.back().end = token.begin + std::string_view("CONTAINS").size();
    words.push_back(token);
    words.back().kind = Kind::KEY;
    words.back().begin = token.end - std::string_view("KEY").size();
  }
  return words;
}

}  // namespace

Lexeme Builder::next() {
  if (first_kind_ != 0) return {std::exchange(first_kind_, 0), "", {}, 0, 0};
  const size_t at = std::min(next_, tokens_.size() - 1);
  ++next_;
  if (at + 1 == tokens_.size() && ends_in_) fail(ends_in_->message);
  Lexeme token = tokens_[at];
  if (token.kind == Kind::SELECT) join_select(token);
  return token;
}

// SELECT JSON and SELECT DISTINCT are one token each, unless the word is a column there.
void Builder::join_select(Lexeme& token) {
  const bool json = tokens_[next_].kind == Kind::JSON && is_keyword_here(next_);
  if (json) ++next_;
  const bool distinct = tokens_[next_].kind == Kind::DISTINCT && is_keyword_here(next_);
  if (distinct) ++next_;
  if (json) token.kind = distinct ? Kind::SELECT_JSON_DISTINCT : Kind::SELECT_JSON;
  if (!json && distinct) token.kind = Kind::SELECT_DISTINCT;
}

// Whether something that can be selected follows word `at`.
bool Builder::is_keyword_here(size_t at) const {
  switch (tokens_[at + 1].kind) {
    case 0:
    case ',':
    case '.':
    case '+':
    case '/':
    case '%':
    case Kind::FROM:
      return false;
    case '[':
      return !is_slice(tokens_, at + 1);
    case Kind::AS:
      return !is_keyword_here(at + 1);  // SELECT JSON as, … has a column of that name
    default:
      return true;
  }
}

void Builder::fail(std::string message) {
  if (!error_) error_ = Error{ErrorKind::kSyntax, std::move(message)};
}

void Builder::fail_for_marker(const char* what) {
  fail("Bind variables cannot be used for " + std::string(what) + " names");
}

// Cassandra looks at what is written: in upper case they are names like others.
void Builder::check_type_name(Position at) {
  const Lexeme& word = tokens_[token_at(at)];
  if (word.kind != Kind::IDENTIFIER) return;
  const std::string name(text_.substr(word.begin, word.end - word.begin));
  for (const char* reserved : {"byte", "complex", "enum", "date", "interval", "macaddr", "bitstring"}) {
    if (name == reserved) fail("Invalid (reserved) user type name " + name);
  }
}

size_t Builder::token_at(Position position) const { return index_at(tokens_, position); }

void Builder::fail_at(Position position, const std::vector<std::string>& possible) {
  const std::vector<Lexeme> words = apart(tokens_);
  fail(describe_mistake(text_, words, find_mistake(words, index_at(words, position), possible)));
}

void Builder::fail_with(const Mistake& mistake) { fail(describe_mistake(text_, tokens_, mistake)); }

void Builder::fail_behind(Position name, size_t words) {
  const size_t at = token_at(name), last = tokens_.size() - 1;
  const bool at_end = at + words >= last;
  fail_with(at_end ? Mistake{last, last} : Mistake{at + words, at});
}

void Builder::finish(Statement statement) {
  statement_ = std::move(statement);
  statement_.markers = std::move(markers_);
}

}  // namespace keyzone::cql
