#include "actors/schema_events.h"

#include "cql/system_tables/system_tables.h"

namespace keyzone::actors {

namespace {

void type_events(const Keyspace* before, const Keyspace& after, std::vector<SchemaChangeEvent>& out) {
  static const std::map<std::string, TypePtr> kNone;
  const auto& old_types = before ? before->types : kNone;
  for (const auto& [name, type] : after.types) {
    auto it = old_types.find(name);
    if (it == old_types.end()) {
      out.push_back({"CREATED", "TYPE", after.name, name, {}});
    } else if (it->second != type &&
               it->second->marshal_name() != type->marshal_name()) {  // all fields of fields
      out.push_back({"UPDATED", "TYPE", after.name, name, {}});
    }
  }
  for (const auto& [name, type] : old_types) {
    if (!after.types.contains(name)) out.push_back({"DROPPED", "TYPE", after.name, name, {}});
  }
}

// What is in a keyspace goes before it.
void dropped_events(const Catalog& before, const Keyspace& keyspace, std::vector<SchemaChangeEvent>& out) {
  for (const auto& [name, table] : before.tables) {
    if (table->keyspace == keyspace.name) out.push_back({"DROPPED", "TABLE", keyspace.name, table->name, {}});
  }
  for (const auto& [name, type] : keyspace.types) out.push_back({"DROPPED", "TYPE", keyspace.name, name, {}});
  out.push_back({"DROPPED", "KEYSPACE", keyspace.name, "", {}});
}

}  // namespace

std::vector<SchemaChangeEvent> schema_events(const Catalog& before, const Catalog& after) {
  std::vector<SchemaChangeEvent> out;
  if (before.schema == after.schema) return out;
  for (const auto& [name, keyspace] : after.keyspaces) {
    auto it = before.keyspaces.find(name);
    const Keyspace* old = it == before.keyspaces.end() ? nullptr : it->second.get();
    if (!old && !cql::is_replicated_system_keyspace(name)) {
      out.push_back({"CREATED", "KEYSPACE", name, "", {}});
    } else if (!old || old->replication != keyspace->replication ||
               old->durable_writes != keyspace->durable_writes) {
      out.push_back({"UPDATED", "KEYSPACE", name, "", {}});
    }
    if (old != keyspace.get()) type_events(old, *keyspace, out);
  }
  for (const auto& [name, table] : after.tables) {
    auto it = before.tables.find(name);
    if (it == before.tables.end() || it->second->id != table->id) {
      out.push_back({"CREATED", "TABLE", table->keyspace, table->name, {}});
    } else if (it->second != table) {
      out.push_back({"UPDATED", "TABLE", table->keyspace, table->name, {}});
    }
  }
  for (const auto& [name, table] : before.tables) {
    if (!after.tables.contains(name) && after.keyspaces.contains(table->keyspace)) {
      out.push_back({"DROPPED", "TABLE", table->keyspace, table->name, {}});
    }
  }
  for (const auto& [name, keyspace] : before.keyspaces) {
    if (!after.keyspaces.contains(name)) dropped_events(before, *keyspace, out);
  }
  return out;
}

}  // namespace keyzone::actors
