#include "cql/plan/restrictions.h"

#include <algorithm>

#include "schema/compact_rows.h"

namespace keyzone::cql {
namespace {

Error filtering_refused(bool may_be_allowed) {
  return invalid(std::string("Cannot execute this query as it might involve data filtering and thus may have "
                             "unpredictable performance. ") +
                 (may_be_allowed ? "If you want to execute this query despite the performance "
                                   "unpredictability, use ALLOW FILTERING"
                                 : "Executing this query despite the performance unpredictability with ALLOW "
                                   "FILTERING has been disabled by the allow_filtering_enabled property in "
                                   "cassandra.yaml"));
}

}  // namespace

const char* statement_name(RestrictionsFor statement) {
  switch (statement) {
    case RestrictionsFor::kSelect:
      return "SELECT";
    case RestrictionsFor::kInsert:
      return "INSERT";
    case RestrictionsFor::kUpdate:
      return "UPDATE";
    case RestrictionsFor::kDelete:
      return "DELETE";
  }
  return "";
}

namespace {

// The columns that both are about, as Cassandra lists them.
std::string common_columns(const PreparedRelation& a, const PreparedRelation& b) {
  std::string out;
  if (a.kind == RelationKind::kToken) {
    for (const Column* column : a.columns) out += (out.empty() ? "" : ", ") + column->name;
    return out;
  }
  for (auto column = a.columns.rbegin(); column != a.columns.rend(); ++column) {
    if (std::find(b.columns.begin(), b.columns.end(), *column) == b.columns.end()) continue;
    out += (out.empty() ? "" : " ,") + (*column)->name;
  }
  return out;
}

// Why two relations that share columns can't both be; an empty text if they can.
std::string conflict_of_pair(const PreparedRelation& a, const PreparedRelation& b) {
  const std::string name = common_columns(a, b);
  if (name.empty()) return "";
  if (a.is_contains() && b.is_contains()) return "";
  if (a.is_contains()) {
    return "Collection column " + name +
           " can only be restricted by CONTAINS, CONTAINS KEY, or map-entry equality";
  }
  if (a.is_equal()) return name + " cannot be restricted by more than one relation if it includes an Equal";
  if (a.is_in()) return name + " cannot be restricted by more than one relation if it includes a IN";
  if (!b.is_slice()) {
    return std::string(a.kind == RelationKind::kToken ? "Columns" : "Column") + " \"" + name +
           "\" cannot be restricted by both an equality and an inequality relation";
  }
  if (a.columns.front() != b.columns.front()) {
    return "Column \"" + name +
           "\" cannot be restricted by two inequalities not starting with the same column";
  }
  if (a.is_lower() == b.is_lower()) {
    return std::string("More than one restriction was found for the ") + (a.is_lower() ? "start" : "end") +
           " bound on " + name;
  }
  return "";
}

// `added` against the relations that came before it.
Result<void> check_conflicts(const std::vector<PreparedRelation>& before, const PreparedRelation& added) {
  for (const PreparedRelation& one : before) {
    if ((one.kind == RelationKind::kToken) != (added.kind == RelationKind::kToken)) continue;
    if (std::string text = conflict_of_pair(one, added); !text.empty()) return invalid(std::move(text));
  }
  return {};
}

bool is_of_clustering(const PreparedRelation& relation) {
  return relation.kind != RelationKind::kToken && relation.first().kind == ColumnKind::kClustering;
}

// A slice of one clustering column leaves nothing to say about those behind it.
Result<void> check_behind_slices(const std::vector<PreparedRelation>& before, const PreparedRelation& added) {
  if (!is_of_clustering(added)) return {};
  const PreparedRelation* last = nullptr;  // of those before, the one that begins last in the key
  for (const PreparedRelation& one : before) {
    if (!is_of_clustering(one)) continue;
    if (!last || last->first().position < one.first().position) last = &one;
  }
  if (!last) return {};
  if (last->is_slice() && added.first().position > last->first().position) {
    return invalid("Clustering column \"" + added.first().name +
                   "\" cannot be restricted (preceding column \"" + last->first().name +
                   "\" is restricted by a non-EQ relation)");
  }
  if (added.is_slice() && added.first().position < last->first().position) {
    return invalid("PRIMARY KEY column \"" + last->first().name +
                   "\" cannot be restricted (preceding column \"" + added.first().name +
                   "\" is restricted by a non-EQ relation)");
  }
  return {};
}

}  // namespace

Result<void> add_relation(PrepareContext& context, const Table& table, const Relation& relation, bool filters,
                          std::vector<PreparedRelation>& out) {
  KEYZONE_TRY(added, prepare_relation(context, table, relation));
  KEYZONE_CHECK(check_conflicts(out, added));
  if (!filters) KEYZONE_CHECK(check_behind_slices(out, added));
  out.push_back(std::move(added));
  return {};
}

class RestrictionAnalysis {
 public:
  RestrictionAnalysis(const Table& table, const RestrictionOptions& options)
      : table_(table), options_(options) {
    out_.table_ = &table;
    out_.null_slices_ = options.statement == RestrictionsFor::kSelect;
  }

  Result<Restrictions> run(std::vector<PreparedRelation> relations) {
    for (PreparedRelation& relation : relations) {
      if (relation.kind == RelationKind::kToken) {
        out_.tokens_.push_back(std::move(relation));
      } else if (relation.first().kind == ColumnKind::kPartitionKey) {
        keys_.push_back(std::move(relation));
      } else if (relation.first().kind == ColumnKind::kClustering) {
        clustering_.push_back(std::move(relation));
      } else {
        others_.push_back(std::move(relation));
      }
    }
    KEYZONE_CHECK(take_partition_key());
    KEYZONE_CHECK(check_only_statics());
    KEYZONE_CHECK(take_clustering());
    KEYZONE_CHECK(take_others());
    return std::move(out_);
  }

 private:
  bool is_select() const { return options_.statement == RestrictionsFor::kSelect; }

  Result<void> take_partition_key() {
    std::vector<PreparedRelation*> by_position(table_.partition_key_size, nullptr);
    bool slice = false;
    for (PreparedRelation& relation : keys_) {
      if (relation.is_equal() || relation.is_in()) by_position[relation.first().position] = &relation;
      slice = slice || relation.is_slice();
    }
    const bool all = std::find(by_position.begin(), by_position.end(), nullptr) == by_position.end();
    if (!is_select()) {
      KEYZONE_CHECK(check_modified_partition(by_position, slice));
    } else if (!all && !keys_.empty() && !options_.allow_filtering) {
      return filtering_refused(options_.may_allow_filtering);
    }
    if (!all) {
      for (PreparedRelation& relation : keys_) out_.filters_.push_back(std::move(relation));
      return {};
    }
    out_.all_keys_ = true;
    for (PreparedRelation* relation : by_position) {
      out_.partition_in_ = out_.partition_in_ || relation->is_in();
      out_.partition_.push_back(std::move(*relation));
    }
    return {};
  }

  Result<void> check_modified_partition(const std::vector<PreparedRelation*>& by_position, bool slice) {
    const std::string name = statement_name(options_.statement);
    if (!out_.tokens_.empty()) {
      return invalid("The token function cannot be used in WHERE clauses for " + name + " statements");
    }
    if (slice) {
      return invalid(
          "Only EQ and IN relation are supported on the partition key (unless you use the token() "
          "function) for " +
          name + " statements");
    }
    std::string missing;
    for (size_t i = 0; i < by_position.size(); ++i) {
      if (!by_position[i]) missing += (missing.empty() ? "" : ", ") + table_.partition_key(i).name;
    }
    if (!missing.empty()) return invalid("Some partition key parts are missing: " + missing);
    return {};
  }

  // Who changes or selects nothing but statics has no use for rows.
  Result<void> check_only_statics() const {
    if (!options_.only_statics || clustering_.empty()) return {};
    if (is_select()) return invalid("Cannot restrict clustering columns when selecting only static columns");
    if (options_.statement == RestrictionsFor::kInsert) return {};
    return invalid(std::string("Invalid restrictions on clustering columns since the ") +
                   statement_name(options_.statement) + " statement modifies only static columns");
  }

  // The relations that narrow the keys from the first clustering column on; the rest must be filtered.
  Result<void> take_clustering() {
    const bool whole_rows = !is_select() && options_.statement != RestrictionsFor::kDelete;
    KEYZONE_CHECK(check_clustering_slices());
    if (whole_rows && !options_.only_statics) KEYZONE_CHECK(check_all_clustering());
    std::vector<bool> taken(clustering_.size(), false);
    size_t position = 0;
    for (bool going = true; going && position < table_.clustering_size;) {
      going = false;
      for (size_t i = 0; i < clustering_.size(); ++i) {
        const PreparedRelation& relation = clustering_[i];
        if (taken[i] || relation.first().position != position || relation.is_contains()) continue;
        taken[i] = true;
        if (relation.is_slice()) {
          out_.slice_ = true;
        } else {
          out_.clustering_in_ = out_.clustering_in_ || relation.is_in();
          position += relation.columns.size();
          going = true;
        }
        out_.clustering_.push_back(relation);
        if (going) break;
      }
    }
    out_.equal_prefix_ = position;
    out_.rows_end_early_ = whole_rows && position > 0 && rows_may_end_early(table_);
    KEYZONE_CHECK(check_unused_clustering(taken));
    for (size_t i = 0; i < clustering_.size(); ++i) {
      if (taken[i]) continue;
      out_.clustering_filtered_ = true;
      if (clustering_[i].kind == RelationKind::kTuple && clustering_[i].is_slice()) {
        out_.tuple_slice_filtered_ = true;
      }
      out_.filters_.push_back(std::move(clustering_[i]));
    }
    return {};
  }

  Result<void> check_clustering_slices() const {
    const bool slices_allowed = is_select() || options_.statement == RestrictionsFor::kDelete;
    for (const PreparedRelation& relation : clustering_) {
      if (relation.is_slice() && !slices_allowed) {
        return invalid(std::string("Slice restrictions are not supported on the clustering columns in ") +
                       statement_name(options_.statement) + " statements");
      }
    }
    return {};
  }

  Result<void> check_all_clustering() const {
    if (!clustering_.empty() && rows_may_end_early(table_)) return {};
    std::string missing;
    for (size_t i = 0; i < table_.clustering_size; ++i) {
      const Column* column = &table_.clustering(i);
      const bool named = std::any_of(clustering_.begin(), clustering_.end(), [&](const auto& relation) {
        return std::find(relation.columns.begin(), relation.columns.end(), column) != relation.columns.end();
      });
      if (!named) missing += (missing.empty() ? "" : ", ") + column->name;
    }
    if (!missing.empty()) return invalid("Some clustering keys are missing: " + missing);
    return {};
  }

  Result<void> check_unused_clustering(const std::vector<bool>& taken) const {
    if (options_.allow_filtering && is_select()) return {};
    const auto is_contains = [](const PreparedRelation& relation) { return relation.is_contains(); };
    if (std::any_of(clustering_.begin(), clustering_.end(), is_contains)) {
      return invalid(
          "Clustering columns can only be restricted with CONTAINS with a secondary index or filtering");
    }
    const PreparedRelation* unused = nullptr;
    for (size_t i = 0; i < clustering_.size(); ++i) {
      const bool earlier = !unused || clustering_[i].first().position < unused->first().position;
      if (!taken[i] && earlier) unused = &clustering_[i];
    }
    if (unused) {
      const PreparedRelation& relation = *unused;
      return invalid("PRIMARY KEY column \"" + relation.first().name +
                     "\" cannot be restricted as preceding column \"" +
                     table_.clustering(out_.equal_prefix_).name + "\" is not restricted");
    }
    return {};
  }

  Result<void> take_others() {
    const bool has_clustering = !out_.clustering_.empty() || out_.clustering_filtered_;
    if (!others_.empty() && !is_select()) {
      std::string names;
      for (const PreparedRelation& relation : others_)
        names += (names.empty() ? "" : ", ") + relation.first().name;
      return invalid("Non PRIMARY KEY columns found in where clause: " + names + " ");
    }
    if (is_select() && !options_.allow_filtering) {
      if (!others_.empty()) return filtering_refused(options_.may_allow_filtering);
      out_.lacks_allowance_ = has_clustering && !out_.all_keys_;
    }
    out_.regular_filtered_ = !others_.empty();
    for (PreparedRelation& relation : others_) out_.filters_.push_back(std::move(relation));
    return {};
  }

  const Table& table_;
  RestrictionOptions options_;
  Restrictions out_;
  std::vector<PreparedRelation> keys_, clustering_, others_;
};

Result<Restrictions> Restrictions::analyse(const Table& table, std::vector<PreparedRelation> relations,
                                           const RestrictionOptions& options) {
  return RestrictionAnalysis(table, options).run(std::move(relations));
}

Result<void> Restrictions::check_allowed() const {
  if (lacks_allowance_) return filtering_refused(true);
  return {};
}

bool Restrictions::is_fixed(const Column& column) const {
  for (const auto* relations : {&partition_, &clustering_, &filters_}) {
    for (const PreparedRelation& relation : *relations) {
      if (!relation.is_equal()) continue;
      if (std::find(relation.columns.begin(), relation.columns.end(), &column) != relation.columns.end())
        return true;
    }
  }
  return false;
}

}  // namespace keyzone::cql
