#include "cql/plan/term.h"

#include <algorithm>

#include "cql/plan/function_call.h"
#include "cql/plan/literals.h"
#include "schema/time_units.h"

namespace keyzone::cql {
namespace {

Match of_type(const TypePtr& have, const Type& want) {
  if (!have) return Match::kNo;
  if (*have == want) return Match::kExact;
  return can_be(*have, want) ? Match::kWeak : Match::kNo;
}

// Whether the call's result fits: of the overload that the receiver makes it mean. What is wrong with the
// call is told when it is prepared.
Match fit_of_call(const PrepareContext& context, const Term& term, const Type& want) {
  const auto [known, is_new] =
      context.fits_of_calls.try_emplace(std::pair(&term, want.to_string()), Match::kWeak);
  if (!is_new) return known->second;
  const auto function = resolve_term(context, term, want.shared_from_this());
  const bool fixed = function && !(*function)->generic;  // others are told apart when they are prepared
  if (fixed) known->second = CallArgument::result_of(**function, "").fit(want);
  return known->second;
}

Result<Match> tested(const PrepareContext& context, const Term& term, const Receiver& receiver);

// The worst of the parts, kExact if there are none. What does not fit ends the test.
class Worst {
 public:
  Result<bool> goes_on(Result<Match> one) {
    KEYZONE_TRY(match, std::move(one));
    if (match > worst_) worst_ = match;
    return worst_ != Match::kNo;
  }
  Match result() const { return worst_; }

 private:
  Match worst_ = Match::kExact;
};

// What Cassandra takes a constant for when nothing says what is wanted.
TypePtr preferred_type(const Constant& constant) {
  return preferred_constant_type(constant.kind, constant.text);
}

Result<Match> of_parts(const PrepareContext& context, const std::vector<TermPtr>& parts,
                       const Receiver& part) {
  Worst worst;
  for (const TermPtr& one : parts) {
    KEYZONE_TRY(on, worst.goes_on(tested(context, *one, part)));
    if (!on) break;
  }
  return worst.result();
}

Result<Match> of_tuple(const PrepareContext& context, const TupleLiteral& tuple, const Receiver& receiver) {
  if (!takes_positions(*receiver.type)) {
    if (tuple.elements.size() != 1) return Match::kNo;
    return tested(context, *tuple.elements[0], receiver);
  }
  if (tuple.elements.size() > receiver.type->parameters().size()) return Match::kNo;
  Worst worst;
  for (size_t i = 0; i < tuple.elements.size(); ++i) {
    const auto match = tested(context, *tuple.elements[i], position_receiver(receiver, i));
    KEYZONE_TRY(on, worst.goes_on(match ? *match : Match::kNo));  // what fails in it just doesn't fit
    if (!on) break;
  }
  return worst.result();
}

Result<Match> of_user_type(const PrepareContext& context, const UserTypeLiteral& literal,
                           const Receiver& receiver) {
  if (!receiver.type->is_user_type()) return Match::kNo;
  for (const auto& [name, term] : literal.fields) {
    const std::optional<size_t> at = receiver.type->find_field(name);
    if (!at) continue;  // what it is can be assigned; that there is no such field is said later
    const auto match = tested(context, *term, field_receiver(receiver, *at));
    if (!match || *match == Match::kNo) return Match::kNo;
  }
  return Match::kWeak;
}

Result<Match> of_map(const PrepareContext& context, const MapLiteral& literal, const Receiver& receiver) {
  if (receiver.type->kind() != TypeKind::kMap) return Match::kNo;
  Worst worst;
  for (const auto& [key, value] : literal.entries) {
    KEYZONE_TRY(key_fits, worst.goes_on(tested(context, *key, key_receiver(receiver))));
    if (!key_fits) break;
    KEYZONE_TRY(value_fits, worst.goes_on(tested(context, *value, value_receiver(receiver))));
    if (!value_fits) break;
  }
  return worst.result();
}

// A list literal does not say that it can't be assigned, it fails.
Result<Match> of_list(const PrepareContext& context, const ListLiteral& literal, const Receiver& receiver) {
  if (receiver.type->is_vector()) {
    if (literal.elements.size() != static_cast<size_t>(receiver.type->dimension())) return Match::kNo;
  } else if (receiver.type->kind() != TypeKind::kList) {
    return unexpected_receiver(*receiver.type);
  }
  return of_parts(context, literal.elements, element_receiver(receiver));
}

Result<Match> tested(const PrepareContext& context, const Term& term, const Receiver& receiver) {
  const Type& want = *receiver.type;
  if (const auto* constant = term.as<Constant>()) {
    if (preferred_type(*constant)->kind() == want.kind()) return Match::kExact;
    return want.accepts_constant(constant->kind) ? Match::kWeak : Match::kNo;
  }
  if (term.as<Null>()) return want.is_counter() ? Match::kNo : Match::kWeak;
  if (term.as<BindMarker>()) return Match::kWeak;
  if (const auto* list = term.as<ListLiteral>()) return of_list(context, *list, receiver);
  if (const auto* set = term.as<SetLiteral>()) {
    if (want.kind() == TypeKind::kMap && set->elements.empty()) return Match::kWeak;
    if (want.kind() != TypeKind::kSet) return Match::kNo;
    return of_parts(context, set->elements, element_receiver(receiver));
  }
  if (const auto* map = term.as<MapLiteral>()) return of_map(context, *map, receiver);
  if (const auto* tuple = term.as<TupleLiteral>()) return of_tuple(context, *tuple, receiver);
  if (const auto* user = term.as<UserTypeLiteral>()) return of_user_type(context, *user, receiver);
  if (term.as<Arithmetic>() || term.as<Negation>() || term.as<FunctionCall>() || term.as<Cast>())
    return fit_of_call(context, term, want);
  return of_type(exact_type(context, term), want);
}

class NowExpression : public Expression {
 public:
  using Expression::Expression;
  Result<Value> evaluate(EvalContext& context) const override {
    Bytes out;
    append_be<int64_t>(out, context.functions.now_us / kMicrosPerMilli);
    return context.keep(std::move(out));
  }
};

bool says_now(const Constant& constant) {
  if (constant.kind != ConstantKind::kString || constant.text.size() != 3) return false;
  return (constant.text[0] | 0x20) == 'n' && (constant.text[1] | 0x20) == 'o' &&
         (constant.text[2] | 0x20) == 'w';
}

Result<ExpressionPtr> prepare_constant(const Constant& constant, const Receiver& receiver) {
  if (!receiver.type->accepts_constant(constant.kind)) {
    return invalid("Invalid " + std::string(constant_kind_name(constant.kind)) + " constant (" +
                   (constant.kind == ConstantKind::kHex ? "0x" : "") + constant.text + ") for \"" +
                   receiver.name + "\" of type " + receiver.type->to_string());
  }
  if (receiver.type->kind() == TypeKind::kTimestamp && says_now(constant)) {
    return ExpressionPtr(std::make_shared<NowExpression>(receiver.type));
  }
  KEYZONE_TRY(bytes, receiver.type->from_constant(constant.kind, constant.text));
  return ExpressionPtr(std::make_shared<ConstantExpression>(receiver.type, std::move(bytes)));
}

Result<ExpressionPtr> prepare_hint(PrepareContext& context, const Term& term, const TypeHint& hint,
                                   const Receiver& receiver) {
  KEYZONE_TRY(type, context.resolve(hint.type));
  const std::string text = to_string(term, Spelling::kCalls, context.keyspace);
  // A selection knows frozen collections only, which is what functions get of it.
  const bool frozen = receiver.name == kSelectionName && receiver.type->frozen();
  const Receiver casted = receiver.with(text, frozen ? freeze(type) : type);
  KEYZONE_TRY(match, tested(context, *hint.term, casted));
  if (match == Match::kNo && receiver.name == kSelectionName) {
    return cannot_assign(text, text, *freeze(type));
  }
  if (match == Match::kNo) {
    return invalid("Cannot cast value " + to_string(*hint.term, Spelling::kCalls, context.keyspace) +
                   " to type " + spell_type(hint.type.text, context.keyspace));
  }
  if (of_type(casted.type, *receiver.type) == Match::kNo) {
    return cannot_assign(text, receiver.name, *receiver.type);
  }
  const bool says_type = receiver.name == kSelectionName && hint.term->as<BindMarker>();
  return prepare_term(context, hint.term, says_type ? receiver.with(receiver.name, type) : receiver);
}

Receiver part_receiver(const Receiver& whole, const std::string& part, TypePtr type) {
  return whole.with(whole.name == kSelectionName ? whole.name : part + "(" + whole.name + ")",
                    std::move(type));
}

}  // namespace

Error cannot_assign(const std::string& text, const std::string& name, const Type& type) {
  return invalid("Cannot assign value " + text + " to " + name + " of type " + type.to_string());
}

Error unexpected_receiver(const Type& type) {
  return invalid("Unexpected receiver type '" + type.to_string() + "'; only list and vector are expected");
}

Receiver element_receiver(const Receiver& collection) {
  return part_receiver(collection, "value", collection.type->parameters()[0]);
}
Receiver key_receiver(const Receiver& map) { return part_receiver(map, "key", map.type->parameters()[0]); }
Receiver value_receiver(const Receiver& map) {
  return part_receiver(map, "value", map.type->parameters()[1]);
}
Receiver index_receiver(const Receiver& list) {
  return list.with("idx(" + list.name + ")", native_type(TypeKind::kInt));
}
Receiver field_receiver(const Receiver& type, size_t field) {
  if (type.name == kSelectionName || !type.type->is_user_type()) return position_receiver(type, field);
  return type.with(type.name + "." + type.type->field_names()[field], type.type->parameters()[field]);
}

Receiver position_receiver(const Receiver& type, size_t position) {
  const TypePtr& part = type.type->parameters()[position];
  if (type.name == kSelectionName) return type.with(type.name, part);
  return type.with(type.name + "[" + std::to_string(position) + "]", part);
}

bool takes_positions(const Type& type) {
  return type.is_tuple() || (type.is_user_type() && !type.is_multi_cell());
}

bool rests_on_constants(const Term& term) {
  const auto any = [](const std::vector<TermPtr>& terms) {
    return std::any_of(terms.begin(), terms.end(),
                       [](const TermPtr& one) { return rests_on_constants(*one); });
  };
  if (const auto* tuple = term.as<TupleLiteral>()) return any(tuple->elements);
  if (const auto* list = term.as<ListLiteral>()) return any(list->elements);
  if (const auto* set = term.as<SetLiteral>()) return any(set->elements);
  const auto* map = term.as<MapLiteral>();
  if (!map) return term.as<Constant>();
  return std::any_of(map->entries.begin(), map->entries.end(), [](const auto& entry) {
    return rests_on_constants(*entry.first) || rests_on_constants(*entry.second);
  });
}

bool can_be(const Type& type, const Type& wanted) {
  return wanted.is_value_compatible_with(type) &&
         (!type.is_user_type() || type.is_multi_cell() == wanted.is_multi_cell());
}

namespace {

// The type of one of the terms that can be the type of all whose types are known; null if there is none.
TypePtr common_type(const PrepareContext& context, const std::vector<TermPtr>& terms) {
  std::vector<TypePtr> types;  // each once, since literals may be long
  for (const TermPtr& term : terms) {
    TypePtr type = exact_type(context, *term);
    const auto is_it = [&type](const TypePtr& other) { return *other == *type; };
    if (type && std::none_of(types.begin(), types.end(), is_it)) types.push_back(std::move(type));
  }
  const auto takes_all = [&types](const TypePtr& wanted) {
    return std::all_of(types.begin(), types.end(),
                       [&wanted](const TypePtr& type) { return can_be(*type, *wanted); });
  };
  const auto found = std::find_if(types.begin(), types.end(), takes_all);
  return found == types.end() ? nullptr : *found;
}

}  // namespace

TypePtr exact_type(const PrepareContext& context, const Term& term) {
  if (const auto* constant = term.as<Constant>()) return preferred_type(*constant);
  if (const auto* hint = term.as<TypeHint>()) {
    auto type = context.resolve(hint->type);
    return type ? *type : nullptr;
  }
  if (const auto* tuple = term.as<TupleLiteral>()) {
    if (tuple->elements.size() == 1 && rests_on_constants(*tuple->elements[0])) return nullptr;
    std::vector<TypePtr> fields;
    for (const TermPtr& element : tuple->elements) {
      fields.push_back(exact_type(context, *element));
      if (!fields.back()) return nullptr;
    }
    return tuple_type(std::move(fields));
  }
  if (const auto* list = term.as<ListLiteral>()) {
    const TypePtr element = common_type(context, list->elements);
    return element ? list_type(element, true) : nullptr;
  }
  if (const auto* set = term.as<SetLiteral>()) {
    const TypePtr element = common_type(context, set->elements);
    return element ? set_type(element, true) : nullptr;
  }
  if (const auto* map = term.as<MapLiteral>()) {
    std::vector<TermPtr> keys, values;
    for (const auto& [key, value] : map->entries) {
      keys.push_back(key);
      values.push_back(value);
    }
    const TypePtr key = common_type(context, keys), value = common_type(context, values);
    return key && value ? map_type(key, value, true) : nullptr;
  }
  if (term.as<FunctionCall>() || term.as<Arithmetic>() || term.as<Negation>() || term.as<Cast>()) {
    return result_type(context, term);
  }
  return nullptr;
}

Match assignability(const PrepareContext& context, const Term& term, const Receiver& receiver) {
  const auto match = tested(context, term, receiver);
  return match ? *match : Match::kNo;
}

Result<bool> is_assignable(PrepareContext& context, const Term& term, const Receiver& receiver) {
  if (term.as<FunctionCall>() || term.as<Arithmetic>() || term.as<Negation>()) {
    // Where no overload is meant, preparing the call says more about it.
    const auto function = resolve_term(context, term, receiver.type);
    return !function || check_result(**function, receiver.name, *receiver.type).ok();
  }
  KEYZONE_TRY(match, tested(context, term, receiver));
  return match != Match::kNo;
}

Result<ExpressionPtr> prepare_term(PrepareContext& context, const Term& term, const Receiver& receiver) {
  auto fold_result = [](Result<ExpressionPtr> made) { return made ? fold(*std::move(made)) : made; };
  if (const auto* constant = term.as<Constant>()) return prepare_constant(*constant, receiver);
  if (term.as<Null>() && receiver.type->is_counter())
    return invalid("Invalid null value for counter increment/decrement");
  if (term.as<Null>()) return ExpressionPtr(std::make_shared<NullExpression>(receiver.type));
  if (const auto* marker = term.as<BindMarker>()) {
    context.markers.set(marker->index, receiver);
    return ExpressionPtr(std::make_shared<MarkerExpression>(receiver.type, marker->index));
  }
  if (const auto* hint = term.as<TypeHint>()) return prepare_hint(context, term, *hint, receiver);
  if (const auto* list = term.as<ListLiteral>()) return fold_result(prepare_list(context, *list, receiver));
  if (const auto* set = term.as<SetLiteral>()) return fold_result(prepare_set(context, *set, receiver));
  if (const auto* map = term.as<MapLiteral>()) return fold_result(prepare_map(context, *map, receiver));
  if (const auto* tuple = term.as<TupleLiteral>())
    return fold_result(prepare_tuple(context, *tuple, receiver));
  if (const auto* user = term.as<UserTypeLiteral>())
    return fold_result(prepare_user_type(context, *user, receiver));
  if (term.as<FunctionCall>() || term.as<Cast>() || term.as<Arithmetic>() || term.as<Negation>()) {
    return prepare_call(context, term, receiver);
  }
  return invalid("Invalid term " + to_string(term) + ": no column may be named here");
}

Result<ExpressionPtr> prepare_in_list(PrepareContext& context, const Term& marker, const Receiver& list) {
  const auto* found = marker.as<BindMarker>();
  KEYZONE_ASSERT(found != nullptr);
  context.markers.set(found->index, list);
  return ExpressionPtr(std::make_shared<InListExpression>(list.type, found->index));
}

}  // namespace keyzone::cql
