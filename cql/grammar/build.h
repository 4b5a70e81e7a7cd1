// What the grammar's actions call: the words in turn, the makers of terms and statements, and the first
// error.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cql/ast/statement.h"
#include "cql/grammar/lexeme.h"
#include "schema/result.h"
#include "schema/text.h"

namespace keyzone::cql {

struct Mistake;  // cql/grammar/syntax_error.h

// A type as text, and how deep its parameters nest.
struct TypeText {
  std::string text;
  int depth = 1;
};
using TermPairs = std::vector<std::pair<TermPtr, TermPtr>>;
using TypedNames = std::vector<std::pair<std::string, TypeName>>;

// A relation before it is known which; no `op`: expr(index, value), or a call, which is none.
struct RawRelation {
  Position position;
  TermPtr left;  // of expr(index, value) the index
  std::optional<Operator> op;
  std::vector<TermPtr> operands;
  TermPtr in_list;
  Position op_position;
};

std::vector<TypeName> type_names(std::vector<TypeText> types);
std::optional<std::vector<TypeName>> type_names(std::optional<std::vector<TypeText>> types);
template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
  for (T& item : more) to.push_back(std::move(item));
}

// Builds one statement, term or type. Mistakes that the grammar alone does not see are kept by fail();
// parsing then goes on with something harmless in place, and the first of them is what the caller gets.
class Builder {
 public:
  // `text` must outlive the builder. `first_kind`, unless 0, is given before its words.
  Builder(std::string_view text, Words words, int first_kind)
      : text_(text),
        tokens_(std::move(words.tokens)),
        ends_in_(std::move(words.error)),
        first_kind_(first_kind) {}

  // ---- words ----
  Lexeme next();
  // The message as it is; only the first one counts.
  void fail(std::string message);
  // There is a marker where a table, a keyspace or a role should be named.
  void fail_for_marker(const char* what);
  // The word at `position` can't stand there; `possible`, as in find_mistake(), could.
  void fail_at(Position position, const std::vector<std::string>& possible = {});
  // The name at `name` would have begun something else, but for what stands so many words behind it.
  void fail_behind(Position name, size_t words = 1);

  // ---- results ----
  void finish(Statement statement);
  void finish_term(TermPtr term) { term_ = std::move(term); }
  void finish_type(TypeText type) { type_ = TypeName{std::move(type.text)}; }
  const std::optional<Error>& error() const { return error_; }
  Statement take_statement() { return std::move(statement_); }
  TermPtr take_term() { return std::move(term_); }
  TypeName take_type() { return std::move(type_); }

  // ---- terms ----
  TermPtr constant(Position at, Constant constant);
  void check_float(const std::string& number);
  TermPtr null(Position at);
  TermPtr marker(Position at, std::optional<std::string> name);
  TermPtr column(Position at, std::string name);
  TermPtr list(Position at, std::vector<TermPtr> elements);
  TermPtr set(Position at, std::vector<TermPtr> elements);
  TermPtr map(Position at, TermPairs entries);  // or a user type, if all keys are names
  TermPtr tuple(Position at, std::vector<TermPtr> elements);
  TermPtr hint(Position at, std::vector<TermPtr> type, TermPtr term);  // `type` must be one name
  TermPtr hint(Position at, TypeText type, TermPtr term);
  TermPtr cast(Position at, TermPtr term, TypeText type);
  TermPtr call(Position at, QualifiedName function, std::vector<TermPtr> arguments);
  TermPtr count(Position at, const std::string& function, Position star);
  TermPtr qualified_call(Position at, const TermPtr& keyspace, std::string function,
                         std::vector<TermPtr> arguments);
  TermPtr arithmetic(Position at, char op, TermPtr left, TermPtr right);
  TermPtr negation(Position at, TermPtr term);
  TermPtr field(Position at, TermPtr value, std::string field);
  TermPtr element(Position at, TermPtr value, TermPtr key);
  TermPtr slice(Position at, TermPtr value, TermPtr from, TermPtr to);
  // The left side of a relation or condition.
  TermPtr restricted(TermPtr term);
  // A term where no column may be named.
  TermPtr value(TermPtr term);
  std::vector<TermPtr> values(std::vector<TermPtr> terms);

  // ---- types and properties ----
  TypeText type(Position at, std::string_view name, std::vector<TypeText> parameters);
  TypeText vector(Position at, TypeText element, std::string dimension);
  TypeText user_type_name(const QualifiedName& name);
  TypeText class_name(const std::string& text);
  void check_type_name(Position at);  // of a name without quotes
  PropertyValue property_constant(Constant constant);
  PropertyValue property_map(TermPairs entries);
  void add_property(Properties& properties, Property property);

  // ---- statements ----
  void begin_select(bool json, bool distinct);
  RawRelation index_expression(Position at, std::string index, TermPtr value);
  void allow_filtering() { allow_filtering_ = true; }
  Statement select(std::vector<SelectItem> items, QualifiedName table, Where where,
                   std::vector<TermPtr> group_by, std::vector<Ordering> order_by, TermPtr per_partition_limit,
                   TermPtr limit);
  Where where(std::vector<RawRelation> relations);
  Statement insert(QualifiedName table, std::vector<std::string> columns, std::vector<TermPtr> values,
                   bool if_not_exists, Attributes attributes);
  Statement insert_json(QualifiedName table, TermPtr json, bool default_unset, bool if_not_exists,
                        Attributes attributes);
  Assignment assign(std::string column, const TermPtr& term);
  Assignment assign_sum(std::string column, const std::string& same_column, TermPtr integer);
  void add_assignment(std::vector<Assignment>& assignments, Assignment assignment);
  Statement update(QualifiedName table, Attributes attributes, std::vector<Assignment> assignments,
                   Where where, Conditions conditions);
  Statement erase(std::vector<TermPtr> targets, QualifiedName table, Attributes attributes, Where where,
                  Conditions conditions);
  ModificationStatement modification(Statement statement);

  void primary_key(CreateTableStatement& table, std::vector<std::string> partition,
                   std::vector<std::string> clustering);
  Statement create_table(QualifiedName table, bool if_not_exists, CreateTableStatement elements,
                         CreateTableStatement with);
  void begin_alter_table(QualifiedName table, bool if_exists);
  template <class Change>
  Statement alter_table(Change change);
  Statement create_view(QualifiedName view, bool if_not_exists, QualifiedName table,
                        std::vector<SelectItem> items, Where where, std::vector<std::string> partition_key,
                        std::vector<std::string> clustering_key, CreateViewStatement with);
  RoleOptions merge(RoleOptions into, RoleOptions from);
  RoleOptions checked(RoleOptions options);
  Statement create_user(std::string name, bool if_not_exists, RoleOptions options,
                        std::optional<bool> superuser);
  Statement alter_user(std::string name, bool if_exists, RoleOptions options, std::optional<bool> superuser);
  Statement describe(DescribeStatement describe, bool with_internals);

 private:
  TermPtr behind_column(const TermPtr& term);
  void refuse_misfit(const Term& misfit);
  void refuse_left(const Term& left);
  void refuse_shape(const Relation& relation, Position op);
  void fail_with(const Mistake& mistake);
  template <class T>
  TermPtr make(Position at, T kind, uint16_t child_depth);
  Relation relation(RawRelation raw);
  void join_select(Lexeme& token);
  bool is_keyword_here(size_t at) const;
  size_t token_at(Position position) const;

  std::string_view text_;
  std::vector<Lexeme> tokens_;
  std::optional<Error> ends_in_;  // what stands behind the words
  size_t next_ = 0;
  int first_kind_;
  std::vector<std::optional<std::string>> markers_;
  std::optional<Error> error_;
  Statement statement_;
  TermPtr term_;
  TypeName type_;
  bool json_ = false;
  bool distinct_ = false;
  bool allow_filtering_ = false;
  AlterTableStatement alter_table_;
};

template <class Change>
Statement Builder::alter_table(Change change) {
  Statement statement;
  alter_table_.change = std::move(change);
  statement.kind = std::move(alter_table_);
  return statement;
}

}  // namespace keyzone::cql
