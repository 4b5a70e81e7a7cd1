// Text and a catalog become a Prepared statement.
#include <openssl/evp.h>

#include <algorithm>

#include "cql/ddl/ddl.h"
#include "cql/execute/access.h"
#include "cql/execute/statements.h"
#include "cql/grammar/parser.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::cql {
namespace {

Bytes md5(BytesView text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  KEYZONE_ASSERT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) == 1);
  return Bytes(reinterpret_cast<const char*>(digest), size);
}

Bytes metadata_id(const ColumnSpecsPtr& columns) {
  Bytes text;
  if (columns) {
    for (const ColumnSpec& spec : *columns) {
      // The marshal name has a user type's fields, which ALTER TYPE changes.
      for (const std::string& part : {spec.keyspace, spec.table, spec.name, spec.type->marshal_name()}) {
        append_block(text, part);
      }
    }
  }
  return md5(text);
}

StatementKind kind_of(const Statement& statement) {
  if (statement.as<TruncateStatement>()) return StatementKind::kTruncate;
  if (statement.as<UseStatement>()) return StatementKind::kUse;
  if (statement.as<DescribeStatement>()) return StatementKind::kDescribe;
  return StatementKind::kSchema;
}

std::optional<ModificationStatement> modification(const Statement& statement) {
  if (const auto* insert = statement.as<InsertStatement>()) return *insert;
  if (const auto* update = statement.as<UpdateStatement>()) return *update;
  if (const auto* remove = statement.as<DeleteStatement>()) return *remove;
  return std::nullopt;
}

constexpr const char* kModification = "Modification";
constexpr const char* kBatchName = "[batch]";  // keyspace and table of what a batch itself binds

class Preparer {
 public:
  Preparer(StatementPtr statement, const std::string& keyspace, const Catalog& catalog,
           const Dialect& dialect)
      : statement_(std::move(statement)),
        keyspace_(keyspace),
        catalog_(catalog),
        dialect_(dialect),
        markers_(statement_->markers) {}

  Result<std::shared_ptr<PreparedBase>> run() {
    if (const auto* select = statement_->as<SelectStatement>()) return prepare_select(*select);
    if (const auto write = modification(*statement_)) return prepare_write(*write);
    if (const auto* batch = statement_->as<BatchStatement>()) return prepare_batch(*batch);
    return prepare_other();
  }

  // Whether the session's keyspace plays a part.
  bool qualified() const {
    if (const auto* select = statement_->as<SelectStatement>()) return !select->table.keyspace.empty();
    if (const auto write = modification(*statement_)) return !table_of(*write).keyspace.empty();
    if (const auto* truncate = statement_->as<TruncateStatement>()) return !truncate->table.keyspace.empty();
    const auto* batch = statement_->as<BatchStatement>();
    return batch && std::all_of(batch->statements.begin(), batch->statements.end(),
                                [](const auto& one) { return !table_of(one).keyspace.empty(); });
  }

  // What only the whole statement tells.
  Result<void> describe(PreparedInfo& info) const {
    KEYZONE_TRY(specs, markers_.specs());
    if (specs->size() > kMarkersMax) {
      return invalid("Too many markers(?). " + std::to_string(specs->size()) +
                     " markers exceed the allowed maximum of " + std::to_string(kMarkersMax));
    }
    info.bind_variables = std::move(specs);
    if (key_table_)
      info.partition_key_indexes = markers_.partition_key_indexes(key_table_->partition_key_size);
    return {};
  }

 private:
  PrepareContext context_for(const Table& table) {
    return PrepareContext{catalog_, dialect_, table.keyspace, markers_, &table};
  }

  void name_table(PreparedInfo& info, const TablePtr& table, bool local) {
    if (info.table_name.empty()) {
      info.table_keyspace = table->keyspace;
      info.table_name = table->name;
      key_table_ = table;
    } else if (key_table_ && key_table_->id != table->id) {
      key_table_ = nullptr;  // a batch over several tables has no key to route by
    }
    if (!local) info.tables.emplace_back(table->id, table->version);
  }

  static Error refusal(const Table& table, const char* what) {
    return invalid(std::string(what) + " is not supported by table " + table.keyspace + "." + table.name);
  }

  static Error not_modifiable(const Table& table) {
    return {ErrorKind::kUnauthorized, table.keyspace + " keyspace is not user-modifiable."};
  }

  // Virtual tables among them: those writes are refused once they are planned. `clears`: those that may be
  // cleared, too.
  Result<TablePtr> find_writable(const QualifiedName& name, bool clears) const {
    KEYZONE_TRY(table, find_table(catalog_, name, keyspace_));
    if (!is_system_keyspace(table->keyspace) || is_virtual_keyspace(table->keyspace)) return table;
    if (clears && may_be_cleared(table->keyspace)) return table;
    return not_modifiable(*table);
  }

  // Whole rows, or columns of rows that have a partition each: what else there is can't be changed.
  static bool clears(const WritePlan& plan) {
    const auto deletes = [](const ColumnOperation& operation) {
      return operation.kind == ColumnOperation::Kind::kDelete;
    };
    return plan.kind == StatementKind::kDelete && !plan.conditional() &&
           (plan.table->clustering_size == 0 || plan.regulars.empty()) &&
           std::all_of(plan.regulars.begin(), plan.regulars.end(), deletes);
  }

  Result<std::shared_ptr<PreparedBase>> prepare_select(const SelectStatement& select) {
    KEYZONE_TRY(table, find_table(catalog_, select.table, keyspace_));
    const bool local = is_system_keyspace(table->keyspace);
    if (!select.group_by.empty()) KEYZONE_CHECK(dialect_.guardrails.check(Feature::kGroupBy));
    PrepareContext context = context_for(*table);
    KEYZONE_TRY(plan, plan_select(context, table, select, local));
    if (select.allow_filtering && !local) KEYZONE_CHECK(dialect_.guardrails.check(Feature::kAllowFiltering));
    auto made = std::make_shared<PreparedSelect>(plan);
    PreparedInfo& info = made->mutable_info();
    info.kind = local ? StatementKind::kLocalSelect : StatementKind::kSelect;
    info.result_columns = plan->columns;
    name_table(info, table, local);
    return std::shared_ptr<PreparedBase>(std::move(made));
  }

  Result<WritePlanPtr> plan_one(const TablePtr& table, const ModificationStatement& write,
                                const char* virtual_and_conditional) {
    PrepareContext context = context_for(*table);
    KEYZONE_TRY(planned, plan_write(context, table, write));
    if (planned->timestamp) KEYZONE_CHECK(dialect_.guardrails.check(Feature::kUserTimestamps));
    if (!is_virtual_keyspace(table->keyspace)) return planned;
    if (planned->timestamp) return invalid("Custom timestamp is not supported by virtual tables");
    if (planned->ttl) return invalid("Expiring columns are not supported by virtual tables");
    if (planned->conditional()) return invalid(virtual_and_conditional);
    return planned;
  }

  Result<std::shared_ptr<PreparedBase>> prepare_write(const ModificationStatement& write) {
    KEYZONE_TRY(table, find_writable(table_of(write), true));
    KEYZONE_TRY(planned, plan_one(table, write, "Conditional updates are not supported by virtual tables"));
    KEYZONE_CHECK(check_counter_attributes(*planned));
    const bool is_virtual = is_virtual_keyspace(table->keyspace), local = is_system_keyspace(table->keyspace);
    if (local && !is_virtual && !clears(*planned)) return not_modifiable(*table);
    std::shared_ptr<PreparedBase> made;
    if (local && !is_virtual) {
      made = std::make_shared<PreparedLocalDelete>(planned);
    } else if (is_virtual) {
      made = std::make_shared<PreparedRefusal>(refusal(*table, kModification));
    } else {
      made = std::make_shared<PreparedWrite>(planned);
    }
    PreparedInfo& info = made->mutable_info();
    info.kind = planned->kind;
    info.conditional = planned->conditional();
    info.counter = table->counter;
    name_table(info, table, local);
    return made;
  }

  Result<void> check_virtual(const BatchStatement& batch, const std::vector<WritePlanPtr>& plans) const {
    const auto is_virtual = [](const WritePlanPtr& one) { return is_virtual_keyspace(one->table->keyspace); };
    const auto found = std::find_if(plans.begin(), plans.end(), is_virtual);
    if (found == plans.end()) return {};
    if (batch.kind == BatchKind::kLogged)
      return invalid("Cannot include a virtual table statement in a logged batch");
    if (!std::all_of(plans.begin(), plans.end(), is_virtual))
      return invalid("Mutations for virtual and regular tables cannot exist in the same batch");
    return refusal(*(*found)->table, kModification);
  }

  Result<std::shared_ptr<PreparedBase>> prepare_batch(const BatchStatement& batch) {
    PreparedInfo info;
    std::vector<WritePlanPtr> plans;
    std::vector<const WritePlan*> bare;
    for (const ModificationStatement& statement : batch.statements) {
      KEYZONE_TRY(table, find_writable(table_of(statement), false));
      KEYZONE_TRY(planned,
                  plan_one(table, statement,
                           "Conditional BATCH statements cannot include mutations for virtual tables"));
      name_table(info, table, false);
      info.conditional = info.conditional || planned->conditional();
      info.counter = info.counter || table->counter;
      bare.push_back(planned.get());
      plans.push_back(std::move(planned));
    }
    if (batch.attributes.ttl) return invalid("Global TTL on the BATCH statement is not supported.");
    KEYZONE_CHECK(check_virtual(batch, plans));
    KEYZONE_CHECK(check_batch(batch.kind, bare, batch.attributes.timestamp != nullptr, dialect_));
    ExpressionPtr timestamp;
    if (batch.attributes.timestamp) {
      PrepareContext context{catalog_, dialect_, keyspace_, markers_, nullptr};
      KEYZONE_TRY(prepared,
                  prepare_term(context, batch.attributes.timestamp,
                               {kBatchName, kBatchName, "[timestamp]", native_type(TypeKind::kBigint)}));
      timestamp = std::move(prepared);
      if (batch.attributes.timestamp->as<BindMarker>()) key_table_ = nullptr;  // nor has one that binds this
    }
    auto made = std::make_shared<PreparedBatch>(batch.kind, std::move(plans), std::move(timestamp));
    info.kind = StatementKind::kBatch;
    made->mutable_info() = std::move(info);
    return std::shared_ptr<PreparedBase>(std::move(made));
  }

  Result<std::shared_ptr<PreparedBase>> prepare_other() {
    if (auto refused = refuse_access(*statement_)) return *refused;
    TablePtr table;
    PreparedInfo info;
    info.kind = kind_of(*statement_);
    if (const auto* truncate = statement_->as<TruncateStatement>()) {
      if (!dialect_.truncate) return invalid("TRUNCATE is not supported");
      KEYZONE_TRY(found, find_writable(truncate->table, true));
      KEYZONE_CHECK(dialect_.guardrails.check(Feature::kDropTruncateTable));
      if (is_virtual_keyspace(found->keyspace)) return refusal(*found, "Truncation");
      table = found;
      name_table(info, table, is_system_keyspace(table->keyspace));
    }
    KEYZONE_CHECK(check_alone(*statement_, keyspace_, dialect_.masked_columns));
    if (!statement_->markers.empty()) return invalid("Bind variables cannot be used in this statement");
    auto made = std::make_shared<PreparedOther>(statement_, std::move(table));
    made->mutable_info() = std::move(info);
    return std::shared_ptr<PreparedBase>(std::move(made));
  }

  StatementPtr statement_;
  const std::string& keyspace_;
  const Catalog& catalog_;
  const Dialect& dialect_;
  Markers markers_;
  TablePtr key_table_;
};

}  // namespace

Bytes prepared_id(std::string_view text, std::string_view keyspace) {
  return md5(std::string(keyspace) + std::string(text));
}

Result<PreparedPtr> prepare(std::string_view text, const std::string& keyspace, const CatalogPtr& catalog,
                            const Dialect& dialect) {
  KEYZONE_TRY(parsed, parse(text));
  Preparer preparer(std::make_shared<const Statement>(std::move(parsed)), keyspace, *catalog, dialect);
  KEYZONE_TRY(made, preparer.run());
  PreparedInfo& info = made->mutable_info();
  KEYZONE_CHECK(preparer.describe(info));
  info.qualified = preparer.qualified();
  info.id = prepared_id(text, info.qualified ? "" : keyspace);
  info.text = text;
  info.keyspace = keyspace;
  info.result_metadata_id = metadata_id(info.result_columns);
  return PreparedPtr(std::move(made));
}

}  // namespace keyzone::cql
