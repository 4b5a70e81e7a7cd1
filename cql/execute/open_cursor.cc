// A planned SELECT with its values: partitions or token ranges, slices, limits, and where to go on.
#include <algorithm>

#include "cql/execute/page_state.h"
#include "cql/execute/read_cursor.h"
#include "cql/system_tables/system_tables.h"
#include "schema/time_units.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

Result<std::optional<uint64_t>> limit_of(const ExpressionPtr& term, EvalContext& context) {
  if (!term) return std::optional<uint64_t>();
  KEYZONE_TRY(value, term->evaluate(context));
  if (value.is_unset()) return std::optional<uint64_t>();
  if (value.is_null() || value.bytes.size() != 4) return invalid("Invalid null value of limit");
  const auto limit = load_be<int32_t>(value.bytes.data());
  if (limit <= 0) return invalid("LIMIT must be strictly positive");
  return std::optional<uint64_t>(limit);
}

}  // namespace

ReadCursor::ReadCursor(SelectPlanPtr plan, const ExecuteOptions& options)
    : plan_(std::move(plan)),
      evaluation_(std::make_unique<Evaluation>()),
      rows_(*plan_, evaluation_->rows),
      page_bytes_(options.dialect->page_bytes_max) {}

Result<std::unique_ptr<ReadCursor>> ReadCursor::open(const SelectPlanPtr& plan, const ExecuteOptions& options,
                                                     const Catalog& catalog) {
  std::unique_ptr<ReadCursor> cursor(new ReadCursor(plan, options));
  KEYZONE_CHECK(cursor->bind(options, catalog));
  return cursor;
}

Result<void> ReadCursor::bind(const ExecuteOptions& options, const Catalog& catalog) {
  EvalContext& bound = evaluation_->bound;
  evaluation_->rows.functions = bound.functions = {options.now, options.random, options.now_in_seconds};
  bound.values = options.values;
  const bool looked_at_later = looks_back();
  if (looked_at_later) keep_values(options);
  KEYZONE_CHECK(bind_limits(options));
  KEYZONE_CHECK(check_selection());
  if (plan_->wrong_grouping) return *plan_->wrong_grouping;
  if (plan_->failing_selection) return *plan_->failing_selection;
  KEYZONE_CHECK(bind_filters());
  if (plan_->local) {
    KEYZONE_CHECK(check_sorts_all(options));
    note_last_local_key();
    KEYZONE_CHECK(check_guardrails(options));
    if (!options.paging_state) warn_of_old_names();
    return resume_local(options);
  }
  base_ = std::make_shared<ReadRequest>();
  base_->table = plan_->table->id;
  base_->schema_version = plan_->table->version;
  base_->columns = {plan_, plan_->slots.fetched()};
  base_->with_metadata = {plan_, plan_->slots.with_stamps()};
  base_->elements = plan_->slots.elements(evaluation_->bound);
  base_->reversed = plan_->reversed;
  base_->statics_only = plan_->distinct;
  base_->row_limit = options.dialect->page_rows_default;
  base_->bytes_limit = options.dialect->read_bytes_max;
  const auto second = options.now_in_seconds;
  base_->now = second ? std::max<Timestamp>(Timestamp{*second} * kMicrosPerSecond, 1) : 0;  // 0: what it is
  if (plan_->filters.empty() && !plan_->grouped) base_->per_partition_limit = per_partition_;
  KEYZONE_CHECK(bind_sources(options, catalog));
  KEYZONE_CHECK(check_sorts_all(options));
  KEYZONE_CHECK(check_guardrails(options));
  if (!looked_at_later && !plan_->grouped) evaluation_.reset();
  return drain();
}

// The rows of several partitions are sorted when all of them are there, which pages would prevent.
Result<void> ReadCursor::check_sorts_all(const ExecuteOptions& options) const {
  const bool pages = options.page_size && *options.page_size > 0;
  if (!pages || plan_->sort.empty() || !plan_->restrictions.partition_in()) return {};
  const bool nothing_asked = !plan_->local && !plan_->grouped && sources_.empty();
  if (nothing_asked && !statics_alone_) return {};
  return invalid(
      "Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either "
      "remove the ORDER BY or the IN and sort client side, or disable paging for this query");
}

// Filters, selectors and warnings look at the values after begin(), when the request's bytes are gone; the
// key of a single row stays in the request.
bool ReadCursor::looks_back() const {
  if (plan_->plain.empty() || !plan_->filters.empty()) return true;
  const Restrictions& where = plan_->restrictions;
  return !plan_->clustering && (!where.clustering_relations().empty() || !where.token_relations().empty());
}

void ReadCursor::keep_values(const ExecuteOptions& options) {
  auto& [owned, values, bound, rows, filters] = *evaluation_;
  owned.reserve(options.values.size());
  for (const Value& value : options.values) {
    owned.emplace_back(value.bytes);
    values.push_back({owned.back(), value.kind});
  }
  rows.values = bound.values = values;
}

Result<void> ReadCursor::bind_limits(const ExecuteOptions& options) {
  KEYZONE_TRY(limit, limit_of(plan_->limit, evaluation_->bound));
  KEYZONE_TRY(per_partition, limit_of(plan_->per_partition_limit, evaluation_->bound));
  limit_left_ = limit.value_or(kUnlimited);
  per_partition_ = per_partition.value_or(0);
  const bool pages = options.page_size && *options.page_size > 0;
  at_once_ = !plan_->grouped && (!pages || limit_left_ <= static_cast<uint64_t>(*options.page_size));
  rows_max_ = limit_left_;
  if (pages) page_max_ = static_cast<uint64_t>(*options.page_size);
  if (!pages || !plan_->sort.empty()) return {};
  rows_max_ = std::min(limit_left_, static_cast<uint64_t>(*options.page_size));
  const bool one_group = plan_->grouped && (plan_->group_by.empty() || plan_->distinct);
  if (one_group) return {};
  paged_ = true;
  page_left_ = static_cast<uint64_t>(*options.page_size);
  return {};
}

// That the values bound in the selection and in GROUP BY make sense, though there may be no row to select
// them for.
Result<void> ReadCursor::check_selection() {
  if (!plan_->plain.empty() && plan_->group_by.empty()) return {};  // nothing is given
  for (const ExpressionPtr& output : plan_->outputs)
    KEYZONE_CHECK(check_given_part(*output, evaluation_->bound));
  for (const AggregateCall& call : plan_->aggregates) {
    for (const ExpressionPtr& argument : call.arguments)
      KEYZONE_CHECK(argument->check_given(evaluation_->bound));
  }
  for (const ExpressionPtr& group : plan_->group_by)
    KEYZONE_CHECK(check_given_part(*group, evaluation_->bound));
  return {};
}

Result<void> ReadCursor::bind_filters() {
  if (plan_->restrictions.filters_tuple_slices()) {
    return invalid("Multi-column slice restrictions cannot be used for filtering.");
  }
  for (const RowFilter& filter : plan_->filters) {
    KEYZONE_TRY(bound, BoundFilter::bind(filter, evaluation_->bound));
    evaluation_->filters.push_back(std::move(bound));
  }
  BoundFilter::settle_tokens(evaluation_->filters, plan_->restrictions.has_partition_keys());
  return {};
}

namespace {

// That nothing is less than null, Cassandra finds out when it reads; of two bounds it sees before that
// nothing is between them.
bool ends_at_null(const std::vector<PreparedRelation>& relations, EvalContext& context) {
  const auto is_slice = [](const PreparedRelation& one) { return one.is_slice(); };
  const auto is_of_none = [](const PreparedRelation& one) { return one.is_in() && one.operands.empty(); };
  if (std::any_of(relations.begin(), relations.end(), is_of_none)) return false;
  if (std::count_if(relations.begin(), relations.end(), is_slice) != 1) return false;
  const auto null = is_null_slice(*std::find_if(relations.begin(), relations.end(), is_slice), context);
  return null && *null;
}

}  // namespace

Result<bool> ReadCursor::bind_ranges() {
  if (plan_->clustering) {
    if (plan_->table->clustering_size == 0) return true;
    KEYZONE_TRY(key, plan_->clustering->clustering_key(evaluation_->bound));
    Bytes end = prefix_successor(key);
    base_->ranges.push_back({std::move(key), std::move(end)});
    return true;
  }
  KEYZONE_TRY(ranges, plan_->restrictions.clustering_ranges(evaluation_->bound));
  if (!ranges) return true;
  if (ranges->empty()) {
    statics_alone_ =
        !sources_.empty() && plan_->restrictions.names_rows() && !plan_->slots.static_cells().empty();
    sources_.clear();
  }
  base_->ranges = *std::move(ranges);
  return !base_->ranges.empty() ||
         ends_at_null(plan_->restrictions.clustering_relations(), evaluation_->bound);
}

Result<void> ReadCursor::bind_sources(const ExecuteOptions& options, const Catalog& catalog) {
  const Restrictions& where = plan_->restrictions;
  bool no_keys = false, empty_key = false;
  KEYZONE_TRY(tokens, where.token_limits(evaluation_->bound));
  auto add_key = [this, &tokens, &empty_key](Bytes key) {
    const Token token = token_of(key);
    if (!tokens.accept(token)) return;
    empty_key = empty_key || key.empty();
    if (key.empty()) return;
    Source& source = sources_.emplace_back();
    source.token = token;
    source.key = std::move(key);
  };
  if (plan_->partition) {
    KEYZONE_TRY(key, plan_->partition->partition_key(evaluation_->bound));
    add_key(std::move(key));
  } else if (where.has_partition_keys()) {
    KEYZONE_TRY(keys, where.partition_keys(evaluation_->bound));
    no_keys = keys.empty();
    for (Bytes& key : keys) add_key(std::move(key));
    window_ = kPartitionsAtOnce;
  } else if (const auto range = tokens.range()) {
    add_scans(range->begin, range->end, catalog);
    window_ = paged_ || limit_left_ != kUnlimited ? 1 : kTabletsAtOnce;
  }
  if (!no_keys) {
    KEYZONE_TRY(any_rows, bind_ranges());
    if (any_rows && empty_key) KEYZONE_CHECK(check_partition_key({}));
  }
  const size_t named = sources_.size() * std::max<size_t>(base_->ranges.size(), 1);
  if (options.dialect->in_values_max > 0 && !sources_.empty() && !sources_[0].scan &&
      named > options.dialect->in_values_max) {
    return invalid("The IN restrictions name " + std::to_string(named) + " rows; at most " +
                   std::to_string(options.dialect->in_values_max) + " are allowed");
  }
  if (!options.paging_state) return {};
  KEYZONE_TRY(state, decode_page_state(*options.paging_state));
  if (at_once_) return {};  // what comes at once comes from its begin
  if (state.limit_left) limit_left_ = *state.limit_left;
  rows_max_ = std::min(rows_max_, limit_left_);
  resume_from(state.position);
  return {};
}

// Rows of system tables come in the order of their partitions, and filters choose among them.
void ReadCursor::note_last_local_key() {
  if (!plan_->restrictions.has_partition_keys() || plan_->table->partition_key_size != 1) return;
  auto keys = plan_->restrictions.partition_keys(evaluation_->bound);
  if (!keys || keys->empty()) return;  // filters say what is wrong with them
  append_block(places_.made().last_local_key.emplace(), *std::max_element(keys->begin(), keys->end()));
}

// As Cassandra does of settings that are asked for by a name of old.
void ReadCursor::warn_of_old_names() {
  static const TablePtr kSettings = system_table("system_views", "settings");
  if (plan_->table->id != kSettings->id || !plan_->restrictions.has_partition_keys()) return;
  const auto names = plan_->restrictions.partition_keys(evaluation_->bound);
  if (!names) return;
  for (const Bytes& name : *names) {
    const std::string_view newer = newer_setting_name(name);
    if (newer.empty()) continue;
    warnings_.push_back("key '" + name + "' is deprecated; should switch to '" + std::string(newer) + "'");
  }
}

Result<void> ReadCursor::resume_local(const ExecuteOptions& options) {
  if (!options.paging_state) return {};
  KEYZONE_TRY(state, decode_page_state(*options.paging_state));
  if (at_once_) return {};
  if (state.limit_left) limit_left_ = *state.limit_left;
  places_.made().last = std::move(state.position);
  resumed_ = true;
  return {};
}

// What is warned of comes first of IN restrictions, then of the size of pages, and of the plan last.
Result<void> ReadCursor::check_guardrails(const ExecuteOptions& options) {
  const Guardrails& guardrails = options.dialect->guardrails;
  KEYZONE_CHECK(check_in(guardrails));
  if (options.page_size && *options.page_size > 0 && !at_once_)
    KEYZONE_CHECK(guardrails.check(Limit::kPageSize, plan_->table->name, *options.page_size, warnings_));
  warnings_.insert(warnings_.end(), plan_->warnings.begin(), plan_->warnings.end());
  return {};
}

Result<void> ReadCursor::check_in(const Guardrails& guardrails) {
  const Restrictions& where = plan_->restrictions;
  const bool counts = guardrails.of(Limit::kInSelectCartesianProduct).set();
  const bool partitions = guardrails.of(Limit::kPartitionKeysInSelect).set();
  if ((counts || partitions) && where.has_partition_keys() && where.partition_in()) {
    KEYZONE_TRY(products, where.partition_products(evaluation_->bound));
    KEYZONE_CHECK(guardrails.check_products("partition key", products, warnings_));
    KEYZONE_TRY(keys, where.partition_keys(evaluation_->bound));
    if (keys.empty()) return {};
    KEYZONE_CHECK(guardrails.check(Limit::kPartitionKeysInSelect, plan_->table->name,
                                   static_cast<int64_t>(keys.size()), warnings_));
  }
  if (!counts) return {};
  KEYZONE_TRY(products, where.clustering_products(evaluation_->bound));
  return guardrails.check_products("clustering key", products, warnings_);
}

void ReadCursor::add_scans(Token begin, Token end, const Catalog& catalog) {
  auto add = [this](Token from, Token to) {
    Source& source = sources_.emplace_back();
    source.scan = true;
    source.begin = from;
    source.end = to;
  };
  const auto map = catalog.tablets.find(plan_->table->id);
  if (map == catalog.tablets.end()) return add(begin, end);
  for (const Tablet& tablet : map->second->tablets) {
    const Token from = std::max(begin, tablet.begin);
    const Token to = std::min(end, tablet.end);
    if (from < to) add(from, to);
  }
}

void ReadCursor::resume_from(const ReadPosition& position) {
  auto at = std::find_if(sources_.begin(), sources_.end(), [&](const Source& source) {
    return source.scan ? position.token <= source.end : source.key == position.partition_key;
  });
  front_ = static_cast<size_t>(at - sources_.begin());
  if (at == sources_.end()) return;
  kept_partition_ = position.partition_key;
  partition_ = *kept_partition_;
  in_partition_ = true;
  taken_in_partition_ = position.rows_in_partition;
  partition_had_rows_ = true;
  if (!at->scan && position.partition_done) {
    ++front_;
  } else {
    at->resume = position;
  }
}

}  // namespace keyzone::cql
