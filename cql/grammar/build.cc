// The words in turn, and what is wrong with them.
#include "cql/grammar/build.h"

#include <algorithm>

#include "cql/grammar/cql.tab.hh"

namespace keyzone::cql {
namespace {

using Kind = Parser::token;

constexpr size_t kSnippetWords =
    10;  // as many before the bad one are shown, spaces included, as in Cassandra

// Cassandra's name of a token that was expected.
std::string expected_name(const std::string& symbol) {
  if (symbol == "<EOF>") return "EOF";
  if (symbol == "identifier") return "IDENT";
  if (symbol == "string") return "STRING_LITERAL";
  if (symbol == "integer") return "INTEGER";
  const bool keyword = symbol.front() >= 'A' && symbol.front() <= 'Z';
  if (symbol == "TABLE") return "K_COLUMNFAMILY";
  if (keyword) return "K_" + symbol;
  return symbol.front() == '\'' ? symbol : "'" + symbol + "'";
}

}  // namespace

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
  return out;
}

Token Builder::next() {
  if (first_kind_ != 0) return {std::exchange(first_kind_, 0), "", {}, 0, 0};
  const size_t at = std::min(next_, tokens_.size() - 1);
  ++next_;
  Token token = tokens_[at];
  if (token.kind == Kind::SELECT) join_select(token);
  return token;
}

// SELECT JSON and SELECT DISTINCT are one token each, unless the word is a column there.
void Builder::join_select(Token& token) {
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
    case Kind::AS:
      return false;
    default:
      return true;
  }
}

void Builder::fail(std::string message) {
  if (!error_) error_ = Error{ErrorKind::kSyntax, std::move(message)};
}

void Builder::fail_at(Position position, const std::string& expected) {
  const auto same = [position](const Token& token) {
    return token.position.line == position.line && token.position.column == position.column;
  };
  const auto found = std::find_if(tokens_.begin(), tokens_.end(), same);
  const bool at_end = found == tokens_.end() || found->kind == 0;
  const std::string where =
      at_end ? "0:-1" : std::to_string(position.line) + ":" + std::to_string(position.column);
  const std::string word =
      at_end ? "<EOF>" : std::string(text_.substr(found->begin, found->end - found->begin));
  std::string message = "line " + where + (expected.empty() ? " no viable alternative at" : " mismatched");
  message += " input '" + word + "'";
  if (!expected.empty()) message += " expecting " + expected_name(expected);
  if (!at_end) message += " " + snippet(static_cast<size_t>(found - tokens_.begin()));
  fail(std::move(message));
}

// "(...WHERE a = 1 LIMIT [x]...)"
std::string Builder::snippet(size_t token) const {
  size_t first = token;
  size_t words = 0;
  while (first > 0) {
    const bool space = tokens_[first].begin > tokens_[first - 1].end;
    words += space ? 2 : 1;
    if (words > kSnippetWords) break;
    --first;
  }
  const Token& bad = tokens_[token];
  // One more may fit before the first: the space.
  const bool room = first > 0 && words == kSnippetWords + 1 && tokens_[first].begin > tokens_[first - 1].end;
  const size_t from = room ? tokens_[first - 1].end : tokens_[first].begin;
  std::string out = first > 0 ? "(..." : "(";
  out += text_.substr(from, bad.begin - from);
  out += "[" + std::string(text_.substr(bad.begin, bad.end - bad.begin)) + "]";
  out += token + 2 < tokens_.size() ? "...)" : ")";
  return out;
}

void Builder::finish(Statement statement) {
  statement_ = std::move(statement);
  statement_.markers = std::move(markers_);
}

}  // namespace keyzone::cql
