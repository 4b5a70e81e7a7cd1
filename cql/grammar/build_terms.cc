// The makers of terms, types and properties.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "cql/grammar/build.h"
#include "cql/grammar/parser.h"
#include "schema/types/floating.h"

namespace keyzone::cql {
namespace {

uint16_t depth_of(const TermPtr& term) { return term ? term->depth : 0; }
uint16_t depth_of(const std::vector<TermPtr>& terms) {
  uint16_t depth = 0;
  for (const TermPtr& term : terms) depth = std::max(depth, depth_of(term));
  return depth;
}

// The column a term names, if that is all it is.
// A user type or native type that was parsed as a column or a field of one; empty if the term is neither.
std::string type_text(const TermPtr& term) {
  if (const std::string* name = column_name(term)) {
    return find_native_type(*name) ? *name : quote_identifier(*name);
  }
  const auto* field = term->as<FieldOf>();
  const std::string* keyspace = field ? column_name(field->value) : nullptr;
  return keyspace ? quote_identifier(*keyspace) + "." + quote_identifier(field->field) : "";
}

// What no value may have, first in the order of the text: a column, a sign behind a sign, an operation or a
// sign that is cast; nullptr: none.
const Term* find_misfit(const Term& term);
const Term* find_misfit(const TermPtr& term) { return term ? find_misfit(*term) : nullptr; }
const Term* find_misfit(const std::vector<TermPtr>& terms) {
  for (const TermPtr& term : terms) {
    if (const Term* found = find_misfit(term)) return found;
  }
  return nullptr;
}
const Term* either(const Term* a, const Term* b) { return a ? a : b; }

struct MisfitFinder {
  const Term& self;
  const Term* operator()(const Constant&) const { return nullptr; }
  const Term* operator()(const Null&) const { return nullptr; }
  const Term* operator()(const BindMarker&) const { return nullptr; }
  const Term* operator()(const FunctionCall& t) const {
    const std::string& name = t.function.name;
    const bool of_columns = name == "writetime" || name == "maxwritetime" || name == "ttl";
    return t.star || (of_columns && t.function.keyspace.empty()) ? &self : find_misfit(t.arguments);
  }
  const Term* operator()(const TypeHint& t) const { return find_misfit(t.term); }
  const Term* operator()(const Cast& t) const {
    return t.term->as<Arithmetic>() || t.term->as<Negation>() ? t.term.get() : find_misfit(t.term);
  }
  const Term* operator()(const Arithmetic& t) const {
    return either(find_misfit(t.left), find_misfit(t.right));
  }
  const Term* operator()(const Negation& t) const {
    return t.term->as<Negation>() ? t.term.get() : find_misfit(t.term);
  }
  const Term* operator()(const ListLiteral& t) const { return find_misfit(t.elements); }
  const Term* operator()(const SetLiteral& t) const { return find_misfit(t.elements); }
  const Term* operator()(const TupleLiteral& t) const { return find_misfit(t.elements); }
  const Term* operator()(const MapLiteral& t) const {
    for (const auto& [key, value] : t.entries) {
      if (const Term* found = either(find_misfit(key), find_misfit(value))) return found;
    }
    return nullptr;
  }
  const Term* operator()(const UserTypeLiteral& t) const {
    for (const auto& [field, value] : t.fields) {
      if (const Term* found = find_misfit(value)) return found;
    }
    return nullptr;
  }
  const Term* operator()(const ColumnRef&) const { return &self; }
  const Term* operator()(const FieldOf&) const { return &self; }
  const Term* operator()(const ElementOf&) const { return &self; }
  const Term* operator()(const SliceOf&) const { return &self; }
};
const Term* find_misfit(const Term& term) { return std::visit(MisfitFinder{term}, term.kind); }

}  // namespace

template <class T>
TermPtr Builder::make(Position at, T kind, uint16_t child_depth) {
  if (child_depth >= kMaxNesting) {
    fail("line " + std::to_string(at.line) + ":" + std::to_string(at.column) + " nested deeper than " +
         std::to_string(kMaxNesting) + " levels");
    return null(at);
  }
  auto term = std::make_shared<Term>();
  term->kind = std::move(kind);
  term->position = at;
  term->depth = static_cast<uint16_t>(child_depth + 1);
  return term;
}

TermPtr Builder::constant(Position at, Constant constant) {
  if (constant.kind == ConstantKind::kFloat) check_float(constant.text);
  return make(at, std::move(constant), 0);
}

namespace {
// What Java says of an exponent that no decimal has.
const char* mistake_in_exponent(std::string_view digits) {
  constexpr size_t kDigitsMax = 10;
  const bool minus = digits.starts_with('-');
  digits.remove_prefix(std::min(digits.find_first_of("123456789"), digits.size()));
  if (digits.size() > kDigitsMax) return "Too many nonzero exponent digits.";
  int64_t power = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), power);
  const bool fits = (minus ? -power : power) == static_cast<int32_t>(minus ? -power : power);
  return fits ? "Scale out of range." : "Exponent overflow.";
}
}  // namespace

// Cassandra asks of every number whether a double holds it, and does not expect those that are too large for
// one.
void Builder::check_float(const std::string& number) {
  constexpr size_t kExponentDigitsMax = 9;                         // more may not fit an int
  const bool is_word = number.find_first_of("nN") != number.npos;  // NaN, Infinity
  if (is_word) return;
  const auto refuse = [this](const char* why) {
    fail("Failed parsing statement: [" + std::string(text_) + "] reason: NumberFormatException " + why);
  };
  const size_t exponent = number.find_first_of("eE");
  const bool long_exponent = exponent != number.npos && number.size() - exponent > kExponentDigitsMax + 1;
  if (long_exponent && !native_type(TypeKind::kDecimal)->from_text(number))
    return refuse(mistake_in_exponent(std::string_view(number).substr(exponent + 1)));
  if (std::isfinite(parse_double(number).value_or(0))) return;
  refuse(
      "Character I is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark.");
}

TermPtr Builder::null(Position at) { return make(at, Null{}, 0); }
TermPtr Builder::column(Position at, std::string name) { return make(at, ColumnRef{std::move(name)}, 0); }

TermPtr Builder::marker(Position at, std::optional<std::string> name) {
  markers_.push_back(std::move(name));
  return make(at, BindMarker{static_cast<uint32_t>(markers_.size() - 1)}, 0);
}

TermPtr Builder::list(Position at, std::vector<TermPtr> elements) {
  const uint16_t depth = depth_of(elements);
  return make(at, ListLiteral{std::move(elements)}, depth);
}
TermPtr Builder::set(Position at, std::vector<TermPtr> elements) {
  const uint16_t depth = depth_of(elements);
  return make(at, SetLiteral{std::move(elements)}, depth);
}
TermPtr Builder::tuple(Position at, std::vector<TermPtr> elements) {
  const uint16_t depth = depth_of(elements);
  return make(at, TupleLiteral{std::move(elements)}, depth);
}

TermPtr Builder::map(Position at, TermPairs entries) {
  uint16_t depth = 0;
  bool all_names = true;
  for (const auto& [key, value] : entries) {
    depth = std::max({depth, depth_of(key), depth_of(value)});
    all_names = all_names && column_name(key);
  }
  if (!all_names) return make(at, MapLiteral{std::move(entries)}, depth);
  UserTypeLiteral literal;
  std::unordered_map<std::string, size_t> places;
  for (auto& [key, value] : entries) {  // of a field that is named twice, the last value counts
    const auto [place, is_new] = places.emplace(*column_name(key), literal.fields.size());
    if (is_new) {
      literal.fields.emplace_back(place->first, std::move(value));
    } else {
      literal.fields[place->second].second = std::move(value);
    }
  }
  return make(at, std::move(literal), depth);
}

TermPtr Builder::hint(Position at, std::vector<TermPtr> type, TermPtr term) {
  const auto* constant = type.size() == 1 ? type[0]->as<Constant>() : nullptr;
  if (constant && constant->kind == ConstantKind::kString)
    return hint(at, class_name(constant->text), std::move(term));
  const std::string text = type.size() == 1 ? type_text(type[0]) : "";
  if (type.size() > 1) fail_at(term->position, {"FROM"});
  if (text.empty()) fail_at(term->position);
  check_type_name(type[0]->position);
  return hint(at, TypeText{text, 1}, std::move(term));
}
TermPtr Builder::hint(Position at, TypeText type, TermPtr term) {
  const uint16_t depth = depth_of(term);
  return make(at, TypeHint{{std::move(type.text)}, std::move(term)}, depth);
}
TermPtr Builder::cast(Position at, TermPtr term, TypeText type) {
  const uint16_t depth = depth_of(term);
  return make(at, Cast{std::move(term), {std::move(type.text)}}, depth);
}

TermPtr Builder::call(Position at, QualifiedName function, std::vector<TermPtr> arguments) {
  const uint16_t depth = depth_of(arguments);
  return make(at, FunctionCall{std::move(function), std::move(arguments), false}, depth);
}
TermPtr Builder::count(Position at, const std::string& function, Position star) {
  if (function != "count") fail_at(star, {"')'"});
  return make(at, FunctionCall{{"", "count"}, {}, true}, 0);
}
TermPtr Builder::qualified_call(Position at, const TermPtr& keyspace, std::string function,
                                std::vector<TermPtr> arguments) {
  if (const auto* hint = keyspace->as<TypeHint>()) {  // what is hinted in (text) system.f() is the call
    const Position inside = hint->term->position;
    TermPtr hinted = qualified_call(inside, hint->term, std::move(function), std::move(arguments));
    const uint16_t depth = depth_of(hinted);
    return make(at, TypeHint{hint->type, std::move(hinted)}, depth);
  }
  const std::string* name = column_name(keyspace);
  if (!name) fail_at(at);
  return call(at, {name ? *name : "", std::move(function)}, std::move(arguments));
}

TermPtr Builder::arithmetic(Position at, char op, TermPtr left, TermPtr right) {
  const uint16_t depth = std::max(depth_of(left), depth_of(right));
  return make(at, Arithmetic{op, std::move(left), std::move(right)}, depth);
}
TermPtr Builder::negation(Position at, TermPtr term) {
  const uint16_t depth = depth_of(term);
  return make(at, Negation{std::move(term)}, depth);
}
TermPtr Builder::field(Position at, TermPtr value, std::string field) {
  const uint16_t depth = depth_of(value);
  return make(at, FieldOf{std::move(value), std::move(field)}, depth);
}
TermPtr Builder::element(Position at, TermPtr value, TermPtr key) {
  const uint16_t depth = std::max(depth_of(value), depth_of(key));
  return make(at, ElementOf{std::move(value), std::move(key)}, depth);
}
TermPtr Builder::slice(Position at, TermPtr value, TermPtr from, TermPtr to) {
  const uint16_t depth = std::max({depth_of(value), depth_of(from), depth_of(to)});
  return make(at, SliceOf{std::move(value), std::move(from), std::move(to)}, depth);
}

// A name where no column may be named could only have begun a call.
void Builder::refuse_misfit(const Term& misfit) {
  if (misfit.as<Negation>()) return fail_at(misfit.position);
  if (misfit.as<Arithmetic>()) {
    const size_t behind = token_at(misfit.position) + 1;
    return fail_with({behind, behind, "AS"});
  }
  const auto* call = misfit.as<FunctionCall>();
  const auto* field = misfit.as<FieldOf>();
  const Term* owner = &misfit;
  while (const auto* part = owner->as<FieldOf>()) owner = part->value.get();
  if (field && (owner->as<Constant>() || owner->as<Null>())) {
    const size_t dot = token_at(misfit.position) + 1;
    return fail_with({dot, dot});
  }
  const bool simple = !field || !column_name(field->value);
  fail_behind(misfit.position, call && call->star ? 2 : simple ? 1 : 3);
}
TermPtr Builder::restricted(TermPtr term) {
  const bool may_be = term->as<ColumnRef>() || term->as<ElementOf>() || term->as<FieldOf>() ||
                      term->as<TupleLiteral>() || term->as<FunctionCall>();
  if (!may_be) refuse_left(*term);
  return term;
}
TermPtr Builder::value(TermPtr term) {
  if (const Term* misfit = find_misfit(term)) refuse_misfit(*misfit);
  return term;
}
std::vector<TermPtr> Builder::values(std::vector<TermPtr> terms) {
  if (const Term* misfit = find_misfit(terms)) refuse_misfit(*misfit);
  return terms;
}

TypeText Builder::type(Position at, std::string_view name, std::vector<TypeText> parameters) {
  if (name == "frozen") {
    const bool nothing = parameters[0].text == "''";  // is bytes
    if (nothing || find_native_type(parameters[0].text)) {
      fail("frozen<> is only allowed on collections, tuples, and user-defined types (got " +
           (nothing ? "'org.apache.cassandra.db.marshal.BytesType'" : parameters[0].text) + ")");
    }
  }
  TypeText out{std::string(name) + "<", 0};
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (i > 0) out.text += ", ";
    out.text += parameters[i].text;
    out.depth = std::max(out.depth, parameters[i].depth);
  }
  out.text += ">";
  if (++out.depth <= kTypeDepthMax) return out;
  fail("line " + std::to_string(at.line) + ":" + std::to_string(at.column) + " types nested deeper than " +
       std::to_string(kTypeDepthMax) + " levels");
  return {"int", 1};
}

// Cassandra reads the dimension as an int, and does not expect those that are none.
TypeText Builder::vector(Position at, TypeText element, std::string dimension) {
  int32_t number = 0;
  const auto [end, wrong] = std::from_chars(dimension.data(), dimension.data() + dimension.size(), number);
  if (wrong != std::errc()) {
    fail("Failed parsing statement: [" + std::string(text_) +
         "] reason: NumberFormatException For input string: \"" + dimension + "\"");
  }
  return type(at, "vector", {std::move(element), {std::move(dimension), 1}});
}

TypeText Builder::user_type_name(const QualifiedName& name) {
  // Quotes make a user type's name of a native one's.
  const bool is_native_name = name.keyspace.empty() && find_native_type(name.name);
  const std::string local = is_native_name ? '"' + name.name + '"' : quote_identifier(name.name);
  return {name.keyspace.empty() ? local : quote_identifier(name.keyspace) + "." + local, 1};
}

TypeText Builder::class_name(const std::string& text) {
  const std::string quoted = "'" + text + "'";
  const auto known = parse_type(quoted, "", [](std::string_view, std::string_view) { return nullptr; });
  if (!known && known.error().kind == ErrorKind::kSyntax) fail(known.error().message);
  return {quoted, 1};
}

PropertyValue Builder::property_constant(Constant constant) {
  if (constant.kind == ConstantKind::kFloat) check_float(constant.text);
  if (constant.kind == ConstantKind::kHex) constant.text.insert(0, "0x");
  return {constant.kind, std::move(constant.text), std::nullopt};
}

PropertyValue Builder::property_map(TermPairs entries) {
  PropertyValue out;
  out.map.emplace();
  for (const auto& [key, value] : entries) {
    if (const Term* misfit = either(find_misfit(key), find_misfit(value))) refuse_misfit(*misfit);
    const auto* name = key->as<Constant>();
    const auto* constant = value->as<Constant>();
    const bool marker = !name ? key->as<BindMarker>() : value->as<BindMarker>();
    const char* hint = marker ? " (bind variables are not supported in DDL queries)" : "";
    if (!name) {
      fail("Invalid property name: " + to_string(*key) + hint);
    } else if (!constant) {
      fail("Invalid property value: " + to_string(*value) + " for property: " + to_string(*key) + hint);
    } else {
      const auto same = [name](const auto& other) { return other.first == name->text; };
      if (std::any_of(out.map->begin(), out.map->end(), same)) {
        fail("Multiple definition for property " + name->text);
      }
      out.map->emplace_back(name->text, constant->text);
    }
  }
  return out;
}

void Builder::add_property(Properties& properties, Property property) {
  const auto same = [&property](const Property& other) { return other.name == property.name; };
  if (std::any_of(properties.begin(), properties.end(), same)) {
    fail("Multiple definitions for property '" + property.name + "'");
  }
  properties.push_back(std::move(property));
}

}  // namespace keyzone::cql
