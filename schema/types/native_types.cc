// The table of native types, and small helpers of their files.
#include "schema/types/native_types.h"

#include <algorithm>
#include <array>

#include "schema/text.h"

namespace keyzone {

namespace {

class EmptyType final : public NativeType {
 public:
  EmptyType() : NativeType(TypeKind::kEmpty) {}
  std::optional<size_t> fixed_length() const override { return 0; }
  Result<void> validate(BytesView wire) const override {
    if (!wire.empty()) return invalid("EmptyType only accept empty values");
    return {};
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (!text.empty()) return invalid("'" + std::string(text) + "' is not empty");
    return Bytes();
  }
  std::string to_cql_literal(BytesView) const override { return "null"; }
  std::string to_json(BytesView) const override { return "\"\""; }

 protected:
  void append_ordered_body(BytesView, Bytes&) const override {}
  bool read_ordered_body(OrderedReader&, Bytes&) const override { return false; }
  Result<Bytes> from_json_value(const JsonValue&) const override { return Bytes(); }
};

struct NativeEntry {
  TypeKind kind;
  std::string_view name;
  uint16_t protocol_id;
  std::string_view marshal_class;
  TypePtr (*make)(TypeKind);
};

template <TypePtr (*Make)()>
TypePtr alone(TypeKind) {
  return Make();
}

using enum TypeKind;
constexpr NativeEntry kNatives[] = {
    {kAscii, "ascii", 0x0001, "AsciiType", make_text_type},
    {kBigint, "bigint", 0x0002, "LongType", make_integer_type},
    {kBlob, "blob", 0x0003, "BytesType", alone<make_blob_type>},
    {kBoolean, "boolean", 0x0004, "BooleanType", alone<make_boolean_type>},
    {kCounter, "counter", 0x0005, "CounterColumnType", make_integer_type},
    {kDate, "date", 0x0011, "SimpleDateType", alone<make_date_type>},
    {kDecimal, "decimal", 0x0006, "DecimalType", alone<make_decimal_type>},
    {kDouble, "double", 0x0007, "DoubleType", make_floating_type},
    {kDuration, "duration", 0x0015, "DurationType", alone<make_duration_type>},
    {kFloat, "float", 0x0008, "FloatType", make_floating_type},
    {kInet, "inet", 0x0010, "InetAddressType", alone<make_inet_type>},
    {kInt, "int", 0x0009, "Int32Type", make_integer_type},
    {kSmallint, "smallint", 0x0013, "ShortType", make_integer_type},
    {kText, "text", 0x000D, "UTF8Type", make_text_type},
    {kTime, "time", 0x0012, "TimeType", alone<make_time_type>},
    {kTimestamp, "timestamp", 0x000B, "TimestampType", alone<make_timestamp_type>},
    {kTimeuuid, "timeuuid", 0x000F, "TimeUUIDType", make_uuid_type},
    {kTinyint, "tinyint", 0x0014, "ByteType", make_integer_type},
    {kUuid, "uuid", 0x000C, "UUIDType", make_uuid_type},
    {kVarint, "varint", 0x000E, "IntegerType", alone<make_varint_type>},
    {kEmpty, "empty", 0x0000, "EmptyType", alone<make_empty_type>},
};
constexpr size_t kNativeCount = std::size(kNatives);

constexpr bool in_order_of_kind() {
  for (size_t i = 0; i < kNativeCount; ++i) {
    if (static_cast<size_t>(kNatives[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order_of_kind() && kNativeCount == static_cast<size_t>(kList));

const std::array<TypePtr, kNativeCount>& instances() {
  static const auto* made = [] {
    auto* all = new std::array<TypePtr, kNativeCount>();
    for (size_t i = 0; i < kNativeCount; ++i) (*all)[i] = kNatives[i].make(kNatives[i].kind);
    return all;
  }();
  return *made;
}

}  // namespace

TypePtr make_empty_type() { return std::make_shared<EmptyType>(); }

const TypePtr& native_type(TypeKind kind) {
  KEYZONE_ASSERT(static_cast<size_t>(kind) < kNativeCount);
  return instances()[static_cast<size_t>(kind)];
}

std::string_view native_type_name(TypeKind kind) { return kNatives[static_cast<size_t>(kind)].name; }
std::string_view native_marshal_class(TypeKind kind) {
  return kNatives[static_cast<size_t>(kind)].marshal_class;
}
uint16_t native_protocol_id(TypeKind kind) { return kNatives[static_cast<size_t>(kind)].protocol_id; }

const TypePtr& find_native_type(std::string_view name) {
  static const TypePtr none;
  const std::string wanted = lower_case(name);
  if (wanted == "varchar") return native_type(kText);
  for (const NativeEntry& entry : kNatives) {
    if (entry.name == wanted && entry.kind != kEmpty) return native_type(entry.kind);
  }
  return none;
}

const TypePtr& find_native_by_marshal_class(std::string_view name) {
  static const TypePtr none;
  if (name == "DateType") return native_type(kTimestamp);  // what timestamps were before Cassandra 2.0
  if (name == kLexicalUuidClass) return lexical_uuid_type();
  if (name == "LegacyTimeUUIDType") return legacy_timeuuid_type();
  for (const NativeEntry& entry : kNatives) {
    if (entry.marshal_class == name) return native_type(entry.kind);
  }
  return none;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_integer_text(std::string_view text) {
  return all_digits(text.starts_with('-') ? text.substr(1) : text);
}

int64_t digits_value(std::string_view digits) {
  int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && static_cast<uint8_t>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<uint8_t>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace keyzone
