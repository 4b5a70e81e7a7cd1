// What a statement does to one column: c = v, c = c + v, c[k] = v, DELETE c[k], ...
#pragma once
#include <string>
#include <vector>

#include "cql/ast/modify.h"
#include "cql/plan/term.h"
#include "schema/command.h"

namespace keyzone::cql {

struct ColumnOperation {
  enum class Kind : uint8_t {
    kSet,            // the whole value, null deletes it
    kAppend,         // elements of a set, map or list
    kPrepend,        // of a list
    kDiscard,        // elements of a set or list, keys of a map
    kSetElement,     // of a map or list; null deletes it
    kDeleteElement,  // of a set, map or list
    kSetField,
    kDeleteField,
    kAddCounter,
    kSubtractCounter,
    kAddValue,  // to a number or text, on a condition
    kDelete,
  };
  Kind kind = Kind::kSet;
  const Column* column = nullptr;
  ExpressionPtr value;
  ExpressionPtr element;
  uint16_t field = 0;

  // A list has to be read before: what is written is named by its place or value.
  bool looks_back() const;
  // Appends the cells that it writes; none where its value is unset.
  Result<void> apply(EvalContext& context, std::vector<CellWrite>& cells) const;
};

// Errors: kInvalid with Cassandra's sentences. `column` is not part of the primary key.
Result<ColumnOperation> prepare_set(PrepareContext& context, const Table& table, const Column& column,
                                    const Term& value);
// `conditional`: the statement has an IF, and may say c = c + v of any number or text.
Result<ColumnOperation> prepare_assignment(PrepareContext& context, const Table& table, const Column& column,
                                           const Assignment& assignment, bool conditional);
Result<ColumnOperation> prepare_deletion(PrepareContext& context, const Table& table, const Column& column,
                                         const Deletion& deletion);

}  // namespace keyzone::cql
