// now() and its relatives, conversions between times, floor(), uuid().
#include "cql/functions/registry.h"
#include "cql/functions/temporal.h"
#include "schema/types/calendar.h"
#include "schema/types/native_types.h"
#include "schema/types/timeuuid.h"

namespace keyzone::cql {

namespace {

constexpr int64_t kTicksPerUs = 10;
constexpr uint64_t kVariantMask = uint64_t{3} << 62, kVariant = uint64_t{1} << 63;  // RFC 4122
constexpr uint64_t kMulticast = uint64_t{1} << 40;  // says that the node is drawn, not a network card's

uint64_t draw(FunctionContext& context) { return (*context.random)(); }

// A time of its own within the statement, and 61 drawn bits against all other statements.
Bytes next_timeuuid(FunctionContext& context) {
  const uint64_t low = (draw(context) & ~kVariantMask) | kVariant | kMulticast;
  return timeuuid_at(context.now_us * kTicksPerUs + context.timeuuids_made++, low);
}

Bytes random_uuid(FunctionContext& context) {
  Bytes out;
  append_be(out, (draw(context) & ~uint64_t{0xF000}) | 0x4000);
  append_be(out, (draw(context) & ~kVariantMask) | kVariant);
  return out;
}

Bytes time_now(FunctionContext& context) { return be_bytes(floor_mod(context.now_us * 1000, kNanosPerDay)); }
Bytes timestamp_now(FunctionContext& context) { return be_bytes(floor_div(context.now_us, 1000)); }
Bytes date_now(FunctionContext& context) { return date_of_millis(floor_div(context.now_us, 1000)); }

struct NowEntry {
  const char* name;
  const char* legacy_name;
  TypeKind result;
  Bytes (*make)(FunctionContext&);
};
constexpr NowEntry kNow[] = {
    {"now", "", TypeKind::kTimeuuid, next_timeuuid},
    {"current_timeuuid", "currenttimeuuid", TypeKind::kTimeuuid, next_timeuuid},
    {"current_timestamp", "currenttimestamp", TypeKind::kTimestamp, timestamp_now},
    {"current_date", "currentdate", TypeKind::kDate, date_now},
    {"current_time", "currenttime", TypeKind::kTime, time_now},
    {"uuid", "", TypeKind::kUuid, random_uuid},
};

// Wraps around, as Java does.
int64_t ticks_of(uint64_t millis) { return static_cast<int64_t>(millis * uint64_t{kTimeuuidTicksPerMs}); }
Bytes min_timeuuid(int64_t millis) {
  return timeuuid_at(ticks_of(static_cast<uint64_t>(millis)), kTimeuuidLowMin);
}
Bytes max_timeuuid(int64_t millis) {
  const auto next = static_cast<uint64_t>(ticks_of(static_cast<uint64_t>(millis) + 1));
  return timeuuid_at(static_cast<int64_t>(next - 1), kTimeuuidLowMax);
}

struct ConversionEntry {
  const char* name;
  const char* legacy_name;
  TypeKind from;
  TypeKind to;
  Bytes (*convert)(int64_t millis);
  bool monotonic = true;
};
constexpr ConversionEntry kConversions[] = {
    {"min_timeuuid", "mintimeuuid", TypeKind::kTimestamp, TypeKind::kTimeuuid, min_timeuuid, false},
    {"max_timeuuid", "maxtimeuuid", TypeKind::kTimestamp, TypeKind::kTimeuuid, max_timeuuid, false},
    {"to_date", "todate", TypeKind::kTimeuuid, TypeKind::kDate, date_of_millis},
    {"to_date", "todate", TypeKind::kTimestamp, TypeKind::kDate, date_of_millis},
    {"to_timestamp", "totimestamp", TypeKind::kTimeuuid, TypeKind::kTimestamp, be_bytes<int64_t>},
    {"to_timestamp", "totimestamp", TypeKind::kDate, TypeKind::kTimestamp, be_bytes<int64_t>},
    {"to_unix_timestamp", "tounixtimestamp", TypeKind::kTimeuuid, TypeKind::kBigint, be_bytes<int64_t>},
    {"to_unix_timestamp", "tounixtimestamp", TypeKind::kTimestamp, TypeKind::kBigint, be_bytes<int64_t>},
    {"to_unix_timestamp", "tounixtimestamp", TypeKind::kDate, TypeKind::kBigint, be_bytes<int64_t>},
};

Result<void> check_floor(const Duration& duration, bool of_date) {
  if (of_date && duration.nanoseconds != 0) {
    return invalid("The floor on date values cannot be computed for the " + duration.to_string() +
                   " duration as precision is below 1 day");
  }
  if (duration.nanoseconds % kNanosPerMilli != 0) {
    return invalid("The floor cannot be computed for the " + duration.to_string() +
                   " duration as precision is below 1 millisecond");
  }
  return {};
}

Function monotonic_function(std::string name, TypePtr result, std::vector<TypePtr> parameters,
                            StrictBody body) {
  Function out = strict_function(std::move(name), std::move(result), std::move(parameters), std::move(body));
  out.monotonic = true;
  return out;
}

struct FloorEntry {
  TypeKind of;
  TypeKind result;
};
constexpr FloorEntry kFloors[] = {{TypeKind::kTimestamp, TypeKind::kTimestamp},
                                  {TypeKind::kTimeuuid, TypeKind::kTimestamp},
                                  {TypeKind::kDate, TypeKind::kDate}};

Function floor_function(const FloorEntry& entry, bool with_start) {
  std::vector<TypePtr> parameters{native_type(entry.of), native_type(TypeKind::kDuration)};
  if (with_start) parameters.push_back(native_type(entry.result));
  return monotonic_function(
      "floor", native_type(entry.result), parameters,
      [entry](std::span<const BytesView> values) -> Result<FunctionValue> {
        KEYZONE_TRY(duration, Duration::from_wire(values[1]));
        const bool of_date = entry.result == TypeKind::kDate;
        KEYZONE_CHECK(check_floor(duration, of_date));
        const int64_t start = values.size() > 2 ? millis_of(entry.result, values[2]) : 0;
        KEYZONE_TRY(floor, floor_millis(millis_of(entry.of, values[0]), duration, start));
        return FunctionValue(of_date ? date_of_millis(floor) : be_bytes(floor));
      });
}

Result<FunctionValue> floor_time(std::span<const BytesView> values) {
  KEYZONE_TRY(duration, Duration::from_wire(values[1]));
  if (duration.negative()) return invalid("Negative durations are not supported by the floor function");
  if (duration.months != 0 || duration.days != 0 || duration.nanoseconds > kNanosPerDay) {
    return invalid("For time values, the floor can only be computed for durations smaller that a day");
  }
  const auto nanos = load_be<int64_t>(values[0].data());
  if (duration.nanoseconds == 0) return FunctionValue(be_bytes(nanos));
  return FunctionValue(be_bytes(nanos - nanos % duration.nanoseconds));
}

}  // namespace

void add_time_functions(Registry& registry) {
  for (const NowEntry& entry : kNow) {
    Function function;
    function.name = entry.name;
    function.result = native_type(entry.result);
    function.pure = false;
    function.call = [make = entry.make](std::span<const FunctionArgument>, FunctionContext& context) {
      return Result<FunctionValue>(make(context));
    };
    registry.add(std::move(function), entry.legacy_name);
  }
  for (const ConversionEntry& entry : kConversions) {
    Function function =
        strict_function(entry.name, native_type(entry.to), {native_type(entry.from)},
                        [entry](std::span<const BytesView> values) -> Result<FunctionValue> {
                          return FunctionValue(entry.convert(millis_of(entry.from, values[0])));
                        });
    function.monotonic = entry.monotonic;
    registry.add(std::move(function), entry.legacy_name);
  }
  for (const FloorEntry& entry : kFloors) {
    for (const bool with_start : {false, true}) registry.add(floor_function(entry, with_start));
  }
  registry.add(monotonic_function("floor", native_type(TypeKind::kTime),
                                  {native_type(TypeKind::kTime), native_type(TypeKind::kDuration)},
                                  floor_time));
}

}  // namespace keyzone::cql
