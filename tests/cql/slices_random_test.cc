// Random WHERE clauses over a table sorted both ways, against rows filtered one by one; whole and in pages.
#include <algorithm>
#include <array>
#include <random>
#include <sstream>

#include "tests/cql/world.h"

namespace keyzone::cql {
namespace {

constexpr int kValues = 4;  // of each clustering column: 0 .. 3
using Key = std::array<int, 3>;
constexpr std::array<bool, 3> kDescending = {false, true, false};
const char* const kNames[] = {"a", "b", "c"};

bool sorts_before(const Key& x, const Key& y) {
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != y[i]) return (x[i] < y[i]) != kDescending[i];
  }
  return false;
}

// One condition on the columns from `first` on.
struct Clause {
  size_t first = 0;
  std::string op;
  std::vector<std::vector<int>> tuples;

  bool holds(const Key& key) const {
    for (const std::vector<int>& tuple : tuples) {
      const std::vector<int> have(key.begin() + static_cast<long>(first),
                                  key.begin() + static_cast<long>(first + tuple.size()));
      if (op == ">"    ? have > tuple
          : op == ">=" ? have >= tuple
          : op == "<"  ? have < tuple
          : op == "<=" ? have <= tuple
                       : have == tuple) {
        return true;
      }
    }
    return false;
  }

  std::string to_string() const {
    const bool one = tuples[0].size() == 1;
    std::string left, right;
    for (size_t i = 0; i < tuples[0].size(); ++i) left += (i ? ", " : "") + std::string(kNames[first + i]);
    for (const std::vector<int>& tuple : tuples) {
      std::string text;
      for (const int v : tuple) text += (text.empty() ? "" : ", ") + std::to_string(v);
      right += (right.empty() ? "" : ", ") + (one ? text : "(" + text + ")");
    }
    if (!one) left = "(" + left + ")";
    return left + " " + op + " " + (op == "IN" ? "(" + right + ")" : right);
  }
};

class RandomSlices {
 public:
  explicit RandomSlices(uint64_t seed) : random_(seed) {}

  // = or IN on some first columns, then perhaps a slice from one side or two.
  std::vector<Clause> draw() {
    std::vector<Clause> tests;
    size_t at = 0;
    while (at < 3 && draw(3) > 0) {
      const size_t width = 1 + draw(3 - at);
      const bool in = draw(2) == 0;
      Clause& test = tests.emplace_back(Clause{at, in ? "IN" : "=", {}});
      for (size_t n = in ? 1 + draw(3) : 1; n > 0; --n) test.tuples.push_back(tuple(width));
      at += width;
    }
    if (at == 3 || draw(4) == 0) return tests;
    const size_t sides = draw(3);
    if (sides != 1) tests.push_back({at, draw(2) ? ">" : ">=", {tuple(1 + draw(3 - at))}});
    if (sides != 0) tests.push_back({at, draw(2) ? "<" : "<=", {tuple(1 + draw(3 - at))}});
    return tests;
  }
  size_t draw(size_t below) { return random_() % below; }

 private:
  std::vector<int> tuple(size_t width) {
    std::vector<int> out;
    for (size_t i = 0; i < width; ++i) out.push_back(static_cast<int>(draw(kValues)));
    return out;
  }
  std::mt19937_64 random_;
};

std::string rows_of(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool row = !line.empty() && (isdigit(line[0]) || line[0] == '-') && line.find("--") != 0;
    if (row || line.find("Invalid") == 0) out += line + "\n";
  }
  return out;
}

TEST(SlicesRandomTest, GiveWhatFilteringGives) {
  World world;
  ASSERT_EQ(world.run({"CREATE TABLE t (k int, a int, b int, c int, v int, PRIMARY KEY (k, a, b, c)) "
                       "WITH CLUSTERING ORDER BY (a ASC, b DESC, c ASC)"}),
            "ok\n");
  RandomSlices random(20261122);
  std::vector<Key> keys;
  for (int i = 0; i < kValues * kValues * kValues; ++i) {
    if (random.draw(4) == 0) continue;
    const Key key = {i / 16, i / 4 % 4, i % 4};
    keys.push_back(key);
    const std::string k =
        std::to_string(key[0]) + ", " + std::to_string(key[1]) + ", " + std::to_string(key[2]);
    ASSERT_EQ(world.run({"INSERT INTO t (k, a, b, c, v) VALUES (1, " + k + ", 0)"}), "ok\n");
  }
  std::sort(keys.begin(), keys.end(), sorts_before);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<Clause> tests = random.draw();
    std::string text = "SELECT a, b, c FROM t WHERE k = 1";
    for (const Clause& test : tests) text += " AND " + test.to_string();
    const bool reversed = random.draw(2) == 0;
    if (reversed) text += " ORDER BY a DESC, b ASC, c DESC";
    const size_t limit = random.draw(3) == 0 ? 1 + random.draw(10) : SIZE_MAX;
    if (limit != SIZE_MAX) text += " LIMIT " + std::to_string(limit);
    std::vector<Key> wanted;
    for (const Key& key : keys) {
      if (std::all_of(tests.begin(), tests.end(), [&](const Clause& t) { return t.holds(key); }))
        wanted.push_back(key);
    }
    if (reversed) std::reverse(wanted.begin(), wanted.end());
    wanted.resize(std::min(wanted.size(), limit));
    std::string expected;
    for (const Key& key : wanted) {
      expected +=
          std::to_string(key[0]) + " | " + std::to_string(key[1]) + " | " + std::to_string(key[2]) + "\n";
    }
    ASSERT_EQ(rows_of(world.run({text})), expected) << text;
    ASSERT_EQ(rows_of(world.run({text, {}, {}, static_cast<int32_t>(1 + random.draw(5))})), expected) << text;
    ASSERT_EQ(rows_of(world.run({text + " ALLOW FILTERING"})), expected) << text;
  }
}

// Pages give what the whole gives, over partitions, statics, filters, limits and groups.
TEST(SlicesRandomTest, PagesGiveWhatTheWholeGives) {
  World world;
  ASSERT_EQ(world.run({"CREATE TABLE t (k int, c int, s int static, v int, PRIMARY KEY (k, c))"}), "ok\n");
  RandomSlices random(7);
  for (int k = 0; k < 30; ++k) {
    if (random.draw(3) == 0) world.run({"INSERT INTO t (k, s) VALUES (?, ?)", {std::to_string(k), "1"}});
    for (size_t c = random.draw(6); c > 0; --c) {
      world.run({"INSERT INTO t (k, c, v) VALUES (?, ?, ?)",
                 {std::to_string(k), std::to_string(c), std::to_string(random.draw(5))}});
    }
  }
  const char* const statements[] = {
      "SELECT k, c, s, v FROM t",
      "SELECT k, c, v FROM t LIMIT 17",
      "SELECT k, c FROM t PER PARTITION LIMIT 2",
      "SELECT k, c FROM t PER PARTITION LIMIT 2 LIMIT 15",
      "SELECT k, c FROM t WHERE v > 2 ALLOW FILTERING",
      "SELECT k, c FROM t WHERE v > 2 PER PARTITION LIMIT 1 ALLOW FILTERING",
      "SELECT k, c FROM t WHERE c > 2 ALLOW FILTERING",
      "SELECT DISTINCT k, s FROM t",
      "SELECT k, count(*), sum(v) FROM t GROUP BY k",
      "SELECT k, c, max(v) FROM t GROUP BY k, c PER PARTITION LIMIT 3 LIMIT 20",
      "SELECT k, c, v FROM t WHERE k IN (1, 5, 9, 13, 17, 21)",
      "SELECT k, c, v FROM t WHERE k IN (1, 5, 9, 13, 17, 21) AND c > 1 LIMIT 7",
      "SELECT k, c FROM t WHERE token(k) > -4000000000000000000 AND token(k) <= 5000000000000000000",
  };
  for (const char* text : statements) {
    const std::string whole = rows_of(world.run({text}));
    EXPECT_NE(whole, "") << text;
    for (int32_t page = 1; page <= 7; ++page) {
      EXPECT_EQ(rows_of(world.run({text, {}, {}, page})), whole) << text << " by " << page;
    }
  }
}

}  // namespace
}  // namespace keyzone::cql
