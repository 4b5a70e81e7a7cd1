// Text of floating-point numbers as Java has it, since that is what clients of Cassandra see.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace keyzone {

// 1.0, 1.0E10, NaN, -Infinity: Java 17's digits, at least one on each side of the point (4.9E-324,
// not 5.0E-324); between 10^-3 and 10^7 without an exponent.
std::string java_text(double value);
std::string java_text(float value);

// What Double.valueOf and Float.parseFloat take.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);

}  // namespace keyzone
