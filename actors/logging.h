// Lines of the program's log, with an arrangement in fmt's notation: log_info("node {} is up", id). From any
// thread. Only logging.cc knows what writes them: its headers and fmt's take longer to compile than most of
// our sources.
#pragma once
#include <fmt/core.h>

#include <optional>
#include <string>

#include "schema/result.h"

namespace keyzone {

// kOff: as the least that is written, nothing is.
enum class Severity { kTrace, kDebug, kInfo, kWarn, kError, kCritical, kOff };

// Lines from `least` up go to stderr and, if there is one, to the end of `file`, each at once. Errors: kIo if
// the file can't be written.
Result<void> open_log(const std::optional<std::string>& file, Severity least);
// What has been written is out; nothing more is.
void close_log();

Severity least_logged();
void set_least_logged(Severity least);

void write_log(Severity severity, fmt::string_view format, fmt::format_args arguments);

template <class... Arguments>
void log_info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(Severity::kInfo, format, fmt::make_format_args(arguments...));
}
template <class... Arguments>
void log_warn(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(Severity::kWarn, format, fmt::make_format_args(arguments...));
}
template <class... Arguments>
void log_error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(Severity::kError, format, fmt::make_format_args(arguments...));
}
template <class... Arguments>
void log_critical(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(Severity::kCritical, format, fmt::make_format_args(arguments...));
}

}  // namespace keyzone
