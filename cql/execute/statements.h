// The kinds of Prepared statements: what begin() does for each.
#pragma once
#include <utility>
#include <vector>

#include "cql/execute/api.h"
#include "cql/execute/write_builder.h"
#include "cql/plan/write_plan.h"
#include "cql/select/select_plan.h"

namespace keyzone::cql {

// Filled in by prepare(), which is the only maker.
class PreparedBase : public Prepared {
 public:
  PreparedInfo& mutable_info() { return info_; }
};

class PreparedWrite : public PreparedBase {
 public:
  explicit PreparedWrite(WritePlanPtr plan);
  const WritePlan& plan() const { return *plan_; }

 protected:
  Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const override;

 private:
  WritePlanPtr plan_;
  ConditionalPlanPtr conditional_;
};

// Of a system table that clients may clear.
class PreparedLocalDelete : public PreparedBase {
 public:
  explicit PreparedLocalDelete(WritePlanPtr plan) : plan_(std::move(plan)) {}

 protected:
  Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const override;

 private:
  WritePlanPtr plan_;
};

class PreparedBatch : public PreparedBase {
 public:
  PreparedBatch(BatchKind kind, std::vector<WritePlanPtr> plans, ExpressionPtr timestamp)
      : kind_(kind), plans_(std::move(plans)), timestamp_(std::move(timestamp)) {}

 protected:
  Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const override;

 private:
  BatchKind kind_;
  std::vector<WritePlanPtr> plans_;
  ExpressionPtr timestamp_;
};

class PreparedSelect : public PreparedBase {
 public:
  explicit PreparedSelect(SelectPlanPtr plan) : plan_(std::move(plan)) {}

 protected:
  Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const override;

 private:
  SelectPlanPtr plan_;
};

// USE, TRUNCATE, DESCRIBE, schema and access statements: there is nothing to plan.
class PreparedOther : public PreparedBase {
 public:
  PreparedOther(StatementPtr statement, TablePtr table)
      : statement_(std::move(statement)), table_(std::move(table)) {}

 protected:
  Result<Execution> begin(const ExecuteOptions& options, const CatalogPtr& catalog) const override;

 private:
  StatementPtr statement_;
  TablePtr table_;  // of TRUNCATE
};

// A write to a virtual table: it is planned as any other, and then refused.
class PreparedRefusal : public PreparedBase {
 public:
  explicit PreparedRefusal(Error error) : error_(std::move(error)) {}

 protected:
  Result<Execution> begin(const ExecuteOptions&, const CatalogPtr&) const override { return error_; }

 private:
  Error error_;
};

// What a batch may hold together. Errors: kInvalid with Cassandra's sentences.
Result<void> check_batch(BatchKind kind, std::span<const WritePlan* const> plans, bool batch_timestamp,
                         const Dialect& dialect);
// A batch of these plans, each with its values.
struct BatchPart {
  const WritePlan* plan;
  std::span<const Value> values;
};
Result<Execution> begin_parts(BatchKind kind, std::span<const BatchPart> parts,
                              std::optional<Timestamp> batch_timestamp, const ExecuteOptions& options,
                              const CatalogPtr& catalog);

}  // namespace keyzone::cql
