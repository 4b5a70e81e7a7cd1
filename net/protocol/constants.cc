#include "net/protocol/constants.h"

#include <array>
#include <utility>

namespace keyzone::net {
namespace {

using namespace std::string_view_literals;

constexpr std::array kConsistencyNames = {"ANY"sv,    "ONE"sv,          "TWO"sv,          "THREE"sv,
                                          "QUORUM"sv, "ALL"sv,          "LOCAL_QUORUM"sv, "EACH_QUORUM"sv,
                                          "SERIAL"sv, "LOCAL_SERIAL"sv, "LOCAL_ONE"sv,    "NODE_LOCAL"sv};

constexpr std::array kOpcodeNames = {
    "ERROR"sv,         "STARTUP"sv,     "READY"sv, "AUTHENTICATE"sv, ""sv,
    "OPTIONS"sv,       "SUPPORTED"sv,   "QUERY"sv, "RESULT"sv,       "PREPARE"sv,
    "EXECUTE"sv,       "REGISTER"sv,    "EVENT"sv, "BATCH"sv,        "AUTH_CHALLENGE"sv,
    "AUTH_RESPONSE"sv, "AUTH_SUCCESS"sv};

}  // namespace

bool is_request(Opcode opcode) {
  switch (opcode) {
    case Opcode::kStartup:
    case Opcode::kOptions:
    case Opcode::kQuery:
    case Opcode::kPrepare:
    case Opcode::kExecute:
    case Opcode::kRegister:
    case Opcode::kBatch:
    case Opcode::kAuthResponse:
      return true;
    default:
      return false;
  }
}

std::string version_name(uint8_t version) {
  const std::string number = std::to_string(version);
  return number + "/v" + number + (version == kDraftVersion ? "-beta" : "");
}

std::vector<std::string> version_names(uint8_t max_version) {
  std::vector<std::string> names;
  for (uint8_t version = kMinVersion; version <= max_version; ++version)
    names.push_back(version_name(version));
  if (max_version == kMaxVersion) names.push_back(version_name(kDraftVersion));
  return names;
}

bool is_known_opcode(uint8_t opcode) { return opcode < kOpcodeNames.size() && !kOpcodeNames[opcode].empty(); }

std::string_view to_string(Opcode opcode) {
  const auto index = static_cast<uint8_t>(opcode);
  return is_known_opcode(index) ? kOpcodeNames[index] : "unknown"sv;
}

std::string_view to_string(Consistency consistency) {
  const auto index = static_cast<size_t>(consistency);
  return index < kConsistencyNames.size() ? kConsistencyNames[index] : "unknown"sv;
}

std::optional<Consistency> parse_consistency(std::string_view name) {
  for (size_t i = 0; i < kConsistencyNames.size(); ++i) {
    if (kConsistencyNames[i] == name) return static_cast<Consistency>(i);
  }
  return std::nullopt;
}

std::string_view to_string(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "";
    case Compression::kLz4:
      return "lz4";
    case Compression::kSnappy:
      return "snappy";
  }
  return "";
}

}  // namespace keyzone::net
