// What is said of a mistake: which word it is, what would have to stand there, and the words around it.
#include <algorithm>

#include "cql/grammar/cql.tab.hh"
#include "cql/grammar/syntax_error.h"

namespace keyzone::cql {
namespace {

using Kind = Parser::token;

constexpr size_t kSnippetWords = 10;      // as many before the choice are shown, spaces included,
constexpr size_t kWordsBehindChoice = 2;  // and as many behind it

// Cassandra's name of a token.
std::string token_name(const std::string& symbol) {
  if (symbol == "<EOF>") return "EOF";
  if (symbol == "identifier") return "IDENT";
  if (symbol == "string") return "STRING_LITERAL";
  if (symbol == "integer") return "INTEGER";
  if (symbol == "boolean") return "BOOLEAN";
  const bool keyword = symbol.front() >= 'A' && symbol.front() <= 'Z';
  if (symbol == "TABLE") return "K_COLUMNFAMILY";
  if (keyword) return "K_" + symbol;
  return symbol.front() == '\'' ? symbol : "'" + symbol + "'";
}

// Of the character that begins with this byte: how many bytes it has, and how many characters it is to Java.
size_t bytes_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}
size_t units_of(char first) { return bytes_of(first) == 4 ? 2 : 1; }

// Strings and quoted names are shown without as many characters as their quotes have, but from where they
// begin.
size_t shown_size(std::string_view text, const Lexeme& token) {
  const std::string_view whole = text.substr(token.begin, token.end - token.begin);
  if (token.kind != Kind::STRING && token.kind != Kind::QUOTED_NAME) return whole.size();
  size_t left = 0;
  for (size_t i = 0; i < token.text.size(); i += bytes_of(token.text[i])) left += units_of(token.text[i]);
  size_t size = 0;
  while (size < whole.size() && left >= units_of(whole[size])) {
    left -= units_of(whole[size]);
    size += bytes_of(whole[size]);
  }
  return std::min(size, whole.size());
}

// Where the words begin that Cassandra's lexer sees between two others: spaces together, each comment alone.
void add_hidden(std::string_view text, size_t from, size_t to, std::vector<size_t>& out) {
  constexpr std::string_view kSpaces = " \t\n\r";
  while (from < to) {
    out.push_back(from);
    const std::string_view rest = text.substr(0, to);
    const bool space = kSpaces.find(text[from]) != std::string_view::npos;
    const bool lines = !space && rest.substr(from, 2) == "/*";
    const size_t end = space   ? rest.find_first_not_of(kSpaces, from)
                       : lines ? rest.find("*/", from + 2)
                               : rest.find_first_of("\n\r", from);
    if (end == std::string_view::npos) return;
    from = end + (space ? 0 : lines ? 2 : 1);
  }
}

// Where the snippet begins.
size_t snippet_begin(std::string_view text, const std::vector<Lexeme>& tokens, size_t choice) {
  std::vector<size_t> words;
  for (size_t i = 0; i <= choice; ++i) {
    add_hidden(text, i == 0 ? 0 : tokens[i - 1].end, tokens[i].begin, words);
    words.push_back(tokens[i].begin);
  }
  const size_t last = words.size() - 1;
  return words[last > kSnippetWords ? last - kSnippetWords : 0];
}

// "(...WHERE a = 1 LIMIT [x]...)"
std::string snippet(std::string_view text, const std::vector<Lexeme>& tokens, const Mistake& mistake) {
  const Lexeme& choice = tokens[mistake.choice];
  const size_t from = snippet_begin(text, tokens, mistake.choice);
  std::string out = from > 0 ? "(..." : "(";
  out += text.substr(from, choice.begin - from);
  const size_t size = shown_size(text, choice);
  out += "[" + std::string(text.substr(choice.begin, size)) + "]";
  size_t last = mistake.choice, end = choice.begin + size, words = 0;
  const size_t shown = std::min(mistake.word + mistake.further, tokens.size() - 1);
  for (; last < shown; ++last) {
    const bool space = tokens[last + 1].begin > tokens[last].end;
    words += space ? 2 : 1;
    if (space && words == kWordsBehindChoice + 1) end = tokens[last + 1].begin;
    if (words > kWordsBehindChoice) break;
    end = tokens[last + 1].begin + shown_size(text, tokens[last + 1]);
  }
  out += text.substr(choice.begin + size, end - choice.begin - size);
  std::erase(out, '\n');  // they take the text line by line
  const bool whole = text.find_first_not_of('\n', end) == std::string_view::npos;
  return out + (whole ? ")" : "...)");
}

}  // namespace

std::string describe_mistake(std::string_view text, const std::vector<Lexeme>& tokens,
                             const Mistake& mistake) {
  const Lexeme& word = tokens[mistake.word];
  const bool at_end = word.kind == 0;
  const bool quoted = word.kind == Kind::STRING || word.kind == Kind::QUOTED_NAME;
  std::string message =
      "line " +
      (at_end ? "0:-1" : std::to_string(word.position.line) + ":" + std::to_string(word.position.column));
  message += mistake.wanted.empty() ? " no viable alternative at" : " mismatched";
  message += " input '";
  message += at_end   ? "<EOF>"
             : quoted ? word.text
                      : std::string(text.substr(word.begin, word.end - word.begin));
  message += "'";
  if (!mistake.wanted.empty()) message += " expecting " + token_name(mistake.wanted);
  const bool seen_to_end =
      mistake.further == 1 && mistake.choice == mistake.word && tokens[mistake.word + 1].kind == 0;
  if (!seen_to_end && (!at_end || mistake.choice < mistake.word))
    message += " " + snippet(text, tokens, mistake);
  return message;
}

}  // namespace keyzone::cql
