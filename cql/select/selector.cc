#include "cql/select/selector.h"

#include <algorithm>
#include <utility>

#include "cql/plan/literals.h"
#include "cql/select/row_expressions.h"
#include "schema/text.h"

namespace keyzone::cql {
namespace {

bool any_names_columns(const std::vector<TermPtr>& terms) {
  for (const TermPtr& term : terms) {
    if (term && names_columns(*term)) return true;
  }
  return false;
}

std::vector<TermPtr> parts_of(const Term& term) {
  if (const auto* list = term.as<ListLiteral>()) return list->elements;
  if (const auto* set = term.as<SetLiteral>()) return set->elements;
  if (const auto* tuple = term.as<TupleLiteral>()) return tuple->elements;
  std::vector<TermPtr> out;
  if (const auto* map = term.as<MapLiteral>()) {
    for (const auto& [key, value] : map->entries) out.insert(out.end(), {key, value});
  } else if (const auto* user = term.as<UserTypeLiteral>()) {
    for (const auto& [name, value] : user->fields) out.push_back(value);
  }
  return out;
}

Error no_type(const std::string& term) {
  return invalid("Cannot infer type for term " + term +
                 " in selection clause (try using a cast to force a type)");
}

// (v): a value in brackets, or a tuple of one. Only what it is wanted for tells.
const TermPtr* in_brackets(const Term& term) {
  const auto* tuple = term.as<TupleLiteral>();
  return tuple && tuple->elements.size() == 1 ? &tuple->elements[0] : nullptr;
}

const Term& unbracketed(const Term& term) {
  const TermPtr* inner = in_brackets(term);
  return inner ? unbracketed(**inner) : term;
}

// Literals have no type by themselves in a selection.
bool says_no_type(const Term& term) {
  return in_brackets(term) || (!names_columns(term) && !is_call(term) && !term.as<TypeHint>());
}

// Whether a value of the type may be written so.
bool takes(const Type& type, const Term& term) {
  if (term.as<ListLiteral>()) return type.kind() == TypeKind::kList || type.is_vector();
  if (term.as<SetLiteral>()) return type.kind() == TypeKind::kSet;
  if (term.as<MapLiteral>()) return type.kind() == TypeKind::kMap;
  if (term.as<UserTypeLiteral>()) return type.is_user_type();
  const auto& elements = term.as<TupleLiteral>()->elements;
  return (type.is_tuple() || type.is_user_type()) && elements.size() <= type.parameters().size();
}

// Literals with parts inside, as Cassandra writes them.
std::string spelled(const Term& term, const std::vector<std::string>& parts) {
  const auto* user = term.as<UserTypeLiteral>();
  const bool map = term.as<MapLiteral>();
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += map && i % 2 == 1 ? ": " : ", ";
    out += (user ? user->fields[i].first + ": " : "") + parts[i];
  }
  return term.as<ListLiteral>()    ? "[" + out + "]"
         : term.as<TupleLiteral>() ? "(" + out + ")"
                                   : "{" + out + "}";
}

// An argument that is built first, so that its type tells which function is meant.
bool says_type(const Term& term) {
  if (const auto* hint = term.as<TypeHint>();
      hint && (is_call(*hint->term) || unbracketed(*hint->term).as<Constant>()))
    return true;
  return !term.as<MapLiteral>() && !term.as<UserTypeLiteral>() && (names_columns(term) || is_call(term));
}

// A part of such a literal decides the literal's type.
bool holds_typed(const Term& term) {
  for (const TermPtr& part : parts_of(term)) {
    if (is_call(*part) || part->as<TypeHint>() || names_columns(*part) || holds_typed(*part)) return true;
  }
  return false;
}

// Whether the type of the term is known without what is wanted of it. A map may be a user type, what is in
// brackets a tuple.
bool knows_type(const Term& term) {
  if (term.as<MapLiteral>() || term.as<UserTypeLiteral>() || in_brackets(term)) return false;
  const std::vector<TermPtr> parts = parts_of(term);
  const auto known = [](const TermPtr& part) { return knows_type(*part); };
  if (term.as<TupleLiteral>()) return std::all_of(parts.begin(), parts.end(), known);
  if (!parts.empty()) return std::any_of(parts.begin(), parts.end(), known);
  return is_call(term) || term.as<TypeHint>() || names_columns(term);
}

// {a: 1} as a map whose key is the column a.
TermPtr as_map(const Term& term) {
  MapLiteral map;
  for (const auto& [name, value] : term.as<UserTypeLiteral>()->fields)
    map.entries.emplace_back(std::make_shared<const Term>(Term{ColumnRef{name}, term.position}), value);
  return std::make_shared<const Term>(Term{std::move(map), term.position, term.depth});
}

// Whether parts of these types make one list or set: one of the types takes all of them.
bool fit_together(const std::vector<ExpressionPtr>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&parts](const ExpressionPtr& wanted) {
    return std::all_of(parts.begin(), parts.end(), [&wanted](const ExpressionPtr& part) {
      return can_be(*part->type(), *wanted->type());
    });
  });
}

// What makes sense or not only once all functions are found.
bool is_typed_late(const Term& term) { return container_of(term) || term.as<Cast>(); }

}  // namespace

bool names_columns(const Term& term) {
  if (term.as<ColumnRef>() || term.as<FieldOf>() || term.as<ElementOf>() || term.as<SliceOf>()) return true;
  if (const auto* call = term.as<FunctionCall>()) return call->star || any_names_columns(call->arguments);
  if (const auto* operation = term.as<Arithmetic>())
    return any_names_columns({operation->left, operation->right});
  if (const auto* negation = term.as<Negation>()) return names_columns(*negation->term);
  if (const auto* cast = term.as<Cast>()) return names_columns(*cast->term);
  if (const auto* hint = term.as<TypeHint>()) return names_columns(*hint->term);
  return any_names_columns(parts_of(term));
}

const Term* container_of(const Term& term) {
  if (const auto* field = term.as<FieldOf>()) return field->value.get();
  if (const auto* element = term.as<ElementOf>()) return element->value.get();
  if (const auto* slice = term.as<SliceOf>()) return slice->value.get();
  return nullptr;
}

Result<Selector> SelectorBuilder::build(const TermPtr& term, const TypePtr& expected) {
  if (const auto* column = term->as<ColumnRef>()) return build_column(*column);
  if (const auto* field = term->as<FieldOf>()) return build_field(*field);
  if (const auto* element = term->as<ElementOf>()) return build_element(*element);
  if (const auto* slice = term->as<SliceOf>()) return build_slice(*slice);
  if (is_call(*term)) return build_call(term);
  if (term->as<UserTypeLiteral>() && expected && expected->kind() == TypeKind::kMap)
    return build_composite(as_map(*term), expected);
  if (const auto* hint = term->as<TypeHint>(); hint && (names_columns(*term) || is_map(*hint)))
    return build_hint(term);
  if (names_columns(*term) || holds_typed(*term)) return build_composite(term, expected);
  return build_term(term, expected);
}

// Names before colons are fields of a user type, or columns that are keys of a map.
bool SelectorBuilder::is_map(const TypeHint& hint) const {
  const auto type = context_.resolve(hint.type);
  return hint.term->as<UserTypeLiteral>() && type && (*type)->kind() == TypeKind::kMap;
}

Result<Selector> SelectorBuilder::build_column(const ColumnRef& ref) {
  KEYZONE_TRY(column, looked_up(find_column(table_, ref.name)));
  return Selector{std::make_shared<ColumnExpression>(column->type, slots_.add(*column)), column->name};
}

// What is in one pair of brackets. In two it may be a tuple.
Result<Selector> SelectorBuilder::build_in_brackets(const TermPtr& term) {
  const TermPtr* inner = in_brackets(*term);
  if (!inner) return build(term, nullptr);
  if (in_brackets(**inner)) return no_type(selected_text(*term));
  KEYZONE_TRY(selector, build(*inner, nullptr));
  selector.name = "(" + selector.name + ")";
  return selector;
}

Result<SelectorBuilder::Container> SelectorBuilder::build_container(const TermPtr& term) {
  const auto* ref = term->as<ColumnRef>();
  if (!ref) {
    KEYZONE_TRY(value, build(term, nullptr));
    return Container{std::move(value), nullptr};
  }
  KEYZONE_TRY(column, looked_up(find_column(table_, ref->name)));
  return Container{
      {std::make_shared<ColumnExpression>(column->type, slots_.add_in_parts(*column)), column->name}, column};
}

void SelectorBuilder::read_part(const Column* column, const std::vector<TermPtr>& keys, ExpressionPtr from,
                                ExpressionPtr to) {
  if (!column) return;
  if (any_names_columns(keys)) {
    slots_.add(*column);
  } else {
    slots_.add_part(*column, std::move(from), std::move(to));
  }
}

Result<Selector> SelectorBuilder::build_field(const FieldOf& field) {
  KEYZONE_TRY(value, build_in_brackets(field.value));
  const Type& type = *value.value->type();
  if (!type.is_user_type()) {
    return invalid("Invalid field selection: " + value.name + " of type " + type.to_string() +
                   " is not a user type");
  }
  const std::optional<size_t> at = type.find_field(field.field);
  if (!at) return invalid(value.name + " of type " + type.to_string() + " has no field " + field.field);
  return Selector{std::make_shared<FieldExpression>(std::move(value.value), *at),
                  value.name + "." + field.field};
}

Result<ExpressionPtr> SelectorBuilder::build_key(const TermPtr& term, const TypePtr& type,
                                                 const std::string& name) {
  if (names_columns(*term)) {
    KEYZONE_TRY(selector, build(term, type));
    return selector.value;
  }
  return prepare_term(context_, term, {table_.keyspace, table_.name, name, type});
}

Result<Selector> SelectorBuilder::build_element(const ElementOf& element) {
  KEYZONE_TRY(container, build_container(element.value));
  auto& [value, column] = container;
  const Type& type = *value.value->type();
  if (type.kind() != TypeKind::kMap && type.kind() != TypeKind::kSet) {
    if (type.kind() == TypeKind::kList) {
      return invalid("Element selection is only allowed on sets and maps, but " + value.name + " is a list");
    }
    return invalid("Invalid element selection: " + value.name + " is of type " + type.to_string() +
                   " is not a collection");
  }
  const char* part = type.kind() == TypeKind::kMap ? "key(" : "value(";
  KEYZONE_TRY(key, build_key(element.key, type.parameters()[0], part + value.name + ")"));
  read_part(column, {element.key}, key, key);
  return Selector{std::make_shared<ElementExpression>(std::move(value.value), std::move(key), value.name),
                  value.name + "[" + key_text(*element.key) + "]"};
}

Result<Selector> SelectorBuilder::build_slice(const SliceOf& slice) {
  KEYZONE_TRY(container, build_container(slice.value));
  auto& [value, column] = container;
  const Type& type = *value.value->type();
  if (type.kind() == TypeKind::kList) {
    return invalid("Slice selection is only allowed on sets and maps, but " + value.name + " is a list");
  }
  if (type.kind() != TypeKind::kMap && type.kind() != TypeKind::kSet) {
    return invalid("Invalid slice selection: " + value.name + " of type " + type.to_string() +
                   " is not a collection");
  }
  ExpressionPtr bounds[2];
  std::string texts[2];
  for (size_t i = 0; i < 2; ++i) {
    const TermPtr& term = i == 0 ? slice.from : slice.to;
    if (!term) continue;
    const char* part = type.kind() == TypeKind::kMap ? "key(" : "value(";
    KEYZONE_TRY(key, build_key(term, type.parameters()[0], part + value.name + ")"));
    bounds[i] = std::move(key);
    texts[i] = key_text(*term);
  }
  read_part(column, {slice.from, slice.to}, bounds[0], bounds[1]);
  return Selector{std::make_shared<SliceExpression>(std::move(value.value), std::move(bounds[0]),
                                                    std::move(bounds[1]), value.name),
                  value.name + "[" + texts[0] + ".." + texts[1] + "]"};
}

Result<SelectorBuilder::CallArguments> SelectorBuilder::build_arguments(const std::vector<TermPtr>& terms,
                                                                        std::optional<Selector> first) {
  CallArguments out;
  for (const TermPtr& term : terms) {
    Argument& made = out.arguments.emplace_back();
    made.term = term;
    out.names.push_back(text(*term));
    if (!says_type(*term)) continue;
    const auto* hint = term->as<TypeHint>();
    call_type_ = refused_type_ = nullptr;
    auto built = first ? Result<Selector>(*std::exchange(first, std::nullopt)) : build_in_brackets(term);
    if (!built) {
      const TypePtr literal_type = term->as<SetLiteral>() || hint ? refused_type_ : nullptr;
      const bool is_typed = literal_type || is_typed_late(*term) || (is_call(*term) && call_type_);
      if (misses_name_ || !is_typed) return built.error();
      made.mistaken = true;
      made.said = literal_type ? literal_type : is_typed_late(*term) ? type_said_by(*term) : call_type_;
      if (is_call(*term)) made.name = selected_text(*term);
      if (!out.mistake) out.mistake = built.error();
      continue;
    }
    made.says_no_type = in_brackets(*term) || built->unlike;
    made.ready = std::move(built->value);
    if (is_call(*term) || made.says_no_type || (hint && is_call(*hint->term))) made.name = built->name;
    if (const auto* cast = term->as<Cast>(); cast && !built->name.starts_with("cast("))
      made.name = "cast(" + built->name + " as " + cast->type.text + ")";  // to the type that it has
    out.names.back() = std::move(built->name);
  }
  return out;
}

Result<Selector> SelectorBuilder::build_call(const TermPtr& term) {
  const auto* written = term->as<FunctionCall>();
  if (written && stamp_kind(*written)) return build_stamp(*written);
  const size_t aggregates_before = aggregates_.size();
  const auto* cast = term->as<Cast>();
  if (cast && cast->term->as<BindMarker>()) return build_term(cast->term, nullptr);
  std::optional<Selector> operand;  // of a cast; a cast to the type that it has is the operand itself
  if (cast && says_type(*cast->term)) {
    KEYZONE_TRY(built, build(cast->term, nullptr));
    KEYZONE_TRY(type, context_.resolve(cast->type));
    if (*built.value->type() == *type) {
      const auto* ref = cast->term->as<ColumnRef>();
      const Column* column = ref ? table_.find(ref->name) : nullptr;
      // Cassandra takes the type of a descending column for another one.
      if (column && column->descending) built.name = "cast(" + built.name + " as " + cast->type.text + ")";
      return built;
    }
    operand = std::move(built);
  } else if (const auto* hint = cast ? cast->term->as<TypeHint>() : nullptr) {
    KEYZONE_TRY(said, context_.resolve(hint->type));
    KEYZONE_TRY(type, context_.resolve(cast->type));
    if (*said == *type) return build(cast->term, nullptr);
  } else if (cast && says_no_type(*cast->term)) {
    return no_type(text(*cast->term));
  }
  if (cast) KEYZONE_CHECK(check_cast_target(context_, *cast, slots_.size() > 0 ? slots_.column(0).name : ""));
  KEYZONE_TRY(shape, shape_of(context_, *term));
  const bool counts_rows =
      shape.name.name == "count" && shape.arguments.size() == 1 && shape.arguments[0]->as<Constant>();
  if (counts_rows) shape = {{"", std::string(kCountRowsName)}, {}};
  KEYZONE_TRY(made, build_arguments(shape.arguments, std::move(operand)));
  auto& [arguments, names, mistake] = made;
  auto resolved = resolve_call(context_, shape.name, arguments, nullptr, true);
  KEYZONE_TRY(function, cast ? std::move(resolved) : looked_up(std::move(resolved)));
  call_type_ = function->result;
  if (mistake) return *mistake;
  KEYZONE_TRY(prepared, prepare_arguments(context_, *function, std::move(arguments), true));
  std::string name = result_column_name(*function, names);
  // Cassandra sees a timeuuid's class behind the order of a column that is not reversed only.
  const bool of_timeuuid =
      function->result->other_class() == OtherClass::kLegacyTimeuuid && is_reversed_column(shape.arguments);
  const auto typed = [of_timeuuid](ExpressionPtr value) -> ExpressionPtr {
    if (!of_timeuuid) return value;
    return std::make_shared<RetypedExpression>(native_type(TypeKind::kTimeuuid), std::move(value));
  };
  if (!function->is_aggregate()) {
    auto call = std::make_shared<CallExpression>(std::move(function), std::move(prepared));
    return Selector{typed(fold_call(std::move(call), &failure_)), std::move(name)};
  }
  if (!context_.dialect.aggregates) {
    const std::string what = function->name == kCountRowsName ? "countRows" : function->name;
    return invalid(what + " is not yet supported.");
  }
  if (aggregates_.size() != aggregates_before) {
    return invalid("aggregate functions cannot be used as arguments of aggregate functions");
  }
  auto value = std::make_shared<AggregateExpression>(function->result, aggregates_.size());
  aggregates_.push_back({std::move(function), std::move(prepared)});
  return Selector{typed(std::move(value)), std::move(name)};
}

TypePtr SelectorBuilder::type_said_by(const Term& term) const {
  if (const auto* ref = term.as<ColumnRef>()) {
    const Column* column = table_.find(ref->name);
    return column && !column->descending ? column->type : nullptr;  // behind DESC, Cassandra sees no parts
  }
  if (const auto* cast = term.as<Cast>()) {
    const auto type = context_.resolve(cast->type);
    return type ? *type : nullptr;
  }
  const Term* container = container_of(term);
  const TypePtr whole = container ? type_said_by(*container) : nullptr;
  if (!whole) return nullptr;
  if (const auto* field = term.as<FieldOf>()) {
    const auto at = whole->is_user_type() ? whole->find_field(field->field) : std::nullopt;
    return at ? whole->parameters()[*at] : nullptr;
  }
  if (!whole->is_collection()) return nullptr;
  if (term.as<SliceOf>()) return whole;
  // As Cassandra has it: of what a list is kept by.
  return whole->kind() == TypeKind::kList ? native_type(TypeKind::kTimeuuid) : whole->parameters().back();
}

bool SelectorBuilder::is_reversed_column(const std::vector<TermPtr>& arguments) const {
  const auto* ref = arguments.empty() ? nullptr : arguments[0]->as<ColumnRef>();
  const Column* column = ref ? table_.find(ref->name) : nullptr;
  return column && column->descending;
}

// As Cassandra writes what is selected: with the full names of functions.
std::string SelectorBuilder::selected_text(const Term& term) const {
  std::vector<std::string> parts;
  const auto* call = term.as<FunctionCall>();
  for (const TermPtr& part : call ? call->arguments : parts_of(term)) parts.push_back(selected_text(*part));
  if (const auto* hint = term.as<TypeHint>())
    return "(" + spell_type(hint->type.text, table_.keyspace) + ")" + selected_text(*hint->term);
  if (!call) return parts.empty() ? text(term) : spelled(term, parts);
  if (call->star || stamp_kind(*call) || !call->function.keyspace.empty()) return text(term);
  return "system." + call->function.name + "(" + joined(parts) + ")";
}

// Columns are looked up before anyone asks what fits.
Result<void> SelectorBuilder::check_names(const Term& term) {
  if (const auto* ref = term.as<ColumnRef>()) {
    KEYZONE_CHECK(looked_up(find_column(table_, ref->name)));
    return {};
  }
  for (const TermPtr& part : parts_of(term)) KEYZONE_CHECK(check_names(*part));
  const Term* whole = container_of(term);
  return whole ? check_names(*whole) : Result<void>();
}

// A hint about what has columns in it.
Result<Selector> SelectorBuilder::build_hint(const TermPtr& term) {
  const auto& hint = *term->as<TypeHint>();
  KEYZONE_TRY(said, looked_up(context_.resolve(hint.type)));
  KEYZONE_CHECK(check_names(is_map(hint) ? *as_map(*hint.term) : *hint.term));
  const TypePtr type = freeze(said);
  const bool assigned_before = std::exchange(assigned_, true);
  auto built = build(hint.term, type);
  assigned_ = assigned_before;
  const std::string prefix = "(" + spell_type(hint.type.text, table_.keyspace) + ")";
  const bool fits = !std::exchange(misfit_, false);
  refused_type_ = nullptr;
  if (!built && fits) return built;
  if (!fits || !can_be(*built->value->type(), *type)) {
    refused_type_ = type;
    const std::string text = selected_text(*term);
    return cannot_assign(text, text, *type);
  }
  built->name = prefix + built->name;
  if (!(*built->value->type() == *type))
    built->value = std::make_shared<RetypedExpression>(type, std::move(built->value));
  return built;
}

// A part of a literal. Under a hint it has to be what is wanted of it.
Result<Selector> SelectorBuilder::build_part(const TermPtr& term, const TypePtr& wanted) {
  if (!assigned_ || !wanted) return build(term, wanted);
  if (!names_columns(*term) && !is_call(*term) && !holds_typed(*term) && !term->as<TypeHint>()) {
    const Receiver receiver{table_.keyspace, table_.name, kSelectionName, wanted};
    if (assignability(context_, *term, receiver) == Match::kNo) return misfit(*wanted);
    return build(term, wanted);
  }
  KEYZONE_TRY(part, build(term, wanted));
  const bool looked_inside = in_brackets(*term) || !parts_of(*term).empty();
  if (!looked_inside && !can_be(*part.value->type(), *wanted)) return misfit(*wanted);
  return part;
}

Error SelectorBuilder::misfit(const Type& wanted) {
  misfit_ = true;  // the hint says what
  return cannot_assign("", "", wanted);
}

Result<Selector> SelectorBuilder::build_fields(const TermPtr& term, const TypePtr& expected) {
  if (!expected->is_user_type()) return misfit(*expected);
  std::vector<ExpressionPtr> parts(expected->parameters().size());
  std::vector<std::string> names;
  for (const auto& [field, value] : term->as<UserTypeLiteral>()->fields) {
    const std::optional<size_t> at = expected->find_field(field);
    if (!at)
      return invalid("Unknown field '" + field + "' in value of user defined type " + expected->name());
    KEYZONE_TRY(selector, build_part(value, expected->parameters()[*at]));
    parts[*at] = std::move(selector.value);
    names.push_back(std::move(selector.name));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i]) parts[i] = std::make_shared<NullExpression>(expected->parameters()[i]);
  }
  return Selector{make_fields(expected, std::move(parts)), spelled(*term, names)};
}

// Literals with columns in them, or with other parts that say what type they are of.
Result<Selector> SelectorBuilder::build_composite(const TermPtr& term, const TypePtr& expected) {
  const bool positions = expected && (expected->is_tuple() || expected->is_user_type());
  if (const TermPtr* inner = in_brackets(*term); inner && !positions) {
    if (!expected) return no_type(selected_text(*term));
    KEYZONE_TRY(selector, build_part(*inner, expected));
    selector.name = "(" + selector.name + ")";
    return selector;
  }
  if (!expected && !knows_type(*term)) return no_type(selected_text(*term));
  if (expected && assigned_ && !takes(*expected, *term)) return misfit(*expected);
  if (term->as<UserTypeLiteral>()) return build_fields(term, expected);
  KEYZONE_TRY(made, build_parts(*term, expected));
  std::string name = spelled(*term, made.names);
  const bool known = expected && !expected->parameters().empty();
  if (term->as<TupleLiteral>()) {
    std::vector<TypePtr> types;
    for (const ExpressionPtr& part : made.parts) types.push_back(part->type());
    return Selector{make_fields(known ? expected : tuple_type(std::move(types)), std::move(made.parts)),
                    std::move(name), made.unlike};
  }
  TypePtr type = expected;
  if (!known) {
    type = term->as<ListLiteral>() ? list_type(made.element, true) : set_type(made.element, true);
    // Cassandra doesn't look further into the elements.
    if (type->kind() == TypeKind::kSet && type->element().kind() == TypeKind::kDuration) {
      refused_type_ = type;
      return invalid("Durations are not allowed inside sets: " + type->to_string());
    }
  }
  return Selector{make_selected_collection(std::move(type), std::move(made.parts)), std::move(name),
                  made.unlike};
}

// Parts that say their type come first; the others follow them.
Result<SelectorBuilder::Parts> SelectorBuilder::build_parts(const Term& term, const TypePtr& expected) {
  const std::vector<TermPtr> terms = parts_of(term);
  const bool known = expected && !expected->parameters().empty();
  const size_t kinds = term.as<TupleLiteral>() ? terms.size() : term.as<MapLiteral>() ? 2 : 1;
  std::vector<TypePtr> wanted(kinds);
  for (size_t i = 0; known && i < kinds; ++i)
    wanted[i] = expected->parameters().at(i % expected->parameters().size());
  const bool assigned_before = std::exchange(assigned_, assigned_ && known);
  Parts out;
  out.parts.resize(terms.size());
  out.names.resize(terms.size());
  std::vector<ExpressionPtr> typed;
  for (const bool others : {false, true}) {
    for (size_t i = 0; i < terms.size(); ++i) {
      if (knows_type(*terms[i]) == others) continue;
      KEYZONE_TRY(selector, build_part(terms[i], known || others ? wanted[i % kinds] : nullptr));
      out.unlike = out.unlike || selector.unlike;
      out.names[i] = std::move(selector.name);
      out.parts[i] = std::move(selector.value);
      if (!others) typed.push_back(out.parts[i]);
      if (!wanted[i % kinds]) wanted[i % kinds] = out.parts[i]->type();
    }
  }
  assigned_ = assigned_before;
  out.element = wanted[0];
  if (!known && !term.as<TupleLiteral>()) out.unlike = out.unlike || !fit_together(typed);
  return out;
}

Result<Selector> SelectorBuilder::build_term(const TermPtr& term, const TypePtr& expected) {
  TypePtr type = expected;
  const std::string name = text(*term);
  if (const auto* hint = term->as<TypeHint>(); hint && !type) {
    if (is_call(*hint->term)) return build_hint(term);
    KEYZONE_TRY(said, looked_up(context_.resolve(hint->type)));
    type = said->is_user_type() ? freeze(said) : said;
    const auto* list = hint->term->as<ListLiteral>();
    if (list && type->is_vector() && list->elements.size() != static_cast<size_t>(type->dimension())) {
      return invalid("Unable to create a vector selector of type " + type->to_string() + " from " +
                     std::to_string(list->elements.size()) + " elements");
    }
    const Receiver wanted{table_.keyspace, table_.name, kSelectionName, freeze(type)};
    if (assignability(context_, *hint->term, wanted) == Match::kNo) {
      refused_type_ = wanted.type;
      return cannot_assign(name, name, *wanted.type);
    }
  }
  if (!type) return no_type(name);
  KEYZONE_TRY(value, prepare_term(context_, term, {table_.keyspace, table_.name, kSelectionName, type}));
  return Selector{std::move(value), name};
}

}  // namespace keyzone::cql
