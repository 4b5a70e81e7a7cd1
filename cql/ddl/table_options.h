// The options of a table: how WITH sets them, what they are where it doesn't, how they are shown.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cql/ast/ddl.h"
#include "schema/catalog.h"
#include "schema/result.h"

namespace keyzone::cql {

using OptionMap = std::map<std::string, std::string>;

// Defaults are Cassandra 5's. Most say how its files are kept and mean nothing here: they are checked, kept
// and shown.
struct TableOptions {
  std::string additional_write_policy = "99p";
  bool allow_auto_snapshot = true;
  std::optional<double> bloom_filter_fp_chance;  // else as its compaction has it
  OptionMap caching = {{"keys", "ALL"}, {"rows_per_partition", "NONE"}};
  bool cdc = false;
  std::string comment;
  OptionMap compaction = {{"class", "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy"},
                          {"max_threshold", "32"},
                          {"min_threshold", "4"}};
  bool compact_storage = false;  // said apart from the properties
  OptionMap compression = {{"chunk_length_in_kb", "16"},
                           {"class", "org.apache.cassandra.io.compress.LZ4Compressor"}};
  std::string memtable = "default";
  double crc_check_chance = 1.0;
  int32_t default_time_to_live = 0;
  int32_t gc_grace_seconds = 864000;
  bool incremental_backups = true;
  int32_t max_index_interval = 2048;
  int32_t memtable_flush_period_in_ms = 0;
  int32_t min_index_interval = 128;
  std::string read_repair = "BLOCKING";
  std::string speculative_retry = "99p";

  double bloom_filter() const;
  bool operator==(const TableOptions&) const = default;
};

TableOptions options_of(const Table& table);
// Keeps in Table::options what differs from the defaults.
void set_options(Table& table, const TableOptions& options);

// What can be said of the values before anyone has looked for the table: all but what apply_properties() says
// beside. Errors: kSyntax, kConfig for what is no value of its option. REQUIRES: check_unique().
Result<void> read_properties(const Properties& properties, TableOptions& options);

// Errors: kSyntax for what is no such property, kConfig for values out of range. As in Cassandra, what the
// table has already doesn't count in these checks: the properties must be right beside defaults. REQUIRES:
// read_properties() says nothing against them.
Result<void> apply_properties(const Properties& properties, TableOptions& options);

// The property `id`, if it is there.
Result<std::optional<Uuid>> id_property(const Properties& properties);

// "comment = 'x'", …, in the order in which DESCRIBE TABLE has them.
std::vector<std::string> describe_options(const TableOptions& options);

std::string quote_string(std::string_view text);  // 'it''s'
std::string map_literal(const OptionMap& map);    // {'a': 'b', 'c': 'd'}

}  // namespace keyzone::cql
