// The makers of statements.
#include <algorithm>

#include "cql/grammar/build.h"
#include "cql/grammar/syntax_error.h"

namespace keyzone::cql {
namespace {

// The columns of a list that names nothing else; empty otherwise.
std::vector<std::string> column_names(const std::vector<TermPtr>& terms) {
  std::vector<std::string> names;
  for (const TermPtr& term : terms) {
    const std::string* name = column_name(term);
    if (!name) return {};
    names.push_back(*name);
  }
  return names;
}

// column, column[element] or column.field
struct Target {
  std::string column;
  TermPtr element;
  std::optional<std::string> field;
};
std::optional<Target> target_of(const TermPtr& term) {
  if (const std::string* name = column_name(term)) return Target{*name, nullptr, std::nullopt};
  if (const auto* element = term->as<ElementOf>()) {
    if (const std::string* name = column_name(element->value))
      return Target{*name, element->key, std::nullopt};
  }
  if (const auto* field = term->as<FieldOf>()) {
    if (const std::string* name = column_name(field->value)) return Target{*name, nullptr, field->field};
  }
  return std::nullopt;
}

Statement make_statement(auto kind) {
  Statement statement;
  statement.kind = std::move(kind);
  return statement;
}

}  // namespace

std::vector<TypeName> type_names(std::vector<TypeText> types) {
  std::vector<TypeName> names;
  for (TypeText& type : types) names.push_back({std::move(type.text)});
  return names;
}
std::optional<std::vector<TypeName>> type_names(std::optional<std::vector<TypeText>> types) {
  if (!types) return std::nullopt;
  return type_names(*std::move(types));
}

// ---- SELECT ----

void Builder::begin_select(bool json, bool distinct) {
  json_ = json;
  distinct_ = distinct;
}

Statement Builder::select(std::vector<SelectItem> items, QualifiedName table, Where where,
                          std::vector<TermPtr> group_by, std::vector<Ordering> order_by,
                          TermPtr per_partition_limit, TermPtr limit) {
  return make_statement(SelectStatement{std::move(table), json_, distinct_, std::move(items),
                                        std::move(where), std::move(group_by), std::move(order_by),
                                        std::move(per_partition_limit), std::move(limit), allow_filtering_});
}

// What a relation begins with must be a column, a tuple of them or token().
void Builder::refuse_left(const Term& left) {
  const Term* first = &left;
  while (const auto* operation = first->as<Arithmetic>()) first = operation->left.get();
  const auto* call = first->as<FunctionCall>();
  if (call && call->function.name == "token") {
    size_t at = token_at(first->position) + 2;  // behind its (
    for (size_t i = 0; i < call->arguments.size() && call->arguments[i]->as<ColumnRef>(); ++i) at += 2;
    at = std::min(at, tokens_.size() - 1);
    return fail_with({at, at});
  }
  const bool name =
      first->as<ColumnRef>() || first->as<FieldOf>() || first->as<ElementOf>() || first->as<FunctionCall>();
  if (name) return fail_behind(first->position);
  fail_at(first->position);
}

// What the grammar's one rule for relations lets through, but Cassandra's doesn't.
void Builder::refuse_shape(const Relation& relation, Position op) {
  if (relation.kind == RelationKind::kColumn) return;
  const bool in = relation.op == Operator::kIn, tuple = relation.kind == RelationKind::kTuple;
  if (relation.op > Operator::kIn || (in && !tuple)) return fail_at(op);
  if (!tuple || relation.operands.empty()) return;
  const auto is_tuple = [](const TermPtr& term) { return term->as<TupleLiteral>() != nullptr; };
  const bool tuples = is_tuple(relation.operands[0]);
  for (const TermPtr& term : relation.operands) {
    if (is_tuple(term) == tuples && (tuples || term->as<BindMarker>())) continue;
    const size_t at = token_at(term->position);
    if (term == relation.operands[0]) return fail_with({at, at - 1});
    return fail_with({at, at, tuples ? "'('" : ""});
  }
}

Relation Builder::relation(RawRelation raw) {
  Relation out;
  out.op = *raw.op;
  out.operands = std::move(raw.operands);
  out.in_list = std::move(raw.in_list);
  out.position = raw.position;
  if (const auto* tuple = raw.left->as<TupleLiteral>()) {
    out.kind = RelationKind::kTuple;
    out.columns = column_names(tuple->elements);
  } else if (const auto* call = raw.left->as<FunctionCall>()) {
    out.kind = RelationKind::kToken;
    if (call->function.keyspace.empty() && call->function.name == "token")
      out.columns = column_names(call->arguments);
  } else if (const auto target = target_of(raw.left); target && !target->field) {
    out.kind = target->element ? RelationKind::kMapEntry : RelationKind::kColumn;
    out.columns = {target->column};
    out.map_key = target->element;
  }
  if (out.columns.empty()) {
    refuse_left(*raw.left);
  } else {
    refuse_shape(out, raw.op_position);
  }
  return out;
}

RawRelation Builder::index_expression(Position at, std::string index, TermPtr value) {
  return {at, column(at, std::move(index)), std::nullopt, {std::move(value)}, nullptr, at};
}

Where Builder::where(std::vector<RawRelation> relations) {
  Where out;
  for (RawRelation& raw : relations) {
    if (raw.op) {
      out.relations.push_back(relation(std::move(raw)));
      continue;
    }
    if (const std::string* index = column_name(raw.left)) {
      out.expressions.push_back({{"", *index}, std::move(raw.operands[0])});
    } else {
      refuse_left(*raw.left);
    }
  }
  return out;
}

// ---- INSERT, UPDATE, DELETE ----

Statement Builder::insert(QualifiedName table, std::vector<std::string> columns, std::vector<TermPtr> values,
                          bool if_not_exists, Attributes attributes) {
  InsertStatement insert;
  insert.table = std::move(table);
  insert.columns = std::move(columns);
  insert.values = std::move(values);
  insert.attributes = std::move(attributes);
  insert.conditions.if_not_exists = if_not_exists;
  return make_statement(std::move(insert));
}

Statement Builder::insert_json(QualifiedName table, TermPtr json, bool default_unset, bool if_not_exists,
                               Attributes attributes) {
  InsertStatement insert;
  insert.table = std::move(table);
  insert.json = std::move(json);
  insert.json_default_unset = default_unset;
  insert.attributes = std::move(attributes);
  insert.conditions.if_not_exists = if_not_exists;
  return make_statement(std::move(insert));
}

// Sums associate to the left, but c = c - 1 + 2 takes the whole of 1 + 2 from c, as in Cassandra.
TermPtr Builder::behind_column(const TermPtr& term) {
  const auto* sum = term->as<Arithmetic>();
  const auto* left = sum && (sum->op == '+' || sum->op == '-') ? sum->left->as<Arithmetic>() : nullptr;
  if (!left || (left->op != '+' && left->op != '-')) return term;
  const TermPtr inner = behind_column(sum->left);
  const auto* first = inner->as<Arithmetic>();
  if (!column_name(first->left)) return term;
  return arithmetic(term->position, first->op, first->left,
                    arithmetic(first->right->position, sum->op, first->right, sum->right));
}

// c = value, c = c + value, c = c - value, c = value + c.
Assignment Builder::assign(std::string column, const TermPtr& written) {
  const TermPtr term = behind_column(written);
  const auto* sum = term->as<Arithmetic>();
  const bool additive = sum && (sum->op == '+' || sum->op == '-');
  if (additive && column_name(sum->left)) {
    if (*column_name(sum->left) != column) {
      fail(std::string("Only expressions of the form X = X ") + sum->op + "<value> are supported.");
    }
    const auto kind = sum->op == '+' ? AssignmentKind::kAdd : AssignmentKind::kSubtract;
    return {kind, std::move(column), nullptr, "", value(sum->right)};
  }
  if (additive && sum->op == '+' && column_name(sum->right)) {
    if (*column_name(sum->right) != column) {
      fail("Only expressions of the form X = <value> + X are supported.");
    }
    return {AssignmentKind::kPrepend, std::move(column), nullptr, "", value(sum->left)};
  }
  return {AssignmentKind::kSet, std::move(column), nullptr, "", value(term)};
}

Assignment Builder::assign_sum(std::string column, const std::string& same_column, TermPtr integer) {
  const bool minus = integer->as<Constant>()->text.front() == '-';
  if (column != same_column) {
    fail(std::string("Only expressions of the form X = X ") + (minus ? '-' : '+') +
         " <value> are supported.");
  }
  return {AssignmentKind::kAdd, std::move(column), nullptr, "", std::move(integer)};
}

void Builder::add_assignment(std::vector<Assignment>& assignments, Assignment assignment) {
  const bool sets = assignment.kind == AssignmentKind::kSet;
  for (const Assignment& other : assignments) {
    const bool same_field = other.kind == AssignmentKind::kSetField &&
                            assignment.kind == AssignmentKind::kSetField && other.field == assignment.field;
    if (other.column == assignment.column && (sets || other.kind == AssignmentKind::kSet || same_field)) {
      fail("Multiple incompatible setting of column " + other.column);
    }
  }
  assignments.push_back(std::move(assignment));
}

Statement Builder::update(QualifiedName table, Attributes attributes, std::vector<Assignment> assignments,
                          Where where, Conditions conditions) {
  return make_statement(UpdateStatement{std::move(table), std::move(attributes), std::move(assignments),
                                        std::move(where), std::move(conditions)});
}

Statement Builder::erase(std::vector<TermPtr> targets, QualifiedName table, Attributes attributes,
                         Where where, Conditions conditions) {
  DeleteStatement out;
  for (const TermPtr& term : targets) {
    auto target = target_of(term);
    if (!target) {
      fail_at(term->position);
      continue;
    }
    out.deletions.push_back(
        {std::move(target->column), std::move(target->element), std::move(target->field)});
  }
  out.table = std::move(table);
  out.attributes = std::move(attributes);
  out.where = std::move(where);
  out.conditions = std::move(conditions);
  return make_statement(std::move(out));
}

ModificationStatement Builder::modification(Statement statement) {
  if (auto* insert = std::get_if<InsertStatement>(&statement.kind)) return std::move(*insert);
  if (auto* update = std::get_if<UpdateStatement>(&statement.kind)) return std::move(*update);
  return std::move(std::get<DeleteStatement>(statement.kind));
}

// ---- Schema ----

void Builder::primary_key(CreateTableStatement& table, std::vector<std::string> partition,
                          std::vector<std::string> clustering) {
  table.partition_keys.push_back(std::move(partition));
  table.clustering_keys.push_back(std::move(clustering));
}

Statement Builder::create_table(QualifiedName table, bool if_not_exists, CreateTableStatement elements,
                                CreateTableStatement with) {
  elements.table = std::move(table);
  elements.if_not_exists = if_not_exists;
  elements.clustering_order = std::move(with.clustering_order);
  elements.compact_storage = with.compact_storage;
  elements.properties = std::move(with.properties);
  return make_statement(std::move(elements));
}

void Builder::begin_alter_table(QualifiedName table, bool if_exists) {
  alter_table_.table = std::move(table);
  alter_table_.if_exists = if_exists;
}

Statement Builder::create_view(QualifiedName view, bool if_not_exists, QualifiedName table,
                               std::vector<SelectItem> items, Where where,
                               std::vector<std::string> partition_key,
                               std::vector<std::string> clustering_key, CreateViewStatement with) {
  with.view = std::move(view);
  with.if_not_exists = if_not_exists;
  with.table = std::move(table);
  with.items = std::move(items);
  with.where = std::move(where);
  with.partition_key = std::move(partition_key);
  with.clustering_key = std::move(clustering_key);
  return make_statement(std::move(with));
}

// ---- Roles ----

RoleOptions Builder::merge(RoleOptions into, RoleOptions from) {
  const auto once = [this](bool first, bool second, const char* name) {
    if (first && second) fail(std::string("Multiple definition for property '") + name + "'");
  };
  once(into.password.has_value(), from.password.has_value(), "PASSWORD");
  once(into.hashed_password.has_value(), from.hashed_password.has_value(), "HASHED_PASSWORD");
  once(into.superuser.has_value(), from.superuser.has_value(), "SUPERUSER");
  once(into.login.has_value(), from.login.has_value(), "LOGIN");
  once(into.options.has_value(), from.options.has_value(), "OPTIONS");
  if (from.password) into.password = std::move(from.password);
  if (from.hashed_password) into.hashed_password = std::move(from.hashed_password);
  into.generated_password = into.generated_password || from.generated_password;
  if (from.superuser) into.superuser = from.superuser;
  if (from.login) into.login = from.login;
  if (from.options) into.options = std::move(from.options);
  if (from.data_centers) into.data_centers = std::move(from.data_centers);
  if (from.cidr_groups) into.cidr_groups = std::move(from.cidr_groups);
  return into;
}

RoleOptions Builder::checked(RoleOptions options) {
  const auto exclude = [this](bool first, bool second, const char* names) {
    if (first && second) fail(std::string("Options ") + names + " are mutually exclusive");
  };
  exclude(options.password.has_value(), options.hashed_password.has_value(),
          "'password' and 'hashed password'");
  exclude(options.password.has_value(), options.generated_password, "'password' and 'generated password'");
  exclude(options.hashed_password.has_value(), options.generated_password,
          "'hashed password' and 'generated password'");
  return options;
}

Statement Builder::create_user(std::string name, bool if_not_exists, RoleOptions options,
                               std::optional<bool> superuser) {
  options.superuser = superuser.value_or(false);
  options.login = true;
  return make_statement(
      CreateRoleStatement{std::move(name), if_not_exists, true, checked(std::move(options))});
}

Statement Builder::alter_user(std::string name, bool if_exists, RoleOptions options,
                              std::optional<bool> superuser) {
  options.superuser = superuser;
  return make_statement(AlterRoleStatement{std::move(name), if_exists, true, checked(std::move(options))});
}

Statement Builder::describe(DescribeStatement describe, bool with_internals) {
  describe.with_internals = with_internals;
  return make_statement(std::move(describe));
}

}  // namespace keyzone::cql
