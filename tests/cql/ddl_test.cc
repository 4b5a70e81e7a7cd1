// Schema changes: what they do to the catalog, and Cassandra 5.0.8's words where they are refused.
#include "cql/ddl/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cql/ddl/table_options.h"
#include "cql/grammar/parser.h"
#include "schema/types/floating.h"

namespace keyzone::cql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A catalog that statements change one after another.
class SchemaChanges : public testing::Test {
 protected:
  SchemaChanges() : catalog_(std::make_shared<Catalog>()) {
    run("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}");
    run("CREATE TABLE k.t (a int, b int, s int static, d text, e list<int>, f int, PRIMARY KEY (a, b))");
    run("CREATE TABLE k.c (a int PRIMARY KEY, n counter)");
    run("CREATE TYPE k.u (a int, b text)");
    run("CREATE TYPE k.v (x frozen<u>)");
  }

  Result<DdlPlan> plan(const std::string& text) {
    auto statement = parse(text);
    if (!statement) return statement.error();
    Uuid id;
    id.bytes[0] = static_cast<uint8_t>(++ids_);
    return plan_schema_change(*statement, {*catalog_, "", id, 1'000'000, masked_columns_});
  }
  DdlPlan run(const std::string& text) {
    auto planned = plan(text);
    EXPECT_TRUE(planned.ok()) << text << ": " << (planned ? "" : planned.error().message);
    if (!planned) return {};
    // What is decided in the log is what other nodes read.
    const auto change = decode_change(encode_change(planned->change));
    const auto next = apply_change(*catalog_, *change);
    EXPECT_TRUE(next.ok());
    catalog_ = *next;
    return *planned;
  }
  std::string refused(const std::string& text, ErrorKind kind = ErrorKind::kInvalid) {
    const auto planned = plan(text);
    EXPECT_FALSE(planned.ok()) << text;
    if (planned) return "";
    EXPECT_EQ(static_cast<int>(planned.error().kind), static_cast<int>(kind))
        << text << ": " << planned.error().message;
    return planned.error().message;
  }
  const Table& table(const char* name) { return *catalog_->find_table("k", name); }
  const Keyspace& keyspace(const char* name) { return *catalog_->keyspaces.at(name); }
  std::string type_of(const char* table_name, const char* column) {
    const Column* found = table(table_name).find(column);
    return found ? found->type->to_string() : "none";
  }

  CatalogPtr catalog_;
  int ids_ = 0;
  bool masked_columns_ = false;
};

TEST_F(SchemaChanges, EventsSayWhatHappened) {
  const DdlPlan made = run("CREATE TABLE k.new (a int PRIMARY KEY)");
  ASSERT_TRUE(made.event);
  EXPECT_EQ(made.event->change, "CREATED");
  EXPECT_EQ(made.event->target, "TABLE");
  EXPECT_EQ(made.event->keyspace, "k");
  EXPECT_EQ(made.event->name, "new");
  EXPECT_EQ(run("ALTER TABLE k.new ADD b int").event->change, "UPDATED");
  EXPECT_EQ(run("DROP TABLE k.new").event->change, "DROPPED");
  EXPECT_EQ(run("ALTER TYPE k.u ADD z int").event->target, "TYPE");
  EXPECT_EQ(run("DROP KEYSPACE k").event->target, "KEYSPACE");
  EXPECT_TRUE(catalog_->tables.empty());
  EXPECT_TRUE(catalog_->keyspaces.empty());
}

TEST_F(SchemaChanges, IfClausesMakeNothingOfNothing) {
  for (const char* text :
       {"CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy'}",
        "DROP KEYSPACE IF EXISTS z", "CREATE TABLE IF NOT EXISTS k.t (a int PRIMARY KEY)",
        "DROP TABLE IF EXISTS k.z", "ALTER TABLE IF EXISTS k.z ADD a int",
        "ALTER TABLE k.t ADD IF NOT EXISTS d int", "ALTER TABLE k.t DROP IF EXISTS z",
        "CREATE TYPE IF NOT EXISTS k.u (a int)", "ALTER TYPE k.u ADD IF NOT EXISTS a int",
        "DROP TYPE IF EXISTS k.z", "ALTER KEYSPACE IF EXISTS z WITH durable_writes = true",
        "DROP INDEX IF EXISTS k.i", "DROP MATERIALIZED VIEW IF EXISTS k.v", "DROP FUNCTION IF EXISTS k.f"}) {
    const auto planned = plan(text);
    ASSERT_TRUE(planned.ok()) << text << ": " << planned.error().message;
    EXPECT_FALSE(planned->event) << text;
    EXPECT_TRUE(planned->change.put_tables.empty() && planned->change.put_keyspaces.empty()) << text;
  }
}

TEST_F(SchemaChanges, WhatExistsIsNamed) {
  const auto again = plan("CREATE TABLE k.t (a int PRIMARY KEY)");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::kAlreadyExists);
  EXPECT_EQ(again.error().keyspace, "k");
  EXPECT_EQ(again.error().table, "t");
  const auto keyspace = plan("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy'}");
  EXPECT_EQ(keyspace.error().kind, ErrorKind::kAlreadyExists);
  EXPECT_EQ(keyspace.error().table, "");
}

TEST_F(SchemaChanges, TablesGetTheirColumnsInOrder) {
  run("CREATE TABLE k.wide (p2 int, p1 text, c2 int, c1 int, s int static, z int, y list<text>, PRIMARY KEY "
      "((p1, p2), c1, c2)) "
      "WITH CLUSTERING ORDER BY (c1 DESC, c2 ASC) AND default_time_to_live = 60");
  const Table& t = table("wide");
  std::vector<std::string> names;
  for (const Column& column : t.columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("p1", "p2", "c1", "c2", "s", "y", "z"));
  EXPECT_EQ(t.partition_key_size, 2u);
  EXPECT_TRUE(t.clustering(0).descending);
  EXPECT_FALSE(t.clustering(1).descending);
  EXPECT_EQ(t.default_time_to_live(), 60);
  EXPECT_EQ(t.next_column, 8u);
  EXPECT_FALSE(t.counter);
  EXPECT_TRUE(table("c").counter);
}

// Types are kept with the user types inside them: what the catalog can't hold must never be decided.
TEST_F(SchemaChanges, UserTypesNestAsDeepAsTypesMay) {
  std::string inner = "int";
  for (int i = 0; i < kTypeDepthMax - 1; ++i) {
    const std::string name = "deep" + std::to_string(i);
    run("CREATE TYPE k." + name + " (v " + (i == 0 ? inner : "frozen<" + inner + ">") + ")");
    inner = name;
  }
  run("CREATE TABLE k.deep (a int PRIMARY KEY, v frozen<" + inner + ">)");
  EXPECT_THAT(refused("CREATE TYPE k.deeper (v frozen<" + inner + ">)"),
              HasSubstr("k.deeper is nested deeper than 128"));
  EXPECT_THAT(refused("CREATE TABLE k.deeper (a int PRIMARY KEY, v list<frozen<" + inner + ">>)"),
              HasSubstr("k.deeper.v is nested deeper than 128"));
  EXPECT_THAT(refused("ALTER TYPE k.deep0 ADD w list<int>"), HasSubstr("nested deeper than 128"));
}

TEST_F(SchemaChanges, UserTypesThatDoubleEachTimeStayBounded) {
  std::string inner = "u", refusal;
  for (int i = 0; refusal.empty() && i < kTypeDepthMax; ++i) {
    const std::string name = "twice" + std::to_string(i);
    const auto planned =
        plan("CREATE TYPE k." + name + " (v frozen<" + inner + ">, w frozen<" + inner + ">)");
    if (!planned)
      refusal = planned.error().message;
    else
      run("CREATE TYPE k." + name + " (v frozen<" + inner + ">, w frozen<" + inner + ">)");
    inner = name;
  }
  EXPECT_THAT(refusal, HasSubstr("made of more than 16384 types"));
}

TEST_F(SchemaChanges, KeyspacesAreRefused) {
  const auto with = [this](const std::string& map, ErrorKind kind = ErrorKind::kConfig) {
    return refused("CREATE KEYSPACE z WITH replication = " + map, kind);
  };
  EXPECT_EQ(with("{'class': 'NetworkTopologyStrategy', 'nodc': 1}"),
            "Unrecognized strategy option {nodc} passed to NetworkTopologyStrategy for keyspace z");
  EXPECT_EQ(with("{'class': 'Foo'}"),
            "Unable to find replication strategy class 'org.apache.cassandra.locator.Foo'");
  EXPECT_EQ(with("{'replication_factor': 1}"), "Missing replication strategy class");
  EXPECT_EQ(with("{'class': 'SimpleStrategy', 'replication_factor': 'x'}"), "For input string: \"x\"");
  EXPECT_EQ(with("{'class': 'SimpleStrategy', 'replication_factor': -1}"),
            "Replication factor must be non-negative, found -1");
  EXPECT_EQ(with("{'class': 'SimpleStrategy', 'foo': 2}"),
            "Unrecognized strategy option {foo} passed to SimpleStrategy for keyspace z");
  EXPECT_EQ(refused("CREATE KEYSPACE z WITH replication = {'class': 'LocalStrategy'}"),
            "Unable to use given strategy class: LocalStrategy is reserved for internal use.");
  EXPECT_EQ(with("{'class': 'SimpleStrategy', 'replication_factor': '2/1'}"),
            "Transient replication is not enabled on this node");
  EXPECT_EQ(with("'x'", ErrorKind::kSyntax), "Invalid value for property 'replication'. It should be a map.");
  EXPECT_EQ(with("{'class': 'SimpleStrategy'} AND foo = 1", ErrorKind::kSyntax), "Unknown property 'foo'");
  EXPECT_THAT(with("{'class': 'SimpleStrategy'} AND durable_writes = 'x'", ErrorKind::kSyntax),
              HasSubstr("Invalid boolean value x for 'durable_writes'"));
  EXPECT_EQ(refused("CREATE KEYSPACE z WITH durable_writes = true", ErrorKind::kInvalid),
            "Missing mandatory option 'replication'");
  EXPECT_THAT(refused("CREATE KEYSPACE \"bad-name\" WITH replication = {'class': 'SimpleStrategy'}"),
              HasSubstr("must contain alphanumeric or underscore characters only (got \"bad-name\")"));
  EXPECT_THAT(
      refused("CREATE KEYSPACE " + std::string(49, 'a') + " WITH replication = {'class': 'SimpleStrategy'}"),
      HasSubstr("must not be more than 48 characters long (got 49"));
  EXPECT_EQ(refused("CREATE KEYSPACE system WITH replication = {'class': 'SimpleStrategy'}"),
            "System keyspace 'system' is not user-modifiable");
  EXPECT_EQ(refused("DROP KEYSPACE system", ErrorKind::kUnauthorized),
            "system keyspace is not user-modifiable.");
  EXPECT_EQ(refused("DROP KEYSPACE z"), "Keyspace 'z' doesn't exist");
  EXPECT_EQ(refused("ALTER KEYSPACE z WITH durable_writes = true"), "Keyspace 'z' doesn't exist");
}

TEST_F(SchemaChanges, ReplicationIsKeptAsCassandraKeepsIt) {
  run("CREATE KEYSPACE n WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 2} "
      "AND durable_writes = false");
  EXPECT_EQ(map_literal(keyspace("n").replication),
            "{'class': 'org.apache.cassandra.locator.NetworkTopologyStrategy', 'datacenter1': '2'}");
  EXPECT_FALSE(keyspace("n").durable_writes);
  run("ALTER KEYSPACE n WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 3}");
  EXPECT_EQ(keyspace("n").replication.at("datacenter1"), "2");
  const auto warnings_of_factor = [&](const char* factor) {
    return run("ALTER KEYSPACE n WITH replication = {'class': 'SimpleStrategy', 'replication_factor': " +
               std::string(factor) + "}")
        .warnings.size();
  };
  EXPECT_EQ(warnings_of_factor("5"), 1u);
  EXPECT_EQ(warnings_of_factor("3"), 0u);
  EXPECT_EQ(warnings_of_factor("1"), 0u);
  EXPECT_EQ(keyspace("n").replication.at("class"), "org.apache.cassandra.locator.SimpleStrategy");
}

TEST_F(SchemaChanges, TablesAreRefused) {
  const auto create = [this](const std::string& rest, ErrorKind kind = ErrorKind::kInvalid) {
    return refused("CREATE TABLE k.x " + rest, kind);
  };
  EXPECT_THAT(refused("CREATE TABLE x (a int PRIMARY KEY)"), HasSubstr("No keyspace has been specified."));
  EXPECT_EQ(refused("CREATE TABLE z.x (a int PRIMARY KEY)"), "Keyspace 'z' doesn't exist");
  EXPECT_EQ(refused("CREATE TABLE system.x (a int PRIMARY KEY)", ErrorKind::kUnauthorized),
            "system keyspace is not user-modifiable.");
  EXPECT_EQ(create("(a int)"), "No PRIMARY KEY specifed for table 'k.x' (exactly one required)");
  EXPECT_EQ(create("(a int PRIMARY KEY, b int PRIMARY KEY)"),
            "Multiple PRIMARY KEY specified for table 'k.x' (exactly one required)");
  EXPECT_EQ(create("(a int, a text, PRIMARY KEY (a))"), "Duplicate column 'a' declaration for table 'k.x'");
  EXPECT_EQ(create("(a int, PRIMARY KEY (b))"), "Unknown column 'b' referenced in PRIMARY KEY for table 'x'");
  EXPECT_EQ(create("(a int, PRIMARY KEY (a, a))"),
            "Duplicate column 'a' in PRIMARY KEY clause for table 'x'");
  EXPECT_EQ(create("(a list<int> PRIMARY KEY)"),
            "Invalid non-frozen collection type list<int> for PRIMARY KEY column 'a'");
  EXPECT_EQ(create("(a u PRIMARY KEY)"),
            "Invalid non-frozen user-defined type \"k.u\" for PRIMARY KEY column 'a'");
  EXPECT_EQ(create("(a counter PRIMARY KEY)"), "counter type is not supported for PRIMARY KEY column 'a'");
  EXPECT_EQ(create("(a int, b frozen<list<duration>>, PRIMARY KEY (a, b))"),
            "duration type is not supported for PRIMARY KEY column 'b'");
  EXPECT_EQ(create("(a int PRIMARY KEY, b counter, c int)"),
            "Cannot mix counter and non counter columns in the same table");
  EXPECT_THAT(create("(a int PRIMARY KEY, b int static)"), HasSubstr("Static columns are only useful"));
  EXPECT_EQ(create("(a int static PRIMARY KEY)"), "Static column 'a' cannot be part of the PRIMARY KEY");
  EXPECT_EQ(create("(a int PRIMARY KEY, b list<counter>)"),
            "Counters are not allowed inside collections: list<counter>");
  EXPECT_EQ(create("(a int PRIMARY KEY, b list<list<int>>)"),
            "Non-frozen collections are not allowed inside collections: list<list<int>>");
  EXPECT_EQ(create("(a int PRIMARY KEY, b list<u>)"),
            "Non-frozen UDTs are not allowed inside collections: list<u>");
  EXPECT_EQ(create("(a int PRIMARY KEY, b map<duration, int>)"),
            "Durations are not allowed as map keys: map<duration, int>");
  EXPECT_EQ(create("(a int PRIMARY KEY, b nope)"), "Unknown type k.nope");
  EXPECT_EQ(create("(a int PRIMARY KEY, b z.u)"),
            "Statement on keyspace k cannot refer to a user type in keyspace z; user types can only be used "
            "in the keyspace they "
            "are defined in");
  EXPECT_EQ(create("(a int, b int, PRIMARY KEY (a, b)) WITH CLUSTERING ORDER BY (c DESC)"),
            "Only clustering key columns can be defined in CLUSTERING ORDER directive: [c] are not "
            "clustering columns");
  EXPECT_EQ(create("(a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (c DESC, b ASC)"),
            "The order of columns in the CLUSTERING ORDER directive must match that of the clustering "
            "columns (b must appear before c)");
  EXPECT_EQ(create("(a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (c DESC)"),
            "Missing CLUSTERING ORDER for column b");
  EXPECT_THAT(
      refused("CREATE TABLE k.\"bad name\" (a int PRIMARY KEY)", ErrorKind::kConfig),
      HasSubstr(
          "k.bad name: Table name must not be empty or not contain non-alphanumeric-underscore characters"));
  EXPECT_TRUE(plan("CREATE TABLE k." + std::string(222, 'a') + " (a int PRIMARY KEY)").ok());
  EXPECT_FALSE(plan("CREATE TABLE k." + std::string(223, 'a') + " (a int PRIMARY KEY)").ok());
}

TEST_F(SchemaChanges, OptionsAreChecked) {
  const auto with = [this](const std::string& option, ErrorKind kind = ErrorKind::kConfig) {
    return refused("CREATE TABLE k.x (a int PRIMARY KEY) WITH " + option, kind);
  };
  const auto syntax = ErrorKind::kSyntax;
  EXPECT_EQ(with("foo = 1", syntax), "Unknown property 'foo'");
  EXPECT_EQ(with("gc_grace_seconds = 'x'", syntax), "Invalid integer value x for 'gc_grace_seconds'");
  EXPECT_EQ(with("gc_grace_seconds = -1"), "gc_grace_seconds must be greater than or equal to 0 (got -1)");
  EXPECT_EQ(with("default_time_to_live = 630720001"),
            "default_time_to_live must be less than or equal to 630720000 (got 630720001)");
  EXPECT_EQ(with("bloom_filter_fp_chance = 2"),
            "bloom_filter_fp_chance must be larger than 6.71E-5 and less than or equal to 1.0 (got 2.0)");
  EXPECT_EQ(with("bloom_filter_fp_chance = 'a'", syntax),
            "Invalid double value a for 'bloom_filter_fp_chance'");
  EXPECT_EQ(with("crc_check_chance = 2"),
            "crc_check_chance must be larger than or equal to 0 and smaller than or equal to 1.0 (got 2.0)");
  EXPECT_EQ(with("compaction = {'class': 'Foo'}"),
            "Unable to find compaction strategy class 'org.apache.cassandra.db.compaction.Foo'");
  EXPECT_EQ(with("compaction = {'x': 'Foo'}"), "Missing sub-option 'class' for the 'compaction' option");
  EXPECT_EQ(with("compaction = {'class': 'SizeTieredCompactionStrategy', 'foo': 1}"),
            "Properties specified [foo] are not understood by SizeTieredCompactionStrategy");
  EXPECT_EQ(with("compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': 'x'}"),
            "x is not a parsable int (base10) for sstable_size_in_mb");
  EXPECT_EQ(with("compression = {'class': 'Foo'}"),
            "Could not create Compression for type org.apache.cassandra.io.compress.Foo");
  EXPECT_EQ(with("compression = {'class': 'LZ4Compressor', 'foo': 1}"), "Unknown compression options foo");
  EXPECT_EQ(with("compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 3}"),
            "chunk_length_in_kb must be a power of 2");
  EXPECT_EQ(with("compression = {'enabled': 'false', 'class': 'LZ4Compressor'}"),
            "If the 'enabled' option is set to false no other options must be specified");
  EXPECT_EQ(with("caching = {'keys': 'FOO'}"),
            "Invalid value 'FOO' for caching sub-option 'keys': only 'ALL' and 'NONE' are allowed");
  EXPECT_EQ(with("caching = {'foo': 'FOO'}"),
            "Invalid caching sub-options [foo]: only 'keys' and 'rows_per_partition' are allowed");
  EXPECT_EQ(with("caching = 'x'", syntax), "Invalid value for property 'caching'. It should be a map.");
  EXPECT_EQ(with("comment = {'a': 'b'}", syntax),
            "Invalid value for property 'comment'. It should be a string");
  EXPECT_EQ(with("max_index_interval = 10"),
            "max_index_interval must be greater than or equal to min_index_interval (128) (got 10)");
  EXPECT_EQ(with("speculative_retry = 'foo'"), "Invalid value foo for option 'speculative_retry'");
  EXPECT_EQ(with("memtable = 'foo'"), "Memtable configuration \"foo\" not found.");
  EXPECT_EQ(with("id = 'x'"), "Invalid table id");
  EXPECT_EQ(refused("CREATE TABLE k.x (a int PRIMARY KEY, b counter) WITH default_time_to_live = 5"),
            "Cannot set default_time_to_live on a table with counters");
  EXPECT_EQ(refused("ALTER TABLE k.t WITH id = 123e4567-e89b-12d3-a456-426614174000", ErrorKind::kConfig),
            "Cannot alter table id.");
}

TEST_F(SchemaChanges, OptionsSurvive) {
  run("CREATE TABLE k.o (a int PRIMARY KEY) WITH comment = '{''x''}' AND compression = {'enabled': false} "
      "AND "
      "caching = {'keys': 'none', 'rows_per_partition': 10} AND speculative_retry = '99.5percentile' AND cdc "
      "= true AND "
      "compaction = {'class': 'LeveledCompactionStrategy'} AND gc_grace_seconds = 5 AND "
      "additional_write_policy = 'MIN(99p,10ms)' "
      "AND id = 123e4567-e89b-12d3-a456-426614174000");
  const TableOptions options = options_of(table("o"));
  EXPECT_EQ(options.comment, "{'x'}");
  EXPECT_EQ(map_literal(options.compression), "{'enabled': 'false'}");
  EXPECT_EQ(map_literal(options.caching), "{'keys': 'NONE', 'rows_per_partition': '10'}");
  EXPECT_EQ(options.speculative_retry, "99.5p");
  EXPECT_EQ(options.additional_write_policy, "MIN(99p,10ms)");
  EXPECT_TRUE(options.cdc);
  EXPECT_EQ(options.bloom_filter(), 0.1);
  EXPECT_EQ(table("o").gc_grace_seconds(), 5);
  EXPECT_EQ(table("o").id.to_string(), "123e4567-e89b-12d3-a456-426614174000");
  run("ALTER TABLE k.o WITH comment = 'y'");
  EXPECT_EQ(options_of(table("o")).gc_grace_seconds, 5);
  EXPECT_EQ(options_of(table("o")).comment, "y");
  EXPECT_EQ(java_text(1e-5), "1.0E-5");
  EXPECT_EQ(java_text(0.01), "0.01");
  EXPECT_EQ(java_text(2.0), "2.0");
}

TEST_F(SchemaChanges, ColumnsComeAndGo) {
  run("ALTER TABLE k.t ADD (g int, h set<text> static)");
  EXPECT_EQ(table("t").version, 2u);
  EXPECT_EQ(table("t").find("h")->kind, ColumnKind::kStatic);
  const ColumnId id = table("t").find("d")->id;
  run("ALTER TABLE k.t DROP d USING TIMESTAMP 5");
  EXPECT_EQ(type_of("t", "d"), "none");
  EXPECT_EQ(table("t").dropped.at(0).dropped_at, 5);
  EXPECT_EQ(
      refused("ALTER TABLE k.t ADD d int"),
      "Cannot add a column 'd' of type int, incompatible with previously dropped column 'd' of type text");
  run("ALTER TABLE k.t ADD d blob");
  EXPECT_EQ(table("t").find("d")->id, id) << "what is newer than the dropping shows again";
  EXPECT_EQ(table("t").find("d")->dropped_at, 5);
  run("ALTER TABLE k.t DROP (e, f)");
  EXPECT_EQ(table("t").dropped.size(), 3u);
  EXPECT_EQ(table("t").dropped.at(1).dropped_at, 1'000'000);
  EXPECT_EQ(refused("ALTER TABLE k.t ADD e frozen<list<int>>"),
            "Cannot add a column 'e' of type frozen<list<int>>, incompatible with previously dropped column "
            "'e' of type list<int>");
  EXPECT_EQ(
      refused("ALTER TABLE k.t ADD f int static"),
      "Cannot re-add previously dropped column 'f' of kind STATIC, incompatible with previous kind REGULAR");
  run("ALTER TABLE k.t RENAME a TO x AND b TO y");
  EXPECT_EQ(table("t").partition_key(0).name, "x");
  EXPECT_EQ(table("t").clustering(0).name, "y");
  run("ALTER TABLE k.c ADD m counter");
  run("ALTER TABLE k.c DROP m");
  EXPECT_EQ(refused("ALTER TABLE k.c ADD m counter"), "Cannot re-add previously dropped counter column m");
}

TEST_F(SchemaChanges, AlterationsAreRefused) {
  EXPECT_EQ(refused("ALTER TABLE k.z ADD x int"), "Table 'k.z' doesn't exist");
  EXPECT_EQ(refused("ALTER TABLE k.t ADD d int"), "Column with name 'd' already exists");
  EXPECT_EQ(refused("ALTER TABLE k.t ADD (g int, g text)"), "Column with name 'g' already exists");
  EXPECT_EQ(refused("ALTER TABLE k.t ADD g counter", ErrorKind::kConfig),
            "k.t: Cannot have a counter column (\"g\") in a non counter table");
  EXPECT_EQ(refused("ALTER TABLE k.c ADD g int", ErrorKind::kConfig),
            "k.c: Cannot have a non counter column (\"g\") in a counter table");
  EXPECT_EQ(refused("ALTER TABLE k.t DROP a"), "Cannot drop PRIMARY KEY column a");
  EXPECT_EQ(refused("ALTER TABLE k.t DROP z"), "Column z was not found in table 'k.t'");
  EXPECT_EQ(refused("ALTER TABLE k.t RENAME z TO y"), "Undefined column name z in table k.t");
  EXPECT_EQ(refused("ALTER TABLE k.t RENAME d TO y"), "Cannot rename non PRIMARY KEY column d");
  EXPECT_EQ(refused("ALTER TABLE k.t RENAME a TO b"),
            "Cannot rename column a to b in table 'k.t'; another column with that name already exists");
  EXPECT_EQ(refused("ALTER TABLE k.t ALTER d TYPE int"), "Altering column types is no longer supported");
  EXPECT_EQ(refused("DROP TABLE k.z"), "Table 'k.z' doesn't exist");
  EXPECT_THAT(refused("CREATE INDEX ON k.t (d)"), HasSubstr("not supported yet"));
  EXPECT_THAT(refused("CREATE TABLE k.x (a int PRIMARY KEY, b text MASKED WITH DEFAULT)"),
              HasSubstr("Cannot mask columns"));
}

// As a Cassandra with dynamic_data_masking_enabled has them; they are looked for behind properties and types,
// and before keys.
TEST_F(SchemaChanges, MaskedColumns) {
  masked_columns_ = true;
  run("CREATE TABLE k.m (a int MASKED WITH DEFAULT PRIMARY KEY, b text MASKED WITH mask_inner(1, null), c "
      "u)");
  const auto mask_of = [this](const char* column) -> std::string {
    const auto& mask = table("m").find(column)->mask;
    return mask ? mask->name + " " + std::to_string(mask->arguments.size()) : "none";
  };
  EXPECT_EQ(mask_of("a"), "mask_default 0");
  EXPECT_EQ(mask_of("b"), "mask_inner 2");
  EXPECT_EQ(mask_of("c"), "none");
  run("ALTER TABLE k.m ALTER c MASKED WITH mask_null()");
  EXPECT_EQ(mask_of("c"), "mask_null 0");
  EXPECT_FALSE(run("ALTER TABLE k.m ALTER b MASKED WITH system.mask_inner(1, null)").event) << "it has that";
  EXPECT_TRUE(run("ALTER TABLE k.m ALTER b MASKED WITH mask_inner(1, 2)").event);
  EXPECT_FALSE(run("ALTER TABLE k.m ALTER IF EXISTS z MASKED WITH DEFAULT").event);
  run("ALTER TABLE k.m ALTER a DROP MASKED");
  EXPECT_EQ(mask_of("a"), "none");
  EXPECT_EQ(refused("ALTER TABLE k.m ALTER z MASKED WITH DEFAULT"),
            "Column with name 'z' doesn't exist on table 'm'");
  EXPECT_EQ(refused("ALTER TABLE k.m ALTER b MASKED WITH tojson()"),
            "Not-masking function tojson() cannot be used for masking table columns");
  EXPECT_EQ(refused("CREATE TABLE k.x (a list<int> PRIMARY KEY, b int MASKED WITH f())"),
            "Unable to find masking function for b, no declared function matches the signature f()");
  EXPECT_THAT(refused("CREATE TABLE k.x (a int PRIMARY KEY, b int MASKED WITH f(), c z)"),
              HasSubstr("Unknown type"));
  EXPECT_THAT(
      refused("CREATE TABLE k.x (a int PRIMARY KEY, b int MASKED WITH f()) WITH z = 1", ErrorKind::kSyntax),
      HasSubstr("Unknown property"));
}

TEST_F(SchemaChanges, ATableWithTheIdOfAnotherIsOfAnotherVersion) {
  const std::string create =
      "CREATE TABLE k.w (a int PRIMARY KEY) WITH id = 123e4567-e89b-12d3-a456-426614174000";
  run(create);
  run("ALTER TABLE k.w ADD b int");
  const uint32_t before = table("w").version;
  run("DROP TABLE k.w");
  run(create);
  EXPECT_GT(table("w").version, before);
}

TEST_F(SchemaChanges, UserTypesSpread) {
  run("CREATE TABLE k.w (a int PRIMARY KEY, b frozen<u>, c list<frozen<v>>, d u)");
  const uint32_t version = table("w").version;
  run("ALTER TYPE k.u ADD c int");
  EXPECT_EQ(table("w").version, version + 1);
  EXPECT_EQ(table("t").version, 1u);
  EXPECT_EQ(table("w").find("b")->type->field_names().size(), 3u);
  EXPECT_TRUE(table("w").find("b")->type->frozen());
  EXPECT_TRUE(table("w").find("d")->type->is_multi_cell());
  EXPECT_EQ(table("w").find("c")->type->element().parameters()[0]->field_names().size(), 3u);
  EXPECT_EQ(keyspace("k").types.at("v")->parameters()[0]->field_names().size(), 3u);
  run("ALTER TYPE k.u RENAME a TO first AND b TO second");
  EXPECT_THAT(table("w").find("b")->type->field_names(), ElementsAre("first", "second", "c"));

  EXPECT_EQ(refused("DROP TYPE k.u"), "Cannot drop user type 'k.u' as it is still used by user types v");
  EXPECT_EQ(refused("DROP TYPE k.v"), "Cannot drop user type 'k.v' as it is still used by tables w");
  EXPECT_EQ(
      refused("ALTER TYPE k.u ADD x frozen<v>"),
      "Cannot add new field x of type frozen<k.v> to user type k.u as it would create a circular reference");
  EXPECT_EQ(refused("ALTER TYPE k.u ADD c int"),
            "Cannot add field c to type k.u: a field with name c already exists");
  EXPECT_EQ(refused("ALTER TYPE k.u RENAME c TO first"), "Duplicate field name first in type k");
  EXPECT_EQ(refused("ALTER TYPE k.u RENAME z TO y"), "Unkown field z in user type k.u");
  EXPECT_EQ(refused("ALTER TYPE k.z ADD a int"), "Type k.z doesn't exist");
  EXPECT_EQ(refused("DROP TYPE k.z"), "Type 'k.z' doesn't exist");
  EXPECT_EQ(refused("CREATE TYPE k.u (a int)"), "A user type with name 'u' already exists");
  EXPECT_EQ(refused("CREATE TYPE k.x (a int, a text)"), "Duplicate field name 'a' in type 'x'");
  EXPECT_EQ(refused("CREATE TYPE k.x (a counter)"), "A user type cannot contain counters");
  EXPECT_EQ(refused("CREATE TYPE k.x (a u)"), "A user type cannot contain non-frozen UDTs");
  EXPECT_EQ(refused("CREATE TYPE z.x (a int)"), "Keyspace 'z' doesn't exist");
  run("DROP TABLE k.w");
  run("DROP TYPE k.v");
  run("DROP TYPE k.u");
  EXPECT_TRUE(keyspace("k").types.empty());
}

}  // namespace
}  // namespace keyzone::cql
