#include "cql/system_tables/row_builder.h"

#include <bit>

#include "schema/types/collections.h"

namespace keyzone::cql {

std::optional<Bytes> inet_bytes(std::string_view text) {
  const auto bytes = native_type(TypeKind::kInet)->from_text(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  return *bytes;
}

size_t RowBuilder::index_of(std::string_view column) const {
  const Column* found = table_.find(column);
  KEYZONE_ASSERT(found != nullptr);
  return static_cast<size_t>(found - table_.columns.data());
}

RowBuilder& RowBuilder::add() {
  rows_.emplace_back(table_.columns.size());
  return *this;
}

RowBuilder& RowBuilder::text(std::string_view column, std::string_view value) {
  rows_.back()[index_of(column)] = Bytes(value);
  return *this;
}

RowBuilder& RowBuilder::integer(std::string_view column, int32_t value) {
  Bytes bytes;
  append_be(bytes, value);
  return text(column, bytes);
}

RowBuilder& RowBuilder::bigint(std::string_view column, int64_t value) {
  Bytes bytes;
  append_be(bytes, value);
  return text(column, bytes);
}

RowBuilder& RowBuilder::real(std::string_view column, double value) {
  return bigint(column, std::bit_cast<int64_t>(value));
}

RowBuilder& RowBuilder::boolean(std::string_view column, bool value) {
  return text(column, BytesView(value ? "\1" : "\0", 1));
}

RowBuilder& RowBuilder::uuid(std::string_view column, const Uuid& value) {
  return text(column, {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

RowBuilder& RowBuilder::inet(std::string_view column, std::string_view value) {
  rows_.back()[index_of(column)] = inet_bytes(value);
  return *this;
}

RowBuilder& RowBuilder::texts(std::string_view column, std::vector<Bytes> values) {
  const size_t at = index_of(column);
  rows_.back()[at] = build_collection(*table_.columns[at].type, std::move(values));
  return *this;
}

RowBuilder& RowBuilder::clear(std::string_view column) {
  rows_.back()[index_of(column)] = std::nullopt;
  return *this;
}

RowBuilder& RowBuilder::map(std::string_view column, const std::map<std::string, std::string>& value) {
  std::vector<Bytes> flat;
  for (const auto& [key, item] : value) {
    flat.push_back(key);
    flat.push_back(item);
  }
  return texts(column, std::move(flat));
}

}  // namespace keyzone::cql
