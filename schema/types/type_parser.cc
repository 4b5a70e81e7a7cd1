// Reads types as CQL writes them. First the shape as it is written, then the rules and the types themselves.
#include <algorithm>
#include <charconv>

#include "schema/text.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

struct Shape {
  TypeKind kind = TypeKind::kEmpty;  // of collections, tuples, vectors and user types
  TypePtr known;                     // a native, or what a class name stands for
  bool frozen = false;
  std::vector<Shape> parts;
  int64_t dimension = 0;
  bool says_dimension = false;
  // of a user type; the name of a native that has two, if it is not the usual one
  std::string keyspace, name;

  bool is_collection() const { return !known && kind >= TypeKind::kList && kind <= TypeKind::kMap; }
  bool is_user() const { return !known && kind == TypeKind::kUser; }
  bool multi_cell() const { return (is_collection() || is_user()) && !frozen; }
  bool is(TypeKind native) const { return known && known->kind() == native; }

  // Not what is inside a vector: it stays as it is written.
  void freeze() {
    frozen = true;
    if (is_user() || kind == TypeKind::kVector) return;
    for (Shape& part : parts) part.freeze();
  }
  void qualify(std::string_view in) {
    if (is_user() && keyspace.empty()) keyspace = in;
    for (Shape& part : parts) part.qualify(in);
  }
  std::string to_string() const {
    if (known && known->is_native()) return name.empty() ? known->to_string() : name;
    if (known) return "'" + known->marshal_name() + "'";
    std::string bare;
    if (is_user()) {
      bare = (keyspace.empty() ? "" : keyspace + ".") + name;
    } else {
      constexpr std::string_view kNames[] = {"list<", "set<", "map<", "tuple<", "", "vector<"};
      bare = kNames[static_cast<int>(kind) - static_cast<int>(TypeKind::kList)];
      for (size_t i = 0; i < parts.size(); ++i) bare += (i ? ", " : "") + parts[i].to_string();
      if (kind == TypeKind::kVector) bare += ", " + std::to_string(dimension);
      bare += ">";
    }
    return frozen && (is_collection() || is_user()) ? "frozen<" + bare + ">" : bare;
  }
};

struct Generic {
  std::string_view name;
  TypeKind kind;
};
constexpr Generic kGenerics[] = {
    {"list", TypeKind::kList},   {"set", TypeKind::kSet},       {"map", TypeKind::kMap},
    {"tuple", TypeKind::kTuple}, {"vector", TypeKind::kVector},
};

class ShapeParser {
 public:
  explicit ShapeParser(std::string_view text) : text_(text), rest_(text) {}

  Result<Shape> parse() {
    KEYZONE_TRY(shape, type(0));
    skip_blank();
    if (!rest_.empty()) return error();
    return shape;
  }

 private:
  Error error() const {
    const auto at = std::to_string(text_.size() - rest_.size());
    return {ErrorKind::kSyntax,
            "'" + std::string(text_) + "' is not a type: unexpected " +
                (rest_.empty() ? "end" : "'" + std::string(rest_.substr(0, 1)) + "' at " + at)};
  }
  void skip_blank() {
    while (!rest_.empty() && static_cast<uint8_t>(rest_[0]) <= ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blank();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A bare word in lower case, or what stands between quotes; `quote` says which of the two.
  Result<std::string> word(char& quote) {
    skip_blank();
    quote = rest_.empty() ? '\0' : rest_[0];
    if (quote == '"' || quote == '\'') return quoted_word(quote);
    quote = '\0';
    size_t size = 0;
    while (size < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[size])) || rest_[size] == '_'))
      ++size;
    if (size == 0) return error();
    const std::string taken = lower_case(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }
  Result<std::string> quoted_word(char quote) {
    std::string taken;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c != quote) {
        taken += c;
      } else if (rest_.starts_with(quote)) {
        taken += quote;
        rest_.remove_prefix(1);
      } else {
        return taken;
      }
    }
    return error();
  }

  Result<Shape> type(int depth) {
    if (depth >= kTypeDepthMax) {
      return invalid("Types may not be nested deeper than " + std::to_string(kTypeDepthMax));
    }
    char quote;
    KEYZONE_TRY(name, word(quote));
    Shape shape;
    if (quote == '\'') {
      KEYZONE_TRY(known, class_type(name));
      shape.known = known;
      shape.name = "'" + known->marshal_name() + "'";
      return shape;
    }
    if (quote == '\0' && take('<')) return parameters(name, depth);
    const bool qualified = take('.');  // then a native type's name is a keyspace's
    if (quote == '\0' && !qualified && (shape.known = find_native_type(name))) {
      if (name != native_type_name(shape.known->kind())) shape.name = name;
      return shape;
    }
    shape.kind = TypeKind::kUser;
    shape.name = name;
    if (qualified) {
      shape.keyspace = name;
      KEYZONE_TRY(second, word(quote));
      shape.name = second;
    }
    return shape;
  }

  static Result<TypePtr> class_type(const std::string& name) {
    auto known = parse_marshal_name(name);
    if (known) return known;
    const char* what =
        known.error().kind == ErrorKind::kSyntax ? "Cannot parse type " : "Error setting type ";
    return Error{ErrorKind::kSyntax, what + name + ": " + known.error().message};
  }

  Result<Shape> parameters(const std::string& name, int depth) {
    if (name == "frozen") return frozen(depth);
    const auto* generic = std::find_if(std::begin(kGenerics), std::end(kGenerics),
                                       [&](const Generic& g) { return g.name == name; });
    if (generic == std::end(kGenerics)) return error();
    Shape shape;
    shape.kind = generic->kind;
    do {
      if (shape.kind == TypeKind::kVector && shape.parts.size() == 1) {
        KEYZONE_CHECK(dimension(shape));
        break;
      }
      if (shape.parts.size() == kTupleFieldsMax) return error();
      KEYZONE_TRY(part, type(depth + 1));
      shape.parts.push_back(std::move(part));
    } while (take(','));
    const size_t wanted = shape.kind == TypeKind::kMap     ? 2
                          : shape.kind == TypeKind::kTuple ? shape.parts.size()
                                                           : 1;
    if (shape.parts.size() != wanted || !take('>')) return error();
    if (shape.kind == TypeKind::kVector && !shape.says_dimension) return error();
    if (shape.kind == TypeKind::kTuple) shape.freeze();
    if (shape.kind == TypeKind::kVector) KEYZONE_CHECK(check_elements(shape));
    return shape;
  }

  Result<Shape> frozen(int depth) {
    KEYZONE_TRY(inner, type(depth + 1));
    if (!take('>')) return error();
    if (inner.known) {
      return Error{ErrorKind::kSyntax,
                   "frozen<> is only allowed on collections, tuples, and user-defined types (got " +
                       inner.to_string() + ")"};
    }
    inner.freeze();
    return inner;
  }

  Result<void> dimension(Shape& shape) {
    skip_blank();
    const bool negative = take('-');
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), shape.dimension);
    if (problem != std::errc()) return error();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (negative) shape.dimension = -shape.dimension;
    shape.says_dimension = true;
    return {};
  }

  // Vectors within vectors count together.
  static Result<void> check_elements(const Shape& vector) {
    int64_t elements = 1;
    for (const Shape* at = &vector; at->kind == TypeKind::kVector && at->dimension > 0; at = &at->parts[0]) {
      if (at->dimension <= kVectorElementsMax / elements) {
        elements *= at->dimension;
        continue;
      }
      return invalid("vectors may have at most " + std::to_string(kVectorElementsMax) + " elements; given " +
                     vector.to_string());
    }
    return {};
  }

  std::string_view text_, rest_;
};

Result<void> check_frozen(const Shape& part, const Shape& collection) {
  if (collection.frozen || !part.multi_cell()) return {};
  return invalid(std::string(part.is_user() ? "Non-frozen UDTs" : "Non-frozen collections") +
                 " are not allowed inside collections: " + collection.to_string());
}

Result<void> check_no_counter(const Shape& part, const Shape& collection) {
  if (!part.is(TypeKind::kCounter)) return {};
  return invalid("Counters are not allowed inside collections: " + collection.to_string());
}

// Of what is wrong with a map, that with its values is told first.
Result<void> check_collection(const Shape& shape) {
  const Shape& value = shape.parts.back();
  KEYZONE_CHECK(check_frozen(value, shape));
  KEYZONE_CHECK(check_no_counter(value, shape));
  if (shape.kind == TypeKind::kSet && value.is(TypeKind::kDuration))
    return invalid("Durations are not allowed inside sets: " + shape.to_string());
  if (shape.kind != TypeKind::kMap) return {};
  const Shape& key = shape.parts.front();
  KEYZONE_CHECK(check_no_counter(key, shape));
  if (key.is(TypeKind::kDuration))
    return invalid("Durations are not allowed as map keys: " + shape.to_string());
  return check_frozen(key, shape);
}

Error no_dimension(int64_t given) {
  return invalid("vectors may only have positive dimensions; given " + std::to_string(given));
}

class Maker {
 public:
  Maker(std::string_view keyspace, const UserTypeResolver& resolve)
      : keyspace_(keyspace), resolve_(resolve) {}

  Result<TypePtr> make(const Shape& shape) const {
    if (shape.known) return shape.known;
    if (shape.is_user()) return user(shape);
    if (shape.is_collection()) KEYZONE_CHECK(check_collection(shape));
    const size_t count = shape.parts.size();
    std::vector<TypePtr> parts(count);
    for (size_t i = 0; i < count; ++i) {
      const size_t at = shape.kind == TypeKind::kMap ? count - 1 - i : i;  // here, too
      if (shape.parts[at].is(TypeKind::kCounter) && shape.kind == TypeKind::kTuple) {
        return invalid("Counters are not allowed inside tuples");
      }
      KEYZONE_TRY(made, make(shape.parts[at]));
      parts[at] = std::move(made);
    }
    switch (shape.kind) {
      case TypeKind::kList:
        return list_type(parts[0], shape.frozen);
      case TypeKind::kSet:
        return set_type(parts[0], shape.frozen);
      case TypeKind::kMap:
        return map_type(parts[0], parts[1], shape.frozen);
      case TypeKind::kVector:
        if (shape.dimension <= 0) return no_dimension(shape.dimension);
        return vector_type(parts[0], static_cast<int>(shape.dimension));
      default:
        return tuple_type(std::move(parts));
    }
  }

 private:
  Result<TypePtr> user(const Shape& shape) const {
    const std::string_view keyspace = shape.keyspace.empty() ? keyspace_ : std::string_view(shape.keyspace);
    if (keyspace != keyspace_) {
      return invalid("Statement on keyspace " + std::string(keyspace_) +
                     " cannot refer to a user type in keyspace " + std::string(keyspace) +
                     "; user types can only be used in the keyspace they are defined in");
    }
    const TypePtr found = resolve_ ? resolve_(keyspace, shape.name) : nullptr;
    if (!found) return invalid("Unknown type " + std::string(keyspace) + "." + shape.name);
    return shape.frozen ? freeze(found) : unfreeze(found);
  }

  std::string_view keyspace_;
  const UserTypeResolver& resolve_;
};

}  // namespace

bool is_user_type_name(std::string_view text) {
  const auto shape = ShapeParser(text).parse();
  return shape && shape->is_user() && !shape->frozen;
}

std::string spell_type(std::string_view text, std::string_view keyspace) {
  auto shape = ShapeParser(text).parse();
  if (!shape) return std::string(text);
  shape->qualify(keyspace);
  return shape->to_string();
}

Result<TypePtr> parse_type(std::string_view text, std::string_view keyspace,
                           const UserTypeResolver& resolve) {
  KEYZONE_TRY(shape, ShapeParser(text).parse());
  return Maker(keyspace, resolve).make(shape);
}

}  // namespace keyzone
