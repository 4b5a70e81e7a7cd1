// Terms: what stands for a value, in a SELECT list, a relation, or VALUES (...). One variant serves all;
// those at its end name columns and come only where the grammar allows them (selectors, GROUP BY).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "schema/types/type.h"

namespace keyzone::cql {

// Where in the text something stands, as Cassandra counts: lines from 1, characters from 0.
struct Position {
  uint32_t line = 1;
  uint32_t column = 0;
};

struct Term;
using TermPtr = std::shared_ptr<const Term>;

// A type as written, in CQL's normal spelling, for keyzone::parse_type(): `frozen<map<text, ks.address>>`.
struct TypeName {
  std::string text;
};

// keyspace.name; `keyspace` empty: the session's.
struct QualifiedName {
  std::string keyspace;
  std::string name;
  std::string to_string() const { return keyspace.empty() ? name : keyspace + "." + name; }
};

// A constant, its text without quotes or 0x. Negative numbers carry their sign; NaN and Infinity are kFloat.
struct Constant {
  ConstantKind kind = ConstantKind::kString;
  std::string text;
};
struct Null {};
// `?` or `:name`; its name, if any, is in Statement::markers[index].
struct BindMarker {
  uint32_t index = 0;
};
// count(*) has `star`. The writetime, maxwritetime, ttl and token functions are here too, names in lower
// case.
struct FunctionCall {
  QualifiedName function;
  std::vector<TermPtr> arguments;
  bool star = false;
};
// (type) term
struct TypeHint {
  TypeName type;
  TermPtr term;
};
// CAST(term AS type)
struct Cast {
  TermPtr term;
  TypeName type;
};
struct Arithmetic {
  char op = '+';  // + - * / %
  TermPtr left;
  TermPtr right;
};
struct Negation {
  TermPtr term;
};
struct ListLiteral {  // [a, b]: a list or a vector
  std::vector<TermPtr> elements;
};
struct SetLiteral {  // {a, b}; {} is an empty set or an empty map
  std::vector<TermPtr> elements;
};
struct MapLiteral {
  std::vector<std::pair<TermPtr, TermPtr>> entries;
};
struct TupleLiteral {  // (a, b). (a) is a tuple of one here; where no tuple is asked for it means a
  std::vector<TermPtr> elements;
};
struct UserTypeLiteral {  // {field: value}
  std::vector<std::pair<std::string, TermPtr>> fields;
};

// ---- only where columns may be named ----
struct ColumnRef {
  std::string name;
};
struct FieldOf {  // value.field
  TermPtr value;
  std::string field;
};
struct ElementOf {  // value[key]
  TermPtr value;
  TermPtr key;
};
struct SliceOf {  // value[from..to], both inclusive; nullptr: open
  TermPtr value;
  TermPtr from;
  TermPtr to;
};

struct Term {
  std::variant<Constant, Null, BindMarker, FunctionCall, TypeHint, Cast, Arithmetic, Negation, ListLiteral,
               SetLiteral, MapLiteral, TupleLiteral, UserTypeLiteral, ColumnRef, FieldOf, ElementOf, SliceOf>
      kind;
  Position position;
  uint16_t depth = 1;  // of terms in terms, at most kMaxNesting (cql/grammar/parser.h)

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

// The column's name, if the term is a column and nothing else; else null.
inline const std::string* column_name(const TermPtr& term) {
  const auto* column = term->as<ColumnRef>();
  return column ? &column->name : nullptr;
}

// A bind marker is somewhere in the term.
bool has_markers(const Term& term);
// As Cassandra prints it in column names and errors: `token(a, b)`, `cast(x as int)`, `[1, ?]`. Outside
// selections it prints the calls that operations stand for, `system."_add"(1, 2)`, and the fields of a user
// type in the order of a hash table. In type hints, user types are named with the keyspace, if there is one.
enum class Spelling { kWritten, kCalls };
std::string to_string(const Term& term, Spelling spelling = Spelling::kWritten,
                      std::string_view keyspace = {});

}  // namespace keyzone::cql
