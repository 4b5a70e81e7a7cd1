#include "schema/types/collections.h"

#include <algorithm>
#include <numeric>

#include "schema/types/vint.h"

namespace keyzone {

namespace {

int per_entry_of(const Type& type) { return type.kind() == TypeKind::kMap ? 2 : 1; }

// "list", "set" or "map", for errors.
std::string_view noun(const Type& type) {
  return type.kind() == TypeKind::kList ? "list" : type.kind() == TypeKind::kSet ? "set" : "map";
}

Error too_short(const Type& type) { return invalid("Not enough bytes to read a " + std::string(noun(type))); }

Error extra_fields(const Type& type) {
  return invalid(type.is_user_type() ? "Invalid remaining data after end of UDT value"
                                     : "Invalid remaining data after end of tuple value");
}

std::string field_label(const Type& type, size_t i) {
  return std::to_string(i) + (type.is_user_type() ? "th field " + type.field_names()[i] : "th component");
}

}  // namespace

CollectionReader::CollectionReader(BytesView wire, int per_entry) : in_(wire) {
  count_ = in_.be<int32_t>();
  failed_ = in_.failed();
  // A negative count is read as none, as Cassandra does. Each value takes four bytes at least.
  values_left_ = failed_ || count_ < 0 ? 0 : int64_t{count_} * per_entry;
  if (count_ < 0) count_ = 0;
}

CollectionReader::CollectionReader(const Type& type, BytesView wire)
    : CollectionReader(wire, per_entry_of(type)) {}

bool CollectionReader::next(std::optional<BytesView>& value) {
  if (values_left_ == 0) return false;
  const auto size = in_.be<int32_t>();
  value.reset();
  if (size >= 0) value = in_.bytes(static_cast<size_t>(size));
  failed_ = in_.failed();
  values_left_ = failed_ ? 0 : values_left_ - 1;
  return !failed_;
}

Result<void> CollectionReader::check_end(const Type& type) const {
  if (failed_) return too_short(type);
  if (rest().empty()) return {};
  return invalid("Unexpected extraneous bytes after " + std::string(noun(type)) + " value");
}

bool CollectionReader::next(BytesView& value) {
  std::optional<BytesView> found;
  if (!next(found)) return false;
  if (!found) {
    failed_ = true;
    values_left_ = 0;
    return false;
  }
  value = *found;
  return true;
}

CollectionWriter::CollectionWriter(int per_entry) : out_(4, '\0'), per_entry_(per_entry) {}
CollectionWriter::CollectionWriter(const Type& type) : CollectionWriter(per_entry_of(type)) {}

void CollectionWriter::add(BytesView value) {
  append_field(value, out_);
  ++values_;
}

Bytes CollectionWriter::finish() && {
  KEYZONE_ASSERT(values_ % per_entry_ == 0);
  const int32_t big_endian = byte_swap(count());
  out_.replace(0, 4, reinterpret_cast<const char*>(&big_endian), 4);
  return std::move(out_);
}

Result<std::vector<BytesView>> split_collection(const Type& type, BytesView wire) {
  CollectionReader reader(type, wire);
  std::vector<BytesView> values;
  std::optional<BytesView> value;
  while (reader.next(value)) {
    if (!value) return invalid("Null value read when not allowed");
    values.push_back(*value);
  }
  KEYZONE_CHECK(reader.check_end(type));
  return values;
}

Bytes build_collection(const Type& type, std::vector<Bytes> values) {
  const auto step = static_cast<size_t>(per_entry_of(type));
  CollectionWriter writer(type);
  if (type.kind() == TypeKind::kList) {
    for (const Bytes& value : values) writer.add(value);
    return std::move(writer).finish();
  }
  const Type& key = *type.parameters()[0];
  std::vector<size_t> order(values.size() / step);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return key.compare(values[a * step], values[b * step]) < 0; });
  for (size_t i = 0; i < order.size();) {
    // Of equal keys, which need not have equal bytes, the first stays; of their values the last.
    size_t last = i;
    while (last + 1 < order.size() &&
           key.compare(values[order[i] * step], values[order[last + 1] * step]) == 0)
      ++last;
    writer.add(values[order[i] * step]);
    if (step == 2) writer.add(values[order[last] * step + 1]);
    i = last + 1;
  }
  return std::move(writer).finish();
}

namespace {

// Lists and vectors are walked for what they hold.
bool holds_order(const Type& type) {
  if (type.kind() == TypeKind::kSet || type.kind() == TypeKind::kMap) return true;
  return (type.kind() == TypeKind::kList || type.is_vector()) && holds_order(type.element());
}

// Of a vector within a collection, each element.
std::optional<Bytes> sorted_part(const Type& type, BytesView wire) {
  if (!type.is_vector()) return sorted_collection(type, wire);
  if (!holds_order(type)) return std::nullopt;
  const auto parts = split_vector(type, wire);
  KEYZONE_ASSERT(parts);
  std::vector<Bytes> values(parts->begin(), parts->end());
  bool changed = false;
  for (Bytes& value : values) {
    auto sorted = sorted_part(type.element(), value);
    if (!sorted) continue;
    value = *std::move(sorted);
    changed = true;
  }
  if (!changed) return std::nullopt;
  return build_vector(type, values);
}

}  // namespace

std::optional<Bytes> sorted_collection(const Type& type, BytesView wire) {
  if (!type.is_collection() || !holds_order(type)) return std::nullopt;
  const auto step = static_cast<size_t>(per_entry_of(type));
  const auto parts = split_collection(type, wire);
  KEYZONE_ASSERT(parts);
  std::vector<Bytes> values(parts->begin(), parts->end());
  bool changed = false;
  for (size_t i = 0; i < values.size(); ++i) {
    auto sorted = sorted_part(*type.parameters()[i % step], values[i]);
    if (!sorted) continue;
    values[i] = *std::move(sorted);
    changed = true;
  }
  const bool ordered = type.kind() != TypeKind::kList;
  for (size_t i = step; ordered && !changed && i < values.size(); i += step) {
    changed = type.parameters()[0]->compare(values[i - step], values[i]) >= 0;
  }
  if (!changed) return std::nullopt;
  return build_collection(type, std::move(values));
}

void append_field(std::optional<BytesView> value, Bytes& out) {
  append_be(out, value ? static_cast<int32_t>(value->size()) : int32_t{-1});
  if (value) out.append(*value);
}

Bytes build_fields(std::span<const std::optional<Bytes>> fields) {
  Bytes out;
  for (const auto& field : fields) append_field(field ? std::optional<BytesView>(*field) : std::nullopt, out);
  return out;
}

FieldReader::FieldReader(const Type& type, BytesView wire) : type_(type), in_(wire) {}

Result<bool> FieldReader::next(std::optional<BytesView>& value) {
  if (in_.done()) return false;
  if (index_ == type_.parameters().size()) return extra_fields(type_);
  const auto size = in_.be<int32_t>();
  if (in_.failed()) return invalid("Not enough bytes to read size of " + field_label(type_, index_));
  value.reset();
  if (size >= 0) value = in_.bytes(static_cast<size_t>(size));
  if (in_.failed()) return invalid("Not enough bytes to read " + field_label(type_, index_));
  ++index_;
  return true;
}

Result<std::vector<std::optional<BytesView>>> split_fields(const Type& type, BytesView wire) {
  std::vector<std::optional<BytesView>> fields;
  FieldReader reader(type, wire);
  for (std::optional<BytesView> value;;) {
    KEYZONE_TRY(more, reader.next(value));
    if (!more) break;
    fields.push_back(value);
  }
  fields.resize(type.parameters().size());
  return fields;
}

Result<void> walk_vector(const Type& type, BytesView wire,
                         const std::function<Result<void>(BytesView element)>& visit) {
  if (wire.empty()) return invalid("Invalid empty vector value");
  const auto fixed = type.element().fixed_length();
  const auto too_short = [&type] { return invalid("Not enough bytes to read a " + type.to_string()); };
  const auto elements = static_cast<uint64_t>(type.dimension());
  if (fixed && wire.size() / *fixed < elements) return too_short();
  ByteReader in(wire);
  for (uint64_t i = 0; i < elements; ++i) {
    const uint64_t size = fixed ? *fixed : read_vint(in);
    if (in.failed() || size > in.left()) return too_short();
    KEYZONE_CHECK(visit(in.bytes(static_cast<size_t>(size))));
  }
  if (in.done()) return {};
  return invalid("Unexpected " + std::to_string(in.left()) + " extraneous bytes after " + type.to_string() +
                 " value");
}

Result<std::vector<BytesView>> split_vector(const Type& type, BytesView wire) {
  std::vector<BytesView> elements;
  KEYZONE_CHECK(walk_vector(type, wire, [&elements](BytesView element) {
    elements.push_back(element);
    return Result<void>();
  }));
  return elements;
}

bool is_null_in_vector(const Type& type, BytesView element) {
  return element.empty() && type.element().fixed_length();
}

Bytes build_vector(const Type& type, std::span<const Bytes> elements) {
  const bool fixed = type.element().fixed_length().has_value();
  Bytes out;
  for (const Bytes& element : elements) {
    if (!fixed) append_vint(out, element.size());
    out += element;
  }
  return out;
}

}  // namespace keyzone
