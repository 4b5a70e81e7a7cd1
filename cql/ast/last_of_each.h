// Pairs in which a name may stand twice, as a hash table would take them in.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace keyzone::cql {

// Each name once, where it stood first, with what was said of it last.
template <class Value>
std::vector<std::pair<std::string, Value>> last_of_each(
    const std::vector<std::pair<std::string, Value>>& pairs) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& pair : pairs) {
    const auto known =
        std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.first == pair.first; });
    if (known == out.end()) {
      out.push_back(pair);
    } else {
      known->second = pair.second;
    }
  }
  return out;
}

}  // namespace keyzone::cql
