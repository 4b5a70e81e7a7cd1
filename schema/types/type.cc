#include "schema/types/type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "schema/types/json.h"
#include "schema/types/native_types.h"
#include "schema/types/ordered.h"

namespace keyzone {

std::optional<size_t> Type::find_field(std::string_view name) const {
  const auto at = std::find(field_names_.begin(), field_names_.end(), name);
  if (at == field_names_.end()) return std::nullopt;
  return static_cast<size_t>(at - field_names_.begin());
}

namespace {
bool is_lexical_uuid(const Type& type) { return type.other_class() == OtherClass::kLexicalUuid; }
}  // namespace

bool Type::operator==(const Type& other) const {
  if (this == &other) return true;
  return kind_ == other.kind_ && is_lexical_uuid(*this) == is_lexical_uuid(other) &&
         multi_cell_ == other.multi_cell_ && dimension_ == other.dimension_ && keyspace_ == other.keyspace_ &&
         name_ == other.name_ && field_names_ == other.field_names_ &&
         std::equal(parameters_.begin(), parameters_.end(), other.parameters_.begin(),
                    other.parameters_.end(), [](const TypePtr& a, const TypePtr& b) { return *a == *b; });
}

namespace {

struct Readable {
  TypeKind as, from;
};
// Natives whose values can be read as another's, beside themselves and blob, which reads everything.
constexpr Readable kReadable[] = {
    {TypeKind::kText, TypeKind::kAscii},       {TypeKind::kVarint, TypeKind::kInt},
    {TypeKind::kVarint, TypeKind::kBigint},    {TypeKind::kVarint, TypeKind::kTimestamp},
    {TypeKind::kTimestamp, TypeKind::kBigint}, {TypeKind::kBigint, TypeKind::kTimestamp},
    {TypeKind::kDate, TypeKind::kInt},         {TypeKind::kTime, TypeKind::kBigint},
    {TypeKind::kUuid, TypeKind::kTimeuuid},
};

bool count_parts(const Type& type, int depth, int& parts) {
  if (depth > kTypeDepthMax || ++parts > kTypePartsMax) return false;
  return std::all_of(type.parameters().begin(), type.parameters().end(),
                     [&](const TypePtr& part) { return count_parts(*part, depth + 1, parts); });
}

// Whether what was sorted as `b` is sorted as `a`, too.
bool sorts_like(const Type& a, const Type& b) {
  if (a == b) return true;
  if (a.is_native() && !is_composite(a)) {
    const bool bytes = a.kind() == TypeKind::kText || a.kind() == TypeKind::kBlob;
    return bytes &&
           (b.kind() == TypeKind::kAscii || (b.kind() == TypeKind::kText && a.kind() == TypeKind::kBlob));
  }
  const auto has_fields = [](const Type& type) { return type.is_tuple() || type.is_user_type(); };
  const bool by_fields = has_fields(a) && has_fields(b);  // a user type is sorted as a tuple is
  if (!by_fields && (a.kind() != b.kind() || a.name() != b.name())) return false;
  if (a.dimension() != b.dimension()) return false;
  if (a.parameters().size() < b.parameters().size()) return false;
  return std::equal(b.parameters().begin(), b.parameters().end(), a.parameters().begin(),
                    [](const TypePtr& of_b, const TypePtr& of_a) { return sorts_like(*of_a, *of_b); });
}

bool fields_compatible(const Type& a, const Type& b) {
  if (a.parameters().size() < b.parameters().size()) return false;
  const bool sorted = a.kind() == TypeKind::kSet || a.kind() == TypeKind::kMap;  // by the first
  for (size_t i = 0; i < b.parameters().size(); ++i) {
    const Type &of_a = *a.parameters()[i], &of_b = *b.parameters()[i];
    if (!(sorted && i == 0 ? sorts_like(of_a, of_b) : of_a.is_value_compatible_with(of_b))) return false;
  }
  return true;
}

}  // namespace

bool is_of_bounded_size(const Type& type) {
  int parts = 0;
  return count_parts(type, 1, parts);
}

bool Type::is_value_compatible_with(const Type& other) const {
  if (is_composite(*this)) return name_ == other.name_ && fields_compatible(*this, other);
  if (kind_ == TypeKind::kBlob) return true;
  if (is_lexical_uuid(*this) != is_lexical_uuid(other)) return false;
  if (kind_ == TypeKind::kUuid && other.other_class() == OtherClass::kLegacyTimeuuid) return false;
  if (kind_ != other.kind_) {
    return std::any_of(std::begin(kReadable), std::end(kReadable),
                       [&](const Readable& r) { return r.as == kind_ && r.from == other.kind_; });
  }
  if (is_native()) return true;
  if (is_user_type() && (keyspace_ != other.keyspace_ || name_ != other.name_)) return false;
  if (dimension_ != other.dimension_) return false;
  if (is_collection() && multi_cell_ != other.multi_cell_) return false;
  return fields_compatible(*this, other);
}

bool Type::references(TypeKind kind) const {
  return kind_ == kind || std::any_of(parameters_.begin(), parameters_.end(),
                                      [&](const TypePtr& part) { return part->references(kind); });
}

bool Type::holds_durations() const {
  return kind_ == TypeKind::kDuration ||
         (!is_vector() && std::any_of(parameters_.begin(), parameters_.end(),
                                      [](const TypePtr& part) { return part->holds_durations(); }));
}

bool Type::references_user_type(std::string_view keyspace, std::string_view name) const {
  if (is_user_type() && keyspace_ == keyspace && name_ == name) return true;
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const TypePtr& part) { return part->references_user_type(keyspace, name); });
}

int Type::compare(BytesView a, BytesView b) const {
  if (a.empty() || b.empty()) return static_cast<int>(b.empty()) - static_cast<int>(a.empty());
  return compare_values(a, b);
}

Result<Bytes> Type::from_json_text(std::string_view text) const {
  KEYZONE_TRY(json, parse_json_string(text));
  return from_json_value(json);
}

void Type::append_ordered_part(BytesView wire, Bytes& out) const {
  if (wire.empty()) {
    out.push_back(kOrderedEmpty);
    return;
  }
  out.push_back(kOrderedValue);
  append_ordered_body(wire, out);
}

bool Type::read_ordered_part(OrderedReader& in, Bytes& out) const {
  const uint8_t marker = in.byte();
  if (in.failed()) return false;
  if (marker == kOrderedEmpty) return true;
  return marker == kOrderedValue && read_ordered_body(in, out);
}

void Type::append_ordered(BytesView wire, bool descending, Bytes& out) const {
  const size_t start = out.size();
  append_ordered_part(wire, out);
  if (descending) OrderedReader::invert(out, start);
}

bool Type::read_ordered(ByteReader& in, bool descending, Bytes& out) const {
  OrderedReader reader(in, descending);
  return read_ordered_part(reader, out);
}

void append_ordered_null(bool descending, Bytes& out) {
  out.push_back(static_cast<char>(descending ? ~kOrderedNull : kOrderedNull));
}

Bytes prefix_successor(Bytes prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Result<std::optional<Bytes>> Type::from_json(const JsonValue& json) const {
  if (json.is_null()) return std::optional<Bytes>();
  KEYZONE_TRY(value, from_json_value(json));
  return std::optional<Bytes>(std::move(value));
}

}  // namespace keyzone
