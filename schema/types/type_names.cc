// What types are called: in CQL, by Cassandra's class names, by the protocol's ids. And freezing.
#include <algorithm>

#include "schema/types/hex.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

// CQL's reserved words, sorted: as identifiers they need quotes.
constexpr std::string_view kReserved[] = {
    "add",      "allow",       "alter",        "and",    "apply",    "asc",   "authorize",    "batch",
    "begin",    "by",          "columnfamily", "create", "delete",   "desc",  "describe",     "drop",
    "entries",  "execute",     "from",         "full",   "grant",    "if",    "in",           "index",
    "infinity", "insert",      "into",         "is",     "keyspace", "limit", "materialized", "modify",
    "nan",      "norecursive", "not",          "null",   "of",       "on",    "or",           "order",
    "primary",  "rename",      "revoke",       "schema", "select",   "set",   "table",        "to",
    "token",    "truncate",    "unlogged",     "update", "use",      "using", "view",         "where",
    "with",
};
static_assert(std::is_sorted(std::begin(kReserved), std::end(kReserved)));

bool is_bare_identifier(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string_view marshal_class(TypeKind kind) {
  switch (kind) {
    case TypeKind::kList:
      return "ListType";
    case TypeKind::kSet:
      return "SetType";
    case TypeKind::kMap:
      return "MapType";
    case TypeKind::kTuple:
      return "TupleType";
    case TypeKind::kUser:
      return "UserType";
    case TypeKind::kVector:
      return "VectorType";
    default:
      return native_marshal_class(kind);
  }
}

std::string_view class_name(const Type& type) {
  switch (type.other_class()) {
    case OtherClass::kLegacyTimeuuid:
      return "LegacyTimeUUIDType";
    case OtherClass::kLexicalUuid:
      return kLexicalUuidClass;
    case OtherClass::kNone:
      break;
  }
  return is_composite(type) ? std::string_view(type.name()) : marshal_class(type.kind());
}

// Within what is frozen Cassandra no longer says so. Of a vector's element it must be said all the same,
// since nothing else tells: names are what catalogs are read from.
std::string marshal(const Type& type, bool say_frozen) {
  std::string name = std::string(kMarshalPackage) + std::string(class_name(type));
  if (type.is_native() && !is_composite(type)) return name;
  if (type.is_vector()) {
    return name + "(" + marshal(type.element(), true) + " , " + std::to_string(type.dimension()) + ")";
  }
  const bool parts_say_frozen = say_frozen && type.is_multi_cell();
  std::string parts;
  if (type.is_user_type()) parts = type.keyspace() + "," + to_hex(type.name());
  for (size_t i = 0; i < type.parameters().size(); ++i) {
    if (!parts.empty()) parts += ",";
    if (type.is_user_type()) parts += to_hex(type.field_names()[i]) + ":";
    if (type.name() == kDynamicCompositeClass) parts += type.field_names()[i] + "=>";
    parts += marshal(*type.parameters()[i], parts_say_frozen);
  }
  name += "(" + parts + ")";
  if (is_composite(type)) return name;
  const bool frozen_by_name = say_frozen && type.frozen() && !type.is_tuple();
  return frozen_by_name ? std::string(kMarshalPackage) + "FrozenType(" + name + ")" : name;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  if (is_bare_identifier(name) && !std::binary_search(std::begin(kReserved), std::end(kReserved), name)) {
    return std::string(name);
  }
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

namespace {

std::string spell(const Type& type, bool qualified);

std::string spell_bare(const Type& type, bool qualified) {
  if (type.other_class() == OtherClass::kLexicalUuid || is_composite(type))
    return "'" + type.marshal_name() + "'";
  if (type.is_native()) return std::string(native_type_name(type.kind()));
  if (type.is_user_type()) {
    return (qualified ? quote_identifier(type.keyspace()) + "." : "") + quote_identifier(type.name());
  }
  constexpr std::string_view kNames[] = {"list", "set", "map", "tuple", "", "vector"};
  std::string out =
      std::string(kNames[static_cast<int>(type.kind()) - static_cast<int>(TypeKind::kList)]) + "<";
  for (size_t i = 0; i < type.parameters().size(); ++i)
    out += (i ? ", " : "") + spell(*type.parameters()[i], qualified);
  if (type.is_vector()) out += ", " + std::to_string(type.dimension());
  return out + ">";
}

std::string spell(const Type& type, bool qualified) {
  const bool says_frozen = type.frozen() && !type.is_native() && !type.is_vector();
  return says_frozen ? "frozen<" + spell_bare(type, qualified) + ">" : spell_bare(type, qualified);
}

}  // namespace

std::string Type::to_string_bare() const { return spell_bare(*this, false); }
std::string Type::to_string() const { return spell(*this, false); }
std::string Type::to_qualified_string() const { return spell(*this, true); }

std::string Type::marshal_name() const { return marshal(*this, true); }

uint16_t Type::protocol_id() const {
  if (other_class_ != OtherClass::kNone || is_composite(*this)) return 0x0000;
  switch (kind_) {
    case TypeKind::kList:
      return 0x0020;
    case TypeKind::kMap:
      return 0x0021;
    case TypeKind::kSet:
      return 0x0022;
    case TypeKind::kUser:
      return 0x0030;
    case TypeKind::kTuple:
      return 0x0031;
    case TypeKind::kVector:
      return 0x0000;
    default:
      return native_protocol_id(kind_);
  }
}

namespace {

TypePtr with_frozen(const TypePtr& type, bool frozen) {
  const auto& parts = type->parameters();
  switch (type->kind()) {
    case TypeKind::kList:
      return list_type(parts[0], frozen);
    case TypeKind::kSet:
      return set_type(parts[0], frozen);
    case TypeKind::kMap:
      return map_type(parts[0], parts[1], frozen);
    case TypeKind::kUser:
      return user_type(type->keyspace(), type->name(), type->field_names(), parts, frozen);
    default:
      return type;
  }
}

}  // namespace

TypePtr freeze(const TypePtr& type) { return type->is_multi_cell() ? with_frozen(type, true) : type; }
TypePtr unfreeze(const TypePtr& type) { return type->is_multi_cell() ? type : with_frozen(type, false); }

TypePtr expand_user_types(const TypePtr& type) {
  std::vector<TypePtr> parts;
  for (const TypePtr& part : type->parameters()) parts.push_back(expand_user_types(part));
  switch (type->kind()) {
    case TypeKind::kList:
      return list_type(parts[0], type->frozen());
    case TypeKind::kSet:
      return set_type(parts[0], type->frozen());
    case TypeKind::kMap:
      return map_type(parts[0], parts[1], type->frozen());
    case TypeKind::kVector:
      return vector_type(parts[0], type->dimension());
    case TypeKind::kTuple:
    case TypeKind::kUser:
      return tuple_type(std::move(parts));
    default:
      return type;
  }
}

}  // namespace keyzone
