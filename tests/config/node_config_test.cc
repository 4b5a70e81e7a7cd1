#include "config/node_config.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>

namespace keyzone {
namespace {

using std::chrono::milliseconds;

std::string error_of(const std::string& text) { return read_node_config_text("node.conf", text).error; }

std::string sample(const std::string& name) { return std::string(KEYZONE_SOURCE_DIR) + "/config/" + name; }

TEST(NodeConfig, NothingGivenIsTheDefaults) {
  const auto result = read_node_config({}, {});
  ASSERT_TRUE(result.config) << result.error;
  EXPECT_EQ(result.config->native_transport_port, 9042);
  EXPECT_EQ(result.config->data_center, "datacenter1");
  EXPECT_EQ(result.config->initial_tablets, 6u);
  EXPECT_EQ(result.config->local_one_reads, LocalOneReads::kLinearizable);
}

TEST(NodeConfig, FileSetsEveryKindOfValue) {
  const auto result = read_node_config_text("node.conf",
                                            "# a comment\n"
                                            "  zone = az2   # another\r\n"
                                            "native-transport-port=9043\n"
                                            "seeds = 10.0.0.1:7001, [::1]:7002,host\n"
                                            "read_request_timeout = 1500ms\n"
                                            "write_request_timeout = 3s\n"
                                            "block_cache_size = 8MiB\n"
                                            "row_cache_size = 3MiB\n"
                                            "memory = true\n"
                                            "dialect = keyspaces\n"
                                            "local_one_reads = nearest\n"
                                            "log_level = debug\n");
  ASSERT_TRUE(result.config) << result.error;
  const NodeConfig& config = *result.config;
  EXPECT_EQ(config.zone, "az2");
  EXPECT_EQ(config.native_transport_port, 9043);
  EXPECT_EQ(config.seeds, (std::vector<HostPort>{{"10.0.0.1", 7001}, {"::1", 7002}, {"host", 7000}}));
  EXPECT_EQ(config.read_request_timeout, milliseconds(1500));
  EXPECT_EQ(config.write_request_timeout, milliseconds(3000));
  EXPECT_EQ(config.block_cache_size, 8u << 20);
  EXPECT_EQ(config.row_cache_size, 3u << 20);
  EXPECT_TRUE(config.memory);
  EXPECT_EQ(config.dialect, DialectName::kKeyspaces);
  EXPECT_EQ(config.local_one_reads, LocalOneReads::kNearest);
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
}

TEST(NodeConfig, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of("zone = az1\nnative_port = 1\n"), "node.conf:2: there is no key \"native_port\"");
  EXPECT_EQ(error_of("\n\nstorage_port = 70000"),
            "node.conf:3: storage_port is \"70000\", but it has to be a whole number from 1 to 65535");
  EXPECT_EQ(
      error_of("read_request_timeout = 5"),
      "node.conf:1: read_request_timeout is \"5\", but it has to be a duration from 1ms to 24h with its unit "
      "(ms, s, m, h), such as 500ms or 2s");
  EXPECT_EQ(error_of("dialect = oracle"),
            "node.conf:1: dialect is \"oracle\", but it has to be one of cassandra keyspaces");
  EXPECT_EQ(error_of("zone az1"), "node.conf:1: \"zone az1\" is not `key = value`");
  EXPECT_EQ(error_of("[node]"), "node.conf:1: sections such as \"[node]\" are not used here");
  EXPECT_EQ(error_of("data_file_directories = a,b"),
            "node.conf:1: data_file_directories is \"a,b\", but it has to be one directory");
}

TEST(NodeConfig, GuardrailsAsCassandraNamesThem) {
  const auto result = read_node_config_text("node.conf",
                                            "tables_warn_threshold = 100\n"
                                            "tombstone_failure_threshold = -1\n"
                                            "collection_size_fail_threshold = 64KiB\n"
                                            "maximum_timestamp_warn_threshold = 2s\n"
                                            "maximum_timestamp_fail_threshold = 30d\n"
                                            "minimum_timestamp_warn_threshold = null\n"
                                            "minimum_timestamp_fail_threshold = 5us\n"
                                            "allow_filtering_enabled = false\n"
                                            "zero_ttl_on_twcs_warned = true\n"
                                            "table_properties_ignored = [compression, Caching]\n"
                                            "read_consistency_levels_disallowed = all,two\n"
                                            "write_consistency_levels_warned = []\n");
  ASSERT_TRUE(result.config) << result.error;
  EXPECT_EQ(result.config->guardrails,
            (std::map<std::string, std::int64_t>{{"allow_filtering_enabled", 0},
                                                 {"collection_size_fail_threshold", 65536},
                                                 {"maximum_timestamp_fail_threshold", 2'592'000'000'000},
                                                 {"maximum_timestamp_warn_threshold", 2'000'000},
                                                 {"minimum_timestamp_fail_threshold", 5},
                                                 {"minimum_timestamp_warn_threshold", -1},
                                                 {"tables_warn_threshold", 100},
                                                 {"tombstone_failure_threshold", -1},
                                                 {"zero_ttl_on_twcs_warned", 1}}));
  EXPECT_EQ(result.config->guardrail_names, (std::map<std::string, std::vector<std::string>>{
                                                {"read_consistency_levels_disallowed", {"TWO", "ALL"}},
                                                {"table_properties_ignored", {"caching", "compression"}},
                                                {"write_consistency_levels_warned", {}}}));
  const auto values = node_config_values(*result.config);
  EXPECT_EQ(values.at("collection_size_fail_threshold"), "65536B");
  EXPECT_EQ(values.at("tombstone_warn_threshold"), "1000");
  EXPECT_EQ(values.at("column_value_size_warn_threshold"), "null");
  EXPECT_EQ(values.at("allow_filtering_enabled"), "false");
  EXPECT_EQ(values.at("zero_ttl_on_twcs_enabled"), "true");
  EXPECT_EQ(values.at("table_properties_ignored"), "[caching, compression]");
  EXPECT_EQ(values.at("table_properties_warned"), "[]");
  EXPECT_NE(error_of("tables_fail_threshold = 0"), "");
  EXPECT_NE(error_of("table_properties_warned = comment, id1"), "");
  EXPECT_EQ(error_of("tables_fail_threshold = -2"),
            "node.conf:1: tables_fail_threshold is \"-2\", but it has to be a whole number above 0; -1 for "
            "no limit");
}

TEST(NodeConfig, ValuesAtTheirLimits) {
  for (const char* text :
       {"storage_port = 1", "storage_port = 65535", "http_port = 0", "election_timeout = 24h",
        "write_buffer_size = 64KiB", "write_buffer_size = 256MiB", "shards = 256"}) {
    EXPECT_EQ(error_of(text), "") << text;
  }
  for (const char* text :
       {"storage_port = 0", "storage_port = -1", "storage_port = 1.5", "storage_port = 0x10",
        "storage_port = 18446744073709551617", "election_timeout = 25h", "election_timeout = 0ms",
        "write_buffer_size = 63KiB", "write_buffer_size = 257MiB", "block_cache_size = 1",
        "block_cache_size = 9999999999999GiB", "memory = maybe", "cluster_name =", "seeds = a,,b",
        "seeds = a:0", "seeds = [::1", "seeds = a b", "shards = 257"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(NodeConfig, FlagsWinOverEnvironmentOverFile) {
  const Environment environment = {{"KEYZONE_CONFIG", sample("az1.conf")},
                                   {"KEYZONE_STORAGE_PORT", "7100"},
                                   {"KEYZONE_NATIVE_TRANSPORT_PORT", "9100"},
                                   {"KEYZONE_SERVICE_HOST", "10.0.0.1"}};
  const auto result =
      read_node_config({"--native-transport-port", "9200", "--memory", "--rack=az9"}, environment);
  ASSERT_TRUE(result.config) << result.error;
  EXPECT_EQ(result.config->native_transport_port, 9200);
  EXPECT_EQ(result.config->storage_port, 7100);
  EXPECT_EQ(result.config->zone, "az9");
  EXPECT_EQ(result.config->listen_address, "127.0.0.1");
  EXPECT_TRUE(result.config->memory);
}

TEST(NodeConfig, ErrorsNameFlagAndVariable) {
  EXPECT_NE(read_node_config({"--nonsense", "1"}, {}).error.find("--nonsense"), std::string::npos);
  EXPECT_NE(read_node_config({"stray"}, {}).error, "");
  EXPECT_NE(read_node_config({"--zone"}, {}).error.find("zone"), std::string::npos);
  EXPECT_EQ(read_node_config({"--shards=x"}, {}).error,
            "flag --shards: shards is \"x\", but it has to be a whole number from 0 to 256");
  EXPECT_EQ(
      read_node_config({}, {{"KEYZONE_SHARDS", "y"}}).error,
      "environment variable KEYZONE_SHARDS: shards is \"y\", but it has to be a whole number from 0 to 256");
  EXPECT_EQ(read_node_config({"--config", "/nowhere/x.conf"}, {}).error, "/nowhere/x.conf: cannot be read");
}

TEST(NodeConfig, OthersAreToldWhereToConnect) {
  NodeConfig config;
  config.zone = "az1";
  config.seeds = {{"node1", 7000}};
  config.listen_address = "node1";
  config.rpc_address = "0.0.0.0";
  EXPECT_EQ(check_node_config(config), "");
  config.listen_address = "0.0.0.0";
  EXPECT_NE(check_node_config(config).find("broadcast_address"), std::string::npos);
  EXPECT_NE(check_told_addresses(config).find("broadcast_address"), std::string::npos);
  config.broadcast_address = "node1";
  EXPECT_EQ(check_node_config(config), "");
  config.broadcast_rpc_address = "::";
  EXPECT_NE(check_node_config(config).find("broadcast_rpc_address"), std::string::npos);
}

TEST(NodeConfig, SamplesCanStart) {
  for (const char* name : {"az1.conf", "az2.conf", "az3.conf", "six/az1a.conf", "six/az1b.conf",
                           "six/az2a.conf", "six/az2b.conf", "six/az3a.conf", "six/az3b.conf"}) {
    const auto result = read_node_config({"--config", sample(name)}, {});
    ASSERT_TRUE(result.config) << result.error;
    EXPECT_EQ(check_node_config(*result.config), "") << name;
    EXPECT_EQ(result.config->seeds.size(), 3u);
  }
}

TEST(NodeConfig, CheckNamesWhatDoesNotFit) {
  NodeConfig config;
  EXPECT_NE(check_node_config(config).find("zone"), std::string::npos);
  config.zone = "az1";
  EXPECT_NE(check_node_config(config).find("seeds"), std::string::npos);
  config.seeds = {{"a", 7000}};
  EXPECT_EQ(check_node_config(config), "");
  config.seeds = {{"a", 7000}, {"a", 7000}};
  EXPECT_NE(check_node_config(config).find("twice"), std::string::npos);
  config.seeds = {{"a", 7000}};
  config.election_timeout = config.heartbeat_interval;
  EXPECT_NE(check_node_config(config).find("election_timeout"), std::string::npos);
}

TEST(NodeConfig, HelpListsEveryKey) {
  const std::string help = node_config_help();
  for (const char* key :
       {"--cluster_name", "--native_transport_port", "--local_one_reads", "--config", "9042"}) {
    EXPECT_NE(help.find(key), std::string::npos) << key;
  }
  EXPECT_TRUE(asks_for_help({"--help"}));
  EXPECT_FALSE(asks_for_help({"--memory"}));
}

// Hostile bytes: whatever a file holds, the reader answers with a configuration or one sentence. For as many
// seconds as KEYZONE_FUZZ_SECONDS says, together.
class ConfigFuzz : public testing::Test {
 protected:
  // Whether the time for one of the two cases is over.
  bool over() const {
    const char* text = std::getenv("KEYZONE_FUZZ_SECONDS");
    const std::chrono::seconds seconds(text != nullptr ? std::atoi(text) : 1);
    return std::chrono::steady_clock::now() - start_ > seconds / 2.0;
  }

  void expect_an_answer(const std::string& text) {
    const auto result = read_node_config_text("f", text);
    ASSERT_NE(result.config.has_value(), !result.error.empty());
    ASSERT_EQ(result.error.find('\n'), std::string::npos);
    ASSERT_LT(result.error.size(), 1000u);
  }
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mt19937_64 random_{20261122};
};

TEST_F(ConfigFuzz, RandomBytes) {
  while (!over()) {
    std::string text(random_() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    expect_an_answer(text);
  }
}

TEST_F(ConfigFuzz, MutatedSample) {
  std::ifstream file(sample("az1.conf"));
  const std::string original{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(original.empty());
  while (!over()) {
    std::string text = original;
    for (int change = 0; change < 5; ++change) {
      const std::size_t at = random_() % text.size();
      switch (random_() % 3) {
        case 0:
          text[at] = static_cast<char>(random_());
          break;
        case 1:
          text.erase(at, random_() % 20 + 1);
          break;
        default:
          text.insert(at, original.substr(random_() % original.size(), random_() % 40));
          break;
      }
      if (text.empty()) text = "x";
    }
    expect_an_answer(text);
  }
}

TEST(NodeConfig, AFileThatIsTooLongIsRefused) {
  const std::string text(defaults::kConfigFileSizeMax + 1, '#');
  EXPECT_NE(read_node_config_text("big.conf", text).error.find("big.conf: is longer than"),
            std::string::npos);
}

}  // namespace
}  // namespace keyzone
