#include "cql/plan/prepare_context.h"

#include "cql/system_tables/system_tables.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

Receiver receiver_of(const Table& table, const Column& column) {
  Receiver out{table.keyspace, table.name, column.name, column.type};
  if (column.kind == ColumnKind::kPartitionKey) out.partition_key = column.position;
  return out;
}

TypePtr token_type(const Table& table) {
  const bool batches = table.keyspace == "system" && table.name == "batches";
  if (!batches && !is_virtual_keyspace(table.keyspace)) return native_type(TypeKind::kBigint);
  std::vector<TypePtr> types;
  for (size_t i = 0; i < table.partition_key_size; ++i) types.push_back(table.partition_key(i).type);
  return types.size() == 1 ? types[0] : composite_type(std::move(types));
}

void Markers::set(uint32_t index, const Receiver& receiver) {
  KEYZONE_ASSERT(index < specs_.size());
  specs_[index] = {receiver.keyspace, receiver.table, names_[index].value_or(receiver.name), receiver.type};
  if (receiver.partition_key) partition_key_[index] = *receiver.partition_key;
}

Result<ColumnSpecsPtr> Markers::specs() const {
  for (const ColumnSpec& spec : specs_) {
    if (!spec.type) return invalid("Cannot infer the type of a bind variable of this statement");
  }
  return ColumnSpecsPtr(std::make_shared<const std::vector<ColumnSpec>>(specs_));
}

std::vector<uint16_t> Markers::partition_key_indexes(size_t size) const {
  std::vector<uint16_t> indexes(size);
  std::vector<bool> seen(size, false);
  for (const auto& [marker, position] : partition_key_) {
    if (position >= size || marker > UINT16_MAX) continue;
    seen[position] = true;
    indexes[position] = static_cast<uint16_t>(marker);
  }
  for (const bool one : seen) {
    if (!one) return {};
  }
  return indexes;
}

Result<TypePtr> PrepareContext::resolve(const TypeName& name) const {
  return parse_type(name.text, keyspace, [this](std::string_view in, std::string_view type) -> TypePtr {
    const auto found = catalog.keyspaces.find(std::string(in));
    if (found == catalog.keyspaces.end()) return nullptr;
    const auto at = found->second->types.find(std::string(type));
    return at == found->second->types.end() ? nullptr : at->second;
  });
}

Result<const Column*> find_column(const Table& table, std::string_view name) {
  if (const Column* column = table.find(name)) return column;
  return invalid("Undefined column name " + quote_identifier(name) + " in table " +
                 quote_identifier(table.keyspace) + "." + quote_identifier(table.name));
}

}  // namespace keyzone::cql
