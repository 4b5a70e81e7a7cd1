#include "cql/plan/restrictions.h"

#include <algorithm>

namespace keyzone::cql {
namespace {

constexpr const char* kAllowFiltering =
    "Cannot execute this query as it might involve data filtering and thus may have unpredictable "
    "performance. If "
    "you want to execute this query despite the performance unpredictability, use ALLOW FILTERING";

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

std::string token_columns(const PreparedRelation& relation) {
  std::string out;
  for (const Column* column : relation.columns) out += (out.empty() ? "" : ", ") + column->name;
  return out;
}

// Why two relations on the same first column can't both be; an empty text if they can.
std::string conflict_of_pair(const PreparedRelation& a, const PreparedRelation& b) {
  const std::string name = a.kind == RelationKind::kToken ? token_columns(a) : a.first().name;
  if (a.is_contains() && b.is_contains()) return "";
  if (a.is_contains() || b.is_contains()) {
    return "Collection column " + name +
           " can only be restricted by CONTAINS, CONTAINS KEY, or map-entry equality";
  }
  const std::string both = a.columns == b.columns ? a.column_names() : name;
  if (a.is_equal()) return both + " cannot be restricted by more than one relation if it includes an Equal";
  if (a.is_in()) return both + " cannot be restricted by more than one relation if it includes a IN";
  if (b.is_equal() || b.is_in()) {
    return "Column \"" + name + "\" cannot be restricted by both an equality and an inequality relation";
  }
  if (a.is_lower() == b.is_lower()) {
    return std::string("More than one restriction was found for the ") + (a.is_lower() ? "start" : "end") +
           " bound on " + name;
  }
  return "";
}

Result<void> check_conflicts(const std::vector<PreparedRelation>& relations) {
  for (size_t i = 0; i < relations.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const PreparedRelation &a = relations[j], &b = relations[i];
      if ((a.kind == RelationKind::kToken) != (b.kind == RelationKind::kToken)) continue;
      if (a.columns.front() == b.columns.front()) {
        if (std::string text = conflict_of_pair(a, b); !text.empty()) return invalid(std::move(text));
        continue;
      }
      for (const Column* column : b.columns) {
        const bool shared = std::find(a.columns.begin(), a.columns.end(), column) != a.columns.end();
        if (!shared) continue;
        if (a.is_slice() && b.is_slice()) {
          return invalid("Column \"" + column->name +
                         "\" cannot be restricted by two inequalities not starting with the same column");
        }
        return invalid(b.column_names() +
                       " cannot be restricted by more than one relation if it includes an Equal");
      }
    }
  }
  return {};
}

}  // namespace

class RestrictionAnalysis {
 public:
  RestrictionAnalysis(const Table& table, const RestrictionOptions& options)
      : table_(table), options_(options) {
    out_.table_ = &table;
  }

  Result<Restrictions> run(std::vector<PreparedRelation> relations) {
    KEYZONE_CHECK(check_conflicts(relations));
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
      return invalid(kAllowFiltering);
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

  // The relations that narrow the keys from the first clustering column on; the rest must be filtered.
  Result<void> take_clustering() {
    KEYZONE_CHECK(check_clustering_slices());
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
    KEYZONE_CHECK(check_unused_clustering(taken));
    for (size_t i = 0; i < clustering_.size(); ++i) {
      if (taken[i]) continue;
      out_.clustering_filtered_ = true;
      out_.filters_.push_back(std::move(clustering_[i]));
    }
    if (is_select() || options_.statement == RestrictionsFor::kDelete || options_.only_statics) return {};
    return check_all_clustering();
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
    std::string missing;
    for (size_t i = out_.equal_prefix_; i < table_.clustering_size; ++i) {
      missing += (missing.empty() ? "" : ", ") + table_.clustering(i).name;
    }
    if (!missing.empty()) return invalid("Some clustering keys are missing: " + missing);
    return {};
  }

  Result<void> check_unused_clustering(const std::vector<bool>& taken) const {
    if (options_.allow_filtering && is_select()) return {};
    for (size_t i = 0; i < clustering_.size(); ++i) {
      if (taken[i]) continue;
      const PreparedRelation& relation = clustering_[i];
      if (relation.is_contains()) {
        return invalid(
            "Clustering columns can only be restricted with CONTAINS with a secondary index or filtering");
      }
      const Column& restricted = relation.first();
      const Column& before = table_.clustering(out_.equal_prefix_);
      if (out_.slice_) {
        return invalid("Clustering column \"" + restricted.name +
                       "\" cannot be restricted (preceding column \"" + before.name +
                       "\" is restricted by a non-EQ relation)");
      }
      if (!is_select() && options_.statement != RestrictionsFor::kDelete) return check_all_clustering();
      return invalid("PRIMARY KEY column \"" + restricted.name +
                     "\" cannot be restricted as preceding column \"" + before.name + "\" is not restricted");
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
    const bool filtering = !others_.empty() || (has_clustering && !out_.all_keys_);
    if (is_select() && filtering && !options_.allow_filtering) return invalid(kAllowFiltering);
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
