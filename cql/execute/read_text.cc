// What a read asks for, in the words of Cassandra's warnings: the columns that it fetches, the partition,
// slices and filters, and limits.
#include <algorithm>
#include <limits>

#include "cql/execute/read_cursor.h"
#include "schema/text.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

constexpr const char* kAndAlso = " AND ";

std::string literal(const Type& type, const Value& value) {
  return value.is_set() ? type.to_cql_literal(value.bytes) : "null";
}

// Values that were bound are gone, unless the read needs them for its rows.
std::string value_text(const ExpressionPtr& term, std::span<const Value> values) {
  const bool bound = !values.empty() && dynamic_cast<const MarkerExpression*>(term.get());
  if (!term->is_constant() && !bound) return "?";
  EvalContext context;
  context.values = values;
  const auto value = term->evaluate(context);
  return value ? literal(*term->type(), *value) : "?";
}

std::string operator_text(const PreparedRelation& relation, bool last) {
  const Operator op = relation.op;
  const bool strict = !last && (op == Operator::kLessOrEqual || op == Operator::kGreaterOrEqual);
  if (strict) return relation.is_lower() ? ">" : "<";
  return std::string(to_string(op));
}

// Of several columns each stands for itself.
void add_relation_text(const PreparedRelation& relation, std::span<const Value> values,
                       std::vector<std::string>& out) {
  if (relation.kind == RelationKind::kToken) {
    std::vector<std::string> names;
    for (const Column* column : relation.columns) names.push_back(quote_identifier(column->name));
    out.push_back("token(" + joined(names) + ") " + std::string(to_string(relation.op)) + " " +
                  value_text(relation.operands[0].parts[0], values));
    return;
  }
  std::string list;
  if (relation.is_in()) {
    std::vector<std::string> members;
    for (const Operand& operand : relation.operands) {
      if (!operand.parts.empty()) members.push_back(value_text(operand.parts[0], values));
    }
    list = relation.in_list ? "?" : "(" + joined(members) + ")";
  }
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const bool last = i + 1 == relation.columns.size();
    std::string left = quote_identifier(relation.columns[i]->name);
    if (relation.map_key) left += "[" + value_text(relation.map_key, values) + "]";
    const bool whole = relation.operands.empty() || relation.operands[0].parts.size() <= i;
    const std::string right = relation.is_in() ? list
                              : whole          ? "?"
                                               : value_text(relation.operands[0].parts[i], values);
    out.push_back(left + " " + operator_text(relation, last) + " " + right);
  }
}

std::string equality_text(const Column& column, BytesView value) {
  return quote_identifier(column.name) + " = " + column.type->to_cql_literal(value);
}

void add_key_text(const Table& table, BytesView key, std::vector<std::string>& out) {
  const auto parts = split_partition_key(key, table.partition_key_size);
  for (size_t i = 0; parts && i < parts->size(); ++i) {
    out.push_back(equality_text(table.partition_key(i), (*parts)[i]));
  }
}

// What an element's place is called in the form that orders it; nothing of a place that is open.
std::string place_text(const Type& type, BytesView form) {
  ByteReader in(form);
  Bytes value;
  return type.read_ordered(in, false, value) ? type.to_cql_literal(value) : "";
}

// m, m[1] or m[1:3]: of a column of which elements are read, each of them.
void add_column_text(const Column& column, std::span<const ElementRange> elements,
                     std::vector<std::string>& out) {
  const std::string name = quote_identifier(column.name);
  const size_t before = out.size();
  std::vector<ElementRange> sorted(elements.begin(), elements.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ElementRange& a, const ElementRange& b) { return a.from < b.from; });
  for (const ElementRange& range : sorted) {
    if (range.column != column.id || column.type->is_user_type()) continue;
    const Type& type = *column.type->parameters()[0];
    out.push_back(name + "[" + place_text(type, range.from) +
                  (is_one_element(range) ? "" : ":" + place_text(type, range.to)) + "]");
  }
  if (out.size() == before) out.push_back(name);
}

void add_row_text(const Table& table, BytesView clustering, std::vector<std::string>& out) {
  ByteReader in(clustering);
  for (size_t i = 0; i < table.clustering_size && !in.done(); ++i) {
    const Column& column = table.clustering(i);
    Bytes value;
    if (!column.type->read_ordered(in, column.descending, value)) return;
    out.push_back(equality_text(column, value));
  }
}

// All columns, or what is needed beside the primary key.
std::string columns_text(const SelectPlan& plan, std::span<const ElementRange> elements) {
  const SlotTable& slots = plan.slots;
  const Table& table = slots.table();
  std::vector<const Column*> columns;
  for (const ColumnId id : slots.fetched()) {
    const Column* column = table.find(id);
    if (column && !in_key(*column)) columns.push_back(column);
  }
  if (columns.empty() || plan.all_columns) return "*";
  std::sort(columns.begin(), columns.end(), [](const Column* a, const Column* b) {
    return quote_identifier(a->name) < quote_identifier(b->name);
  });
  std::vector<std::string> names;
  for (const Column* column : columns) add_column_text(*column, elements, names);
  return joined(names);
}

// A slice begins where its rows do.
std::vector<PreparedRelation> in_order_of_rows(std::vector<PreparedRelation> relations) {
  const auto begins = [](const PreparedRelation& one) { return one.is_lower() != one.first().descending; };
  for (size_t i = 0; i + 1 < relations.size(); ++i) {
    PreparedRelation &here = relations[i], &next = relations[i + 1];
    const bool pair = here.is_slice() && next.is_slice() && &here.first() == &next.first();
    if (pair && !begins(here) && begins(next)) std::swap(here, next);
  }
  return relations;
}

}  // namespace

std::vector<CountedRead> ReadCursor::reads_beyond(uint64_t tombstones) const {
  std::vector<CountedRead> out;
  if (tombstones_ <= tombstones) return out;
  if (sources_.front().scan) {
    const auto last_token = places_ ? places_->last_token : std::nullopt;
    CountedRead all{text_of(sources_.front(), 0), last_token.value_or(sources_.front().end), 0, tombstones_};
    for (const Source& source : sources_) all.rows += source.rows;
    return {all};
  }
  // A page at a time partitions are read one after another, and what is behind the page not at all.
  const size_t end = at_once_ ? sources_.size() : std::min(front_ + 1, sources_.size());
  uint64_t before = 0;
  for (size_t i = 0; i < end; ++i) {
    const Source& source = sources_[i];
    if (source.tombstones > tombstones)
      out.push_back({text_of(source, before), source.token, source.rows, source.tombstones});
    if (!at_once_ && plan_->group_by.empty()) before += source.rows;
  }
  return out;
}

// Groups are read in pages whether a client asks for those or not; what folds all rows into one takes no
// LIMIT.
std::string ReadCursor::limits_text(uint64_t rows_before) const {
  constexpr uint64_t kRowsOfGroupsMax = 10000;
  constexpr auto kRowsMax = static_cast<uint64_t>(std::numeric_limits<int32_t>::max());
  const auto limit = [](const char* name, uint64_t rows) { return std::string(name) + std::to_string(rows); };
  const uint64_t per_partition = plan_->distinct ? 1 : per_partition_;
  if (plan_->grouped && !plan_->group_by.empty()) {
    const uint64_t groups = std::min(rows_max_, page_max_);
    return (groups != kUnlimited ? limit(" GROUP LIMIT ", groups) : "") +
           (per_partition > 0 ? limit(" GROUP PER PARTITION LIMIT ", per_partition) : "") +
           limit(" LIMIT ", page_max_ != kUnlimited ? page_max_ : kRowsOfGroupsMax);
  }
  std::string text;
  if (plan_->grouped && page_max_ != kUnlimited) {
    text = limit(" LIMIT ", page_max_ - rows_before % page_max_);
  } else if (plan_->grouped) {
    text = rows_before > 0 ? limit(" LIMIT ", kRowsMax - rows_before) : " ";
  } else if (rows_max_ != kUnlimited) {
    text = limit(" LIMIT ", rows_max_ - std::min(rows_max_, rows_before));
  }
  return text + (per_partition > 0 ? limit(" PER PARTITION LIMIT ", per_partition) : "");
}

std::string ReadCursor::text_of(const Source& source, uint64_t rows_before) const {
  const Table& table = *plan_->table;
  const std::span<const Value> values = evaluation_ ? evaluation_->values : std::span<const Value>();
  std::vector<std::string> where;
  if (!source.scan) {
    add_key_text(table, key_of(source), where);
  } else {
    for (const PreparedRelation& one : plan_->restrictions.token_relations())
      add_relation_text(one, values, where);
  }
  if (plan_->clustering && !base_->ranges.empty()) {
    add_row_text(table, base_->ranges.front().from, where);
  } else {
    for (const PreparedRelation& one : in_order_of_rows(plan_->restrictions.clustering_relations()))
      add_relation_text(one, values, where);
  }
  for (const PreparedRelation& one : plan_->restrictions.filters()) add_relation_text(one, values, where);
  std::string text = "SELECT " + columns_text(*plan_, base_->elements) + " FROM " +
                     quote_identifier(table.keyspace) + "." + quote_identifier(table.name);
  for (size_t i = 0; i < where.size(); ++i) text += (i ? kAndAlso : " WHERE ") + where[i];
  if (plan_->reversed) {
    std::vector<std::string> order;
    for (size_t i = 0; i < table.clustering_size; ++i) {
      const Column& column = table.clustering(i);
      order.push_back(quote_identifier(column.name) + (column.descending ? " ASC" : " DESC"));
    }
    text += " ORDER BY " + joined(order);
  }
  return text + limits_text(rows_before) + " ALLOW FILTERING";
}

}  // namespace keyzone::cql
