#include "actors/identity.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace keyzone::actors {

namespace {

constexpr char kFile[] = "identity";

Error corrupt(const std::string& folder, const std::string& what) {
  return {ErrorKind::kCorrupt, folder + "/" + kFile + ": " + what};
}

bool number(const std::string& text, uint64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// `node|port|zone|address|name`: the name, which may hold anything but a line end, comes last.
std::string founder_line(const Member& member) {
  return std::to_string(member.node.value) + "|" + std::to_string(member.storage_port) + "|" + member.zone +
         "|" + member.listen_address + "|" + member.name;
}

bool parse_founder(const std::string& text, Member* out) {
  std::istringstream in(text);
  std::string node, port;
  if (!std::getline(in, node, '|') || !std::getline(in, port, '|') || !std::getline(in, out->zone, '|') ||
      !std::getline(in, out->listen_address, '|') || !std::getline(in, out->name)) {
    return false;
  }
  uint64_t port_number = 0;
  if (!number(node, &out->node.value) || !number(port, &port_number)) return false;
  out->storage_port = static_cast<uint16_t>(port_number);
  return true;
}

// `node|host`, of a founder that was named before.
bool parse_founder_host(const std::string& text, std::vector<Member>& founders) {
  const size_t at = text.find('|');
  NodeId node;
  if (at == std::string::npos || !number(text.substr(0, at), &node.value)) return false;
  const auto host = Uuid::parse(text.substr(at + 1));
  const auto founder =
      std::find_if(founders.begin(), founders.end(), [&](const Member& one) { return one.node == node; });
  if (!host.ok() || founder == founders.end()) return false;
  founder->host = *host;
  return true;
}

}  // namespace

Uuid mint_uuid(const Environment& environment) {
  const Bytes bytes = environment.secret_bytes(16);
  Uuid uuid;
  std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

Result<std::optional<Identity>> read_identity(storage::FileSystem& files, const std::string& folder) {
  if (!files.exists(folder + "/" + kFile)) return std::optional<Identity>();
  KEYZONE_TRY(text, storage::read_file(files, folder + "/" + kFile));
  Identity identity;
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line)) {
    const size_t at = line.find(" = ");
    if (at == std::string::npos) return corrupt(folder, "'" + line + "' is no `key = value`");
    const std::string key = line.substr(0, at), value = line.substr(at + 3);
    bool good = true;
    if (key == "host" || key == "cluster") {
      auto uuid = Uuid::parse(value);
      good = uuid.ok();
      if (good) (key == "host" ? identity.host : identity.cluster) = *uuid;
    } else if (key == "incarnation") {
      good = number(value, &identity.incarnation);
    } else if (key == "shards") {
      good = number(value, &identity.shards);
    } else if (key == "node") {
      good = number(value, &identity.node.value);
    } else if (key == "name") {
      identity.name = value;
    } else if (key == "zone") {
      identity.zone = value;
    } else if (key == "cluster_name") {
      identity.cluster_name = value;
    } else if (key == "founder") {
      Member member;
      good = parse_founder(value, &member);
      identity.founders.push_back(std::move(member));
    } else if (key == "founder_host") {
      good = parse_founder_host(value, identity.founders);
    } else {
      return corrupt(folder, "unknown key '" + key + "'");
    }
    if (!good) return corrupt(folder, "'" + value + "' is no value for '" + key + "'");
  }
  if (identity.host.is_nil()) return corrupt(folder, "it names no host");
  return std::optional<Identity>(std::move(identity));
}

Result<void> write_identity(storage::FileSystem& files, const std::string& folder, const Identity& identity) {
  std::string text;
  const auto put = [&text](const char* key, const std::string& value) {
    text += std::string(key) + " = " + value + "\n";
  };
  put("host", identity.host.to_string());
  put("incarnation", std::to_string(identity.incarnation));
  put("name", identity.name);
  put("zone", identity.zone);
  put("shards", std::to_string(identity.shards));
  if (!identity.cluster.is_nil()) {
    put("cluster", identity.cluster.to_string());
    put("cluster_name", identity.cluster_name);
    put("node", std::to_string(identity.node.value));
  }
  for (const auto& founder : identity.founders) put("founder", founder_line(founder));
  for (const auto& founder : identity.founders) {
    if (founder.host.is_nil()) continue;
    put("founder_host", std::to_string(founder.node.value) + "|" + founder.host.to_string());
  }
  return storage::write_file(files, folder, kFile, text);
}

}  // namespace keyzone::actors
