#include "actors/logging.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <memory>
#include <vector>

namespace keyzone {
namespace {

using spdlog::level::level_enum;
static_assert(static_cast<int>(Severity::kTrace) == level_enum::trace &&
              static_cast<int>(Severity::kCritical) == level_enum::critical &&
              static_cast<int>(Severity::kOff) == level_enum::off);
level_enum level_of(Severity severity) { return static_cast<level_enum>(severity); }

}  // namespace

Result<void> open_log(const std::optional<std::string>& file, Severity least) {
  std::vector<spdlog::sink_ptr> sinks{std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};
  if (file) {
    if (!std::ofstream(*file, std::ios::app)) {
      return Error{ErrorKind::kIo, "the log file " + *file + " can't be written"};
    }
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(*file));
  }
  auto logger = std::make_shared<spdlog::logger>("keyzone", sinks.begin(), sinks.end());
  logger->set_level(level_of(least));
  logger->flush_on(level_enum::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

void close_log() { spdlog::shutdown(); }

Severity least_logged() { return static_cast<Severity>(spdlog::get_level()); }

void set_least_logged(Severity least) { spdlog::set_level(level_of(least)); }

void write_log(Severity severity, fmt::string_view format, fmt::format_args arguments) {
  const level_enum level = level_of(severity);
  if (spdlog::should_log(level)) spdlog::log(level, fmt::vformat(format, arguments));
}

}  // namespace keyzone
