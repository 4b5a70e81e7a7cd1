// How the text of one value becomes a typed one. Each returns nothing when the text is no such value or lies
// outside of [least, most]; what a value looks like is said by the matching `expected_…`.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/node_config.h"

namespace keyzone {

std::optional<std::uint64_t> parse_integer(const std::string& text, std::uint64_t least, std::uint64_t most);
std::optional<bool> parse_boolean(const std::string& text);

// 250ms, 5s, 2m, 1h; always with a unit.
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text);

// The same, and 10us, 1d: of what may be as far away as anyone likes.
std::optional<std::chrono::microseconds> parse_long_duration(const std::string& text);

// 512B, 5KiB, 32MiB, 1GiB; always with a unit.
std::optional<std::uint64_t> parse_size(const std::string& text);

// "127.0.0.1:7000, [::1]:7001, az3.example": the port may be left out.
std::optional<std::vector<HostPort>> parse_host_ports(const std::string& text, std::uint16_t default_port);

// Without the white space at both ends.
std::string trimmed(const std::string& text);

}  // namespace keyzone
