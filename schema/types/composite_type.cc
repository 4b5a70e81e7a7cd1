// CompositeType and DynamicCompositeType: lists of values that CQL has no word for but their classes.
//
// On the wire each component is a [short] length, its bytes, and a byte that is 0 but in bounds of slices,
// where the last may be 01 (after all that begin so) or ff (before them); components may be missing at the
// end. A dynamic one has before each component the type: [short] 80 and the letter of an alias, or the length
// of a class name and the name. Of CompositeType(UTF8Type, Int32Type), a:1 is
//   00 01 61 00  00 04 00 00 00 01 00
// and of DynamicCompositeType(s => UTF8Type), s@a is 80 73  00 01 61 00.
//
// The ordered form: of each component 01, of a dynamic one the simple name of its class as escaped bytes and
// its name with all parameters likewise, then its form, then the last byte with its sign bit inverted; then
// 00.
#include <algorithm>

#include "schema/types/hex.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr uint16_t kAliasHeader = 0x8000;
constexpr uint8_t kOneMoreComponent = 0x01, kNoMoreComponents = 0x00, kEndByteSign = 0x80;
constexpr char kAfterAll = 1, kBeforeAll = -1;
constexpr size_t kComponentBytesMax = 0xffff;
constexpr size_t kClassNameMax = kAliasHeader - 1;

struct Component {
  TypePtr type;
  BytesView header;  // of a dynamic one: what says the type
  BytesView value;
  char end = 0;
};

// At each ':' that has no backslash before it.
std::vector<std::string_view> split_components(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ':' || (i > 0 && text[i - 1] == '\\')) continue;
    parts.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  if (!text.empty()) parts.push_back(text.substr(start));
  return parts;
}

std::string unescape_component(std::string_view part) {
  std::string out;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '\\' || part.substr(i + 1, 1) != ":") out += part[i];
  }
  if (out.ends_with('!')) out.pop_back();
  return out;
}

std::string_view simple_class_name(std::string_view marshal) {
  marshal = marshal.substr(0, marshal.find('('));
  return marshal.substr(marshal.rfind('.') + 1);
}

class CompositeType : public NativeType {
 public:
  CompositeType(std::string_view name, std::vector<TypePtr> components) : NativeType(TypeKind::kBlob) {
    name_ = name;
    for (TypePtr& component : components) parameters_.push_back(freeze(component));
  }

  Result<void> validate(BytesView wire) const override {
    auto parsed = components(wire);
    if (!parsed) return parsed.error();
    return {};
  }

  Result<Bytes> from_text(std::string_view text) const override {
    Bytes wire;
    size_t number = 0;
    for (const std::string_view part : split_components(text)) {
      if (part == "!" || part == "_") {
        if (!wire.empty()) wire.back() = part == "!" ? kAfterAll : kBeforeAll;
        break;
      }
      std::string_view value = part;
      KEYZONE_TRY(type, read_type(number++, value, wire));
      KEYZONE_TRY(bytes, type->from_text(unescape_component(value)));
      if (bytes.size() > kComponentBytesMax) return invalid("Component " + in_quotes(part) + " is too long");
      append_be(wire, static_cast<uint16_t>(bytes.size()));
      wire += bytes;
      wire.push_back('\0');
    }
    return wire;
  }

  std::string to_cql_literal(BytesView wire) const override { return "0x" + to_hex(wire); }
  std::string to_json(BytesView wire) const override { return "\"0x" + to_hex(wire) + "\""; }
  bool ordered_is_exact() const override {
    return std::all_of(parameters_.begin(), parameters_.end(),
                       [](const TypePtr& type) { return type->ordered_is_exact(); });
  }

 protected:
  // The type of a component of text, whose name is cut off it and written as its header.
  virtual Result<TypePtr> read_type(size_t number, std::string_view& part, Bytes&) const {
    if (number < parameters_.size()) return parameters_[number];
    return invalid("Too many components: '" + std::string(part) + "'");
  }
  // The same on the wire.
  virtual Result<TypePtr> take_type(size_t number, ByteReader&) const {
    if (number < parameters_.size()) return parameters_[number];
    return invalid("Too many bytes for comparator");
  }
  virtual int compare_types(const Component&, const Component&) const { return 0; }
  virtual void append_type(const Component&, Bytes&) const {}
  // The type of a form's component, whose header is written; null: the bytes are no form.
  virtual TypePtr take_ordered_type(size_t number, OrderedReader&, Bytes&) const {
    return number < parameters_.size() ? parameters_[number] : nullptr;
  }

 private:
  Result<std::vector<Component>> components(BytesView wire) const {
    std::vector<Component> out;
    ByteReader in(wire);
    while (!in.done()) {
      const std::string number = std::to_string(out.size());
      Component one;
      const BytesView before = in.rest();
      KEYZONE_TRY(type, take_type(out.size(), in));
      one.type = type;
      one.header = before.substr(0, before.size() - in.left());
      if (in.left() < 2) return invalid("Not enough bytes to read value size of component " + number);
      const size_t size = in.be<uint16_t>();
      if (in.left() < size) return invalid("Not enough bytes to read value of component " + number);
      one.value = in.bytes(size);
      KEYZONE_CHECK(type->validate(one.value));
      if (in.done())
        return invalid("Not enough bytes to read the end-of-component byte of component" + number);
      one.end = static_cast<char>(in.byte());
      if (one.end != 0 && !in.done())
        return invalid("Invalid bytes remaining after an end-of-component at component" + number);
      out.push_back(std::move(one));
    }
    return out;
  }

  int compare_values(BytesView a, BytesView b) const override {
    const auto left = *components(a), right = *components(b);
    for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
      if (const int order = compare_types(left[i], right[i])) return order;
      if (const int order = left[i].type->compare(left[i].value, right[i].value)) return order;
      if (left[i].end != right[i].end) return left[i].end < right[i].end ? -1 : 1;
    }
    return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
  }

  void append_ordered_body(BytesView wire, Bytes& out) const override {
    const auto parsed = components(wire);
    for (const Component& one : *parsed) {
      out.push_back(static_cast<char>(kOneMoreComponent));
      append_type(one, out);
      one.type->append_ordered_part(one.value, out);
      out.push_back(static_cast<char>(static_cast<uint8_t>(one.end) ^ kEndByteSign));
    }
    out.push_back(static_cast<char>(kNoMoreComponents));
  }

  bool read_ordered_body(OrderedReader& in, Bytes& out) const override {
    size_t number = 0;
    for (uint8_t marker; (marker = in.byte()) != kNoMoreComponents;) {
      if (marker != kOneMoreComponent) return false;
      const TypePtr type = take_ordered_type(number++, in, out);
      Bytes value;
      if (!type || !type->read_ordered_part(in, value) || value.size() > kComponentBytesMax) return false;
      append_be(out, static_cast<uint16_t>(value.size()));
      out += value;
      out.push_back(static_cast<char>(in.byte() ^ kEndByteSign));
    }
    return !in.failed();
  }

  Result<Bytes> from_json_value(const JsonValue&) const override {
    return invalid("JSON has no form for values of " + marshal_name());
  }
};

// Its parameters are the types that have aliases, `field_names_` their letters.
class DynamicCompositeType final : public CompositeType {
 public:
  DynamicCompositeType(std::vector<std::string> aliases, std::vector<TypePtr> types)
      : CompositeType(kDynamicCompositeClass, std::move(types)) {
    field_names_ = std::move(aliases);
  }
  // A type may have been named by its class though it has an alias.
  bool ordered_is_exact() const override { return false; }

 private:
  Result<TypePtr> read_type(size_t, std::string_view& part, Bytes& wire) const override {
    const size_t at = part.find('@');
    if (at == part.npos || at + 1 == part.size() || part.find('@', at + 1) != part.npos)
      return invalid("Invalid component representation: " + std::string(part));
    const std::string_view name = part.substr(0, at);
    part.remove_prefix(at + 1);
    if (const auto alias = name.size() == 1 ? find_field(name) : std::nullopt) {
      append_be(wire, static_cast<uint16_t>(kAliasHeader | static_cast<uint8_t>(name[0])));
      return parameters_[*alias];
    }
    auto type = parse_marshal_name(name);
    if (!type || name.size() > kClassNameMax)
      return invalid("Unknown type in component: " + std::string(name));
    append_name(name, wire);
    return *type;
  }
  Result<TypePtr> take_type(size_t number, ByteReader& in) const override {
    const std::string component = "component " + std::to_string(number);
    if (in.left() < 2) return invalid("Not enough bytes to header of the comparator part of " + component);
    const auto header = in.be<uint16_t>();
    TypePtr type;
    if (header & kAliasHeader) {
      const auto alias = find_field(std::string(1, static_cast<char>(header & 0xff)));
      if (alias) type = parameters_[*alias];
    } else {
      if (in.left() < header) return invalid("Not enough bytes to read comparator name of " + component);
      if (auto named = parse_marshal_name(in.bytes(header))) type = *named;
    }
    if (!type) return invalid("Cannot find comparator for " + component);
    return type;
  }
  int compare_types(const Component& a, const Component& b) const override {
    const std::string left = a.type->marshal_name(), right = b.type->marshal_name();
    const int by_class = simple_class_name(left).compare(simple_class_name(right));
    return by_class != 0 ? by_class : left.compare(right);
  }
  void append_type(const Component& one, Bytes& out) const override {
    const std::string name = one.type->marshal_name();
    append_escaped(simple_class_name(name), out);
    append_escaped(name, out);
  }
  TypePtr take_ordered_type(size_t, OrderedReader& in, Bytes& out) const override {
    Bytes simple, name;
    if (!in.escaped(simple) || !in.escaped(name)) return nullptr;
    const auto alias = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const TypePtr& type) { return type->marshal_name() == name; });
    if (alias != parameters_.end()) {
      const std::string& letter = field_names_[static_cast<size_t>(alias - parameters_.begin())];
      append_be(out, static_cast<uint16_t>(kAliasHeader | static_cast<uint8_t>(letter[0])));
      return *alias;
    }
    auto type = parse_marshal_name(name);
    if (!type || name.size() > kClassNameMax) return nullptr;
    append_name(name, out);
    return *type;
  }
  static void append_name(std::string_view name, Bytes& out) {
    append_be(out, static_cast<uint16_t>(name.size()));
    out += name;
  }
};

}  // namespace

bool is_composite(const Type& type) { return type.kind() == TypeKind::kBlob && !type.name().empty(); }

TypePtr composite_type(std::vector<TypePtr> components) {
  return std::make_shared<CompositeType>(kCompositeClass, std::move(components));
}

TypePtr dynamic_composite_type(std::vector<std::string> aliases, std::vector<TypePtr> types) {
  return std::make_shared<DynamicCompositeType>(std::move(aliases), std::move(types));
}

}  // namespace keyzone
