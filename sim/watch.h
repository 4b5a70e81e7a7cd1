// Checkers that look at the nodes themselves while they run: one leader a term, replicas equal at the same
// index.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "sim/machine.h"
#include "sim/workload.h"
#include "storage/table.h"

namespace keyzone::sim {

class Watch {
 public:
  explicit Watch(World& world) : world_(world) {}

  // Every report of a replica. True: its term is new for this node.
  bool see(size_t machine, const actors::ReplicaStatus& status);
  // Asks every tablet of every node for the digest of its state; the answers come as their actors run.
  void ask_digests(std::vector<std::unique_ptr<Machine>>& machines);
  // Every catalog of the same version is the same.
  void compare_catalogs(std::vector<std::unique_ptr<Machine>>& machines);
  // As of the last answers: `copies` replicas of each group have the same index and nothing that is to be
  // swept, and there is some group.
  bool converged(size_t copies) const;
  std::string lagging(size_t copies) const;  // which are not, for people

  std::optional<Violation> take_violation();

 private:
  void see_digest(size_t machine, GroupId group, LogIndex index, const storage::Digest& digest);
  void report(const char* checker, std::string text);

  World& world_;
  std::map<std::pair<GroupId, Term>, size_t> leaders_;
  std::map<std::pair<size_t, GroupId>, Term> terms_;
  struct Seen {
    storage::Digest digest;
    size_t machine;
  };
  std::map<std::pair<GroupId, LogIndex>, Seen> digests_;
  std::map<GroupId, std::map<size_t, LogIndex>> applied_;  // as last told
  std::set<GroupId> unswept_;                              // as last told
  std::map<CatalogVersion, std::pair<Bytes, size_t>> catalogs_;
  std::optional<Violation> violation_;
};

}  // namespace keyzone::sim
