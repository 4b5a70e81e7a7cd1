// A duration: months, days and nanoseconds, which don't convert into each other; all of one sign.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone {

struct Duration {
  int32_t months = 0;
  int32_t days = 0;
  int64_t nanoseconds = 0;

  bool negative() const { return months < 0 || days < 0 || nanoseconds < 0; }

  // 1y2mo3w4d5h6m7s8ms9us10ns, P1Y2M3DT4H5M6S, P3W, P0001-02-03T04:05:06; a minus in front makes all
  // negative.
  static Result<Duration> parse(std::string_view text);
  static Result<Duration> from_wire(BytesView wire);  // three signed vints
  Bytes to_wire() const;
  std::string to_string() const;  // 1y2mo3d4h
};

// An error of a duration's text, which Cassandra passes on as it is: it does not say which JSON value it was
// in.
bool is_duration_error(const Error& error);

}  // namespace keyzone
