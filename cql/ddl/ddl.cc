#include "cql/ddl/ddl.h"

#include <algorithm>

#include "cql/ddl/plan.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {
namespace ddl {

DdlPlan nothing(const DdlContext& context) {
  DdlPlan plan;
  plan.change.expected = context.catalog.version;
  return plan;
}

DdlPlan changed(const DdlContext& context, std::string_view change, std::string_view target,
                std::string keyspace, std::string name) {
  DdlPlan plan = nothing(context);
  plan.event =
      SchemaChangeEvent{std::string(change), std::string(target), std::move(keyspace), std::move(name), {}};
  return plan;
}

Error not_modifiable(const std::string& keyspace) {
  return {ErrorKind::kUnauthorized, keyspace + " keyspace is not user-modifiable."};
}

Error not_permitted(const std::string& permission, const std::string& resource) {
  return {ErrorKind::kUnauthorized, "Cannot " + permission + " <" + resource + ">"};
}

Result<void> check_keyspace_name(const std::string& name) {
  if (!is_word(name)) {
    return invalid(
        "Keyspace name must not be empty and must contain alphanumeric or underscore characters only (got "
        "\"" +
        name + "\")");
  }
  if (name.size() > kNameLengthMax) {
    return invalid("Keyspace name must not be more than " + std::to_string(kNameLengthMax) +
                   " characters long (got " + std::to_string(name.size()) + " characters for \"" + name +
                   "\")");
  }
  return {};
}

Error no_keyspace() {
  return invalid("No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename");
}

Result<std::string> keyspace_of(const QualifiedName& name, const DdlContext& context,
                                const Permission& wanted) {
  const std::string keyspace = name.keyspace.empty() ? std::string(context.keyspace) : name.keyspace;
  if (keyspace.empty()) return no_keyspace();
  if (is_replicated_system_keyspace(keyspace)) {
    return not_permitted(
        wanted.name, wanted.one_table ? "table " + keyspace + "." + name.name : "all tables in " + keyspace);
  }
  if (is_system_keyspace(keyspace)) return not_modifiable(keyspace);
  KEYZONE_CHECK(check_keyspace_name(keyspace));
  return keyspace;
}

const Keyspace* find_keyspace(const DdlContext& context, const std::string& name) {
  const auto found = context.catalog.keyspaces.find(name);
  return found == context.catalog.keyspaces.end() ? nullptr : found->second.get();
}

Result<const Keyspace*> existing_keyspace(const DdlContext& context, const std::string& name) {
  if (const Keyspace* found = find_keyspace(context, name)) return found;
  return invalid("Keyspace '" + name + "' doesn't exist");
}

Result<TypePtr> resolve_type(const TypeName& type, const DdlContext& context, const std::string& keyspace) {
  const auto resolve = [&context](std::string_view ks, std::string_view name) -> TypePtr {
    const Keyspace* found = find_keyspace(context, std::string(ks));
    if (!found) return nullptr;
    const auto at = found->types.find(std::string(name));
    return at == found->types.end() ? nullptr : at->second;
  };
  return parse_type(type.text, keyspace, resolve);
}

bool is_word(std::string_view name) {
  const auto word_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), word_char);
}

namespace {

Error unsupported(const char* what) { return invalid(std::string(what) + " are not supported yet"); }

// DROP ... IF EXISTS of what can't exist does nothing; without it, Cassandra's sentence.
Result<DdlPlan> drop_unknown(bool if_exists, const DdlContext& context, const std::string& sentence) {
  if (if_exists) return nothing(context);
  return invalid(sentence);
}

// "(int, text)", if it was said.
std::string signature(const std::optional<std::vector<TypeName>>& arguments) {
  if (!arguments) return "";
  std::string out;
  for (const TypeName& type : *arguments) out += (out.empty() ? "" : ", ") + type.text;
  return "(" + out + ")";
}

struct Planner {
  const DdlContext& context;

  std::string named(const QualifiedName& name) const {
    return (name.keyspace.empty() ? std::string(context.keyspace) : name.keyspace) + "." + name.name;
  }

  Result<DdlPlan> operator()(const CreateKeyspaceStatement& s) const { return create_keyspace(s, context); }
  Result<DdlPlan> operator()(const AlterKeyspaceStatement& s) const { return alter_keyspace(s, context); }
  Result<DdlPlan> operator()(const DropKeyspaceStatement& s) const { return drop_keyspace(s, context); }
  Result<DdlPlan> operator()(const CreateTableStatement& s) const { return create_table(s, context); }
  Result<DdlPlan> operator()(const AlterTableStatement& s) const { return alter_table(s, context); }
  Result<DdlPlan> operator()(const DropTableStatement& s) const { return drop_table(s, context); }
  Result<DdlPlan> operator()(const CreateTypeStatement& s) const { return create_type(s, context); }
  Result<DdlPlan> operator()(const AlterTypeStatement& s) const { return alter_type(s, context); }
  Result<DdlPlan> operator()(const DropTypeStatement& s) const { return drop_type(s, context); }

  // The table that a statement is about must be there, and not one of the system's.
  Result<const Table*> table_of(const QualifiedName& name) const {
    KEYZONE_TRY(keyspace, keyspace_of(name, context, kMayAlterTable));
    KEYZONE_CHECK(existing_keyspace(context, keyspace));
    if (const Table* found = context.catalog.find_table(keyspace, name.name)) return found;
    return invalid("Table '" + name.name + "' doesn't exist");
  }

  Result<DdlPlan> operator()(const CreateIndexStatement& s) const {
    KEYZONE_TRY(table, table_of(s.table));
    for (const IndexTarget& target : s.targets) {
      if (table->find(target.column)) continue;
      return invalid("Undefined column name " + quote_identifier(target.column) + " in table " +
                     table->keyspace + "." + table->name);
    }
    return unsupported("Secondary indexes");
  }
  Result<DdlPlan> operator()(const DropIndexStatement& s) const {
    return drop_unknown(s.if_exists, context, "Index '" + named(s.index) + "' doesn't exist'");
  }
  Result<DdlPlan> operator()(const CreateViewStatement&) const { return unsupported("Materialized views"); }
  Result<DdlPlan> operator()(const AlterViewStatement& s) const {
    return drop_unknown(s.if_exists, context, "Materialized view '" + named(s.view) + "' doesn't exist");
  }
  Result<DdlPlan> operator()(const DropViewStatement& s) const {
    return drop_unknown(s.if_exists, context, "Materialized view '" + named(s.view) + "' doesn't exist");
  }
  Result<DdlPlan> operator()(const CreateFunctionStatement&) const {
    return unsupported("User-defined functions");
  }
  Result<DdlPlan> operator()(const DropFunctionStatement& s) const {
    return drop_unknown(s.if_exists, context,
                        "Function '" + named(s.function) + signature(s.arguments) + "' doesn't exist");
  }
  Result<DdlPlan> operator()(const CreateAggregateStatement&) const {
    return unsupported("User-defined aggregates");
  }
  Result<DdlPlan> operator()(const DropAggregateStatement& s) const {
    return drop_unknown(s.if_exists, context,
                        "Aggregate '" + named(s.aggregate) + signature(s.arguments) + "' doesn't exist");
  }
  Result<DdlPlan> operator()(const CreateTriggerStatement& s) const {
    KEYZONE_CHECK(table_of(s.table));
    return invalid("Trigger class '" + s.using_class + "' couldn't be loaded");  // nothing here loads Java
  }
  Result<DdlPlan> operator()(const DropTriggerStatement& s) const {
    return drop_unknown(s.if_exists, context,
                        "Trigger '" + s.name + "' on '" + named(s.table) + "' doesn't exist");
  }
  // Not changes of the schema; see the requirement.
  template <class Other>
  Result<DdlPlan> operator()(const Other&) const {
    return invalid("This statement does not change the schema");
  }
};

// What is kept of a type is the name of its class.
Result<void> check_size(const TypePtr& type, const std::string& where) {
  if (!parse_marshal_name(type->marshal_name())) return invalid("The type of " + where + " can't be kept");
  if (is_of_bounded_size(*type)) return {};
  return invalid("The type of " + where + " is nested deeper than " + std::to_string(kTypeDepthMax) +
                 " levels or made of more than " + std::to_string(kTypePartsMax) +
                 " types, counting those inside user types");
}

// Here, since a change of one user type makes others larger.
Result<void> check_sizes_of_types(const CatalogChange& change) {
  for (const Keyspace& keyspace : change.put_keyspaces) {
    for (const auto& [name, type] : keyspace.types)
      KEYZONE_CHECK(check_size(type, keyspace.name + "." + name));
  }
  for (const Table& table : change.put_tables) {
    for (const Column& column : table.columns) {
      KEYZONE_CHECK(check_size(column.type, table.keyspace + "." + table.name + "." + column.name));
    }
  }
  return {};
}

}  // namespace
}  // namespace ddl

Result<DdlPlan> plan_schema_change(const Statement& statement, const DdlContext& context) {
  KEYZONE_CHECK(check_alone(statement, context.keyspace, context.masked_columns));
  KEYZONE_TRY(plan, std::visit(ddl::Planner{context}, statement.kind));
  KEYZONE_CHECK(ddl::check_sizes_of_types(plan.change));
  return plan;
}

}  // namespace keyzone::cql
