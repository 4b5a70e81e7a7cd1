#include "cql/plan/relation.h"

#include <algorithm>

#include "schema/text.h"
#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

constexpr const char* kTokenName = "partition key token";

// Cassandra's name of a marker for a tuple of columns: "(a,b)"; of a list of such: "in(a,b)".
std::string marker_name(const std::vector<const Column*>& columns) {
  std::string out = "(";
  for (const Column* column : columns) out += (out.size() > 1 ? "," : "") + column->name;
  return out + ")";
}

std::string join_names(const std::vector<const Column*>& columns) {
  std::string out;
  for (const Column* column : columns) {
    if (!out.empty()) out += ", ";
    out += column->name;
  }
  return out;
}

// The same as a statement writes them.
std::string written_names(const Relation& relation) {
  std::vector<std::string> names;
  for (const std::string& name : relation.columns) names.push_back(quote_identifier(name));
  return joined(names);
}

}  // namespace

std::string kinds_of(const Type& type) {
  return type.is_tuple() ? "tuples" : type.is_user_type() ? "UDTs" : "collections";
}

namespace {

Result<void> check_no_duration(const Type& type) {
  if (!type.holds_durations()) return {};
  if (type.kind() == TypeKind::kDuration) {
    return invalid("Slice restrictions are not supported on duration columns");
  }
  return invalid("Slice restrictions are not supported on " + kinds_of(type) + " containing durations");
}

Result<void> check_operator(const Relation& relation, const Column& column) {
  const std::string name = column.name;
  const Type& type = *column.type;
  if (relation.op == Operator::kIsNotNull)
    return invalid("Unsupported restriction: " + quote_identifier(name) + " IS NOT NULL");
  if (is_slice(relation.op)) KEYZONE_CHECK(check_no_duration(type));
  if (relation.op == Operator::kContains && !type.is_collection()) {
    return invalid("Cannot use CONTAINS on non-collection column " + name);
  }
  if (relation.op == Operator::kContainsKey && type.kind() != TypeKind::kMap) {
    return invalid("Cannot use CONTAINS KEY on non-map column " + name);
  }
  const bool contains = relation.op == Operator::kContains || relation.op == Operator::kContainsKey;
  if (type.is_user_type() && type.is_multi_cell()) {
    return invalid("Non-frozen UDT column '" + name + "' (" + type.to_string() +
                   ") cannot be restricted by any relation");
  }
  if (type.is_multi_cell() && !contains && !relation.map_key) {
    return invalid("Collection column '" + name + "' (" + type.to_string() + ") cannot be restricted by a '" +
                   std::string(to_string(relation.op)) + "' relation");
  }
  return {};
}

Result<void> check_map_entry(const Relation& relation, const Column& column) {
  if (is_slice(relation.op)) KEYZONE_CHECK(check_no_duration(*column.type));
  if (column.type->kind() == TypeKind::kList) {
    return invalid("Indexes on list entries (" + column.name +
                   "[index] = value) are not currently supported.");
  }
  if (column.type->kind() != TypeKind::kMap)
    return invalid("Column " + column.name + " cannot be used as a map");
  if (!column.type->is_multi_cell()) {
    return invalid("Map-entry equality predicates on frozen map column " + column.name +
                   " are not supported");
  }
  if (relation.op != Operator::kEqual) return invalid("Only EQ relations are supported on map entries");
  return {};
}

// What a single value of the relation is compared with.
Receiver value_wanted(const Relation& relation, const Table& table, const Column& column) {
  const Receiver whole = receiver_of(table, column);
  if (relation.map_key) return value_receiver(whole);
  if (relation.op == Operator::kContainsKey) return key_receiver(whole);
  if (relation.op == Operator::kContains) {
    return whole.type->kind() == TypeKind::kMap ? value_receiver(whole) : element_receiver(whole);
  }
  return whole;
}

Result<Operand> prepare_single(PrepareContext& context, const Term& term, const Receiver& receiver) {
  KEYZONE_TRY(part, prepare_term(context, term, receiver));
  Operand out;
  out.parts.push_back(std::move(part));
  return out;
}

TypePtr tuple_of(const std::vector<const Column*>& columns) {
  std::vector<TypePtr> types;
  for (const Column* column : columns) types.push_back(freeze(column->type));
  return tuple_type(std::move(types));
}

Result<Operand> prepare_tuple_operand(PrepareContext& context, const Table& table, const Term& term,
                                      const std::vector<const Column*>& columns) {
  Operand out;
  if (const auto* tuple = term.as<TupleLiteral>()) {
    if (tuple->elements.size() != columns.size()) {
      return invalid("Expected " + std::to_string(columns.size()) + " elements in value tuple, but got " +
                     std::to_string(tuple->elements.size()) + ": " + to_string(term));
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      KEYZONE_TRY(part, prepare_term(context, tuple->elements[i], receiver_of(table, *columns[i])));
      out.parts.push_back(std::move(part));
    }
    return out;
  }
  const Receiver whole{table.keyspace, table.name, marker_name(columns), tuple_of(columns)};
  KEYZONE_TRY(prepared, prepare_term(context, term, whole));
  out.whole = std::move(prepared);
  return out;
}

std::string describe_tuple_relation(const Relation& relation) {
  std::string values = relation.in_list ? to_string(*relation.in_list, Spelling::kCalls) : "";
  for (const TermPtr& term : relation.operands) {
    values += (values.empty() ? "" : ", ") + to_string(*term, Spelling::kCalls);
  }
  if (relation.op == Operator::kIn && !relation.in_list) values = "(" + values + ")";
  return "(" + written_names(relation) + ") " + std::string(to_string(relation.op)) + " " + values;
}

Result<void> check_tuple_columns(const Relation& relation, const std::vector<const Column*>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->kind != ColumnKind::kClustering) {
      return invalid("Multi-column relations can only be applied to clustering columns but was applied to: " +
                     columns[i]->name);
    }
    for (size_t j = 0; j < i; ++j) {
      if (columns[j] == columns[i]) {
        return invalid("Column \"" + columns[i]->name +
                       "\" appeared twice in a relation: " + describe_tuple_relation(relation));
      }
    }
    if (i > 0 && columns[i]->position != columns[i - 1]->position + 1) {
      return invalid("Clustering columns must appear in the PRIMARY KEY order in multi-column relations: " +
                     describe_tuple_relation(relation));
    }
  }
  return {};
}

Result<void> check_token_columns(const Table& table, const std::vector<const Column*>& columns) {
  bool in_order = true;
  size_t keys = 0;
  for (size_t i = 0; i < table.partition_key_size; ++i) {
    keys += std::find(columns.begin(), columns.end(), &table.partition_key(i)) != columns.end();
  }
  for (size_t i = 0; keys == table.partition_key_size && i < columns.size(); ++i) {
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      return invalid("The token() function contains duplicate partition key components");
    }
    if (columns[i]->kind == ColumnKind::kPartitionKey) continue;
    return invalid("The token() function must contains only partition key components");
  }
  if (keys != table.partition_key_size) {
    return invalid("The token() function must be applied to all partition key components or none of them");
  }
  for (size_t i = 0; i < columns.size(); ++i) in_order = in_order && columns[i] == &table.partition_key(i);
  if (in_order) return {};
  std::string names;
  for (size_t i = 0; i < table.partition_key_size; ++i) {
    names += (i ? ", " : "") + table.partition_key(i).name;
  }
  return invalid("The token function arguments must be in the partition key order: " + names);
}

Result<Operand> prepare_operand(PrepareContext& context, const Table& table, const Relation& relation,
                                const std::vector<const Column*>& columns, const Term& term) {
  if (relation.kind == RelationKind::kToken) {
    return prepare_single(context, term, {table.keyspace, table.name, kTokenName, token_type(table)});
  }
  if (relation.kind == RelationKind::kTuple) return prepare_tuple_operand(context, table, term, columns);
  return prepare_single(context, term, value_wanted(relation, table, *columns[0]));
}

Result<ExpressionPtr> prepare_marked_list(PrepareContext& context, const Table& table,
                                          const Relation& relation,
                                          const std::vector<const Column*>& columns) {
  const bool tuple = relation.kind == RelationKind::kTuple;
  const TypePtr element = tuple ? tuple_of(columns) : freeze(columns[0]->type);
  return prepare_in_list(context, *relation.in_list,
                         {table.keyspace, table.name, "in" + marker_name(columns), list_type(element, true)});
}

// The left side as Cassandra shows it in errors.
std::string describe_subject(const Relation& relation) {
  const std::string names = written_names(relation);
  switch (relation.kind) {
    case RelationKind::kToken:
      return "token(" + names + ")";
    case RelationKind::kTuple:
      return "(" + names + ")";
    case RelationKind::kMapEntry:
      return names + "[" + to_string(*relation.map_key, Spelling::kCalls) + "]";
    case RelationKind::kColumn:
      break;
  }
  return names;
}

// Of != nobody asks which columns there are.
Result<void> check_not_unequal(const Relation& relation) {
  if (relation.op != Operator::kNotEqual) return {};
  const std::string value =
      relation.operands.empty() ? "" : to_string(*relation.operands[0], Spelling::kCalls);
  return invalid("Unsupported \"!=\" relation: " + describe_subject(relation) + " != " + value);
}

Result<void> check_relation(const Table& table, const Relation& relation,
                            const std::vector<const Column*>& columns) {
  switch (relation.kind) {
    case RelationKind::kToken:
      if (!is_slice(relation.op) && relation.op != Operator::kEqual) {
        return invalid(std::string(to_string(relation.op)) + " cannot be used with the token function");
      }
      return check_token_columns(table, columns);
    case RelationKind::kTuple:
      if (!is_slice(relation.op) && relation.op != Operator::kEqual && relation.op != Operator::kIn) {
        return invalid(std::string(to_string(relation.op)) + " cannot be used for multi-column relations");
      }
      return check_tuple_columns(relation, columns);
    case RelationKind::kMapEntry:
      KEYZONE_CHECK(check_map_entry(relation, *columns[0]));
      return {};
    case RelationKind::kColumn:
      return check_operator(relation, *columns[0]);
  }
  return {};
}

// ---- values

// What is wrong with a value that is null or unset, in Cassandra's words for the place it stands in.
class Refusal {
 public:
  Refusal(const PreparedRelation& relation, bool filters) : relation_(relation), filters_(filters) {}

  Error part(size_t i, bool is_null) const {
    if (relation_.kind == RelationKind::kToken)
      return invalid(is_null ? "Invalid null token value"
                             : "Invalid unset value for column partition key token");
    const std::string& column = relation_.columns[i]->name;
    const std::string state = is_null ? "null" : "unset";
    if (filters_) {
      return invalid("Unsupported " + state + (relation_.map_key ? " map" : "") + " value for column " +
                     column);
    }
    const bool tuple = relation_.kind == RelationKind::kTuple;
    if (!is_null) {
      return invalid(tuple ? "Invalid unset value for tuple field number " + std::to_string(i)
                           : "Invalid unset value for column " + column);
    }
    if (tuple && relation_.is_equal()) return invalid("Invalid null value for column " + column);
    if (tuple && relation_.is_in())
      return invalid("Invalid null value in condition for columns: [" + join_names(relation_.columns) + "]");
    return invalid("Invalid null value in condition for column " + column);
  }
  Error whole(bool is_null) const {
    if (is_null || relation_.kind != RelationKind::kTuple) return part(0, is_null);
    return invalid("Invalid unset value for tuple " + marker_name(relation_.columns));
  }
  Error list(bool is_null) const {
    const bool tuple = relation_.kind == RelationKind::kTuple;
    if (tuple && is_null) return invalid("Invalid null value for IN restriction");
    if (tuple) return invalid("Invalid unset value for in" + marker_name(relation_.columns));
    return invalid(std::string("Invalid ") + (is_null ? "null" : "unset") + " value for column " +
                   relation_.first().name);
  }
  // A list that rows are filtered by ends at its first null, as in Cassandra: what stands behind it is not
  // looked at. What is not set is passed over.
  bool ends_list() const { return filters_ && relation_.is_in() && relation_.kind != RelationKind::kTuple; }

 private:
  const PreparedRelation& relation_;
  bool filters_;
};

Result<void> bind_fields(const Type& tuple, BytesView bytes, const Refusal& refusal, BoundTuple& out) {
  KEYZONE_TRY(fields, split_fields(tuple, bytes));
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i]) return refusal.part(i, true);
    out.push_back(*fields[i]);
  }
  return {};
}

// Appends the operand's tuple. False: the list ends before it.
Result<bool> bind_one(const Operand& operand, const Refusal& refusal, EvalContext& context,
                      std::vector<BoundTuple>& out) {
  BoundTuple tuple;
  if (operand.whole) {
    KEYZONE_TRY(whole, operand.whole->evaluate(context));
    if (!whole.is_set()) return refusal.whole(whole.is_null());
    KEYZONE_CHECK(bind_fields(*operand.whole->type(), whole.bytes, refusal, tuple));
  }
  for (size_t i = 0; i < operand.parts.size(); ++i) {
    KEYZONE_TRY(value, operand.parts[i]->evaluate(context));
    if (!value.is_set() && refusal.ends_list()) return value.is_unset();
    if (!value.is_set()) return refusal.part(i, value.is_null());
    tuple.push_back(value.bytes);
  }
  out.push_back(std::move(tuple));
  return true;
}

Result<void> bind_list(const PreparedRelation& relation, const Refusal& refusal, EvalContext& context,
                       std::vector<BoundTuple>& out) {
  KEYZONE_TRY(list, relation.in_list->evaluate(context));
  if (!list.is_set()) return refusal.list(list.is_null());
  const Type& type = *relation.in_list->type();
  CollectionReader reader(type, list.bytes);
  std::optional<BytesView> element;
  while (reader.next(element)) {
    const bool none = is_null_in_list(type.element(), element);
    if (none && refusal.ends_list()) return {};
    if (none) return refusal.part(0, true);
    BoundTuple& tuple = out.emplace_back();
    if (relation.kind == RelationKind::kTuple) {
      KEYZONE_CHECK(bind_fields(type.element(), *element, refusal, tuple));
    } else {
      tuple.push_back(*element);
    }
  }
  if (!reader.failed()) return {};
  KEYZONE_CHECK(split_collection(type, list.bytes));
  return invalid("Not enough bytes to read a list");
}

Result<std::vector<BoundTuple>> bind_with(const PreparedRelation& relation, EvalContext& context,
                                          bool filters) {
  const Refusal refusal(relation, filters);
  std::vector<BoundTuple> out;
  if (relation.in_list) {
    KEYZONE_CHECK(bind_list(relation, refusal, context, out));
    return out;
  }
  out.reserve(relation.operands.size());
  for (const Operand& operand : relation.operands) {
    KEYZONE_TRY(more, bind_one(operand, refusal, context, out));
    if (!more) break;
  }
  return out;
}

}  // namespace

bool is_null_in_list(const Type& type, const std::optional<BytesView>& element) {
  const TypeKind kind = type.kind();
  const bool has_empty =
      !type.is_native() || kind == TypeKind::kText || kind == TypeKind::kAscii || kind == TypeKind::kBlob;
  return !element || (element->empty() && !has_empty);
}

std::string PreparedRelation::column_names() const {
  return columns.size() == 1 ? columns[0]->name : "(" + join_names(columns) + ")";
}

Result<PreparedRelation> prepare_relation(PrepareContext& context, const Table& table,
                                          const Relation& relation) {
  KEYZONE_CHECK(check_not_unequal(relation));
  std::vector<const Column*> columns;
  for (const std::string& name : relation.columns) {
    KEYZONE_TRY(column, find_column(table, name));
    columns.push_back(column);
  }
  KEYZONE_CHECK(check_relation(table, relation, columns));
  PreparedRelation prepared;
  prepared.kind = relation.kind;
  prepared.columns = columns;
  prepared.op = relation.op;
  if (relation.map_key) {
    KEYZONE_TRY(key, prepare_term(context, relation.map_key, key_receiver(receiver_of(table, *columns[0]))));
    prepared.map_key = std::move(key);
  }
  if (relation.in_list) {
    KEYZONE_TRY(list, prepare_marked_list(context, table, relation, columns));
    prepared.in_list = std::move(list);
  }
  for (const TermPtr& term : relation.operands) {
    KEYZONE_TRY(operand, prepare_operand(context, table, relation, columns, *term));
    prepared.operands.push_back(std::move(operand));
  }
  if (relation.op == Operator::kLike) {
    return invalid("LIKE restriction is only supported on properly indexed columns. " +
                   written_names(relation) + " LIKE " +
                   to_string(*relation.operands.at(0), Spelling::kCalls, context.keyspace) +
                   " is not valid.");
  }
  const bool one_of_one = relation.op == Operator::kIn && !relation.in_list && relation.operands.size() == 1;
  if (one_of_one) prepared.op = Operator::kEqual;
  return prepared;
}

Result<bool> is_null_slice(const PreparedRelation& relation, EvalContext& context) {
  if (relation.kind != RelationKind::kColumn || !relation.is_slice()) return false;
  KEYZONE_TRY(value, relation.operands[0].parts[0]->evaluate(context));
  return value.is_null();
}

Result<std::vector<BoundTuple>> bind_operands(const PreparedRelation& relation, EvalContext& context) {
  return bind_with(relation, context, false);
}

Result<std::vector<BoundTuple>> bind_filter_operands(const PreparedRelation& relation, EvalContext& context) {
  return bind_with(relation, context, true);
}

}  // namespace keyzone::cql
