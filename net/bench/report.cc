// What `keyzone bench` prints.
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "net/bench/bench.h"

namespace keyzone::net {
namespace {

constexpr std::array kNames = {
    std::pair{BenchOperation::kLoad, "load"}, std::pair{BenchOperation::kWrite, "write"},
    std::pair{BenchOperation::kRead, "read"}, std::pair{BenchOperation::kReadOne, "read-one"},
    std::pair{BenchOperation::kLwt, "lwt"},   std::pair{BenchOperation::kMixed, "mixed"},
};

constexpr std::array kFractions = {std::pair{"p50", 0.5}, std::pair{"p90", 0.9}, std::pair{"p99", 0.99},
                                   std::pair{"p99.9", 0.999}};

template <class... Arguments>
void append_line(std::string& out, const char* format, Arguments... arguments) {
  char line[512];
  std::snprintf(line, sizeof line, format, arguments...);
  out += line;
}

double rounded(double v) { return static_cast<double>(static_cast<int64_t>(v * 100 + 0.5)) / 100; }

}  // namespace

Result<BenchOperation> parse_bench_operation(std::string_view name) {
  std::string known;
  for (const auto& [operation, text] : kNames) {
    if (name == text) return operation;
    known += std::string(known.empty() ? "" : ", ") + text;
  }
  return invalid("unknown operation '" + std::string(name) + "'; there are " + known);
}

std::string_view to_string(BenchOperation operation) {
  for (const auto& [known, text] : kNames) {
    if (known == operation) return text;
  }
  return "";
}

std::string to_text(const BenchOptions& options, const BenchReport& report) {
  std::string out;
  append_line(out, "%s: %llu rows of %zu bytes, %zu nodes, %zu connections",
              to_string(options.operation).data(), static_cast<unsigned long long>(options.rows),
              options.value_bytes, report.nodes, report.connections);
  options.rate ? append_line(out, ", %llu op/s asked for\n", static_cast<unsigned long long>(options.rate))
               : append_line(out, ", %zu operations at a time\n", options.at_a_time());
  append_line(out, "  %.0f op/s  (%llu in %.2f s, %llu errors)\n", report.per_second(),
              static_cast<unsigned long long>(report.operations), report.seconds,
              static_cast<unsigned long long>(report.errors));
  out += "  latency ms ";
  for (const auto& [name, fraction] : kFractions) {
    append_line(out, " %s %.2f ", name, static_cast<double>(report.latency.percentile(fraction)) / 1000);
  }
  append_line(out, " max %.2f\n", static_cast<double>(report.latency.max()) / 1000);
  if (report.server_cpu_us >= 0) append_line(out, "  CPU of all nodes %.1f us/op", report.server_cpu_us);
  append_line(out, "%sof this client %.1f us/op\n", report.server_cpu_us >= 0 ? ", " : "  CPU ",
              report.client_cpu_us);
  if (report.missing) {
    append_line(out, "  %llu reads found no row\n", static_cast<unsigned long long>(report.missing));
  }
  if (!report.first_error.empty()) append_line(out, "  first error: %s\n", report.first_error.c_str());
  return out;
}

std::string to_json(const BenchOptions& options, const BenchReport& report) {
  nlohmann::ordered_json json;
  json["operation"] = to_string(options.operation);
  json["rows"] = options.rows;
  json["value_bytes"] = options.value_bytes;
  json["nodes"] = report.nodes;
  json["connections"] = report.connections;
  json["in_flight"] = options.in_flight;
  json["at_a_time"] = options.at_a_time();
  json["rate"] = options.rate;
  json["seed"] = options.seed;
  json["seconds"] = rounded(report.seconds);
  json["operations"] = report.operations;
  json["operations_per_second"] = rounded(report.per_second());
  json["errors"] = report.errors;
  json["missing"] = report.missing;
  for (const auto& [name, fraction] : kFractions)
    json["latency_us"][name] = report.latency.percentile(fraction);
  json["latency_us"]["max"] = report.latency.max();
  json["server_cpu_us_per_operation"] = report.server_cpu_us >= 0
                                            ? nlohmann::ordered_json(rounded(report.server_cpu_us))
                                            : nlohmann::ordered_json();
  json["client_cpu_us_per_operation"] = rounded(report.client_cpu_us);
  if (!report.first_error.empty()) json["first_error"] = report.first_error;
  return json.dump(2) + "\n";
}

}  // namespace keyzone::net
