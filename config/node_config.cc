#include "config/node_config.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <fstream>
#include <sstream>

#include "config/keys.h"
#include "config/parse_value.h"

namespace keyzone {
namespace {

namespace options = boost::program_options;

constexpr char kEnvironmentPrefix[] = "KEYZONE_";
constexpr std::size_t kQuotedMax = 80;  // bytes of a bad text that an error repeats

// What a person can read in one line, whatever bytes were given.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text.substr(0, kQuotedMax)) {
    result += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
  }
  return result + (text.size() > kQuotedMax ? "...\"" : "\"");
}

// Empty, or why `text` can't be the value of `key`; `where` names file and line, variable or flag.
std::string set_key(const std::string& where, const Key& key, const std::string& text, NodeConfig& config) {
  if (key.set(text, config)) return {};
  return where + ": " + key.name + " is " + quoted(text) + ", but it has to be " + key.expected;
}

// One line of a file, read by Boost so that its rules for comments and white space hold.
std::string read_line(const std::string& where, const std::string& line, NodeConfig& config) {
  const std::string content = trimmed(line.substr(0, line.find('#')));
  if (content.empty()) return {};
  if (content.front() == '[') return where + ": sections such as " + quoted(content) + " are not used here";
  std::istringstream stream(content);
  options::options_description none;
  try {
    const auto parsed = options::parse_config_file(stream, none, true);
    for (const auto& option : parsed.options) {
      const Key* key = find_key(option.string_key);
      if (key == nullptr) return where + ": there is no key " + quoted(option.string_key);
      if (auto error = set_key(where, *key, trimmed(option.value.front()), config); !error.empty())
        return error;
    }
  } catch (const options::error&) {
    return where + ": " + quoted(content) + " is not `key = value`";
  }
  return {};
}

options::options_description flag_descriptions() {
  options::options_description result("Keys, as flags");
  result.add_options()("help,h", "print this and stop")(
      "config,c", options::value<std::string>()->value_name("FILE"), "file to read first");
  const NodeConfig base;
  for (const Key& key : all_keys()) {
    auto* value = options::value<std::string>()->value_name(key.show(base));
    if (key.is_switch) value->implicit_value("true");
    result.add_options()(key.name.c_str(), value, key.meaning.c_str());
  }
  return result;
}

// The flags with the names that the table of keys has: --native-transport-port is --native_transport_port.
std::vector<std::string> with_full_names(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    if (argument.rfind("--", 0) != 0) continue;
    const auto end = std::min(argument.find('='), argument.size());
    if (const Key* key = find_key(argument.substr(2, end - 2))) argument.replace(2, end - 2, key->name);
  }
  return arguments;
}

struct Flags {
  std::vector<std::pair<std::string, std::string>> values;  // key, text; in the order given
  std::string config_file;
  std::string error;
};

Flags parse_flags(const std::vector<std::string>& arguments) {
  Flags flags;
  namespace style = options::command_line_style;
  try {
    const auto description = flag_descriptions();
    const auto parsed = options::command_line_parser(with_full_names(arguments))
                            .options(description)
                            .positional({})
                            .style(style::unix_style & ~style::allow_guessing)
                            .run();
    for (const auto& option : parsed.options) {
      const std::string value = option.value.empty() ? "true" : option.value.front();
      if (option.string_key == "config") {
        flags.config_file = value;
      } else if (option.string_key != "help") {
        flags.values.emplace_back(option.string_key, value);
      }
    }
  } catch (const options::error& error) {
    flags.error = std::string("command line: ") + error.what();
  }
  return flags;
}

std::string variable_of(const Key& key) {
  std::string name = kEnvironmentPrefix;
  for (const char c : key.name) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string apply_environment(const Environment& environment, NodeConfig& config) {
  for (const Key& key : all_keys()) {
    const auto found = environment.find(variable_of(key));
    if (found == environment.end()) continue;
    auto error = set_key("environment variable " + found->first, key, found->second, config);
    if (!error.empty()) return error;
  }
  return {};
}

NodeConfigResult read_file(const std::string& file, const NodeConfig& base) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(defaults::kConfigFileSizeMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) return {{}, file + ": cannot be read"};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return read_node_config_text(file, text, base);
}

}  // namespace

Environment environment_of(const char* const* variables) {
  Environment result;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    const std::string variable = *variables;
    const auto equals = variable.find('=');
    if (equals != std::string::npos) result[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return result;
}

NodeConfigResult read_node_config_text(const std::string& file, const std::string& text,
                                       const NodeConfig& base) {
  if (text.size() > defaults::kConfigFileSizeMax) {
    return {{}, file + ": is longer than " + std::to_string(defaults::kConfigFileSizeMax) + " bytes"};
  }
  NodeConfig config = base;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    auto error = read_line(file + ":" + std::to_string(number), line, config);
    if (!error.empty()) return {{}, std::move(error)};
  }
  return {std::move(config), {}};
}

NodeConfigResult read_node_config(const std::vector<std::string>& arguments, const Environment& environment,
                                  const NodeConfig& base) {
  Flags flags = parse_flags(arguments);
  if (!flags.error.empty()) return {{}, flags.error};
  const auto variable = environment.find(std::string(kEnvironmentPrefix) + "CONFIG");
  if (flags.config_file.empty() && variable != environment.end()) flags.config_file = variable->second;

  NodeConfigResult result{base, {}};
  if (!flags.config_file.empty()) result = read_file(flags.config_file, base);
  if (!result.config) return result;
  if (auto error = apply_environment(environment, *result.config); !error.empty())
    return {{}, std::move(error)};
  for (const auto& [name, text] : flags.values) {
    auto error = set_key("flag --" + name, *find_key(name), text, *result.config);
    if (!error.empty()) return {{}, std::move(error)};
  }
  return result;
}

namespace {

bool is_every_address(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

}  // namespace

std::string check_told_addresses(const NodeConfig& config) {
  if (is_every_address(config.listen_address) && config.broadcast_address.empty()) {
    return "listen_address is " + config.listen_address +
           ": name in broadcast_address where the other nodes find this one";
  }
  for (const auto& [key, value] : {std::pair("broadcast_address", config.broadcast_address),
                                   std::pair("broadcast_rpc_address", config.broadcast_rpc_address)}) {
    if (is_every_address(value))
      return std::string(key) + " can't be " + value + ": nobody can connect to it";
  }
  return {};
}

std::string check_node_config(const NodeConfig& config) {
  if (config.zone.empty()) return "zone is not set: name the availability zone of this node";
  if (config.seeds.empty()) return "seeds is not set: name one node a zone as host:port";
  for (auto seed = config.seeds.begin(); seed != config.seeds.end(); ++seed) {
    if (std::find(config.seeds.begin(), seed, *seed) != seed) {
      return "seeds names " + seed->host + ":" + std::to_string(seed->port) + " twice";
    }
  }
  if (config.election_timeout < defaults::kHeartbeatsPerElectionMin * config.heartbeat_interval) {
    return "election_timeout has to be at least " + std::to_string(defaults::kHeartbeatsPerElectionMin) +
           " times heartbeat_interval";
  }
  if (config.batch_size_warn_threshold > config.batch_size_fail_threshold) {
    return "batch_size_warn_threshold is above batch_size_fail_threshold";
  }
  if (config.native_transport_max_frame_size > config.commitlog_segment_size) {
    return "native_transport_max_frame_size is above commitlog_segment_size: a write has to fit into the log";
  }
  return check_told_addresses(config);
}

std::map<std::string, std::string> node_config_values(const NodeConfig& config) {
  std::map<std::string, std::string> out;
  for (const Key& key : all_keys()) out[key.name] = key.show(config);
  return out;
}

std::string node_config_help() {
  std::ostringstream text;
  text << flag_descriptions()
       << "\nEvery key may also stand in the file as `key = value`, or in the environment as "
       << variable_of(*find_key("native_transport_port"))
       << " and so on. Flags win over the environment, the\n"
       << "environment over the file. Durations have a unit (ms, s, m, h), and so have sizes (B, KiB, MiB, "
          "GiB).\n";
  return text.str();
}

bool asks_for_help(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& argument) { return argument == "--help" || argument == "-h"; });
}

}  // namespace keyzone
