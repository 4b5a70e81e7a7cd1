// Scenarios are text: tests/cql/data/*.txt. A file is run from top to bottom in one keyspace; each paragraph
// is one statement and what came of it. KEYZONE_REWRITE=1 writes what came instead: read the diff before it
// is committed.
//
//   # a comment
//   @page 2          the next statement's page size
//   @timestamp 5     the next statement's timestamp, in microseconds
//   @advance 10      seconds
//   > SELECT * FROM t WHERE k = ? :: 1
//   k | v
//   1 | 'a'
//   (1 rows)
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/cql/world.h"

namespace keyzone::cql {
namespace {

// Values apart at commas that stand in no bracket and no string.
std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && (c == '(' || c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ')' || c == ']' || c == '}')) --depth;
    if (c == ',' && depth == 0 && !quoted) {
      out.emplace_back();
    } else if (c != ' ' || depth > 0 || quoted || !out.back().empty()) {
      out.back().push_back(c);
    }
  }
  return out;
}

World::Request parse_request(const std::string& line) {
  World::Request request;
  const size_t at = line.find(" :: ");
  request.text = line.substr(0, at);
  if (at == std::string::npos) return request;
  for (std::string& value : split_values(line.substr(at + 4))) {
    const size_t equal = value.find(" = ");
    if (equal != std::string::npos) {
      request.names.push_back(value.substr(0, equal));
      value = value.substr(equal + 3);
    }
    request.values.push_back(value);
  }
  return request;
}

bool rewriting() { return std::getenv("KEYZONE_REWRITE") != nullptr; }

class Scenario {
 public:
  // The file with the answers that came.
  std::string run(std::istream& in) {
    std::string out;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("> ")) {
        const std::string wanted = read_answer(in), came = execute(line.substr(2));
        if (!rewriting()) {
          EXPECT_EQ(wanted, came) << line;
        }
        out += line + "\n" + came + "\n";
      } else {
        if (line.starts_with("@")) direct(line);
        out += line + "\n";
      }
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
  }

 private:
  static std::string read_answer(std::istream& in) {
    std::string out;
    for (std::string line; std::getline(in, line) && !line.empty();) out += line + "\n";
    return out;
  }

  std::string execute(const std::string& line) {
    World::Request request = parse_request(line);
    request.page_size = page_size_;
    request.timestamp = timestamp_;
    page_size_.reset();
    timestamp_.reset();
    return world_.run(request);
  }

  void direct(const std::string& line) {
    std::istringstream words(line.substr(1));
    std::string verb;
    int64_t number = 0;
    words >> verb >> number;
    if (verb == "page") page_size_ = static_cast<int32_t>(number);
    if (verb == "timestamp") timestamp_ = number;
    if (verb == "advance") world_.advance(number);
  }

  World world_;
  std::optional<int32_t> page_size_;
  std::optional<Timestamp> timestamp_;
};

std::vector<std::string> scenario_names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(KEYZONE_SOURCE_DIR "/tests/cql/data")) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path().stem().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class ScenarioTest : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, GivesWhatIsWritten) {
  const std::string path = std::string(KEYZONE_SOURCE_DIR "/tests/cql/data/") + GetParam() + ".txt";
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  const std::string came = Scenario().run(written);
  if (rewriting()) std::ofstream(path) << came;
}

INSTANTIATE_TEST_SUITE_P(Cql, ScenarioTest, testing::ValuesIn(scenario_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace keyzone::cql
