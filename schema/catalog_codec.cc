// The catalog's Cap'n Proto forms.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include "schema/catalog.capnp.h"
#include "schema/catalog.h"
#include "schema/envelope.h"

namespace keyzone {
namespace {

using namespace envelope;

std::string string_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
Error corrupt(const std::string& what) { return {ErrorKind::kCorrupt, "catalog: " + what}; }

void write(wire::Id128::Builder out, const Uuid& id) {
  const auto [high, low] = halves(id);
  out.setHigh(high);
  out.setLow(low);
}
Uuid read(wire::Id128::Reader in) { return uuid(in.getHigh(), in.getLow()); }

Result<TypePtr> read_type(capnp::Text::Reader name) {
  auto type = parse_marshal_name(string_of(name));
  if (!type) return corrupt(type.error().message);
  return type;
}

Result<ColumnKind> read_kind(uint8_t kind) {
  if (kind > static_cast<uint8_t>(ColumnKind::kRegular))
    return corrupt("column kind " + std::to_string(kind));
  return static_cast<ColumnKind>(kind);
}

using OptionEntry = std::pair<const std::string, std::string>;
using TypeEntry = std::pair<const std::string, TypePtr>;
using TabletsEntry = std::pair<const Uuid, TabletMapPtr>;
void write(wire::Option::Builder out, const OptionEntry& option);
void write(wire::MaskArgument::Builder out, const MaskArgument& argument);
void write(wire::Column::Builder out, const Column& column);
void write(wire::DroppedColumn::Builder out, const DroppedColumn& column);
void write(wire::Table::Builder out, const Table& table);
void write(wire::UserType::Builder out, const TypeEntry& type);
void write(wire::Keyspace::Builder out, const Keyspace& keyspace);
void write(wire::Tablet::Builder out, const Tablet& tablet);
void write(wire::Tablets::Builder out, const std::pair<Uuid, TabletMap>& tablets);
void write(wire::Tablets::Builder out, const TabletsEntry& tablets);
void write(wire::Node::Builder out, const Node& node);
void write(wire::Node::Builder out, const std::pair<const NodeId, Node>& entry) { write(out, entry.second); }
void write(wire::CatalogMember::Builder out, const CatalogMember& member);
// Keyspaces and tables are behind pointers in a catalog.
template <class Builder, class Key, class Value>
void write(Builder out, const std::pair<const Key, std::shared_ptr<const Value>>& entry) {
  write(out, *entry.second);
}

// A list of structs, each by write(builder, item).
template <class List, class Items>
void write_all(List list, const Items& items) {
  unsigned i = 0;
  for (const auto& item : items) write(list[i++], item);
}

void write(wire::Option::Builder out, const OptionEntry& option) {
  out.setName(option.first);
  out.setValue(option.second);
}
std::map<std::string, std::string> read_options(capnp::List<wire::Option>::Reader in) {
  std::map<std::string, std::string> out;
  for (const auto option : in) out[string_of(option.getName())] = string_of(option.getValue());
  return out;
}

// ---- Tables ----

void write(wire::MaskArgument::Builder out, const MaskArgument& argument) {
  out.setType(argument.type->marshal_name());
  out.setIsNull(!argument.value);
  if (argument.value) out.setValue(data_of(*argument.value));
}
void write(wire::MaskFunction::Builder out, const MaskFunction& mask) {
  out.setKeyspace(mask.keyspace);
  out.setName(mask.name);
  write_all(out.initArguments(static_cast<unsigned>(mask.arguments.size())), mask.arguments);
}
Result<std::shared_ptr<const MaskFunction>> read(wire::MaskFunction::Reader in) {
  MaskFunction out{string_of(in.getKeyspace()), string_of(in.getName()), {}};
  for (const auto argument : in.getArguments()) {
    KEYZONE_TRY(type, read_type(argument.getType()));
    MaskArgument& read = out.arguments.emplace_back(MaskArgument{type, std::nullopt});
    if (!argument.getIsNull()) read.value = bytes_of(argument.getValue());
  }
  return std::make_shared<const MaskFunction>(std::move(out));
}

void write(wire::Column::Builder out, const Column& column) {
  out.setId(column.id.value);
  out.setName(column.name);
  out.setType(column.type->marshal_name());
  out.setKind(static_cast<uint8_t>(column.kind));
  out.setPosition(column.position);
  out.setDescending(column.descending);
  out.setDroppedAt(column.dropped_at);
  if (column.mask) write(out.initMask(), *column.mask);
}
Result<Column> read(wire::Column::Reader in) {
  KEYZONE_TRY(type, read_type(in.getType()));
  KEYZONE_TRY(kind, read_kind(in.getKind()));
  std::shared_ptr<const MaskFunction> mask;
  if (in.hasMask()) {
    KEYZONE_TRY(read_mask, read(in.getMask()));
    mask = std::move(read_mask);
  }
  return Column{ColumnId{in.getId()}, string_of(in.getName()), type,           kind, in.getPosition(),
                in.getDescending(),   in.getDroppedAt(),       std::move(mask)};
}

void write(wire::DroppedColumn::Builder out, const DroppedColumn& column) {
  out.setName(column.name);
  out.setType(column.type->marshal_name());
  out.setKind(static_cast<uint8_t>(column.kind));
  out.setDroppedAt(column.dropped_at);
  out.setId(column.id.value);
  out.setAsOf(column.as_of);
}
Result<DroppedColumn> read(wire::DroppedColumn::Reader in) {
  KEYZONE_TRY(type, read_type(in.getType()));
  KEYZONE_TRY(kind, read_kind(in.getKind()));
  return DroppedColumn{string_of(in.getName()), type,        kind, in.getDroppedAt(),
                       ColumnId{in.getId()},    in.getAsOf()};
}

void write(wire::Table::Builder out, const Table& table) {
  write(out.initId(), table.id);
  out.setKeyspace(table.keyspace);
  out.setName(table.name);
  out.setVersion(table.version);
  out.setMeaningVersion(table.meaning_version);
  out.setNextColumn(table.next_column);
  out.setCounter(table.counter);
  write_all(out.initColumns(static_cast<unsigned>(table.columns.size())), table.columns);
  write_all(out.initDropped(static_cast<unsigned>(table.dropped.size())), table.dropped);
  write_all(out.initOptions(static_cast<unsigned>(table.options.size())), table.options);
}
Result<Table> read(wire::Table::Reader in) {
  Table out;
  out.id = read(in.getId());
  out.keyspace = string_of(in.getKeyspace());
  out.name = string_of(in.getName());
  out.version = in.getVersion();
  out.meaning_version = in.getMeaningVersion();
  out.next_column = in.getNextColumn();
  out.counter = in.getCounter();
  out.options = read_options(in.getOptions());
  for (const auto column : in.getColumns()) {
    KEYZONE_TRY(value, read(column));
    out.columns.push_back(std::move(value));
  }
  for (const auto column : in.getDropped()) {
    KEYZONE_TRY(value, read(column));
    out.dropped.push_back(std::move(value));
  }
  out.index();
  return out;
}

// ---- Keyspaces ----

void write(wire::UserType::Builder out, const TypeEntry& type) {
  out.setName(type.first);
  out.setType(type.second->marshal_name());
}
void write(wire::Keyspace::Builder out, const Keyspace& keyspace) {
  out.setName(keyspace.name);
  out.setDurableWrites(keyspace.durable_writes);
  write_all(out.initReplication(static_cast<unsigned>(keyspace.replication.size())), keyspace.replication);
  write_all(out.initTypes(static_cast<unsigned>(keyspace.types.size())), keyspace.types);
}
Result<Keyspace> read(wire::Keyspace::Reader in) {
  Keyspace out;
  out.name = string_of(in.getName());
  out.durable_writes = in.getDurableWrites();
  out.replication = read_options(in.getReplication());
  for (const auto type : in.getTypes()) {
    KEYZONE_TRY(value, read_type(type.getType()));
    out.types[string_of(type.getName())] = value;
  }
  return out;
}

// ---- Tablets, nodes, members ----

void write_ids(capnp::List<uint64_t>::Builder out, const std::vector<NodeId>& ids) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, ids[i].value);
}
std::vector<NodeId> read_ids(capnp::List<uint64_t>::Reader in) {
  std::vector<NodeId> out;
  for (const uint64_t id : in) out.push_back(NodeId{id});
  return out;
}

void write(wire::Tablet::Builder out, const Tablet& tablet) {
  out.setGroup(tablet.group.value);
  out.setBegin(tablet.begin.value);
  out.setEnd(tablet.end.value);
  out.setEpoch(tablet.epoch.value);
  write_ids(out.initReplicas(static_cast<unsigned>(tablet.replicas.size())), tablet.replicas);
  write_ids(out.initFounders(static_cast<unsigned>(tablet.founders.size())), tablet.founders);
  out.setPreferredLeader(tablet.preferred_leader.value);
}
Tablet read(wire::Tablet::Reader in) {
  return {GroupId{in.getGroup()},         Token{in.getBegin()},       Token{in.getEnd()},
          Epoch{in.getEpoch()},           read_ids(in.getReplicas()), read_ids(in.getFounders()),
          NodeId{in.getPreferredLeader()}};
}

void write_tablets(wire::Tablets::Builder out, const Uuid& table, const TabletMap& map) {
  write(out.initTable(), table);
  write_all(out.initTablets(static_cast<unsigned>(map.tablets.size())), map.tablets);
}
void write(wire::Tablets::Builder out, const std::pair<Uuid, TabletMap>& tablets) {
  write_tablets(out, tablets.first, tablets.second);
}
void write(wire::Tablets::Builder out, const TabletsEntry& tablets) {
  write_tablets(out, tablets.first, *tablets.second);
}
std::pair<Uuid, TabletMap> read(wire::Tablets::Reader in) {
  TabletMap map;
  for (const auto tablet : in.getTablets()) map.tablets.push_back(read(tablet));
  return {read(in.getTable()), std::move(map)};
}

void write(wire::Node::Builder out, const Node& node) {
  out.setId(node.id.value);
  write(out.initHostId(), node.host_id);
  out.setName(node.name);
  out.setZone(node.zone);
  out.setDataCenter(node.data_center);
  out.setListenAddress(node.listen_address);
  out.setStoragePort(node.storage_port);
  out.setRpcAddress(node.rpc_address);
  out.setNativeTransportPort(node.native_transport_port);
  auto tokens = out.initTokens(static_cast<unsigned>(node.tokens.size()));
  for (unsigned i = 0; i < tokens.size(); ++i) tokens.set(i, node.tokens[i].value);
  out.setReplaced(node.replaced);
}
Node read(wire::Node::Reader in) {
  Node out;
  out.id = NodeId{in.getId()};
  out.host_id = read(in.getHostId());
  out.name = string_of(in.getName());
  out.zone = string_of(in.getZone());
  out.data_center = string_of(in.getDataCenter());
  out.listen_address = string_of(in.getListenAddress());
  out.storage_port = in.getStoragePort();
  out.rpc_address = string_of(in.getRpcAddress());
  out.native_transport_port = in.getNativeTransportPort();
  for (const int64_t token : in.getTokens()) out.tokens.push_back(Token{token});
  out.replaced = in.getReplaced();
  return out;
}

void write(wire::CatalogMember::Builder out, const CatalogMember& member) {
  out.setNode(member.node.value);
  out.setVoter(member.voter);
}
std::vector<CatalogMember> read_members(capnp::List<wire::CatalogMember>::Reader in) {
  std::vector<CatalogMember> out;
  for (const auto member : in) out.push_back({NodeId{member.getNode()}, member.getVoter()});
  return out;
}

Bytes finish(capnp::MessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  return Bytes(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

Result<CatalogChange> read(wire::CatalogChange::Reader in) {
  CatalogChange out;
  out.expected = CatalogVersion{in.getExpected()};
  out.visible = in.getVisible();
  if (in.hasClusterId()) out.cluster = {read(in.getClusterId()), string_of(in.getClusterName())};
  if (in.hasSecret()) out.secret = bytes_of(in.getSecret());
  if (in.getNextId() != 0) out.next_id = in.getNextId();
  for (const auto keyspace : in.getPutKeyspaces()) {
    KEYZONE_TRY(value, read(keyspace));
    out.put_keyspaces.push_back(std::move(value));
  }
  for (const auto name : in.getDropKeyspaces()) out.drop_keyspaces.push_back(string_of(name));
  for (const auto table : in.getPutTables()) {
    KEYZONE_TRY(value, read(table));
    out.put_tables.push_back(std::move(value));
  }
  for (const auto id : in.getDropTables()) out.drop_tables.push_back(read(id));
  for (const auto tablets : in.getPutTablets()) out.put_tablets.push_back(read(tablets));
  for (const auto node : in.getPutNodes()) out.put_nodes.push_back(read(node));
  out.drop_nodes = read_ids(in.getDropNodes());
  if (in.hasMembers()) out.members = read_members(in.getMembers());
  return out;
}

Result<CatalogPtr> read(wire::Catalog::Reader in) {
  auto out = std::make_shared<Catalog>();
  out->version = CatalogVersion{in.getVersion()};
  out->schema = CatalogVersion{in.getSchema()};
  out->cluster_id = read(in.getClusterId());
  out->cluster_name = string_of(in.getClusterName());
  out->secret = bytes_of(in.getSecret());
  out->next_id = in.getNextId();
  for (const auto keyspace : in.getKeyspaces()) {
    KEYZONE_TRY(value, read(keyspace));
    out->keyspaces[value.name] = std::make_shared<Keyspace>(value);
  }
  for (const auto table : in.getTables()) {
    KEYZONE_TRY(value, read(table));
    auto shared = std::make_shared<Table>(std::move(value));
    out->tables[{shared->keyspace, shared->name}] = shared;
    out->tables_by_id[shared->id] = shared;
  }
  for (const auto tablets : in.getTablets()) {
    auto [table, map] = read(tablets);
    out->tablets[table] = std::make_shared<TabletMap>(std::move(map));
  }
  for (const auto node : in.getNodes()) out->nodes[NodeId{node.getId()}] = read(node);
  out->members = read_members(in.getMembers());
  return CatalogPtr(std::move(out));
}

unsigned size_of(const auto& items) { return static_cast<unsigned>(items.size()); }

}  // namespace

Bytes encode_change(const CatalogChange& change) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<wire::CatalogChange>();
  out.setExpected(change.expected.value);
  out.setVisible(change.visible);
  if (change.cluster) {
    write(out.initClusterId(), change.cluster->first);
    out.setClusterName(change.cluster->second);
  }
  if (change.secret) out.setSecret(data_of(*change.secret));
  out.setNextId(change.next_id.value_or(0));
  write_all(out.initPutKeyspaces(size_of(change.put_keyspaces)), change.put_keyspaces);
  auto names = out.initDropKeyspaces(size_of(change.drop_keyspaces));
  for (unsigned i = 0; i < names.size(); ++i) names.set(i, change.drop_keyspaces[i]);
  write_all(out.initPutTables(size_of(change.put_tables)), change.put_tables);
  write_all(out.initDropTables(size_of(change.drop_tables)), change.drop_tables);
  write_all(out.initPutTablets(size_of(change.put_tablets)), change.put_tablets);
  write_all(out.initPutNodes(size_of(change.put_nodes)), change.put_nodes);
  write_ids(out.initDropNodes(size_of(change.drop_nodes)), change.drop_nodes);
  if (change.members) write_all(out.initMembers(size_of(*change.members)), *change.members);
  return finish(message);
}

Result<CatalogChange> decode_change(BytesView bytes) {
  return unpack<CatalogChange, wire::CatalogChange>(bytes, "catalog change",
                                                    [](wire::CatalogChange::Reader in) { return read(in); });
}

Bytes encode_catalog(const Catalog& catalog) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<wire::Catalog>();
  out.setVersion(catalog.version.value);
  out.setSchema(catalog.schema.value);
  write(out.initClusterId(), catalog.cluster_id);
  out.setClusterName(catalog.cluster_name);
  out.setSecret(data_of(catalog.secret));
  out.setNextId(catalog.next_id);
  write_all(out.initKeyspaces(size_of(catalog.keyspaces)), catalog.keyspaces);
  write_all(out.initTables(size_of(catalog.tables_by_id)), catalog.tables_by_id);
  write_all(out.initTablets(size_of(catalog.tablets)), catalog.tablets);
  write_all(out.initNodes(size_of(catalog.nodes)), catalog.nodes);
  write_all(out.initMembers(size_of(catalog.members)), catalog.members);
  return finish(message);
}

Result<CatalogPtr> decode_catalog(BytesView bytes) {
  return unpack<CatalogPtr, wire::Catalog>(bytes, "catalog",
                                           [](wire::Catalog::Reader in) { return read(in); });
}

}  // namespace keyzone
