// Reads JSON as Cassandra's library does: what it takes, where it stops, and its words for what it does not
// take.
//
// A value ends the reading: what follows it is not looked at, but for a number, which a space has to end.
// Places in errors are of the character read last or of the one to be read next, as that library has it for
// each complaint; columns count UTF-16 code units from 1.
#include <algorithm>
#include <cstdio>

#include "schema/types/floating.h"
#include "schema/types/json.h"
#include "schema/types/native_types.h"
#include "schema/types/utf.h"

namespace keyzone {

namespace {

constexpr std::string_view kNoJson = "core.JsonParseException";
constexpr std::string_view kEnded = "core.io.JsonEOFException";
constexpr std::string_view kPastLimit = "core.exc.StreamConstraintsException";
constexpr std::string_view kMismatch = "databind.exc.MismatchedInputException";
constexpr std::string_view kBadFormat = "databind.exc.InvalidFormatException";

constexpr std::string_view kKnownTokens =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
constexpr int kEnd = -1;
constexpr size_t kShownTokenMax = 256;

struct Place {
  size_t row = 1;
  size_t column = 1;
};

std::string source_of(const Place& place) {
  return "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: " +
         std::to_string(place.row) + ", column: " + std::to_string(place.column) + "]";
}

bool is_digit(int c) { return c >= '0' && c <= '9'; }

// An array or object that is not closed yet.
struct Scope {
  JsonValue* value;
  Place start;
  bool is_array() const { return value->kind == JsonValue::Kind::kArray; }
  const char* name() const { return is_array() ? "Array" : "Object"; }
  bool has_parts() const { return !value->items.empty() || !value->members.empty(); }
};

// Functions that return false have said why in error_. at_ is what the library calls its input pointer: the
// byte behind the character read last. Of a character beyond 16 bits it sees one half at a time; errors are
// about the first one.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonRoot root) : text_(text), root_kind_(root) {}

  std::optional<JsonError> run(JsonValue& root) {
    if (read(root)) return std::nullopt;
    return std::move(error_);
  }

 private:
  // ---- Errors ----

  bool fail(std::string_view exception, std::string message, const Place& place) {
    error_ = {"com.fasterxml.jackson." + std::string(exception),
              std::move(message) + "\n at " + source_of(place)};
    return false;
  }
  bool fail_past_limit(const std::string& what, size_t found, size_t limit, const char* getter) {
    error_ = {"com.fasterxml.jackson." + std::string(kPastLimit),
              what + " (" + std::to_string(found) + ") exceeds the maximum allowed (" +
                  std::to_string(limit) + ", from `StreamReadConstraints." + getter + "()`)"};
    return false;
  }
  bool fail_ended(const std::string& where) {
    return fail(kEnded, "Unexpected end-of-input" + where, place_of(at_));
  }
  bool fail_character(size_t at, const std::string& why) {
    return fail(kNoJson, "Unexpected character (" + described(at) + "): " + why, place_of(at));
  }
  bool fail_number(size_t at, const std::string& why, size_t place) {
    return fail(kNoJson, "Unexpected character (" + described(at) + ") in numeric value: " + why,
                place_of(place));
  }
  // The word that begins before at_ with `matched`.
  bool fail_token(std::string token) {
    size_t units = token.size();
    while (at_ < text_.size()) {
      const auto [code, size] = first_character(text_.substr(at_));
      if (!is_java_identifier_part(first_utf16_unit(code))) break;
      token += text_.substr(at_, size);
      at_ += size;
      if (++units < kShownTokenMax) continue;
      token += "...";
      break;
    }
    return fail(kNoJson, "Unrecognized token '" + token + "': was expecting " + std::string(kKnownTokens),
                place_of(at_));
  }

  Place place_of(size_t at) const {
    return {row_, utf16_length(text_.substr(row_start_, at - row_start_)) + 1};
  }
  std::string described(size_t at) const {
    const auto [code, size] = first_character(text_.substr(at));
    const char32_t unit = first_utf16_unit(code);
    const std::string number = "code " + std::to_string(static_cast<uint32_t>(unit));
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return "(CTRL-CHAR, " + number + ")";
    std::string out = "'";
    out += code == unit ? text_.substr(at, size) : "?";
    out += "' (" + number;
    if (unit > 0xff) {
      char digits[16];
      std::snprintf(digits, sizeof digits, " / 0x%x", static_cast<unsigned>(unit));
      out += digits;
    }
    return out + ")";
  }

  // ---- Characters ----

  int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : kEnd; }
  int next() {
    const int c = peek();
    if (c != kEnd) ++at_;
    return c;
  }

  // The first character that is no white space, read; kEnd where there is none.
  bool skip_space(int& c) {
    for (;;) {
      c = next();
      if (c == '/') {
        return fail_character(at_ - 1,
                              "maybe a (non-standard) comment? (not recognized as one since Feature "
                              "'ALLOW_COMMENTS' not enabled for parser)");
      }
      if (c == kEnd || c > ' ') return true;
      if (!is_space(c)) {
        return fail(kNoJson,
                    "Illegal character (" + described(at_ - 1) +
                        "): only regular white space (\\r, \\n, \\t) is allowed between tokens",
                    place_of(at_));
      }
    }
  }
  bool is_space(int c) {
    if (c != '\n' && c != '\r') return c == ' ' || c == '\t';
    if (c == '\r' && peek() == '\n') ++at_;
    ++row_;
    row_start_ = at_;
    return true;
  }

  // ---- The structure ----

  bool read(JsonValue& root) {
    int c;
    if (!skip_space(c)) return false;
    if (c == kEnd) return fail_empty();
    if (c == ']' || c == '}') {
      return fail(kNoJson,
                  std::string("Unexpected close marker '") + static_cast<char>(c) + "': no open " +
                      (c == ']' ? "Array" : "Object") + " to close",
                  place_of(at_ - 1));
    }
    const Place start = place_of(at_ - 1);
    if (!read_value(c, root)) return false;
    if (root_kind_ == JsonRoot::kObject && !check_root(root, start)) return false;
    while (!scopes_.empty()) {
      if (!read_part()) return false;
    }
    return true;
  }
  bool fail_empty() {
    error_ = {"com.fasterxml.jackson." + std::string(kMismatch),
              "No content to map due to end-of-input\n at [Source: REDACTED "
              "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: " +
                  std::to_string(row_) + "]"};
    return false;
  }

  bool check_root(const JsonValue& root, const Place& start) {
    constexpr std::string_view kClass = "java.util.LinkedHashMap";
    if (root.kind == JsonValue::Kind::kObject || root.is_null()) return true;
    if (root.kind == JsonValue::Kind::kString) {
      if (trim(root.text).empty()) {
        return fail(kBadFormat,
                    "Cannot coerce empty String (\"\") to element of `" + std::string(kClass) +
                        "` (but could if coercion was enabled using `CoercionConfig`)",
                    start);
      }
      return fail(
          kMismatch,
          "Cannot construct instance of `" + std::string(kClass) +
              "` (although at least one Creator exists): no String-argument constructor/factory method to "
              "deserialize from String value ('" +
              root.text + "')",
          start);
    }
    return fail(
        kMismatch,
        "Cannot deserialize value of type `java.util.LinkedHashMap<java.lang.Object,java.lang.Object>` "
        "from " +
            std::string(root_token(root)) + ")",
        start);
  }
  static std::string_view root_token(const JsonValue& root) {
    switch (root.kind) {
      case JsonValue::Kind::kArray:
        return "Array value (token `JsonToken.START_ARRAY`";
      case JsonValue::Kind::kInteger:
        return "Integer value (token `JsonToken.VALUE_NUMBER_INT`";
      case JsonValue::Kind::kFloat:
        return "Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`";
      default:
        return root.boolean ? "Boolean value (token `JsonToken.VALUE_TRUE`"
                            : "Boolean value (token `JsonToken.VALUE_FALSE`";
    }
  }

  // What comes next in the innermost scope: its end, or a part of it.
  bool read_part() {
    const Scope scope = scopes_.back();
    int c;
    if (!skip_space(c)) return false;
    if (c == kEnd) {
      return fail_ended(std::string(": expected close marker for ") + scope.name() + " (start marker at " +
                        source_of(scope.start) + ")");
    }
    if (c == ']' || c == '}') return close(c);
    if (scope.has_parts() && !read_comma(scope, c)) return false;
    if (scope.is_array()) return read_value(c, scope.value->items.emplace_back());
    std::string name;
    if (c != '"') return fail_character(at_ - 1, "was expecting double-quote to start field name");
    if (!read_string(name, "name") || !read_colon(c)) return false;
    return read_value(c, member(*scope.value, std::move(name)));
  }
  bool close(int c) {
    const Scope& scope = scopes_.back();
    if (scope.is_array() != (c == ']')) {
      return fail(kNoJson,
                  std::string("Unexpected close marker '") + static_cast<char>(c) + "': expected '" +
                      (scope.is_array() ? ']' : '}') + "' (for " + scope.name() + " starting at " +
                      source_of(scope.start) + ")",
                  place_of(at_ - 1));
    }
    scopes_.pop_back();
    return true;
  }
  // The character behind the comma.
  bool read_comma(const Scope& scope, int& c) {
    if (c != ',') {
      return fail_character(at_ - 1,
                            std::string("was expecting comma to separate ") + scope.name() + " entries");
    }
    if (!skip_space(c)) return false;
    if (c != kEnd) return true;
    return fail(kNoJson, std::string("Unexpected end-of-input within/between ") + scope.name() + " entries",
                place_of(at_));
  }
  // The character behind the colon.
  bool read_colon(int& c) {
    if (!skip_space(c)) return false;
    if (c != kEnd && c != ':') {
      return fail_character(at_ - 1, "was expecting a colon to separate field name and value");
    }
    if (c == ':' && !skip_space(c)) return false;
    return c != kEnd || fail_ended(" within/between Object entries");
  }
  // Of equal names the last wins, at the first one's place.
  static JsonValue& member(JsonValue& object, std::string name) {
    const auto at = std::find_if(object.members.begin(), object.members.end(),
                                 [&](const auto& one) { return one.name == name; });
    if (at == object.members.end()) return object.members.emplace_back(JsonMember{std::move(name), {}}).value;
    return at->value = JsonValue();
  }

  // ---- Values ----

  // `value` stays where it is until its scope is closed: only the innermost scope grows.
  bool read_value(int c, JsonValue& value) {
    switch (c) {
      case '"':
        value.kind = JsonValue::Kind::kString;
        return read_string(value.text, "string value");
      case '[':
        return open(JsonValue::Kind::kArray, value);
      case '{':
        return open(JsonValue::Kind::kObject, value);
      case 't':
      case 'f':
        value.kind = JsonValue::Kind::kBoolean;
        value.boolean = c == 't';
        return read_word(c == 't' ? "true" : "false", 1);
      case 'n':
        return read_word("null", 1);
      case 'N':
        return read_word("NaN", 1) && fail_not_finite("NaN");
      case 'I':
        return read_word("Infinity", 1) && fail_not_finite("Infinity");
      case '-':
        return read_signed(value);
      case '+':
        return next() == kEnd ? fail_ended(" in a Number value") : fail_sign(false);
      default:
        return is_digit(c) ? read_number(at_ - 1, value) : fail_start();
    }
  }
  bool fail_start() {
    --at_;
    const auto [code, size] = first_character(text_.substr(at_));
    if (!is_java_identifier_start(first_utf16_unit(code))) {
      return fail_character(at_, "expected a valid value " + std::string(kKnownTokens));
    }
    at_ += size;
    return fail_token(std::string(text_.substr(at_ - size, size)));
  }
  bool open(JsonValue::Kind kind, JsonValue& value) {
    value.kind = kind;
    scopes_.push_back({&value, place_of(at_ - 1)});
    if (scopes_.size() <= kJsonDepthMax) return true;
    return fail_past_limit("Document nesting depth", scopes_.size(), kJsonDepthMax, "getMaxNestingDepth");
  }
  // The rest of a word, of which `matched` characters have been read.
  bool read_word(std::string_view word, size_t matched) {
    for (; matched < word.size(); ++matched, ++at_) {
      if (at_ == text_.size() || text_[at_] != word[matched])
        return fail_token(std::string(word.substr(0, matched)));
    }
    if (at_ == text_.size()) return true;
    const char32_t code = first_utf16_unit(first_character(text_.substr(at_)).code);
    const bool may_follow = code < '0' || code == ']' || code == '}' || !is_java_identifier_part(code);
    return may_follow || fail_token(std::string(word));
  }
  bool fail_not_finite(const std::string& word) {
    return fail(
        kNoJson,
        "Non-standard token '" + word + "': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
        place_of(at_));
  }

  bool read_string(std::string& out, const char* what) {
    bool halves = false;
    for (;;) {
      const int c = next();
      if (c == '"') {
        if (halves) replace_half_characters(out);
        return true;
      }
      if (c == kEnd) {
        return fail_ended(what == std::string_view("name")
                              ? " in field name"
                              : ": was expecting closing quote for a string value");
      }
      if (c == '\\') {
        halves |= peek() == 'u';
        if (!read_escape(out)) return false;
      } else if (c < ' ') {
        return fail(kNoJson,
                    "Illegal unquoted character (" + described(at_ - 1) +
                        "): has to be escaped using backslash to be included in " + what,
                    place_of(at_ - 1));
      } else {
        out += static_cast<char>(c);
      }
    }
  }
  bool read_escape(std::string& out) {
    constexpr std::string_view kNames = "btnfr\"\\/", kMeant = "\b\t\n\f\r\"\\/";
    const int c = next();
    if (c == kEnd) return fail_ended(" in character escape sequence");
    if (c == 'u') return read_code(out);
    const size_t at = kNames.find(static_cast<char>(c));
    if (at == kNames.npos) {
      return fail(kNoJson, "Unrecognized character escape " + described(at_ - 1), place_of(at_ - 1));
    }
    out += kMeant[at];
    return true;
  }
  // \uXXXX; two of them may be the halves of one character.
  bool read_code(std::string& out) {
    char32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = next();
      if (c == kEnd) return fail_ended(" in character escape sequence");
      const int lower = c | 0x20;
      const int digit = is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
      if (digit < 0) return fail_character(at_ - 1, "expected a hex-digit for character escape sequence");
      code = code * 16 + static_cast<char32_t>(digit);
    }
    append_utf16_unit(code, out);
    return true;
  }

  // ---- Numbers ----

  bool read_signed(JsonValue& value) {
    const int c = peek();
    if (c == kEnd) return fail_ended("No digit following sign");
    if (is_digit(c)) return read_number(at_ - 1, value);
    if (c == '.')
      return ++at_, fail_character(at_ - 1, "expected a valid value " + std::string(kKnownTokens));
    ++at_;
    return fail_sign(true);
  }
  // Behind a sign there is no digit; at_ is behind what there is.
  bool fail_sign(bool negative) {
    const size_t found = at_ - 1;
    if (text_[found] == 'I') {
      const int c = next();
      if (c == kEnd) return fail_ended(" in a Number value");
      if (c == 'N' || c == 'n') {
        const std::string word = std::string(negative ? "-" : "+") + (c == 'N' ? "INF" : "Infinity");
        return read_word(word, 3) && fail_not_finite(word);
      }
      return fail_number_sign(negative, at_ - 1);
    }
    return fail_number_sign(negative, found);
  }
  bool fail_number_sign(bool negative, size_t found) {
    if (negative) {
      return fail_number(found, "expected digit (0-9) to follow minus sign, for valid numeric value", found);
    }
    return fail(
        kNoJson,
        "Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have "
        "plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
        place_of(found));
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }
  // A number whose first character, a digit or a minus before one, stands at `start`.
  bool read_number(size_t start, JsonValue& value) {
    at_ = start + (text_[start] == '-');
    const bool leads_with_zero = peek() == '0';
    if (leads_with_zero && at_ + 1 < text_.size() && is_digit(static_cast<unsigned char>(text_[at_ + 1]))) {
      ++at_;
      return fail(kNoJson, "Invalid numeric value: Leading zeroes not allowed", place_of(at_));
    }
    skip_digits();
    bool is_float = false;
    // Complaints about the rest are placed at the first character of it, if the library took its short way:
    // where the number does not begin with zero and the text goes on behind it.
    std::optional<size_t> rest;
    if (!leads_with_zero && !ends_text(at_)) rest = at_;
    if (peek() == '.') {
      is_float = true;
      ++at_;
      const size_t digits = at_;
      skip_digits();
      if (at_ == digits) return fail_rest("Decimal point not followed by a digit", rest);
    }
    if ((peek() | 0x20) == 'e' && peek() != kEnd) {
      is_float = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (peek() == kEnd) return fail_ended("expected a digit for number exponent");
      if (!is_digit(peek())) return fail_rest("Exponent indicator not followed by a digit", rest);
      skip_digits();
    }
    if (scopes_.empty() && peek() > ' ') {
      return fail_character(at_, "Expected space separating root-level values");
    }
    return take_number(text_.substr(start, at_ - start), is_float, value);
  }
  // Whether the rest of a number, as far as it is right, reaches to the end of the text.
  bool ends_text(size_t at) const {
    const auto is_at = [&](auto... wanted) { return at < text_.size() && ((text_[at] == wanted) || ...); };
    const auto skip = [&] {
      const size_t before = at;
      while (at < text_.size() && is_digit(static_cast<unsigned char>(text_[at]))) ++at;
      return at > before;
    };
    if (is_at('.')) {
      ++at;
      if (!skip()) return at == text_.size();
    }
    if (is_at('e', 'E')) {
      ++at;
      if (is_at('+', '-')) ++at;
      skip();
    }
    return at == text_.size();
  }
  bool fail_rest(const std::string& why, std::optional<size_t> place) {
    const size_t found = std::min(at_, text_.size() - 1);  // at the end: the character read last
    return fail_number(found, why, place.value_or(found));
  }
  bool take_number(std::string_view text, bool is_float, JsonValue& value) {
    const size_t length = static_cast<size_t>(std::count_if(text.begin(), text.end(), is_digit));
    if (length > kJsonNumberMax) {
      return fail_past_limit("Number value length", length, kJsonNumberMax, "getMaxNumberLength");
    }
    value.kind = is_float ? JsonValue::Kind::kFloat : JsonValue::Kind::kInteger;
    value.text = is_float       ? java_text(parse_double(text).value_or(0))
                 : text == "-0" ? "0"
                                : std::string(text);
    return true;
  }

  std::string_view text_;
  JsonRoot root_kind_;
  size_t at_ = 0;
  size_t row_ = 1;
  size_t row_start_ = 0;
  std::vector<Scope> scopes_;
  JsonError error_;
};

}  // namespace

std::optional<JsonError> read_json(std::string_view text, JsonRoot root, JsonValue& value) {
  value = JsonValue();
  return JsonParser(text, root).run(value);
}

}  // namespace keyzone
