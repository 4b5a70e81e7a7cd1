#include "cql/select/select_plan.h"

#include <algorithm>

#include "cql/system_tables/system_tables.h"
#include "schema/types/json.h"

namespace keyzone::cql {
namespace {

// Of the calls around a column the first that may give equal results for values which are not neighbours.
std::optional<Error> not_monotonic(const Expression& expression) {
  const auto* call = dynamic_cast<const CallExpression*>(&expression);
  if (!call) return std::nullopt;
  const auto is_of_rows = [](const ExpressionPtr& argument) {
    return dynamic_cast<const ColumnExpression*>(argument.get()) ||
           dynamic_cast<const CallExpression*>(argument.get());
  };
  std::vector<bool> constant;
  for (const ExpressionPtr& argument : call->arguments()) constant.push_back(!is_of_rows(argument));
  const bool first_alone = std::count(constant.begin(), constant.end(), false) == 1 && !constant[0];
  if (!call->function().monotonic || !first_alone) {
    return invalid("Only monotonic functions are supported in the GROUP BY clause. Got: " +
                   call->function().to_string(constant) + " ");
  }
  return not_monotonic(*call->arguments()[0]);
}

class SelectPlanner {
 public:
  SelectPlanner(PrepareContext& context, const TablePtr& table, const SelectStatement& statement)
      : context_(context),
        table_(*table),
        statement_(statement),
        plan_(std::make_shared<SelectPlan>(table)) {}

  // In the order in which Cassandra complains: of the selection only behind WHERE, unless it had to look at
  // it before; of filtering whole tables last.
  Result<SelectPlanPtr> run(bool local) {
    plan_->local = local;
    plan_->distinct = statement_.distinct && !has_hidden_clustering(table_);  // there each row is a partition
    plan_->json = statement_.json;
    KEYZONE_CHECK(check_dialect());
    std::optional<Error> wrong_selection;
    KEYZONE_CHECK(plan_selection(wrong_selection));
    KEYZONE_CHECK(find_orderings());
    KEYZONE_CHECK(plan_where());
    if (wrong_selection) return *std::move(wrong_selection);
    if (statement_.distinct) KEYZONE_CHECK(check_distinct());
    KEYZONE_CHECK(plan_group_by());
    if (statement_.per_partition_limit && !plan_->aggregates.empty() && plan_->group_by.empty()) {
      return invalid("PER PARTITION LIMIT is not allowed with aggregate queries.");
    }
    KEYZONE_CHECK(plan_order());
    KEYZONE_CHECK(plan_->restrictions.check_allowed());
    KEYZONE_CHECK(plan_limits());
    finish();
    return SelectPlanPtr(std::move(plan_));
  }

 private:
  Result<void> check_dialect() const {
    const Dialect& dialect = context_.dialect;
    if (statement_.distinct && !dialect.distinct) return invalid("SELECT DISTINCT is not supported");
    if (!statement_.group_by.empty() && !dialect.group_by) return invalid("GROUP BY is not supported");
    if (statement_.per_partition_limit && !dialect.per_partition_limit) {
      return invalid("PER PARTITION LIMIT is not supported");
    }
    if (statement_.allow_filtering && !dialect.allow_filtering)
      return invalid("ALLOW FILTERING is not supported");
    return {};
  }

  // `later`: the first complaint that has to wait.
  Result<void> plan_selection(std::optional<Error>& later) {
    std::vector<ColumnSpec> specs;
    SelectorBuilder builder(context_, table_, plan_->slots);
    plan_->all_columns = statement_.items.empty();
    if (plan_->all_columns) {
      for (const Column& column : table_.columns) {
        add_output(std::make_shared<ColumnExpression>(column.type, plan_->slots.add(column)), column.name,
                   specs);
      }
    }
    for (const SelectItem& item : statement_.items) {
      const bool looked_at = is_looked_at();
      auto selector = builder.build(item.value);
      if (selector) {
        add_output(std::move(selector->value), item.alias.value_or(selector->name), specs);
      } else if (looked_at && builder.misses_name()) {
        return selector.error();
      } else if (!later) {
        later = selector.error();
      }
    }
    plan_->failing_selection = builder.failure();
    plan_->aggregates = builder.take_aggregates();
    plan_->grouped = !plan_->aggregates.empty();
    selected_slots_ = plan_->slots.size();
    if (plan_->json) {
      for (const ColumnSpec& spec : specs) plan_->json_names.push_back(json_name(spec.name));
      specs = {{table_.keyspace, table_.name, "[json]", native_type(TypeKind::kText)}};
    }
    plan_->columns = std::make_shared<const std::vector<ColumnSpec>>(std::move(specs));
    return {};
  }

  // Cassandra looks names and calls up, in turn, until it knows whether nothing but statics is selected.
  bool is_looked_at() const {
    const auto is_static = [](const Column& column) { return column.kind == ColumnKind::kStatic; };
    if (std::none_of(table_.columns.begin(), table_.columns.end(), is_static)) return false;
    bool statics = false, rows = false;
    for (size_t slot = 0; slot < plan_->slots.size(); ++slot) {
      const ColumnKind kind = plan_->slots.column(slot).kind;
      statics = statics || kind == ColumnKind::kStatic;
      rows = rows || kind == ColumnKind::kClustering || kind == ColumnKind::kRegular;
    }
    return !statics || !rows;
  }

  void add_output(ExpressionPtr value, std::string name, std::vector<ColumnSpec>& specs) {
    specs.push_back({table_.keyspace, table_.name, std::move(name), value->type()});
    plan_->outputs.push_back(std::move(value));
  }

  // A name with capitals gets quotes of its own, so that INSERT JSON takes it back.
  static std::string json_name(const std::string& name) {
    const bool capitals = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return quote_json(capitals ? "\"" + name + "\"" : name);
  }

  Result<void> plan_where() {
    RestrictionOptions options;
    options.allow_filtering =
        statement_.allow_filtering || (plan_->local && is_virtual_keyspace(table_.keyspace));
    options.only_statics = selects_only_statics();
    options.may_allow_filtering = context_.dialect.guardrails.allows(Feature::kAllowFiltering);
    std::vector<PreparedRelation> relations;
    for (const Relation& relation : statement_.where.relations) {
      KEYZONE_CHECK(add_relation(context_, table_, relation, options.allow_filtering, relations));
    }
    KEYZONE_CHECK(check_nearest());
    if (!statement_.where.expressions.empty()) {
      return invalid("Invalid index expression, index " + statement_.where.expressions.front().index.name +
                     " not found for " + table_.keyspace + "." + table_.name);
    }
    // A compact table has no rows beside its partitions where it has no clustering columns.
    const bool has_rows = !has_hidden_clustering(table_);
    restricts_rows_ = std::any_of(relations.begin(), relations.end(), [&](const PreparedRelation& relation) {
      const ColumnKind kind = relation.first().kind;
      return kind == ColumnKind::kClustering || (kind == ColumnKind::kRegular && has_rows);
    });
    if (plan_->local) {
      for (const PreparedRelation& relation : relations) {
        plan_->filters.push_back(make_filter(relation, plan_->slots));
      }
    }
    KEYZONE_TRY(restrictions, Restrictions::analyse(table_, std::move(relations), options));
    plan_->restrictions = std::move(restrictions);
    for (const PreparedRelation& relation : plan_->restrictions.filters()) {
      if (plan_->local) break;  // it is there
      plan_->filters.push_back(make_filter(relation, plan_->slots));
    }
    plan_->partition = PointKey::partition_of(plan_->restrictions);
    plan_->clustering = PointKey::clustering_of(plan_->restrictions);
    return {};
  }

  Result<void> plan_group_by() {
    if (statement_.group_by.empty()) return {};
    plan_->grouped = true;
    size_t next = 0;  // the next column of the primary key
    bool by_function = false;
    for (const TermPtr& term : statement_.group_by) {
      KEYZONE_TRY(column, grouping_column(term, by_function));
      const size_t at = static_cast<size_t>(column - table_.columns.data());
      while (next < at && plan_->restrictions.is_fixed(table_.columns[next])) ++next;
      if (at != next) {
        return invalid(
            "Group by currently only support groups of columns following their declared order in the "
            "PRIMARY KEY");
      }
      ++next;
      SelectorBuilder builder(context_, table_, plan_->slots);
      KEYZONE_TRY(selector, builder.build(term));
      plan_->wrong_grouping = not_monotonic(*selector.value);
      plan_->group_by.push_back(std::move(selector.value));
    }
    if (next < table_.partition_key_size) {
      return invalid("Group by is not supported on only a part of the partition key");
    }
    if (statement_.distinct && next > table_.partition_key_size) {
      return invalid("Grouping on clustering columns is not allowed for SELECT DISTINCT queries");
    }
    return {};
  }

  // The column itself, or the one that a function is applied to; `by_function`: a function came before.
  Result<const Column*> grouping_column(const TermPtr& term, bool& by_function) const {
    const auto* ref = term->as<ColumnRef>();
    if (!ref) {
      by_function = true;
      return column_of_function(term);
    }
    KEYZONE_TRY(column, find_column(table_, ref->name));
    if (column->kind != ColumnKind::kPartitionKey && column->kind != ColumnKind::kClustering) {
      return invalid("Group by is currently only supported on the columns of the PRIMARY KEY, got " +
                     column->name);
    }
    if (by_function)
      return invalid("Functions are only supported on the last element of the GROUP BY clause");
    return column;
  }

  Result<const Column*> column_of_function(const TermPtr& term) const {
    SlotTable used(plan_->table);
    SelectorBuilder builder(context_, table_, used);
    KEYZONE_CHECK(builder.build(term));
    if (const auto aggregates = builder.take_aggregates(); !aggregates.empty()) {
      return invalid("Aggregate functions are not supported within the GROUP BY clause, got: " +
                     aggregates[0].function->full_name());
    }
    if (used.size() == 0) {
      return invalid("GROUP BY functions must have one clustering column name as parameter");
    }
    std::string names;
    for (size_t i = 0; i < used.size(); ++i) names += (i ? "," : "") + used.column(i).name;
    if (used.size() > 1) {
      return invalid("GROUP BY functions accept only one clustering column as parameter, got: " + names);
    }
    if (used.column(0).kind == ColumnKind::kClustering) return &used.column(0);
    return invalid("Group by functions are only supported on clustering columns, got " + names);
  }

  Result<void> plan_limits() {
    const Receiver limit{table_.keyspace, table_.name, "[limit]", native_type(TypeKind::kInt)};
    if (statement_.limit) {
      KEYZONE_TRY(prepared, prepare_term(context_, statement_.limit, limit));
      plan_->limit = std::move(prepared);
    }
    if (statement_.per_partition_limit) {
      KEYZONE_TRY(prepared, prepare_term(context_, statement_.per_partition_limit,
                                         limit.with("[per_partition_limit]", limit.type)));
      plan_->per_partition_limit = std::move(prepared);
    }
    return {};
  }

  // With IN, whether all of the key is restricted or not.
  bool names_several_keys() const {
    const std::vector<PreparedRelation>& filters = plan_->restrictions.filters();
    return plan_->restrictions.partition_in() ||
           std::any_of(filters.begin(), filters.end(), [](const PreparedRelation& one) {
             return one.is_in() && one.first().kind == ColumnKind::kPartitionKey;
           });
  }

  Result<void> check_distinct() const {
    if (statement_.per_partition_limit) {
      return invalid("PER PARTITION LIMIT is not allowed with SELECT DISTINCT queries");
    }
    if (restricts_rows_) {
      return invalid(
          "SELECT DISTINCT with WHERE clause only supports restriction by partition key and/or static "
          "columns.");
    }
    std::vector<const Column*> needed;
    for (size_t slot = 0; slot < selected_slots_; ++slot) needed.push_back(&plan_->slots.column(slot));
    if (names_several_keys()) {  // what the rows of several partitions are sorted by
      for (const auto& [column, descending] : orderings_) needed.push_back(column);
    }
    for (const Column* column : needed) {
      if (has_hidden_clustering(table_)) break;
      if (column->kind == ColumnKind::kPartitionKey || column->kind == ColumnKind::kStatic) continue;
      return invalid(
          "SELECT DISTINCT queries must only request partition key columns and/or static columns (not " +
          column->name + ")");
    }
    if (plan_->restrictions.has_partition_keys()) return {};
    for (size_t i = 0; i < table_.partition_key_size; ++i) {
      if (!selects(table_.partition_key(i))) {
        return invalid("SELECT DISTINCT queries must request all the partition key columns (missing " +
                       table_.partition_key(i).name + ")");
      }
    }
    return {};
  }

  // Statics, and of other columns at most the partition key.
  bool selects_only_statics() const {
    bool statics = false;
    for (size_t slot = 0; slot < selected_slots_; ++slot) {
      const ColumnKind kind = plan_->slots.column(slot).kind;
      if (kind == ColumnKind::kRegular || kind == ColumnKind::kClustering) return false;
      statics = statics || kind == ColumnKind::kStatic;
    }
    return statics && !statement_.items.empty();
  }

  bool selects(const Column& column) const {
    for (size_t slot = 0; slot < selected_slots_; ++slot) {
      if (&plan_->slots.column(slot) == &column) return true;
    }
    return false;
  }

  // A column that is named again counts once, in its first place and its last direction.
  Result<void> find_orderings() {
    for (const Ordering& ordering : statement_.order_by) {
      KEYZONE_TRY(column, find_column(table_, ordering.column));
      if (ordering.ann_of)
        KEYZONE_CHECK(prepare_term(context_, ordering.ann_of, receiver_of(table_, *column)));
      const auto same = std::find_if(orderings_.begin(), orderings_.end(),
                                     [&](const auto& one) { return one.first == column; });
      if (same == orderings_.end()) {
        orderings_.emplace_back(column, ordering.descending);
      } else {
        same->second = ordering.descending;
      }
    }
    return {};
  }

  // ORDER BY … ANN OF wants an index, which no table has.
  Result<void> check_nearest() const {
    if (statement_.order_by.empty() || !statement_.order_by[0].ann_of) return {};
    const Type& type = *orderings_[0].first->type;
    const bool has_floats = type.is_vector() && type.element().kind() == TypeKind::kFloat;
    return invalid(has_floats ? "ANN ordering by vector requires the column to be indexed"
                              : "ANN ordering is only supported on float vector indexes");
  }

  Result<void> plan_order() {
    if (statement_.order_by.empty()) return {};
    plan_->ordered = true;
    const Restrictions& where = plan_->restrictions;
    if (!where.has_partition_keys()) {
      return invalid("ORDER BY is only supported when the partition key is restricted by an EQ or an IN.");
    }
    bool forward = false, backward = false;
    size_t next = 0;
    for (const auto& [column, descending] : orderings_) {
      if (column->kind != ColumnKind::kClustering) {
        return invalid(
            "Order by is currently only supported on the clustered columns of the PRIMARY KEY, got " +
            column->name);
      }
      while (next < column->position && where.is_fixed(table_.clustering(next))) ++next;
      if (column->position != next) {
        return invalid(
            "Order by currently only supports the ordering of columns following their declared order in "
            "the PRIMARY KEY");
      }
      ++next;
      (descending != column->descending ? backward : forward) = true;
      if (where.partition_in() || plan_->local) {
        plan_->sort.push_back({plan_->slots.add(*column), descending});
      }
    }
    if (forward && backward) return invalid("Unsupported order by relation");
    plan_->reversed = backward;
    return {};
  }

  void finish() {
    const Restrictions& where = plan_->restrictions;
    bool by_rows = where.has_clustering();
    for (const RowFilter& filter : plan_->filters) {
      const ColumnKind kind = filter.relation.first().kind;
      by_rows = by_rows || kind == ColumnKind::kClustering || kind == ColumnKind::kRegular;
    }
    plan_->statics_only_rows = !by_rows || plan_->distinct;
    plan_->slots.finish();
    if (plan_->grouped) warn_of_partitions();
    if (plan_->json || plan_->grouped) return;
    std::vector<size_t> plain;
    for (const ExpressionPtr& output : plan_->outputs) {
      const auto* column = dynamic_cast<const ColumnExpression*>(output.get());
      if (!column) return;
      plain.push_back(column->slot());
    }
    plan_->plain = std::move(plain);
  }

  void warn_of_partitions() {
    const Restrictions& where = plan_->restrictions;
    bool filters_keys = false, one_of_several = where.partition_in();
    for (const RowFilter& filter : plan_->filters) {
      if (filter.relation.first().kind != ColumnKind::kPartitionKey) continue;
      filters_keys = true;
      one_of_several = one_of_several || filter.relation.op == Operator::kIn;
    }
    if (one_of_several) {
      plan_->warnings.push_back("Aggregation query used on multiple partition keys (IN restriction)");
    } else if (!where.has_partition_keys() && !where.has_token_range() && !filters_keys) {
      plan_->warnings.push_back("Aggregation query used without partition key");
    }
  }

  PrepareContext& context_;
  const Table& table_;
  const SelectStatement& statement_;
  std::shared_ptr<SelectPlan> plan_;
  size_t selected_slots_ = 0;
  std::vector<std::pair<const Column*, bool>> orderings_;  // and whether they descend
  bool restricts_rows_ = false;                            // WHERE speaks of clustering or regular columns
};

}  // namespace

Result<SelectPlanPtr> plan_select(PrepareContext& context, const TablePtr& table,
                                  const SelectStatement& statement, bool local) {
  auto plan = SelectPlanner(context, table, statement).run(local);
  return plan;
}

}  // namespace keyzone::cql
