// One factory per family of native types, and what their files share. Only schema/types includes this.
#pragma once
#include <string>

#include "schema/types/json.h"
#include "schema/types/ordered.h"
#include "schema/types/type.h"

namespace keyzone {

TypePtr make_integer_type(TypeKind kind);   // integer_types.cc: tinyint smallint int bigint counter
TypePtr make_floating_type(TypeKind kind);  // floating_types.cc: float double
TypePtr make_boolean_type();
TypePtr make_text_type(TypeKind kind);  // text_types.cc: ascii text
TypePtr make_blob_type();
TypePtr make_uuid_type(TypeKind kind);  // uuid_types.cc: uuid timeuuid
const TypePtr& lexical_uuid_type();     // OtherClass::kLexicalUuid
TypePtr make_inet_type();
TypePtr make_date_type();
TypePtr make_time_type();
TypePtr make_timestamp_type();
TypePtr make_duration_type();
TypePtr make_varint_type();
TypePtr make_decimal_type();
TypePtr make_empty_type();
// composite_type.cc: bytes to all else, made of the types of components; their name() is that of their class.
TypePtr composite_type(std::vector<TypePtr> components);
TypePtr dynamic_composite_type(std::vector<std::string> aliases, std::vector<TypePtr> types);
bool is_composite(const Type& type);

inline constexpr std::string_view kMarshalPackage = "org.apache.cassandra.db.marshal.";
inline constexpr std::string_view kLexicalUuidClass = "LexicalUUIDType";
inline constexpr std::string_view kCompositeClass = "CompositeType";
inline constexpr std::string_view kDynamicCompositeClass = "DynamicCompositeType";
std::string_view native_marshal_class(TypeKind kind);  // "Int32Type"
uint16_t native_protocol_id(TypeKind kind);
const TypePtr& find_native_by_marshal_class(std::string_view name);  // without the package; null if unknown

class NativeType : public Type {
 protected:
  explicit NativeType(TypeKind kind) : Type(kind, false) {}

  int compare_values(BytesView a, BytesView b) const override { return a.compare(b); }
  // "Expected 4 or 0 byte int (3)" and the like are written by each type; this is what JSON of a wrong kind
  // gets: "Expected a bigint value, but got a String: …".
  Error json_mismatch(std::string_view expected, const JsonValue& json) const {
    return invalid("Expected " + std::string(expected) + ", but got a " + std::string(json.java_class()) +
                   ": " + json.to_string());
  }
};

inline std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

template <class Int>
Bytes be_bytes(Int v) {
  Bytes out;
  append_be(out, v);
  return out;
}

// Java's `^-?\d+$`.
bool is_integer_text(std::string_view text);
// Digits of a fixed width as a number; REQUIRES: all are digits, at most 18 of them.
int64_t digits_value(std::string_view digits);
bool all_digits(std::string_view text);  // false for no digits at all
std::string_view trim(std::string_view text);

}  // namespace keyzone
