// Small changes to text. All of it ASCII's: other letters stay as they are.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace keyzone {

std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
std::string joined(const std::vector<std::string>& parts);  // "a, b"

}  // namespace keyzone
