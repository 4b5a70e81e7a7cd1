#include "cql/grammar/split.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "schema/text.h"

namespace keyzone::cql {

namespace {

// Where what begins at `at` (a string, a quoted name, a comment) ends; `at` itself if it is none of these.
size_t skip_opaque(std::string_view text, size_t at) {
  const auto until = [&](std::string_view end, size_t from) {
    const size_t found = text.find(end, from);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("--") || rest.starts_with("//")) return until("\n", at + 2);
  if (rest.starts_with("/*")) return until("*/", at + 2);
  if (rest.starts_with("$$")) return until("$$", at + 2);
  if (rest.starts_with("'")) return until("'", at + 1);  // '' is two strings side by side, for this purpose
  if (rest.starts_with("\"")) return until("\"", at + 1);
  return at;
}

bool is_comment(std::string_view rest) {
  return rest.starts_with("--") || rest.starts_with("//") || rest.starts_with("/*");
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

std::vector<ScriptStatement> split_statements(std::string_view script) {
  std::vector<ScriptStatement> out;
  std::string first, previous, last;  // words of the statement so far, in upper case
  size_t begin = std::string_view::npos;
  const auto finish = [&](size_t end) {
    if (begin != std::string_view::npos) {
      const auto lines =
          std::count(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
      out.push_back({std::string(script.substr(begin, end - begin)), static_cast<size_t>(lines) + 1});
    }
    begin = std::string_view::npos;
    first.clear();
    previous.clear();
    last.clear();
  };
  for (size_t at = 0; at < script.size();) {
    const size_t behind = skip_opaque(script, at);
    if (behind != at) {
      if (begin == std::string_view::npos && !is_comment(script.substr(at))) begin = at;
      at = behind;
      continue;
    }
    const char c = script[at];
    if (is_word(c)) {
      size_t end = at;
      while (end < script.size() && is_word(script[end])) ++end;
      if (begin == std::string_view::npos) begin = at;
      previous = last;
      last = upper_case(script.substr(at, end - at));
      if (first.empty()) first = last;
      at = end;
      continue;
    }
    if (c == ';') {
      const bool in_batch = first == "BEGIN" && !(previous == "APPLY" && last == "BATCH");
      if (!in_batch) finish(at);
    } else if (!std::isspace(static_cast<unsigned char>(c)) && begin == std::string_view::npos) {
      begin = at;
    }
    ++at;
  }
  finish(script.size());
  while (!out.empty() && std::all_of(out.back().text.begin(), out.back().text.end(),
                                     [](unsigned char c) { return std::isspace(c); })) {
    out.pop_back();
  }
  return out;
}

}  // namespace keyzone::cql
