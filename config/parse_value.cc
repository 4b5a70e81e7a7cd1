#include "config/parse_value.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace keyzone {
namespace {

struct Unit {
  const char* name;
  std::uint64_t factor;
};

constexpr Unit kDurationUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit kLongDurationUnits[] = {{"us", 1},
                                       {"µs", 1},
                                       {"ms", 1'000},
                                       {"s", 1'000'000},
                                       {"m", 60'000'000},
                                       {"h", 3'600'000'000},
                                       {"d", 86'400'000'000}};
constexpr std::uint64_t kLongDurationMax = std::numeric_limits<std::int64_t>::max() - 1;
constexpr Unit kSizeUnits[] = {
    {"B", 1}, {"KiB", defaults::kKiB}, {"MiB", defaults::kMiB}, {"GiB", defaults::kGiB}};

template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(const std::string& text, const Unit (&units)[N],
                                             std::uint64_t most) {
  const auto digits_end = text.find_first_not_of("0123456789");
  if (digits_end == std::string::npos || digits_end == 0) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.compare(digits_end, std::string::npos, unit.name) != 0) continue;
    const auto number = parse_integer(text.substr(0, digits_end), 0, most / unit.factor);
    if (!number) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

std::optional<HostPort> parse_host_port(const std::string& text, std::uint16_t default_port) {
  HostPort result{text, default_port};
  std::string port;
  if (text.front() == '[') {  // [IPv6]:port
    const auto close = text.find(']');
    if (close == std::string::npos) return std::nullopt;
    result.host = text.substr(1, close - 1);
    if (close + 1 < text.size()) {
      if (text[close + 1] != ':') return std::nullopt;
      port = text.substr(close + 2);
      if (port.empty()) return std::nullopt;
    }
  } else if (const auto colon = text.find(':');
             colon != std::string::npos && text.find(':', colon + 1) == text.npos) {
    result.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return std::nullopt;
  }
  if (result.host.empty() || result.host.find_first_of(" \t[]/") != std::string::npos) return std::nullopt;
  if (!port.empty()) {
    const auto number = parse_integer(port, 1, 65535);
    if (!number) return std::nullopt;
    result.port = static_cast<std::uint16_t>(*number);
  }
  return result;
}

}  // namespace

std::optional<std::uint64_t> parse_integer(const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < least || number > most) return std::nullopt;
  return number;
}

std::optional<bool> parse_boolean(const std::string& text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
  const auto count = parse_with_unit(text, kDurationUnits, defaults::kDurationMax.count());
  if (!count) return std::nullopt;
  return std::chrono::milliseconds(*count);
}

std::optional<std::chrono::microseconds> parse_long_duration(const std::string& text) {
  const auto count = parse_with_unit(text, kLongDurationUnits, kLongDurationMax);
  if (!count) return std::nullopt;
  return std::chrono::microseconds(*count);
}

std::optional<std::uint64_t> parse_size(const std::string& text) {
  return parse_with_unit(text, kSizeUnits, defaults::kSizeMax);
}

std::optional<std::vector<HostPort>> parse_host_ports(const std::string& text, std::uint16_t default_port) {
  std::vector<HostPort> result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const std::string item = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (item.empty() || result.size() == defaults::kSeedsMax) return std::nullopt;
    auto parsed = parse_host_port(item, default_port);
    if (!parsed) return std::nullopt;
    result.push_back(std::move(*parsed));
  }
  return result;
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace keyzone
