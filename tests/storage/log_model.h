// What the log should hold, kept as simply as can be, and the comparison with what it does hold.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "storage/log.h"

namespace keyzone::storage {

struct ModelGroup {
  Bytes info;
  HardState hard;
  TrimMark trim;
  std::vector<LogEntry> entries;  // from trim.index + 1 on
  uint64_t last() const { return trim.index.value + entries.size(); }
};

struct LogModel {
  std::map<GroupId, ModelGroup> groups;
  std::map<std::string, Bytes> metadata;
};

// Empty if the log holds just what the model does, else the first difference.
inline std::string difference(Log& log, const LogModel& model) {
  const auto say = [](GroupId id, const std::string& what) {
    return "group " + std::to_string(id.value) + ": " + what;
  };
  if (log.groups().size() != model.groups.size()) return "number of groups";
  for (const auto& [id, group] : model.groups) {
    if (!log.has_group(id)) return say(id, "missing");
    const GroupState state = log.state(id);
    if (state.is_damaged()) return say(id, "damaged");
    if (state.info != group.info) return say(id, "info");
    if (!(state.hard == group.hard)) return say(id, "hard state");
    if (!(state.trim == group.trim)) return say(id, "trim mark");
    if (state.last.value != group.last()) return say(id, "last is " + std::to_string(state.last.value));
    for (size_t at = 0; at < group.entries.size();) {
      const auto read = log.entries(id, group.entries[at].index, state.last, 1000);
      if (!read) return say(id, read.error().message);
      for (const LogEntry& entry : *read) {
        const LogEntry& wanted = group.entries[at++];
        if (entry.index != wanted.index || entry.term != wanted.term || entry.kind != wanted.kind ||
            entry.data != wanted.data) {
          return say(id, "entry " + std::to_string(wanted.index.value));
        }
      }
    }
  }
  for (const auto& [name, value] : model.metadata) {
    if (log.metadata(name) != value) return "metadata " + name;
  }
  return "";
}

class Chance {
 public:
  explicit Chance(uint64_t seed) : generator_(seed) {}
  uint64_t operator()(uint64_t bound) { return generator_() % bound; }
  bool one_in(uint64_t n) { return (*this)(n) == 0; }
  Bytes bytes(size_t size) {
    Bytes out(size, '\0');
    for (char& c : out) c = static_cast<char>(generator_());
    return out;
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace keyzone::storage
