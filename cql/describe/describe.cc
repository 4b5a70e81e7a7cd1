#include "cql/describe/describe.h"

#include <algorithm>
#include <set>

#include "cql/system_tables/system_tables.h"
#include "schema/types/collections.h"

namespace keyzone::cql {
namespace {

constexpr std::string_view kPartitioner = "Murmur3Partitioner";
constexpr std::string_view kSnitch = "DynamicEndpointSnitch";

using Cells = std::vector<std::string>;

ColumnSpecsPtr text_columns(std::initializer_list<const char*> names) {
  auto columns = std::make_shared<std::vector<ColumnSpec>>();
  for (const char* name : names)
    columns->push_back({"system", "describe", name, native_type(TypeKind::kText)});
  return columns;
}

ResultSet result_of(std::initializer_list<const char*> names, const std::vector<Cells>& rows) {
  ResultSet out;
  out.columns = text_columns(names);
  out.row_count = static_cast<uint32_t>(rows.size());
  for (const Cells& row : rows) {
    for (const std::string& cell : row) {
      append_be(out.rows, static_cast<int32_t>(cell.size()));
      out.rows += cell;
    }
  }
  return out;
}

Cells row_of(std::string_view keyspace, const char* type, std::string_view name) {
  return {quote_identifier(keyspace), type, quote_identifier(name)};
}
Cells row_of(std::string_view keyspace, const char* type, std::string_view name, std::string create) {
  return {quote_identifier(keyspace), type, quote_identifier(name), std::move(create)};
}

ResultSet full_result(const std::vector<Cells>& rows) {
  return result_of({"keyspace_name", "type", "name", "create_statement"}, rows);
}
ResultSet list_result(const std::vector<Cells>& rows) {
  return result_of({"keyspace_name", "type", "name"}, rows);
}

// Where the tokens of the ring lie: for each that a node ends a range with, the nodes that hold the range,
// the node itself first and one of each zone.
std::map<int64_t, std::vector<Bytes>> range_owners(const Catalog& catalog) {
  std::vector<std::pair<Token, const Node*>> ring;
  for (const auto& [id, node] : catalog.nodes) {
    if (node.replaced) continue;
    for (const Token token : node.tokens) ring.emplace_back(token, &node);
  }
  std::sort(ring.begin(), ring.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::map<int64_t, std::vector<Bytes>> owners;
  for (size_t first = 0; first < ring.size(); ++first) {
    std::set<std::string_view> zones;
    for (size_t step = 0; step < ring.size(); ++step) {
      const Node& node = *ring[(first + step) % ring.size()].second;
      if (!zones.insert(node.zone).second) continue;
      const std::string& address = node.listen_address;
      owners[ring[first].first.value].push_back(address + "/" + address + ":" +
                                                std::to_string(node.storage_port));
    }
  }
  return owners;
}

// DESCRIBE CLUSTER; with whose ranges are whose, in a keyspace that has ranges.
ResultSet describe_cluster(const Catalog& catalog, const std::string& keyspace) {
  ResultSet out = result_of({"cluster", "partitioner", "snitch"},
                            {{catalog.cluster_name, std::string(kPartitioner), std::string(kSnitch)}});
  if (keyspace.empty() || is_system_keyspace(keyspace)) return out;
  const TypePtr endpoints = list_type(native_type(TypeKind::kText), false);
  const TypePtr ranges = map_type(native_type(TypeKind::kText), endpoints, false);
  std::vector<Bytes> entries;
  for (auto& [token, nodes] : range_owners(catalog)) {
    entries.push_back(std::to_string(token));
    entries.push_back(build_collection(*endpoints, std::move(nodes)));
  }
  auto columns = std::make_shared<std::vector<ColumnSpec>>(*out.columns);
  columns->push_back({"system", "describe", "range_ownership", ranges});
  out.columns = std::move(columns);
  const Bytes value = build_collection(*ranges, std::move(entries));
  append_be(out.rows, static_cast<int32_t>(value.size()));
  out.rows += value;
  return out;
}

Error not_found_in_keyspaces(std::string_view name) {
  return invalid("'" + std::string(name) + "' not found in keyspaces");
}

// As DESCRIBE sorts names: upper and lower case are one.
struct ByName {
  bool operator()(std::string_view a, std::string_view b) const {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    const auto before = [&lower](char x, char y) { return lower(x) < lower(y); };
    const auto less = [&before](std::string_view x, std::string_view y) {
      return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(), before);
    };
    return less(a, b) || (!less(b, a) && a < b);
  }
};

// First the user types that a type is made of, in the order of its fields, then itself.
void add_with_parts(const TypePtr& type, const Keyspace& keyspace, std::vector<TypePtr>& out) {
  for (const TypePtr& part : type->parameters()) add_with_parts(part, keyspace, out);
  if (!type->is_user_type()) return;
  const TypePtr& whole = keyspace.types.at(type->name());
  if (std::find(out.begin(), out.end(), whole) == out.end()) out.push_back(whole);
}

std::vector<TypePtr> types_in_order(const Keyspace& keyspace) {
  std::vector<TypePtr> out;
  for (const auto& [name, type] : keyspace.types) add_with_parts(type, keyspace, out);
  return out;
}

class Describer {
 public:
  Describer(const DescribeStatement& statement, const Catalog& catalog, std::string_view keyspace)
      : statement_(statement), catalog_(catalog), session_keyspace_(keyspace) {}

  Result<ResultSet> run() const;

 private:
  std::map<std::string, KeyspacePtr, ByName> keyspaces() const;
  std::vector<TablePtr> tables_of(const std::string& keyspace) const;
  // The keyspace that the statement names, or the session's.
  Result<KeyspacePtr> keyspace() const;
  // Those that a list is about: the session's, or all.
  Result<std::vector<KeyspacePtr>> listed_keyspaces() const;

  void add_keyspace(const Keyspace& keyspace, std::vector<Cells>& rows) const;
  Result<ResultSet> list_tables() const;
  Result<ResultSet> list_types() const;
  ResultSet list_keyspaces() const;
  ResultSet schema() const;
  Result<ResultSet> one_keyspace() const;
  Result<ResultSet> one_table() const;
  Result<ResultSet> one_type() const;
  Result<ResultSet> missing(const std::string& what) const;
  Result<ResultSet> anything() const;

  const DescribeStatement& statement_;
  const Catalog& catalog_;
  std::string session_keyspace_;
};

std::map<std::string, KeyspacePtr, ByName> Describer::keyspaces() const {
  std::map<std::string, KeyspacePtr, ByName> all(catalog_.keyspaces.begin(), catalog_.keyspaces.end());
  for (const KeyspacePtr& keyspace : system_keyspaces()) all.emplace(keyspace->name, keyspace);
  return all;
}

std::vector<TablePtr> Describer::tables_of(const std::string& keyspace) const {
  std::vector<TablePtr> out;
  for (const TablePtr& table : system_tables()) {
    if (table->keyspace == keyspace) out.push_back(table);
  }
  for (auto at = catalog_.tables.lower_bound({keyspace, ""});
       at != catalog_.tables.end() && at->first.first == keyspace; ++at) {
    out.push_back(at->second);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const TablePtr& a, const TablePtr& b) { return ByName()(a->name, b->name); });
  return out;
}

Result<KeyspacePtr> Describer::keyspace() const {
  const std::string& name = statement_.name.keyspace.empty() ? session_keyspace_ : statement_.name.keyspace;
  if (name.empty()) return invalid("No keyspace specified and no current keyspace");
  const auto all = keyspaces();
  const auto found = all.find(name);
  if (found == all.end()) return not_found_in_keyspaces(name);
  return found->second;
}

Result<std::vector<KeyspacePtr>> Describer::listed_keyspaces() const {
  std::vector<KeyspacePtr> out;
  if (!session_keyspace_.empty()) {
    KEYZONE_TRY(only, keyspace());
    out.push_back(only);
    return out;
  }
  for (const auto& [name, keyspace] : keyspaces()) out.push_back(keyspace);
  return out;
}

void Describer::add_keyspace(const Keyspace& keyspace, std::vector<Cells>& rows) const {
  rows.push_back(row_of(keyspace.name, "keyspace", keyspace.name, describe_keyspace(keyspace)));
  if (statement_.only) return;
  for (const TypePtr& type : types_in_order(keyspace)) {
    rows.push_back(row_of(keyspace.name, "type", type->name(), describe_type(*type)));
  }
  for (const TablePtr& table : tables_of(keyspace.name)) {
    rows.push_back(
        row_of(keyspace.name, "table", table->name, describe_table(*table, statement_.with_internals)));
  }
}

ResultSet Describer::list_keyspaces() const {
  std::vector<Cells> rows;
  for (const auto& [name, keyspace] : keyspaces()) rows.push_back(row_of(name, "keyspace", name));
  return list_result(rows);
}

Result<ResultSet> Describer::list_tables() const {
  KEYZONE_TRY(listed, listed_keyspaces());
  std::vector<Cells> rows;
  for (const KeyspacePtr& keyspace : listed) {
    for (const TablePtr& table : tables_of(keyspace->name)) {
      rows.push_back(row_of(keyspace->name, "table", table->name));
    }
  }
  return list_result(rows);
}

Result<ResultSet> Describer::list_types() const {
  KEYZONE_TRY(listed, listed_keyspaces());
  std::vector<Cells> rows;
  for (const KeyspacePtr& keyspace : listed) {
    std::set<std::string, ByName> names;
    for (const auto& [name, type] : keyspace->types) names.insert(name);
    for (const std::string& name : names) rows.push_back(row_of(keyspace->name, "type", name));
  }
  return list_result(rows);
}

ResultSet Describer::schema() const {
  std::vector<Cells> rows;
  for (const auto& [name, keyspace] : keyspaces()) {
    if (statement_.full || !is_system_keyspace(name)) add_keyspace(*keyspace, rows);
  }
  return full_result(rows);
}

Result<ResultSet> Describer::one_keyspace() const {
  KEYZONE_TRY(found, keyspace());
  std::vector<Cells> rows;
  add_keyspace(*found, rows);
  return full_result(rows);
}

Result<ResultSet> Describer::one_table() const {
  KEYZONE_TRY(in, keyspace());
  for (const TablePtr& table : tables_of(in->name)) {
    if (table->name != statement_.name.name) continue;
    return full_result(
        {row_of(in->name, "table", table->name, describe_table(*table, statement_.with_internals))});
  }
  return invalid("Table '" + statement_.name.name + "' not found in keyspace '" + in->name + "'");
}

Result<ResultSet> Describer::one_type() const {
  KEYZONE_TRY(in, keyspace());
  const auto found = in->types.find(statement_.name.name);
  if (found == in->types.end()) {
    return invalid("User defined type '" + statement_.name.name + "' not found in '" + in->name + "'");
  }
  return full_result({row_of(in->name, "type", found->first, describe_type(*found->second))});
}

Result<ResultSet> Describer::missing(const std::string& what) const {
  KEYZONE_TRY(in, keyspace());
  return invalid(what + " '" + statement_.name.name + "' not found in '" + in->name + "'");
}

// DESCRIBE name: a keyspace, or a table of the keyspace given or the session's.
Result<ResultSet> Describer::anything() const {
  const std::string& name = statement_.name.name;
  if (statement_.name.keyspace.empty()) {
    const auto all = keyspaces();
    if (const auto found = all.find(name); found != all.end()) {
      std::vector<Cells> rows;
      add_keyspace(*found->second, rows);
      return full_result(rows);
    }
    if (session_keyspace_.empty()) return not_found_in_keyspaces(name);
  }
  KEYZONE_TRY(in, keyspace());
  const auto table = one_table();
  if (table) return table;
  return invalid("'" + name + "' not found in keyspace '" + in->name + "'");
}

Result<ResultSet> Describer::run() const {
  using Kind = DescribeStatement::Kind;
  switch (statement_.kind) {
    case Kind::kKeyspaces:
      return list_keyspaces();
    case Kind::kTables:
      return list_tables();
    case Kind::kTypes:
      return list_types();
    case Kind::kFunctions:
    case Kind::kAggregates:
      return list_result({});
    case Kind::kCluster:
      return describe_cluster(catalog_, session_keyspace_);
    case Kind::kSchema:
      return schema();
    case Kind::kKeyspace:
      return one_keyspace();
    case Kind::kTable:
      return one_table();
    case Kind::kType:
      return one_type();
    case Kind::kFunction:
      return missing("User defined function");
    case Kind::kAggregate:
      return missing("User defined aggregate");
    case Kind::kIndex: {
      KEYZONE_TRY(in, keyspace());
      return invalid("Table for existing index '" + statement_.name.name + "' not found in '" + in->name +
                     "'");
    }
    case Kind::kView:
      return missing("Materialized view");
    case Kind::kAny:
      return anything();
  }
  return invalid("unknown DESCRIBE");
}

}  // namespace

Result<ResultSet> describe(const DescribeStatement& statement, const Catalog& catalog,
                           std::string_view keyspace) {
  return Describer(statement, catalog, keyspace).run();
}

Result<ResultSet> describe_page(ResultSet all, std::optional<int32_t> page_size,
                                std::optional<BytesView> state, const Uuid& schema_version) {
  const BytesView version(reinterpret_cast<const char*>(schema_version.bytes.data()),
                          schema_version.bytes.size());
  uint32_t skipped = 0;
  if (state) {
    if (state->size() != version.size() + sizeof skipped)
      return Error{ErrorKind::kProtocol, "Invalid value for the paging state"};
    if (state->substr(0, version.size()) != version) {
      return invalid(
          "The schema has changed since the previous page of the DESCRIBE statement result. Please retry the "
          "DESCRIBE statement.");
    }
    skipped = std::min(load_be<uint32_t>(state->data() + version.size()), all.row_count);
  }
  if (!page_size && skipped == 0) return all;
  const uint32_t left = all.row_count - skipped;
  const uint32_t taken = page_size ? std::min(left, static_cast<uint32_t>(*page_size)) : left;
  ByteReader in(all.rows);
  const auto pass = [&](uint32_t rows) {
    for (size_t cells = rows * all.columns->size(); cells > 0; --cells) {
      const auto size = in.be<int32_t>();
      if (size > 0) in.bytes(static_cast<size_t>(size));
    }
  };
  pass(skipped);
  const BytesView from = in.rest();
  pass(taken);
  all.rows = Bytes(from.substr(0, from.size() - in.left()));
  all.row_count = taken;
  if (page_size && taken == static_cast<uint32_t>(*page_size)) {
    all.paging_state = Bytes(version);
    append_be(*all.paging_state, skipped + taken);
  }
  return all;
}

}  // namespace keyzone::cql
