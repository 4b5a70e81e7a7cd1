#include "cql/grammar/syntax_error.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "cql/grammar/cql.tab.hh"

namespace keyzone::cql {
namespace {

using Kind = Parser::token;

bool one_of(int kind, std::initializer_list<int> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// The character that a symbol of the grammar stands for; 0 of a word.
int sign_of(const std::string& symbol) { return symbol.size() == 3 && symbol[0] == '\'' ? symbol[1] : 0; }

// What a value that is no name ends with.
bool ends_value(int kind) {
  return one_of(kind, {Kind::STRING, Kind::INTEGER, Kind::FLOAT, Kind::BOOLEAN, Kind::DURATION, Kind::UUID,
                       Kind::HEX, Kind::NAN_OR_INFINITY, Kind::NULL_, '?', ']', '}'});
}

// Words that rules know by what they mean, but that may be names, too.
bool may_be_name(int kind) {
  return one_of(kind, {Kind::AS, Kind::VALUES, Kind::EXISTS, Kind::FILTERING, Kind::LIKE});
}

// The words around a mistake, as the rules below ask for them.
class Context {
 public:
  Context(const std::vector<Lexeme>& tokens, size_t at) : tokens_(tokens), at_(at) {}

  int bad() const { return tokens_[at_].kind; }
  // The kind of the word so many before the bad one; 0 where there is none.
  int before(size_t distance) const { return distance <= at_ ? tokens_[at_ - distance].kind : 0; }
  bool begins_with(std::initializer_list<int> kinds) const { return one_of(tokens_[0].kind, kinds); }
  bool said(int kind) const {
    return std::any_of(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(at_),
                       [kind](const Lexeme& token) { return token.kind == kind; });
  }
  bool in_select_list() const {
    const bool select =
        begins_with({Kind::SELECT, Kind::SELECT_JSON, Kind::SELECT_DISTINCT, Kind::SELECT_JSON_DISTINCT});
    return select && !said(Kind::FROM);
  }
  // In what SELECT DISTINCT lists: there DISTINCT itself would be selected.
  bool in_distinct_list() const {
    return at_ > 2 && in_select_list() && tokens_[1].kind == Kind::DISTINCT && tokens_[2].kind != ',';
  }
  // The same of SELECT JSON.
  bool in_json_list() const {
    return at_ > 2 && in_select_list() && tokens_[1].kind == Kind::JSON &&
           !one_of(tokens_[2].kind, {',', '.', '(', '['});
  }
  bool behind_alias() const { return before(2) == Kind::AS && name_before(); }
  // Their parser had to look at two words to see that a term or a type ended before the bad one.
  bool looked_further(const std::string& wanted) const {
    if (wanted.empty()) return false;
    if (bad() == Kind::AS && name_before() && one_of(before(2), {Kind::FROM, Kind::TABLE})) return true;
    if (begins_with({Kind::DESCRIBE, Kind::DESC}))
      return wanted == "<EOF>" && before(3) == 0 && before(1) != Kind::SCHEMA;
    if (is_definition() && wanted == "'}'") return true;
    if (begins_with({Kind::ALTER}) && before(2) == Kind::DROP) return false;
    if (begins_with({Kind::CREATE}) && said(Kind::TABLE) && wanted == "'('" && name_before() &&
        one_of(before(2), {Kind::TABLE, Kind::EXISTS}))
      return true;
    if (is_definition())
      return wanted == "':'" ||
             (type_before() && wanted != "integer" && !one_of(sign_of(wanted), {'.', '<'}));
    if (in_select_list())
      return one_of(sign_of(wanted), {']', '}'}) || (ends_value(before(1)) && before(2) != ')') ||
             (name_before() && !one_of(before(2), {Kind::AS, ':'}));
    if (begins_with({Kind::INSERT}) && said(Kind::VALUES) && before(1) == ')') return wanted == "')'";
    if (begins_with({Kind::SELECT}) && wanted == "<EOF>" && name_before() && before(2) == Kind::FROM)
      return true;
    if (wanted == "'}'" || (wanted == "']'" && before(1) != '[')) return true;
    const bool grouped =
        name_before() && one_of(before(2), {Kind::BY, ','}) && said(Kind::GROUP) && !said(Kind::ORDER);
    const bool table = name_before() && one_of(before(2), {Kind::UPDATE, Kind::FROM});
    return grouped || (wanted == "SET" && name_before() && before(2) != '.') ||
           (wanted == "WHERE" && table) || (behind_value() && wanted != "'='" && wanted != "FROM");
  }
  // Behind IDENT. in a list of selectors or for a value: there only a name could follow.
  bool behind_qualifier() const {
    if (before(1) != '.' || !one_of(before(2), {Kind::IDENTIFIER, Kind::QUOTED_NAME}) || is_definition())
      return false;
    const bool value = begins_with({Kind::INSERT}) ? said(Kind::VALUES) : before(3) == '=';
    return (in_select_list() || value) && before(3) != '.';
  }
  // Behind ( where a value should be.
  bool in_empty_tuple() const {
    const bool value = begins_with({Kind::INSERT}) && said(Kind::VALUES) && one_of(before(2), {'(', ','});
    const bool compared =
        one_of(before(2), {'=', '<', '>', Kind::WHERE, Kind::AND, Kind::CONTAINS}) && !is_definition();
    const bool key = before(2) == Kind::KEY && before(3) == Kind::CONTAINS;
    const bool several = one_of(before(2), {'=', '<', '>'}) && before(3) == ')';  // (a, b) = (
    return before(1) == '(' && bad() != 0 && (value || (compared && !several) || key);
  }
  // Behind (a, b) = ( where a value should be, or a name behind token(
  bool in_empty_list() const {
    const bool several = one_of(before(2), {'=', '<', '>'}) && before(3) == ')';
    return before(1) == '(' && ((several && bad() != 0) || before(2) == Kind::TOKEN) && !in_select_list() &&
           !is_definition();
  }
  // Behind a single name in ( where a relation begins.
  bool in_list_of_one() const {
    return before(2) == '(' && name_before() && one_of(before(3), {Kind::WHERE, Kind::AND}) &&
           !one_of(bad(), {0, '(', '.', '['}) && !in_select_list() && !is_definition();
  }
  // Behind the ( of a function without arguments yet: of a value, and of those selected only of COUNT.
  bool in_empty_call() const {
    if (before(1) != '(' || is_definition()) return false;
    if (in_select_list()) return before(2) == Kind::COUNT && before(3) != '.';
    return one_of(before(2), {Kind::IDENTIFIER, Kind::QUOTED_NAME, Kind::UUID_TYPE}) &&
           one_of(before(3), {'(', ',', '='}) && bad() != 0;
  }
  // Behind the name of a table, where words could follow in other statements than this one.
  bool behind_table_alone() const {
    const bool table = one_of(before(2), {Kind::INTO, Kind::TABLE, Kind::TRUNCATE}) ||
                       (before(2) == Kind::EXISTS && before(4) == Kind::TABLE);
    return table && name_before() && begins_with({Kind::INSERT, Kind::TRUNCATE, Kind::DROP, Kind::ALTER});
  }
  // Behind 1.2. or 'a'. or null.
  bool behind_dot_of_value() const {
    const int value = before(2);
    return before(1) == '.' && ends_value(value) && !one_of(value, {'?', ']', '}'}) && !is_definition();
  }
  // DELETE of what is no column.
  bool in_delete_of_none() const {
    return begins_with({Kind::DELETE}) &&
           (ends_value(tokens_[1].kind) || one_of(tokens_[1].kind, {'{', '[', '(', '-'}));
  }
  // WRITETIME, TTL: what only selectors may ask for.
  bool is_of_columns(size_t distance) const {
    return one_of(before(distance), {Kind::WRITETIME, Kind::MAXWRITETIME, Kind::TTL});
  }
  // The bad word stands behind [value of a column's element, outside of a list of selectors.
  bool behind_element() const {
    return before(2) == '[' && one_of(before(3), {Kind::IDENTIFIER, Kind::QUOTED_NAME}) && !in_select_list();
  }
  // Behind the ( of a function, not of a tuple.
  bool is_call() const {
    return !one_of(before(2), {Kind::SELECT, Kind::DISTINCT, Kind::JSON, ',', '(', '[', '{'});
  }
  // = behind an element of a column.
  bool follows_element() const { return bad() == '=' && one_of(before(1), {']', '}'}); }
  // Behind '...' in the braces of an option.
  bool in_literal_map() const {
    if (!is_definition() || said(Kind::INITCOND) || said(Kind::DATACENTERS)) return false;
    return (before(1) == Kind::STRING && one_of(before(2), {'{', ','})) ||
           (ends_value(before(1)) && before(2) == ':') || (before(1) == ':' && before(2) == Kind::STRING) ||
           (before(1) == ',' && before(3) == ':');
  }
  // How many words before the bad one a { was opened whose kind is not known yet: of a set, a map or a type.
  size_t words_of_opened() const {
    if (is_definition() || in_delete_list()) return 0;
    if (before(1) == '{' && bad() != 0) return 1;
    return before(2) == '{' && name_before() ? 2 : 0;
  }
  // The innermost { or [ before the bad word that is not closed.
  std::optional<size_t> opened() const {
    int open = 0;
    for (size_t i = at_; i-- > 0;) {
      const int kind = tokens_[i].kind;
      open += one_of(kind, {'}', ']'}) ? 1 : one_of(kind, {'{', '['}) ? -1 : 0;
      if (open < 0) return i;
    }
    return std::nullopt;
  }
  // Where the : of a later entry of a map or type should be.
  bool behind_key() const {
    const std::optional<size_t> begin = opened();
    if (!begin || before(2) != ',' || is_definition() || tokens_[*begin].kind != '{') return false;
    if (tokens_[*begin + 2].kind != ':') return false;
    const bool of_type = one_of(tokens_[*begin + 1].kind, {Kind::IDENTIFIER, Kind::QUOTED_NAME});
    return of_type ? name_before()
                   : ends_value(before(1)) && one_of(bad(), {'}', ']', ')', ',', Kind::WHERE});
  }
  // Behind a name that a list or set has where a value should be.
  bool behind_listed_name() const {
    if (is_definition() || in_select_list() || in_delete_list() || !name_before()) return false;
    const std::optional<size_t> begin = opened();
    return begin && (before(2) == ',' || (before(2) == '[' && one_of(before(3), {'=', '(', ',', '+', '-'})));
  }
  // Behind + that follows a value, and behind a name behind that.
  size_t words_of_sum() const {
    if (is_definition() || in_select_list() || bad() == 0) return 0;
    if (before(1) == '+' && ends_value(before(2))) return 1;
    return name_before() && before(2) == '+' && ends_value(before(3)) ? 2 : 0;
  }
  // How many words stand between MASKED WITH and the bad one.
  std::optional<size_t> words_of_mask() const {
    for (size_t distance = 1; distance < at_ && is_definition(); ++distance) {
      const int kind = before(distance);
      if (kind == Kind::WITH && before(distance + 1) == Kind::MASKED) return distance - 1;
      if (one_of(kind, {';', Kind::WITH, Kind::PRIMARY, Kind::STATIC})) break;
    }
    return std::nullopt;
  }
  // In a list of selectors, how many words before the bad one the [ of an element stands that has no ] yet,
  // or none before the bad word.
  size_t words_of_element() const {
    if (!in_select_list()) return 0;
    for (size_t distance = 1; distance < at_ && before(distance) != ','; ++distance) {
      const int name = before(distance + 1);
      if (before(distance) == '[' && one_of(name, {Kind::IDENTIFIER, Kind::QUOTED_NAME})) return distance;
    }
    return 0;
  }
  // Behind the IF of an UPDATE or DELETE.
  bool in_conditions() const { return said(Kind::IF) && said(Kind::WHERE) && !begins_with({Kind::CREATE}); }
  // Behind DELETE, before its FROM.
  bool in_delete_list() const {
    size_t distance = 1;
    while (distance <= at_ && !one_of(before(distance), {Kind::FROM, Kind::DELETE, Kind::WHERE})) ++distance;
    return distance <= at_ && before(distance) == Kind::DELETE;
  }
  // That may also be the name of a keyspace, behind which .type comes.
  bool unreserved_type_before() const {
    const int kind = before(1);
    return (kind >= Kind::ASCII && kind <= Kind::TIMEUUID) ||
           one_of(kind, {Kind::DATE, Kind::TIME, Kind::TIMESTAMP, Kind::LIST, Kind::MAP, Kind::TUPLE,
                         Kind::FROZEN, Kind::VECTOR});
  }
  bool type_before() const { return unreserved_type_before() || before(1) == Kind::SET; }
  bool in_type() const {
    int open = 0;
    for (size_t i = 0; i < at_; ++i) open += tokens_[i].kind == '<' ? 1 : tokens_[i].kind == '>' ? -1 : 0;
    return open > 0;
  }
  bool is_definition() const {
    const bool in_query = said(Kind::VIEW) && said(Kind::WHERE) && !said(Kind::PRIMARY);
    return !in_query && begins_with({Kind::CREATE, Kind::ALTER, Kind::DROP, Kind::GRANT, Kind::REVOKE});
  }
  // The word before the bad one stands where a name may be that a keyspace is put before.
  bool behind_qualified_place() const {
    const int place = before(2);
    const bool dropped = begins_with({Kind::DROP}) && place == Kind::INDEX;
    const bool exists = place == Kind::EXISTS && !begins_with({Kind::ALTER}) &&
                        (said(Kind::VIEW) || said(Kind::FUNCTION) || said(Kind::AGGREGATE) ||
                         (begins_with({Kind::DROP}) && said(Kind::INDEX)));
    const bool of_none = said(Kind::TYPE) || said(Kind::AS) || said(Kind::RETURNS);
    return !of_none &&
           begins_with({Kind::CREATE, Kind::ALTER, Kind::DROP, Kind::GRANT, Kind::REVOKE, Kind::LIST}) &&
           (dropped || exists || one_of(place, {Kind::ON, Kind::VIEW, Kind::FUNCTION, Kind::AGGREGATE}));
  }
  // A type that a function or aggregate takes or returns, or that a column is to have.
  bool behind_type_alone() const {
    const bool argument = (begins_with({Kind::DROP, Kind::GRANT, Kind::REVOKE}) || said(Kind::AGGREGATE)) &&
                          (said(Kind::FUNCTION) || said(Kind::AGGREGATE)) && one_of(before(2), {'(', ','});
    const bool altered = before(2) == Kind::TYPE && begins_with({Kind::ALTER}) && said(Kind::TABLE);
    return unreserved_type_before() &&
           (argument || altered || one_of(before(2), {Kind::RETURNS, Kind::STYPE}));
  }
  bool of_roles() const { return said(Kind::ROLE) || said(Kind::USER); }
  bool name_before() const {
    const int kind = before(1);
    const bool word = kind >= Kind::SELECT && kind < Kind::IDENTIFIER;
    return kind == Kind::IDENTIFIER || kind == Kind::QUOTED_NAME ||
           (word && !one_of(kind, {Kind::SELECT,    Kind::FROM,   Kind::WHERE, Kind::AND,    Kind::IN,
                                   Kind::NOT,       Kind::IF,     Kind::SET,   Kind::USING,  Kind::LIMIT,
                                   Kind::INTO,      Kind::VALUES, Kind::BY,    Kind::NULL_,  Kind::ALLOW,
                                   Kind::FILTERING, Kind::ORDER,  Kind::GROUP, Kind::DELETE, Kind::UPDATE,
                                   Kind::INSERT,    Kind::BEGIN,  Kind::BATCH, Kind::EXISTS, Kind::TABLE,
                                   Kind::TOKEN,     Kind::ASC,    Kind::DESC,  Kind::AS}));
  }
  // The bad word stands behind :name, the name of a marker.
  bool behind_named_marker() const {
    return before(2) == ':' && name_before() && one_of(before(3), {'=', '<', '>', '(', ',', '[', '+', '-'}) &&
           !is_definition();
  }
  // The bad word stands behind the ) of a function's arguments.
  bool behind_call() const {
    if (is_definition() || (begins_with({Kind::INSERT}) && !said(Kind::VALUES)) || before(1) != ')')
      return false;
    int open = 1;
    size_t distance = 2;
    for (; distance < at_ && open > 0; ++distance)
      open += before(distance) == ')' ? 1 : before(distance) == '(' ? -1 : 0;
    return !one_of(before(distance + 1), {Kind::INTO, '.'}) &&
           one_of(before(distance), {Kind::IDENTIFIER, Kind::QUOTED_NAME, Kind::UUID_TYPE, Kind::TOKEN});
  }
  // The bad word stands behind a value: not behind a number that says how many, nor IN ?.
  bool behind_value() const {
    if (behind_named_marker() || behind_call()) return true;
    if (before(1) == '?' && before(2) == Kind::IN) return false;
    return ends_value(before(1)) &&
           !one_of(before(2),
                   {Kind::LIMIT, Kind::TTL, Kind::TIMESTAMP, Kind::JSON, Kind::DEFAULT, Kind::NOT}) &&
           !is_definition();
  }

 private:
  const std::vector<Lexeme>& tokens_;
  size_t at_;
};

// What comes behind a value in any statement. (= comes behind an element, which is no value.)
bool may_follow_value(int kind) {
  return one_of(kind,
                {0,           ')',          ']',         '}',          ',',          ':',          ';',
                 Kind::RANGE, Kind::AND,    Kind::ALLOW, Kind::IF,     Kind::GROUP,  Kind::ORDER,  Kind::PER,
                 Kind::LIMIT, Kind::WHERE,  Kind::APPLY, Kind::INSERT, Kind::UPDATE, Kind::DELETE, Kind::ASC,
                 Kind::DESC,  Kind::PRIMARY});
}

// What comes behind the name of a selected column in any statement, besides FROM and commas.
bool may_follow_selection(int kind) {
  return one_of(kind, {0, ';', ':', Kind::ORDER, Kind::LIMIT, Kind::ALLOW, Kind::PER});
}

// What comes behind the type of a column or a field.
bool may_follow_type(int kind) {
  return one_of(kind, {0, ')', ',', '.', ';', Kind::PRIMARY, Kind::STATIC, Kind::MASKED});
}

// What comes behind the name of a table in any statement.
bool is_word_behind_table(int kind) {
  return one_of(kind, {Kind::WHERE, Kind::SET, Kind::USING, Kind::WITH, Kind::GROUP, Kind::ORDER, Kind::LIMIT,
                       Kind::PER, Kind::ALLOW, Kind::TO, Kind::ADD, Kind::DROP, Kind::ALTER, Kind::RENAME,
                       Kind::OF, Kind::FROM, Kind::AS, Kind::JSON, Kind::PRIMARY});
}
bool may_follow_table(int kind) { return is_word_behind_table(kind) || one_of(kind, {0, '(', '.', ';'}); }

// How many words before the bad one a choice began that it ended, where that is not a matter of names alone.
size_t words_of_choice(const Context& context) {
  const int bad = context.bad(), before = context.before(1), earlier = context.before(2);
  const bool alters_table = context.begins_with({Kind::ALTER}) && context.said(Kind::TABLE);
  const bool alters_column =
      alters_table && earlier == Kind::ALTER && context.before(3) != 0 && before != Kind::IF;
  if (bad == 0 && alters_column) return 2;
  if (bad == 0 && before != '=') return 0;
  const bool only_verb = context.before(2) == 0;
  if (only_verb &&
      one_of(before, {Kind::CREATE, Kind::ALTER, Kind::DROP, Kind::LIST, Kind::GRANT, Kind::REVOKE}))
    return 1;
  if (before == Kind::REPLACE && context.begins_with({Kind::CREATE})) return 3;
  if (before == Kind::ACCESS && one_of(earlier, {Kind::WITH, Kind::AND})) return 1;
  if (!context.is_definition()) return 0;
  // name = is what a property begins with
  if (before == '=' && one_of(context.before(3), {Kind::WITH, Kind::AND}) && !context.of_roles()) return 2;
  if (!alters_table) return 0;
  if (before == Kind::DROP && bad != '(' && context.before(3) != Kind::ALTER) return 1;
  if (before == Kind::ALTER && earlier != 0) return 1;
  if (before == Kind::COMPACT && earlier == Kind::DROP && !one_of(bad, {Kind::USING, ';'})) return 2;
  return alters_column ? 2 : 0;
}

// Whether a name directly before the bad word began a choice that the bad word ended.
bool name_began_choice(const Context& context) {
  if (context.in_conditions()) return context.before(1) == Kind::EXISTS && context.before(2) == Kind::IF;
  const int bad = context.bad(), earlier = context.before(2);
  const bool named = one_of(earlier, {Kind::INTO, Kind::TABLE, Kind::UPDATE, Kind::FROM, Kind::TRUNCATE}) ||
                     (context.in_select_list() && one_of(earlier, {Kind::SELECT, ','})) ||
                     (!context.is_definition() && one_of(earlier, {Kind::WHERE, Kind::AND})) ||
                     (context.is_definition() && earlier == Kind::EXISTS) || context.behind_qualified_place();
  if (!context.name_before() && !(named && may_be_name(context.before(1)))) return false;
  if (bad == 0 && earlier != '=') return false;
  if (earlier == Kind::CONTAINS) return context.before(1) == Kind::KEY;
  if (context.in_select_list())
    return !one_of(earlier, {Kind::AS, '.', ':'}) && !one_of(bad, {')', ']', '}', Kind::AS, Kind::FROM}) &&
           !may_follow_selection(bad);
  if (context.in_delete_list()) return one_of(earlier, {Kind::DELETE, ','});
  if (one_of(earlier, {Kind::DESCRIBE, Kind::DESC}) && context.before(3) == 0)
    return bad != '.' && !one_of(context.before(1),
                                 {Kind::CLUSTER, Kind::SCHEMA, Kind::KEYSPACES, Kind::KEYSPACE, Kind::TABLES,
                                  Kind::TYPES, Kind::TYPE, Kind::FUNCTIONS, Kind::FUNCTION, Kind::AGGREGATES,
                                  Kind::AGGREGATE, Kind::INDEX, Kind::FULL, Kind::MATERIALIZED});
  if (context.begins_with({Kind::REVOKE}) && earlier == Kind::FROM) return false;
  if (context.begins_with({Kind::CREATE}) && earlier == Kind::TABLE && bad == Kind::ON) return true;
  if (one_of(earlier, {Kind::INTO, Kind::TABLE, Kind::UPDATE, Kind::FROM, Kind::TRUNCATE}) ||
      context.behind_qualified_place())
    return !may_follow_table(bad) || (bad == Kind::AS && context.behind_qualified_place());
  if (context.is_definition()) {
    if (context.behind_type_alone()) {
      return !one_of(bad, {')', ',', '.', ';', Kind::LANGUAGE, Kind::FINALFUNC, Kind::INITCOND}) &&
             (bad != '<' || context.begins_with({Kind::GRANT, Kind::REVOKE}));
    }
    if (context.of_roles()) return false;
    if (context.in_type())
      return context.unreserved_type_before() && one_of(earlier, {'<', ','}) && bad != '>' &&
             !may_follow_type(bad);
    if (earlier == Kind::EXISTS)
      return context.said(Kind::TABLE) && !may_follow_table(bad) &&
             (!context.begins_with({Kind::ALTER}) || context.before(4) == Kind::TABLE);
    if (context.before(3) == Kind::ADD) return context.type_before() && !one_of(bad, {',', Kind::PRIMARY});
    if (one_of(context.before(3), {'(', ','})) return context.type_before() && !may_follow_type(bad);
    return one_of(earlier, {Kind::WITH, Kind::AND}) && !context.said(Kind::RENAME);
  }
  if (earlier == Kind::BY) return context.before(3) == Kind::GROUP && bad != ')';
  if (one_of(context.before(1), {Kind::TTL, Kind::TIMESTAMP}) && context.said(Kind::USING)) return false;
  return one_of(earlier, {Kind::WHERE, Kind::AND, '='});
}

bool names(const std::vector<std::string>& symbols, std::string_view name) {
  return std::find(symbols.begin(), symbols.end(), name) != symbols.end();
}

// The one of the possible symbols that a rule can't do without; what stands before it there is optional.
std::string needed(const Context& context, const std::vector<std::string>& possible) {
  const auto has = [&possible](std::string_view name) { return names(possible, name); };
  if (has("']'") && context.behind_element() && !may_follow_value(context.bad())) return "";
  // Behind (a, b) our tables still think of a list of selectors.
  const bool listed = context.in_select_list() || context.in_delete_list();
  if (possible.size() == 1 && possible[0] == "FROM" && !listed && context.before(1) == ')')
    return context.begins_with({Kind::INSERT}) ? "" : "<EOF>";
  if (context.in_delete_list() && context.bad() == 0 && context.name_before() && context.before(2) != '.')
    return "";
  if (possible.size() == 1) return possible[0];
  if (context.before(1) == Kind::BEGIN) return "BATCH";
  if (has("'}'") && context.is_definition() && context.bad() == 0 && context.before(1) != Kind::STRING)
    return "'}'";
  if (has("'}'") && context.is_definition() && context.before(2) == ':') return "'}'";
  if (has("':'") && context.is_definition()) return "':'";
  if (has("'}'") && has("','") && !context.is_definition()) return "'}'";
  if (has("']'")) return "']'";
  if (has("')'") && has("','")) return "')'";
  if (context.in_type() && context.is_definition()) {
    for (const char* name : {"'>'", "','"}) {
      if (has(name)) return name;
    }
  }
  if (context.in_select_list()) {
    const bool complete = one_of(context.before(1), {')', ']', '}', '*'}) || context.name_before();
    return complete && has("FROM") ? "FROM" : "";
  }
  if (context.in_delete_list()) return one_of(context.before(1), {Kind::DELETE, ']'}) ? "FROM" : "";
  if (context.begins_with({Kind::CREATE}) && context.before(1) == ',' && has("PRIMARY")) return "')'";
  if (context.begins_with({Kind::UPDATE}) && !context.said(Kind::SET) && has("SET")) return "SET";
  if (has("WHERE") && !has("<EOF>") && !has("APPLY")) return "WHERE";
  for (const char* name : {"APPLY", "<EOF>"}) {
    if (has(name)) return name;
  }
  return "";
}

// In a list of selectors or deletions; `next` is 1 if a word follows the bad one.
std::optional<Mistake> mistake_in_list(const Context& context, size_t at, size_t next) {
  const bool selected = context.in_select_list();
  if (!selected && !context.in_delete_list()) return std::nullopt;
  if (context.in_distinct_list() && !context.behind_alias() && context.before(1) != ')' &&
      !one_of(context.bad(), {']', ')', '}'}) && !may_follow_selection(context.bad()))
    return Mistake{2, 1};
  if (context.before(1) == '?' && !may_follow_value(context.bad()))
    return Mistake{at, at - 1, "", selected ? next : 0};
  if (const size_t words = context.words_of_element())
    return Mistake{at - words, at - words, "FROM", std::min<size_t>(words, 2)};
  if (selected && context.before(1) == '(' && !context.is_call()) return Mistake{at, at, "", next};
  if (const size_t words = context.words_of_opened()) return Mistake{at, at - words};
  if (context.before(2) == '{' && context.behind_value()) return Mistake{at, at, "", next};
  return std::nullopt;
}

// Behind a value or where one should be, in a statement or in the braces of an option.
std::optional<Mistake> mistake_at_value(const Context& context, size_t at, size_t next) {
  const bool follows = may_follow_value(context.bad());
  if (context.in_literal_map() && (!follows || !ends_value(context.before(1)))) return Mistake{at, at};
  if (context.in_select_list() || context.in_delete_list()) return std::nullopt;
  if (context.behind_value() && !context.follows_element() && !follows) {
    if (context.before(1) != '?') return Mistake{at, at};
    return context.bad() == Kind::AS ? Mistake{at, at, "", 1} : Mistake{at, at - 1};
  }
  if (context.behind_key()) return Mistake{at, at, "':'", ends_value(context.before(1)) ? size_t{1} : 0};
  if (context.behind_listed_name() && !follows) return Mistake{at, at - 1};
  if (context.bad() == 0 && context.before(1) == '{' && !context.is_definition()) return Mistake{at, at};
  if (const size_t words = context.words_of_opened()) return Mistake{at, at - words};
  if (context.before(2) == '{' && context.behind_value()) return Mistake{at, at, "", next};
  if (const size_t words = context.words_of_sum()) return Mistake{at, at - words};
  return std::nullopt;
}

// Behind MASKED: there they choose between DEFAULT and a function.
std::optional<Mistake> mistake_in_mask(const Context& context, size_t at,
                                       const std::vector<std::string>& possible) {
  const int bad = context.bad(), before = context.before(1);
  if (before == Kind::MASKED && names(possible, "WITH") && possible.size() == 1)
    return Mistake{at, bad == 0 ? at : at - 1};
  const std::optional<size_t> words = context.words_of_mask();
  if (!words) return std::nullopt;
  if (*words == 0) return Mistake{at, at - 2};
  if (*words == 1 && before == Kind::DEFAULT) {
    if (!one_of(bad, {0, ')', ',', ';', Kind::PRIMARY})) return Mistake{at, at - 3};
    return names(possible, "<EOF>") ? std::optional(Mistake{at, at, "<EOF>"}) : std::nullopt;
  }
  if (*words == 2 && before == '(' && bad != 0) return Mistake{at, at - 1};
  const bool named = (bad == 0 && *words == 1) || context.before(2) == '.';
  const bool argument = one_of(before, {'(', ','}) || (ends_value(before) && !may_follow_value(bad));
  return named || argument ? std::optional(Mistake{at, at}) : std::nullopt;
}

// What compares a column in parentheses: there a relation goes on.
bool may_follow_restricted(int kind) {
  return one_of(kind, {'=', '<', '>', Kind::LESS_OR_EQUAL, Kind::GREATER_OR_EQUAL, Kind::NOT_EQUAL, Kind::IN,
                       Kind::NOT, Kind::IS, Kind::LIKE, Kind::CONTAINS});
}

// In a relation that begins with the ( at `at`: theirs looks no further than behind the first name to know
// whether that is one of several columns or of a relation in parentheses. None if the text ends before.
std::optional<Mistake> mistake_in_brackets(const std::vector<Lexeme>& tokens, size_t at) {
  const auto is_name = [&tokens](size_t i) { return Context(tokens, i + 1).name_before(); };
  while (tokens[at + 1].kind == '(') ++at;
  size_t i = at + 1;
  const int first = tokens[i].kind, second = first == 0 ? 0 : tokens[i + 1].kind;
  if (first == 0 || second == 0) return std::nullopt;
  if ((first == Kind::TOKEN && second == '(') || (is_name(i) && second == '[')) {
    int open = 0;
    do {
      ++i;
      open += one_of(tokens[i].kind, {'(', '['}) ? 1 : one_of(tokens[i].kind, {')', ']'}) ? -1 : 0;
    } while (open > 0 && tokens[i].kind != 0);
    if (tokens[i].kind != 0) ++i;
  } else if (!is_name(i)) {
    return Mistake{i, at};
  } else if (!one_of(second, {',', ')'})) {
    return may_follow_restricted(second) ? std::nullopt : std::optional(Mistake{i + 1, at});
  } else {
    for (; tokens[i + 1].kind == ','; i += 2) {
      if (tokens[i + 2].kind == 0) return std::nullopt;
      if (!is_name(i + 2)) return Mistake{i + 2, i + 2};
    }
    ++i;
    if (!one_of(tokens[i].kind, {0, ')'})) return Mistake{i, i, "')'"};
    if (tokens[i].kind != 0) ++i;
  }
  if (tokens[i].kind == 0 || may_follow_restricted(tokens[i].kind)) return std::nullopt;
  return Mistake{i, i};
}

// The first one in such a relation that begins before the word at `at`, or there.
std::optional<Mistake> mistake_in_relations(const std::vector<Lexeme>& tokens, size_t at) {
  if (Context(tokens, at).is_definition()) return std::nullopt;
  bool in_where = false;
  for (size_t i = 1; i <= at; ++i) {
    const int before = tokens[i - 1].kind;
    in_where =
        before == Kind::WHERE || (in_where && !one_of(before, {Kind::IF, Kind::SET, Kind::ORDER, ';'}));
    if (!in_where || tokens[i].kind != '(' || !one_of(before, {Kind::WHERE, Kind::AND})) continue;
    const auto mistake = mistake_in_brackets(tokens, i);
    if (mistake && (i == at || mistake->word <= at)) return mistake;
  }
  return std::nullopt;
}

Mistake mistake_in_statement(const Context& context, size_t at, size_t size,
                             const std::vector<std::string>& possible) {
  if (context.in_empty_list()) return {at, at};
  if (context.in_list_of_one()) return {at, at - 2};
  if (possible.size() == 1 && possible[0] == "'='" && context.before(1) == ']') return {at, at, possible[0]};
  if (possible.size() == 1 && possible[0] == "MASKED") return {at, at, possible[0]};
  if (const auto mistake = mistake_in_mask(context, at, possible)) return *mistake;
  if (context.before(1) == '.' && context.before(2) == '?' && !context.in_select_list()) return {at, at - 2};
  if (context.behind_dot_of_value())
    return context.in_select_list() ? Mistake{at - 1, at - 1, "FROM", 1} : Mistake{at - 1, at - 1};
  const bool only_equals = possible.size() == 1 && possible[0] == "'='";
  if (only_equals && context.bad() == 0 && one_of(context.before(2), {Kind::WITH, Kind::AND}))
    return {at, at};
  if (const size_t words = words_of_choice(context)) return {at, at - words};
  if (context.behind_qualifier()) return {at, at - 2};
  if (context.in_empty_tuple()) return {at, at - 1};
  if (at > 1 && context.in_delete_of_none()) return {1, 1, "FROM"};
  if (names(possible, "')'") && context.in_empty_call())
    return context.bad() == 0 ? Mistake{at, at}
                              : Mistake{at, at - 2, "", context.in_select_list() ? size_t{1} : 0};
  if (context.before(1) == '(' && context.is_of_columns(2) && !context.in_select_list())
    return {at - 1, at - 2};
  const size_t next = at + 1 < size ? 1 : 0;
  if (const auto mistake = mistake_in_list(context, at, next)) return *mistake;
  if (const auto mistake = mistake_at_value(context, at, next)) return *mistake;
  // There JSON is a column.
  if (context.before(1) == Kind::JSON && context.before(2) == Kind::DISTINCT) return {at - 1, at - 2};
  const bool behind_part = names(possible, "')'") && names(possible, "'['") && !names(possible, "','");
  if (behind_part)  // writetime(column
    return {at, at, context.bad() == '(' ? "" : "')'"};
  if (name_began_choice(context)) return {at, at - 1, "", context.in_select_list() ? next : 0};
  if (context.before(1) == Kind::IN && !context.is_definition() && !context.in_conditions() && at >= 2)
    return {at, at - 2};
  const std::string wanted = needed(context, possible);
  const bool other = context.behind_table_alone() && is_word_behind_table(context.bad());
  const bool further = other || context.looked_further(wanted);
  return {at, at, wanted, further ? next : 0};
}

}  // namespace

Mistake find_mistake(const std::vector<Lexeme>& tokens, size_t at, const std::vector<std::string>& possible) {
  if (const auto mistake = mistake_in_relations(tokens, at)) return *mistake;
  const Context context(tokens, at);
  const Mistake mistake = mistake_in_statement(context, at, tokens.size(), possible);
  // What is selected as JSON has to be a list, or JSON is a column, and nothing but its list could follow.
  const bool as_column = context.in_json_list() && mistake.wanted != "FROM";
  const bool ended = context.in_distinct_list() && context.bad() == 0 && context.before(1) == ',';
  return as_column || ended ? Mistake{2, 1} : mistake;
}

}  // namespace keyzone::cql
