// What a WHERE clause says about a table: which partitions, which slices of clustering keys, and what is left
// to filter. Analysed once when preparing; made into bytes when executing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cql/plan/clustering_key.h"
#include "cql/plan/relation.h"
#include "schema/read.h"

namespace keyzone::cql {

// What the statement is, which decides what its WHERE may say.
enum class RestrictionsFor : uint8_t { kSelect, kInsert, kUpdate, kDelete };
const char* statement_name(RestrictionsFor statement);  // "SELECT", ...

struct RestrictionOptions {
  RestrictionsFor statement = RestrictionsFor::kSelect;
  bool allow_filtering = false;     // ALLOW FILTERING was said, or isn't needed (system tables)
  bool only_statics = false;        // nothing but statics is selected or changed: clustering may be left out
  bool may_allow_filtering = true;  // else nobody is told that it would help (guardrails)
};

// Appends a relation of a WHERE clause, unless it contradicts one of those before it. `filters`: rows may be
// filtered, so that a slice may have relations behind it.
Result<void> add_relation(PrepareContext& context, const Table& table, const Relation& relation, bool filters,
                          std::vector<PreparedRelation>& out);

// Keys may not be of no bytes.
Result<void> check_partition_key(BytesView key);

// (begin, end]; never empty. The whole ring: {INT64_MIN, INT64_MAX}.
struct TokenRange {
  Token begin{INT64_MIN};
  Token end{INT64_MAX};
};

// Restrictions of token(), with their values.
struct TokenLimits {
  struct Limit {
    Token token;
    bool inclusive = false;
  };
  std::optional<Limit> lower, upper;

  // What to read of the ring; nullopt: nothing. The minimum as an end is the end of the ring, as drivers mean
  // it.
  std::optional<TokenRange> range() const;
  // Whether to read a key that is named as well. Here the minimum is a token like others, and a start behind
  // the end leaves out what is between them.
  bool accept(Token token) const;
};

class Restrictions {
 public:
  // `relations` don't contradict each other. `table` outlives the result.
  static Result<Restrictions> analyse(const Table& table, std::vector<PreparedRelation> relations,
                                      const RestrictionOptions& options);

  // A slice of several columns is left to filter; nobody can.
  bool filters_tuple_slices() const { return tuple_slice_filtered_; }
  // What is complained of last: clustering columns restricted in partitions that nothing names, without ALLOW
  // FILTERING.
  Result<void> check_allowed() const;
  bool has_partition_keys() const { return all_keys_; }  // every partition key column has = or IN
  bool partition_in() const { return partition_in_; }    // one of them has IN
  bool has_clustering() const { return !clustering_.empty() || clustering_filtered_; }
  bool clustering_in() const { return clustering_in_; }
  bool full_primary_key() const { return all_keys_ && equal_prefix_ == table_->clustering_size; }
  // INSERT and UPDATE: the rows to write, by their whole clustering keys or, where rows may end early, by
  // prefixes.
  bool names_rows() const { return full_primary_key() || rows_end_early_; }
  bool clustering_slice() const { return slice_; }
  size_t clustering_prefix() const {
    return equal_prefix_;
  }  // clustering columns with = or IN, from the first
  bool needs_filtering() const { return !filters_.empty(); }
  bool has_regular_filters() const { return regular_filtered_; }
  bool has_clustering_filters() const { return clustering_filtered_; }
  const std::vector<PreparedRelation>& filters() const { return filters_; }
  const std::vector<PreparedRelation>& partition_relations() const { return partition_; }
  const std::vector<PreparedRelation>& clustering_relations() const { return clustering_; }
  const std::vector<PreparedRelation>& token_relations() const { return tokens_; }
  // The column is restricted to one value by = (for ORDER BY and GROUP BY).
  bool is_fixed(const Column& column) const;

  // The partition keys, by value in order and without duplicates; some may not be allowed
  // (check_partition_key). REQUIRES: has_partition_keys()
  Result<std::vector<Bytes>> partition_keys(EvalContext& context) const;
  Result<TokenLimits> token_limits(EvalContext& context) const;
  bool has_token_range() const { return !tokens_.empty(); }
  // Ascending and disjoint; nullopt: all rows. An empty vector: none.
  Result<std::optional<std::vector<KeyRange>>> clustering_ranges(EvalContext& context) const;
  // The clustering keys named by = and IN alone, in order; of equal ones the first. REQUIRES: names_rows();
  // or of a deletion without slices, where they may be prefixes
  Result<std::vector<Bytes>> clustering_keys(EvalContext& context) const;
  Result<std::vector<ClusteringKey>> clustering_keys_as_written(EvalContext& context) const;
  // What guardrails count of IN: how many keys = and IN name once each of them has been added, equal ones as
  // often as they are named. Empty without IN, and of clustering keys where they don't name rows.
  Result<std::vector<int64_t>> partition_products(EvalContext& context) const;
  Result<std::vector<int64_t>> clustering_products(EvalContext& context) const;

 private:
  friend class RestrictionAnalysis;
  const Table* table_ = nullptr;
  std::vector<PreparedRelation> partition_;  // by position, one each, if all_keys_
  std::vector<PreparedRelation> tokens_;
  std::vector<PreparedRelation>
      clustering_;  // = and IN from the first column on, then slices at one position
  std::vector<PreparedRelation> filters_;
  size_t equal_prefix_ = 0;
  bool all_keys_ = false;
  bool partition_in_ = false;
  bool clustering_in_ = false;
  bool rows_end_early_ = false;
  bool slice_ = false;
  bool clustering_filtered_ = false;
  bool regular_filtered_ = false;
  bool lacks_allowance_ = false;
  bool tuple_slice_filtered_ = false;
  bool null_slices_ = false;  // c > null is no error: null comes before every value
};

}  // namespace keyzone::cql
