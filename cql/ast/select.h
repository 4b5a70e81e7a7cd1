// SELECT, and the relations of every WHERE clause.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/term.h"

namespace keyzone::cql {

enum class Operator : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kContains,
  kContainsKey,
  kLike,
  kIsNotNull
};
inline bool is_slice(Operator op) { return op >= Operator::kLess && op <= Operator::kGreaterOrEqual; }
std::string_view to_string(Operator op);  // "=", "IN", "CONTAINS KEY", …

enum class RelationKind : uint8_t {
  kColumn,    // a = 1
  kMapEntry,  // a[key] = 1
  kTuple,     // (a, b) > (1, 2); also (a) = (1)
  kToken,     // token(a, b) > 1
};

struct Relation {
  RelationKind kind = RelationKind::kColumn;
  std::vector<std::string> columns;  // one for kColumn and kMapEntry
  TermPtr map_key;                   // kMapEntry
  Operator op = Operator::kEqual;
  std::vector<TermPtr> operands;  // one; none for kIsNotNull; any number for IN (a, b,
                                  // ...). A tuple's operands are TupleLiterals or BindMarkers
  TermPtr in_list;                // IN ?: the marker; `operands` is then empty
  Position position;
};

// expr(index_name, term)
struct IndexExpression {
  QualifiedName index;
  TermPtr value;
};

struct Where {
  std::vector<Relation> relations;
  std::vector<IndexExpression> expressions;
  bool empty() const { return relations.empty() && expressions.empty(); }
};

struct SelectItem {
  TermPtr value;
  std::optional<std::string> alias;
};

struct Ordering {
  std::string column;
  bool descending = false;
  TermPtr ann_of;  // ORDER BY column ANN OF vector
};

struct SelectStatement {
  QualifiedName table;
  bool json = false;
  bool distinct = false;
  std::vector<SelectItem> items;  // empty: *
  Where where;
  std::vector<TermPtr> group_by;  // ColumnRefs and FunctionCalls
  std::vector<Ordering> order_by;
  TermPtr per_partition_limit;  // Constant or BindMarker; nullptr: none
  TermPtr limit;
  bool allow_filtering = false;
};

}  // namespace keyzone::cql
