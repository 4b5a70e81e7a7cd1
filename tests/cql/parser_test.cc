// The grammar: what parses into what, and how what does not parse is refused.
#include "cql/grammar/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keyzone::cql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

template <class T>
T parse_as(std::string_view text) {
  auto statement = parse(text);
  EXPECT_TRUE(statement.ok()) << text << ": " << (statement ? "" : statement.error().message);
  if (!statement || !statement->as<T>()) {
    ADD_FAILURE() << "not that statement: " << text;
    return T{};
  }
  return *statement->as<T>();
}
std::string error_of(std::string_view text) {
  const auto statement = parse(text);
  EXPECT_FALSE(statement.ok()) << text;
  if (statement) return "";
  EXPECT_EQ(statement.error().kind, ErrorKind::kSyntax);
  return statement.error().message;
}
std::string term_text(std::string_view text) {
  const auto term = parse_term(text);
  return term ? to_string(**term) : term.error().message;
}
std::string type_text(std::string_view text) {
  const auto type = parse_type_name(text);
  return type ? type->text : type.error().message;
}

TEST(Parser, SelectWithEveryClause) {
  const auto select = parse_as<SelectStatement>(
      "SELECT JSON DISTINCT a, \"B\" AS x, count(*), ks.f(a, 1) FROM ks.t WHERE a = 1 AND b IN (1, 2) AND "
      "(c, d) > (1, ?) "
      "AND token(a) <= :t AND m['k'] = 2 AND l CONTAINS 3 AND m CONTAINS KEY 'x' AND n LIKE '%x' AND o IS "
      "NOT NULL "
      "GROUP BY a, f(b) ORDER BY c DESC, d PER PARTITION LIMIT 2 LIMIT ? ALLOW FILTERING;");
  EXPECT_TRUE(select.json);
  EXPECT_TRUE(select.distinct);
  EXPECT_EQ(select.table.to_string(), "ks.t");
  ASSERT_EQ(select.items.size(), 4u);
  EXPECT_EQ(select.items[1].alias, "x");
  EXPECT_EQ(to_string(*select.items[1].value), "B");
  EXPECT_TRUE(select.items[2].value->as<FunctionCall>()->star);
  EXPECT_EQ(to_string(*select.items[3].value), "ks.f(a, 1)");
  ASSERT_EQ(select.where.relations.size(), 9u);
  const auto& relations = select.where.relations;
  EXPECT_EQ(relations[1].op, Operator::kIn);
  EXPECT_EQ(relations[1].operands.size(), 2u);
  EXPECT_EQ(relations[2].kind, RelationKind::kTuple);
  EXPECT_THAT(relations[2].columns, ElementsAre("c", "d"));
  EXPECT_EQ(relations[3].kind, RelationKind::kToken);
  EXPECT_EQ(relations[4].kind, RelationKind::kMapEntry);
  EXPECT_EQ(to_string(*relations[4].map_key), "'k'");
  EXPECT_EQ(relations[6].op, Operator::kContainsKey);
  EXPECT_EQ(relations[8].op, Operator::kIsNotNull);
  EXPECT_EQ(select.group_by.size(), 2u);
  ASSERT_EQ(select.order_by.size(), 2u);
  EXPECT_TRUE(select.order_by[0].descending);
  EXPECT_TRUE(select.limit->as<BindMarker>());
  EXPECT_TRUE(select.allow_filtering);
}

TEST(Parser, BindMarkersAreNumberedInOrder) {
  const auto statement = parse("SELECT a FROM t WHERE k = ? AND c IN :list AND d IN (?, :two) LIMIT :most");
  ASSERT_TRUE(statement.ok()) << statement.error().message;
  ASSERT_EQ(statement->markers.size(), 5u);
  EXPECT_EQ(statement->markers[0], std::nullopt);
  EXPECT_EQ(statement->markers[1], "list");
  EXPECT_EQ(statement->markers[3], "two");
  EXPECT_EQ(statement->markers[4], "most");
  const auto* select = statement->as<SelectStatement>();
  EXPECT_EQ(select->where.relations[1].in_list->as<BindMarker>()->index, 1u);
}

TEST(Parser, UnreservedKeywordsAreNames) {
  const auto select =
      parse_as<SelectStatement>("SELECT json, distinct, ttl, key, count FROM list.map WHERE type = 1");
  EXPECT_FALSE(select.json);
  EXPECT_EQ(select.items.size(), 5u);
  EXPECT_EQ(select.table.to_string(), "list.map");
  EXPECT_FALSE(parse_as<SelectStatement>("SELECT distinct FROM t").distinct);
  EXPECT_TRUE(parse_as<SelectStatement>("SELECT DISTINCT k FROM t").distinct);
  EXPECT_TRUE(parse_as<SelectStatement>("SELECT JSON * FROM t").json);
  EXPECT_TRUE(parse_as<SelectStatement>("SELECT JSON json FROM t").json);
  for (const char* word :
       {"as", "values", "timestamp", "user", "exists", "static", "frozen", "contains", "like", "per", "group",
        "filtering", "vector", "ann", "masked", "writetime", "cast", "int", "uuid"}) {
    EXPECT_EQ(parse_as<SelectStatement>(std::string("SELECT ") + word + " FROM t").items.size(), 1u) << word;
  }
  for (const char* word :
       {"select", "from", "where", "table", "token", "order", "limit", "set", "to", "of", "nan"}) {
    EXPECT_FALSE(parse(std::string("CREATE TABLE ") + word + " (a int PRIMARY KEY)").ok()) << word;
  }
}

TEST(Parser, Terms) {
  EXPECT_EQ(term_text("'it''s'"), "'it's'");  // for people, not to be parsed again
  EXPECT_EQ(term_text("$$a 'b' $ c$$"), "'a 'b' $ c'");
  EXPECT_EQ(term_text("0xCAFE"), "0xCAFE");
  EXPECT_EQ(term_text("-12"), "-12");
  EXPECT_EQ(term_text("-1.5e10"), "-1.5e10");
  EXPECT_EQ(term_text("TRUE"), "TRUE");
  EXPECT_EQ(term_text("-infinity"), "-Infinity");
  EXPECT_EQ(term_text("NaN"), "NaN");
  EXPECT_EQ(term_text("1y2mo3d"), "1y2mo3d");
  EXPECT_EQ(term_text("P1Y2M3DT4H"), "P1Y2M3DT4H");
  EXPECT_EQ(term_text("123e4567-e89b-12d3-a456-426614174000"), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(term_text("[1, ?, [2]]"), "[1, ?, [2]]");
  EXPECT_EQ(term_text("{1, 2}"), "{1, 2}");
  EXPECT_EQ(term_text("{1: 'a', 2: :b}"), "{1: 'a', 2: ?}");
  EXPECT_EQ(term_text("{(1, 2): 3}"), "{(1, 2): 3}");
  EXPECT_EQ(term_text("{a: 1, \"B\": {c: 2}}"), "{a: 1, B: {c: 2}}");
  EXPECT_EQ(term_text("(1, 'x', null)"), "(1, 'x', NULL)");
  EXPECT_EQ(term_text("(int) ?"), "(int)?");
  EXPECT_EQ(term_text("(int) :x"), "(int)?");
  EXPECT_EQ(term_text("(frozen<list<ks.Address>>) [1]"), "(frozen<list<frozen<ks.address>>>)[1]");
  EXPECT_EQ(term_text("(ks.address) {a: 1}"), "(ks.address){a: 1}");
  EXPECT_EQ(term_text("CAST(1 AS text)"), "cast(1 as text)");
  EXPECT_EQ(term_text("1 + 2 * -f(3) - 4"), "1 + 2 * -f(3) - 4");
  EXPECT_EQ(term_text("now()"), "now()");
}

TEST(Parser, KindsOfConstants) {
  const auto kind = [](const char* text) { return (*parse_term(text))->as<Constant>()->kind; };
  EXPECT_EQ(kind("1"), ConstantKind::kInteger);
  EXPECT_EQ(kind("1."), ConstantKind::kFloat);
  EXPECT_EQ(kind("1e3"), ConstantKind::kFloat);
  EXPECT_EQ(kind("0x"), ConstantKind::kHex);
  EXPECT_EQ(kind("12h"), ConstantKind::kDuration);
  EXPECT_EQ(kind("-P1W"), ConstantKind::kDuration);
  EXPECT_EQ(kind("false"), ConstantKind::kBoolean);
  EXPECT_EQ(kind("Infinity"), ConstantKind::kFloat);
}

TEST(Parser, SelectorsReachIntoValues) {
  const auto select =
      parse_as<SelectStatement>("SELECT a.b.c, m['x'], s[1..2], s[..3], s[4..], a - 1, (a + b) * 2 FROM t");
  std::vector<std::string> texts;
  for (const SelectItem& item : select.items) texts.push_back(to_string(*item.value));
  EXPECT_THAT(texts, ElementsAre("a.b.c", "m['x']", "s[1..2]", "s[..3]", "s[4..]", "a - 1", "(a + b) * 2"));
}

TEST(Parser, Types) {
  EXPECT_EQ(type_text("Map<TEXT, frozen<List<int>>>"), "map<text, frozen<list<int>>>");
  EXPECT_EQ(type_text("tuple<int, ks.\"My Type\">"), "tuple<int, ks.\"My Type\">");
  EXPECT_EQ(type_text("vector<float, 3>"), "vector<float, 3>");
  EXPECT_EQ(type_text("'org.apache.cassandra.db.marshal.Int32Type'"),
            "'org.apache.cassandra.db.marshal.Int32Type'");
  EXPECT_EQ(type_text("byte"), "Invalid (reserved) user type name byte");
}

TEST(Parser, Insert) {
  const auto insert = parse_as<InsertStatement>(
      "INSERT INTO t (a, \"B\") VALUES (1, {2}) IF NOT EXISTS USING TTL ? AND TIMESTAMP 5");
  EXPECT_THAT(insert.columns, ElementsAre("a", "B"));
  EXPECT_EQ(insert.values.size(), 2u);
  EXPECT_TRUE(insert.conditions.if_not_exists);
  EXPECT_TRUE(insert.attributes.ttl->as<BindMarker>());
  EXPECT_EQ(to_string(*insert.attributes.timestamp), "5");
  EXPECT_TRUE(parse_as<InsertStatement>("INSERT INTO t JSON '{}' DEFAULT UNSET").json_default_unset);
  EXPECT_TRUE(parse_as<InsertStatement>("INSERT INTO t JSON :j DEFAULT NULL IF NOT EXISTS").json);
}

TEST(Parser, UpdateAssignments) {
  const auto update = parse_as<UpdateStatement>(
      "UPDATE t USING TIMESTAMP 1 SET a = 1, b = b + [2], c = [3] + c, d -= {4}, e[5] = 6, f.g = 7, count = "
      "count -8, "
      "h = h - 9, i += 1 WHERE k = 1 IF a = 1 AND l[0] > 2 AND f.g IN ? AND s CONTAINS 3");
  std::vector<AssignmentKind> kinds;
  for (const Assignment& assignment : update.assignments) kinds.push_back(assignment.kind);
  EXPECT_THAT(kinds,
              ElementsAre(AssignmentKind::kSet, AssignmentKind::kAdd, AssignmentKind::kPrepend,
                          AssignmentKind::kSubtract, AssignmentKind::kSetElement, AssignmentKind::kSetField,
                          AssignmentKind::kAdd, AssignmentKind::kSubtract, AssignmentKind::kAdd));
  EXPECT_EQ(to_string(*update.assignments[6].value), "-8");
  ASSERT_EQ(update.conditions.columns.size(), 4u);
  EXPECT_TRUE(update.conditions.columns[1].element);
  EXPECT_EQ(update.conditions.columns[2].field, "g");
  EXPECT_TRUE(update.conditions.columns[2].in_list);
  EXPECT_TRUE(parse_as<UpdateStatement>("UPDATE t SET a = 1 WHERE k = 1 IF EXISTS").conditions.if_exists);
  EXPECT_EQ(
      parse_as<UpdateStatement>("UPDATE t SET a = 1 WHERE k = 1 IF exists = 2").conditions.columns.size(),
      1u);
  EXPECT_EQ(error_of("UPDATE t SET a = b + 1 WHERE k = 1"),
            "Only expressions of the form X = X +<value> are supported.");
  EXPECT_EQ(error_of("UPDATE t SET a = 1, a = 2 WHERE k = 1"), "Multiple incompatible setting of column a");
}

TEST(Parser, Delete) {
  const auto erase = parse_as<DeleteStatement>(
      "DELETE a, b[1], c.d FROM t USING TIMESTAMP ? WHERE k = 1 AND c > 2 IF EXISTS");
  ASSERT_EQ(erase.deletions.size(), 3u);
  EXPECT_TRUE(erase.deletions[1].element);
  EXPECT_EQ(erase.deletions[2].field, "d");
  EXPECT_TRUE(erase.attributes.timestamp);
  EXPECT_TRUE(parse_as<DeleteStatement>("DELETE FROM t WHERE k = 1").deletions.empty());
}

TEST(Parser, Batch) {
  const auto batch = parse_as<BatchStatement>(
      "BEGIN UNLOGGED BATCH USING TIMESTAMP 9 INSERT INTO t (a) VALUES (?); UPDATE t SET a = ? WHERE k = 1 "
      "DELETE FROM t WHERE k = ?; APPLY BATCH;");
  EXPECT_EQ(batch.kind, BatchKind::kUnlogged);
  EXPECT_EQ(batch.statements.size(), 3u);
  EXPECT_TRUE(parse_as<BatchStatement>("BEGIN BATCH APPLY BATCH").statements.empty());
  EXPECT_EQ(parse_as<BatchStatement>("begin counter batch apply batch").kind, BatchKind::kCounter);
}

TEST(Parser, CreateTable) {
  const auto table = parse_as<CreateTableStatement>(
      "CREATE TABLE IF NOT EXISTS ks.t (a int, b list<text>, c ks.u STATIC, d text MASKED WITH DEFAULT, "
      "PRIMARY KEY ((a, b), c, d)) WITH CLUSTERING ORDER BY (c DESC, d ASC) AND comment = 'x' "
      "AND compaction = {'class': 'LeveledCompactionStrategy'} AND COMPACT STORAGE AND cdc = false");
  EXPECT_TRUE(table.if_not_exists);
  EXPECT_EQ(table.columns.size(), 4u);
  EXPECT_TRUE(table.columns[2].is_static);
  EXPECT_TRUE(table.columns[3].mask);
  ASSERT_EQ(table.partition_keys.size(), 1u);
  EXPECT_THAT(table.partition_keys[0], ElementsAre("a", "b"));
  EXPECT_THAT(table.clustering_keys[0], ElementsAre("c", "d"));
  EXPECT_TRUE(table.clustering_order[0].descending);
  EXPECT_TRUE(table.compact_storage);
  ASSERT_EQ(table.properties.size(), 3u);
  EXPECT_EQ(table.properties[1].value.map->at(0).second, "LeveledCompactionStrategy");
  EXPECT_TRUE(
      parse_as<CreateTableStatement>("CREATE COLUMNFAMILY t (a int PRIMARY KEY,)").columns[0].primary_key);
}

TEST(Parser, AlterTable) {
  const auto change = [](const char* text) { return parse_as<AlterTableStatement>(text).change; };
  EXPECT_EQ(std::get<AddColumns>(change("ALTER TABLE t ADD (a int, b text static)")).columns.size(), 2u);
  EXPECT_TRUE(std::get<AddColumns>(change("ALTER TABLE t ADD IF NOT EXISTS a int")).if_not_exists);
  EXPECT_EQ(std::get<DropColumns>(change("ALTER TABLE t DROP (a, b) USING TIMESTAMP 5")).columns.size(), 2u);
  EXPECT_THAT(std::get<DropColumns>(change("ALTER TABLE t DROP compact")).columns, ElementsAre("compact"));
  EXPECT_TRUE(std::holds_alternative<DropCompactStorage>(change("ALTER TABLE t DROP COMPACT STORAGE")));
  EXPECT_EQ(std::get<RenameColumns>(change("ALTER TABLE t RENAME a TO b AND c TO d")).names.size(), 2u);
  EXPECT_EQ(std::get<AlterColumnType>(change("ALTER TABLE t ALTER a TYPE text")).type.text, "text");
  EXPECT_TRUE(std::get<MaskColumn>(change("ALTER TABLE t ALTER a MASKED WITH f(1)")).mask);
  EXPECT_FALSE(std::get<MaskColumn>(change("ALTER TABLE t ALTER IF EXISTS a DROP MASKED")).mask);
  EXPECT_EQ(std::get<SetOptions>(change("ALTER TABLE t WITH comment = 'x' AND cdc = true")).properties.size(),
            2u);
}

TEST(Parser, EverythingElseParses) {
  for (const char* text :
       {"CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy', "
        "'replication_factor': 3} AND "
        "durable_writes = false",
        "ALTER KEYSPACE IF EXISTS k WITH durable_writes = true",
        "DROP KEYSPACE IF EXISTS k",
        "DROP TABLE IF EXISTS k.t",
        "CREATE TYPE k.u (a int, b frozen<list<text>>)",
        "ALTER TYPE u ADD a int",
        "ALTER TYPE u RENAME a TO b AND c TO d",
        "ALTER TYPE u ALTER a TYPE text",
        "DROP TYPE IF EXISTS k.u",
        "CREATE INDEX ON t (a)",
        "CREATE INDEX IF NOT EXISTS i ON k.t (keys(m))",
        "CREATE CUSTOM INDEX i ON t (v) USING 'StorageAttachedIndex' WITH OPTIONS = {'a': 'b'}",
        "DROP INDEX IF EXISTS k.i",
        "CREATE MATERIALIZED VIEW v AS SELECT * FROM t WHERE a IS NOT NULL AND b IS NOT NULL PRIMARY KEY "
        "((a), b) WITH "
        "CLUSTERING ORDER BY (b DESC) AND comment = 'x'",
        "ALTER MATERIALIZED VIEW v WITH comment = 'x'",
        "DROP MATERIALIZED VIEW v",
        "CREATE OR REPLACE FUNCTION k.f (a int, b text) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java "
        "AS $$ return a; $$",
        "DROP FUNCTION IF EXISTS f (int, text)",
        "CREATE AGGREGATE a (int) SFUNC s STYPE tuple<int, int> FINALFUNC f INITCOND (0, 0)",
        "DROP AGGREGATE a",
        "CREATE TRIGGER x ON t USING 'org.X'",
        "DROP TRIGGER x ON t",
        "CREATE ROLE IF NOT EXISTS r WITH PASSWORD = 'x' AND LOGIN = true AND SUPERUSER = false AND OPTIONS "
        "= {'a': 'b'} "
        "AND ACCESS TO DATACENTERS {'dc1'}",
        "ALTER ROLE r WITH HASHED PASSWORD = 'x'",
        "DROP ROLE r",
        "CREATE USER u WITH PASSWORD 'x' SUPERUSER",
        "ALTER USER 'u' NOSUPERUSER",
        "DROP USER u",
        "GRANT a TO b",
        "REVOKE a FROM b",
        "GRANT ALL PERMISSIONS ON ALL KEYSPACES TO r",
        "GRANT SELECT, MODIFY PERMISSION ON KEYSPACE k TO r",
        "REVOKE EXECUTE ON FUNCTION k.f(int) FROM r",
        "GRANT all TO x",
        "GRANT UNMASK ON TABLE k.t TO r",
        "LIST ALL PERMISSIONS OF r NORECURSIVE",
        "LIST SELECT ON k.t",
        "LIST ROLES OF r",
        "LIST USERS",
        "ADD IDENTITY 'x' TO ROLE r",
        "DROP IDENTITY IF EXISTS 'x'",
        "TRUNCATE t",
        "TRUNCATE TABLE k.t",
        "USE \"K\"",
        "SELECT v FROM t ORDER BY v ANN OF [1.0, 2.0] LIMIT 3",
        "SELECT * FROM t WHERE (b, c) > (1, 2) AND ((d = 1))",
        "SELECT * FROM t WHERE expr(i, 'x') AND a = 1",
        "SELECT (a) AS x, (b, c) FROM t",
        "SELECT a FROM t -- comment\n WHERE /* more */ k = 1 // end\n"}) {
    const auto statement = parse(text);
    EXPECT_TRUE(statement.ok()) << text << "\n" << (statement ? "" : statement.error().message);
  }
}

TEST(Parser, Describe) {
  const auto kind = [](const char* text) { return parse_as<DescribeStatement>(text).kind; };
  using Kind = DescribeStatement::Kind;
  EXPECT_EQ(kind("DESCRIBE CLUSTER"), Kind::kCluster);
  EXPECT_EQ(kind("DESC FULL SCHEMA"), Kind::kSchema);
  EXPECT_EQ(kind("DESC KEYSPACE"), Kind::kKeyspace);
  EXPECT_EQ(kind("DESC ONLY KEYSPACE k WITH INTERNALS"), Kind::kKeyspace);
  EXPECT_EQ(kind("DESC TABLES"), Kind::kTables);
  EXPECT_EQ(kind("DESC TABLE k.t"), Kind::kTable);
  EXPECT_EQ(kind("DESC FUNCTION count"), Kind::kFunction);
  EXPECT_EQ(kind("DESC k"), Kind::kAny);
  EXPECT_EQ(kind("DESC tables.x"), Kind::kAny);
  EXPECT_EQ(kind("DESC type"), Kind::kAny);
  EXPECT_TRUE(parse_as<DescribeStatement>("DESC ONLY KEYSPACE k WITH INTERNALS").with_internals);
}

// The texts are Cassandra 5.0.8's.
TEST(Parser, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(error_of("FOO"), "line 1:0 no viable alternative at input 'FOO' ([FOO])");
  EXPECT_EQ(error_of("SELECT FROM t"), "line 1:7 no viable alternative at input 'FROM' (SELECT [FROM]...)");
  EXPECT_THAT(error_of("SELECT * FRO t"),
              StartsWith("line 1:9 mismatched input 'FRO' expecting K_FROM (SELECT * [FRO]...)"));
  EXPECT_EQ(error_of("SELECT * FROM t WHERE"), "line 0:-1 no viable alternative at input '<EOF>'");
  EXPECT_EQ(error_of("SELECT 'abc FROM t"), "line 1:18 mismatched character '<EOF>' expecting '''");
  EXPECT_EQ(error_of("SELECT # FROM t"), "line 1:7 no viable alternative at character '#'");
  EXPECT_EQ(error_of("SELECT * FROM t; SELECT * FROM t"),
            "line 1:17 mismatched input 'SELECT' expecting EOF (SELECT * FROM t; [SELECT]...)");
  EXPECT_EQ(error_of("SELECT * FROM ks.t WHERE a = 1 LIMIT x"),
            "line 1:37 no viable alternative at input 'x' (...WHERE a = 1 LIMIT [x])");
  EXPECT_EQ(error_of("INSERT INTO t (a) VALUES (b)"),
            "line 1:27 no viable alternative at input ')' (... t (a) VALUES ([b]))");
  EXPECT_EQ(error_of("DELETE * FROM t"), "line 1:7 mismatched input '*' expecting K_FROM (DELETE [*]...)");
  EXPECT_EQ(error_of("SELECT * FROM t WHERE k NOT IN (1)"),
            "line 1:24 no viable alternative at input 'NOT' (SELECT * FROM t WHERE [k] NOT...)");
  EXPECT_EQ(error_of("CREATE TABLE a LIKE b"),
            "line 1:15 no viable alternative at input 'LIKE' (CREATE TABLE [a] LIKE...)");
  EXPECT_THAT(error_of("SELECT *\nFROM t\n WHERE !"), StartsWith("line 3:8 "));
  EXPECT_EQ(error_of("SELECT * FROM ?"), "Bind variables cannot be used for table names");
  EXPECT_EQ(error_of("CREATE TABLE t (a int PRIMARY KEY) WITH comment = 'a' AND comment = 'b'"),
            "Multiple definitions for property 'comment'");
  EXPECT_EQ(
      error_of("CREATE KEYSPACE x WITH replication = {'class': ?}"),
      "Invalid property value: ? for property: 'class' (bind variables are not supported in DDL queries)");
  EXPECT_FALSE(parse("").ok());
  EXPECT_FALSE(parse(std::string_view("SELECT \0 FROM t", 15)).ok());
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Parser, NestingIsLimited) {
  const std::vector<std::pair<std::string, std::string>> around = {{"[", "]"},     {"(", ")"},  {"f(", ")"},
                                                                   {"{", "}"},     {"- ", ""},  {"1 + ", ""},
                                                                   {"(int) ", ""}, {"", " + 1"}};
  for (const auto& pair : around) {
    const auto& before = pair.first;
    const auto nested = [&](int levels) {
      return "SELECT " + repeat(before, levels) + "1" + repeat(pair.second, levels) + " FROM t";
    };
    EXPECT_TRUE(parse(nested(kMaxNesting / 2)).ok()) << before;
    EXPECT_THAT(error_of(nested(kMaxNesting + 1)), HasSubstr("nested deeper")) << before;
    EXPECT_FALSE(parse(nested(10'000)).ok()) << before;
  }
  const std::string type = repeat("frozen<list<", kMaxNesting) + "int" + repeat(">>", kMaxNesting);
  EXPECT_THAT(error_of("CREATE TABLE t (a " + type + " PRIMARY KEY)"), HasSubstr("nested deeper"));
  EXPECT_FALSE(parse("SELECT " + repeat("(", 100'000)).ok());
  EXPECT_TRUE(
      parse("BEGIN BATCH " + repeat("DELETE FROM t WHERE k = 1 AND c < 2;", 1000) + " APPLY BATCH").ok());
}

}  // namespace
}  // namespace keyzone::cql
