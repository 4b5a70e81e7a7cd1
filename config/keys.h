// The table of all keys: what each means, what it takes, and where its value goes.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "config/node_config.h"

namespace keyzone {

struct Key {
  std::string name;
  std::string meaning;     // one line for --help
  std::string expected;    // what a value looks like: "a duration such as 500ms or 2s"
  bool is_switch = false;  // as a flag it may stand alone, for true
  std::function<bool(const std::string& text, NodeConfig& config)> set;  // false: not a value of this key
  std::function<std::string(const NodeConfig& config)> show;             // the value as text
};

const std::vector<Key>& all_keys();
std::vector<Key> guardrail_keys();  // a part of all_keys()

// The key of that name, dashes read as underscores, or one of its other names (rack, dc, port, data, init).
// Null: there is none.
const Key* find_key(std::string name);

}  // namespace keyzone
