// The words of CQL. re2c makes lexer.cc of this file; keywords.h says which bare words are keywords.
#include <algorithm>
#include <cctype>
#include <optional>

#include "cql/grammar/cql.tab.hh"
#include "cql/grammar/keywords.h"
#include "cql/grammar/parser.h"
#include "cql/grammar/lexeme.h"

namespace keyzone::cql {
namespace {

using Kind = Parser::token;

// What Cassandra's lexer says of a character: in a word that can only be one, before several words, in a row of digits.
constexpr std::string_view kMismatch = "mismatched", kNoAlternative = "no viable alternative at",
                           kNoLoop = "required (...)+ loop did not match anything at",
                           kAnyOfSet = " expecting set null";

// Cuts one text into tokens. A `-` directly before a number is the number's sign, even behind something that could
// be subtracted from: `c - 1` subtracts, `c -1` is a mistake. And `-i` begins what can only be -Infinity.
class Lexer {
 public:
  // REQUIRES: a NUL byte behind `text` (re2c reads it to see the end).
  explicit Lexer(std::string_view text)
      : begin_(text.data()), end_(text.data() + text.size()), cursor_(begin_), line_begin_(begin_),
        counted_(begin_) {}

  Words run() {
    while (!done_ && !error_) next();
    if (error_) tokens_.push_back({0, "", {line_, column()}, static_cast<size_t>(start_ - begin_),
                                   static_cast<size_t>(end_ - begin_)});
    return {std::move(tokens_), std::move(error_)};
  }

 private:
  void next();
  void add(int kind, std::string text);
  void add_word();
  void add_float();
  void skip_lines();
  uint32_t column();
  void fail(std::string what);
  void fail_at_end(char expected);
  void fail_in_dollars();
  void fail_at_character();
  void fail_behind(std::string_view what, std::string_view expected = {});
  void fail_within(std::string_view shape);
  bool check_nesting(int kind);
  bool after_type_word() const;
  size_t size() const { return static_cast<size_t>(cursor_ - start_); }
  std::string_view word() const { return {start_, size()}; }

  const char* begin_;
  const char* end_;
  const char* cursor_;
  const char* start_ = nullptr;   // of the word at hand
  const char* marker_ = nullptr;  // re2c's
  const char* line_begin_;
  uint32_t line_ = 1;
  const char* counted_ = nullptr;  // characters before it in its line: column_
  uint32_t column_ = 0;
  int open_brackets_ = 0;
  int prefixes_ = 0;  // minuses and type hints in a row
  bool done_ = false;
  std::optional<Error> error_;
  std::vector<Lexeme> tokens_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// The text between quotes, with doubled quotes made single.
std::string unquote(std::string_view quoted) {
  const char quote = quoted.front();
  std::string out;
  out.reserve(quoted.size());
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    out.push_back(quoted[i]);
    if (quoted[i] == quote) ++i;
  }
  return out;
}

// Of the word at hand in its line, in characters as Java counts them: two of those beyond 16 bits.
uint32_t Lexer::column() {
  if (counted_ < line_begin_) {
    counted_ = line_begin_;
    column_ = 0;
  }
  for (; counted_ < start_; ++counted_) {
    const auto byte = static_cast<unsigned char>(*counted_);
    constexpr unsigned char kContinuationMask = 0xc0, kContinuation = 0x80, kFourBytes = 0xf0;
    if ((byte & kContinuationMask) != kContinuation) column_ += byte >= kFourBytes ? 2 : 1;
  }
  return column_;
}

void Lexer::fail(std::string what) {
  const std::string where = std::to_string(line_) + ":" + std::to_string(column());
  error_ = Error{ErrorKind::kSyntax, "line " + where + " " + what};
}

void Lexer::fail_at_character() { fail("no viable alternative at character '" + std::string(word()) + "'"); }

// Of $$ that is not closed, the last character is taken for one of the signs that would close it.
void Lexer::fail_in_dollars() {
  if (cursor_ == end_) return fail_at_end('$');
  cursor_ = end_ - 1;
  while (cursor_ > start_ && (*cursor_ & 0xc0) == 0x80) --cursor_;
  if (*cursor_ == '$') return fail_at_end('$');
  fail_behind(kMismatch, " expecting '$'");
}

// What began at start_ never ended.
void Lexer::fail_at_end(char expected) {
  cursor_ = end_;
  skip_lines();
  start_ = end_;
  fail(std::string("mismatched character '<EOF>' expecting '") + expected + "'");
}

// The character behind what has been read of a word can't go on with it; what a lexer of Cassandra's kind says of it.
void Lexer::fail_behind(std::string_view what, std::string_view expected) {
  skip_lines();
  start_ = cursor_;
  size_t size = cursor_ < end_ ? 1 : 0;
  const auto continues = [this](size_t at) { return cursor_ + at < end_ && (cursor_[at] & 0xc0) == 0x80; };
  while (size > 0 && continues(size)) ++size;
  const char first = size == 0 ? '\0' : *cursor_;
  const std::string character = size == 0       ? "<EOF>"
                                : first == '\n' ? "\\n"
                                : first == '\t' ? "\\t"
                                : first == '\r' ? "\\r"
                                                : std::string(cursor_, size);
  fail(std::string(what) + " character '" + character + "'" + std::string(expected));
}

// The word began as only one of this shape does, and did not keep to it. x is a hexadecimal digit, d a digit, i and
// other letters are themselves, in either case.
void Lexer::fail_within(std::string_view shape) {
  const auto fits = [](char c, char wanted) {
    if (wanted == 'x') return std::isxdigit(static_cast<unsigned char>(c)) != 0;
    if (wanted == 'd') return c >= '0' && c <= '9';
    return std::isalpha(static_cast<unsigned char>(c)) ? (c | 0x20) == (wanted | 0x20) : c == wanted;
  };
  cursor_ = start_;
  while (!shape.empty() && cursor_ < end_ && fits(*cursor_, shape[0])) {
    ++cursor_;
    shape.remove_prefix(1);
  }
  const bool one = shape[0] == '-' || shape[0] == ':' || shape[0] == 'T';
  fail_behind(kMismatch, one ? std::string(" expecting '") + shape[0] + "'" : kAnyOfSet);
}

// `list<`, but not `a < 1`.
bool Lexer::after_type_word() const {
  if (tokens_.empty()) return false;
  const int kind = tokens_.back().kind;
  return kind == Kind::LIST || kind == Kind::SET || kind == Kind::MAP || kind == Kind::TUPLE ||
         kind == Kind::FROZEN || kind == Kind::VECTOR;
}

// The parser's stack grows only with brackets that are open and with prefix operators.
bool Lexer::check_nesting(int kind) {
  const bool after_bracket = !tokens_.empty() && tokens_.back().kind == ')';
  if (kind == '-' || (kind == '(' && after_bracket)) {
    ++prefixes_;
  } else if (kind == ',' || kind == ';') {
    prefixes_ = 0;
  }
  const bool opens = kind == '(' || kind == '[' || kind == '{' || kind == Kind::INDEX_EXPRESSION;
  if (opens || (kind == '<' && after_type_word())) ++open_brackets_;
  const bool closes = kind == ')' || kind == ']' || kind == '}' || kind == '>';
  if (closes) open_brackets_ = std::max(0, open_brackets_ - 1);
  if (open_brackets_ <= kMaxNesting && prefixes_ <= kMaxNesting) return true;
  fail("nested deeper than " + std::to_string(kMaxNesting) + " levels");
  return false;
}

void Lexer::add(int kind, std::string text) {
  if (!check_nesting(kind)) return;
  const Position position{line_, column()};
  tokens_.push_back({kind, std::move(text), position, static_cast<size_t>(start_ - begin_),
                     static_cast<size_t>(cursor_ - begin_)});
  skip_lines();
}

// Counts the lines within the word at hand.
void Lexer::skip_lines() {
  for (const char* p = start_; p < cursor_; ++p) {
    if (*p != '\n') continue;
    ++line_;
    line_begin_ = p + 1;
  }
}

void Lexer::add_word() {
  std::string text = lower(word());
  const int keyword = find_keyword(text);
  const bool contains_key =
      keyword == Kind::KEY && !tokens_.empty() && tokens_.back().kind == Kind::CONTAINS;
  if (contains_key) {  // one word for the parser, since KEY may also be a column
    tokens_.back().kind = Kind::CONTAINS_KEY;
    tokens_.back().end = static_cast<size_t>(cursor_ - begin_);
    return;
  }
  add(keyword != 0 ? keyword : static_cast<int>(Kind::IDENTIFIER), std::move(text));
}

// `1.` in `c[1..2]` is the integer 1.
void Lexer::add_float() {
  if (word().back() != '.' || *cursor_ != '.') return add(Kind::FLOAT, std::string(word()));
  --cursor_;
  add(Kind::INTEGER, std::string(word()));
}

void Lexer::next() {
  start_ = cursor_;
  /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYPEEK = "static_cast<unsigned char>(*cursor_)";
    re2c:define:YYSKIP = "++cursor_;";
    re2c:define:YYBACKUP = "marker_ = cursor_;";
    re2c:define:YYRESTORE = "cursor_ = marker_;";
    re2c:flags:input = custom;
    re2c:api:style = free-form;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;
    re2c:define:YYLESSTHAN = "cursor_ >= end_";

    digit    = [0-9];
    letter   = [a-zA-Z];
    hex      = [0-9a-fA-F];
    integer  = "-"? digit+;
    exponent = 'e' [+-]? digit+;
    float    = integer ("." digit*)? exponent? ;
    unit     = 'y' | 'mo' | 'w' | 'd' | 'h' | 'm' | 's' | 'ms' | 'us' | "\xc2\xb5" 's' | 'ns';
    time     = "T" (digit+ "H" (digit+ "M")? (digit+ "S")? | digit+ "M" (digit+ "S")? | digit+ "S");
    period   = "P" (digit+ "Y" (digit+ "M")? (digit+ "D")? | digit+ "M" (digit+ "D")? | digit+ "D");
    duration = "-"? ((digit+ unit)+ | "P" time | "P" digit+ "W" | period time?
             | "P" digit{4} "-" digit{2} "-" digit{2} "T" digit{2} ":" digit{2} ":" digit{2});
    uuid     = hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12};

    [ \t\r\n]+                      { skip_lines(); return; }
    ("--" | "//") [^\n\r]*          { return cursor_ < end_ ? skip_lines() : fail_behind(kMismatch, kAnyOfSet); }
    "/*" ([^*] | "*"+ [^*/])* "*"+ "/" { skip_lines(); return; }

    'true' | 'false'                { return add(Kind::BOOLEAN, std::string(word())); }
    "-"? 'nan'                      { return add(Kind::NAN_OR_INFINITY, "NaN"); }
    "-"? 'infinity'                 { return add(Kind::NAN_OR_INFINITY,
                                                 *start_ == '-' ? "-Infinity" : "Infinity"); }
    "-" 'i'                         { return fail_within("-infinity"); }
    "-" 'n'                         { return fail_within("-nan"); }
    digit{1,7} ([abcfABCF] | [dD] [a-fA-F]) | hex{8} "-"
                                    { return fail_within("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"); }
    "P" digit{4} "-"                { return fail_within("Pdddd-dd-ddTdd:dd:dd"); }
    "-P" digit{4} "-"               { return fail_within("-Pdddd-dd-ddTdd:dd:dd"); }
    "-"? (digit+ unit)+ digit+ | digit+ 'e'  { return fail_behind(kNoAlternative); }
    "-" digit+ 'e' | integer ('e' [+-] | "." digit* 'e' [+-]?)  { return fail_behind(kNoLoop); }
    integer                         { return add(Kind::INTEGER, std::string(word())); }
    float                           { return add_float(); }
    duration                        { return add(Kind::DURATION, std::string(word())); }
    uuid                            { return add(Kind::UUID, std::string(word())); }
    '0x' hex*                       { return add(Kind::HEX, std::string(word().substr(2))); }
    "expr("                         { return add(Kind::INDEX_EXPRESSION, ""); }
    letter (letter | digit | "_")*  { return add_word(); }
    "''" | "'" ([^'] | "''")* "'"   { return add(Kind::STRING, unquote(word())); }
    "$$"                            { goto dollars; }
    "\"\""                          { return add(Kind::EMPTY_NAME, ""); }
    "\"" ([^"] | "\"\"")+ "\""      { return add(Kind::QUOTED_NAME, unquote(word())); }

    ".."                            { return add(Kind::RANGE, ""); }
    "<="                            { return add(Kind::LESS_OR_EQUAL, ""); }
    ">="                            { return add(Kind::GREATER_OR_EQUAL, ""); }
    "!="                            { return add(Kind::NOT_EQUAL, ""); }
    "+="                            { return add(Kind::PLUS_ASSIGN, ""); }
    "-="                            { return add(Kind::MINUS_ASSIGN, ""); }
    [()[\]{}<>=,;:.?+*/%-]          { return add(static_cast<unsigned char>(*start_), ""); }

    "!"                             { return fail_behind(kMismatch, " expecting '='"); }
    "$"                             { return fail_behind(kMismatch, " expecting '$'"); }
    ['"]                            { return fail_at_end(*start_); }
    "/*"                            { return fail_at_end('*'); }
    $                               { done_ = true; return add(0, ""); }
    [\xc0-\xff] [\x80-\xbf]*      { return fail_at_character(); }
    *                               { return fail_at_character(); }
  */
dollars:
  const std::string_view rest(cursor_, static_cast<size_t>(end_ - cursor_));
  const size_t close = rest.find("$$");
  if (close == rest.npos) return fail_in_dollars();
  cursor_ += close + 2;
  add(Kind::STRING, std::string(rest.substr(0, close)));
}

// `WHERE (list < 0)`: behind the brackets of a relation such a word is a column, and no type with parameters.
void name_restricted(std::vector<Lexeme>& tokens) {
  const auto opens_relation = [](int kind) { return kind == Kind::WHERE || kind == Kind::AND; };
  const auto takes_parameters = [](int kind) {
    return kind == Kind::LIST || kind == Kind::MAP || kind == Kind::TUPLE || kind == Kind::FROZEN ||
           kind == Kind::VECTOR;
  };
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!opens_relation(tokens[i].kind)) continue;
    size_t at = i + 1;
    while (at < tokens.size() && tokens[at].kind == '(') ++at;
    if (at == i + 1 || at + 1 >= tokens.size()) continue;
    if (takes_parameters(tokens[at].kind) && tokens[at + 1].kind == '<') tokens[at].kind = Kind::IDENTIFIER;
  }
}

}  // namespace

Words tokenize(std::string_view text) {
  const std::string copy(text);  // ends in NUL
  Words words = Lexer(copy).run();
  name_restricted(words.tokens);
  return words;
}

}  // namespace keyzone::cql
