// Who a node is, kept in its folder: a small text file of `key = value` lines, replaced as a whole.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "actors/interfaces.h"
#include "storage/file_system.h"

namespace keyzone::actors {

struct Identity {
  Uuid host;                 // of this disk; minted when the folder is first used
  uint64_t incarnation = 0;  // grows with each start
  std::string name;
  std::string zone;
  uint64_t shards = 1;  // fixed when the folder is made
  Uuid cluster;         // nil: not a member yet
  std::string cluster_name;
  NodeId node;
  // of the catalog group, if this node is one of them: the group began with these
  std::vector<Member> founders;
};

// A random UUID (version 4, RFC 4122), from the environment's unpredictable bytes.
Uuid mint_uuid(const Environment& environment);

// nullopt: an empty folder. kCorrupt: the file makes no sense.
Result<std::optional<Identity>> read_identity(storage::FileSystem& files, const std::string& folder);
Result<void> write_identity(storage::FileSystem& files, const std::string& folder, const Identity& identity);

}  // namespace keyzone::actors
