// What is known while a statement is being planned: the schema, and the bind markers met so far.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/statement.h"
#include "cql/dialect.h"
#include "cql/functions/functions.h"
#include "cql/plan/expression.h"
#include "schema/catalog.h"
#include "schema/result_set.h"

namespace keyzone::cql {

// What a value is wanted for: errors and bind variables name it.
struct Receiver {
  std::string keyspace;
  std::string table;
  std::string name;
  TypePtr type;
  std::optional<size_t> partition_key{};  // of a partition key column, as a whole: its place in the key

  Receiver with(std::string new_name, TypePtr new_type) const {
    return {keyspace, table, std::move(new_name), std::move(new_type)};
  }
};
Receiver receiver_of(const Table& table, const Column& column);
// Of token(): bigint; of tables that have no tokens, as virtual ones, that of their keys.
TypePtr token_type(const Table& table);

// The bind markers of one statement, by index.
class Markers {
 public:
  explicit Markers(std::vector<std::optional<std::string>> names)
      : names_(std::move(names)), specs_(names_.size()) {}

  void set(uint32_t index, const Receiver& receiver);
  // Errors: kInvalid if nothing said what a marker is for.
  Result<ColumnSpecsPtr> specs() const;
  // The marker of each column of a partition key of `size` columns, or empty if some have none. Whatever is
  // done with the column counts (k IN (?, ?), k > ?), and of several markers the last, as in Cassandra.
  std::vector<uint16_t> partition_key_indexes(size_t size) const;
  const std::optional<std::string>& name(uint32_t index) const { return names_[index]; }

 private:
  std::vector<std::optional<std::string>> names_;
  std::vector<ColumnSpec> specs_;
  std::map<uint32_t, size_t> partition_key_;  // the place in the key, by marker
};

struct PrepareContext {
  const Catalog& catalog;
  const Dialect& dialect;
  std::string keyspace;  // where names without one are looked up: the statement's table's, else the session's
  Markers& markers;
  const Table* table = nullptr;  // the statement's, if it has one: for token()
  // What result_type() found, so that calls within calls are resolved once and not once for each overload
  // around them.
  mutable std::map<const Term*, TypePtr> result_types = {};
  // The same of calls where a type is wanted, by its name.
  mutable std::map<std::pair<const Term*, std::string>, Match> fits_of_calls = {};

  Result<TypePtr> resolve(const TypeName& name) const;
};

// The table of that name in the catalog or among the system tables, or Cassandra's error.
Result<TablePtr> find_table(const Catalog& catalog, const QualifiedName& name,
                            const std::string& session_keyspace);
Result<const Column*> find_column(const Table& table, std::string_view name);
// COMPACT STORAGE without clustering columns: to Cassandra all columns but the key are static, and rows have
// a clustering column that nobody sees.
inline bool has_hidden_clustering(const Table& table) {
  return table.compact() && table.clustering_size == 0;
}

}  // namespace keyzone::cql
