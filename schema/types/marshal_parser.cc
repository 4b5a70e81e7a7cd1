// Reads types by Cassandra's class names: `…marshal.MapType(…marshal.UTF8Type,…marshal.Int32Type)`.
#include <algorithm>
#include <charconv>

#include "schema/types/hex.h"
#include "schema/types/java_hash.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr size_t kAliasesMax = 128;
constexpr int kNamesDepthMax = 2 * kTypeDepthMax;  // each may be in a FrozenType(…)

class MarshalParser {
 public:
  explicit MarshalParser(std::string_view text) : text_(text), rest_(text) {}

  // Where no name begins, the type is that of bytes; what follows a type is not looked at.
  Result<TypePtr> parse() {
    skip_blank();
    if (rest_.empty() || !is_of_names(rest_[0])) return native_type(TypeKind::kBlob);
    return type(0);
  }

 private:
  Error error(const std::string& what) const {
    return {ErrorKind::kSyntax, "Syntax error parsing '" + std::string(text_) + "' at char " +
                                    std::to_string(text_.size() - rest_.size()) + ": " + what};
  }
  void skip_blank() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n'))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blank();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  static bool is_of_names(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-+._&").find(c) != std::string::npos;
  }
  std::string_view identifier() {
    skip_blank();
    size_t size = 0;
    while (size < rest_.size() && is_of_names(rest_[size])) ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  Result<void> expect(char c) {
    if (take(c)) return {};
    return error(rest_.empty() ? "unexpected end of string" : std::string("expecting '") + c + "' token");
  }

  // Whether one more of what stands between parentheses follows; a comma before it may be left out.
  Result<bool> has_next() {
    take(',');
    if (take(')')) return false;
    if (rest_.empty()) return error("unexpected end of string");
    return true;
  }
  // (name=value,…), which no type of one name looks at.
  Result<void> skip_settings() {
    if (!take('(')) return {};
    for (;;) {
      KEYZONE_TRY(more, has_next());
      if (!more) return {};
      identifier();
      if (take('=')) {
        identifier();
      } else if (skip_blank(); !rest_.starts_with(',') && !rest_.starts_with(')')) {
        return error(rest_.empty() ? "unexpected end of string"
                                   : "unexpected character '" + std::string(rest_.substr(0, 1)) + "'");
      }
    }
  }

  Result<TypePtr> type(int depth) {
    if (depth >= kNamesDepthMax) {
      return invalid("Types may not be nested deeper than " + std::to_string(kTypeDepthMax));
    }
    const std::string_view full = identifier();
    std::string_view name = full;
    if (name.starts_with(kMarshalPackage)) name.remove_prefix(kMarshalPackage.size());
    if (const TypePtr& native = find_native_by_marshal_class(name)) {
      KEYZONE_CHECK(skip_settings());
      return native;
    }
    constexpr std::string_view kOfNoValues[] = {
        "AbstractType", "AbstractCompositeType", "AbstractTimeUUIDType", "CollectionType", "NumberType",
        "StringType",   "TemporalType"};
    if (std::find(std::begin(kOfNoValues), std::end(kOfNoValues), name) != std::end(kOfNoValues)) {
      return Error{ErrorKind::kConfig,
                   "Invalid comparator class " + std::string(kMarshalPackage) + std::string(name) +
                       ": must define a public static instance field or a public static method "
                       "getInstance(TypeParser)."};
    }
    const Error unknown{ErrorKind::kConfig,
                        "Unable to find abstract-type class '" +
                            (full.find('.') == full.npos ? std::string(kMarshalPackage) : "") +
                            std::string(full) + "'"};
    constexpr std::string_view kWithParameters[] = {
        "FrozenType", "ReversedType", "ListType",   "SetType",       "MapType",
        "TupleType",  "UserType",     "VectorType", kCompositeClass, kDynamicCompositeClass};
    if (std::find(std::begin(kWithParameters), std::end(kWithParameters), name) == std::end(kWithParameters))
      return unknown;
    auto made = with_parameters(name, depth);
    if (made || made.error().kind == ErrorKind::kInvalid) return made;
    // Of what is wrong within, Cassandra says no more.
    return Error{ErrorKind::kConfig, "Invalid definition for comparator " + std::string(kMarshalPackage) +
                                         std::string(name) + "."};
  }

  Result<TypePtr> with_parameters(std::string_view name, int depth) {
    if (name == "UserType") return user(depth);
    if (name == "VectorType") return vector(depth);
    if (name == kCompositeClass) return composite(depth);
    if (name == kDynamicCompositeClass) return dynamic_composite(depth);
    KEYZONE_TRY(parts, parameters(depth));
    const size_t wanted = name == "MapType" ? 2 : name == "TupleType" ? std::max<size_t>(parts.size(), 1) : 1;
    if (parts.size() != wanted) return error("wrong number of parameters of " + std::string(name));
    if (name == "FrozenType") return freeze(parts[0]);
    if (name == "ReversedType") return parts[0];
    if (name == "ListType") return list_type(parts[0], false);
    if (name == "SetType") return set_type(parts[0], false);
    if (name == "MapType") return map_type(parts[0], parts[1], false);
    return tuple_type(std::move(parts));
  }

  Result<std::vector<TypePtr>> parameters(int depth) {
    KEYZONE_CHECK(expect('('));
    std::vector<TypePtr> parts;
    for (;;) {
      KEYZONE_TRY(more, has_next());
      if (!more) return parts;
      if (parts.size() == kTupleFieldsMax) return error("too many parameters");
      KEYZONE_TRY(part, type(depth + 1));
      parts.push_back(std::move(part));
    }
  }

  Result<TypePtr> vector(int depth) {
    KEYZONE_CHECK(expect('('));
    KEYZONE_TRY(element, type(depth + 1));
    KEYZONE_CHECK(expect(','));
    const std::string_view digits = identifier();
    int dimension = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), dimension);
    if (problem != std::errc() || end != digits.data() + digits.size() || dimension < 1 ||
        dimension > kVectorElementsMax) {
      return error("vectors may only have positive dimensions up to " + std::to_string(kVectorElementsMax));
    }
    KEYZONE_CHECK(expect(')'));
    return vector_type(element, dimension);
  }

  Result<TypePtr> composite(int depth) {
    KEYZONE_TRY(parts, parameters(depth));
    if (parts.empty()) return error("no parameters");
    return composite_type(std::move(parts));
  }

  // (s => UTF8Type, i => Int32Type), in the order in which Cassandra goes through them.
  Result<TypePtr> dynamic_composite(int depth) {
    std::vector<std::pair<std::string, TypePtr>> aliases;
    if (take('(') && !take(')')) {
      do {
        if (aliases.size() == kAliasesMax) return error("too many aliases");
        const std::string alias(identifier());
        if (alias.size() != 1) return error("an alias should be a single character");
        if (!take('=') || !take('>')) return error("expecting '=>' after an alias");
        KEYZONE_TRY(aliased, type(depth + 1));
        aliases.emplace_back(alias, std::move(aliased));
      } while (take(','));
      KEYZONE_CHECK(expect(')'));
    }
    const auto place = [&](const auto& one) {
      return java_place(static_cast<uint8_t>(one.first[0]), java_table_size(aliases.size()));
    };
    std::stable_sort(aliases.begin(), aliases.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    std::vector<std::string> names;
    std::vector<TypePtr> types;
    for (auto& [alias, aliased] : aliases) {
      names.push_back(alias);
      types.push_back(std::move(aliased));
    }
    return dynamic_composite_type(std::move(names), std::move(types));
  }

  static bool is_text(BytesView bytes) {
    return static_cast<bool>(native_type(TypeKind::kText)->validate(bytes));
  }

  // (keyspace,hex of the name,hex of a field's name:type,…)
  Result<TypePtr> user(int depth) {
    KEYZONE_CHECK(expect('('));
    const std::string keyspace(identifier());
    KEYZONE_CHECK(expect(','));
    const auto name = from_hex(identifier());
    if (!name || !is_text(*name)) return error("expecting a text in hexadecimal digits");
    std::vector<std::string> names;
    std::vector<TypePtr> types;
    while (take(',')) {
      if (names.size() == kTupleFieldsMax) return error("too many fields");
      const auto field = from_hex(identifier());
      if (!field || !is_text(*field)) return error("expecting a text in hexadecimal digits");
      KEYZONE_CHECK(expect(':'));
      KEYZONE_TRY(field_type, type(depth + 1));
      names.push_back(*field);
      types.push_back(std::move(field_type));
    }
    KEYZONE_CHECK(expect(')'));
    return user_type(keyspace, *name, std::move(names), std::move(types), false);
  }

  std::string_view text_, rest_;
};

}  // namespace

Result<TypePtr> parse_marshal_name(std::string_view text) { return MarshalParser(text).parse(); }

}  // namespace keyzone
