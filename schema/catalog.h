// The catalog: what the cluster knows about itself, as an immutable value. One Raft group (the catalog group)
// decides its changes; every node holds the newest value behind one pointer, so sessions ask nobody.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/types/type.h"

namespace keyzone {

enum class ColumnKind : uint8_t { kPartitionKey, kClustering, kStatic, kRegular };

// MASKED WITH keyspace.name(arguments): what shows in place of a column's values to those who may not see
// them. It is kept and shown with the schema; without roles, everybody may.
struct MaskArgument {
  TypePtr type;
  std::optional<Bytes> value;  // nullopt: null
};
struct MaskFunction {
  std::string keyspace;
  std::string name;
  std::vector<MaskArgument> arguments;  // beside the value
};
struct Column {
  ColumnId id;
  std::string name;
  TypePtr type;
  ColumnKind kind = ColumnKind::kRegular;
  uint32_t position = 0;    // within the partition key or the clustering key; 0 for the others
  bool descending = false;  // clustering only
  // The column was dropped and added again: cells stamped up to here went with it.
  Timestamp dropped_at = kNoTimestamp;
  std::shared_ptr<const MaskFunction> mask = nullptr;  // nullptr: none
};
// Of the primary key.
inline bool in_key(const Column& column) {
  return column.kind == ColumnKind::kPartitionKey || column.kind == ColumnKind::kClustering;
}

// A column that is no more. Its id stays taken; a column of its name that is added again needs a compatible
// type, and gets its id: cells that are newer than the dropping show again, as in Cassandra.
struct DroppedColumn {
  std::string name;
  TypePtr type;
  ColumnKind kind = ColumnKind::kRegular;
  Timestamp dropped_at = 0;
  ColumnId id{};
  bool as_of = false;  // USING TIMESTAMP: rows may hold later cells, which are there again when it is
};

// A table's definition. Tablets live beside it (Catalog::tablets), since they change without it.
struct Table {
  Uuid id;
  std::string keyspace;
  std::string name;
  uint32_t version = 1;  // grows with every ALTER; commands planned on another one are refused
  // Since when it reads and writes as it does: later versions have other options, of those that say nothing
  // about values.
  uint32_t meaning_version = 1;
  uint32_t next_column = 1;  // the ColumnId a new column gets
  // partition key, clustering (both by position), then statics, then regulars, each by name
  std::vector<Column> columns;
  std::vector<DroppedColumn> dropped;
  bool counter = false;  // all regular and static columns are counters
  // table options in CQL's spelling; maps as CQL literals: {'class': '...'}
  std::map<std::string, std::string> options;

  size_t partition_key_size = 0;  // columns[0 .. partition_key_size) ; filled by index()
  size_t clustering_size = 0;     // the next clustering_size columns
  size_t static_size = 0;         // the next static_size columns; regulars follow

  void index();                                            // sorts columns and fills the three sizes
  const Column* find(std::string_view column_name) const;  // nullptr: none of that name
  const Column* find(ColumnId id) const;
  const Column& partition_key(size_t i) const { return columns[i]; }
  const Column& clustering(size_t i) const { return columns[partition_key_size + i]; }
  size_t regular_begin() const { return partition_key_size + clustering_size + static_size; }
  int32_t default_time_to_live() const;  // seconds; 0: none
  int32_t gc_grace_seconds() const;
  bool compact() const {
    return options.contains("compact_storage");
  }  // WITH COMPACT STORAGE: rows have no marker
};
using TablePtr = std::shared_ptr<const Table>;

// Where Cassandra's replication strategies are.
inline constexpr std::string_view kLocatorPackage = "org.apache.cassandra.locator.";

struct Keyspace {
  std::string name;
  bool durable_writes = true;
  std::map<std::string, std::string> replication;  // 'class' (full class name) and its options, as given
  std::map<std::string, TypePtr> types;            // user types by name
};
using KeyspacePtr = std::shared_ptr<const Keyspace>;

// One range of a table's tokens, (begin, end]; the first begins at INT64_MIN (exclusive, no key has that
// token).
struct Tablet {
  GroupId group;
  Token begin;  // exclusive
  Token end;    // inclusive
  Epoch epoch{1};
  std::vector<NodeId> replicas;  // one a zone, in order of zone names
  std::vector<NodeId> founders;  // the voters that its group began with
  NodeId preferred_leader;       // where placement wants the leader
};
// A table's tablets by token: disjoint, without gaps.
struct TabletMap {
  std::vector<Tablet> tablets;
  const Tablet& find(Token token) const;  // REQUIRES: tablets cover the ring
};
using TabletMapPtr = std::shared_ptr<const TabletMap>;

struct Node {
  NodeId id;
  Uuid host_id;
  // from config; an emptied disk under the same name gets a new id and host id
  std::string name;
  std::string zone;  // the rack that drivers see
  std::string data_center;
  std::string listen_address;  // peers
  uint16_t storage_port = 7000;
  std::string rpc_address;  // clients
  uint16_t native_transport_port = 9042;
  std::vector<Token> tokens;  // the ends of its ranges in its zone's ring
  bool replaced = false;      // its disk is gone; kept until no tablet names it
};

// A member of the catalog group.
struct CatalogMember {
  NodeId node;
  bool voter = true;
};

struct Catalog {
  CatalogVersion version;  // grows with every change
  CatalogVersion schema;   // the version of the last change that clients can see in the schema
  Uuid cluster_id;
  std::string cluster_name;
  Bytes secret;          // 32 random bytes: the key that authenticates page states
  uint64_t next_id = 1;  // the next NodeId or GroupId (one sequence; 1 .. kFirstDynamicId-1 are reserved)
  std::map<std::string, KeyspacePtr> keyspaces;
  std::map<std::pair<std::string, std::string>, TablePtr> tables;  // by (keyspace, name)
  std::map<Uuid, TablePtr> tables_by_id;
  std::map<Uuid, TabletMapPtr> tablets;  // by table id
  std::map<NodeId, Node> nodes;
  std::vector<CatalogMember> members;

  const Table* find_table(std::string_view keyspace, std::string_view name) const;
  TablePtr table(const Uuid& id) const;  // nullptr: dropped or unknown
  // The schema version that drivers compare: a function of `schema` and the cluster id.
  Uuid schema_version() const;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

inline constexpr GroupId kCatalogGroup{1};        // the catalog's own Raft group
inline constexpr uint64_t kFirstDynamicId = 100;  // ids below are reserved

// One step of the catalog: what to put and what to drop, planned on version `expected`. Refused (kStale) when
// the catalog has moved on, so that concurrent schema changes from several nodes get one order.
struct CatalogChange {
  CatalogVersion expected;
  bool visible = true;  // clients see it in the schema: the schema version changes
  std::optional<std::pair<Uuid, std::string>> cluster;  // id and name, once
  std::optional<Bytes> secret;
  std::optional<uint64_t> next_id;
  std::vector<Keyspace> put_keyspaces;
  std::vector<std::string> drop_keyspaces;  // with all their tables
  std::vector<Table> put_tables;
  std::vector<Uuid> drop_tables;  // with their tablets
  std::vector<std::pair<Uuid, TabletMap>> put_tablets;
  std::vector<Node> put_nodes;
  std::vector<NodeId> drop_nodes;
  std::optional<std::vector<CatalogMember>> members;
};

// The catalog after `change`; kStale when change.expected is not catalog.version. A pure function.
Result<CatalogPtr> apply_change(const Catalog& catalog, const CatalogChange& change);

// Cap'n Proto forms (schema/catalog.capnp). The catalog's own form is its snapshot.
Bytes encode_change(const CatalogChange& change);
Result<CatalogChange> decode_change(BytesView bytes);
Bytes encode_catalog(const Catalog& catalog);
Result<CatalogPtr> decode_catalog(BytesView bytes);

}  // namespace keyzone
