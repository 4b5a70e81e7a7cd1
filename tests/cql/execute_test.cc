// What the door promises beside rows: ids, bind variables, staleness, tokens, what becomes of several
// mutations.
#include <chrono>

#include "schema/types/token.h"
#include "tests/cql/world.h"

namespace keyzone::cql {
namespace {

class ExecuteTest : public testing::Test {
 protected:
  ExecuteTest() {
    EXPECT_EQ(world_.run({"CREATE TABLE t (a int, b text, c int, v int, w text, PRIMARY KEY ((a, b), c))"}),
              "ok\n");
    EXPECT_EQ(world_.run({"CREATE TABLE u (k int PRIMARY KEY, v text)"}), "ok\n");
  }
  PreparedPtr prepared(const std::string& text) {
    auto statement = world_.prepare_text(text);
    EXPECT_TRUE(statement) << (statement ? "" : statement.error().message);
    return statement ? *statement : nullptr;
  }
  WriteExecution write(const std::string& text, std::vector<std::string> values) {
    const PreparedPtr statement = prepared(text);
    auto bound = world_.bind(*statement, {text, std::move(values)});
    EXPECT_TRUE(bound);
    auto execution = begin(statement, world_.options(*bound), world_.catalog());
    EXPECT_TRUE(execution) << (execution ? "" : execution.error().message);
    return std::get<WriteExecution>(*std::move(execution));
  }

  World world_;
};

TEST_F(ExecuteTest, TellsWhatDriversAskOfPreparedStatements) {
  const PreparedPtr statement = prepared("INSERT INTO t (v, b, c, a) VALUES (?, ?, :named, ?) USING TTL ?");
  const PreparedInfo& info = statement->info();
  EXPECT_EQ(info.kind, StatementKind::kInsert);
  EXPECT_EQ(info.id.size(), 16u);
  EXPECT_EQ(info.partition_key_indexes, (std::vector<uint16_t>{3, 1}));
  std::vector<std::string> names;
  for (const ColumnSpec& spec : *info.bind_variables)
    names.push_back(spec.name + " " + spec.type->to_string());
  EXPECT_EQ(names, (std::vector<std::string>{"v int", "b text", "named int", "a int", "[ttl] int"}));
  EXPECT_EQ(info.result_columns, nullptr);
  EXPECT_EQ(prepared("SELECT * FROM t WHERE a = ? AND b = 'x'")->info().partition_key_indexes.size(), 0u);
  EXPECT_EQ(prepared("SELECT v FROM t WHERE a = ? AND b = ? LIMIT ?")->info().result_columns->size(), 1u);
}

TEST_F(ExecuteTest, IdsAreMd5OfKeyspaceAndText) {
  const Bytes id = prepared_id("SELECT 1", "ks");
  EXPECT_NE(id, prepared_id("SELECT 1", ""));
  EXPECT_EQ(id, prepared_id("ksSELECT 1", ""));
}

TEST_F(ExecuteTest, MarkersAreAsManyAsTheProtocolCanCount) {
  const auto asked = [](size_t markers) {
    std::string text = "SELECT v FROM u WHERE k IN (?";
    for (size_t i = 1; i < markers; ++i) text += ", ?";
    return text + ")";
  };
  EXPECT_EQ(prepared(asked(kMarkersMax))->info().bind_variables->size(), kMarkersMax);
  const auto refused = world_.prepare_text(asked(kMarkersMax + 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Too many markers(?). 65536 markers exceed the allowed maximum of 65535");
}

TEST_F(ExecuteTest, AStatementIsStaleOnceItsTableChanged) {
  const PreparedPtr statement = prepared("SELECT * FROM u WHERE k = 1");
  EXPECT_TRUE(is_current(*statement, *world_.catalog()));
  EXPECT_EQ(world_.run({"ALTER TABLE u ADD x int"}), "ok\n");
  EXPECT_FALSE(is_current(*statement, *world_.catalog()));
  const auto refused = begin(statement, world_.options({}), world_.catalog());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStale);
}

TEST_F(ExecuteTest, APointWriteIsOneCommandForItsToken) {
  const WriteExecution execution =
      write("INSERT INTO t (a, b, c, v) VALUES (?, ?, ?, ?)", {"1", "'x'", "2", "3"});
  ASSERT_EQ(execution.commands.size(), 1u);
  const TabletCommand& command = execution.commands[0];
  ASSERT_EQ(command.command.mutations.size(), 1u);
  const Mutation& mutation = command.command.mutations[0];
  EXPECT_EQ(mutation.partition_key, Bytes("\0\4\0\0\0\1\0\0\1x\0", 11));
  EXPECT_EQ(command.token, token_of(mutation.partition_key));
  EXPECT_EQ(mutation.token, command.token);
  ASSERT_EQ(mutation.rows.size(), 1u);
  EXPECT_TRUE(mutation.rows[0].marker);
  EXPECT_EQ(mutation.rows[0].cells.size(), 1u);
}

TEST_F(ExecuteTest, WhatGoesToOneTabletIsOneCommand) {
  std::string text = "BEGIN BATCH ";
  for (int i = 0; i < 40; ++i) text += "INSERT INTO u (k, v) VALUES (" + std::to_string(i) + ", 'x'); ";
  const WriteExecution execution = write(text + "APPLY BATCH", {});
  EXPECT_EQ(execution.commands.size(), 3u);
  size_t mutations = 0;
  const TabletMap& map = *world_.catalog()->tablets.at(execution.commands[0].table);
  for (const TabletCommand& command : execution.commands) {
    mutations += command.command.mutations.size();
    for (const Mutation& mutation : command.command.mutations) {
      EXPECT_EQ(map.find(mutation.token).end, map.find(command.token).end);
    }
  }
  EXPECT_EQ(mutations, 40u);
}

TEST_F(ExecuteTest, BatchMessages) {
  EXPECT_EQ(world_.run_batch(BatchKind::kLogged, {{"INSERT INTO u (k, v) VALUES (?, ?)", {"1", "'a'"}},
                                                  {"UPDATE u SET v = ? WHERE k = 2", {"'b'"}}}),
            "ok\n");
  EXPECT_EQ(world_.run({"SELECT * FROM u"}), "k | v\n1 | 'a'\n2 | 'b'\n(2 rows)\n");
  EXPECT_EQ(world_.run_batch(BatchKind::kLogged, {{"SELECT * FROM u"}}),
            "Invalid: Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.\n");
  EXPECT_EQ(world_.run_batch(BatchKind::kCounter, {{"DELETE FROM u WHERE k = 1"}}),
            "Invalid: Cannot include non-counter statement in a counter batch\n");
}

TEST_F(ExecuteTest, PageStatesAreChecked) {
  const PreparedPtr statement = prepared("SELECT * FROM u");
  ExecuteOptions options = world_.options({});
  for (const Bytes& state : {Bytes(), Bytes("\1"), Bytes("\2\0\0", 3), Bytes("nonsense")}) {
    options.paging_state = state;
    const auto refused = begin(statement, options, world_.catalog());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kProtocol);
  }
}

TEST_F(ExecuteTest, TheKeyspacesDialectRefuses) {
  world_.dialect() = keyspaces_dialect();
  EXPECT_EQ(world_.run({"SELECT count(*) FROM u"}), "Invalid: countRows is not yet supported.\n");
  EXPECT_EQ(world_.run({"SELECT * FROM u PER PARTITION LIMIT 1"}),
            "Invalid: PER PARTITION LIMIT is not supported\n");
  EXPECT_EQ(world_.run({"DELETE FROM u WHERE k IN (1, 2)"}),
            "Invalid: IN restrictions are not supported in UPDATE and DELETE statements\n");
}

// Resolving a call must not resolve what is inside it once for each overload.
TEST_F(ExecuteTest, DeepTermsArePlannedInTime) {
  std::string sum = "1", calls = "v", negations = "k";
  for (int i = 0; i < 40; ++i) {
    sum = "abs(" + sum + " + 1)";
    calls = "abs(" + calls + ")";
    negations = "abs(-" + negations + ")";
  }
  for (int i = 0; i < 50; ++i) sum += " + 1";
  EXPECT_EQ(world_.run({"INSERT INTO u (k, v) VALUES (" + sum + ", 'x')"}), "ok\n");
  EXPECT_EQ(world_.run({"SELECT " + negations + " FROM u"}).substr(0, 10), "system.abs");
  EXPECT_EQ(world_.run({"SELECT " + calls + " FROM t"}).substr(0, 10), "system.abs");
}

// Not an assertion: prints what a hot execution costs.
TEST_F(ExecuteTest, HotExecutions) {
  const std::pair<const char*, std::vector<std::string>> statements[] = {
      {"INSERT INTO t (a, b, c, v, w) VALUES (?, ?, ?, ?, ?)",
       {"1", "'x'", "2", "3", "'some text of a length'"}},
      {"SELECT * FROM t WHERE a = ? AND b = ? AND c = ?", {"1", "'x'", "2"}},
  };
  for (const auto& [text, values] : statements) {
    const PreparedPtr statement = prepared(text);
    auto bound = world_.bind(*statement, {text, values});
    ASSERT_TRUE(bound);
    const ExecuteOptions options = world_.options(*bound);
    constexpr int kRounds = 20000;
    size_t sum = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
      auto execution = begin(statement, options, world_.catalog());
      ASSERT_TRUE(execution);
      if (auto* read = std::get_if<ReadExecution>(&*execution)) sum += read->next().has_value();
    }
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
    RecordProperty(text, std::to_string(spent.count() / kRounds));
    std::printf("%.2f us  %s (%zu)\n", spent.count() / kRounds, text, sum);
  }
}

}  // namespace
}  // namespace keyzone::cql
