// Terms against the type that is wanted: literals, markers, function calls, collections, as Cassandra's rules
// of assignment have them.
#pragma once
#include "cql/ast/term.h"
#include "cql/functions/functions.h"
#include "cql/plan/prepare_context.h"

namespace keyzone::cql {

// Whether values of `type` are values of the `wanted` type. A frozen user type is not one that isn't frozen.
bool can_be(const Type& type, const Type& wanted);

// Whether the type of a literal is that of the constants in it.
bool rests_on_constants(const Term& term);

// Can the term be used where a `type` is wanted? Pure; markers are weakly assignable to anything.
Match assignability(const PrepareContext& context, const Term& term, const Receiver& receiver);

// The type of the term, if it has one by itself (a hint, a function's result); null if not. A constant in
// brackets has none.
TypePtr exact_type(const PrepareContext& context, const Term& term);

// Errors: kInvalid with Cassandra's sentence. REQUIRES: no column is named in the term (the grammar sees to
// it; a ColumnRef gives an error).
Result<ExpressionPtr> prepare_term(PrepareContext& context, const Term& term, const Receiver& receiver);
inline Result<ExpressionPtr> prepare_term(PrepareContext& context, const TermPtr& term,
                                          const Receiver& receiver) {
  return prepare_term(context, *term, receiver);
}

// IN ?: `list` is the receiver of the whole list. REQUIRES: the term is a bind marker.
Result<ExpressionPtr> prepare_in_list(PrepareContext& context, const Term& marker, const Receiver& list);

// What Cassandra calls a value in a selection, bind markers included.
inline constexpr const char* kSelectionName = "[selection]";

// What a list literal fails with where neither a list nor a vector is wanted.
Error unexpected_receiver(const Type& type);

// What a hint fails with whose value does not become `name`; in a selection that is the value itself.
Error cannot_assign(const std::string& text, const std::string& name, const Type& type);

// The same as assignability() for what stands within a literal; some mistakes are told at once.
Result<bool> is_assignable(PrepareContext& context, const Term& term, const Receiver& receiver);

// The receivers of the parts of a collection, tuple or user type.
Receiver element_receiver(const Receiver& collection);  // list, set: value(name); vector
Receiver key_receiver(const Receiver& map);             // key(name)
Receiver value_receiver(const Receiver& map);           // value(name)
Receiver index_receiver(const Receiver& list);          // idx(name), an int
Receiver field_receiver(const Receiver& type, size_t field);
// The same where a tuple literal stands for the value, and names nothing: "u[0]".
Receiver position_receiver(const Receiver& type, size_t position);
// A tuple literal may be a value of the type: a tuple's, or a whole user type's, its fields in order.
bool takes_positions(const Type& type);

}  // namespace keyzone::cql
