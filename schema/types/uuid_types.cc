// uuid and timeuuid: 16 bytes. A uuid sorts by version, then (version 1) by its time, then by its bytes; a
// timeuuid by its time, then by its last eight bytes taken as signed ones (CASSANDRA-8730); a lexical one as
// two signed numbers.
#include <algorithm>

#include "schema/ids.h"
#include "schema/types/native_types.h"
#include "schema/types/timeuuid.h"

namespace keyzone {

namespace {

constexpr uint64_t kEachSignBit = 0x8080808080808080, kSignBit = uint64_t{1} << 63;

int version_of(uint64_t high) { return static_cast<int>((high >> 12) & 0xf); }

// The words of a version 1 UUID from most to least significant: version and time_hi, time_mid, time_low.
uint64_t time_first(uint64_t high) { return high << 48 | (high << 16 & 0xFFFF00000000) | high >> 32; }
uint64_t time_back(uint64_t ordered) { return ordered << 32 | (ordered >> 16 & 0xFFFF0000) | ordered >> 48; }

// The version nibble moved to the top.
uint64_t version_first(uint64_t high) {
  return static_cast<uint64_t>(version_of(high)) << 60 | (high >> 4 & 0x0FFFFFFFFFFFF000) | (high & 0xFFF);
}
uint64_t version_back(uint64_t ordered) {
  return (ordered << 4 & 0xFFFFFFFFFFFF0000) | ordered >> 60 << 12 | (ordered & 0xFFF);
}

class UuidType final : public NativeType {
 public:
  explicit UuidType(TypeKind kind, OtherClass other_class = OtherClass::kNone) : NativeType(kind) {
    other_class_ = other_class;
  }
  std::optional<size_t> fixed_length() const override { return 16; }

  Result<void> validate(BytesView wire) const override {
    if (wire.empty()) return {};
    if (wire.size() != 16)
      return invalid("UUID should be 16 or 0 bytes (" + std::to_string(wire.size()) + ")");
    if (time_only() && (wire[6] & 0xf0) != 0x10) {
      return invalid(std::string("Invalid version for TimeUUID type: 0x") +
                     "0123456789abcdef"[static_cast<uint8_t>(wire[6]) >> 4]);
    }
    return {};
  }
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    const auto uuid = Uuid::parse(text);
    if (!uuid) {
      return invalid(time_only()
                         ? "Unknown timeuuid representation: " + std::string(text)
                         : (lexical() ? "unable" : "Unable") + (" to make UUID from " + in_quotes(text)));
    }
    if (time_only() && uuid->bytes[6] >> 4 != 1) return invalid("TimeUUID supports only version 1 UUIDs");
    return Bytes(reinterpret_cast<const char*>(uuid->bytes.data()), uuid->bytes.size());
  }
  std::string to_cql_literal(BytesView wire) const override { return wire.empty() ? "null" : text(wire); }
  std::string to_json(BytesView wire) const override {
    return "\"" + (wire.empty() ? "" : text(wire)) + "\"";
  }

 protected:
  int compare_values(BytesView a, BytesView b) const override {
    const uint64_t x = high_key(a), y = high_key(b);
    if (x != y) return x < y ? -1 : 1;
    const uint64_t p = low_key(a), q = low_key(b);
    return p < q ? -1 : p > q;
  }
  void append_ordered_body(BytesView wire, Bytes& out) const override {
    append_be(out, high_key(wire));
    append_be(out, low_key(wire));
  }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    const uint64_t high = in.be<uint64_t>(), low = in.be<uint64_t>();
    if (in.failed()) return false;
    if (lexical())
      append_be(out, high ^ kSignBit);
    else
      append_be(out, high >> 60 == 1 || time_only() ? time_back(high) : version_back(high));
    append_be(out, low ^ low_signs());
    return true;
  }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch(
        time_only() ? "a string representation of a timeuuid" : "a string representation of a uuid", json);
  }

 private:
  bool time_only() const { return kind() == TypeKind::kTimeuuid; }
  bool lexical() const { return other_class_ == OtherClass::kLexicalUuid; }
  uint64_t low_signs() const { return lexical() ? kSignBit : time_only() ? kEachSignBit : 0; }
  uint64_t high_key(BytesView wire) const {
    const uint64_t high = load_be<uint64_t>(wire.data());
    if (lexical()) return high ^ kSignBit;
    return time_only() || version_of(high) == 1 ? time_first(high) : version_first(high);
  }
  uint64_t low_key(BytesView wire) const { return load_be<uint64_t>(wire.data() + 8) ^ low_signs(); }
  static std::string text(BytesView wire) {
    Uuid uuid;
    std::copy(wire.begin(), wire.end(), uuid.bytes.begin());
    return uuid.to_string();
  }
};

}  // namespace

// Times that need more than the 60 bits left beside the version run over it, as in Cassandra.
constexpr uint64_t kVersionOne = uint64_t{1} << 60;

Bytes timeuuid_at(int64_t ticks_since_1970, uint64_t low) {
  const uint64_t time = static_cast<uint64_t>(ticks_since_1970) + static_cast<uint64_t>(kTimeuuidEpochTicks);
  Bytes out;
  append_be(out, time_back(time | kVersionOne));
  append_be(out, low);
  return out;
}

int64_t timeuuid_ticks(BytesView wire) {
  const uint64_t time = time_first(load_be<uint64_t>(wire.data())) & ~kVersionOne;
  return static_cast<int64_t>(time - static_cast<uint64_t>(kTimeuuidEpochTicks));
}

const TypePtr& legacy_timeuuid_type() {
  static const auto* type =
      new TypePtr(std::make_shared<UuidType>(TypeKind::kTimeuuid, OtherClass::kLegacyTimeuuid));
  return *type;
}

const TypePtr& lexical_uuid_type() {
  static const auto* type =
      new TypePtr(std::make_shared<UuidType>(TypeKind::kUuid, OtherClass::kLexicalUuid));
  return *type;
}

TypePtr make_uuid_type(TypeKind kind) { return std::make_shared<UuidType>(kind); }

}  // namespace keyzone
