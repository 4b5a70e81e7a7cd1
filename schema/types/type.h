// What a CQL type is: its name, its bytes on the wire, its order, and how text and JSON become its values.
//
// A value is always its CQL wire encoding (native protocol v3 and later, the bytes after the [int] length);
// null is never passed here: callers keep it as an absent value. A value of zero bytes ("empty") is legal for
// most types and sorts before all others. Types are immutable, shared and safe to use from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone {

enum class TypeKind : uint8_t {
  kAscii,
  kBigint,
  kBlob,
  kBoolean,
  kCounter,
  kDate,
  kDecimal,
  kDouble,
  kDuration,
  kFloat,
  kInet,
  kInt,
  kSmallint,
  kText,
  kTime,
  kTimestamp,
  kTimeuuid,
  kTinyint,
  kUuid,
  kVarint,
  kEmpty,
  kList,
  kSet,
  kMap,
  kTuple,
  kUser,
  kVector,
};

// How a constant was written in CQL text.
enum class ConstantKind : uint8_t { kString, kInteger, kFloat, kUuid, kBoolean, kHex, kDuration };
std::string_view constant_kind_name(ConstantKind kind);  // "STRING", "INTEGER", … as in Cassandra's errors

class Type;
struct JsonValue;     // schema/types/json.h
class OrderedReader;  // schema/types/ordered.h
using TypePtr = std::shared_ptr<const Type>;

// The type of a constant where nothing else says: the smallest of int, bigint and varint; double or decimal;
// ascii or text; timeuuid or uuid.
TypePtr preferred_constant_type(ConstantKind kind, std::string_view text);

inline constexpr int kTypeDepthMax = 128;           // of nested types, user types taken apart
inline constexpr int kTypePartsMax = 16384;         // that a type is made of, user types taken apart
inline constexpr int kVectorElementsMax = 1 << 20;  // ours against absurd sizes
inline constexpr size_t kTupleFieldsMax = 32768;    // of a tuple or a user type
// Of a varint, or of a decimal's digits: what costs more than linear time must be short. Longer ones do not
// validate.
inline constexpr size_t kNumberBytesMax = 16384;

// Older classes of Cassandra's beside those of the native types; such types are sent as custom ones.
enum class OtherClass : uint8_t {
  kNone,
  kLegacyTimeuuid,  // a timeuuid in all else
  kLexicalUuid,     // a uuid ordered as two signed numbers: a type that CQL has no word for but its class
};

class Type : public std::enable_shared_from_this<Type> {
 public:
  virtual ~Type() = default;
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  TypeKind kind() const { return kind_; }
  bool is_native() const { return kind_ < TypeKind::kList; }
  bool is_collection() const { return kind_ >= TypeKind::kList && kind_ <= TypeKind::kMap; }
  bool is_tuple() const { return kind_ == TypeKind::kTuple; }
  bool is_user_type() const { return kind_ == TypeKind::kUser; }
  bool is_vector() const { return kind_ == TypeKind::kVector; }
  bool is_counter() const { return kind_ == TypeKind::kCounter; }

  // A value is one cell per element or field: collections and user types that are not frozen.
  bool is_multi_cell() const { return multi_cell_; }
  bool frozen() const { return !multi_cell_; }

  // list, set, vector: the element; map: key and value; tuple and user type: the fields; natives: none.
  const std::vector<TypePtr>& parameters() const { return parameters_; }
  const Type& element() const { return *parameters_.at(0); }                    // list, set, vector
  const Type& key_type() const { return *parameters_.at(0); }                   // map
  const Type& value_type() const { return *parameters_.at(1); }                 // map
  int dimension() const { return dimension_; }                                  // vector
  const std::string& keyspace() const { return keyspace_; }                     // user type
  const std::string& name() const { return name_; }                             // user type
  const std::vector<std::string>& field_names() const { return field_names_; }  // user type
  std::optional<size_t> find_field(std::string_view name) const;                // user type

  // In CQL, exactly as Cassandra prints it in system_schema: `frozen<map<text, int>>`, `vector<float, 3>`.
  std::string to_string() const;
  // Without the frozen<> of the outermost type.
  std::string to_string_bare() const;
  // With their keyspaces before the names of user types.
  std::string to_qualified_string() const;
  // `org.apache.cassandra.db.marshal.…`, as Cassandra names the type in custom types and in its own files.
  std::string marshal_name() const;
  OtherClass other_class() const { return other_class_; }
  // The native protocol's [option] id: 0x0001 ascii … 0x0031 tuple; 0x0000 (custom) for vectors and empty,
  // which are sent as marshal_name().
  uint16_t protocol_id() const;

  // Same name and same parameters, frozen or not included.
  bool operator==(const Type& other) const;
  // A value of `other` can be used where this type is asked for, unchanged.
  bool is_value_compatible_with(const Type& other) const;
  // Any part is of that kind, or the user type `keyspace`.`name`.
  bool references(TypeKind kind) const;
  bool references_user_type(std::string_view keyspace, std::string_view name) const;
  // Durations have no order, so that no key may hold them, nor may they be compared. Those in a vector do, as
  // in Cassandra: that of their bytes.
  bool holds_durations() const;
  // The size of every non-empty value where all have the same: elements of vectors are then sent bare.
  virtual std::optional<size_t> fixed_length() const { return std::nullopt; }

  // Errors are kInvalid with Cassandra's sentence: "Expected 4 or 0 byte int (3)".
  virtual Result<void> validate(BytesView wire) const = 0;

  // Cassandra's order: negative, zero or positive. REQUIRES: both validate.
  int compare(BytesView a, BytesView b) const;

  // The order-preserving form: memcmp of two forms gives compare(), no form is a prefix of another, so
  // forms can be strung together; `descending` inverts every byte. Layout in schema/types/ordered.h.
  // REQUIRES: wire validates.
  void append_ordered(BytesView wire, bool descending, Bytes& out) const;
  // Takes one form off `in` and appends the wire value to `out`; false where the bytes are no such form.
  // Values that compare equal have one form; reading it gives the canonical one of them, see
  // ordered_is_exact().
  [[nodiscard]] bool read_ordered(ByteReader& in, bool descending, Bytes& out) const;
  // False if reading may give other bytes than were written (decimal 1.00 comes back as 1, NaNs as one
  // NaN, a varint without its redundant leading bytes).
  virtual bool ordered_is_exact() const { return true; }

  // A CQL constant as a value; from_constant checks that this kind may be used for this type. `text` is
  // without quotes, and of hexadecimal constants with or without 0x.
  bool accepts_constant(ConstantKind kind) const;
  Result<Bytes> from_constant(ConstantKind kind, std::string_view text) const;
  // The contents of a string literal (or a number's text): '2011-02-03 04:05+0000', '1y2mo', '127.0.0.1'.
  // There is no clock here: a timestamp of 'now' is the caller's to understand.
  virtual Result<Bytes> from_text(std::string_view text) const = 0;

  // The value as CQL text that reads back as the same value: 'it''s', 0xcafe, {1: 'a'}. Empty values of types
  // other than text and blob give null, as Cassandra's do. REQUIRES: wire validates.
  virtual std::string to_cql_literal(BytesView wire) const = 0;
  // The value as toJson() gives it. REQUIRES: wire validates.
  virtual std::string to_json(BytesView wire) const = 0;
  // As fromJson() and INSERT JSON take it: numbers and booleans may be strings. JSON null gives no value
  // only at the outermost level and in tuples and user types.
  Result<std::optional<Bytes>> from_json(const JsonValue& json) const;

  // One form within another, for types made of types. REQUIRES: wire validates.
  void append_ordered_part(BytesView wire, Bytes& out) const;
  [[nodiscard]] bool read_ordered_part(OrderedReader& in, Bytes& out) const;

 protected:
  Type(TypeKind kind, bool multi_cell) : kind_(kind), multi_cell_(multi_cell) {}

  virtual int compare_values(BytesView a, BytesView b) const = 0;          // neither is empty
  virtual void append_ordered_body(BytesView wire, Bytes& out) const = 0;  // wire is not empty
  virtual bool read_ordered_body(OrderedReader& in, Bytes& out) const = 0;
  virtual Result<Bytes> from_json_value(const JsonValue& json) const = 0;  // json is not null
  Result<Bytes> from_json_text(std::string_view text) const;               // a JSON string that holds JSON

  TypeKind kind_;
  bool multi_cell_;
  OtherClass other_class_ = OtherClass::kNone;
  int dimension_ = 0;
  std::vector<TypePtr> parameters_;
  std::string keyspace_, name_;
  std::vector<std::string> field_names_;
};

// ---- Making types ----

const TypePtr& native_type(TypeKind kind);               // one shared instance each
const TypePtr& legacy_timeuuid_type();                   // OtherClass::kLegacyTimeuuid
const TypePtr& find_native_type(std::string_view name);  // by CQL name, any case; null if unknown
std::string_view native_type_name(TypeKind kind);        // "int", "text", …
// Parameters are frozen by these where they are not, but for a vector's element and the fields of a user type
// that is itself not frozen: they stay as declared. `frozen` is about the type made.
TypePtr list_type(TypePtr element, bool frozen);
TypePtr set_type(TypePtr element, bool frozen);
TypePtr map_type(TypePtr key, TypePtr value, bool frozen);
TypePtr tuple_type(std::vector<TypePtr> fields);
TypePtr vector_type(TypePtr element, int dimension);
TypePtr user_type(std::string keyspace, std::string name, std::vector<std::string> field_names,
                  std::vector<TypePtr> field_types, bool frozen);
TypePtr freeze(const TypePtr& type);  // the same type, frozen, with all its parts but those inside a vector
TypePtr expand_user_types(const TypePtr& type);  // the same values, with tuples in place of user types
TypePtr unfreeze(const TypePtr& type);  // collections and user types: multi-cell at the outermost level

// Whether kTypeDepthMax and kTypePartsMax allow it. A type that they don't must not get into a catalog:
// thirty user types that each contain the one before twice are of more parts than memory holds.
bool is_of_bounded_size(const Type& type);

// Finds a user type by name (case as stored); null where there is none.
using UserTypeResolver = std::function<TypePtr(std::string_view keyspace, std::string_view name)>;

// Reads a type as CQL writes it: `map<text, frozen<list<int>>>`, `"My Type"`, `ks.address`,
// `'org.apache.cassandra.db.marshal.Int32Type'`. Names without a keyspace are looked up in `keyspace`.
// Errors are kInvalid with Cassandra's sentences, kSyntax for text that is no type.
Result<TypePtr> parse_type(std::string_view text, std::string_view keyspace, const UserTypeResolver& resolve);
// Whether it is a user type's name and nothing more; whether there is such a type is not asked.
bool is_user_type_name(std::string_view text);
// The type as it is written, in Cassandra's spelling: what is frozen within others says so, varchar is not
// called text, and user types are named with the keyspace, if one is given. Text that is no type is given
// back.
std::string spell_type(std::string_view text, std::string_view keyspace);
// Reads `org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.Int32Type)`; the prefix may
// be left out. User types are described in full by the name itself. Reversed is stripped.
Result<TypePtr> parse_marshal_name(std::string_view text);

// The identifier as CQL must write it: bare if lower-case and not reserved, else "quoted".
std::string quote_identifier(std::string_view name);

// ---- Orders of prefixes ----

// The least byte string greater than every string that starts with `prefix`; empty if there is none.
Bytes prefix_successor(Bytes prefix);
// What append_ordered would begin with for null; sorts before every value (after, if descending).
void append_ordered_null(bool descending, Bytes& out);

}  // namespace keyzone
