// Plays every scenario of tests/raft/data. With KEYZONE_REWRITE=1 the files are rewritten with what happened:
// read the difference before it is committed.
#include "tests/raft/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace keyzone::raft::test {
namespace {

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(KEYZONE_SOURCE_DIR "/tests/raft/data")) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, GoesAsWritten) {
  const std::string path = KEYZONE_SOURCE_DIR "/tests/raft/data/" + GetParam() + ".txt";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string played = play(text.str());
  if (std::getenv("KEYZONE_REWRITE")) {
    std::ofstream(path) << played;
  } else {
    EXPECT_EQ(played, text.str());
  }
  EXPECT_EQ(played.find("JUDGED"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, Scenario, testing::ValuesIn(scenarios()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace keyzone::raft::test
