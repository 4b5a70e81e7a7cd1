// The system keyspaces: what their tables look like, and their rows as pure functions of the catalog and the
// node. They lie in no tablet and are read-only.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "cql/system_tables/node_facts.h"
#include "schema/catalog.h"

namespace keyzone::cql {

// Holds what the cluster keeps for itself (actors/batch_log.h); clients neither see nor touch it.
inline constexpr std::string_view kInternalKeyspace = "keyzone_internal";

// system, system_schema, system_auth, system_distributed, system_traces, system_views, system_virtual_schema
// and the internal one: nobody creates, changes or drops these.
bool is_system_keyspace(std::string_view name);
inline bool is_hidden_keyspace(std::string_view name) { return name == kInternalKeyspace; }
// system_auth, system_distributed and system_traces: in Cassandra these are keyspaces like others, of which
// nobody may change more than how they are replicated. What was changed is in the catalog.
bool is_replicated_system_keyspace(std::string_view name);
// system_traces: clients may delete what its tables hold.
bool may_be_cleared(std::string_view keyspace);
// system_views and system_virtual_schema
bool is_virtual_keyspace(std::string_view name);

// nullptr: none of that name. The pointers live as long as the program.
const Table* find_system_table(std::string_view keyspace, std::string_view name);
TablePtr system_table(std::string_view keyspace, std::string_view name);
const std::vector<KeyspacePtr>& system_keyspaces();           // by name, as they are at first
const Keyspace* find_system_keyspace(std::string_view name);  // the same; nullptr: none of that name
const std::vector<TablePtr>& system_tables();                 // by keyspace and name

// For each of Table::columns, in their order, the wire value or null.
using SystemRow = std::vector<std::optional<Bytes>>;

// Of system_views.settings: what a setting with a name of old is called since. Empty: its name is not of old.
std::string_view newer_setting_name(std::string_view name);

// Whether its rows tell sizes of tablets (TabletStats::partitions), and of which a node then tells them.
bool shows_estimates(const Table& table);
std::vector<GroupId> tablets_to_estimate(const Catalog& catalog, NodeId node, bool alone);

// All rows of a system table; a partition's rows are together and in clustering order.
// REQUIRES: `table` is one of system_tables().
std::vector<SystemRow> system_rows(const Table& table, const Catalog& catalog, const NodeFacts& facts);

}  // namespace keyzone::cql
