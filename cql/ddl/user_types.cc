// CREATE, ALTER and DROP TYPE.
#include <algorithm>

#include "cql/ast/last_of_each.h"
#include "cql/ddl/plan.h"
#include "schema/text.h"

namespace keyzone::cql::ddl {
namespace {

// What can be said of a field's type by its name alone.
Result<void> check_field(const TypeName& type) {
  if (lower_case(type.text) == native_type_name(TypeKind::kCounter))
    return invalid("A user type cannot contain counters");
  if (is_user_type_name(type.text)) return invalid("A user type cannot contain non-frozen UDTs");
  return {};
}

// `type` with the user type `replacement` in place of the one of its name, at any depth.
TypePtr replace(const TypePtr& type, const Type& replacement) {
  if (!type->references_user_type(replacement.keyspace(), replacement.name())) return type;
  const bool frozen = type->frozen();
  std::vector<TypePtr> parts;
  if (type->is_user_type() && type->keyspace() == replacement.keyspace() &&
      type->name() == replacement.name()) {
    return user_type(replacement.keyspace(), replacement.name(), replacement.field_names(),
                     replacement.parameters(), frozen);
  }
  for (const TypePtr& part : type->parameters()) parts.push_back(replace(part, replacement));
  switch (type->kind()) {
    case TypeKind::kList:
      return list_type(parts[0], frozen);
    case TypeKind::kSet:
      return set_type(parts[0], frozen);
    case TypeKind::kMap:
      return map_type(parts[0], parts[1], frozen);
    case TypeKind::kTuple:
      return tuple_type(std::move(parts));
    case TypeKind::kVector:
      return vector_type(parts[0], type->dimension());
    default:
      return user_type(type->keyspace(), type->name(), type->field_names(), std::move(parts), frozen);
  }
}

// Puts the changed type where it is used: in its keyspace, in other types, in tables.
void spread(const Keyspace& keyspace, const Type& changed_type, const Catalog& catalog,
            CatalogChange& change) {
  Keyspace after = keyspace;
  for (auto& [name, type] : after.types) type = replace(type, changed_type);
  change.put_keyspaces.push_back(std::move(after));
  for (const auto& [id, table] : catalog.tables_by_id) {
    Table altered = *table;
    bool any = false;
    const auto update = [&](TypePtr& type) {
      TypePtr replaced = replace(type, changed_type);
      any = any || replaced != type;
      type = std::move(replaced);
    };
    for (Column& column : altered.columns) update(column.type);
    for (DroppedColumn& column : altered.dropped) update(column.type);
    if (!any) continue;
    altered.meaning_version = ++altered.version;
    change.put_tables.push_back(std::move(altered));
  }
}

struct FieldChange {
  const DdlContext& context;
  const Type& before;
  std::vector<std::string>& names;
  std::vector<TypePtr>& types;

  std::string full_name() const { return before.keyspace() + "." + before.name(); }

  // A partition's token is that of the bytes, which would change.
  std::string tables_with_key_of_it() const {
    std::string out;
    for (const auto& [key, table] : context.catalog.tables) {
      for (size_t i = 0; i < table->partition_key_size; ++i) {
        if (!table->partition_key(i).type->references_user_type(before.keyspace(), before.name())) continue;
        out += (out.empty() ? "" : ", ") + table->keyspace + "." + table->name;
        break;
      }
    }
    return out;
  }

  Result<bool> operator()(const AddField& change) {
    KEYZONE_CHECK(check_field(change.type));
    if (before.find_field(change.name)) {
      if (change.if_not_exists) return false;
      return invalid("Cannot add field " + change.name + " to type " + full_name() + ": a field with name " +
                     change.name + " already exists");
    }
    KEYZONE_TRY(type, resolve_type(change.type, context, before.keyspace()));
    const std::string refused = "Cannot add new field " + change.name + " of type " +
                                spell_type(change.type.text, before.keyspace()) + " to user type " +
                                full_name();
    if (type->references_user_type(before.keyspace(), before.name()))
      return invalid(refused + " as it would create a circular reference");
    if (const std::string users = tables_with_key_of_it(); !users.empty())
      return invalid(refused +
                     " as the type is being used in partition key by the following tables: " + users);
    if (names.size() >= kTupleFieldsMax) {
      return invalid("Cannot add new field to type " + full_name() + ": maximum number of fields reached");
    }
    names.push_back(change.name);
    types.push_back(type);
    return true;
  }

  Result<bool> operator()(const RenameFields& change) {
    // RENAME a TO b AND a TO c: the last one counts
    for (const auto& [from, to] : last_of_each(change.names)) {
      const auto at = before.find_field(from);
      if (!at && change.if_exists) continue;
      if (!at) return invalid("Unkown field " + from + " in user type " + full_name());
      names[*at] = to;
    }
    for (const std::string& name : names) {
      if (std::count(names.begin(), names.end(), name) > 1) {
        return invalid("Duplicate field name " + name + " in type " + before.keyspace());
      }
    }
    return names != before.field_names();
  }

  Result<bool> operator()(const AlterFieldType&) {
    return invalid("Altering field types is no longer supported");
  }
};

}  // namespace

Result<DdlPlan> create_type(const CreateTypeStatement& statement, const DdlContext& context) {
  KEYZONE_TRY(keyspace_name, keyspace_of(statement.type, context, kMayCreate));
  KEYZONE_TRY(keyspace, existing_keyspace(context, keyspace_name));
  const std::string& name = statement.type.name;
  if (keyspace->types.contains(name)) {
    if (statement.if_not_exists) return nothing(context);
    return invalid("A user type with name '" + name + "' already exists");
  }
  std::vector<std::string> names;
  std::vector<TypePtr> types;
  for (const auto& [field, type_name] : statement.fields) {
    if (std::find(names.begin(), names.end(), field) != names.end()) {
      return invalid("Duplicate field name '" + field + "' in type '" + name + "'");
    }
    names.push_back(field);
  }
  for (const auto& [field, type_name] : statement.fields) KEYZONE_CHECK(check_field(type_name));
  for (const auto& [field, type_name] : statement.fields) {
    KEYZONE_TRY(type, resolve_type(type_name, context, keyspace_name));
    types.push_back(type);
  }
  Keyspace after = *keyspace;
  after.types[name] = user_type(keyspace_name, name, std::move(names), std::move(types), false);
  DdlPlan plan = changed(context, kCreated, "TYPE", keyspace_name, name);
  plan.change.put_keyspaces.push_back(std::move(after));
  return plan;
}

Result<DdlPlan> alter_type(const AlterTypeStatement& statement, const DdlContext& context) {
  KEYZONE_TRY(keyspace_name, keyspace_of(statement.type, context, kMayAlterType));
  const Keyspace* keyspace = find_keyspace(context, keyspace_name);
  const std::string& name = statement.type.name;
  if (!keyspace || !keyspace->types.contains(name)) {
    if (statement.if_exists) return nothing(context);
    return invalid("Type " + keyspace_name + "." + name + " doesn't exist");
  }
  const TypePtr before = keyspace->types.at(name);
  std::vector<std::string> names = before->field_names();
  std::vector<TypePtr> types = before->parameters();
  KEYZONE_TRY(any, std::visit(FieldChange{context, *before, names, types}, statement.change));
  if (!any) return nothing(context);
  DdlPlan plan = changed(context, kUpdated, "TYPE", keyspace_name, name);
  spread(*keyspace, *user_type(keyspace_name, name, std::move(names), std::move(types), false),
         context.catalog, plan.change);
  return plan;
}

Result<DdlPlan> drop_type(const DropTypeStatement& statement, const DdlContext& context) {
  KEYZONE_TRY(keyspace_name, keyspace_of(statement.type, context, kMayDropType));
  const Keyspace* keyspace = find_keyspace(context, keyspace_name);
  const std::string& name = statement.type.name;
  const std::string full_name = keyspace_name + "." + name;
  if (!keyspace || !keyspace->types.contains(name)) {
    if (statement.if_exists) return nothing(context);
    return invalid("Type '" + full_name + "' doesn't exist");
  }
  std::vector<std::string> users;
  for (const auto& [other, type] : keyspace->types) {
    if (other != name && type->references_user_type(keyspace_name, name)) users.push_back(other);
  }
  const std::string in_use = "Cannot drop user type '" + full_name + "' as it is still used by ";
  if (!users.empty()) return invalid(in_use + "user types " + joined(users));
  for (const auto& [key, table] : context.catalog.tables) {
    const bool uses = std::any_of(table->columns.begin(), table->columns.end(), [&](const Column& column) {
      return column.type->references_user_type(keyspace_name, name);
    });
    if (uses) users.push_back(table->name);
  }
  if (!users.empty()) return invalid(in_use + "tables " + joined(users));
  Keyspace after = *keyspace;
  after.types.erase(name);
  DdlPlan plan = changed(context, kDropped, "TYPE", keyspace_name, name);
  plan.change.put_keyspaces.push_back(std::move(after));
  return plan;
}

}  // namespace keyzone::cql::ddl
