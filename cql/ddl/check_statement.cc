// What a schema change is refused for before anyone looks at the schema.
#include <algorithm>

#include "cql/ddl/create_table.h"
#include "cql/ddl/table_options.h"

namespace keyzone::cql {
namespace ddl {
namespace {

// The name in whose keyspace the change happens. nullptr: keyspaces have none beside their own, and what
// changes no schema isn't asked.
struct Target {
  const QualifiedName* operator()(const CreateTableStatement& s) const { return &s.table; }
  const QualifiedName* operator()(const AlterTableStatement& s) const { return &s.table; }
  const QualifiedName* operator()(const DropTableStatement& s) const { return &s.table; }
  const QualifiedName* operator()(const CreateTypeStatement& s) const { return &s.type; }
  const QualifiedName* operator()(const AlterTypeStatement& s) const { return &s.type; }
  const QualifiedName* operator()(const DropTypeStatement& s) const { return &s.type; }
  const QualifiedName* operator()(const CreateIndexStatement& s) const { return &s.table; }
  const QualifiedName* operator()(const DropIndexStatement& s) const { return &s.index; }
  const QualifiedName* operator()(const CreateViewStatement& s) const { return &s.view; }
  const QualifiedName* operator()(const AlterViewStatement& s) const { return &s.view; }
  const QualifiedName* operator()(const DropViewStatement& s) const { return &s.view; }
  const QualifiedName* operator()(const CreateFunctionStatement& s) const { return &s.function; }
  const QualifiedName* operator()(const DropFunctionStatement& s) const { return &s.function; }
  const QualifiedName* operator()(const CreateAggregateStatement& s) const { return &s.aggregate; }
  const QualifiedName* operator()(const DropAggregateStatement& s) const { return &s.aggregate; }
  const QualifiedName* operator()(const CreateTriggerStatement& s) const { return &s.table; }
  const QualifiedName* operator()(const DropTriggerStatement& s) const { return &s.table; }
  template <class Other>
  const QualifiedName* operator()(const Other&) const {
    return nullptr;
  }
};

const Properties* table_properties(const Statement& statement) {
  if (const auto* create = statement.as<CreateTableStatement>()) return &create->properties;
  const auto* alter = statement.as<AlterTableStatement>();
  const auto* options = alter ? std::get_if<SetOptions>(&alter->change) : nullptr;
  return options ? &options->properties : nullptr;
}

// A column that is added with a mask is not yet one that is masked.
bool masks(const Statement& statement) {
  if (const auto* create = statement.as<CreateTableStatement>()) {
    return std::any_of(create->columns.begin(), create->columns.end(),
                       [](const ColumnDefinition& column) { return column.mask.has_value(); });
  }
  const auto* alter = statement.as<AlterTableStatement>();
  const auto* masked = alter ? std::get_if<MaskColumn>(&alter->change) : nullptr;
  return masked && masked->mask;
}

}  // namespace
}  // namespace ddl

Result<void> check_alone(const Statement& statement, std::string_view keyspace, bool masked_columns) {
  const Properties* properties = ddl::table_properties(statement);
  if (properties) KEYZONE_CHECK(check_unique(*properties));
  const QualifiedName* target = std::visit(ddl::Target{}, statement.kind);
  if (target && target->keyspace.empty() && keyspace.empty()) return ddl::no_keyspace();
  if (const auto* create = statement.as<CreateTableStatement>()) KEYZONE_CHECK(ddl::check_shape(*create));
  TableOptions options;
  if (properties) KEYZONE_CHECK(read_properties(*properties, options));
  if (!masked_columns && ddl::masks(statement)) return ddl::masking_is_off();
  return {};
}

}  // namespace keyzone::cql
